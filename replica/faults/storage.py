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
