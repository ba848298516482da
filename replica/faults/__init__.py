"""Every way in which the replica can be told to lie, each named after what goes wrong and the incident it rehearses.

Incidents: "V6" is weAlist's own incident report, a bare hash is the commit that fixed it; a dash
marks one that has not happened yet.
"""

import difflib
from collections.abc import Iterable

from replica.faults.fault import NOT_YET, Fault
from replica.faults.livekit import LIVEKIT
from replica.faults.realtime import REALTIME, REALTIME_PAGES, TOKENS
from replica.faults.trust import EXPOSURE, SIGN_IN, TRUST

EDGE = (
    Fault(
        "edge-masks-api-errors",
        "CloudFront's custom error response turns every 403 and 404 of /api/* into 200 with the app's HTML.",
        "V6 §1 first cause",
    ),
    Fault(
        "edge-forgets-deep-links",
        "The pages' own error response is lost: a link into the app gets S3's 404 instead of the app.",
        "contract §1.3",
    ),
    Fault(
        "edge-serves-html-for-api",
        "CloudFront has lost its /api/* behaviour: on the apex host every API call gets the app's HTML.",
        "a lost /api/* behaviour",
    ),
    Fault(
        "edge-serves-plain-http",
        "The site is served over plain HTTP instead of being redirected to HTTPS.",
        NOT_YET,
    ),
    Fault(
        "site-loses-asset",
        "A deploy has lost the page's script: the edge answers the app's HTML for it and the page stays blank.",
        NOT_YET,
    ),
    Fault(
        "gateway-doubles-slash",
        "The gateway's rewrite leaves a double slash before storage paths, and the service redirects away from it.",
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
        NOT_YET,
    ),
    Fault(
        "certificate-names-other-host",
        "The apex host shows a certificate that was issued for another name.",
        NOT_YET,
    ),
)

BUCKET = (
    Fault(
        "bucket-refuses-origin",
        "The files bucket's CORS rules do not know the app's origin: browsers can neither upload nor read.",
        "CORS",
    ),
    Fault(
        "bucket-ignores-signatures",
        "The files bucket gives objects to anyone, whatever the signature in the URL says.",
        NOT_YET,
    ),
)

STORAGE = (
    Fault(
        "storage-base-path-mismatch",
        "The storage service serves /api/storage, the gateway sends /storage: every call is a 404 that becomes HTML.",
        "V6 §1, §2",
    ),
    Fault(
        "storage-presigns-with-dev-credentials",
        "Upload URLs are signed with the development credential minioadmin that was baked into the image.",
        "V6 §3",
    ),
    Fault(
        "storage-presigns-for-localhost",
        "Upload URLs point to localhost:9000, which no user's browser can reach.",
        "V6 §3",
    ),
    Fault(
        "storage-presigns-through-cdn",
        "Presigned URLs go through the CDN host with the bucket's name in the path, where no object lies.",
        "04be7992",
    ),
    Fault(
        "storage-presigns-with-static-key",
        "Presigned URLs carry a long-lived access key and no session token, since the pod's role is missing.",
        "Pod Identity missing",
    ),
    Fault(
        "presign-outlives-policy",
        "The storage service's presigned URLs stay valid for a week instead of minutes.",
        NOT_YET,
    ),
    Fault(
        "storage-confirms-lost-upload",
        "An uploaded object is gone when the upload is confirmed, yet the file is listed as ACTIVE.",
        "confirm without check",
    ),
    Fault(
        "storage-admits-strangers",
        "The storage service does not check membership: a stranger sees a workspace's files.",
        NOT_YET,
    ),
    Fault(
        "membership-check-fails",
        "The storage service cannot reach the user service, so every member is refused with 403.",
        "contract §4.2",
    ),
    Fault(
        "storage-hands-out-wrong-file",
        "A download URL leads to the bytes of another file.",
        NOT_YET,
    ),
    Fault(
        "storage-lists-nothing",
        "The drive's contents leave out every folder and file, as if there were none; each is there when asked for.",
        "ec5a5876",
    ),
    Fault(
        "storage-leaves-type-unsigned",
        "An upload URL signs only the host, so any content type can be uploaded under it.",
        NOT_YET,
    ),
    Fault(
        "storage-keeps-deleted-object",
        "A file deleted for good stays readable, and its object stays in the bucket.",
        NOT_YET,
    ),
)

SERVICES = (
    Fault(
        "service-hangs",
        "The notification service takes requests and never answers them.",
        NOT_YET,
    ),
    Fault(
        "service-answers-wrong-type",
        "The user service answers an object where the list of workspaces is promised.",
        NOT_YET,
    ),
    Fault(
        "redis-not-configured",
        "Chat, notifications, board and storage say they are ready although Redis is not configured.",
        "Redis TLS gap",
    ),
)

PAGES = (
    Fault(
        "page-calls-wrong-storage-path",
        "The storage page asks /api/svc/storage/api/storage, which the service does not serve.",
        "6fe19ffd",
    ),
    Fault(
        "page-ignores-failed-upload",
        "The page sends the file to an address ending in /undefined and shows success all the same.",
        "chat image upload, contract §3.6",
    ),
    Fault(
        "page-shows-empty-drive",
        "The page swallows the list of files and shows an empty drive without an error.",
        "26d02600",
    ),
    Fault(
        "page-throws-on-load",
        "The storage page breaks on load: Cannot read properties of undefined (reading 'children').",
        "V6 §1.1",
    ),
)

GROUPS = (EDGE, BUCKET, STORAGE, SERVICES, PAGES, TOKENS, REALTIME, REALTIME_PAGES, SIGN_IN, TRUST, EXPOSURE, LIVEKIT)
FAULTS: dict[str, Fault] = {fault.name: fault for group in GROUPS for fault in group}


class UnknownFault(ValueError):  # noqa: N818 - it is a fault's name that is wrong
    """A name that no fault has; the message names the nearest."""


def known(names: Iterable[str]) -> frozenset[str]:
    """The names, if all of them are faults. Raises UnknownFault."""
    wanted = frozenset(names)
    for name in sorted(wanted - FAULTS.keys()):
        near = difflib.get_close_matches(name, FAULTS, n=3, cutoff=0.4)
        meant = f"did you mean {' or '.join(near)}?" if near else "no name comes near."
        raise UnknownFault(f"unknown fault {name!r}: {meant} `python -m replica --list-faults` names them all.")
    return wanted
