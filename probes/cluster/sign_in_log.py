"""What auth-service's log says of one start of a sign-in (V6 §7.8; contract 2.1).

OAuth2RedirectUriFilter writes a line for each start that it sees. A start that it never saw went to
the provider first: the filter stands behind Spring's own (V6 §7.2).
"""

from collections.abc import Iterable

from probes.finding import CannotAsk, Certainty, Code, Finding

AUTH = "auth-service"
STORED = "Stored client redirect_uri in session"
LEVEL = " INFO "
REJECTED = "Rejected invalid redirect_uri"
FILTER_ORDER = (
    "auth-service's filter order: OAuth2RedirectUriFilter must stand before "
    "OAuth2AuthorizationRequestRedirectFilter (481c46e9)"
)
ALLOW_LIST = "auth-service's allow-list of redirect_uri does not know the portal"


def is_told(lines: Iterable[str], marker: str) -> bool:
    """Whether the filter has said what became of the start with this marker; pure."""
    return any(marker in line and (STORED in line or REJECTED in line) for line in lines)


def judge(lines: Iterable[str], marker: str, where: str) -> Finding | None:
    """None where the start's redirect_uri was stored; pure. Raises CannotAsk where the log has no
    line of the filter's level.
    """
    known = list(lines)
    if not any(LEVEL in each or STORED in each for each in known):
        raise CannotAsk("auth-service logs nothing at INFO, the level of its redirect_uri filter")
    mine = [line for line in known if marker in line]
    line = f"kubectl -n {where} logs deploy/{AUTH} --since 60s | grep -i redirect_uri"
    if any(STORED in each for each in mine):
        return None
    if any(REJECTED in each for each in mine):
        observed = "auth-service's log says that the portal's redirect_uri was rejected"
        return _finding(observed, ALLOW_LIST, line)
    observed = "auth-service was asked to start a sign-in, and its filter logged nothing of it"
    return _finding(observed, FILTER_ORDER, line)


def _finding(observed: str, cause: str, line: str) -> Finding:
    return Finding(
        Code.OAUTH_LANDING_HIJACKED,
        observed,
        cause,
        reproduce_command=line,
        certainty=Certainty.PROVEN,
    )
