"""How a promise was broken, in words that a pager, a metric and a runbook share."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a scenario can end as; the table in ARCHITECTURE.md says what follows from each."""

    HELD = "held"
    DEGRADED = "degraded"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    NOT_RUN = "not-run"
    SKIPPED = "skipped"


class Code(StrEnum):
    """The one slug of a finding: metric label, runbook file name and report heading."""

    ACCESS_REFUSED = "access-refused"
    ASSET_BROKEN = "asset-broken"
    BOARD_EVENT_LOST = "board-event-lost"
    BUCKET_PUBLIC = "bucket-public"
    CACHED_ANSWER = "cached-answer"
    CHAT_ALTERED = "chat-altered"
    CHAT_DUPLICATED = "chat-duplicated"
    CHAT_NOT_DELIVERED = "chat-not-delivered"
    CONTRACT_BROKEN = "contract-broken"
    DELETION_NOT_FINAL = "deletion-not-final"
    DEPENDENCY_DEGRADED = "dependency-degraded"
    EDGE_ERROR_PAGE = "edge-error-page"
    EDGE_HTML_FALLBACK = "edge-html-fallback"
    EDGE_MASKS_ERRORS = "edge-masks-errors"
    EDGE_S3_ERROR = "edge-s3-error"
    ENDPOINT_EXPOSED = "endpoint-exposed"
    FILE_ALTERED = "file-altered"
    FOREIGN_DATA = "foreign-data"
    HOST_UNREACHABLE = "host-unreachable"
    HTTP_NOT_REDIRECTED = "http-not-redirected"
    INTERMITTENT = "intermittent"
    JWKS_UNSTABLE = "jwks-unstable"
    LIVEKIT_UPSTREAM_ABSENT = (
        "livekit-upstream-absent"  # LiveKit's in the order in which a call comes about
    )
    LIVEKIT_EDGE_HTML = "livekit-edge-html"
    LIVEKIT_ROUTE_MISSING = "livekit-route-missing"
    LIVEKIT_NOT_READY = "livekit-not-ready"
    LIVEKIT_KEY_UNKNOWN = "livekit-key-unknown"
    LIVEKIT_SECRET_MISMATCH = "livekit-secret-mismatch"
    LIVEKIT_APP_KEY_MISMATCH = "livekit-app-key-mismatch"
    LIVEKIT_CLOCK_SKEW = "livekit-clock-skew"
    LIVEKIT_GRANT_MISSING = "livekit-grant-missing"
    LIVEKIT_TOKEN_LIFE = "livekit-token-life"
    LIVEKIT_DEV_KEYS_ACCEPTED = "livekit-dev-keys-accepted"
    LIVEKIT_DEBUG_EXPOSED = "livekit-debug-exposed"
    LIVEKIT_UPGRADE_BLOCKED = "livekit-upgrade-blocked"
    LIVEKIT_JOIN_TIMEOUT = "livekit-join-timeout"
    LIVEKIT_VERSION_DRIFT = "livekit-version-drift"
    LIVEKIT_ADDRESS_PRIVATE = "livekit-address-private"
    LIVEKIT_ADDRESS_WRONG = "livekit-address-wrong"
    LIVEKIT_UDP_BLOCKED = "livekit-udp-blocked"
    LIVEKIT_TCP_FALLBACK_MISSING = "livekit-tcp-fallback-missing"
    LIVEKIT_UNREACHABLE = "livekit-unreachable"
    LIVEKIT_MASKED = "livekit-masked"
    LIVEKIT_DTLS_FAILED = "livekit-dtls-failed"
    LIVEKIT_CALL_DROPPED = "livekit-call-dropped"
    LIVEKIT_DATA_LOST = "livekit-data-lost"
    LIVEKIT_MEDIA_LOST = "livekit-media-lost"
    LIVEKIT_MEDIA_POOR = "livekit-media-poor"
    LIVEKIT_TURN_REFUSED = "livekit-turn-refused"
    LIVEKIT_FRONTEND_URL_WRONG = "livekit-frontend-url-wrong"
    LOAD_BALANCER_ERROR = "load-balancer-error"
    NOTIFICATION_DUPLICATED = "notification-duplicated"
    NOTIFICATION_LOST = "notification-lost"
    OAUTH_CALLBACK_LOST = "oauth-callback-lost"
    OAUTH_LANDING_HIJACKED = "oauth-landing-hijacked"
    OAUTH_OPEN_REDIRECT = "oauth-open-redirect"
    OAUTH_REDIRECT_LOOP = "oauth-redirect-loop"
    OAUTH_SESSION_LOST = "oauth-session-lost"
    OAUTH_STATE_LOST = "oauth-state-lost"
    OAUTH_STATE_UNCHECKED = "oauth-state-unchecked"
    OAUTH_TOKEN_MISSING = "oauth-token-missing"
    OPS_SESSION_REJECTED = "ops-session-rejected"
    OPS_USER_MISSING = "ops-user-missing"
    PAGE_CONSOLE_ERROR = "page-console-error"
    PAGE_DRIVE_EMPTY = "page-drive-empty"
    PAGE_NOT_RECOVERED = "page-not-recovered"
    PAGE_RECEIVED_HTML = "page-received-html"
    PAGE_UPLOAD_NOWHERE = "page-upload-nowhere"
    PRESENCE_STALE = "presence-stale"
    PRESIGN_DEV_CREDENTIALS = "presign-dev-credentials"
    PRESIGN_LIFETIME = "presign-lifetime"
    PRESIGN_STATIC_CREDENTIALS = "presign-static-credentials"
    PRESIGN_TAMPER_ACCEPTED = "presign-tamper-accepted"
    PRESIGN_WRONG_ENDPOINT = "presign-wrong-endpoint"
    PROXY_ERROR = "proxy-error"
    REFRESH_ERROR_LOGOUT = "refresh-error-logout"
    REFRESH_NOT_ROTATED = "refresh-not-rotated"
    REFRESH_RACE_LOGOUT = "refresh-race-logout"
    REFRESH_REPLAYED = "refresh-replayed"
    REFRESH_UNAVAILABLE = "refresh-unavailable"
    REQUEST_STRIPPED = "request-stripped"
    ROUTE_BROKEN = "route-broken"
    SERVICE_STALLED = "service-stalled"
    SERVICE_UNAVAILABLE = "service-unavailable"
    SIGN_OUT_INEFFECTIVE = "sign-out-ineffective"
    SOCKET_ACCEPTS_EXPIRED = "socket-accepts-expired"
    SOCKET_DROPPED = "socket-dropped"
    SOCKET_HALF_OPEN = "socket-half-open"
    SOCKET_RECONNECT_STORM = "socket-reconnect-storm"
    SOCKET_REFUSAL_UNCLEAR = "socket-refusal-unclear"
    SOCKET_STALE_TOKEN = "socket-stale-token"
    SOCKET_UPGRADE_HTML = "socket-upgrade-html"
    SOCKET_UPGRADE_REFUSED = "socket-upgrade-refused"
    SOCKET_UPGRADE_STALLED = "socket-upgrade-stalled"
    STRANGER_ADMITTED = "stranger-admitted"
    STREAM_CUT = "stream-cut"
    TLS_EXPIRING = "tls-expiring"
    TLS_INVALID = "tls-invalid"
    TOKEN_EXPIRY_IGNORED = "token-expiry-ignored"
    TOKEN_FORGERY_ACCEPTED = "token-forgery-accepted"
    TOKEN_TYPE_IGNORED = "token-type-ignored"
    UNKNOWN_PAGE = "unknown-page"
    UPLOAD_BLOCKED = "upload-blocked"
    UPLOAD_LOST = "upload-lost"
    # What the cluster's API says; asked only where [cluster] names one.
    ARGO_NOT_PERMITTED = "argo-not-permitted"
    ARGO_NOT_SYNCED = "argo-not-synced"
    ENDPOINTS_MISSING = "endpoints-missing"
    JOB_STUCK = "job-stuck"
    LIVEKIT_KEYS_MALFORMED = "livekit-keys-malformed"
    LIVEKIT_PORTS_UNFIT = "livekit-ports-unfit"
    NODES_OVERPROVISIONED = "nodes-overprovisioned"
    PLACEHOLDER_LEFT = "placeholder-left"
    POD_CRASH_LOOPING = "pod-crash-looping"
    POD_PENDING = "pod-pending"
    POD_RESTARTED = "pod-restarted"
    REPLICAS_UNPROMISED = "replicas-unpromised"
    ROUTE_DUPLICATED = "route-duplicated"
    ROUTE_PATH_MISMATCH = "route-path-mismatch"
    SECRET_NOT_SYNCED = "secret-not-synced"
    SETTING_MISSING = "setting-missing"
    SETTING_NOT_APPLIED = "setting-not-applied"
    TOKEN_GUARD_MISSING = "token-guard-missing"

    UNEXPLAINED = "unexplained"  # a plain assert failed: nobody has named this way to break yet
    UNKNOWN = "unknown"  # we could not ask; the suite's own fault


DEGRADED_CODES = frozenset(
    {
        Code.LIVEKIT_MASKED,
        Code.LIVEKIT_MEDIA_POOR,
        Code.LIVEKIT_TCP_FALLBACK_MISSING,
        Code.LIVEKIT_UDP_BLOCKED,
        Code.NODES_OVERPROVISIONED,
        Code.POD_RESTARTED,
        Code.TLS_EXPIRING,
    }
)

# What was seen once is proof, however often it is not seen when it is looked for again.
PROVEN_ONCE = frozenset(
    {
        Code.BUCKET_PUBLIC,
        Code.ENDPOINT_EXPOSED,
        Code.FOREIGN_DATA,
        Code.LIVEKIT_DEBUG_EXPOSED,
        Code.LIVEKIT_DEV_KEYS_ACCEPTED,
        Code.OAUTH_OPEN_REDIRECT,
        Code.PRESIGN_DEV_CREDENTIALS,
        Code.PRESIGN_STATIC_CREDENTIALS,
        Code.PRESIGN_TAMPER_ACCEPTED,
        Code.STRANGER_ADMITTED,
        Code.TOKEN_EXPIRY_IGNORED,
        Code.TOKEN_FORGERY_ACCEPTED,
        Code.TOKEN_TYPE_IGNORED,
    }
)
# An intermittent break of this share or more is no degraded promise but a broken one: one user in
# four is not served. Fewer failures than these show no share.
BROKEN_SHARE, FEWEST_FAILURES = 0.25, 3

PROVEN_BY = "; proven: "  # between a cause and the fact that proves it


class Certainty(StrEnum):
    """What a cause rests on: what was seen from outside, or a fact that shows it."""

    LIKELY = "likely"
    PROVEN = "proven"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: what was asked there, whether it held, and what was seen."""

    name: str
    held: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise. `cause` is a guess unless its certainty says that a fact proves it;
    `observed` never is one. Where the question was asked again `repeats` times on fresh
    connections and only some failed, `failed_repeats` did.
    """

    code: Code
    observed: str
    cause: str
    rungs: tuple[Rung, ...] = field(default=())
    reproduce_command: str = ""  # a shell line that shows it again, with every secret left out
    certainty: Certainty = Certainty.LIKELY
    failed_repeats: int = 0
    repeats: int = 0

    @property
    def verdict(self) -> Verdict:
        if self.code is Code.UNKNOWN:
            return Verdict.UNKNOWN
        if self.code is Code.INTERMITTENT:
            return Verdict.BROKEN if self._breaks_often else Verdict.DEGRADED
        return Verdict.DEGRADED if self.code in DEGRADED_CODES else Verdict.BROKEN

    @property
    def _breaks_often(self) -> bool:
        if self.failed_repeats < FEWEST_FAILURES:
            return False
        return self.failed_repeats >= BROKEN_SHARE * self.repeats

    @property
    def runbook(self) -> str:
        """Where the repository says what to do about it."""
        return f"docs/runbooks/{self.code}.md"


def with_fact(finding: Finding, fact: str) -> Finding:
    """The finding, its cause proven by `fact`; pure."""
    cause = f"{finding.cause}; proven: {fact}"
    return replace(finding, cause=cause, certainty=Certainty.PROVEN)


# What is wrong with another answer to the same question; None where nothing is.
Judge = Callable[[Any], Finding | None]


class Broken(AssertionError):  # noqa: N818 - it reads as what it says: raise Broken(finding)
    """The target broke the promise; not a frozen dataclass, since contextlib writes to
    exceptions. `judge`: how an answer to the same question is judged, where that is known.
    """

    def __init__(self, finding: Finding, judge: Judge | None = None) -> None:
        super().__init__(f"{finding.code}: {finding.observed} (cause: {finding.cause})")
        self.finding = finding
        self.judge = judge


class NotApplicable(Exception):  # noqa: N818 - as above
    """The promise is not made by this environment; the message says why."""


class CannotAsk(Exception):  # noqa: N818 - as above
    """We could not ask: no credentials, no browser, our own mistake. The message says what to
    do.
    """


class BadEnvironment(ValueError):  # noqa: N818 - as above
    """The environment file cannot be used; the message says which line of it to fix, and how."""


def broken_promise(code: Code, observed: str, cause: str) -> Broken:
    """An exception that carries a finding: `raise broken_promise(Code.UPLOAD_LOST, "...", "")`."""
    return Broken(Finding(code, observed, cause))


EXIT_HELD, EXIT_BROKEN, EXIT_BAD_INPUT, EXIT_UNKNOWN = 0, 1, 4, 10


def exit_code(verdicts: list[Verdict], *, strict: bool = False) -> int:
    """1 when something is broken, 10 when something could not be asked or nothing was, else 0."""
    bad = {Verdict.BROKEN, Verdict.DEGRADED} if strict else {Verdict.BROKEN}
    seen = set(verdicts)
    if bad & seen:
        return EXIT_BROKEN
    has_asked_nothing = seen <= {Verdict.SKIPPED}
    has_silence = bool({Verdict.UNKNOWN, Verdict.NOT_RUN} & seen)
    return EXIT_UNKNOWN if has_silence or has_asked_nothing else EXIT_HELD
