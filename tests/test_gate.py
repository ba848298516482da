"""A gate after a deployment, run as Argo CD runs it: processes, a store between them, and only the
log to read.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes.finding import EXIT_BAD_INPUT, EXIT_BROKEN, EXIT_HELD
from tests.conftest import Ended, Replica
from tests.support.custom_scenarios import SOON, run_with
from tests.support.otlp_receiver import Receiver, receiving
from tests.test_stopped_runs import environment

# Each promise holds where a file of its name is in the folder that the run is told of.
PROMISES = """
from pathlib import Path

HOLDS = Path(os.environ["HOLDS"])
TRIES = []

async def test_one():
    "One holds."
    if not (HOLDS / "one").exists():
        raise broken_promise(Code.UPLOAD_LOST, "one is not there", "storage-service")

async def test_two():
    "Two holds."
    if not (HOLDS / "two").exists():
        raise broken_promise(Code.CHAT_ALTERED, "two is not there", "chat-service")

async def test_late():
    "This comes up while pods are replaced."
    TRIES.append(1)
    if len(TRIES) < int(os.environ.get("LATE", "0")):
        raise broken_promise(Code.SERVICE_UNAVAILABLE, "not yet", "board-service")
"""


class GateEnvironment:
    """An environment with a store, in which promises hold or not."""

    def __init__(self, replica: Replica, folder: Path) -> None:
        self.folder, self.file = folder, Path(environment(replica, folder, SOON))
        self.store = folder / "state.json"
        text = self.file.read_text().replace(
            "[identity]", f'[identity]\nstate = "file:{self.store}"'
        )
        self.file.write_text(text)
        self.holds = folder / "holds"
        self.holds.mkdir()

    def have(self, *names: str) -> None:
        """Exactly these promises hold from now on."""
        for name in ("one", "two"):
            (self.holds / name).touch() if name in names else (self.holds / name).unlink(
                missing_ok=True
            )

    def run(self, *arguments: str, **variables: str) -> Ended:
        quiet = {"PROBES_NOTICE_URLS": "", "PROBES_PUSHGATEWAY_URL": "", "HOLDS": str(self.holds)}
        return run_with(str(self.file), self.folder, PROMISES, *arguments, **quiet | variables)

    @property
    def left(self) -> dict[str, Any]:
        kept = json.loads(self.store.read_text())["last-run"]
        return {**json.loads(kept["failures"]), "notified": json.loads(kept["notified"])}


@pytest.fixture
def gated(replica: Replica, tmp_path: Path) -> GateEnvironment:
    return GateEnvironment(replica, tmp_path)


def test_a_deploy_is_stopped_by_what_it_breaks_and_by_nothing_else(gated: GateEnvironment) -> None:
    """Broken before: the gate passes. Broken by the deploy: it fails, and again when the deploy is
    tried again.
    """
    gated.have("two")
    assert gated.run().code == EXIT_BROKEN
    assert set(gated.left) == {"own/one", "notified"}

    fixes_nothing = gated.run("--gate")
    assert fixes_nothing.code == EXIT_HELD, fixes_nothing.output
    first, *_ = fixes_nothing.output.splitlines()
    assert first.startswith("HELD: this deploy broke nothing (2 held, 1 broken before, in ")
    assert "  own/one (upload-lost, since " in fixes_nothing.output

    gated.have()
    for _ in range(2):
        breaks_two = gated.run("--gate")
        assert breaks_two.code == EXIT_BROKEN
        first, *_ = breaks_two.output.splitlines()
        assert first.startswith(
            "BROKEN by this deploy: 1 of 3 promises is broken (1 held, 1 broken, 1 broken "
            "before, in "
        )

    gated.have("one", "two")
    mends_both = gated.run("--gate")
    assert mends_both.code == EXIT_HELD
    assert "Failing before this deploy, and holds now: own/one" in mends_both.output
    assert set(gated.left) == {"notified"}


def test_a_roll_out_that_takes_a_while_is_waited_for(gated: GateEnvironment) -> None:
    """What does not hold yet is asked again, the rest is not; how long it took is said, and it is
    no finding.
    """
    gated.have("one", "two")
    run = gated.run("--gate", "--settle", "60s", LATE="4")
    assert run.code == EXIT_HELD, run.output
    tries = {s.id: len(s.outcome.attempts) for s in run.report.scenarios}
    assert tries == {"own/one": 1, "own/two": 1, "own/late": 4}
    assert not run.codes
    assert "stabilized: after " in run.output
    assert "promises that were waited for: 1" in run.output


def test_what_does_not_settle_is_broken(gated: GateEnvironment) -> None:
    """When the time is over, it is broken as if nobody had waited."""
    gated.have("one")
    run = gated.run("--settle", "0.3s")
    assert (run.code, run.codes) == (EXIT_BROKEN, {"own/two": "chat-altered"})
    assert "not within 0.3 s: 1" in run.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--settle", "soon"), "--settle must be like 90s or 2m, not 'soon'"),
        (("--settle", "99m"), "does not fit into the"),
    ],
)
def test_a_wait_that_cannot_be_is_bad_input(
    gated: GateEnvironment, arguments: tuple[str, ...], said: str
) -> None:
    """One sentence, before anything is asked."""
    run = gated.run("--gate", *arguments)
    assert (run.code, run.folder) == (EXIT_BAD_INPUT, None)
    assert said in run.output


def test_a_gate_without_a_store_is_bad_input(gated: GateEnvironment) -> None:
    """It could not know what was broken before; nor could a notice know what was told."""
    gated.file.write_text(gated.file.read_text().replace("state = ", "# state = "))
    for arguments, variables in (
        (("--gate",), {}),
        ((), {"PROBES_NOTICE_URLS": "json://127.0.0.1:1"}),
    ):
        run = gated.run(*arguments, **variables)
        assert (run.code, run.folder) == (EXIT_BAD_INPUT, None)
        assert (
            "needs to know how the last run ended; name a store in state of [identity]"
            in run.output
        )


def test_a_store_that_cannot_be_read_forgives_nothing(gated: GateEnvironment) -> None:
    """The gate then takes every break for a new one, and says why."""
    gated.store.write_text("{")
    gated.have("one")
    run = gated.run("--gate")
    assert run.code == EXIT_BROKEN
    assert "The last run is not known, so every break counts as new: the state file " in run.output


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def told(channel: Receiver) -> list[str]:
    """Titles of what came since one asked last."""
    titles = [json.loads(asked.body)["title"].partition(": ")[2] for asked in channel.asked]
    channel.asked.clear()
    return titles


def test_people_are_told_of_changes_and_of_nothing_else(
    gated: GateEnvironment, channel: Receiver
) -> None:
    """A break, once; that it holds again, once; a message that the channel refused comes with the
    next run.
    """
    notices = {
        "PROBES_NOTICE_URLS": f"json://{channel.host}/hook",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    gated.have("one", "two")
    assert gated.run(**notices).code == EXIT_HELD
    assert told(channel) == []
    gated.have("one")
    channel.answers["*"] = (500, "text/plain", b"")
    refused = gated.run(**notices)
    assert refused.code == EXIT_BROKEN
    assert "notice: not sent" in refused.output
    channel.answers["*"] = (200, "text/plain", b"")
    channel.asked.clear()
    assert gated.run(**notices).code == EXIT_BROKEN
    assert told(channel) == ["BROKEN (1 promise broken)"]
    assert gated.run(**notices).code == EXIT_BROKEN
    assert told(channel) == []
    gated.have("one", "two")
    assert gated.run(**notices).code == EXIT_HELD
    assert told(channel) == ["HELD again (1 promise held again)"]
    assert gated.left == {"notified": {}}
