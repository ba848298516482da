"""Every fault breaks exactly the promises that it must, each under its right name, and all others
hold.
"""

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest

from probes.cluster.budget import REQUESTS_AT_MOST
from probes.finding import Code
from replica.faults import FAULTS
from tests.conftest import Ended, Probe, Replica, begin, ended, events
from tests.fault_matrix.groups import MOST_BROKEN, areas, grouped
from tests.fault_matrix.rows import CAUSES, MATRIX
from tests.support.leaks import everything, leaks

Group = tuple[str, ...]


class Together:
    """One run for all faults of a group, and the groups that did not end as the sum of their
    rows.
    """

    def __init__(
        self, faults: Collection[str], replica: Replica, runs: pytest.TempPathFactory
    ) -> None:
        self._groups = grouped({fault: row for fault, row in MATRIX.items() if fault in faults})
        self._replica, self._runs = replica, runs
        self._ended: dict[Group, Ended] = {}
        self._sessions: set[str] = set()
        self.leaks: dict[Group, list[str]] = {}
        self.apart: list[str] = []

    def run(self, fault: str) -> tuple[Group, Ended]:
        """A group with `fault`, and how its run ended; where one proves nothing, the half of it
        with `fault`, down to `fault` alone.
        """
        group = next(group for group in self._groups if fault in group)
        while True:
            if group not in self._ended:
                self._ended[group] = self._run_group(group)
            run = self._ended[group]
            if len(group) == 1 or not differences(run, group):
                return group, run
            self.apart.append(f"{', '.join(group)}: {differences(run, group)}")
            group = half(group, fault)

    def _run_group(self, group: Group) -> Ended:
        """Unconfirmed, which is cheaper; confirmed where that differs, as on a busy machine."""
        runs = self._runs.mktemp("group")
        run = lying(self._replica, group, runs, "--no-confirm")
        self.leaks[group] = leaks(run, self._new_secrets())
        if not differences(run, group):
            return run
        run = lying(self._replica, group, runs)
        self.leaks[group] += leaks(run, self._new_secrets())
        return run

    def _new_secrets(self) -> dict[str, list[str]]:
        """Those of the last run: the sessions of earlier ones ended with them, and add up."""
        held = self._replica.secrets()
        sessions = [each for each in held["session"] if each not in self._sessions]
        self._sessions.update(sessions)
        return {**held, "session": sessions}


@pytest.fixture(scope="session")
def together(
    request: pytest.FixtureRequest,
    started_replica: Replica,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Together]:
    """For the faults that this session asks about; at its end it says which groups had to be
    parted.
    """
    asked = {
        item.callspec.params.get("fault")
        for item in request.session.items
        if hasattr(item, "callspec")
    }
    together = Together(asked, started_replica, tmp_path_factory)
    yield together
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        for line in dict.fromkeys(together.apart):
            print(f"\nparted: {line}")


def half(group: Group, fault: str) -> Group:
    """Every other fault of `group`, `fault` among them; pure."""
    return group[group.index(fault) % 2 :: 2]


def lying(replica: Replica, faults: Sequence[str], runs: Path, *options: str) -> Ended:
    """A whole run with `faults` in force; confirmed where `options` say nothing, as users run
    it.
    """
    replica.set_faults(faults)
    try:
        return ended(begin(runs, "--env", str(replica.environment), *options), runs)
    finally:
        replica.set_faults([])


def test_without_a_fault_all_hold(replica: Replica, probe: Probe) -> None:
    """Nothing else is worth a word before this."""
    before = replica.requests()
    run = probe("--env", str(replica.environment))
    assert run.codes == {}, run.output
    recorded = requests_recorded(run)
    assert recorded == replica.requests()["cluster"] - before["cluster"]
    assert 0 < recorded <= REQUESTS_AT_MOST
    assert leaks(run, replica.secrets()) == []
    assert len(run.output.splitlines()) <= 15, run.output


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_breaks_what_it_must_and_nothing_else(fault: str, together: Together) -> None:
    """With the fault in force, the whole run ends as the table says: nothing missed, nothing extra,
    right name; and what it leaves shows no secret of the replica's.
    """
    group, run = together.run(fault)
    assert run.codes == told(group), run.output
    assert strangers(run, fault) == set(), run.output
    assert together.leaks[group] == []
    if group == ("storage-base-path-mismatch",):  # what has many causes has many blocks
        assert len(run.output.splitlines()) <= 60, run.output
        assert requests_recorded(run) <= REQUESTS_AT_MOST


@pytest.mark.parametrize("fault", ["page-reconnects-with-stale-token"])
def test_the_trace_of_a_broken_page_is_searched(fault: str, together: Together) -> None:
    """Else no fault would show what a trace gives away."""
    _, run = together.run(fault)
    assert any("trace.zip:" in name for name, _ in everything(run))


def requests_recorded(run: Ended) -> int:
    """How often the run asked the cluster's API, by its journal."""
    assert run.folder
    asked = [each for each in events(run.folder) if each["event"] == "exchange"]
    return sum(each["kind"] == "cluster" for each in asked)


def differences(run: Ended, group: Group) -> dict[str, str]:
    """What came otherwise, and as what; a code that is promised and did not come as `held`."""
    expected, codes = told(group), run.codes
    others = {
        scenario for scenario in expected | codes if expected.get(scenario) != codes.get(scenario)
    }
    causes = {fault: str(found) for fault in group if (found := strangers(run, fault))}
    return {scenario: codes.get(scenario, "held") for scenario in sorted(others)} | causes


def told(group: Group) -> dict[str, str]:
    return {scenario: code for fault in group for scenario, code in MATRIX[fault].items()}


def strangers(run: Ended, fault: str) -> set[str]:
    """Suspects that do not name what the fault has broken."""
    row = MATRIX[fault].values()
    broken = [code for code in row if code != Code.UNKNOWN]
    ((code, _),) = Counter(broken or row).most_common(1)
    found = [
        s.finding
        for s in run.report.scenarios
        if s.id in MATRIX[fault] and s.finding and s.finding.code == code
    ]
    return {finding.cause for finding in found if CAUSES[fault] not in finding.cause}


def test_the_table_knows_every_fault() -> None:
    """A fault without a row, or a row without a fault, proves nothing."""
    sentences = differing("MATRIX", set(MATRIX)) + differing("CAUSES", set(CAUSES))
    assert sentences == [], "\n".join(sentences)


def differing(table: str, rows: set[str]) -> list[str]:
    """What to do so that `table` has a row for each fault and no other; pure."""
    missing, gone = sorted(FAULTS.keys() - rows), sorted(rows - FAULTS.keys())
    added = [f"add {fault} to {table} in tests/fault_matrix" for fault in missing]
    return added + [f"remove {fault} from {table} in tests/fault_matrix" for fault in gone]


def test_faults_of_a_group_keep_out_of_each_others_way() -> None:
    """Every fault is in one group, and no two of a group break the same scenario, or much of the
    same area.
    """
    groups = grouped(MATRIX)
    assert sorted(fault for group in groups for fault in group) == sorted(FAULTS)
    for group in groups:
        broken = [scenario for fault in group for scenario in MATRIX[fault]]
        assert len(broken) == len(set(broken)), group
        assert len(group) == 1 or len(broken) <= MOST_BROKEN, group
        for one, other in itertools.combinations(group, 2):
            shared = areas(MATRIX[one]).keys() & areas(MATRIX[other]).keys()
            assert all(areas(MATRIX[fault])[area] == 1 for fault in (one, other) for area in shared)


def test_a_fault_that_breaks_much_is_tried_alone() -> None:
    """Beside it too little could hold."""
    rows = {"much": [f"a/{n}" for n in range(MOST_BROKEN)], "little": ["b/1"], "less": ["c/1"]}
    assert grouped(rows) == [("much",), ("less", "little")]


def test_a_group_that_proves_nothing_is_halved_until_it_does() -> None:
    """Each fault is in one of the halves, and in the end alone."""
    group = ("a", "b", "c", "d", "e")
    assert [half(group, fault) for fault in "abc"] == [("a", "c", "e"), ("b", "d"), ("a", "c", "e")]
    assert half(half(half(group, "e"), "e"), "e") == ("e",)


def test_faults_share_an_area_where_each_breaks_one_promise_of_it() -> None:
    """Another, or more of them, would stand before what the first breaks."""
    rows = {"one": ["a/1"], "other": ["a/2"], "same": ["a/1"], "wide": ["a/3", "a/4"]}
    assert grouped(rows) == [("wide",), ("one", "other"), ("same",)]


def test_a_call_and_its_server_are_one_area() -> None:
    """What breaks two promises of the server leaves nothing to be said of a call."""
    rows = {"server": ["livekit/x", "livekit/y"], "call": ["calls/x"], "page": ["page/x"]}
    assert grouped(rows) == [("server",), ("call", "page")]
