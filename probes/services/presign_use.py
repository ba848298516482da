"""Presigned URLs put to use, as a browser and a thief would: what S3 must take, and what it must
not.

Sources: contract 1.5 (CORS), 4.3 (signing), 4.4 (reading by the CDN), Fetch standard (CORS
protocol).
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from probes.finding import Broken, Code, Finding, broken_promise
from probes.recording.recorder import current
from probes.services.presign import STAMP, Presigned, expect_refused, expect_stored, tamper
from probes.transport.http import Answer, Web

SHORT_LIFE_S = 10  # what can be waited for
WEEK_S = 7 * 24 * 3600  # the longest that SigV4 knows
AFTER_S = 1.0
NO_PUT = "bucket CORS: AllowedMethods lacks PUT (contract 1.5)"
NO_TYPE = "bucket CORS: AllowedHeaders lacks content-type (contract 1.5)"
NO_ORIGIN = "bucket CORS: it does not allow the app's origin (contract 1.5)"


@dataclass(frozen=True, slots=True)
class Upload:
    """A presigned PUT with what may be sent there. `key`: the object's, as the issuer names it;
    `read_url`: where it can be read; both empty where nobody says.
    """

    issuer: str
    presigned: Presigned
    key: str
    read_url: str
    content_type: str
    content: bytes

    async def put(self, web: Web, url: str = "") -> Answer:
        """What S3 answers to the content at `url`, or where it belongs."""
        headers = {"content-type": self.content_type}
        place = url or self.presigned.url
        return await web.ask("PUT", place, content=self.content, headers=headers, kind="s3")


async def send(web: Web, upload: Upload) -> None:
    """S3 takes the upload. Raises Broken."""
    expect_stored(await upload.put(web))


async def expect_comes_back(web: Web, upload: Upload) -> None:
    """What was uploaded is read where the app would show it. Raises Broken."""
    await send(web, upload)
    if upload.key and unquote(upload.presigned.path).lstrip("/").endswith(upload.key) is False:
        observed = (
            f"the URL leads to {upload.presigned.path}, and the issuer calls the file {upload.key}"
        )
        raise broken_promise(
            Code.UPLOAD_LOST, observed, f"{upload.issuer}-service: the key of the file"
        )
    if not upload.read_url:
        current().note("nobody says where the upload can be read: hosts.cdn is empty")
        return
    answer = await web.ask("GET", upload.read_url, kind="s3")
    if answer.status != 200 or answer.body != upload.content:
        observed = f"{answer} with {len(answer.body)} bytes for an upload of {len(upload.content)}"
        cause = f"the address that {upload.issuer}-service makes of the file's key, or the CDN"
        raise broken_promise(Code.UPLOAD_LOST, observed, cause)


async def expect_tampered_refused(web: Web, upload: Upload) -> None:
    """S3 takes the upload, and not the same one for another object. Raises Broken."""
    await send(web, upload)  # where that fails, a refusal of the other proves nothing
    expect_refused(await upload.put(web, tamper(upload.presigned.url)))


async def expect_nothing_unsigned(web: Web, upload: Upload) -> None:
    """Without a signature the bucket gives, takes and lists nothing. Raises Broken."""
    await send(web, upload)
    parts = urlsplit(upload.presigned.url)
    bare = urlunsplit(parts._replace(query=""))
    listing = urlunsplit(parts._replace(path=_bucket_path(web), query="list-type=2"))
    for what, answer in (
        ("gives the object", await web.ask("GET", bare, kind="s3")),
        ("lists the bucket", await web.ask("GET", listing, kind="s3")),
        ("takes an object", await upload.put(web, f"{bare}.unsigned")),
    ):
        if finding := explain_unsigned(what, answer, upload.content):
            raise Broken(finding)


def _bucket_path(web: Web) -> str:
    """Where the bucket itself stands at its host. In virtual-host style a key begins there, so that
    nothing of the URL tells.
    """
    promised = web.target.presign
    return f"/{promised.bucket}" if promised and promised.style == "path" else "/"


def explain_unsigned(what: str, answer: Answer, content: bytes) -> Finding | None:
    """Name what a bucket does for who has no signature; None where nothing shows that it did, as
    the bytes, a listing or an object's tag would; pure.
    """
    shown = {
        "gives": answer.body == content,
        "lists": b"<ListBucketResult" in answer.body,
        "takes": "etag" in answer.headers,
    }
    if answer.status >= 300 or not shown[what.partition(" ")[0]]:
        return None
    cause = "the bucket's policy or ACL, which names everybody; or a proxy that signs for everybody"
    return Finding(Code.BUCKET_PUBLIC, f"{answer}: S3 {what} to who has no signature", cause)


async def expect_dies(web: Web, upload: Upload) -> None:
    """S3 takes the upload, and neither after its end nor with another date or life. Raises
    Broken.
    """
    await send(web, upload)
    for url in (with_old_date(upload.presigned), with_longest_life(upload.presigned)):
        expect_refused(await upload.put(web, url))
    life_s = upload.presigned.lifetime_s
    if life_s is None or life_s > SHORT_LIFE_S:
        return
    await asyncio.sleep(life_s + AFTER_S)
    answer = await upload.put(web)
    if answer.status < 300:
        observed = f"{answer} to an upload {AFTER_S:g} s after its URL had ended"
        raise broken_promise(
            Code.PRESIGN_LIFETIME, observed, "S3, or a proxy that signs for everybody"
        )


def with_old_date(signed: Presigned) -> str:
    """The URL with a date that is long over, under the old signature; pure."""
    life = timedelta(seconds=(signed.lifetime_s or 0), days=1)
    return _change_query(signed.url, {"x-amz-date": (datetime.now(UTC) - life).strftime(STAMP)})


def with_longest_life(signed: Presigned) -> str:
    """The URL with the longest life that there is, under the old signature; pure."""
    life_s = WEEK_S if signed.lifetime_s != WEEK_S else WEEK_S - 1
    return _change_query(signed.url, {"x-amz-expires": str(life_s)})


def _change_query(url: str, values: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    changed = [(name, values.get(name.lower(), value)) for name, value in query]
    return urlunsplit(parts._replace(query=urlencode(changed)))


async def expect_browser_may_upload(web: Web, upload: Upload) -> None:
    """The bucket answers the preflight of the app's upload with yes. Raises Broken."""
    answer = await _preflight(web, upload, "PUT", "content-type")
    finding = explain_preflight(answer, web.target.hosts.apex, "PUT", "content-type")
    if finding is None:
        return
    cause = NO_ORIGIN
    # Where an easier question is answered with yes, what it leaves out is what the rules lack.
    for method, header, lacking in (("PUT", "", NO_TYPE), ("GET", "content-type", NO_PUT)):
        easier = await _preflight(web, upload, method, header)
        if not explain_preflight(easier, web.target.hosts.apex, method, header):
            cause = lacking
    raise broken_promise(finding.code, finding.observed, cause)


async def _preflight(web: Web, upload: Upload, method: str, header: str) -> Answer:
    asked = {"origin": web.target.hosts.apex, "access-control-request-method": method}
    asked |= {"access-control-request-headers": header} if header else {}
    return await web.ask("OPTIONS", upload.presigned.url, headers=asked, kind="s3")


def explain_preflight(answer: Answer, origin: str, method: str, header: str) -> Finding | None:
    """Name what a preflight from `origin` was not allowed; None where all of it was; pure."""
    allowed = answer.headers.get("access-control-allow-origin", "")
    methods = _header_words(answer, "access-control-allow-methods")
    headers = _header_words(answer, "access-control-allow-headers")
    if answer.status >= 300 or allowed not in (origin, "*"):
        lacking = f"{allowed or 'no origin'}"
    elif not {method.lower(), "*"} & methods:
        lacking = f"{', '.join(sorted(methods)) or 'no method'}, and {method} was asked for"
    elif header and not {header, "*"} & headers:
        lacking = f"{', '.join(sorted(headers)) or 'no header'}, and {header} was asked for"
    else:
        return None
    observed = f"{answer} to the preflight from {origin}, allowing {lacking}"
    return Finding(Code.UPLOAD_BLOCKED, observed, NO_ORIGIN)


def _header_words(answer: Answer, name: str) -> set[str]:
    words = answer.headers.get(name, "").replace("\n", ",").split(",")
    return {word.strip().lower() for word in words if word.strip()}
