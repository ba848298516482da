"""The files bucket: what S3 checks, SeaweedFS must check here, or a probe's promise would be
empty.
"""

from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.conftest import Replica
from tests.support.replica_visitor import Visitor

TEXT = {"Content-Type": "text/plain"}


def changed(url: str, name: str, value: str | None) -> str:
    """The URL with one query parameter set to another value, or left out."""
    at = urlsplit(url)
    query = {key: values[0] for key, values in parse_qs(at.query).items() if key != name}
    return at._replace(
        query=urlencode(query | ({name: value} if value is not None else {}))
    ).geturl()


def tampered(url: str) -> str:
    return changed(url, "X-Amz-Signature", "0" * 64)


def preflight(visitor: Visitor, url: str, origin: str) -> httpx.Response:
    asks = {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }
    return visitor.http.options(url, headers={"Origin": origin, **asks})


def test_credentials_are_a_role_s(visitor: Visitor) -> None:
    """A presigned URL shows a temporary key and its session token, for the virtual host with its
    port.
    """
    url = urlsplit(visitor.upload_url())
    said = parse_qs(url.query)
    assert said["X-Amz-Credential"][0].startswith("ASIA")
    assert "X-Amz-Security-Token" in said
    assert url.netloc == visitor.environment["presign"]["host"]


def test_an_upload_arrives(replica: Replica, visitor: Visitor) -> None:
    """What is put by presigned URL lies in the bucket, under the key, and the CDN serves it to
    anyone.
    """
    url = visitor.upload_url()
    assert visitor.http.put(url, content=b"hello", headers=TEXT).status_code == 200
    assert visitor.get("cdn", urlsplit(url).path).content == b"hello"
    assert any(name.endswith("한글 b.txt") for name in replica.state()["names"]["objects"])


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("X-Amz-Signature", "0" * 64, "SignatureDoesNotMatch"),
        ("X-Amz-Expires", "299", "SignatureDoesNotMatch"),
        ("X-Amz-Security-Token", None, "InvalidAccessKeyId"),
        ("X-Amz-Security-Token", "x.y.z", "InvalidAccessKeyId"),
        ("X-Amz-Date", "20200101T000000Z", ""),
    ],
)
def test_a_changed_url_is_refused(
    name: str, value: str | None, code: str, visitor: Visitor
) -> None:
    """Signature, lifetime, date and session token are all checked."""
    answer = visitor.http.put(
        changed(visitor.upload_url(), name, value), content=b"hello", headers=TEXT
    )
    assert answer.status_code == 403
    assert code in answer.text
    assert answer.headers["server"] == "AmazonS3"


def test_another_content_type_is_taken(visitor: Visitor) -> None:
    """Only the host is signed, as weAlist's Go SDK does it (contract 4.3)."""
    answer = visitor.http.put(
        visitor.upload_url(), content=b"hello", headers={"Content-Type": "text/html"}
    )
    assert answer.status_code == 200


def test_nobody_reads_without_a_signature(visitor: Visitor) -> None:
    """An object's bare address is refused, though the site's bucket is open to CloudFront."""
    url = visitor.upload_url()
    visitor.http.put(url, content=b"hello", headers=TEXT)
    assert visitor.http.get(urlsplit(url)._replace(query="").geturl()).status_code == 403


def test_the_app_s_origin_may_upload_and_no_other(visitor: Visitor) -> None:
    """The preflight and the answer itself let the app in; a stranger's origin is refused."""
    url, apex = visitor.upload_url(), visitor.environment["hosts"]["apex"]
    assert preflight(visitor, url, apex).headers["access-control-allow-origin"] == apex
    put = visitor.http.put(url, content=b"hello", headers={**TEXT, "Origin": apex})
    assert put.headers["access-control-allow-origin"] == apex
    assert "ETag" in put.headers["access-control-expose-headers"]
    assert preflight(visitor, url, "https://evil.example").status_code == 403


def test_bucket_refuses_origin(replica: Replica, visitor: Visitor) -> None:
    """The app's preflight fails and answers lack its header, while a client without an origin
    succeeds.
    """
    url, apex = visitor.upload_url(), visitor.environment["hosts"]["apex"]
    replica.set_faults(["bucket-refuses-origin"])
    assert preflight(visitor, url, apex).status_code == 403
    answer = visitor.http.put(url, content=b"hello", headers={**TEXT, "Origin": apex})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    replica.set_faults([])
    assert preflight(visitor, url, apex).status_code == 200


def test_bucket_ignores_signatures(replica: Replica, visitor: Visitor) -> None:
    """Whatever the signature, the object is given and taken; the origin's rule holds; afterwards it
    is refused.
    """
    url, apex = visitor.upload_url(), visitor.environment["hosts"]["apex"]
    replica.set_faults(["bucket-ignores-signatures"])
    assert visitor.http.put(tampered(url), content=b"hello", headers=TEXT).status_code == 200
    assert visitor.http.get(tampered(url)).content == b"hello"
    assert preflight(visitor, url, apex).status_code == 200
    assert preflight(visitor, url, "https://evil.example").status_code == 403
    replica.set_faults([])
    assert visitor.http.get(tampered(url)).status_code == 403
