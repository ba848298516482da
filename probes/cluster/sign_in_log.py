"""What auth-service's log says of one start of a sign-in (V6 §7.8; contract 2.1).

OAuth2RedirectUriFilter writes a line for each start that it sees. A start that it never saw went to
the provider first: the filter stands behind Spring's own (V6 §7.2).
"""

from collections.abc import Iterable

from probes.finding import CannotAsk, Code, Finding, with_fact

AUTH = "auth-service"
STORED = "Stored client redirect_uri in session"
LEVEL = " INFO "
REJECTED = "Rejected invalid redirect_uri"
FILTER_ORDER = (
    "filter order of auth-service: OAuth2RedirectUriFilter runs after "
    "OAuth2AuthorizationRequestRedirectFilter, and never sees redirect_uri (V6 §7, 481c46e9)"
)
UNSEEN = "auth-service's log has no line of its redirect_uri filter for the start"
ALLOW_LIST = "auth-service's allow-list of redirect_uri does not know the portal"


def has_line(lines: Iterable[str], marker: str) -> bool:
    """Whether the filter has said what became of the start with this marker; pure."""
    return any(marker in line and (STORED in line or REJECTED in line) for line in lines)


def judge(lines: Iterable[str], marker: str, where: str) -> Finding | None:
    """None where the start's redirect_uri was stored; pure. Raises CannotAsk where the log has no
    line of the filter's level.
    """
    known = list(lines)
    if not _has_level(known):
        raise CannotAsk("auth-service logs nothing at INFO, the level of its redirect_uri filter")
    mine = [line for line in known if marker in line]
    line = log_command(where)
    if any(STORED in each for each in mine):
        return None
    if any(REJECTED in each for each in mine):
        observed = "auth-service's log says that the portal's redirect_uri was rejected"
        found = Finding(Code.OAUTH_LANDING_HIJACKED, observed, ALLOW_LIST, reproduce_command=line)
        return with_fact(found, observed)
    observed = "auth-service was asked to start a sign-in, and its filter logged nothing of it"
    found = Finding(Code.OAUTH_LANDING_HIJACKED, observed, FILTER_ORDER, reproduce_command=line)
    return with_fact(found, UNSEEN)


def is_silent(lines: Iterable[str]) -> bool:
    """Whether the filter has logged nothing of any start, though its level is logged; pure."""
    known = list(lines)
    return _has_level(known) and not has_line(known, "")


def log_command(where: str) -> str:
    return f"kubectl -n {where} logs deploy/{AUTH} --since 60s | grep -i redirect_uri"


def _has_level(lines: Iterable[str]) -> bool:
    return any(LEVEL in each or STORED in each for each in lines)
