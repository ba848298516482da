"""Faults of the edge, of the pages that it serves, and of the services behind it."""

from replica.faults.fault import NO_INCIDENT, Fault

EDGE = (
    Fault(
        "edge-masks-api-errors",
        "CloudFront's custom error response turns every 403 and 404 of /api/* into 200 "
        "with the app's HTML.",
        "V6 §1 first cause",
    ),
    Fault(
        "edge-forgets-deep-links",
        "The pages' own error response is lost: a link into the app gets S3's 404 instead "
        "of the app.",
        "contract §1.3",
    ),
    Fault(
        "edge-serves-html-for-api",
        "CloudFront has lost its /api/* behaviour: on the apex host every API call gets "
        "the app's HTML.",
        "a lost /api/* behaviour",
    ),
    Fault(
        "edge-cannot-reach-origin",
        "CloudFront answers the user service's health check with its own 502 page.",
        NO_INCIDENT,
    ),
    Fault(
        "edge-sends-api-to-bucket",
        "The board service's health check goes to the bucket of the pages, which answers XML.",
        "a lost /api/* behaviour",
    ),
    Fault(
        "edge-serves-foreign-page",
        "Somebody's page that is neither the app nor a known error answers storage's health check.",
        NO_INCIDENT,
    ),
    Fault(
        "load-balancer-has-no-targets",
        "The load balancer answers the chat service's health check with its own 503 page.",
        "eb5daebb",
    ),
    Fault(
        "proxy-limits-bodies",
        "A proxy before the gateway answers the notification service's health check with 413.",
        NO_INCIDENT,
    ),
    Fault(
        "edge-drops-workspace-header",
        "CloudFront does not pass X-Workspace-Id on where unread notifications are counted.",
        NO_INCIDENT,
    ),
    Fault(
        "edge-cuts-answers",
        "Something at the edge cuts auth-service's OpenID configuration short, in the middle of "
        "its JSON.",
        NO_INCIDENT,
    ),
    Fault(
        "gateway-buffers-stream",
        "The gateway holds the notification stream back until it ends.",
        NO_INCIDENT,
    ),
    Fault(
        "gateway-drops-authorization",
        "The gateway takes the Authorization header off where a board's settings are asked for.",
        NO_INCIDENT,
    ),
    Fault(
        "edge-serves-stored-error",
        "CloudFront goes on answering the board service's health check with an error that it "
        "has stored.",
        NO_INCIDENT,
    ),
    Fault(
        "edge-allows-reads-only",
        "CloudFront's behaviour allows GET and HEAD where a profile is changed: its own 403.",
        NO_INCIDENT,
    ),
    Fault(
        "gateway-shows-sign-in-page",
        "Whoever calls noti-service's internal endpoint gets 200 and a page to sign in at.",
        NO_INCIDENT,
    ),
    Fault(
        "waf-blocks-the-probes",
        "WAF refuses the list of unread notifications as if the probes were a bot.",
        NO_INCIDENT,
    ),
    Fault(
        "edge-throttles-the-probes",
        "A rate limit of 60 a minute answers 429 where the user's workspaces are asked for.",
        "the services' default rate limit",
    ),
    Fault(
        "edge-serves-plain-http",
        "The site is served over plain HTTP instead of being redirected to HTTPS.",
        NO_INCIDENT,
    ),
    Fault(
        "site-loses-asset",
        "A deploy has lost the page's script: the edge answers the app's HTML for it and "
        "the page stays blank.",
        NO_INCIDENT,
    ),
    Fault(
        "site-ships-empty-stylesheet",
        "A deploy has left the page's stylesheet empty: 200 with no bytes.",
        NO_INCIDENT,
    ),
    Fault(
        "site-config-is-unfilled",
        "A deploy has uploaded config.js as the template that it is: its API_DOMAIN is "
        "${API_DOMAIN}.",
        NO_INCIDENT,
    ),
    Fault(
        "gateway-doubles-slash",
        "The gateway's rewrite leaves a double slash before storage paths, and the service "
        "knows no such path: 404.",
        "f53a0b5e",
    ),
    Fault(
        "service-has-no-endpoints",
        "The gateway's subset matches no pod of the board service: 503, no healthy upstream.",
        "a4263252",
    ),
    Fault(
        "api-host-refuses-connections",
        "Nothing listens on the api host, while the apex host goes on as before.",
        "08c0c829",
    ),
    Fault(
        "certificate-expires-soon",
        "The api host's certificate has ten days left.",
        NO_INCIDENT,
    ),
    Fault(
        "address-shows-other-certificate",
        "One of the two addresses of the apex host shows a certificate that was issued for "
        "another name.",
        NO_INCIDENT,
    ),
    Fault(
        "address-has-no-targets",
        "At one of the two addresses of LiveKit's host the load balancer has no target: 503.",
        "eb5daebb",
    ),
    Fault(
        "endpoint-outlives-pod",
        "One of two endpoints of the ops service is a pod that is gone: every second request of "
        "its configuration gets 503.",
        NO_INCIDENT,
    ),
    Fault(
        "selector-takes-in-other-pod",
        "A selector takes in a pod of the chat service: every fourth list of notifications is "
        "not found.",
        "a4263252",
    ),
    Fault(
        "one-pod-of-five-is-gone",
        "One of five endpoints of the chat service is a pod that is gone: who is online is not "
        "told to one in five.",
        NO_INCIDENT,
    ),
    Fault(
        "certificate-names-other-host",
        "The apex host shows a certificate that was issued for another name.",
        NO_INCIDENT,
    ),
)

SERVICES = (
    Fault(
        "invited-user-sees-no-workspace",
        "User-service lists only one's own workspaces, and none that one was invited to.",
        "91a344de",
    ),
    Fault(
        "chat-says-it-is-down",
        "Chat-service answers 200 to who asks whether it lives, and says that it is down.",
        NO_INCIDENT,
    ),
    Fault(
        "profile-forgets-changes",
        "User-service answers 200 to a changed profile and keeps the old one.",
        "3db31cb6",
    ),
    Fault(
        "profile-image-is-not-saved",
        "Saving a profile's image ends in 500: its row names a user that is not there.",
        "7719d74f",
    ),
    Fault(
        "board-lists-its-errors",
        "Board-service puts what is wrong into a list `errors`, which no client reads.",
        NO_INCIDENT,
    ),
    Fault(
        "service-hangs",
        "The notification service takes requests and never answers them.",
        NO_INCIDENT,
    ),
    Fault(
        "service-answers-wrong-type",
        "The user service answers an object where the list of workspaces is promised.",
        NO_INCIDENT,
    ),
    Fault(
        "database-unreachable",
        "Noti-service has lost its database: 500 to everybody, and /health/ready says so.",
        "480056e9",
    ),
    Fault(
        "redis-unreachable",
        "Chat-service has lost its Redis: its pods deliver to nobody but their own, and "
        "/health/ready says so.",
        "contract §5.5",
    ),
    Fault(
        "redis-not-configured",
        "Chat, notifications, board and storage say they are ready although Redis is not "
        "configured.",
        "Redis TLS gap",
    ),
)

PAGES = (
    Fault(
        "page-names-board-project",
        "The storage page makes folders under a project of the board: storage answers 500.",
        "8e08f2ac",
    ),
    Fault(
        "page-calls-wrong-storage-path",
        "The storage page asks /api/svc/storage/api/storage, which the service does not serve.",
        "6fe19ffd",
    ),
    Fault(
        "page-ignores-failed-upload",
        "The page sends the file to an address ending in /undefined and shows success all "
        "the same.",
        "chat image upload, contract §3.6",
    ),
    Fault(
        "page-shows-empty-drive",
        "The page swallows the list of files and shows an empty drive without an error.",
        "26d02600",
    ),
    Fault(
        "page-throws-on-load",
        "The storage page breaks on load: Cannot read properties of undefined (reading "
        "'children').",
        "V6 §1.1",
    ),
)
