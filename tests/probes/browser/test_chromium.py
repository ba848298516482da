"""A Chromium is found, or installed, or asked for in one sentence."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from probes.browser import chromium
from probes.finding import CannotAsk


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def downloaded(folder: Path, revision: int = 1200) -> Path:
    return executable(
        folder / f"chromium_headless_shell-{revision}" / "chrome-linux" / "headless_shell"
    )


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a Chromium; the folder is where Playwright would put one."""
    monkeypatch.setattr(chromium, "INSTALLED", (str(tmp_path / "installed"),))
    monkeypatch.delenv("PROBES_CHROMIUM", raising=False)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    return tmp_path / "browsers"


def test_the_one_that_is_named_is_used(tmp_path: Path) -> None:
    """Before any other."""
    named = executable(tmp_path / "mine")
    assert chromium.find({"PROBES_CHROMIUM": str(named)}) == named


@pytest.mark.parametrize("wrong", ["missing", "file", "folder"])
def test_a_name_that_leads_nowhere_is_no_reason_to_guess(tmp_path: Path, wrong: str) -> None:
    """Who named one wants that one."""
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    named = tmp_path / wrong
    with pytest.raises(CannotAsk) as said:
        chromium.find({"PROBES_CHROMIUM": str(named)})
    assert (
        str(said.value)
        == f"PROBES_CHROMIUM names {named}, which is no executable file; correct it or unset it"
    )


def test_an_installed_one_comes_before_a_download(nowhere: Path) -> None:
    """The distribution keeps it up to date."""
    download = downloaded(nowhere)
    assert chromium.find() == download
    executable(Path(chromium.INSTALLED[0]))
    assert chromium.find() == Path(chromium.INSTALLED[0])


def test_the_newest_download_that_runs_is_used(nowhere: Path) -> None:
    """Playwright leaves older ones and broken ones lying about."""
    downloaded(nowhere, 1100)
    newest = downloaded(nowhere, 1200)
    downloaded(nowhere, 1300).chmod(0o644)
    assert chromium.find() == newest


def test_downloads_lie_where_playwright_puts_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In the user's cache, where no variable says otherwise."""
    monkeypatch.setattr(chromium, "INSTALLED", ())
    monkeypatch.setenv("HOME", str(tmp_path))
    found = downloaded(tmp_path / ".cache" / "ms-playwright")
    assert chromium.find({}) == found


def test_a_machine_without_one_gets_advice(nowhere: Path) -> None:
    """Two ways out."""
    with pytest.raises(CannotAsk) as said:
        chromium.find()
    assert str(said.value) == f"no Chromium was found; {chromium.ADVICE}"


Way = Callable[[list[str]], subprocess.CompletedProcess[str]]
Tried = tuple[list[str], list[Way]]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Tried:
    """What was run to install one, and what that does."""
    words: list[str] = []
    ways: list[Way] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        said = " ".join(command[:2]) if command[0] != sys.executable else command[2]
        words.append(said)
        return ways[0](command)

    monkeypatch.setattr("probes.browser.chromium.subprocess.run", run)
    return words, ways


def test_playwrights_download_is_tried_first(
    nowhere: Path, tried: Tried, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing more where it works."""
    words, ways = tried
    ways.append(
        lambda command: (downloaded(nowhere), subprocess.CompletedProcess(command, 0, "", ""))[1]
    )
    assert chromium.main() == 0
    assert words == ["playwright"]
    assert capsys.readouterr().err.splitlines()[-1] == f"setup: using {chromium.find()}"


@pytest.mark.parametrize(
    ("root", "words"),
    [(0, ["playwright", "apt-get update", "apt-get install"]), (1000, ["playwright"])],
)
def test_apt_is_for_those_who_may(
    nowhere: Path, tried: Tried, monkeypatch: pytest.MonkeyPatch, root: int, words: list[str]
) -> None:
    """What failed last is told in one sentence, with the advice."""
    seen, ways = tried
    monkeypatch.setattr("probes.browser.chromium.os.geteuid", lambda: root)
    monkeypatch.setattr("probes.browser.chromium.shutil.which", lambda name: f"/usr/bin/{name}")
    ways.append(
        lambda command: subprocess.CompletedProcess(command, 1, "", "Reading\nE: no network\n")
    )
    with pytest.raises(CannotAsk) as said:
        chromium.install()
    assert seen == words
    assert str(said.value) == f"no Chromium could be installed (E: no network); {chromium.ADVICE}"


def test_without_apt_only_playwright_is_tried(
    nowhere: Path,
    tried: Tried,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A set-up that fails ends with exit code 4, and a sentence even when nothing was said."""
    seen, ways = tried
    monkeypatch.setattr("probes.browser.chromium.shutil.which", lambda _: None)
    ways.append(lambda command: subprocess.CompletedProcess(command, 1, "", ""))
    assert chromium.main() == 4
    assert seen == ["playwright"]
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"setup: no Chromium could be installed (nothing was said); {chromium.ADVICE}"
    )


def test_set_up_says_nothing_when_all_is_well(
    nowhere: Path, tried: Tried, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its second run is silent and quick."""
    downloaded(nowhere)
    assert chromium.main() == 0
    assert capsys.readouterr() == ("", "")
    assert tried[0] == []


def test_set_up_installs_nothing_in_place_of_a_wrong_name(
    nowhere: Path,
    tried: Tried,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The user mends the name."""
    monkeypatch.setenv("PROBES_CHROMIUM", "/nowhere")
    assert chromium.main() == 4
    assert capsys.readouterr().err.startswith("setup: PROBES_CHROMIUM names /nowhere, ")
    assert tried[0] == []
