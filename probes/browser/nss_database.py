"""Write authorities into an NSS database: `python -m probes.browser.nss_database FOLDER < PEM`.

By libnss3, without which no Chromium starts; the command certutil, which does the same, is a
package that few machines have.
"""

import ctypes
import ssl
import sys
from typing import Any

LIBRARY = "libnss3.so"
# certdb.h: CERTDB_VALID_CA and CERTDB_TRUSTED_CA, which certutil writes as "C,,".
_TRUSTED_CA = 0x08 | 0x10


class _Item(ctypes.Structure):
    """SECItem of seccomon.h."""

    _fields_ = (("type", ctypes.c_int), ("data", ctypes.c_char_p), ("length", ctypes.c_uint))


class _Trust(ctypes.Structure):
    """CERTCertTrust of certt.h: for TLS, e-mail, code."""

    _fields_ = (("tls", ctypes.c_uint), ("email", ctypes.c_uint), ("code", ctypes.c_uint))


def write(folder: str, authorities: list[bytes]) -> None:
    """Make the database in `folder`, which exists. Raises OSError where NSS will not."""
    nss = _library()
    _expect(nss.NSS_InitReadWrite(f"sql:{folder}".encode()), "NSS_InitReadWrite")
    slot = nss.PK11_GetInternalKeySlot()
    if nss.PK11_NeedUserInit(slot):
        _expect(nss.PK11_InitPin(slot, None, None), "PK11_InitPin")
    for number, authority in enumerate(authorities):
        _add(nss, slot, authority, f"probes {number}")


def _add(nss: Any, slot: int, authority: bytes, nickname: str) -> None:
    database = nss.CERT_GetDefaultCertDB()
    item = _Item(0, authority, len(authority))
    certificate = nss.CERT_NewTempCertificate(database, ctypes.byref(item), None, 0, 1)
    if not certificate:
        raise OSError("NSS does not read one of the certificates (CERT_NewTempCertificate)")
    imported = nss.PK11_ImportCert(slot, certificate, 0, nickname.encode(), 0)
    _expect(imported, "PK11_ImportCert")
    trust = _Trust(_TRUSTED_CA, 0, 0)
    trusted = nss.CERT_ChangeCertTrust(database, certificate, ctypes.byref(trust))
    _expect(trusted, "CERT_ChangeCertTrust")


def _library() -> Any:
    nss = ctypes.CDLL(LIBRARY)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("NSS_InitReadWrite", number, [text]),
        ("PK11_GetInternalKeySlot", pointer, []),
        ("PK11_NeedUserInit", number, [pointer]),
        ("PK11_InitPin", number, [pointer, text, text]),
        ("CERT_GetDefaultCertDB", pointer, []),
        ("CERT_NewTempCertificate", pointer, [pointer, pointer, text, number, number]),
        ("PK11_ImportCert", number, [pointer, pointer, ctypes.c_ulong, text, number]),
        ("CERT_ChangeCertTrust", number, [pointer, pointer, pointer]),
    ):
        function = getattr(nss, name)
        function.restype, function.argtypes = result, arguments
    return nss


def _expect(status: int, function: str) -> None:
    if status:
        raise OSError(f"NSS refuses {function}")


def main() -> int:
    """One sentence on the last line of standard error where it cannot be done."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=sys.stdin.read())
    try:
        write(sys.argv[1], context.get_ca_certs(binary_form=True))
    except OSError as error:
        print(f"{error}; install libnss3", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
