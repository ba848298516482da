"""Tokens that live in URLs of sockets and streams, in console lines and in storage are in nothing
that a run leaves.
"""

import json
from pathlib import Path

from tests.conftest import Ended, Probe, Replica
from tests.support.custom_scenarios import run_own
from tests.support.leaks import FORMS, everything
from tests.test_secrets import spellings

LEAVES = """
import json, os
from pathlib import Path

async def test_every_token_of_a_page_is_told_outside(at_a_chat, user):
    "A page loses its sockets, refreshes and breaks; its tokens are told to the test alone."
    expired = await user("alice").expired_token()
    async with at_a_chat() as (stay, _):
        first = await stay.page.evaluate("({...localStorage})")
        await stay.expire(expired)
        await stay.drop("chat", "presence")
        await stay.expect_recovered("chat", "presence")
        await stay.page.evaluate(
            "console.error('연결 시도: wss://x/ws?token=' + localStorage.accessToken)")
        last = await stay.page.evaluate("({...localStorage})")
        names = ("accessToken", "refreshToken")
        tokens = [expired, *(kept[name] for kept in (first, last) for name in names)]
        Path(os.environ["TOLD"]).write_text(json.dumps(tokens))
        raise AssertionError(f"refused: {stay.sockets.all[-1].token}, {last}")
"""


def leaks(run: Ended, tokens: list[str]) -> list[tuple[str, str]]:
    """Where one of the tokens, or anything that looks like one, is found in what the run left."""
    left = list(everything(run))
    literal = [
        (name, ("a literal token"))
        for token in tokens
        for form in spellings(token)
        for name, content in left
        if form in content
    ]
    return literal + [
        (name, found.decode())
        for name, content in left
        for found in FORMS["token"].findall(content)
    ]


def test_no_token_of_a_broken_page_is_left(replica: Replica, tmp_path: Path) -> None:
    """Five tokens of one page, literally and in every spelling: not in journal, spans, reports,
    output or trace.
    """
    told = tmp_path / "told.json"
    run = run_own(
        replica, tmp_path, LEAVES, "--no-confirm", "-p", "scenarios.conftest", TOLD=str(told)
    )
    tokens = json.loads(told.read_text())
    assert len(set(tokens)) == 5
    names = " ".join(name for name, _ in everything(run))
    assert all(
        part in names for part in (".png", "trace.zip:", "spans.jsonl", "run.jsonl", "junit.xml")
    ), names
    assert b"/ws/presence?token=<access token sub=" in dict(everything(run))["run.jsonl"]
    assert leaks(run, tokens) == []


def test_a_rehearsal_of_incident_four_leaves_no_token(replica: Replica, probe: Probe) -> None:
    """V6 §4 in red, with every scenario of sockets, streams and pages: the same token again is
    seen, and not shown.
    """
    replica.set_faults(["page-reconnects-with-stale-token"])
    run = probe(
        "--env",
        str(replica.environment),
        "--no-confirm",
        "-k",
        "page_session or tokens or notifications",
    )
    assert run.code == 1, run.output
    assert "socket-stale-token" in run.output
    assert leaks(run, []) == []
