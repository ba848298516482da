"""The suite as its users run it: it asks what they select of the target they mean, and no more."""

import tomllib
from pathlib import Path

from probes.config.environment_file import ENVIRONMENTS
from probes.finding import EXIT_BAD_INPUT, EXIT_BROKEN, EXIT_HELD, EXIT_UNKNOWN, Verdict
from replica.__main__ import ENVIRONMENT
from tests.conftest import Probe, Replica

NO_TESTS = 5  # pytest's own exit code


def test_a_word_selects_scenarios(replica: Replica, probe: Probe) -> None:
    """-k runs what bears the word and nothing else; -v names each."""
    run = probe("--env", str(replica.environment), "-k", "stranger", "-v")
    names = [
        "chat/a-stranger-is-turned-away",
        *(f"storage/a-stranger-{does}-nothing" for does in ("sees", "uploads")),
    ]
    expected = dict.fromkeys(names, Verdict.HELD)
    assert (run.code, run.verdicts) == (EXIT_HELD, expected), run.output
    assert "storage/a-stranger-sees-nothing\n" in run.output
    assert "\n3 held, in " in run.output


def test_a_word_that_fits_nothing_is_told(replica: Replica, probe: Probe) -> None:
    """Nothing was asked, so nothing is green: pytest's exit code 5, and no run folder."""
    run = probe("--env", str(replica.environment), "-k", "nothing_matches")
    assert (run.code, run.folder) == (NO_TESTS, None), run.output
    assert "none of " in run.output
    assert " scenarios is selected; python -m pytest scenarios --collect-only" in run.output


def test_a_list_of_scenarios_starts_nothing(probe: Probe, tmp_path: Path) -> None:
    """--collect-only leaves no run folder and the target unstarted, which a run would start."""
    mark, file = tmp_path / "started", tmp_path / "listed.toml"
    file.write_text(f"start = ['python', '-c', 'open(\"{mark}\", \"w\").close()']\n")
    listed = probe("--env", str(file), "--collect-only")
    assert (listed.code, listed.folder, mark.exists()) == (EXIT_HELD, None, False), listed.output
    assert "<Coroutine test_a_stranger_sees_nothing>" in listed.output
    run = probe("--env", str(file))
    assert (run.code, mark.exists()) == (EXIT_BAD_INPUT, True), run.output


def test_a_mistyped_area_is_no_exception(replica: Replica, probe: Probe, tmp_path: Path) -> None:
    """It is told with the nearest name when every area was collected, and nothing is asked."""
    file = tmp_path / "mistyped.toml"
    file.write_text(f"{replica.environment.read_text()}\n[skip]\nstorge = 'we have none'\n")
    run = probe("--env", str(file), "-k", "redis")
    assert (run.code, run.folder) == (EXIT_BAD_INPUT, None), run.output
    assert (
        "[skip] names 'storge', which is no scenario of ours; did you mean storage?" in run.output
    )
    part = probe("--env", str(file), "-k", "redis", scenarios="scenarios/test_edge.py")
    assert "storge" not in part.output


def test_a_target_that_runs_already_is_used(replica: Replica, probe: Probe, tmp_path: Path) -> None:
    """As --env replica has it: who started a target by hand is asked there; else one is started and
    stopped.
    """
    settings = tomllib.loads((ENVIRONMENTS / "replica.toml").read_text())
    assert Path(settings["running"]) == ENVIRONMENT
    file = tmp_path / "either.toml"
    file.write_text(f'start = ["python", "-m", "replica"]\nrunning = "{replica.environment}"\n')
    hosts = tomllib.loads(replica.environment.read_text())["hosts"]
    used = probe("--env", str(file), "-k", "redis")
    assert (used.code, used.report.apex) == (EXIT_HELD, hosts["apex"]), used.output
    stale = tmp_path / "stale.toml"
    stale.write_text('[hosts]\napex = "https://wealist.localhost:1"\n')
    file.write_text(f'start = ["python", "-m", "replica"]\nrunning = "{stale}"\n')
    started = probe("--env", str(file), "-k", "redis")
    assert started.code == EXIT_HELD, started.output
    assert started.report.apex not in (hosts["apex"], "https://wealist.localhost:1")


def test_one_at_a_time_finds_the_same(replica: Replica, probe: Probe) -> None:
    """Nothing hangs on scenarios running together."""
    replica.set_faults(["service-has-no-endpoints"])
    arguments = (
        "--env",
        str(replica.environment),
        "--no-confirm",
        "-k",
        "board or redis or stranger",
    )
    together, alone = probe(*arguments), probe(*arguments, "--probe-concurrency", "1")
    assert (together.code, alone.code) == (EXIT_BROKEN, EXIT_BROKEN)
    assert alone.verdicts == together.verdicts
    assert alone.codes == together.codes != {}


def test_a_missing_browser_blames_nobody(replica: Replica, probe: Probe) -> None:
    """Scenarios on a page are UNKNOWN and say what to do; all others hold."""
    run = probe(
        "--env", str(replica.environment), "-k", "test_storage", PROBES_CHROMIUM="/nowhere/chromium"
    )
    on_a_page = {name for name in run.verdicts if "page" in name}
    assert run.code == EXIT_UNKNOWN, run.output
    assert (
        {name for name, verdict in run.verdicts.items() if verdict is not Verdict.HELD}
        == on_a_page
        != set()
    )
    said = " ".join(run.output.split())
    assert (
        "PROBES_CHROMIUM names /nowhere/chromium, which is no executable file; correct it "
        "or unset it"
    ) in said
