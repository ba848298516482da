"""Children: they end with us, leave their files in our folder, and say why they ended too early."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from replica.infra.processes import ChildError, child, program

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]


async def test_a_child_ends_with_the_block(tmp_path: Path) -> None:
    """It runs inside the block and is gone after it."""
    async with child(SLEEPS, tmp_path, {}) as sleeper:
        sleeper.check()
        found = psutil.Process().children()
        ours = [process for process in found if process.cmdline() == SLEEPS]
        assert len(ours) == 1
    assert not ours[0].is_running()


async def test_a_child_s_last_words_are_told(tmp_path: Path) -> None:
    """Waiting for a program that ends too early raises what it last said."""
    dies = [sys.executable, "-c", "import sys; sys.exit('no room left')"]
    async with child(dies, tmp_path, {}) as dying:
        with pytest.raises(ChildError, match="ended unexpectedly; it said: no room left"):
            await asyncio.wait_for(dying.wait_for_exit(), 30)
        with pytest.raises(ChildError):
            dying.check()


async def test_a_child_s_home_is_our_folder(tmp_path: Path) -> None:
    """Nothing of the user's environment reaches it, and what it keeps at home goes with the
    folder.
    """
    code = (
        "import json, os, pathlib; "
        "pathlib.Path.home().joinpath('kept').write_text(json.dumps(dict(os.environ)))"
    )
    async with child([sys.executable, "-c", code], tmp_path, {"ONE": "1"}) as writer:
        with pytest.raises(ChildError):
            await asyncio.wait_for(writer.wait_for_exit(), 30)
    kept = json.loads((tmp_path / "kept").read_text())
    assert kept.pop("PATH") == os.environ["PATH"]
    assert set(kept) - {"LC_CTYPE"} == {
        "ONE",
        "HOME",
        "TMPDIR",
        "XDG_DATA_HOME",
        "XDG_CONFIG_HOME",
        "XDG_CACHE_HOME",
    }
    assert kept["XDG_DATA_HOME"] == str(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
def test_a_killed_parent_takes_its_child_along(tmp_path: Path) -> None:
    """SIGKILL leaves us no last act; the kernel does it."""
    parent = (
        "import asyncio, pathlib, sys\n"
        "from replica.infra.processes import child\n"
        "async def main():\n"
        f"    async with child({SLEEPS!r}, pathlib.Path({str(tmp_path)!r}), {{}}):\n"
        "        print('up', flush=True)\n"
        "        await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        [orphan] = psutil.Process(process.pid).children()
        os.kill(process.pid, signal.SIGKILL)
        assert psutil.wait_procs([orphan], timeout=30)[1] == []


def test_a_missing_program_is_named_with_what_to_do() -> None:
    """Who installed without the replica's packages is told which to install."""
    with pytest.raises(ChildError, match=r"no-such-program is missing .* pip install"):
        program("no-such-program")
