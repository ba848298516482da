"""Certificates for the replica's hosts, from an authority of its own that lives as long as the
replica does.

trustme issues them: it makes authorities for tests and nothing else. As usual, a server does not
send its root: who trusts it has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

DAYS_LEFT = 90
FEW_DAYS_LEFT = 10


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where a served chain and its key lie."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """The authority's certificate, and a served one by purpose: a host's part, or the fault that
    shows it.
    """

    authority: Path
    by_purpose: Mapping[str, Certificate]


def issue(folder: Path, names: Mapping[str, str]) -> Certificates:
    """A certificate for each host name in `names` (by its part), and the two that faults need."""
    folder.mkdir()
    authority = trustme.CA()
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(path)
    wanted = {part: (name, DAYS_LEFT) for part, name in names.items()}
    wanted["certificate-expires-soon"] = (names["api"], FEW_DAYS_LEFT)
    wanted["certificate-names-other-host"] = (f"other.{names['apex']}", DAYS_LEFT)
    served = {
        part: _issue(authority, folder / part, name, days) for part, (name, days) in wanted.items()
    }
    return Certificates(path, served)


def _issue(authority: trustme.CA, stem: Path, name: str, days: int) -> Certificate:
    # An hour more, so that "ten days left" is still true at the end of a long day's run.
    until = datetime.now(UTC) + timedelta(days=days, hours=1)
    leaf = authority.issue_cert(name, not_after=until)
    certificate = Certificate(stem.with_suffix(".pem"), stem.with_suffix(".key"))
    certificate.chain.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(certificate.key)
    return certificate
