"""The stand-in answers as the real server of its version does: status, text and CORS."""

import contextlib
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from replica.livekit.server_build import VERSIONS
from tests.support.livekit_lab import KEY, SECRET, lab_server
from tests.support.sfu import run_stand_in

HOUR = 3600
ROOMS = "/twirp/livekit.RoomService/"
JOIN = {"roomJoin": True, "room": "room"}

# What differs on purpose, and why.
ON_PURPOSE = {
    "CreateRoom good": "the codecs and the password of a room are not made up",
    "CreateRoom without name": "the codecs and the password of a room are not made up",
}


def token(key: str, secret: str, **claims: Any) -> str:
    now = int(time.time())
    payload = {"iss": key, "sub": "alice", "nbf": now - 5, "exp": now + 600, "video": JOIN}
    payload |= claims
    return jwt.encode({n: v for n, v in payload.items() if v is not None}, secret, "HS256")


def tokens(key: str, secret: str) -> dict[str, str]:
    """Tokens by kind; none of them twice."""
    now = int(time.time())
    unsigned = jwt.encode({"iss": key, "sub": "a", "video": JOIN, "exp": now + 60}, "", "none")
    return {
        "none": "",
        "good": token(key, secret),
        "of another key": token("APIother", secret),
        "of another secret": token(key, "x" * 40),
        "expired": token(key, secret, exp=now - HOUR),
        "just expired": token(key, secret, exp=now - 30),
        "without exp": token(key, secret, exp=None),
        "of tomorrow": token(key, secret, nbf=now + HOUR),
        "issued tomorrow": token(key, secret, iat=now + HOUR),
        "without video": token(key, secret, video=None),
        "without roomJoin": token(key, secret, video={"room": "room"}),
        "without room": token(key, secret, video={"roomJoin": True}),
        "without identity": token(key, secret, sub=None),
        "of who lists": token(key, secret, video={"roomList": True}),
        "of who creates": token(key, secret, video={"roomCreate": True}),
        "garbage": "abc",
        "unsigned": unsigned,
    }


Request = tuple[str, str, str, dict[str, Any] | None]  # method, path, kind of token, JSON


def requests() -> dict[str, Request]:
    """By name: every path with every kind of token, and RoomService."""
    kinds = list(tokens("k", "s" * 32))
    paths = ("/", "/rtc", "/rtc/validate", "/rtc/v1", "/rtc/v1/validate", "/nothing")
    named: dict[str, Request] = {
        f"GET {path} {kind}": ("GET", path, kind, None) for path in paths for kind in kinds
    }
    named["GET /debug/goroutine"] = ("GET", "/debug/goroutine", "none", None)
    named["GET /settings/regions"] = ("GET", "/settings/regions", "none", None)
    for method, grant in (("ListRooms", "of who lists"), ("CreateRoom", "of who creates")):
        for kind in ("none", "good", "of another key", "of another secret", "expired"):
            named[f"{method} {kind}, no grant"] = ("POST", ROOMS + method, kind, {"name": "r"})
        named[f"{method} good"] = ("POST", ROOMS + method, grant, {"name": "r"})
    named["CreateRoom without name"] = ("POST", ROOMS + "CreateRoom", "of who creates", {})
    named["DeleteRoom good"] = ("POST", ROOMS + "DeleteRoom", "of who creates", {"room": "r"})
    named["DeleteRoom missing"] = ("POST", ROOMS + "DeleteRoom", "of who creates", {"room": "no"})
    named["no such method"] = ("POST", ROOMS + "Nothing", "of who creates", {})
    return named


def ask(http: httpx.Client, key: str, secret: str) -> dict[str, tuple[int, str, str]]:
    """The answers: status, text, and the CORS header; what differs by run is taken out."""
    answers, of = {}, tokens(key, secret)
    for name, (method, path, kind, body) in requests().items():
        headers = {"Authorization": f"Bearer {of[kind]}"} if of[kind] else {}
        answer = http.request(method, path, headers=headers, json=body)
        cors = answer.headers.get("access-control-allow-origin", "")
        answers[name] = (answer.status_code, _comparable(answer.text, of[kind], key), cors)
    return answers


def _comparable(text: str, sent: str, key: str) -> str:
    text = text.replace(sent, "<token>") if sent else text
    text = re.sub(r"RM_\w+", "<sid>", text.replace(key, "<key>")).strip()
    with contextlib.suppress(ValueError):
        return json.dumps(json.loads(text), sort_keys=True)
    return text


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_stand_in_answers_as_the_server_does(tmp_path: Path, version: str) -> None:
    """Over a hundred requests get the same status, text and CORS header, less what differs on
    purpose.
    """
    with lab_server(version, tmp_path) as server, run_stand_in(version) as running:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as http:
            real = ask(http, KEY, SECRET)
        ours = ask(running.http, running.livekit.key, running.livekit.secret)
    assert len(real) > 110
    differing = {
        name: {"real": real[name], "stand-in": ours[name]}
        for name in real
        if real[name] != ours[name] and name not in ON_PURPOSE
    }
    assert differing == {}, json.dumps(differing, indent=1)


def test_what_differs_on_purpose_is_asked() -> None:
    """A reason without a request is stale."""
    assert ON_PURPOSE.keys() <= requests().keys()
