"""Have Chromium trust what every other client of a run trusts: the authorities of `[tls] ca`, of
SSL_CERT_FILE and SSL_CERT_DIR, and those that were added to this machine's own.

Chromium on Linux trusts its own root store and the NSS database in the user's home, and nothing
else (chromium.googlesource.com, net/data/ssl/chrome_root_store/faq.md). Names and dates are checked
as ever.
"""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import certifi

from probes.config import authorities
from probes.config.environment import Target
from probes.finding import CannotAsk

TIMEOUT_S = 30.0  # a tenth of a second an authority, more on a busy machine
# Where administrators put authorities of their own: Debian and Alpine, Red Hat.
_ADDED = ("/usr/local/share/ca-certificates", "/etc/pki/ca-trust/source/anchors")
# Chromium looks for the first, newer versions for the second where there is no first.
_MODULE = "probes.browser.nss_database"
_DATABASE = Path(".pki") / "nssdb"


def home(target: Target, folder: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment to start a browser in, with a home in `folder` that holds the authorities.
    The home stays as it is where there are none. Raises CannotAsk.
    """
    own = own_authorities(target, environ)
    if not own:
        return dict(environ)
    database = folder / _DATABASE
    if not database.exists():
        database.mkdir(parents=True, mode=0o700)
        _write(database, own)
    return {**environ, "HOME": str(folder)}


def own_authorities(target: Target, environ: Mapping[str, str] = os.environ) -> list[bytes]:
    """DER certificates that Chromium would not trust by itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for path in _places(target, environ):
        with suppress(OSError):  # no certificate, or none that can be read
            context.load_verify_locations(path)
    ours = context.get_ca_certs(binary_form=True)
    if not ours:
        return []
    public = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    public.load_verify_locations(certifi.where())
    known = set(public.get_ca_certs(binary_form=True))
    return [authority for authority in ours if authority not in known]


def _places(target: Target, environ: Mapping[str, str]) -> Iterator[Path]:
    if target.tls.ca:
        yield Path(target.tls.ca)
    yield from authorities.files_of_variables(environ)
    for folder in _ADDED:
        yield from authorities.inside(folder)


def _write(database: Path, own: list[bytes]) -> None:
    """In a process of its own: NSS is a library of C with a state for the whole process."""
    words = [sys.executable, "-m", _MODULE, str(database)]
    pem = "".join(ssl.DER_cert_to_PEM_cert(authority) for authority in own)
    try:
        done = subprocess.run(
            words,
            input=pem,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        wrong = done.stderr.strip().rpartition("\n")[2] if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        wrong = str(error)
    if wrong:
        raise CannotAsk(f"the browser cannot be given the environment's authorities: {wrong}")
