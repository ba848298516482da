"""pytest's side of a run: options, fixtures, and what a verdict is in pytest's words. Only
runner/collection.py knows pytest too.
"""

import functools
import os
import signal
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import pytest

from probes.config import environment_file as targets
from probes.config.selectors import area
from probes.finding import EXIT_UNKNOWN, BadEnvironment, CannotAsk, Verdict
from probes.results import Outcome
from probes.runner import collection, command_line, fixtures, output, progress, retries, sharding
from probes.runner.attempt import Call
from probes.runner.end_of_run import EndedRun
from probes.runner.fixtures import SESSION
from probes.runner.options import expect_possible, read_options
from probes.runner.problems import Problems
from probes.runner.session import Session
from probes.runner.sharding import Share
from probes.runner.signals import interrupt_on_signals, take_over_signals
from probes.runner.target_process import start_target
from reports.model import verdict_store
from reports.render import languages
from reports.render.languages import Words

SCENARIOS = command_line.ROOT / "scenarios"
TESTS = command_line.ROOT / "tests"
PART = pytest.StashKey[tuple[str, Share]]()  # the environment and the share that are ours
KNOWN = pytest.StashKey[list[str]]()  # every scenario, before -k takes some away
OURS = pytest.StashKey[frozenset[str]]()  # of these, the share and the tier that were asked for
BIND = pytest.StashKey[Callable[[pytest.FixtureRequest], Call]]()
OUTCOME = pytest.StashKey[Outcome]()
PROGRESS = pytest.StashKey[progress.RunProgress]()
DETAIL = pytest.StashKey[int]()  # how many -v were given
ENDED = pytest.StashKey[EndedRun]()
PROBLEMS = pytest.StashKey[Problems]()
PYTEST = pytest.StashKey[pytest.Session]()
_OWN_FAILURES = (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
T = TypeVar("T")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("probes", "weAlist probes")
    for name, how in command_line.OPTIONS:
        group.addoption(name, **how)
    if find_spec("xdist") is None:
        names, how = command_line.PROCESSES
        group._addoption(*names, **how)  # noqa: SLF001 - pytest keeps short options to itself


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Complain about a mistyped environment before anything is collected."""
    if not _is_for_tests(config):
        _or_usage_error(lambda: command_line.expect_one_process(config.option))
    _or_usage_error(lambda: command_line.expect_otel_numbers(os.environ))
    environments, shard = config.getoption("env"), config.getoption("shard")
    config.stash[PART] = _or_usage_error(lambda: sharding.part(environments, shard, os.environ))
    environment, _ = config.stash[PART]
    _or_usage_error(lambda: retries.seconds(config.getoption("settle")))
    _or_usage_error(lambda: targets.parse(targets.find(environment)))
    config.stash[DETAIL] = max(0, config.getoption("verbose", 0))
    if config.getoption("gate") or _names_scenarios(config):
        progress.silence_pytest(config)
    if _names_scenarios(config):
        # It imports all of itself to sum up nothing: half a second of CPU.
        config.pluginmanager.unregister(name="hypothesispytest")
    config.stash[PROBLEMS] = Problems()
    config.pluginmanager.register(config.stash[PROBLEMS], "probes-problems")
    config.pluginmanager.register(fixtures, "probes-fixtures")


def _names_scenarios(config: pytest.Config) -> bool:
    """Whether scenarios of ours will run, as far as the command line says."""
    named = any(path.is_relative_to(SCENARIOS) for path in _paths(config))
    return named and not config.getoption("collectonly")


def _is_for_tests(config: pytest.Config) -> bool:
    """Whether nothing but tests of this project will run."""
    return all(path.is_relative_to(TESTS) for path in _paths(config))


def _paths(config: pytest.Config) -> list[Path]:
    return [Path(argument.partition("::")[0]).resolve() for argument in config.args]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Who reads what is printed may leave early, and need not know every letter."""
    session.config.stash[PYTEST] = session
    if reporter := session.config.pluginmanager.get_plugin("terminalreporter"):
        output.print_to_any_reader(reporter)


def _or_usage_error(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except (BadEnvironment, CannotAsk) as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Know every scenario by name before -k takes some away, and leave out those of other shares
    and of the other tier.
    """
    scenarios = [item for item in items if collection.is_scenario(item)]
    known = [collection.scenario_id(item) for item in scenarios]
    others = {item for item in scenarios if not _is_ours(config, item)}
    config.stash[KNOWN] = known
    config.stash[OURS] = frozenset(known) - {collection.scenario_id(item) for item in others}
    if others:
        config.hook.pytest_deselected(items=[item for item in items if item in others])
        items[:] = [item for item in items if item not in others]


def _is_ours(config: pytest.Config, item: pytest.Item) -> bool:
    """Whether a scenario is of the share and of the tier that were asked for."""
    _, share = config.stash[PART]
    if not share.holds(collection.scenario_id(item)):
        return False
    return config.getoption("tier") == "full" or collection.is_quick(item)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Get the target ready, once it is known that scenarios will run."""
    scenarios = [item for item in session.items if collection.is_scenario(item)]
    if not scenarios or session.config.getoption("collectonly"):
        return
    collection.check(scenarios)
    interrupt_on_signals()
    chosen = {collection.scenario_id(item): item for item in scenarios}
    _open_session(session.config, chosen)
    _take_over_reporting(session.config)
    _take_over_signals(session)
    for name, item in chosen.items():
        _await_instead(item, name)


def _open_session(config: pytest.Config, chosen: Mapping[str, pytest.Item]) -> None:
    """Check what was asked for, start the target if need be, and begin the run's journal."""
    known = config.stash[KNOWN]
    files = {collection.area(file) for file in SCENARIOS.glob("test_*.py")}
    all_areas = files <= {area(name) for name in known}
    environment, share = config.stash[PART]
    whole = all_areas and config.stash[OURS] == set(chosen)
    every = known if whole else ()
    option = functools.partial(_option, config)
    options = _or_usage_error(lambda: read_options(option, len(chosen), share, every, environment))
    target, started = _or_usage_error(lambda: start_target(environment, config.getoption("fault")))
    if started:
        config.add_cleanup(started.stop)
    _or_usage_error(lambda: target.check_names(known, all_areas=all_areas))
    _or_usage_error(lambda: expect_possible(options, target, os.environ))
    scenarios = [collection.scenario(name, item, target) for name, item in chosen.items()]
    config.stash[PROGRESS] = shown = progress.RunProgress(
        config,
        scenarios,
        _words(config),
        usual=verdict_store.usual_durations(options.folder.parent, target.name),
        detail=config.stash[DETAIL],
    )
    config.stash[SESSION] = Session(
        options=options,
        target=target,
        started=started,
        scenarios=scenarios,
        announce=shown.add,
        problems=config.stash[PROBLEMS],
        show=functools.partial(_show, config),
    )


def _take_over_reporting(config: pytest.Config) -> None:
    """Our reports and progress lines in place of pytest's own."""
    progress.silence_pytest(config)
    if junit := config.pluginmanager.get_plugin("junitxml"):
        junit.pytest_unconfigure(config)  # our own dialect knows UNKNOWN


def _take_over_signals(session: pytest.Session) -> None:
    """A signal ends the run in order instead of at once."""
    mine = session.config.stash[SESSION]

    def stop(received: int, _frame: object) -> None:
        session.shouldstop = signal.Signals(received).name
        mine.stop(signal.Signals(received).name)

    take_over_signals(stop, session.config.add_cleanup)


def _await_instead(item: Any, name: str) -> None:
    """All scenarios start together as tasks; the test that pytest runs awaits its own."""
    item.stash[BIND] = collection.binding(item)
    if _running.__name__ not in item.fixturenames:
        item.fixturenames.insert(0, _running.__name__)
    mine: Session = item.config.stash[SESSION]

    async def awaiting(**_: object) -> None:
        item.stash[OUTCOME] = outcome = await mine.run.outcome(name)
        if outcome.verdict is Verdict.SKIPPED:
            pytest.skip(outcome.reason)
        if outcome.fails:
            why = outcome.finding.observed if outcome.finding else outcome.reason
            pytest.fail(why, pytrace=False)

    item.obj = awaiting


@pytest.fixture(scope="session")
async def _running(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Every selected scenario, under way."""
    mine = request.config.stash[SESSION]
    items = [item for item in request.session.items if BIND in item.stash]
    mine.open({collection.scenario_id(item): item.stash[BIND](request) for item in items})
    yield
    await mine.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    outcome = item.stash.get(OUTCOME, None)
    if outcome and report.when == "call":
        report.duration = outcome.duration_s
        report.verdict = outcome.verdict  # type: ignore[attr-defined]
    return report


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count verdicts, not passes and failures: what could not be asked is neither."""
    verdict: Verdict | None = getattr(report, "verdict", None)
    if verdict is None:
        return None
    return verdict, "", verdict.upper()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """After the last fixture is closed and before pytest sums up: the reports, and an exit code
    that says who acts.
    """
    config, pytest_failed = session.config, session.exitstatus in _OWN_FAILURES
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, the reports are still to be written
        config.stash[PROBLEMS].add("closing", error)
    mine = config.stash.get(SESSION, None)
    if mine is None:
        session.exitstatus = EXIT_UNKNOWN if pytest_failed else session.exitstatus
        return
    ended = mine.finish()
    config.stash[ENDED] = ended
    session.exitstatus = ended.exit_code
    if config.getoption("gate") or pytest_failed:
        # Before pytest writes its empty line, or where it sums up nothing.
        _show(config, ended)


def pytest_terminal_summary(
    terminalreporter: Any, exitstatus: pytest.ExitCode, config: pytest.Config
) -> None:
    ended = config.stash.get(ENDED, None)
    if ended and not ended.is_shown:
        _show(config, ended)
    known = len(config.stash.get(KNOWN, []))
    if known and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        lists = "python -m pytest scenarios --collect-only lists them"
        terminalreporter.write_line(f"none of {known} scenarios is selected; {lists}")


def _show(config: pytest.Config, ended: EndedRun) -> None:
    """The verdict for people; of a run that is stuck, too, in the midst of what pytest captures."""
    if reporter := config.pluginmanager.get_plugin("terminalreporter"):
        with config.stash[PROGRESS].suspend_capture():
            config.stash[PROGRESS].end()
            output.show(ended, output.stream(reporter), config.stash[DETAIL])
    config.stash[PYTEST].exitstatus = ended.exit_code


def _words(config: pytest.Config) -> Words:
    return languages.words(config.getoption("lang"))


def _option(config: pytest.Config, name: str) -> Any:
    """None for an option of a plugin that is switched off."""
    return config.getoption(name, None)
