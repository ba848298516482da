"""The documents say what the code does: codes, faults, scenarios, keys and links are those that
exist.
"""

import ast
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from probes import results
from probes.config import environment_file
from probes.config.cluster import ClusterConfig
from probes.config.environment import (
    Hosts,
    Identity,
    Paths,
    Presign,
    Target,
    Tls,
    UserConfig,
    Workspace,
)
from probes.config.livekit import LiveKit
from probes.config.notices import Notices
from probes.config.proxies import Proxy
from probes.config.sign_in import Exposure, OAuth, SignOut
from probes.config.timeouts import Realtime, Timeouts
from probes.config.tracing import TracingConfig
from probes.finding import Code
from replica.faults import FAULTS
from tests.test_layers import FLOORS

ROOT = Path(__file__).parent.parent
RUNBOOKS = ROOT / "docs" / "runbooks"
HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Reproduce"]
NOBODY_REHEARSES = {Code.UNEXPLAINED}  # it stands for what has no name
ONE_SCREEN = 45  # lines
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SECTIONS = {
    "hosts": Hosts,
    "tls": Tls,
    "proxy": Proxy,
    "identity": Identity,
    "users": UserConfig,
    "workspace": Workspace,
    "presign": Presign,
    "paths": Paths,
    "timeouts": Timeouts,
    "realtime": Realtime,
    "oauth": OAuth,
    "sign_out": SignOut,
    "exposure": Exposure,
    "notices": Notices,
    "livekit": LiveKit,
    "cluster": ClusterConfig,
    "tracing": TracingConfig,
    "accepted": results.Accepted,
}


def runbook(code: str) -> str:
    return (RUNBOOKS / f"{code}.md").read_text("utf-8")


def section(text: str, heading: str) -> str:
    """What stands under `## heading`, up to the next one."""
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rehearsed(code: str) -> set[str]:
    """The faults that a runbook says lead to its code."""
    return set(re.findall(r"--fault ([a-z0-9-]+)", section(runbook(code), "Reproduce")))


def scenarios() -> set[str]:
    """Every scenario as reports name it, without its cases."""
    return {
        f"{path.stem.removeprefix('test_')}/{node.name.removeprefix('test_').replace('_', '-')}"
        for path in (ROOT / "scenarios").glob("test_*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, (ast.AsyncFunctionDef, ast.FunctionDef))
        and node.name.startswith("test_")
    }


def documents() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.md") if _is_ours(path))


def _is_ours(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    if "node_modules" in parts or ROOT / "reports" / "runs" in path.parents:
        return False
    return not any(part.startswith(".") for part in parts)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def expect_none(*missing: str) -> None:
    """Fail with one sentence a line, each of which says what to do in which file."""
    if missing:
        pytest.fail("\n".join(missing), pytrace=False)


def test_every_code_has_a_runbook_and_every_runbook_a_code() -> None:
    """Whoever is paged finds the file that the finding names, and no file speaks of a code that is
    gone.
    """
    codes, files = {str(code) for code in Code}, {path.stem for path in RUNBOOKS.glob("*.md")}
    expect_none(
        *(f"add docs/runbooks/{code}.md" for code in sorted(codes - files)),
        *(f"remove docs/runbooks/{name}.md" for name in sorted(files - codes)),
    )


@pytest.mark.parametrize("code", Code)
def test_a_runbook_has_the_one_shape(code: Code) -> None:
    """Title, a summary, five headings in order, something under each, on one screen."""
    text, file = runbook(code), f"docs/runbooks/{code}.md"
    assert text.startswith(f"# {code}\n\n"), f"begin {file} with its code"
    assert not text.split("\n")[2].startswith("#"), f"add a summary below the title of {file}"
    found = re.findall(r"^##+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    assert found == HEADINGS, f"give {file} the headings {', '.join(HEADINGS)}"
    empty = [heading for heading in HEADINGS if not section(text, heading).strip()]
    expect_none(*(f"add text under {heading} to {file}" for heading in empty))
    assert len(text.splitlines()) <= ONE_SCREEN, f"shorten {file} to {ONE_SCREEN} lines"
    assert "Source (" in section(text, "Meaning"), f"end Meaning in {file} with its source"


@pytest.mark.parametrize("code", Code)
def test_a_runbook_names_faults_that_exist(code: Code) -> None:
    """Whoever rehearses by the runbook is not told that there is no such fault."""
    file = f"docs/runbooks/{code}.md"
    gone = sorted(rehearsed(code) - set(FAULTS))
    expect_none(*(f"remove `--fault {fault}` from Reproduce in {file}" for fault in gone))
    needs_one = code not in NOBODY_REHEARSES
    assert bool(rehearsed(code)) == needs_one, f"add `--fault NAME` to Reproduce in {file}"


def test_every_fault_is_in_the_runbook_of_some_code() -> None:
    """A fault that leads to no runbook rehearses nothing."""
    named = set().union(*(rehearsed(code) for code in Code))
    missing = sorted(set(FAULTS) - named)
    expect_none(
        *(f"add `--fault {f}` to Reproduce in docs/runbooks/<its code>.md" for f in missing)
    )


@pytest.mark.parametrize("code", Code)
def test_a_runbook_names_scenarios_that_exist(code: Code) -> None:
    """The scenario that found it can be run by the name that the runbook gives."""
    areas = "|".join(scenario.partition("/")[0] for scenario in scenarios())
    named = set(re.findall(rf"`((?:{areas})/[a-z][a-z-]+)", section(runbook(code), "Meaning")))
    gone = sorted(named - scenarios())
    expect_none(*(f"replace `{name}` in docs/runbooks/{code}.md: it is gone" for name in gone))


@pytest.mark.parametrize("document", documents(), ids=name)
def test_links_lead_to_what_exists(document: Path) -> None:
    """Every relative link in our documents leads to a file, and to a heading in it where one is
    named.
    """
    for link in LINK.findall(FENCED.sub("", document.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        aim = (document.parent / path).resolve() if path else document
        assert aim.exists(), link
        assert not anchor or anchor in anchors(aim), link


def anchors(document: Path) -> set[str]:
    """The headings of a document as GitHub makes links of them."""
    titles = re.findall(r"^#+ (.+)$", FENCED.sub("", document.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_architecture_is_one_page() -> None:
    """It is read in a few minutes, or it is not read."""
    assert len((ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()) < 80


def test_the_architecture_shows_every_room() -> None:
    """A stranger finds each room in the picture, and no room that is gone."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    missing = [room for room in FLOORS if f"{room}/" not in text and f"{room}.py" not in text]
    expect_none(*(f"add probes/{room} to the picture in ARCHITECTURE.md" for room in missing))


ENVIRONMENTS = (ROOT / "docs" / "environments.md").read_text("utf-8")


def keys(heading: str) -> set[str]:
    """The keys that docs/environments.md explains in the table under `heading`."""
    return set(re.findall(r"^\| `(\w+)` \|", section(ENVIRONMENTS, heading), re.MULTILINE))


@pytest.mark.parametrize(("heading", "kind"), SECTIONS.items(), ids=str)
def test_every_key_of_a_table_is_explained(heading: str, kind: type) -> None:
    """docs/environments.md explains the keys that a table has, and none that it has not."""
    assert keys(heading) == {f.name for f in fields(kind)}


def test_every_table_is_explained() -> None:
    """docs/environments.md has a heading for each table that an environment may have, and for what
    starts a target.
    """
    assert {*keys("Top level"), *SECTIONS, "skip"} == {f.name for f in fields(Target)}
    assert all(f"\n## {heading}\n" in ENVIRONMENTS for heading in (*SECTIONS, "skip"))
    start = tomllib.loads((ROOT / "environments" / "replica.toml").read_text("utf-8"))
    assert keys("Started targets") == {*start, "control"}


def test_the_full_example_is_full_and_valid() -> None:
    """What stands in docs/environments.md can be copied: it builds a Target, and it leaves out no
    key.
    """
    settings = tomllib.loads(
        FENCED.findall(section(ENVIRONMENTS, "A full example"))[0].strip("`").removeprefix("toml")
    )
    built = environment_file.build(settings, "docs/environments.md")
    assert set(settings) == {f.name for f in fields(Target)}
    for heading, kind in SECTIONS.items():
        table = {"users": settings["users"]["alice"], "accepted": settings["accepted"][0]}.get(
            heading, settings[heading]
        )
        assert set(table) == {f.name for f in fields(kind)}, heading
    assert {known.scenario.partition("[")[0] for known in built.accepted} <= scenarios()
