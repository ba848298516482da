"""Every refusal of a token has its own name, says whose it is, and keeps the token to itself."""

from datetime import UTC, datetime

import pytest

from probes.finding import Code
from probes.livekit import token_answers
from probes.livekit.http_answers import NO_PERMISSIONS
from probes.recording.redactor import Redactor
from probes.transport.http import Answer
from tests.probes.livekit.test_http_answers import NO_PODS, PAGE, answer, code

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw"
INVALID = f"invalid token: {TOKEN}, error: "


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (answer(200, "success"), None),
        (answer(401, NO_PERMISSIONS), Code.LIVEKIT_GRANT_MISSING),
        (answer(401, "permissions denied"), Code.LIVEKIT_GRANT_MISSING),
        (answer(401, "invalid authorization token"), Code.CONTRACT_BROKEN),
        (
            answer(401, "invalid authorization header. Must start with Bearer "),
            Code.CONTRACT_BROKEN,
        ),
        (answer(401, "invalid API key: APIabc"), Code.LIVEKIT_KEY_UNKNOWN),
        (
            answer(401, INVALID + "go-jose/go-jose: error in cryptographic primitive"),
            Code.LIVEKIT_SECRET_MISMATCH,
        ),
        (
            answer(401, INVALID + "token signature is invalid: signature is invalid"),
            Code.LIVEKIT_SECRET_MISMATCH,
        ),
        (
            answer(401, INVALID + "go-jose/go-jose/jwt: validation failed, token is expired (exp)"),
            Code.LIVEKIT_CLOCK_SKEW,
        ),
        (
            answer(401, INVALID + "validation failed, token not valid yet (nbf)"),
            Code.LIVEKIT_CLOCK_SKEW,
        ),
        (answer(401, INVALID + "token is expired"), Code.LIVEKIT_CLOCK_SKEW),
        (answer(401, INVALID + "token used before issued"), Code.LIVEKIT_CLOCK_SKEW),
        (
            answer(401, INVALID + "token has invalid claims: token is not valid yet"),
            Code.LIVEKIT_CLOCK_SKEW,
        ),
        (answer(400, "identity cannot be empty"), Code.LIVEKIT_GRANT_MISSING),
        (answer(400, "no room name"), Code.LIVEKIT_GRANT_MISSING),
        (answer(404, "requested room does not exist"), Code.LIVEKIT_NOT_READY),
        (answer(404, "404 page not found"), Code.LIVEKIT_ROUTE_MISSING),
        (answer(503, "node has exceeded its configured limit"), Code.LIVEKIT_NOT_READY),
        (NO_PODS, Code.LIVEKIT_UPSTREAM_ABSENT),
        (PAGE, Code.LIVEKIT_EDGE_HTML),
        (answer(418, "?"), Code.LIVEKIT_ROUTE_MISSING),
    ],
)
def test_a_good_tokens_answer_has_a_name(said: Answer, wanted: Code | None) -> None:
    """Every row of the server's own table, 1.7.2 to 1.13.5."""
    assert code(token_answers.explain_token(said)) == wanted


@pytest.mark.parametrize("why", ["error in cryptographic primitive", "token is expired (exp)", ""])
def test_a_token_that_is_echoed_is_not_told(why: str) -> None:
    """The refusal of a wrong secret repeats the whole token: it stays out of what is observed and
    suspected.
    """
    finding = token_answers.explain_token(answer(401, f"{INVALID}{why}"))
    assert finding
    assert "eyJ" not in finding.observed + finding.cause
    assert why in finding.observed


@pytest.mark.parametrize(
    ("body", "date"), [(INVALID + "token is expired", True), (INVALID + "token is expired", False)]
)
def test_a_clock_that_runs_away_is_told_by_how_much(body: str, *, date: bool) -> None:
    """The Date header says how far; without one, only that."""
    headers = {"date": "Fri, 02 Jan 2026 04:04:05 GMT"} if date else {}
    finding = token_answers.explain_token(answer(401, body, **headers))
    assert finding
    assert ("its clock is" in finding.observed) is date


def test_the_skew_is_counted_in_seconds() -> None:
    """Ahead is positive; a header that is no date says nothing."""
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (
        token_answers.clock_skew_s(answer(401, date="Fri, 02 Jan 2026 04:04:05 GMT"), now) == 3600
    )
    assert token_answers.clock_skew_s(answer(401, date="soon"), now) is None
    assert token_answers.clock_skew_s(answer(401), now) is None


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            answer(
                401, '{"code":"unauthenticated","msg":"permissions denied"}', "application/json"
            ),
            Code.LIVEKIT_GRANT_MISSING,
        ),
        (
            answer(
                500, '{"code":"internal","msg":"redis: connection refused"}', "application/json"
            ),
            Code.LIVEKIT_NOT_READY,
        ),
        (answer(401, "invalid API key: k"), Code.LIVEKIT_KEY_UNKNOWN),
        (PAGE, Code.LIVEKIT_EDGE_HTML),
        (answer(404, '{"code":"bad_route"}', "application/json"), Code.LIVEKIT_ROUTE_MISSING),
    ],
)
def test_a_list_of_rooms_that_does_not_come_has_a_name(said: Answer, wanted: Code) -> None:
    """Twirp's own errors, the middleware's in plain text, and the edge's."""
    assert token_answers.explain_rooms(said).code == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (answer(404), Code.LIVEKIT_UPGRADE_BLOCKED),
        (answer(200, "success"), Code.LIVEKIT_UPGRADE_BLOCKED),
        (answer(426), Code.LIVEKIT_UPGRADE_BLOCKED),
        (PAGE, Code.LIVEKIT_UPGRADE_BLOCKED),
        (answer(401, "invalid API key: k"), Code.LIVEKIT_KEY_UNKNOWN),
        (answer(500, "could not find any available nodes"), Code.LIVEKIT_JOIN_TIMEOUT),
        (answer(503, "timed out while waiting for signal response"), Code.LIVEKIT_JOIN_TIMEOUT),
        (answer(500, "oops"), Code.LIVEKIT_JOIN_TIMEOUT),
        (answer(500, "connection closed by media"), Code.LIVEKIT_NOT_READY),
        (NO_PODS, Code.LIVEKIT_UPSTREAM_ABSENT),
    ],
)
def test_a_socket_that_does_not_open_has_a_name(said: Answer, wanted: Code) -> None:
    """The token was taken a moment ago: what is refused now is the upgrade, or nobody signals."""
    assert token_answers.explain_upgrade(said).code == wanted


@pytest.mark.parametrize(
    ("said", "kind", "wanted"),
    [
        (answer(401, "invalid API key: devkey"), "chart", None),
        (answer(401, INVALID + "error in cryptographic primitive"), "random", None),
        (answer(200, "success"), "chart", Code.LIVEKIT_DEV_KEYS_ACCEPTED),
        (answer(200, "success"), "random", Code.TOKEN_FORGERY_ACCEPTED),
        (answer(404, "requested room does not exist"), "random", Code.TOKEN_FORGERY_ACCEPTED),
        (answer(404, "requested room does not exist"), "chart", Code.LIVEKIT_DEV_KEYS_ACCEPTED),
        (PAGE, "chart", Code.LIVEKIT_EDGE_HTML),
        (NO_PODS, "random", Code.LIVEKIT_UPSTREAM_ABSENT),
        (answer(401, "go away"), "random", Code.LIVEKIT_ROUTE_MISSING),
    ],
)
def test_only_livekits_own_refusal_keeps_strangers_out(
    said: Answer, kind: str, wanted: Code | None
) -> None:
    """An error of somebody else's is no refusal."""
    assert code(token_answers.explain_open(said, kind)) == wanted


@pytest.mark.parametrize("whose", [token_answers.PROBES, token_answers.APP])
def test_a_refusal_says_whose_token_and_which_key(whose: str) -> None:
    """Without both nobody can act; the id of a key is no secret, and its name is not taken out."""
    finding = token_answers.explain_token(answer(401, "invalid API key: APIold"), whose)
    assert finding
    assert whose in finding.observed
    assert "'APIold'" in Redactor().text(finding.observed)
