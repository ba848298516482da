"""Refresh a session as the app does: each refresh token gives one new pair, and is spent then
(contract 2.3).
"""

import asyncio
from collections.abc import Sequence
from typing import TypedDict

from probes import clock
from probes.auth.tokens import OwnSession, Tokens, claims, timestamp
from probes.finding import Broken, CannotAsk, Code, Finding, broken_promise
from probes.transport import envelopes, service_words
from probes.transport.envelopes import Envelope, expect
from probes.transport.http import Answer, Web
from probes.transport.typed_answers import Identity, Jwt, shape_problem

REFRESH = "/api/svc/auth/api/auth/refresh"
SPENT = "AUTH006"
# Who answered in auth-service's place, or kept from it what was sent, is told by these.
ANOTHER_AUTHOR = frozenset(
    {
        Code.EDGE_ERROR_PAGE,
        Code.EDGE_HTML_FALLBACK,
        Code.EDGE_MASKS_ERRORS,
        Code.EDGE_S3_ERROR,
        Code.LOAD_BALANCER_ERROR,
        Code.PROXY_ERROR,
        Code.REQUEST_STRIPPED,
        Code.UNKNOWN,
        Code.UNKNOWN_PAGE,
    }
)
# There is no jti (contract 2.2): a pair of the same second is the same pair, whose refresh token is
# spent already.
TOKEN_CLOCK_STEP_S = 1.1


class Pair(TypedDict):
    """What a refresh gives (contract 2.3)."""

    accessToken: Jwt
    refreshToken: Jwt
    userId: Identity


async def request_pair(web: Web, refresh_token: str) -> Answer:
    """Spend a refresh token once its second is over. Raises Broken when no answer comes."""
    await asyncio.sleep(
        min(
            TOKEN_CLOCK_STEP_S,
            max(0.0, timestamp(refresh_token, "iat") + TOKEN_CLOCK_STEP_S - clock.now()),
        )
    )
    return await web.ask(
        "POST", web.target.hosts.apex + REFRESH, json={"refreshToken": refresh_token}
    )


def read_pair(answer: Answer) -> Tokens | None:
    """The new pair; None where the answer has none."""
    body = answer.json
    if answer.status != 200 or shape_problem(body, Pair):
        return None
    return Tokens(body["accessToken"], body["refreshToken"], body["userId"])


def is_spent(answer: Answer) -> bool:
    """Whether auth-service says that the refresh token was used before."""
    return (
        answer.status == 401 and isinstance(answer.json, dict) and answer.json.get("code") == SPENT
    )


async def refresh(web: Web, session: OwnSession) -> Tokens:
    """The pair that follows the session's, which is kept before it is judged. Raises Broken."""
    before = session.tokens
    answer = await request_pair(web, before.refresh)
    after = read_pair(answer)
    if after is None:
        if is_spent(answer) and await session.is_overtaken():
            raise CannotAsk(
                "another run used this refresh token in the same moment, and has kept what it got"
            )
        raise Broken(explain(answer))
    await session.save(after)
    if finding := explain_pair(before, after):
        raise Broken(finding)
    return after


async def expect_refusal(web: Web, used: Tokens) -> None:
    """A refresh token that was used before gives nothing. Raises Broken."""
    answer = await request_pair(web, used.refresh)
    if read_pair(answer):
        raise broken_promise(
            Code.REFRESH_NOT_ROTATED,
            f"{answer}: a refresh token that was used before gave another pair",
            "auth-service: the blacklist of used refresh tokens (Redis) is not written or not read",
        )
    error = expect(answer, Envelope.AUTH_ERROR, 401)
    if error["code"] != SPENT:
        raise broken_promise(
            Code.CONTRACT_BROKEN,
            f"{answer} with {error['code']} where {SPENT} was promised",
            "auth-service",
        )


def is_rejected(answer: Answer) -> bool:
    """Whether auth-service says that the token itself is no good (AUTH004 malformed, and
    others).
    """
    code = answer.json.get("code", "") if isinstance(answer.json, dict) else ""
    return answer.status in (400, 401) and str(code).startswith("AUTH")


def describe_answer(answer: Answer) -> str:
    """`answer` with the words of auth-service."""
    return f"{answer}, {answer.words}" if answer.words else str(answer)


def explain(answer: Answer) -> Finding:
    """Name why an unused refresh token gave no pair; pure."""
    if is_spent(answer):
        return Finding(
            Code.REFRESH_REPLAYED,
            f"{answer} with {SPENT}: a refresh token that nobody had used was spent already",
            "the gateway: it sent the POST twice (retries), and the user got the second answer",
        )
    finding = envelopes.explain(answer, 200)
    if finding and finding.code in ANOTHER_AUTHOR:
        return finding
    observed = f"{describe_answer(answer)} to a good refresh token, and no new pair"
    problem = shape_problem(answer.json, Pair) if finding is None else ""
    if problem:
        return Finding(Code.CONTRACT_BROKEN, f"{observed}: {problem}", "auth-service")
    return Finding(Code.REFRESH_UNAVAILABLE, observed, _cause(answer))


def explain_success(answers: Sequence[Answer]) -> Finding | None:
    """Name a refresh of these that succeeded and gave no pair; pure. One without a body says
    nothing: a browser forgets bodies of a page that it has left.
    """
    for answer in answers:
        if answer.status == 200 and answer.body and read_pair(answer) is None:
            return explain(answer)
    return None


def _cause(answer: Answer) -> str:
    """The route where nobody at auth-service answered, the service where it did."""
    if meant := service_words.meaning(service_words.message(answer.body), "auth-service"):
        return meant
    if answer.status >= 500:
        return "auth-service"
    return "the gateway's route to /api/auth/refresh (8073303f), or auth-service"


def explain_pair(before: Tokens, after: Tokens) -> Finding | None:
    """Name what is wrong with the pair `after` that followed `before`; None where nothing is;
    pure.
    """
    if after.refresh == before.refresh:
        return Finding(
            Code.REFRESH_NOT_ROTATED,
            "a refresh gave back the refresh token that it was asked with",
            "auth-service: rotation is off, or two tokens of one second",
        )
    old, new = claims(before.access), claims(after.access)
    wrong = [
        text
        for text, holds in (
            ("the access token is the old one", after.access != before.access),
            (
                "it does not live longer than the old one",
                timestamp(after.access, "exp") > timestamp(before.access, "exp"),
            ),
            (
                f"its subject is {new.get('sub')} instead of {old.get('sub')}",
                new.get("sub") == old.get("sub"),
            ),
            (f"its type is {new.get('type')!r}", new.get("type") == "access"),
        )
        if not holds
    ]
    return (
        Finding(Code.CONTRACT_BROKEN, f"after a refresh: {'; '.join(wrong)}", "auth-service")
        if wrong
        else None
    )
