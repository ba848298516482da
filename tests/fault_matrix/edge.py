"""Rows of the fault matrix for who answers in a service's place, or takes from a request what was
sent.
"""

from probes.finding import Code
from tests.fault_matrix.identity import both
from tests.fault_matrix.trust import DASHBOARD, all_of

Row = dict[str, str]


def apex_only(name: str) -> str:
    return f"edge/a-route-answers-json[{name}-apex]"


ASSETS = "edge/the-app-loads-with-all-its-assets"

EDGE: dict[str, Row] = {
    "edge-cannot-reach-origin": all_of(Code.EDGE_ERROR_PAGE, apex_only("user-health")),
    "edge-sends-api-to-bucket": all_of(Code.EDGE_S3_ERROR, apex_only("board-health")),
    "edge-serves-foreign-page": all_of(Code.UNKNOWN_PAGE, apex_only("storage-health")),
    "edge-throttles-the-probes": all_of(Code.UNKNOWN, apex_only("board-settings")),
    "load-balancer-has-no-targets": all_of(Code.LOAD_BALANCER_ERROR, apex_only("chat-health")),
    "proxy-limits-bodies": all_of(Code.PROXY_ERROR, apex_only("noti-health")),
    "waf-blocks-the-probes": all_of(Code.UNKNOWN, apex_only("noti-unread")),
    "edge-drops-workspace-header": all_of(Code.REQUEST_STRIPPED, apex_only("noti-unread")),
    "gateway-drops-authorization": all_of(Code.REQUEST_STRIPPED, both("board-settings")),
    "edge-cuts-answers": all_of(Code.CONTRACT_BROKEN, apex_only("auth-openid")),
    "site-ships-empty-stylesheet": all_of(Code.ASSET_BROKEN, ASSETS),
    "site-config-is-unfilled": {ASSETS: Code.ASSET_BROKEN, DASHBOARD: Code.HOST_UNREACHABLE},
    "board-lists-its-errors": {"edge/an-error-stays-an-error[board-project]": Code.CONTRACT_BROKEN},
    "edge-serves-stored-error": all_of(Code.CACHED_ANSWER, apex_only("board-health")),
    "edge-allows-reads-only": all_of(Code.EDGE_ERROR_PAGE, "workspace/a-changed-profile-is-kept"),
    "gateway-shows-sign-in-page": all_of(
        Code.UNKNOWN, "exposure/what-is-private-stays-closed[internal-noti]"
    ),
}

EDGE_CAUSES: dict[str, str] = {
    "edge-cannot-reach-origin": "CloudFront cannot get an answer from its origin",
    "edge-sends-api-to-bucket": "goes to the bucket of the pages",
    "edge-serves-foreign-page": "compare the same path on the api host",
    "edge-throttles-the-probes": "rate limit: ask for an exception",
    "load-balancer-has-no-targets": "load balancer: no healthy target",
    "proxy-limits-bodies": "a proxy between the probes and the gateway",
    "waf-blocks-the-probes": "WAF: ask for a rule",
    "edge-drops-workspace-header": "edge: CloudFront does not pass on the header X-Workspace-Id",
    "gateway-drops-authorization": "gateway: the header Authorization does not reach board-service",
    "edge-cuts-answers": "edge: what the api host answers whole is cut or changed",
    "site-ships-empty-stylesheet": "an empty file",
    "site-config-is-unfilled": "config.js",
    "board-lists-its-errors": "board-service",
    "edge-serves-stored-error": "a cache in front of board-service",
    "edge-allows-reads-only": "its allowed methods lack PUT",
    "gateway-shows-sign-in-page": "the suite itself",
}
