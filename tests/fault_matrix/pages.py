"""Rows of the fault matrix for the page through its token's life."""

from collections.abc import Iterable

from probes.finding import Code
from tests.fault_matrix.realtime import SIGNING_OUT

Row = dict[str, str]

DROPPED = "page_session/a-dropped-chat-comes-back-with-a-fresh-token"
ALL_AT_ONCE = "page_session/one-refresh-serves-all-sockets"
REFUSED = "page_session/a-refused-refresh-logs-out-once"
TRIED_AGAIN = "page_session/a-failed-refresh-is-tried-again"
AWAY = "page_session/the-page-survives-a-lost-network"
ONE_CALL = "page_session/an-expired-token-costs-one-refresh"
MANY_CALLS = "page_session/many-refused-calls-share-one-refresh"

IMAGE = "page_session/an-image-sent-on-the-page-arrives"

AT_A_CHAT = (DROPPED, ALL_AT_ONCE, REFUSED, TRIED_AGAIN, AWAY, IMAGE)
WITH_SOCKETS = (*AT_A_CHAT, MANY_CALLS)
REFRESHING = (DROPPED, ALL_AT_ONCE, TRIED_AGAIN, ONE_CALL, MANY_CALLS)


def all_of(code: Code, scenarios: Iterable[str]) -> Row:
    return dict.fromkeys(scenarios, code)


PAGE_SESSION: dict[str, Row] = {
    "certificate-names-other-host": all_of(Code.TLS_INVALID, (*AT_A_CHAT, ONE_CALL, MANY_CALLS)),
    "chat-drops-who-speaks": all_of(Code.CHAT_NOT_DELIVERED, (DROPPED, AWAY, IMAGE)),
    "chat-loses-file-url": {IMAGE: Code.CHAT_ALTERED},
    "bucket-refuses-origin": {IMAGE: Code.UPLOAD_BLOCKED},
    "bucket-cors-forgets-put": {IMAGE: Code.UPLOAD_BLOCKED},
    "bucket-cors-forgets-type": {IMAGE: Code.UPLOAD_BLOCKED},
    "edge-answers-html-to-upgrade": all_of(Code.SOCKET_UPGRADE_HTML, WITH_SOCKETS),
    "edge-serves-html-for-api": {
        **all_of(Code.EDGE_HTML_FALLBACK, AT_A_CHAT),
        ONE_CALL: Code.PAGE_RECEIVED_HTML,
        MANY_CALLS: Code.SOCKET_UPGRADE_HTML,
    },
    "gateway-replays-refresh": all_of(Code.REFRESH_REPLAYED, (*REFRESHING, SIGNING_OUT)),
    "gateway-strips-upgrade": all_of(Code.SOCKET_UPGRADE_REFUSED, WITH_SOCKETS),
    "page-logs-out-on-any-refresh-error": all_of(Code.REFRESH_ERROR_LOGOUT, (TRIED_AGAIN, AWAY)),
    "page-loses-image-url": {IMAGE: Code.PAGE_UPLOAD_NOWHERE},
    "page-never-reconnects": all_of(
        Code.PAGE_NOT_RECOVERED, [name for name in AT_A_CHAT if name != IMAGE]
    ),
    "page-reconnects-with-stale-token": all_of(
        Code.SOCKET_STALE_TOKEN, (DROPPED, ALL_AT_ONCE, REFUSED, TRIED_AGAIN)
    ),
    "page-storms-on-reconnect": all_of(Code.SOCKET_RECONNECT_STORM, (REFUSED, AWAY)),
    "refresh-gives-no-access-token": all_of(Code.CONTRACT_BROKEN, REFRESHING),
    "refresh-path-lost-behind-gateway": all_of(Code.REFRESH_UNAVAILABLE, REFRESHING),
    # A chat needs no board: what the page cannot ask of it is its own matter.
    "service-has-no-endpoints": {ALL_AT_ONCE: Code.SERVICE_UNAVAILABLE},
    "edge-forgets-deep-links": all_of(Code.ASSET_BROKEN, (*WITH_SOCKETS, ONE_CALL)),
    "site-loses-asset": all_of(Code.PAGE_CONSOLE_ERROR, (*WITH_SOCKETS, ONE_CALL)),
    "sockets-race-to-refresh": {ALL_AT_ONCE: Code.REFRESH_RACE_LOGOUT},
    "upgrade-hangs": all_of(Code.SOCKET_UPGRADE_STALLED, WITH_SOCKETS),
}

PAGE_CAUSES: dict[str, str] = {
    "page-loses-image-url": "uploads to an undefined URL",
    "page-logs-out-on-any-refresh-error": "any error of a refresh",
    "page-never-reconnects": "what it does when a socket closes",
    "page-reconnects-with-stale-token": "sockets pass no Axios interceptor (V6 §4)",
    "page-storms-on-reconnect": "without a pause",
    "sockets-race-to-refresh": "each socket refreshes for itself",
}
