"""What a page uploads: each PUT goes to the bucket, and is taken there."""

from urllib.parse import urlsplit

from probes.browser.page import Visit
from probes.browser.page_replies import Reply
from probes.finding import Broken, Code, broken_promise
from probes.services import presign


async def expect_puts(visit: Visit, claim: str) -> int:
    """How many uploads the page sent, each to the bucket and taken there; `claim` is what the page
    says of them. Raises Broken.
    """
    await visit.settle()
    puts = visit.puts()
    for put in puts:
        visit.blame(put)
        if put.answer.url.startswith(visit.target.hosts.apex):
            raise nowhere(claim, f"the PUT went to the site itself: {put.answer}")
        presign.expect_trusted(put.answer.url, visit.target.presign)
        _expect_taken(put)
    if puts:
        visit.recorder.subject = None
    return len(puts)


def is_confirmation(reply: Reply) -> bool:
    """Whether the service has answered that it took an upload; pure. A call that failed on its way
    has no status, and the page makes it again.
    """
    path = urlsplit(reply.answer.url).path
    asked = reply.answer.method == "POST" and path.rstrip("/").endswith("/confirm")
    return asked and 200 <= reply.answer.status < 300 and not reply.answer.is_html


def nowhere(claim: str, observed: str) -> Broken:
    """An upload that went nowhere."""
    return broken_promise(
        Code.PAGE_UPLOAD_NOWHERE,
        f"{claim}, and {observed}",
        "the page: it uploads to an undefined URL and does not look at the answer (contract 3.6)",
    )


def _expect_taken(put: Reply) -> None:
    if put.failure:
        raise broken_promise(
            Code.UPLOAD_BLOCKED,
            f"the browser blocked the upload: {put.failure}",
            "bucket CORS: it does not allow the app's origin",
        )
    presign.expect_stored(put.answer)
