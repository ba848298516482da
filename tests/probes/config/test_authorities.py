"""Who exports and who sends notices trusts what every other client of a run trusts."""

import os
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import certifi
import pytest
import trustme

from probes.config import authorities
from probes.doctor import checks
from probes.recording import otlp_export
from reports.publish import notice_send, otlp_metrics, pushgateway

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", "0")))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return authority


@pytest.fixture
def place(authority: trustme.CA) -> Iterator[str]:
    """A receiver's host and port, with a certificate of an authority that no system knows."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def export_spans(place: str) -> None:
    with otlp_export._CollectorSession() as session:
        session.post(f"https://{place}", data=b"", timeout=30)


def export_metrics(place: str) -> None:
    with otlp_metrics._Listening() as session:
        session.post(f"https://{place}", data=b"", verify=True, timeout=30)


def push(place: str) -> None:
    with pushgateway._session(None) as session:
        session.post(f"https://{place}", data=b"", timeout=30)


def notify(place: str) -> None:
    if wrong := notice_send.send(f"jsons://{place}", "title", "body", bad=True):
        raise ssl.SSLError(wrong)


def look(place: str) -> None:
    checks.pushgateway({"PROBES_PUSHGATEWAY_URL": f"https://{place}"})


CLIENTS = [export_spans, export_metrics, push, notify, look]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("by", ["ca", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_each_client_trusts_what_the_others_do(
    client: Callable[[str], None],
    by: str,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And not before: the variables that only requests knows are not obeyed."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("no_proxy", "localhost")
    authorities.replace(os.environ, "")
    with pytest.raises(Exception, match=r"CERTIFICATE_VERIFY_FAILED|did not take it|not answer"):
        client(place)
    folder, file = str(tmp_path), str(tmp_path / "ca.pem")
    if by == "ca":
        authorities.replace(os.environ, file)
    else:
        named = file if by == "SSL_CERT_FILE" else folder
        monkeypatch.setenv(by, named)
        authorities.replace(os.environ, "")
    client(place)


@pytest.fixture
def browsers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that browsers trust, and this machine does not know."""
    public = trustme.CA()
    public.cert_pem.write_to_path(tmp_path / "browsers.pem")
    monkeypatch.setattr(certifi, "where", lambda: str(tmp_path / "browsers.pem"))
    return public


def test_no_authority_displaces_another(
    authority: trustme.CA, browsers: trustme.CA, tmp_path: Path
) -> None:
    """A company's own in SSL_CERT_FILE, what a folder holds that can be read, `ca`, the machine's
    and those of browsers, in the context of a client and in the file of who sends.
    """
    company, other, folder = trustme.CA(), trustme.CA(), tmp_path / "folder"
    folder.mkdir()
    company.cert_pem.write_to_path(tmp_path / "company.pem")
    other.cert_pem.write_to_path(folder / "other.pem")
    (folder / "no certificate").write_bytes(b"\xff")
    environ = {"SSL_CERT_FILE": str(tmp_path / "company.pem"), "SSL_CERT_DIR": str(folder)}
    ca = str(tmp_path / "ca.pem")
    authorities.replace(environ, ca)
    sender = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    sender.load_verify_locations(environ[authorities.BUNDLE])
    of_machine = ssl.create_default_context().get_ca_certs(binary_form=True)
    private = [der(each) for each in (authority, browsers, company, other)]
    for context in (sender, authorities.context(environ, ca)):
        assert set(context.get_ca_certs(binary_form=True)) == {*of_machine, *private}


@pytest.mark.parametrize("variable", [authorities.FILE, authorities.FOLDERS])
def test_a_place_that_cannot_be_looked_at_is_told_and_harms_nobody(
    variable: str, tmp_path: Path
) -> None:
    """A path that no system takes, as one in a folder of somebody else's: no traceback."""
    environ = {variable: str(tmp_path / ("x" * 300))}
    assert authorities.context(environ, "").cert_store_stats()["x509_ca"]
    assert authorities.variables_without_certificate(environ) == variable


def test_what_killed_runs_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What belongs to the living, or to others, stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = [f"wealist-probes-{os.getpid()}-x.pem", "wealist-probes-mine-x.pem", "other-1-x.pem"]
    for name in (*kept, f"wealist-probes-{2**22 + 1}-x.pem"):
        (tmp_path / name).touch()
    environ: dict[str, str] = {}
    authorities.replace(environ, "")
    made = Path(environ[authorities.BUNDLE]).name
    assert {path.name for path in tmp_path.iterdir()} == {*kept, made}


def test_a_full_disk_leaves_senders_what_browsers_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No run ends for want of a file for them."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    environ = {authorities.BUNDLE: "/stale.pem"}
    authorities.replace(environ, "")
    assert environ == {}
    assert authorities.trust(environ).cert_store_stats()["x509_ca"]


def der(authority: trustme.CA) -> bytes:
    return ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode())
