"""What the libraries trust that export spans and metrics and send notices: what every other client
of a run trusts.

They read REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE, which name one file in place of the system's. So a
run takes the machine's out of its environment, and names a file of its own there.
"""

import atexit
import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path

import certifi

BUNDLE = "REQUESTS_CA_BUNDLE"
NAMES = (BUNDLE, "CURL_CA_BUNDLE")
_CERTIFICATE = "CERTIFICATE-----"  # PEM's words for a certificate, trusted or plain, end so


def replace(environ: MutableMapping[str, str], ca: str) -> None:
    """Those libraries trust `ca`, which may be "", beside the system's authorities or those of
    SSL_CERT_FILE and SSL_CERT_DIR.
    """
    for name in NAMES:
        environ.pop(name, None)
    files = list(_files(environ, ca))
    environ[BUNDLE] = str(files[0]) if len(files) == 1 else _join(files)


def trust(environ: Mapping[str, str]) -> ssl.SSLContext:
    """A context for who reads no variable, with what `replace` has named."""
    context = ssl.create_default_context()
    if bundle := environ.get(BUNDLE):
        with contextlib.suppress(OSError):  # it is gone, or holds no certificate
            context.load_verify_locations(bundle)
    return context


def is_empty() -> bool:
    """Whether this machine has no authority of its own, as a container without ca-certificates, or
    one whose SSL_CERT_FILE and SSL_CERT_DIR lead nowhere.
    """
    known = ssl.get_default_verify_paths()
    file = os.environ.get(known.openssl_cafile_env, known.openssl_cafile)
    named = os.environ.get(known.openssl_capath_env, known.openssl_capath)
    folders = filter(None, named.split(os.pathsep))
    has_file = Path(file).is_file() and _CERTIFICATE in _read(Path(file))
    # OpenSSL looks there by the hash of a name.
    return not has_file and not any(any(Path(folder).glob("*.[0-9]")) for folder in folders)


def _files(environ: Mapping[str, str], ca: str) -> Iterator[Path]:
    named = Path(environ.get("SSL_CERT_FILE", ""))
    yield (
        named if named.is_file() else Path(ssl.get_default_verify_paths().cafile or certifi.where())
    )
    for folder in filter(None, environ.get("SSL_CERT_DIR", "").split(os.pathsep)):
        if Path(folder).is_dir():
            yield from sorted(path for path in Path(folder).iterdir() if path.is_file())
    if ca:
        yield Path(ca)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "ignore")
    except OSError:  # of a folder that others fill
        return ""


def _join(files: list[Path]) -> str:
    """One file with all of them, for as long as this process lives."""
    texts = [_read(path) for path in files]
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="wealist-probes-", suffix=".pem", delete=False
    ) as file:
        file.write("\n".join(texts))
    atexit.register(Path(file.name).unlink, missing_ok=True)
    return file.name
