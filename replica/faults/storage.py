"""Faults of file storage: the bucket, presigned URLs, the storage service."""

from replica.faults.fault import NO_INCIDENT, Fault

BUCKET = (
    Fault(
        "bucket-refuses-origin",
        "The files bucket's CORS rules do not know the app's origin: browsers can neither "
        "upload nor read.",
        "CORS",
    ),
    Fault(
        "bucket-cors-forgets-put",
        "The files bucket's CORS rules allow the app's origin to read and not to PUT.",
        "CORS",
    ),
    Fault(
        "bucket-cors-forgets-type",
        "The files bucket's CORS rules do not allow the header content-type, which uploads have.",
        "CORS",
    ),
    Fault(
        "bucket-is-public-to-read",
        "The files bucket's policy lets everybody read, without a signature.",
        NO_INCIDENT,
    ),
    Fault(
        "bucket-key-refuses-uploads",
        "User-service's role may not use the bucket's KMS key: S3 takes none of its uploads.",
        "512b4a66",
    ),
    Fault(
        "bucket-key-refuses-downloads",
        "Storage's role may encrypt with the bucket's KMS key and not decrypt: S3 gives nothing "
        "back.",
        "512b4a66",
    ),
    Fault(
        "bucket-ignores-signatures",
        "The files bucket gives objects to anyone, whatever the signature in the URL says.",
        NO_INCIDENT,
    ),
)

STORAGE = (
    Fault(
        "storage-base-path-mismatch",
        "The storage service serves /api/storage, the gateway sends /storage: every call "
        "is a 404 that becomes HTML.",
        "V6 §1, §2",
    ),
    Fault(
        "storage-presigns-with-dev-credentials",
        "Upload URLs are signed with the development credential minioadmin that was baked "
        "into the image.",
        "V6 §3",
    ),
    Fault(
        "storage-presigns-for-localhost",
        "Upload URLs point to localhost:9000, which no user's browser can reach.",
        "V6 §3",
    ),
    Fault(
        "storage-presigns-through-cdn",
        "Presigned URLs go through the CDN host with the bucket's name in the path, where "
        "no object lies.",
        "04be7992",
    ),
    Fault(
        "storage-presigns-with-static-key",
        "Presigned URLs carry a long-lived access key and no session token, since the "
        "pod's role is missing.",
        "Pod Identity missing",
    ),
    Fault(
        "storage-has-no-s3-credentials",
        "The storage service's pod gets no credentials for S3: whoever wants to upload is told so "
        "with 400.",
        "contract §4.3",
    ),
    Fault(
        "presign-outlives-policy",
        "The storage service's presigned URLs stay valid for a week instead of minutes.",
        NO_INCIDENT,
    ),
    Fault(
        "storage-confirms-lost-upload",
        "An uploaded object is gone when the upload is confirmed, yet the file is listed "
        "as ACTIVE.",
        "confirm without check",
    ),
    Fault(
        "storage-admits-strangers",
        "The storage service does not check membership: a stranger sees a workspace's files.",
        NO_INCIDENT,
    ),
    Fault(
        "membership-check-fails",
        "The storage service cannot reach the user service, so every member is refused with 403.",
        "contract §4.2",
    ),
    Fault(
        "storage-hands-out-wrong-file",
        "A download URL leads to the bytes of another file.",
        NO_INCIDENT,
    ),
    Fault(
        "storage-lists-nothing",
        "The drive's contents leave out every folder and file, as if there were none; each "
        "is there when asked for.",
        "ec5a5876",
    ),
    Fault(
        "storage-keeps-deleted-object",
        "A file deleted for good stays readable, and its object stays in the bucket.",
        NO_INCIDENT,
    ),
)

PRESIGN = (
    Fault(
        "board-presigns-for-yesterday",
        "Board-service's upload URLs bear yesterday's date: S3 takes none of them.",
        NO_INCIDENT,
    ),
    Fault(
        "board-presigns-with-dead-key",
        "Board-service signs upload URLs with a key that S3 does not know.",
        NO_INCIDENT,
    ),
    Fault(
        "board-presigns-for-another-service",
        "Board-service's upload URLs name another AWS service than S3 in their scope.",
        NO_INCIDENT,
    ),
    Fault(
        "board-names-another-key",
        "Board-service names another key than its upload URL leads to: nobody finds the file.",
        NO_INCIDENT,
    ),
    Fault(
        "user-presigns-over-http",
        "User-service's upload URLs go over http: bytes and signature in clear.",
        NO_INCIDENT,
    ),
    Fault(
        "user-presigns-for-reading",
        "User-service signs upload URLs for GET, so that nothing can be uploaded.",
        NO_INCIDENT,
    ),
    Fault(
        "chat-presigns-for-seconds",
        "Chat-service's upload URLs end after 20 seconds instead of 300.",
        NO_INCIDENT,
    ),
)
