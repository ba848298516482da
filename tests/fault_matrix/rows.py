"""{fault: {scenario: code}}: what each fault must lead to over a whole run; whatever is not named
here must hold.
"""

from collections.abc import Iterable

from probes.finding import Code
from scenarios.contracts import MISSING, NEED_REDIS, ROUTES
from tests.fault_matrix.cluster import CLUSTER, CLUSTER_CAUSES, CLUSTER_ELSEWHERE
from tests.fault_matrix.edge import EDGE, EDGE_CAUSES
from tests.fault_matrix.identity import IDENTITY, IDENTITY_CAUSES, IDENTITY_ELSEWHERE
from tests.fault_matrix.intermittent import INTERMITTENT, INTERMITTENT_CAUSES, of_host
from tests.fault_matrix.livekit import LIVEKIT, LIVEKIT_CAUSES, LIVEKIT_ELSEWHERE
from tests.fault_matrix.pages import MANY_CALLS, PAGE_CAUSES, PAGE_SESSION
from tests.fault_matrix.presign import BROWSER, ISSUERS, LEADS, PRESIGN_CAUSES, USED, presign_rows
from tests.fault_matrix.realtime import ELSEWHERE, REALTIME, REALTIME_CAUSES
from tests.fault_matrix.sockets import SOCKETS, SOCKETS_CAUSES, SOCKETS_ELSEWHERE
from tests.fault_matrix.trust import TRUST, TRUST_CAUSES, TRUST_ELSEWHERE

Row = dict[str, str]

SENDING = (*USED, BROWSER)  # they use the URL that they were given
CHECKS = ("no-development-credential-signs", "temporary-credentials-sign", LEADS, *SENDING)
PAGES = (
    "storage/the-page-shows-the-drive-that-the-api-holds",
    "storage/a-file-uploaded-on-the-page-arrives",
)
ROUND_TRIPS = ("storage/a-file-comes-back-byte-for-byte", "storage/a-deleted-file-is-gone-for-good")
LOOKS = "storage/a-member-sees-what-is-in-the-drive"
FOLDERS = "storage/a-folder-is-there-once-made"
ON_PAGE = "storage/a-folder-made-on-the-page-is-there"
INVITED = "workspace/who-is-invited-sees-the-workspace"
PROFILE, PROFILE_IMAGE = "workspace/a-changed-profile-is-kept", "workspace/a-profile-image-is-kept"
OF_USERS = (INVITED, PROFILE, PROFILE_IMAGE)
STRANGERS = ("storage/a-stranger-sees-nothing", "storage/a-stranger-uploads-nothing")


def all_of(code: Code, *scenarios: str | Iterable[str]) -> Row:
    named = (name for each in scenarios for name in ([each] if isinstance(each, str) else each))
    return dict.fromkeys(named, code)


def routes(host: str, start: str = "", without: str = "nothing") -> list[str]:
    """The scenarios of the routes whose names begin with `start`, on one host."""
    names = [contract.name for contract in ROUTES]
    return [
        f"edge/a-route-answers-json[{n}-{host}]"
        for n in names
        if n.startswith(start) and not n.endswith(without)
    ]


def errors(start: str = "") -> list[str]:
    names = [contract.name for contract in MISSING]
    return [f"edge/an-error-stays-an-error[{name}]" for name in names if name.startswith(start)]


def presign(*issuers: str, checks: Iterable[str] = CHECKS) -> list[str]:
    return [f"presign/{check}[{issuer}]" for issuer in issuers for check in checks]


def redis(*services: str) -> list[str]:
    return [f"edge/redis-is-there-for-those-who-need-it[{name}]" for name in services]


# What noti-service reads from its database.
NOTI_DATA = [
    f"edge/a-route-answers-json[{name}-{host}]"
    for name in ("noti-list", "noti-unread")
    for host in ("apex", "api")
]
# Presigned for another place: whoever would send a user's bytes there stops before it does.
NOT_SENT = [*presign("storage", checks=SENDING), *ROUND_TRIPS, *PAGES]
# What the storage service answers to a member, beside its health.
STORAGE = [*presign("storage"), *ROUND_TRIPS, LOOKS, FOLDERS, PAGES[0]]

MATRIX: dict[str, Row] = {
    "invited-user-sees-no-workspace": {INVITED: Code.ACCESS_REFUSED},
    "profile-forgets-changes": {PROFILE: Code.CONTRACT_BROKEN},
    "profile-image-is-not-saved": {PROFILE_IMAGE: Code.SERVICE_UNAVAILABLE},
    "page-names-board-project": {ON_PAGE: Code.SERVICE_UNAVAILABLE},
    "api-host-refuses-connections": all_of(
        Code.HOST_UNREACHABLE, routes("api"), redis(*NEED_REDIS), of_host("api")
    ),
    "certificate-expires-soon": all_of(Code.TLS_EXPIRING, "edge/the-certificate-holds[api]"),
    "certificate-names-other-host": all_of(
        Code.TLS_INVALID,
        routes("apex"),
        errors(),
        presign(*ISSUERS),
        ROUND_TRIPS,
        STRANGERS,
        LOOKS,
        FOLDERS,
        PAGES,
        OF_USERS,
        ON_PAGE,
        of_host("apex"),
        "edge/the-app-loads-with-all-its-assets",
        "edge/a-deep-link-opens-the-app",
    ),
    "database-unreachable": all_of(
        Code.SERVICE_UNAVAILABLE, NOTI_DATA, redis("noti"), errors("noti")
    ),
    "edge-forgets-deep-links": all_of(
        Code.ASSET_BROKEN, "edge/a-deep-link-opens-the-app", PAGES, ON_PAGE
    ),
    "edge-masks-api-errors": all_of(Code.EDGE_MASKS_ERRORS, errors(), STRANGERS),
    "edge-serves-html-for-api": (
        all_of(
            Code.EDGE_HTML_FALLBACK,
            routes("apex"),
            presign(*ISSUERS),
            ROUND_TRIPS,
            LOOKS,
            FOLDERS,
            PAGES[0],
            OF_USERS,
        )
        | all_of(Code.EDGE_MASKS_ERRORS, errors(), STRANGERS)
        | all_of(Code.PAGE_RECEIVED_HTML, PAGES[1], ON_PAGE)
    ),
    "edge-serves-plain-http": all_of(Code.HTTP_NOT_REDIRECTED, "edge/http-leads-to-https"),
    # 404 to all of it, which the edge makes a page of.
    "gateway-doubles-slash": (
        all_of(Code.ROUTE_BROKEN, routes("api", "storage"), redis("storage"))
        | all_of(Code.EDGE_HTML_FALLBACK, routes("apex", "storage"), STORAGE)
        | all_of(Code.EDGE_MASKS_ERRORS, errors("storage"), STRANGERS)
        | all_of(Code.PAGE_RECEIVED_HTML, PAGES[1], ON_PAGE, MANY_CALLS)
    ),
    "membership-check-fails": all_of(
        Code.ACCESS_REFUSED,
        routes("apex", "storage", without="health"),
        routes("api", "storage", without="health"),
        STORAGE,
        PAGES[1],
        ON_PAGE,
        MANY_CALLS,
    ),
    "page-calls-wrong-storage-path": all_of(Code.PAGE_RECEIVED_HTML, PAGES, ON_PAGE, MANY_CALLS),
    "page-ignores-failed-upload": all_of(Code.PAGE_UPLOAD_NOWHERE, PAGES[1]),
    "page-shows-empty-drive": all_of(Code.PAGE_DRIVE_EMPTY, PAGES[0]),
    "page-throws-on-load": all_of(Code.PAGE_CONSOLE_ERROR, PAGES),
    "presign-outlives-policy": all_of(
        Code.PRESIGN_LIFETIME,
        presign("storage", checks=["the-url-dies-soon"]),
        ROUND_TRIPS,
        PAGES[1],
    ),
    "redis-not-configured": all_of(Code.DEPENDENCY_DEGRADED, redis(*NEED_REDIS)),
    "service-answers-wrong-type": all_of(
        Code.CONTRACT_BROKEN,
        routes("apex", "user-workspaces"),
        routes("api", "user-workspaces"),
        INVITED,
    ),
    "service-hangs": all_of(
        Code.SERVICE_STALLED, routes("apex", "noti"), routes("api", "noti"), redis("noti")
    ),
    "service-has-no-endpoints": all_of(
        Code.SERVICE_UNAVAILABLE,
        routes("apex", "board"),
        routes("api", "board"),
        errors("board"),
        redis("board"),
        presign("board"),
    ),
    "site-loses-asset": (
        all_of(Code.ASSET_BROKEN, "edge/the-app-loads-with-all-its-assets")
        | all_of(Code.PAGE_CONSOLE_ERROR, PAGES, ON_PAGE)
    ),
    "storage-admits-strangers": all_of(Code.STRANGER_ADMITTED, STRANGERS),
    "storage-base-path-mismatch": (
        all_of(Code.EDGE_HTML_FALLBACK, routes("apex", "storage", without="health"), STORAGE)
        | all_of(Code.ROUTE_BROKEN, routes("api", "storage", without="health"))
        | all_of(Code.EDGE_MASKS_ERRORS, errors("storage"), STRANGERS)
        | all_of(Code.PAGE_RECEIVED_HTML, PAGES[1], ON_PAGE, MANY_CALLS)
    ),
    "storage-confirms-lost-upload": all_of(Code.UPLOAD_LOST, ROUND_TRIPS, PAGES[1]),
    "bucket-key-refuses-downloads": all_of(Code.ACCESS_REFUSED, ROUND_TRIPS, PAGES[1]),
    "storage-has-no-s3-credentials": {
        **all_of(Code.UPLOAD_BLOCKED, presign("storage"), ROUND_TRIPS, PAGES[0]),
        PAGES[1]: Code.CONTRACT_BROKEN,
    },
    "storage-hands-out-wrong-file": all_of(Code.FILE_ALTERED, ROUND_TRIPS[0], PAGES[1]),
    "storage-keeps-deleted-object": all_of(Code.DELETION_NOT_FINAL, ROUND_TRIPS[1]),
    "storage-lists-nothing": (
        all_of(Code.UPLOAD_LOST, FOLDERS, ROUND_TRIPS[0], PAGES[1], ON_PAGE)
        | all_of(Code.PAGE_DRIVE_EMPTY, PAGES[0])
    ),
    "storage-presigns-for-localhost": all_of(
        Code.PRESIGN_WRONG_ENDPOINT,
        presign("storage", checks=["the-url-leads-to-our-bucket"]),
        NOT_SENT,
    ),
    "storage-presigns-through-cdn": all_of(
        Code.PRESIGN_WRONG_ENDPOINT,
        presign("storage", checks=["the-url-leads-to-our-bucket"]),
        NOT_SENT,
    ),
    "storage-presigns-with-dev-credentials": (
        all_of(Code.PRESIGN_DEV_CREDENTIALS, presign("storage", checks=CHECKS[:1]), NOT_SENT)
        | all_of(
            Code.PRESIGN_STATIC_CREDENTIALS,
            presign("storage", checks=["temporary-credentials-sign"]),
        )
        | all_of(
            Code.PRESIGN_WRONG_ENDPOINT, presign("storage", checks=["the-url-leads-to-our-bucket"])
        )
    ),
    "storage-presigns-with-static-key": all_of(
        Code.PRESIGN_STATIC_CREDENTIALS, presign("storage", checks=["temporary-credentials-sign"])
    ),
}

for fault, row in (
    *ELSEWHERE.items(),
    *REALTIME.items(),
    *PAGE_SESSION.items(),
    *TRUST_ELSEWHERE.items(),
    *TRUST.items(),
    *LIVEKIT.items(),
    *LIVEKIT_ELSEWHERE.items(),
    *presign_rows(presign, PAGES[1]).items(),
    *SOCKETS.items(),
    *SOCKETS_ELSEWHERE.items(),
    *EDGE.items(),
    *IDENTITY.items(),
    *IDENTITY_ELSEWHERE.items(),
    *INTERMITTENT.items(),
    *CLUSTER.items(),
    *CLUSTER_ELSEWHERE.items(),
):
    MATRIX[fault] = MATRIX.get(fault, {}) | row

# What every cause of the fault's own code must name; the code is the one that most of the row's
# scenarios end with.
CAUSES: dict[str, str] = {
    "invited-user-sees-no-workspace": "invited to (91a344de)",
    "profile-forgets-changes": "profile of this workspace is not written",
    "profile-image-is-not-saved": "user-service",
    "page-names-board-project": "storage-service",
    "api-host-refuses-connections": "listener",
    "certificate-expires-soon": "certificate",
    "certificate-names-other-host": "certificate",
    "edge-forgets-deep-links": "site bucket",
    "edge-masks-api-errors": "CloudFront custom error response",
    "edge-serves-html-for-api": "edge",
    "edge-serves-plain-http": "redirect-to-https",
    "gateway-doubles-slash": "rewrite",
    "membership-check-fails": "membership check",
    "page-calls-wrong-storage-path": "the service serves /storage, the page asks for /api/storage",
    "page-ignores-failed-upload": "the page",
    "page-shows-empty-drive": "the page",
    "page-throws-on-load": "the page",
    "presign-outlives-policy": "expiry",
    "redis-not-configured": "redis",
    "service-answers-wrong-type": "user-service",
    "service-hangs": "noti-service",
    "service-has-no-endpoints": "gateway subset of board-service",
    "site-loses-asset": "site bucket",
    "storage-admits-strangers": "access check",
    "storage-base-path-mismatch": (
        "storage base path: the service serves /api/storage, the gateway sends /storage"
    ),
    "storage-confirms-lost-upload": "confirm",
    "bucket-key-refuses-downloads": "KMS: storage-service may not use the key",
    "storage-has-no-s3-credentials": "has no credentials for S3",
    "storage-hands-out-wrong-file": "storage",
    "storage-keeps-deleted-object": "storage-service",
    "storage-lists-nothing": "storage-service",
    "storage-presigns-for-localhost": "S3_PUBLIC_ENDPOINT",
    "storage-presigns-through-cdn": "CDN, with the bucket in the path",
    "storage-presigns-with-dev-credentials": "S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY",
    "storage-presigns-with-static-key": "IAM role",
    **REALTIME_CAUSES,
    **PAGE_CAUSES,
    **TRUST_CAUSES,
    **LIVEKIT_CAUSES,
    **PRESIGN_CAUSES,
    **EDGE_CAUSES,
    **IDENTITY_CAUSES,
    **INTERMITTENT_CAUSES,
    **SOCKETS_CAUSES,
    **CLUSTER_CAUSES,
}
