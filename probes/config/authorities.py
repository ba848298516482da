"""Whom all clients of a run trust: the authorities that browsers trust (certifi keeps Mozilla's
list), those of this machine, those of SSL_CERT_FILE and SSL_CERT_DIR, and `ca` of [tls]. None of
them displaces another: a list that is short must not make a good certificate look bad.

Who exports spans and metrics and sends notices reads REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE, which
name one file in place of the system's. So a run takes the machine's out of its environment, and
names a file of its own there.
"""

import atexit
import contextlib
import os
import ssl
import tempfile
from collections.abc import Mapping, MutableMapping
from pathlib import Path

import certifi

BUNDLE = "REQUESTS_CA_BUNDLE"
NAMES = (BUNDLE, "CURL_CA_BUNDLE")
FILE, FOLDERS = "SSL_CERT_FILE", "SSL_CERT_DIR"
_BUNDLES = "wealist-probes-"
_CERTIFICATE = "CERTIFICATE-----"  # PEM's words for a certificate, trusted or plain, end so


def context(environ: Mapping[str, str], ca: str) -> ssl.SSLContext:
    """For a client. Raises OSError or ValueError where `ca`, which may be "", is no PEM file."""
    made = ssl.create_default_context(cafile=certifi.where())
    for file in _of_machine(environ):
        with contextlib.suppress(OSError):  # a folder may hold other files, too
            made.load_verify_locations(file)
    if ca:
        made.load_verify_locations(ca)
    return made


def replace(environ: MutableMapping[str, str], ca: str) -> None:
    """The libraries that send trust what all trust; `ca` may be "". Where no file can be written,
    they trust what they do by themselves: the authorities of browsers.
    """
    for name in NAMES:
        environ.pop(name, None)
    with contextlib.suppress(OSError):
        bundle = _temporary_file()
        write(bundle, environ, ca)
        environ[BUNDLE] = str(bundle)


def write(bundle: Path, environ: Mapping[str, str], ca: str) -> None:
    """One file with all of them, for who can be told of one only. Raises OSError."""
    places = [Path(certifi.where()), *_of_machine(environ)]
    if ca:
        places.append(Path(ca))
    bundle.write_text("\n".join(map(_read, places)), "utf-8")


def trust(environ: Mapping[str, str]) -> ssl.SSLContext:
    """A context for who reads no variable, with what `replace` has named."""
    made = ssl.create_default_context()
    if bundle := environ.get(BUNDLE):
        with contextlib.suppress(OSError):  # it is gone, or holds no certificate
            made.load_verify_locations(bundle)
    return made


def variables_without_certificate(environ: Mapping[str, str]) -> str:
    """The variables that lead to no certificate, though they are to name whom this machine trusts;
    "" where there is none.
    """
    places = {FILE: _variable_file(environ), FOLDERS: _variable_folder_files(environ)}
    return " and ".join(
        name for name, files in places.items() if environ.get(name) and not _has_certificate(files)
    )


def _temporary_file() -> Path:
    """For as long as this process lives. Raises OSError."""
    _remove_abandoned()
    descriptor, name = tempfile.mkstemp(prefix=f"{_BUNDLES}{os.getpid()}-", suffix=".pem")
    os.close(descriptor)
    atexit.register(Path(name).unlink, missing_ok=True)
    return Path(name)


def _remove_abandoned() -> None:
    """Files of runs that were killed outright."""
    for file in Path(tempfile.gettempdir()).glob(f"{_BUNDLES}*-*.pem"):
        owner = file.name.removeprefix(_BUNDLES).partition("-")[0]
        if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
            with contextlib.suppress(OSError):  # somebody else's
                file.unlink(missing_ok=True)


def _has_certificate(files: list[Path]) -> bool:
    return any(_CERTIFICATE in _read(file) for file in files)


def _of_machine(environ: Mapping[str, str]) -> list[Path]:
    """Where OpenSSL was built to look, and where the variables say; neither displaces the other. A
    folder's files need not bear the hash of a name.
    """
    known = ssl.get_default_verify_paths()
    return [
        *(_file_if_there(known.openssl_cafile) or inside(known.openssl_capath)),
        *files_of_variables(environ),
    ]


def files_of_variables(environ: Mapping[str, str]) -> list[Path]:
    """The files that SSL_CERT_FILE and SSL_CERT_DIR lead to."""
    return [*_variable_file(environ), *_variable_folder_files(environ)]


def _variable_file(environ: Mapping[str, str]) -> list[Path]:
    return _file_if_there(environ.get(FILE, ""))


def _variable_folder_files(environ: Mapping[str, str]) -> list[Path]:
    folders = filter(None, environ.get(FOLDERS, "").split(os.pathsep))
    return [file for folder in folders for file in inside(folder)]


def _file_if_there(file: str) -> list[Path]:
    # Path.is_file raises where the way there may not be looked at.
    return [Path(file)] if os.path.isfile(file) else []  # noqa: PTH113


def inside(folder: str) -> list[Path]:
    """The files in a folder; none where there is none, or where it may not be looked at."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - as above
    except OSError:
        return []
    return [file for name in names for file in _file_if_there(os.path.join(folder, name))]  # noqa: PTH118


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "ignore")
    except OSError:  # of a folder that others fill
        return ""
