"""What a redirect in an answer's place comes from, by where it leads; pure."""

from urllib.parse import urlsplit

from probes.finding import Code, Finding
from probes.transport.http import Answer, service
from probes.transport.typed_answers import split_url

DOUBLED_SLASH = (
    "gateway rewrite: the service redirects a path that it got with a doubled slash (f53a0b5e)"
)
PLAIN_HTTP = (
    "a redirect to plain HTTP: who sends it does not know that it is behind TLS (X-Forwarded-Proto)"
)
DEVELOPMENT = "a redirect to a development address: a setting of who sends it"


def explain_redirect(answer: Answer) -> Finding:
    """Name what a redirect in an answer's place comes from, by where it leads; pure."""
    location = answer.headers.get("location", "nowhere")
    there, here = split_url(location), urlsplit(answer.url)
    observed = f"{answer}, a redirect to {location}"
    if there.scheme == "https" and here.scheme == "http" and there.hostname == here.hostname:
        return Finding(Code.ROUTE_BROKEN, observed, "redirect to HTTPS: this host speaks HTTP here")
    if there.scheme == "http" and here.scheme == "https" and there.hostname == here.hostname:
        return Finding(Code.ROUTE_BROKEN, observed, PLAIN_HTTP)
    if there.hostname in ("localhost", "127.0.0.1") and there.hostname != here.hostname:
        return Finding(Code.ROUTE_BROKEN, observed, DEVELOPMENT)
    if there.netloc and there.hostname != here.hostname:
        return Finding(Code.ROUTE_BROKEN, observed, f"a redirect to another host: {there.hostname}")
    if "login" in there.path or "oauth2" in there.path:
        cause = f"{service(answer.url)} or the gateway: the request counts as not signed in"
        return Finding(Code.ROUTE_BROKEN, observed, cause)
    if there.path == here.path and there.query == here.query:
        cause = f"{service(answer.url)} or the gateway: it sends who asks to the same address again"
        return Finding(Code.ROUTE_BROKEN, observed, cause)
    if there.path.rstrip("/") == here.path.rstrip("/"):
        cause = f"{service(answer.url)}: its route differs by the last slash"
        return Finding(Code.ROUTE_BROKEN, observed, cause)
    if there.path and here.path != there.path and here.path.endswith(there.path):
        # gin and Spring redirect `//x`, which a rewrite to `/` leaves, to the `/x` that they know.
        return Finding(Code.ROUTE_BROKEN, observed, DOUBLED_SLASH)
    return Finding(Code.ROUTE_BROKEN, observed, "the gateway's rewrite")
