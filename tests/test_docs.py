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
from probes.config.sign_in import Exposure, OAuth, SignOut
from probes.config.timeouts import Realtime, Timeouts
from probes.finding import Code
from replica.faults import FAULTS

ROOT = Path(__file__).parent.parent
RUNBOOKS = ROOT / "docs" / "runbooks"
HEADINGS = ["How it was told", "Look here", "Do this", "Taught by", "Rehearsed by"]
NOBODY_REHEARSES = {
    Code.UNEXPLAINED,
    Code.UNKNOWN,
}  # they stand for what has no name, and for the suite itself
ONE_SCREEN = 40  # lines
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SECTIONS = {
    "hosts": Hosts,
    "tls": Tls,
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
    "accepted": results.Accepted,
}


def runbook(code: str) -> str:
    return (RUNBOOKS / f"{code}.md").read_text("utf-8")


def section(text: str, heading: str) -> str:
    """What stands under `## heading`, up to the next one."""
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rehearsed(code: str) -> set[str]:
    """The faults that a runbook says rehearse its code."""
    return set(re.findall(r"--fault ([a-z0-9-]+)", section(runbook(code), "Rehearsed by")))


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
    return sorted(
        path
        for path in ROOT.rglob("*.md")
        if not any(
            part.startswith(".") or part == "node_modules" for part in path.relative_to(ROOT).parts
        )
        and ROOT / "reports" / "runs" not in path.parents
    )


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_code_has_a_runbook_and_every_runbook_a_code() -> None:
    """Whoever is paged finds the file that the finding names, and no file speaks of a code that is
    gone.
    """
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {str(code) for code in Code}


@pytest.mark.parametrize("code", Code)
def test_a_runbook_has_the_one_shape(code: Code) -> None:
    """Title, one sentence for users, five headings in order, something under each, on one
    screen.
    """
    text = runbook(code)
    assert text.startswith(f"# {code}\n\n")
    assert re.findall(r"^##+ (.+)$", FENCED.sub("", text), re.MULTILINE) == HEADINGS
    assert not text.split("\n")[2].startswith("#")
    assert all(section(text, heading).strip() for heading in HEADINGS)
    assert len(text.splitlines()) <= ONE_SCREEN


@pytest.mark.parametrize("code", Code)
def test_a_runbook_names_faults_that_exist(code: Code) -> None:
    """Whoever rehearses by the runbook is not told that there is no such fault."""
    assert rehearsed(code) <= set(FAULTS)
    assert bool(rehearsed(code)) != (code in NOBODY_REHEARSES)


def test_every_fault_is_in_the_runbook_of_some_code() -> None:
    """A fault that leads to no runbook rehearses nothing."""
    assert set().union(*(rehearsed(code) for code in Code)) == set(FAULTS)


@pytest.mark.parametrize("code", Code)
def test_a_runbook_names_scenarios_that_exist(code: Code) -> None:
    """The scenario that told of it can be run by the name that the runbook gives."""
    areas = "|".join(scenario.partition("/")[0] for scenario in scenarios())
    named = set(
        re.findall(rf"`((?:{areas})/[a-z][a-z-]+)", section(runbook(code), "How it was told"))
    )
    assert named <= scenarios()


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
    assert len((ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()) <= 60


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
