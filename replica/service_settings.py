"""What the edge and the bucket tell the services: where they are reached, and with which
credentials.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublicHosts:
    """The public base URLs, without a slash at the end."""

    apex: str
    api: str
    cdn: str
    plain: str


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """The files bucket, as the services reach it and as a browser does.

    `endpoint` is internal and path style, and never signed for a browser. `host` is the public
    virtual host with its port: presigned URLs name it, and the edge keeps it, because SigV4 signs
    the Host header.
    """

    endpoint: str
    host: str
    bucket: str
    region: str
    access_key: str
    secret_key: str
    session_token: str
    scheme: str = "https"
    # A user's key that never ends, as it stands where a pod has no role: good for the bucket, bad
    # to have.
    static_access_key: str = ""
    static_secret_key: str = ""


# What a page is sent with, so that nobody frames it, guesses its type, or tells a third host what
# its address holds.
SECURITY_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Content-Security-Policy": "frame-ancestors 'none'",
}
