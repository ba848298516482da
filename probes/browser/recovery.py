"""What a page did after it lost its sockets or its token, and every way in which that leaves its
user stranded.

Pure. Sources: V6 §4 (sockets with an expired token), contract 3.3 (refresh), 3.5 (reconnecting).
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from probes.auth import refresh
from probes.browser.websockets import PageSocket, explain_upgrade
from probes.finding import Code, Finding, with_fact
from probes.transport import caching
from probes.transport.http import Answer

NO_INTERCEPTOR = (
    "the page: its socket code reconnects without refreshAccessToken(); sockets pass no Axios "
    "interceptor (V6 §4)"
)
ASKED_FOR_NONE = "the browser saw the old token in the socket's URL, and no refresh before it"
RACE = (
    "the page: each socket refreshes for itself, and the refresh token, which rotates, works "
    "once (contract 3.3)"
)
ANY_ERROR = "the page: it takes any error of a refresh for a refusal, and logs out (contract 3.3)"
RECONNECT = "the page: what it does when a socket closes (contract 3.5)"
CLEARS = "the page: performLogout (contract 3.3)"
TWICE = (
    "the gateway: it sent the POST twice (retries), and the page got the second answer "
    "(contract 1.4)"
)
ANY_CALL = "the page: its response interceptor (401, one refresh, one repeated call; contract 3.3)"
NOWHERE = "where the page's calls go (config.js, apiConfig), or the edge"
ENOUGH = 3  # failed attempts to open a socket with a good token


@dataclass(frozen=True, slots=True)
class Observation:
    """What a page did from some moment on. `refreshes`: refreshes begun; `answers`: those that
    ended, status 0 if failed.

    `stale`: access tokens that the page must not open a socket with any more.
    """

    attempts: tuple[PageSocket, ...] = ()
    refreshes: int = 0
    answers: tuple[Answer, ...] = ()
    logouts: int = 0
    stale: frozenset[str] = frozenset()

    def is_back(self, what: str) -> bool:
        return any(
            socket.what == what and socket.is_live and socket.token not in self.stale
            for socket in self.attempts
        )

    def tries_of(self, what: str) -> list[PageSocket]:
        """The attempts that say something of the target: not those of a page without a network."""
        return [each for each in self.attempts if each.what == what and not each.offline]

    def is_refused(self, what: str) -> bool:
        """Whether enough attempts have failed, and none has opened: one more would tell nothing
        new.
        """
        ended = [socket for socket in self.tries_of(what) if socket.status or socket.failure]
        return len(ended) >= ENOUGH and not any(socket.is_open for socket in ended)

    def storm(self, attempts: int, rows: int = 2) -> str:
        """The kind of socket that was tried more often than the app may in so many rows; empty if
        none was.
        """
        counts = Counter(socket.what for socket in self.attempts)
        return next(
            (what for what, count in counts.items() if count > rows * _limit(what, attempts)),
            "",
        )

    @property
    def stale_attempt(self) -> PageSocket | None:
        return next((socket for socket in self.attempts if socket.token in self.stale), None)


def _limit(what: str, attempts: int) -> int:
    """Presence may try twice as often as the others (contract 3.5)."""
    return 2 * attempts if what == "presence" else attempts


def explain_return(
    seen: Observation, kinds: Collection[str], attempts: int, refreshes: int | None = None
) -> Finding | None:
    """Name why the page has not come back as promised: sockets of `kinds` open, at most `refreshes`
    asked for.
    """
    return (
        refresh.explain_success(seen.answers)
        or _storm(seen, attempts)
        or _stale(seen)
        or _logout(seen)
        or _absence(seen, kinds)
        or _many(seen, refreshes)
    )


def explain_refusal(
    seen: Observation, attempts: int, *, at_login: bool, kept: Collection[str]
) -> Finding | None:
    """Name what is wrong with a page whose refresh was refused; `kept`: names of tokens that it
    still has.
    """
    if finding := _storm(seen, attempts, rows=1) or _stale(seen):
        return finding
    if not seen.refreshes:
        observed = "the page lost its socket and never asked for a refresh"
        return Finding(Code.PAGE_NOT_RECOVERED, observed, RECONNECT)
    if not at_login:
        return Finding(
            Code.PAGE_NOT_RECOVERED,
            "the refresh was refused, and the login page is not shown",
            CLEARS,
        )
    if kept:
        observed = (
            "the refresh was refused, and after the logout the page still keeps "
            f"{' and '.join(sorted(kept))}"
        )
        return Finding(Code.PAGE_NOT_RECOVERED, observed, CLEARS)
    if seen.logouts > 1:
        return Finding(
            Code.REFRESH_RACE_LOGOUT,
            f"one refused refresh logged the user out {seen.logouts} times in a row",
            RACE,
        )
    return None


def explain_calls(seen: Observation, replies: Sequence[Answer]) -> Finding | None:
    """Name what is wrong with a page that called the API with an expired token; `replies` in the
    order of their end.
    """
    pairless = refresh.explain_success(seen.answers)
    if finding := pairless or _logout(seen) or _no_pair(seen) or _many(seen, 1):
        return finding
    if not replies:
        return Finding(Code.PAGE_NOT_RECOVERED, "the page called the API for nothing", ANY_CALL)
    refused = Counter(_call(answer) for answer in replies if answer.status == 401)
    if not refused and not seen.refreshes:
        if not any(_is_let_in(answer) for answer in replies):
            return Finding(Code.PAGE_NOT_RECOVERED, f"no service answered: {replies[-1]}", NOWHERE)
        return Finding(
            Code.STRANGER_ADMITTED,
            "the page called the API with an expired access token, and no service refused it",
            "token check of the HTTP services: parse-only, neither signature nor expiry "
            "(contract 2.5)",
        )
    if left := unrepeated_calls(replies):
        return Finding(
            Code.PAGE_NOT_RECOVERED, f"{left[0]} was refused with 401 and not repeated", ANY_CALL
        )
    # A page may make the same call twice at once, as weAlist's dashboard does: each is repeated.
    repeated = Counter(_call(answer) for answer in replies if answer.status not in (0, 401))
    if again := refused - repeated:
        call = next(iter(again))
        observed = f"{call} was refused with 401 {refused[call]} times"
        return Finding(Code.PAGE_NOT_RECOVERED, observed, ANY_CALL)
    return None


def _is_let_in(answer: Answer) -> bool:
    """Whether a service, and not a cache, answered with what was asked for."""
    return 200 <= answer.status < 300 and not caching.stored_marks(answer.headers)


def unrepeated_calls(replies: Sequence[Answer]) -> list[str]:
    """The calls that were refused for their token, and not answered otherwise since."""
    done = {_call(answer) for answer in replies if answer.status not in (0, 401)}
    refused = [_call(answer) for answer in replies if answer.status == 401]
    return [call for call in refused if call not in done]


def _call(answer: Answer) -> str:
    return f"{answer.method} {answer.url.partition('?')[0]}"


def _storm(seen: Observation, attempts: int, rows: int = 2) -> Finding | None:
    if not (what := seen.storm(attempts, rows)):
        return None
    count = sum(socket.what == what for socket in seen.attempts)
    allowed = _limit(what, attempts)
    return Finding(
        Code.SOCKET_RECONNECT_STORM,
        f"the page tried {count} times to open its {what} socket, where {allowed} times in "
        "a row are the app's limit",
        "the page: it reconnects without a pause, or without an end (contract 3.5)",
    )


def _stale(seen: Observation) -> Finding | None:
    if (socket := seen.stale_attempt) is None:
        return None
    refreshed = sum(answer.status == 200 for answer in seen.answers)
    finding = Finding(
        Code.SOCKET_STALE_TOKEN,
        f"after a drop the page opened its {socket.what} socket with the token that it had "
        f"before, {socket.label}; "
        f"it had refreshed {refreshed or 'no'} token{'s' * (refreshed > 1)} until then",
        NO_INTERCEPTOR,
    )
    # Where a refresh was under way, the page may have opened the socket without waiting for it.
    return finding if seen.refreshes else with_fact(finding, ASKED_FOR_NONE)


def _logout(seen: Observation) -> Finding | None:
    if not seen.logouts:
        return None
    refusals = [answer for answer in seen.answers if answer.status == 401]
    answered = any(answer.status == 200 for answer in seen.answers)
    # A page that leaves withdraws those that it has asked for at the same moment.
    withdrawn = seen.refreshes > len(seen.answers)
    if len(refusals) > 1 or (refusals and (withdrawn or answered)):
        return Finding(
            Code.REFRESH_RACE_LOGOUT,
            f"the page asked for {seen.refreshes} refreshes where one serves all, "
            f"{len(refusals)} refused as spent, "
            "and the user was logged out",
            RACE,
        )
    if refusals and not refusals[0].body:
        # A page that leaves takes bodies along that the browser has not handed out yet.
        observed = f"{refusals[0]} to a refresh token that the page had not used"
        return Finding(Code.REFRESH_REPLAYED, observed, TWICE)
    if refusals:
        return refresh.explain(refusals[0])
    if bad := next((answer for answer in seen.answers if answer.status != 200), None):
        how = f"was answered {bad.status}" if bad.status else "got no answer"
        observed = f"a refresh {how}, and the user was logged out"
        return _lost_path(bad) or Finding(Code.REFRESH_ERROR_LOGOUT, observed, ANY_ERROR)
    return Finding(
        Code.PAGE_NOT_RECOVERED, "the user was logged out, though no refresh had failed", CLEARS
    )


def _lost_path(answer: Answer) -> Finding | None:
    """A refresh that the page asks for where auth-service has none (8073303f)."""
    path = urlsplit(answer.url).path
    if path == refresh.REFRESH:
        return None
    observed = f"{answer} to a refresh; auth-service has it at {refresh.REFRESH}"
    return Finding(Code.REFRESH_UNAVAILABLE, observed, f"the page: it asks {path} (8073303f)")


def _no_pair(seen: Observation) -> Finding | None:
    """A refresh that weAlist itself did not answer with a pair, where nobody was logged out for
    it. One without an answer was cut off by the page or by the probe.
    """
    bad = next((answer for answer in reversed(seen.answers) if answer.status not in (0, 200)), None)
    if bad is None:
        return None
    return _lost_path(bad) or refresh.explain(bad)


def _many(seen: Observation, refreshes: int | None) -> Finding | None:
    if refreshes is None or seen.refreshes <= refreshes:
        return None
    return Finding(
        Code.REFRESH_RACE_LOGOUT,
        f"the page asked for {seen.refreshes} refreshes where {refreshes} would do; this time "
        "nobody was logged out",
        RACE,
    )


def _absence(seen: Observation, kinds: Collection[str]) -> Finding | None:
    missing = next((what for what in kinds if not seen.is_back(what)), None)
    if missing is None:
        return None
    tried = seen.tries_of(missing)
    # The last may have just begun.
    ended = [socket for socket in tried if socket.status or socket.failure]
    if tried and not (ended and ended[-1].is_open):
        return explain_upgrade((ended or tried)[-1])
    no_pair = None if tried else _no_pair(seen)
    return no_pair or Finding(
        Code.PAGE_NOT_RECOVERED,
        f"the page's {missing} socket is not back: {len(tried)} attempts, "
        f"{seen.refreshes} refreshes",
        RECONNECT,
    )
