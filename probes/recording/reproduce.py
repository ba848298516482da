"""The shell line that shows a finding again, without a secret in it.

A request that stands by itself is repeated: by curl, or by `python -m probes ask` where a test user
must sign in for it. What a shell cannot repeat (a page, a talk over a socket, a file that is gone,
somebody's forged token) is asked again as the whole promise.
"""

import json
import re
import shlex
from urllib.parse import unquote, urlsplit

from probes.config.environment import LOOPBACK
from probes.config.proxies import Proxy
from probes.config.urls import USUAL_PORTS
from probes.recording.ask_again import COMMAND, AskAgain
from probes.recording.recorder import AUTHORIZATION, HELD_OPEN, Exchange, Recorder
from probes.recording.redactor import Redactor
from probes.recording.secret_replacements import PLACEHOLDER

# Headers that an answer may hang on, which a shell line repeats.
REPEATED = (
    "content-type",
    "x-workspace-id",
    "origin",
    "access-control-request-method",
    "access-control-request-headers",
)
# What makes a request an upgrade (RFC 6455); any key will do to see the answer's status.
UPGRADE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "cHJvYmVzIGFuZCBwcm9iZXM=",
}
# Sockets and streams carry their token in the URL (contract 3.4).
TOKEN_IN_URL = re.compile(r"(?<=[?&]token=)[^&#]+")
_SPACES = re.compile(r"[\x00-\x20]")  # which other clients encode and curl refuses
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LONGEST_BODY_BYTES = 2000  # bytes; as much of a body as a shell line may hold
REPEATABLE = ("GET", "HEAD", "OPTIONS", "POST", "HANDSHAKE", "NAVIGATE")
OPENED = (101, 200)


def reproduce_command(recorder: Recorder) -> str:
    """The line for what broke in this attempt; "" where nothing was sent that could be repeated."""
    evidence, exchange = recorder.evidence, recorder.last
    again, redactor = evidence.again, evidence.redactor
    if not again.environment:
        return curl(exchange, redactor, again.ca, again.proxy) if exchange else ""
    promise = promise_command(recorder)
    if exchange is None or again.ends_with_run or not _is_telling(recorder, exchange):
        return promise
    token = sent_token(exchange)
    owner = again.owner(token or "")
    is_anonymous = token is None
    if not (owner or is_anonymous) or not _is_repeatable(exchange, token or "", redactor, again):
        return promise
    if owner:
        return ask(exchange, owner, again.environment)
    return curl(exchange, redactor, again.ca, again.proxy)


def promise_command(recorder: Recorder) -> str:
    """The line for the whole promise of this attempt; "" where nobody can ask again."""
    again = recorder.evidence.again
    return again.scenario_command(recorder.scenario or "") if again.environment else ""


def sent_token(exchange: Exchange) -> str | None:
    """The access token that was sent, in its header or in the URL; None where there was none."""
    sent = {name.lower(): value for name, value in exchange.request_headers.items()}
    if AUTHORIZATION in sent:
        return sent[AUTHORIZATION].partition(" ")[2]
    found = TOKEN_IN_URL.search(exchange.url)
    return unquote(found[0]) if found else None


def _is_telling(recorder: Recorder, exchange: Exchange) -> bool:
    """Whether the exchange by itself shows what broke: not where a socket opened and something went
    wrong over it, nor where a page did something with good answers.
    """
    if exchange.kind in HELD_OPEN:
        return exchange.status not in OPENED
    if recorder.subject is None and any(_has_cookies(each) for each in recorder.exchanges):
        return False  # one step of a journey, which the steps before it have led to
    if exchange.method == "NAVIGATE":
        return exchange.status is None or exchange.status >= 400
    is_of_a_visit = any(each.method == "NAVIGATE" for each in recorder.exchanges)
    return recorder.subject is exchange or not is_of_a_visit


def _has_cookies(exchange: Exchange) -> bool:
    return "cookie" in {name.lower() for name in exchange.request_headers}


def _is_repeatable(exchange: Exchange, token: str, redactor: Redactor, again: AskAgain) -> bool:
    """Whether nothing of the request is secret, besides `token`, or gone with the run."""
    if exchange.method not in REPEATABLE or exchange.kind == "cluster":
        return False
    headers = dict(exchange.request_headers)
    others = {name: value for name, value in headers.items() if name.lower() != AUTHORIZATION}
    if redactor.headers(others) != others:
        return False
    url, body = _without_token(exchange.url), exchange.request_body.decode("utf-8", "replace")
    if redactor.url(url) != url or (token and token in url + body):
        return False
    if not set(ID.findall((url + body).lower())) <= again.ids:
        return False
    return not body or _is_repeatable_body(body, headers.get("content-type", ""), redactor)


def _is_repeatable_body(body: str, media_type: str, redactor: Redactor) -> bool:
    if "json" not in media_type or len(body) > LONGEST_BODY_BYTES:
        return False
    try:
        return bool(json.loads(redactor.document(body)) == json.loads(body))
    except ValueError:
        return False


def _without_token(url: str) -> str:
    return TOKEN_IN_URL.sub(PLACEHOLDER, url)


def ask(exchange: Exchange, owner: str, environment: str) -> str:
    """A line of ours that repeats `exchange`, with a token that `owner` is given for it."""
    words = [*COMMAND, _own_url(exchange), "--env", environment, "--as", owner]
    if exchange.kind == "stream":
        words.append("--stream")
    if exchange.method != "GET":
        words += ["-X", exchange.method]
    sent = {name.lower(): value for name, value in exchange.request_headers.items()}
    for name in REPEATED:
        if name in sent and exchange.kind != "socket":
            words += ["-H", f"{name}: {sent[name]}"]
    if exchange.request_body:
        words += ["--data", exchange.request_body.decode()]
    return shlex.join(words)


def _own_url(exchange: Exchange) -> str:
    url = _without_token(exchange.url)
    return "ws" + url.removeprefix("http") if exchange.kind == "socket" else url


def _manner(exchange: Exchange) -> list[str]:
    """How curl is to ask. A page is asked for as its document; of a handshake curl's words are
    wanted; an upgrade is one of HTTP/1.1 only, and what is held open ends after nine seconds.
    """
    if exchange.kind == "tls":
        return ["-v", "-o", "/dev/null"]
    if exchange.method == "HEAD":
        return ["-I"]
    manner = ["-i"]
    if exchange.kind in HELD_OPEN:
        manner += ["-N", "-m", "9", "--http1.1"]
    if exchange.method not in ("GET", "NAVIGATE"):
        manner += ["-X", exchange.method]
    if set("[]{}") & set(exchange.url):
        manner.append("-g")  # they stand for themselves
    return manner


def curl(exchange: Exchange, redactor: Redactor, ca: str = "", proxy: Proxy | None = None) -> str:
    """A shell line that repeats `exchange`; where a token was sent it says $TOKEN."""
    words = ["curl", "-sS", *_manner(exchange)]
    if ca:
        words += ["--cacert", ca]
    host = urlsplit(exchange.url).hostname or ""
    is_proxied = proxy is not None and proxy.leads_to(host)
    if proxy and is_proxied:
        words += ["--proxy", proxy.url]
    elif host.endswith(".localhost"):
        parts = urlsplit(exchange.url)
        words += [
            "--resolve",
            f"{host}:{parts.port or USUAL_PORTS[parts.scheme]}:{LOOPBACK}",
        ]
    sent = {name.lower(): value for name, value in exchange.request_headers.items()}
    repeated = {name: sent[name] for name in REPEATED if name in sent}
    repeated |= {**UPGRADE, "origin": sent["origin"]} if exchange.kind == "socket" else {}
    for name, value in redactor.headers(repeated).items():
        words += ["-H", f"{name}: {value}"]
    kind = sent.get("content-type", "")
    if exchange.request_body and "json" in kind:
        words += ["--data-raw", redactor.body(exchange.request_body, kind)]
    line = shlex.join(words)
    if proxy and is_proxied and proxy.credentials:
        line += f' --proxy-user "${proxy.credentials}"'
    if AUTHORIZATION in sent:
        line += f' -H "Authorization: Bearer {PLACEHOLDER}"'
    url = _SPACES.sub(lambda match: f"%{ord(match[0]):02X}", exchange.url)
    if exchange.kind in HELD_OPEN:
        # Their token is in the URL (contract 3.4).
        place, _, query = url.partition("?")
        name = query.partition("=")[0]
        return f"{line} {shlex.quote(redactor.url(place))}" + (
            f'"?{name}={PLACEHOLDER}"' if query else ""
        )
    return f"{line} {shlex.quote(redactor.url(url))}"
