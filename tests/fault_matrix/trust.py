"""Rows of the fault matrix for sign-in, the portal, keys, token trust and open endpoints."""

from collections.abc import Iterable

from probes.finding import Code
from probes.services.protected_endpoints import ProtectedEndpoint
from scenarios.exposures import ENDPOINTS, GO
from scenarios.trust import CELLS, OTHERS, PROTECTED

Row = dict[str, str]

STARTS = (
    "sign_in/the-start-leads-to-the-provider[main]",
    "sign_in/the-start-leads-to-the-provider[portal]",
    "sign_in/every-start-is-the-same-and-its-state-is-not",
)
HOME = "sign_in/who-signs-in-is-sent-home"
STATE = "sign_in/a-callback-needs-its-own-state"
DASHBOARD, LANDING = "sign_in/who-signs-in-sees-the-dashboard", "sign_in/the-landing-signs-in"
SIGN_OUT = "sign_in/signing-out-ends-the-session"
SENT_BACK = "ops_portal/who-starts-on-the-portal-is-sent-back-to-it"
PORTAL, PORTAL_LANDING = (
    "ops_portal/who-signs-in-sees-the-portal",
    "ops_portal/the-landing-opens-the-portal",
)
DATA = "ops_portal/the-dashboard-shows-its-data"
GIVEN_UP = "sign_in/a-sign-in-given-up-leads-nobody-astray"
ARRIVES = "sign_in/a-callback-reaches-its-service"
OWN_ORIGIN = "edge/the-app-may-call-its-services"
KEYS = ("keys/every-pod-shows-the-same-keys", "keys/the-keys-verify-what-was-signed")
TRICKS = tuple(
    f"sign_in/tokens-go-nowhere-else[{trick}]"
    for trick in (
        "other-host",
        "suffix",
        "userinfo",
        "scheme",
        "encoded-slashes",
        "protocol-relative",
        "backslash",
    )
)
JOURNEYS = (HOME, DASHBOARD, SENT_BACK, PORTAL)
REMEMBERED = "cluster/the-portals-landing-is-remembered"
ALL_LEGS = (*STARTS, *JOURNEYS, GIVEN_UP, ARRIVES, STATE, *TRICKS, REMEMBERED)
# which no service refuses, so that it never refreshes
EXPIRED_PAGE = "page_session/an-expired-token-costs-one-refresh"
SIGNED_OUT = "token_trust/a-bad-token-opens-nothing[signed-out-board-socket]"

PARSED = (
    "tampered",
    "foreign-key",
    "alg-none",
    "kid-unknown",
    "kid-path",
    "kid-url",
    "long",
    "hs256-public",
)
FORGED = (*PARSED, "wrong-issuer")
SOCKETS = tuple(endpoint.name for endpoint in PROTECTED if endpoint.kind == "socket")
STREAMS = tuple(endpoint.name for endpoint in PROTECTED if endpoint.kind == "stream")
SERVICES = tuple(endpoint.name for endpoint in PROTECTED if endpoint.kind == "http")


def all_of(code: Code, *scenarios: str | Iterable[str]) -> Row:
    named = (name for each in scenarios for name in ([each] if isinstance(each, str) else each))
    return dict.fromkeys(named, code)


def asked(kind: str, endpoint: ProtectedEndpoint) -> bool:
    return kind != "signed-out" or endpoint.name == "board-socket"


def bad(*endpoints: str, kinds: Iterable[str] = (), without: Iterable[str] = ()) -> list[str]:
    """The cells of these endpoints, of these kinds or of all."""
    return [
        f"token_trust/a-bad-token-opens-nothing[{kind}-{endpoint.name}]"
        for kind, endpoint in CELLS
        if endpoint.name in endpoints
        and asked(kind, endpoint)
        and kind not in without
        and (not kinds or kind in kinds)
    ]


def good(*endpoints: str) -> list[str]:
    return [f"token_trust/a-good-token-opens-the-door[{endpoint}]" for endpoint in endpoints]


def shut(*endpoints: str) -> list[str]:
    return [
        f"token_trust/what-is-anothers-stays-shut[{endpoint.name}]"
        for endpoint, _ in OTHERS
        if endpoint.name in endpoints
    ]


def at(*endpoints: str) -> list[str]:
    return [*good(*endpoints), *bad(*endpoints), *shut(*endpoints)]


def closed(*names: str) -> list[str]:
    """The open endpoints whose names begin so, and that the replica promises to be closed."""
    promised = (
        "test-token",
        "internal",
        "actuator",
        "git",
        "config",
        "source-maps",
        "stack-traces",
        "security-headers",
    )
    known = [endpoint.name for endpoint in ENDPOINTS if endpoint.name.startswith(promised)]
    return [
        f"exposure/what-is-private-stays-closed[{name}]" for name in known if name.startswith(names)
    ]


def accepted(*endpoints: str) -> Row:
    """What a service that only parses takes for good."""
    return (
        all_of(Code.TOKEN_FORGERY_ACCEPTED, bad(*endpoints, kinds=FORGED))
        | all_of(Code.TOKEN_EXPIRY_IGNORED, bad(*endpoints, kinds=["expired"]))
        | all_of(Code.TOKEN_TYPE_IGNORED, bad(*endpoints, kinds=["refresh"]))
    )


AT_THE_APEX = closed("git-app", "config-app", "source-maps", "security-headers")
# A chat has to be made over HTTP before anybody can knock at it.
NEED_A_CHAT = (*at("chat-socket"), *shut("chat"))

# What the faults of edge, gateway, services and pages break here.
TRUST_ELSEWHERE: dict[str, Row] = {
    "api-host-refuses-connections": all_of(
        Code.HOST_UNREACHABLE,
        at(*SERVICES),
        bad(*SOCKETS, *STREAMS, kinds=["hs256-public"]),
        KEYS,
        ALL_LEGS,
        OWN_ORIGIN,
        [name for name in closed("") if name not in AT_THE_APEX],
    ),
    "certificate-names-other-host": all_of(
        Code.TLS_INVALID,
        at(*SOCKETS, *STREAMS),
        shut("chat"),
        SIGN_OUT,
        AT_THE_APEX,
        (DASHBOARD, LANDING, PORTAL, PORTAL_LANDING, DATA),
    ),
    "edge-answers-html-to-upgrade": all_of(Code.SOCKET_UPGRADE_HTML, at(*SOCKETS)),
    "edge-forgets-deep-links": all_of(Code.ASSET_BROKEN, LANDING, DASHBOARD),
    "edge-masks-api-errors": all_of(Code.SOCKET_UPGRADE_HTML, shut("chat-socket")),
    "edge-serves-html-for-api": (
        all_of(Code.SOCKET_UPGRADE_HTML, at("board-socket", "presence-socket"))
        | all_of(Code.EDGE_MASKS_ERRORS, bad(*STREAMS))
        | all_of(
            Code.EDGE_HTML_FALLBACK,
            good(*STREAMS),
            NEED_A_CHAT,
            SIGN_OUT,
            SIGNED_OUT,
            PORTAL,
            PORTAL_LANDING,
            DATA,
        )
    ),
    "gateway-doubles-slash": all_of(Code.ROUTE_BROKEN, at("storage")),
    "gateway-strips-upgrade": all_of(Code.SOCKET_UPGRADE_REFUSED, good(*SOCKETS)),
    "membership-check-fails": all_of(Code.ACCESS_REFUSED, good("storage")),
    "refresh-path-lost-behind-gateway": {
        SIGN_OUT: Code.REFRESH_UNAVAILABLE,
        SIGNED_OUT: Code.ROUTE_BROKEN,
    },
    "database-unreachable": all_of(Code.SERVICE_UNAVAILABLE, good("noti")),
    "service-hangs": all_of(Code.SERVICE_STALLED, at("noti", *STREAMS), closed("config-noti")),
    "service-has-no-endpoints": (
        all_of(Code.SERVICE_UNAVAILABLE, at("board", "board-socket"))
        # Nobody is there who could show it.
        | all_of(Code.UNKNOWN, closed("config-board", "stack-traces-board"))
    ),
    "site-loses-asset": all_of(Code.PAGE_CONSOLE_ERROR, DASHBOARD, LANDING),
    "socket-accepts-expired-token": all_of(
        Code.SOCKET_ACCEPTS_EXPIRED, bad(*SOCKETS, kinds=["expired"])
    ),
    "socket-refuses-with-500": all_of(Code.SOCKET_REFUSAL_UNCLEAR, bad(*SOCKETS), shut(*SOCKETS)),
    "storage-admits-strangers": all_of(Code.STRANGER_ADMITTED, shut("storage")),
    "storage-base-path-mismatch": all_of(Code.ROUTE_BROKEN, at("storage")),
    "upgrade-hangs": all_of(Code.SOCKET_UPGRADE_STALLED, at(*SOCKETS)),
}

TRUST: dict[str, Row] = {
    "auth-pods-hold-different-keys": {
        **all_of(Code.JWKS_UNSTABLE, KEYS, HOME, SENT_BACK),
        DASHBOARD: Code.ACCESS_REFUSED,
        PORTAL: Code.OPS_SESSION_REJECTED,
    },
    "auth-validates-foreign-issuers": all_of(
        Code.TOKEN_FORGERY_ACCEPTED, bad(*SERVICES, *SOCKETS, *STREAMS, kinds=["wrong-issuer"])
    ),
    "forwarded-proto-missing": all_of(Code.OAUTH_REDIRECT_LOOP, ALL_LEGS),
    "jwks-shows-private-key": {KEYS[0]: Code.ENDPOINT_EXPOSED},
    "internal-endpoints-open": all_of(Code.ENDPOINT_EXPOSED, closed("internal")),
    # Where nobody gets in, a refusal proves nothing.
    "oauth-callback-throws": (
        all_of(Code.OAUTH_CALLBACK_LOST, JOURNEYS, GIVEN_UP) | all_of(Code.UNKNOWN, STATE, TRICKS)
    ),
    "oauth-callback-not-rewritten": (
        all_of(Code.OAUTH_CALLBACK_LOST, JOURNEYS, GIVEN_UP, ARRIVES, STATE)
        | all_of(Code.UNKNOWN, TRICKS)
    ),
    "oauth-filter-runs-late": all_of(Code.OAUTH_LANDING_HIJACKED, SENT_BACK, PORTAL),
    "oauth-hosts-differ": all_of(Code.OAUTH_SESSION_LOST, ALL_LEGS),
    "oauth-landing-without-token": (
        all_of(Code.OAUTH_TOKEN_MISSING, JOURNEYS, GIVEN_UP) | all_of(Code.UNKNOWN, STATE, TRICKS)
    ),
    "oauth-session-stays-in-one-pod": all_of(Code.OAUTH_STATE_LOST, ALL_LEGS),
    "oauth-state-unchecked": all_of(Code.OAUTH_STATE_UNCHECKED, STATE),
    "ops-parses-without-verifying": accepted("ops"),
    "portal-user-is-inactive": all_of(
        Code.OPS_USER_MISSING, SENT_BACK, PORTAL, PORTAL_LANDING, DATA, good("ops")
    ),
    "oauth-keeps-redirect-uri": {GIVEN_UP: Code.OAUTH_LANDING_HIJACKED},
    "auth-cors-forgets-the-app": {OWN_ORIGIN: Code.ACCESS_REFUSED},
    "ops-monitoring-fails": {DATA: Code.SERVICE_UNAVAILABLE},
    "ops-monitoring-is-empty": {DATA: Code.CONTRACT_BROKEN},
    "portal-user-missing": all_of(
        Code.OPS_USER_MISSING, SENT_BACK, PORTAL, PORTAL_LANDING, DATA, good("ops")
    ),
    "redirect-uri-unchecked": all_of(Code.OAUTH_OPEN_REDIRECT, TRICKS),
    "refresh-token-serves-as-access": all_of(
        Code.TOKEN_TYPE_IGNORED, bad(*SERVICES, *SOCKETS, *STREAMS, kinds=["refresh"])
    ),
    "service-accepts-alg-none": all_of(
        Code.TOKEN_FORGERY_ACCEPTED, bad("storage", kinds=["alg-none"])
    ),
    "services-ignore-expiry": {
        **all_of(Code.TOKEN_EXPIRY_IGNORED, bad(*SERVICES, kinds=["expired"])),
        EXPIRED_PAGE: Code.STRANGER_ADMITTED,
    },
    "services-trust-unverified-tokens": {**accepted(*GO), EXPIRED_PAGE: Code.STRANGER_ADMITTED},
    "sign-out-forgets-refresh-token": all_of(Code.SIGN_OUT_INEFFECTIVE, SIGN_OUT),
    "test-token-endpoint-open": all_of(Code.ENDPOINT_EXPOSED, closed("test-token")),
    "token-lacks-email-claim": all_of(Code.OPS_SESSION_REJECTED, SENT_BACK, PORTAL),
}

TRUST_CAUSES: dict[str, str] = {
    "oauth-keeps-redirect-uri": "given up stays in the session",
    "auth-cors-forgets-the-app": "CORS list",
    "ops-monitoring-fails": "ops-service",
    "ops-monitoring-is-empty": "Prometheus does not answer what it asks",
    "auth-pods-hold-different-keys": "JWT_RSA_PRIVATE_KEY",
    "auth-validates-foreign-issuers": "does not compare the issuer",
    "forwarded-proto-missing": "X-Forwarded-Proto",
    "internal-endpoints-open": "asks for nothing",
    "jwks-shows-private-key": "publishes its private key",
    "oauth-callback-throws": "exception in auth-service's callback",
    "oauth-callback-not-rewritten": "rewrite of /api/oauth2/callback",
    "oauth-filter-runs-late": "filter order",
    "oauth-hosts-differ": "OAUTH2_CLIENT_REDIRECT_URI",
    "oauth-landing-without-token": "OAuth2SuccessHandler",
    "oauth-session-stays-in-one-pod": "session store",
    "oauth-state-unchecked": "state of a callback",
    "ops-parses-without-verifying": "ISTIO_JWT_MODE without RequestAuthentication",
    "portal-user-is-inactive": "is_active=false",
    "portal-user-missing": "has no row",
    "redirect-uri-unchecked": "allow-list",
    "refresh-token-serves-as-access": "claim type",
    "service-accepts-alg-none": (
        "storage-service verifies signatures, but the algorithm is taken from the token"
    ),
    "services-ignore-expiry": "exp is not looked at",
    "services-trust-unverified-tokens": "the same token is refused by ops-service",
    "sign-out-forgets-refresh-token": "logout blacklists the access token only",
    "test-token-endpoint-open": "asks for nothing",
    "token-lacks-email-claim": "email claim",
}
