"""Whether a service takes a token for good that nobody may: one request an
endpoint, and a comparison where it did.

Sources: contract 2.5 (who verifies what), V6 §7 (ISTIO_JWT_MODE), RFC 8725.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

import httpx

from probes.auth.bad_tokens import MISPLACED, BadToken, is_valid_to_auth
from probes.auth.users import User
from probes.finding import Broken, Code, Finding, Rung
from probes.recording.recorder import current
from probes.services import notifications, ops, workspaces
from probes.services.protected_endpoints import (
    OPS,
    USER,
    ProtectedEndpoint,
    Where,
    is_accepted,
)
from probes.transport import envelopes, websocket
from probes.transport.admission import holds_data, is_like
from probes.transport.envelopes import Envelope, expect
from probes.transport.http import Answer, Web, service
from probes.transport.open_websocket import ClosedAtOnce
from probes.transport.wrong_status import explain_unproven

TOO_LONG = (400, 413, 414, 431)  # before anybody has read the token

CODES = {
    "expired": Code.TOKEN_EXPIRY_IGNORED,
    "refresh": Code.TOKEN_TYPE_IGNORED,
    "signed-out": Code.SIGN_OUT_INEFFECTIVE,
    "empty": Code.STRANGER_ADMITTED,
    "not-a-jwt": Code.STRANGER_ADMITTED,
    MISPLACED: Code.CONTRACT_BROKEN,
}
FORMLESS = ("empty", "not-a-jwt", MISPLACED)
# What is left to cause of a service that does verify signatures.
RULES = {
    "expired": "exp is not looked at",
    "refresh": "the claim type is not looked at (access or refresh)",
    "signed-out": (
        "auth-service's /validate is not asked, or its answer is not heeded (contract 2.5)"
    ),
    "alg-none": "the algorithm is taken from the token, and none is one",
    "hs256-public": "the algorithm is taken from the token, and the public key for a shared secret",
    "wrong-issuer": "the claim iss is not compared",
}


# What auth-service's own check does not look at, so that nobody who asks it does (contract 2.3).
UNREAD = {
    "refresh": "whose /api/auth/validate does not look at the claim type (contract 2.3)",
    "wrong-issuer": "whose /api/auth/validate does not compare the issuer (contract 2.3)",
}


async def request(
    web: Web, endpoint: ProtectedEndpoint, token: str, where: Where | None = None
) -> Answer:
    """What the endpoint answers to `token`; status 101 where a socket opens. Raises Broken
    when nothing is answered.
    """
    where = where or endpoint.where
    headers = {"x-workspace-id": web.target.workspace.id} if endpoint.is_scoped else {}
    if where == "header":
        headers["authorization"] = f"Bearer {token}".strip()
    query = f"token={quote(token, safe='')}" if where == "query" else ""
    match endpoint.kind:
        case "socket":
            in_query = token if query else ""
            return await _request_socket(web, endpoint.path, in_query, headers)
        case "stream":
            return await _request_stream(
                web, _url(web.target.hosts.apex, endpoint.path, query), headers
            )
    # Past the edge, which has masked what services say (V6 §1): here it is the service's word that
    # counts.
    return await web.ask("GET", _url(web.target.hosts.api, endpoint.path, query), headers=headers)


def _url(origin: str, path: str, query: str) -> str:
    return f"{origin}{path}" + (f"{'&' if '?' in path else '?'}{query}" if query else "")


async def _request_refused(
    web: Web, endpoint: ProtectedEndpoint, token: str, where: Where | None = None
) -> Answer:
    """As `request`, for who must be refused. Raises Broken where a socket opens only to close."""
    try:
        return await request(web, endpoint, token, where)
    except ClosedAtOnce as closed:
        raise Broken(closed.refusal) from closed


async def _request_socket(web: Web, path: str, token: str, headers: Mapping[str, str]) -> Answer:
    try:
        async with websocket.open_socket(web, path, token, headers):
            return Answer("GET", web.target.hosts.apex + path, websocket.SWITCHING, {}, b"")
    except websocket.UpgradeRefused as refused:
        return refused.answer


async def _request_stream(web: Web, url: str, headers: Mapping[str, str]) -> Answer:
    async with web.stream(url, headers) as (response, exchange):
        if response.status_code != 200:
            return await web.read_refusal(response, exchange)
        first = b""
        # Headers alone do not show that anybody was let in: a proxy may have sent them.
        with contextlib.suppress(TimeoutError, StopAsyncIteration, httpx.HTTPError):
            async with asyncio.timeout(web.target.timeouts.answer_s):
                first = await anext(response.aiter_bytes())
        exchange.response_body = first
        return Answer("GET", url, 200, exchange.response_headers, first)


async def expect_admitted(web: Web, endpoint: ProtectedEndpoint, token: str) -> None:
    """A good token is accepted. Raises Broken."""
    if finding := explain_refusal(endpoint, await request(web, endpoint, token), token):
        raise Broken(finding)


async def expect_refused(web: Web, endpoint: ProtectedEndpoint, bad: BadToken) -> None:
    """A bad token does not. Raises Broken."""
    elsewhere = bad.kind == MISPLACED
    where: Where = "query" if (endpoint.where == "header") == elsewhere else "header"
    answer = await _request_refused(web, endpoint, bad.token, where)
    if not is_accepted(endpoint, answer):
        return check_refusal(endpoint, bad.kind, answer)
    current().subject = current().exchanges[-1]
    who, whom = service(endpoint.path), f"a token of the kind {bad.kind}"
    if not await _is_proven(web, endpoint, answer, bad.good):
        raise Broken(explain_unproven(answer, whom, who))
    code = CODES.get(bad.kind, Code.TOKEN_FORGERY_ACCEPTED)
    if endpoint.kind == "socket" and code is Code.TOKEN_EXPIRY_IGNORED:
        code = Code.SOCKET_ACCEPTS_EXPIRED
    finding = Finding(code, f"{answer} to {whom}", f"{who} asks for no token")
    if bad.kind not in FORMLESS:
        finding = await _compare(web, endpoint, bad, finding)
    raise Broken(finding)


async def _is_proven(web: Web, endpoint: ProtectedEndpoint, answer: Answer, good: str) -> bool:
    """Whether what was given is what one who may is given: over HTTP a status alone, or another
    body, accuses nobody.
    """
    if endpoint.kind != "http":
        return True
    if not good:
        return holds_data(answer)
    try:
        admitted = await request(web, endpoint, good)
    except Broken:
        return holds_data(answer)
    return is_like(answer, admitted) if is_accepted(endpoint, admitted) else holds_data(answer)


async def expect_forbidden(
    web: Web, endpoint: ProtectedEndpoint, user: User, owner: User | None = None
) -> None:
    """Somebody else's good token is told that this is not theirs; `owner` is who may. Raises
    Broken; CannotAsk where the workspace is open to everybody.
    """
    answer = await _request_refused(web, endpoint, await user.token())
    if endpoint.kind == "socket" and answer.status != websocket.SWITCHING:
        if finding := websocket.explain_refusal(answer, 403):
            raise Broken(finding)
        return
    if is_accepted(endpoint, answer):
        if web.target.workspace.id in endpoint.path:
            await workspaces.require_outsider(web, user)
        current().subject = current().exchanges[-1]
        who = service(answer.url)
        owners_token = await owner.token() if owner else ""
        if not await _is_proven(web, endpoint, answer, owners_token):
            raise Broken(explain_unproven(answer, "somebody else", who))
        cause = f"access check of {who}"
        raise Broken(Finding(Code.STRANGER_ADMITTED, f"{answer} to somebody else", cause))
    if answer.status < 300:
        raise Broken(_nothing_said(answer))
    envelope = Envelope.RAW if endpoint.name == OPS.name else endpoint.envelope
    expect(answer, envelope, 403)


def _nothing_said(answer: Answer) -> Finding:
    """A success without data: neither let in nor refused."""
    observed = f"{answer} with {len(answer.body)} bytes, where a refusal was promised"
    if answer.is_html:
        found = envelopes.explain(answer, 401)
        return found or Finding(Code.CONTRACT_BROKEN, observed, service(answer.url))
    return Finding(Code.CONTRACT_BROKEN, observed, service(answer.url))


def explain_refusal(endpoint: ProtectedEndpoint, answer: Answer, token: str) -> Finding | None:
    """Name why a good token opens nothing; None where it does; pure."""
    match endpoint:
        case ProtectedEndpoint(kind="socket"):
            return None if answer.status == websocket.SWITCHING else websocket.explain(answer)
        case ProtectedEndpoint(kind="stream"):
            return _explain_stream(endpoint, answer)
        case ProtectedEndpoint(name=OPS.name):
            return ops.explain(answer, token)
    return envelopes.explain(answer, 200)


def _explain_stream(endpoint: ProtectedEndpoint, answer: Answer) -> Finding | None:
    if is_accepted(endpoint, answer):
        return None
    if answer.media_type != notifications.EVENT_STREAM:
        return notifications.explain(answer)
    observed = f"{answer}, and then said nothing to a good token"
    return Finding(Code.SERVICE_STALLED, observed, service(answer.url))


def check_refusal(endpoint: ProtectedEndpoint, kind: str, answer: Answer) -> None:
    """A refusal is 401 in the service's own words. Raises Broken."""
    if kind == "long" and answer.status in TOO_LONG:
        return
    if endpoint.kind == "socket":
        if finding := websocket.explain_refusal(answer, 401):
            raise Broken(finding)
        return
    if answer.status < 300:
        raise Broken(_nothing_said(answer))
    expect(answer, endpoint.envelope, 401)


async def _compare(
    web: Web, endpoint: ProtectedEndpoint, bad: BadToken, finding: Finding
) -> Finding:
    """`finding` with what another endpoint says of this token, and this endpoint of another."""
    other = USER if endpoint.name == OPS.name else OPS
    there, here = (
        await _status(web, other, bad.token),
        await _status(web, endpoint, bad.foreign),
    )
    valid = await is_valid_to_auth(web, bad.token) if bad.kind in UNREAD else None
    refuser = other.name if there == 401 else ""
    cause = cause_of(endpoint, bad.kind, verifies=here == 401, other=refuser, valid=bool(valid))
    detail = (
        f"the same token: {other.name} answers {there}; one signed by another key: {endpoint.name} "
        f"answers {here}"
    )
    if valid is not None:
        detail += f"; auth-service's /validate says valid={str(valid).lower()}"
    return replace(finding, cause=cause, rungs=(Rung("trust", held=False, detail=detail),))


async def _status(web: Web, endpoint: ProtectedEndpoint, token: str) -> int:
    try:
        return (await request(web, endpoint, token)).status
    except Broken:
        return 0


def cause_of(
    endpoint: ProtectedEndpoint, kind: str, *, verifies: bool, other: str, valid: bool = False
) -> str:
    """Whom to blame for having accepted a bad token; `other` is a service that refuses the same,
    `valid` what auth-service says of it to who asks; pure.
    """
    who = service(endpoint.path)
    refused = f"; the same token is refused by {other}-service" if other else ""
    if verifies and valid:
        return f"{who} asks auth-service, {UNREAD[kind]}{refused}"
    if verifies:
        return f"{who} verifies signatures, but {RULES.get(kind, 'not this one')}{refused}"
    mode = "ISTIO_JWT_MODE" if endpoint.kind == "http" else "SmartValidator"
    return (
        f"{who} reads tokens without verifying them ({mode} without RequestAuthentication, "
        f"contract 2.5){refused}"
    )
