"""Certificates: each host its own, without the authority, and days left as the faults say."""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from replica.edge.places import NAMES
from replica.infra import certificates


def issued(folder: Path, part: str) -> list[x509.Certificate]:
    """The chain that a part shows."""
    served = certificates.issue(folder / "tls", NAMES).by_purpose
    return x509.load_pem_x509_certificates(served[part].chain.read_bytes())


def names(certificate: x509.Certificate) -> list[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return found.value.get_values_for_type(x509.DNSName)


def days_left(certificate: x509.Certificate) -> int:
    return (certificate.not_valid_after_utc - datetime.now(UTC)).days


def test_each_host_shows_its_own_name(tmp_path: Path) -> None:
    """The bucket's virtual host too, which no wildcard of S3 covers here."""
    [leaf] = issued(tmp_path, "bucket")
    assert names(leaf) == [NAMES["bucket"]]
    assert days_left(leaf) == 90


def test_the_authority_is_in_its_file_and_not_in_the_handshake(tmp_path: Path) -> None:
    """As with any server: who trusts the root has it."""
    [leaf] = issued(tmp_path, "apex")
    authority = x509.load_pem_x509_certificate((tmp_path / "tls" / "ca.pem").read_bytes())
    leaf.verify_directly_issued_by(authority)


def test_the_faults_have_certificates_of_their_own(tmp_path: Path) -> None:
    """One ends in ten days, one names another host."""
    soon, other = (issued(tmp_path / part, part)[0] for part in made(tmp_path))
    assert (names(soon), days_left(soon)) == ([NAMES["api"]], 10)
    assert NAMES["apex"] not in names(other)


def made(folder: Path) -> list[str]:
    parts = ["certificate-expires-soon", "certificate-names-other-host"]
    for part in parts:
        (folder / part).mkdir()
    return parts
