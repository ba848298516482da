"""What each version of livekit-server says of a bad token leads to one code, and to whose it is."""

import contextlib
import time
from collections.abc import Iterator

import httpx
import jwt
import pytest

from probes.config.livekit import LiveKit
from probes.finding import Code
from probes.livekit import app_token, token_answers
from probes.livekit.token_answers import APP, PROBES
from probes.services.video import CallTicket
from probes.transport.http import Answer
from replica.livekit.server_build import VERSIONS
from tests.real.livekit.test_answers import HOUR, tokens
from tests.support.livekit_lab import KEY, SECRET, LabServer, lab_server

URL, ROOM, USER = "ws://livekit.test", "room", "alice"
OLD, ROOM_NEEDED = VERSIONS[:2], VERSIONS[1:]
# What each server, asked at /rtc/validate, has against a token of that kind.
REFUSED: dict[str, tuple[Code, str, tuple[str, ...]]] = {
    "of another key": (Code.LIVEKIT_KEY_UNKNOWN, "keys.yaml", VERSIONS),
    "of another secret": (Code.LIVEKIT_SECRET_MISMATCH, "keys.yaml", VERSIONS),
    "unsigned": (Code.LIVEKIT_SECRET_MISMATCH, "keys.yaml", VERSIONS),
    "expired": (Code.LIVEKIT_CLOCK_SKEW, "clocks", VERSIONS),
    "of tomorrow": (Code.LIVEKIT_CLOCK_SKEW, "clocks", VERSIONS),
    "issued tomorrow": (Code.LIVEKIT_CLOCK_SKEW, "clocks", OLD),
    "without video": (Code.LIVEKIT_GRANT_MISSING, "no grants", VERSIONS),
    "without roomJoin": (Code.LIVEKIT_GRANT_MISSING, "roomJoin", VERSIONS),
    "without identity": (Code.LIVEKIT_GRANT_MISSING, "no identity", VERSIONS),
    "without room": (Code.LIVEKIT_GRANT_MISSING, "no room", ROOM_NEEDED),
    "garbage": (Code.CONTRACT_BROKEN, "malformed", VERSIONS),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, LabServer]]:
    """One server of each version, for all kinds of tokens."""
    with contextlib.ExitStack() as stack:
        yield {
            version: stack.enter_context(lab_server(version, tmp_path_factory.mktemp("lab")))
            for version in VERSIONS
        }


def validate(server: LabServer, token: str) -> Answer:
    url = f"http://127.0.0.1:{server.port}/rtc/validate"
    answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    return Answer("GET", url, answer.status_code, dict(answer.headers), answer.content)


@pytest.mark.parametrize("whose", [PROBES, APP])
@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_token_is_named_and_whose_it_is(
    running: dict[str, LabServer], kind: str, whose: str
) -> None:
    """Whatever a version's words are; the token itself is not repeated."""
    code, cause, versions = REFUSED[kind]
    token = tokens(KEY, SECRET)[kind]
    for version, server in running.items():
        finding = token_answers.explain_token(validate(server, token), whose)
        if version not in versions:
            assert finding is None, (version, finding)
            continue
        assert finding, version
        assert finding.code == code, (version, finding)
        assert cause in finding.cause, (version, finding)
        assert whose in finding.observed, (version, finding)
        assert token not in finding.observed, (version, finding)


@pytest.mark.parametrize("kind", ["good", "without exp", "just expired"])
def test_what_servers_accept_is_no_finding_of_theirs(
    running: dict[str, LabServer], kind: str
) -> None:
    """A token without an end is taken by all three; 60 s of leeway are given."""
    token = tokens(KEY, SECRET)[kind]
    for server in running.values():
        assert token_answers.explain_token(validate(server, token)) is None


@pytest.mark.parametrize(
    ("claims", "code", "detail"),
    [
        ({"exp": None}, Code.LIVEKIT_TOKEN_LIFE, "never ends"),
        ({"exp": -HOUR}, Code.LIVEKIT_TOKEN_LIFE, "ends in -3600 s"),
        ({"video": None}, Code.LIVEKIT_GRANT_MISSING, "roomJoin is None"),
        ({"video": {"roomJoin": True, "room": "other"}}, Code.LIVEKIT_GRANT_MISSING, "'other'"),
    ],
    ids=["no exp", "expired", "no grant", "other room"],
)
def test_a_bad_token_of_the_app_is_named_before_anybody_dials(
    claims: dict[str, object], code: Code, detail: str
) -> None:
    """Servers accept a token for another room, and one without an end."""
    now = int(time.time())
    video = {"roomJoin": True, "room": ROOM}
    payload = {"iss": KEY, "sub": USER, "exp": HOUR, "video": video} | claims
    payload = {name: value for name, value in payload.items() if value is not None}
    if isinstance(ends := payload.get("exp"), int):
        payload["exp"] = now + ends
    ticket = CallTicket(url=URL, token=jwt.encode(payload, SECRET, "HS256"), room=ROOM)
    finding = app_token.explain(ticket, LiveKit(URL, "K", "S"), USER, now)
    assert finding
    assert finding.code is code
    assert detail in finding.observed
    assert "video-service" in finding.cause
