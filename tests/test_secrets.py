"""Nothing that a run leaves gives a secret away: each kind is planted, and every file is searched,
archives opened.
"""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import jwt
import pytest

from tests.conftest import Probe, Replica, begin, ended
from tests.support.leaks import everything, leaks
from tests.test_stopped_runs import OWN, scenario_file

TOKEN = jwt.encode(
    {"sub": "b0395e6e", "exp": 1767330809, "type": "access"}, "k" * 32, algorithm="HS256"
)
SECRETS = {
    "token": TOKEN,
    "signature": "f" * 63 + "1",
    "session": "FwoGZXIvYXdzEPLANTEDsessionTOKEN0123456789",
    "cookie": "SESSIONplanted0123456789abcdef",
    "password": "planted-Passw0rd-in-a-body",
    "key": "planted-internal-api-key-77",
    "refresh": "planted-opaque-refresh-token-4711",
    "second cookie": "PROVIDERplanted9876543210fedcba",
    "private member": "plAnted7pR1vateM3mber0fAk3yWh1chN0b0dyS33s",
    "fragment": "pl4nt3dFr4gm3ntT0k3nAbCdEf01",
    "userinfo": "planted-pa55word-of-a-store",
}
PRESIGNED = (
    "/file.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAPLANTEDKEY000001%2F20260102%2Fx%2Fs3%2Faws4_request"
    f"&X-Amz-Signature={SECRETS['signature']}&X-Amz-Security-Token={quote(SECRETS['session'])}"
)
PAGE = f"""<!doctype html><html><body><div id="root">planted</div><script>
localStorage.setItem("accessToken", "{TOKEN}");
document.cookie = "SESSION={SECRETS["cookie"]}";
console.error("connecting to wss://x/ws?token={TOKEN}");
fetch("/api/svc/auth/api/auth/refresh", {{
  method: "POST",
  headers: {{Authorization: "Bearer {TOKEN}"}},
  body: JSON.stringify({{
    refreshToken: "{SECRETS["refresh"]}", password: "{SECRETS["password"]}"
  }})
}});
fetch("{PRESIGNED}");
history.replaceState(null, "", "/back?from=" + "{SECRETS["second cookie"]}");
fetch("/back?to={SECRETS["second cookie"]}#{SECRETS["fragment"]}");
console.error("moved to //store:{SECRETS["userinfo"]}@x/y, then #{SECRETS["fragment"]}");
</script></body></html>"""
REPLY = json.dumps(
    {
        "accessToken": TOKEN,
        "refreshToken": SECRETS["refresh"],
        "error": f"invalid token: {TOKEN}, expired",
        "keys": [{"kty": "RSA", "kid": "planted-kid", "d": SECRETS["private member"]}],
        "store": f"http://store:{SECRETS['userinfo']}@x/y",
    }
)

FAILS = f"""
async def test_everything_that_holds_a_secret_is_touched(web, browser, target):
    "This fails with secrets in every place."
    apex = target.hosts.apex
    await web.ask("POST", apex + "/api/svc/auth/api/auth/refresh", token={TOKEN!r},
                  headers={{"x-internal-api-key": {SECRETS["key"]!r},
                            "cookie": "SESSION=" + {SECRETS["cookie"]!r}}},
                  json={{"password": {SECRETS["password"]!r},
                         "refreshToken": {SECRETS["refresh"]!r}}})
    await web.ask("GET", apex + {PRESIGNED!r}, kind="s3")
    await web.ask("GET", apex + "/back?to=" + {SECRETS["second cookie"]!r}
                  + "#" + {SECRETS["fragment"]!r})
    await web.ask("GET", apex.replace("//", "//store:" + {SECRETS["userinfo"]!r} + "@") + "/api/")
    async with browser.visit("/?token=" + {TOKEN!r}) as visit:
        await visit.page.wait_for_load_state("networkidle")
        cookie = "SESSION=" + {SECRETS["cookie"]!r}
        raise AssertionError("refused: invalid token: " + {TOKEN!r} + ", cookie " + cookie)
"""


class Leaky(BaseHTTPRequestHandler):
    """Answers secrets in bodies and headers, whatever it is asked."""

    def do_GET(self) -> None:
        api = self.path.startswith("/api/")
        media_type, body = ("application/json", REPLY) if api else ("text/html", PAGE)
        self.send_response(200)
        self.send_header("content-type", media_type)
        self.send_header("set-cookie", f"SESSION={SECRETS['cookie']}; Path=/; HttpOnly")
        self.send_header("set-cookie", f"P={SECRETS['second cookie']}; Path=/elsewhere; HttpOnly")
        self.end_headers()
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.wfile.write(body.encode())

    do_POST = do_GET  # noqa: N815 - the name that the standard library looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        pass


@pytest.fixture
def leaky(tmp_path: Path) -> Iterator[str]:
    """The environment file of a target that gives everything away."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Leaky)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    origin = f"http://localhost:{server.server_port}"
    path = tmp_path / "leaky.toml"
    path.write_text(
        f'name = "leaky"\n[hosts]\napex = "{origin}"\napi = "{origin}"\n[workspace]\nid = "w"\n'
    )
    yield str(path)
    server.shutdown()
    thread.join()
    server.server_close()


def spellings(secret: str) -> list[bytes]:
    return [
        secret.encode(),
        quote(secret, safe="").encode(),
        base64.b64encode(secret.encode()).rstrip(b"="),
        secret.encode().hex().encode(),
    ]


def test_planted_secrets_are_nowhere(leaky: str, tmp_path: Path) -> None:
    """A failing run over a target that leaks everything leaves a picture and a trace, and not one
    secret.
    """
    own = scenario_file(tmp_path, FAILS)
    arguments = [
        *OWN,
        "--env",
        leaky,
        "--no-confirm",
        "--junitxml",
        str(tmp_path / "runs" / "wished.xml"),
    ]
    run = ended(begin(tmp_path / "runs", *arguments, scenarios=own), tmp_path / "runs")
    left = dict(everything(run))
    names = " ".join(left)
    assert run.code == 1, run.output
    assert all(
        part in names for part in (".png", "trace.zip:", "spans.jsonl", "run.jsonl", "junit.xml")
    ), names
    left["wished.xml"] = (tmp_path / "runs" / "wished.xml").read_bytes()
    leaks = [
        (kind, name)
        for kind, secret in SECRETS.items()
        for spelling in spellings(secret)
        for name, content in left.items()
        if spelling in content
    ]
    assert leaks == []


PAGES_AND_FILES = ["page-throws-on-load", "storage-confirms-lost-upload", "bucket-refuses-origin"]
# A token stands in each URL of a socket and a stream, and a refresh answers with two.
SOCKETS_AND_STREAMS = [
    "socket-refuses-with-500",
    "chat-mangles-text",
    "stream-cut-early",
    "gateway-replays-refresh",
]


@pytest.mark.parametrize(
    "faults", [PAGES_AND_FILES, SOCKETS_AND_STREAMS], ids=["pages-and-files", "sockets"]
)
def test_a_red_run_against_the_replica_leaves_no_token(
    faults: list[str], replica: Replica, probe: Probe
) -> None:
    """Real tokens and presigned URLs of a run that breaks in many places are in none of its
    files.
    """
    replica.set_faults(faults)
    run = probe("--env", str(replica.environment), "--no-confirm")
    assert run.code == 1
    assert leaks(run, replica.secrets()) == []
    wanted = {".jsonl", ".xml"} | ({".zip", ".png"} if faults is PAGES_AND_FILES else set())
    assert {Path(name.partition(":")[0]).suffix for name, _ in everything(run)} >= wanted
