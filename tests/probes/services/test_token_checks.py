"""A door is judged by its answer, and who let somebody in by what others say of the same token."""

from dataclasses import replace
from typing import cast

import pytest

from probes.auth import bad_tokens
from probes.auth.bad_tokens import MISPLACED, BadToken
from probes.auth.users import User
from probes.config.environment import Target
from probes.config.timeouts import Timeouts
from probes.finding import Broken, CannotAsk, Code
from probes.recording.recorder import Recorder
from probes.services import token_checks
from probes.services.protected_endpoints import OPS, USER, ProtectedEndpoint
from probes.services.token_checks import cause_of
from probes.transport.envelopes import Envelope
from probes.transport.http import Web
from tests.support.site import NOWHERE, Said, Site, js, page

UNAUTHORIZED = js({"error": {"code": "UNAUTHORIZED", "message": "Invalid or expired token"}}, 401)
SERVED = js({"id": "u-1"})
FORGED = BadToken("alg-none", "forged-token", "foreign-token")
DOOR, ELSEWHERE = "GET api/api/svc/user/api/users/me", f"GET api{OPS.path}"
STREAM = ProtectedEndpoint(
    "noti-stream", "/api/svc/noti/api/notifications/stream", "stream", where="query"
)


async def caught(web: Web, endpoint: ProtectedEndpoint, bad: BadToken) -> Broken:
    with pytest.raises(Broken) as told:
        await token_checks.expect_refused(web, endpoint, bad)
    return told.value


def test_a_door_is_filled_in() -> None:
    """From the environment, and from the chat that was made."""

    class Here:
        class target:  # noqa: N801 - as Web has it
            class workspace:  # noqa: N801
                id, project = "w-1", "p-1"

            class paths:  # noqa: N801
                storage = "/api/svc/storage/api"

    endpoint = ProtectedEndpoint("x", "{storage}/{workspace}/{project}/{room}").fill(Here, "r-1")  # type: ignore[arg-type]
    assert endpoint.path == "/api/svc/storage/api/w-1/p-1/r-1"


async def test_a_refusal_in_the_services_words_is_right(site: Site, web: Web) -> None:
    """Asked once, with the token in the header and nowhere else."""
    site.says[DOOR] = UNAUTHORIZED
    await token_checks.expect_refused(web, USER, FORGED)
    (asked,) = site.asked
    assert (asked.headers["authorization"], asked.path) == ("Bearer forged-token", USER.path)


async def test_a_misplaced_token_stands_where_nobody_reads(site: Site, web: Web) -> None:
    """In the query of a door that reads headers."""
    site.says[DOOR] = UNAUTHORIZED
    await token_checks.expect_refused(web, USER, BadToken(MISPLACED, "good", "foreign"))
    assert "authorization" not in site.asked[0].headers
    assert site.asked[0].path == f"{USER.path}?token=good"


async def test_nothing_is_sent_for_an_empty_token(site: Site, web: Web) -> None:
    """The scheme alone, as a careless page sends it."""
    site.says[DOOR] = UNAUTHORIZED
    await token_checks.expect_refused(web, USER, BadToken("empty", "", "foreign"))
    assert site.asked[0].headers["authorization"] == "Bearer"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (js({"message": "no"}, 401), Code.CONTRACT_BROKEN),
        (js({}, 403), Code.CONTRACT_BROKEN),
        (Said(503, b"no healthy upstream", "text/plain"), Code.SERVICE_UNAVAILABLE),
        (NOWHERE, Code.ROUTE_BROKEN),
        # A success that says nothing accuses nobody.
        (Said(200), Code.CONTRACT_BROKEN),
        (Said(204), Code.CONTRACT_BROKEN),
        (Said(200, b"ok", "text/plain"), Code.CONTRACT_BROKEN),
        (page(), Code.EDGE_MASKS_ERRORS),
    ],
)
async def test_another_refusal_is_named(site: Site, web: Web, said: Said, code: Code) -> None:
    """Another envelope, another status, another service's."""
    site.says[DOOR] = said
    assert (await caught(web, USER, FORGED)).finding.code is code


GOOD_TOKEN = BadToken("alg-none", "forged-token", "foreign-token", "good-token")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (js({"success": False}), Code.CONTRACT_BROKEN),
        (js({}), Code.CONTRACT_BROKEN),
        (js({"status": "ok"}), Code.CONTRACT_BROKEN),
        (js(["u-1"]), Code.CONTRACT_BROKEN),
        (Said(200, SERVED.body, SERVED.kind, {"age": "34"}), Code.CACHED_ANSWER),
        (js({"id": "u-1", "email": "e"}), Code.TOKEN_FORGERY_ACCEPTED),
    ],
)
async def test_only_what_the_admitted_get_accuses(
    site: Site, web: Web, said: Said, code: Code
) -> None:
    """Whoever answers everybody with something has taken no token for good."""
    site.first[DOOR] = [said]
    site.says[DOOR] = SERVED
    assert (await caught(web, USER, GOOD_TOKEN)).finding.code is code


@pytest.mark.parametrize("status", token_checks.TOO_LONG)
async def test_a_token_that_is_too_long_may_be_refused_before_it_is_read(
    site: Site, web: Web, status: int
) -> None:
    """By whoever stands before the service; any other token may not."""
    site.says[DOOR] = Said(status)
    await token_checks.expect_refused(web, USER, BadToken("long", "x" * 9999, "foreign"))
    await caught(web, USER, FORGED)


async def test_who_parses_only_is_told_from_who_is_told_by_others(
    site: Site, web: Web, recorder: Recorder
) -> None:
    """Accepted here, refused by ops; the exchange that told is the first one."""
    site.says |= {DOOR: SERVED, ELSEWHERE: UNAUTHORIZED}
    finding = (await caught(web, USER, FORGED)).finding
    assert finding.code is Code.TOKEN_FORGERY_ACCEPTED
    assert "ISTIO_JWT_MODE" in finding.cause
    assert "the same token is refused by ops-service" in finding.cause
    assert "ops answers 401" in finding.rungs[0].detail
    assert recorder.last is recorder.exchanges[0]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("expired", Code.TOKEN_EXPIRY_IGNORED),
        ("refresh", Code.TOKEN_TYPE_IGNORED),
        ("signed-out", Code.SIGN_OUT_INEFFECTIVE),
        ("hs256-public", Code.TOKEN_FORGERY_ACCEPTED),
        ("empty", Code.STRANGER_ADMITTED),
        (MISPLACED, Code.CONTRACT_BROKEN),
    ],
)
async def test_each_kind_has_its_code(site: Site, web: Web, kind: str, code: Code) -> None:
    """By what was wrong with the token that was taken for good."""
    site.says[DOOR] = SERVED
    token = "" if kind == "empty" else "t"
    broken = await caught(web, USER, BadToken(kind, token, "foreign"))
    assert broken.finding.code is code


def test_a_verifier_is_suspected_of_the_rule_that_it_lacks() -> None:
    """It refuses another key's token, so it verifies; what it lacks is named by the kind."""
    assert "exp is not looked at" in cause_of(USER, "expired", verifies=True, other="")
    assert "the algorithm is taken from the token" in cause_of(
        USER, "alg-none", verifies=True, other="ops"
    )
    assert "SmartValidator" in cause_of(
        ProtectedEndpoint("b", "/api/svc/board/ws", "socket"), "expired", verifies=False, other=""
    )


async def test_a_good_token_must_be_let_in(site: Site, web: Web) -> None:
    """Ops' own ways to say no have their own names."""
    site.says |= {DOOR: SERVED, ELSEWHERE: js({"message": "Access denied: Not a portal user"}, 403)}
    await token_checks.expect_admitted(web, USER, "good")
    with pytest.raises(Broken) as told:
        await token_checks.expect_admitted(web, OPS, "good")
    assert told.value.finding.code is Code.OPS_USER_MISSING


async def test_a_streams_refusal_is_read_and_its_events_are_not_waited_for(
    site: Site, web: Web
) -> None:
    """Its token stands in the query."""
    key = f"GET apex{STREAM.path}"
    site.says[key] = Said(200, b"event: connected\n\n", "text/event-stream")
    await token_checks.expect_admitted(web, STREAM, "good")
    assert site.asked[0].path.endswith("?token=good")
    site.says[key] = UNAUTHORIZED
    await token_checks.expect_refused(web, STREAM, FORGED)


class Stranger:
    """Somebody with a good token."""

    name, id = "stranger", "u-9"

    async def token(self) -> str:
        return "good"


STRANGER = cast("User", Stranger())


async def test_what_is_anothers_is_403(site: Site, web: Web) -> None:
    """200 admits a stranger; ops says it in an envelope of its own."""
    site.says |= {
        DOOR: js({"error": {"code": "FORBIDDEN", "message": "m"}}, 403),
        ELSEWHERE: js({"message": "m"}, 403),
    }
    await token_checks.expect_forbidden(web, USER, STRANGER)
    await token_checks.expect_forbidden(web, OPS, STRANGER)
    site.says[DOOR] = SERVED
    with pytest.raises(Broken) as told:
        await token_checks.expect_forbidden(web, USER, STRANGER)
    assert told.value.finding.code is Code.STRANGER_ADMITTED
    assert USER.envelope is Envelope.GO_ERROR


@pytest.mark.parametrize(("member", "error"), [(True, CannotAsk), (False, Broken)])
async def test_who_is_a_member_is_no_stranger(
    site: Site, web: Web, *, member: bool, error: type[Exception]
) -> None:
    """A public workspace makes everybody one: nothing is forbidden to them (contract 5.6)."""
    path = "/api/svc/board/api/projects/workspace/w-1"
    site.says |= {
        f"GET api{path}": js({"data": [], "requestId": "r"}),
        "GET apex/api/svc/user/api/workspaces/w-1/validate-member/u-9": js({"isMember": member}),
    }
    with pytest.raises(error):
        await token_checks.expect_forbidden(web, ProtectedEndpoint("board", path), STRANGER)


async def test_a_stream_that_says_nothing_lets_nobody_in(
    site: Site, target: Target, recorder: Recorder
) -> None:
    """Headers may be a proxy's: a forged token was not accepted, a good one was not served."""
    web = Web(replace(target, timeouts=Timeouts(answer_s=0.3)))
    site.says[f"GET apex{STREAM.path}"] = Said(200, b"", "text/event-stream")
    assert (await caught(web, STREAM, FORGED)).finding.code is Code.CONTRACT_BROKEN
    with pytest.raises(Broken, match="and then said nothing"):
        await token_checks.expect_admitted(web, STREAM, "good")
    await web.close()


@pytest.mark.parametrize("kind", ["refresh", "wrong-issuer"])
@pytest.mark.parametrize(
    ("validate", "cause"),
    [
        (js({"valid": True, "userId": "u-1"}), "auth-service, whose /api/auth/validate does not"),
        (js({"valid": False, "message": "m"}), "user-service verifies signatures, but the claim"),
        (NOWHERE, "user-service verifies signatures, but the claim"),
    ],
)
async def test_who_was_asked_about_a_token_is_blamed(
    site: Site, web: Web, kind: str, validate: Said, cause: str
) -> None:
    """Services that ask auth-service take what it takes; it says so itself (contract 2.3)."""
    site.first[DOOR] = [SERVED]
    site.says |= {DOOR: UNAUTHORIZED, f"POST api{bad_tokens.VALIDATE}": validate}
    finding = (await caught(web, USER, BadToken(kind, "bad", "foreign"))).finding
    assert cause in finding.cause
