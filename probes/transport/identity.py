"""Whose data an answer is about, compared with who asked for it and what they named; pure.

Keys and paths are those of contract 2.2 (claims), 4.2 and 5.1 to 5.6: an id has the same name in
every service, so that one table serves them all.
"""

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from probes.finding import Code, Finding
from probes.transport import caching, jwt_claims

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
# The word before an id in a path, and the key under which answers repeat that id.
BEFORE_ID = {
    "workspaces": "workspaceid",
    "workspace": "workspaceid",
    "projects": "projectid",
    "project": "projectid",
    "chats": "chatid",
    "ws": "chatid",
    "messages": "chatid",
    "boards": "boardid",
    "files": "fileid",
    "folders": "folderid",
    "rooms": "roomid",
    "status": "userid",
}
# Whose own id an answer repeats as plain `id`.
PLAIN = ("fileid", "folderid", "roomid")
# What says of something new who has made it.
MAKERS = ("createdby", "uploadedby", "authorid", "creatorid", "ownerid")
# What says whose something is, in answers about the user who asks.
OWN = ("userid", "useremail", "email", "sub")
ADDRESSED = "targetuserid"
# Of the profile that user-service gives a member who has none in the workspace (contract 5.6).
DEFAULT_WORKSPACE = ("workspaceid", "00000000-0000-0000-0000-000000000000")
# Paths that end so answer about the user who asks, and about nobody else.
ABOUT_ONESELF = ("me", "refresh", "token")


@dataclass(frozen=True, slots=True)
class Asked:
    """The request behind an answer. `users` has the ids and e-mail addresses of the test users,
    each with the user's name.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    users: Mapping[str, str]
    method: str = "GET"


@dataclass(frozen=True, slots=True)
class Scope:
    """What data may be about. `ids`: the ids that the request names, by key in lower case."""

    user: str
    email: str
    ids: Mapping[str, str]
    users: Mapping[str, str]
    about_oneself: bool = False
    makers: tuple[str, ...] = ()

    def is_another_user(self, mark: str, user: str) -> bool:
        """Whether `mark` is the id or address of a test user, and `user` is another one."""
        return bool(user in self.users and self.users.get(mark, "") not in ("", self.users[user]))


@dataclass(frozen=True, slots=True)
class Foreign:
    """A value that belongs to somebody or something else than was asked about."""

    path: str
    value: str
    expected: str

    def describe(self, users: Mapping[str, str]) -> str:
        return f"{self.path} is {_name(self.value, users)}, not {_name(self.expected, users)}"


def _name(value: str, users: Mapping[str, str]) -> str:
    return f"{users[value]}'s" if value in users else value


def users_by_mark(users: Mapping[str, Any]) -> dict[str, str]:
    """The ids and e-mail addresses of test users (name: config), each with the user's name."""
    marks = [(mark, name) for name, user in users.items() for mark in (user.id, user.email)]
    return {mark: name for mark, name in reversed(marks) if mark}


def scope_of(asked: Asked) -> Scope:
    """What an answer to `asked` may be about."""
    parts, body = urlsplit(asked.url), _json(asked.body)
    sent = body if isinstance(body, dict) else {}
    query = dict(parse_qsl(parts.query))
    user, email = _asker(asked, query, sent)
    last = parts.path.rstrip("/").rpartition("/")[2]
    makers: tuple[str, ...] = ()
    if asked.method == "POST":
        makers = (*MAKERS, "userid") if "/messages/" in parts.path else MAKERS
    return Scope(
        user=user,
        email=email,
        ids=_identifiers_of(asked, parts.path, query, sent),
        users=asked.users,
        about_oneself=bool(user) and last in ABOUT_ONESELF,
        makers=makers,
    )


def _asker(asked: Asked, query: Mapping[str, str], sent: Mapping[str, Any]) -> tuple[str, str]:
    """The id and address of who asks, by the token that came along; empty where none did."""
    bearer = asked.headers.get("authorization", "").partition(" ")[2]
    token = bearer or query.get("token") or str(sent.get("refreshToken") or "")
    token_claims = jwt_claims.read(token)
    return str(token_claims.get("sub") or ""), str(token_claims.get("email") or "")


def _identifiers_of(
    asked: Asked, path: str, query: Mapping[str, str], sent: Mapping[str, Any]
) -> dict[str, str]:
    words = path.split("/")
    named = {
        BEFORE_ID[word]: following
        for word, following in itertools.pairwise(words)
        if word in BEFORE_ID and ID.fullmatch(following)
    }
    if workspace := asked.headers.get("x-workspace-id"):
        named["workspaceid"] = workspace
    for name, value in (*query.items(), *sent.items()):
        if name.endswith("Id") and isinstance(value, str) and value:
            named[name.lower()] = value
    return named


def find_foreign(scope: Scope, inside: Any) -> list[Foreign]:
    """What in an answer, or in an event, is about somebody or something else."""
    found = [*_plain_id(scope, inside)]
    for path, key, value, row in _fields(inside):
        wanted = _expected_value(scope, path, key)
        owner = scope.user if scope.about_oneself else _owner(key, row)
        subject = _subject(value) if scope.user else ""
        if (key, value) == DEFAULT_WORKSPACE:
            continue
        if wanted and not _is_same(value, wanted):
            found.append(Foreign(path, value, wanted))
        elif scope.is_another_user(value, owner):
            found.append(Foreign(path, value, owner))
        elif subject and subject != scope.user:
            found.append(Foreign(f"sub of the token in {path}", subject, scope.user))
    return found


def _expected_value(scope: Scope, path: str, key: str) -> str:
    """What must stand at `path`; empty where anything may."""
    if key in scope.ids:
        return scope.ids[key]
    if key == ADDRESSED:
        return scope.user
    if scope.about_oneself and key in OWN:
        return scope.email if "email" in key else scope.user
    return scope.user if key in scope.makers and path.count(".") <= 1 else ""


def _owner(key: str, row: Mapping[str, Any]) -> str:
    """Whose an e-mail address must be, where it stands beside a user's id; empty elsewhere."""
    return str(row.get("userId") or "") if key in ("email", "useremail") else ""


def _plain_id(scope: Scope, inside: Any) -> Iterator[Foreign]:
    """A resource that was asked for by its id, and has another."""
    wanted = next((scope.ids[key] for key in PLAIN if key in scope.ids), "")
    for path, row in _tops(inside):
        value = row.get("id")
        if wanted and isinstance(value, str) and not _is_same(value, wanted):
            yield Foreign(f"{path}id", value, wanted)


def _tops(inside: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The object itself, or what its envelope holds, or a room that stands beside its ticket."""
    if not isinstance(inside, dict):
        return
    yield "", inside
    for key in ("data", "message", "room"):
        for path, row in _tops(inside.get(key)):
            yield f"{key}.{path}", row


def _fields(inside: Any) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """Every text in it: path, key in lower case without underscores, value, and the object."""
    waiting: list[tuple[str, Any]] = [("", inside)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, list):
            waiting += [(f"{path}[{place}]", item) for place, item in enumerate(value)]
        elif isinstance(value, dict):
            start = f"{path}." if path else ""
            waiting += [(f"{start}{key}", item) for key, item in value.items()]
            for key, item in value.items():
                if isinstance(item, str) and item:
                    yield f"{start}{key}", key.lower().replace("_", ""), item, value


def _is_same(value: str, wanted: str) -> bool:
    return value.casefold() == wanted.casefold()


def _subject(value: str) -> str:
    """Whose a token is; empty where the value is none."""
    return str(jwt_claims.read(value).get("sub") or "") if JWT.fullmatch(value) else ""


def _json(body: bytes) -> Any:
    try:
        return json.loads(body or b"null")
    except (ValueError, RecursionError):
        return None


def foreign_data(
    what: str, found: Iterable[Foreign], users: Mapping[str, str], cause: str
) -> Finding | None:
    """The finding for what `what` (an answer, an event) holds of others; None where it holds
    nothing of them.
    """
    texts = [foreign.describe(users) for foreign in found]
    if not texts:
        return None
    more = f", and {len(texts) - 1} more" if len(texts) > 1 else ""
    return Finding(Code.FOREIGN_DATA, f"{what}: {texts[0]}{more}", cause)


def cause_of(who: str, headers: Mapping[str, str]) -> str:
    """Who mixes people up: a shared cache where the answer says that it comes from one."""
    if marks := caching.stored_marks(headers):
        return f"a cache in front of {who}, which gives one user's answer to all ({marks})"
    return f"{who}: it reads the row of another than the token or the request names"
