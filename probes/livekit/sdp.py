"""Session descriptions: the addresses in the server's offer, and an answer that tells it nothing of
ours (RFC 8839).
"""

import json
from collections.abc import Iterator

from aioice import Candidate

# An answer must name one; with no handshake to follow, any will do.
FINGERPRINT = ":".join(["00"] * 32)


def first_attribute(sdp: str, name: str) -> str:
    """The first value of an attribute; bundled media share it."""
    return next(
        (
            line.removeprefix(f"a={name}:")
            for line in sdp.splitlines()
            if line.startswith(f"a={name}:")
        ),
        "",
    )


def is_ice_lite(sdp: str) -> bool:
    """Whether the server leaves the checks to its clients (RFC 8445 section 2.5)."""
    return "a=ice-lite" in sdp.splitlines()


def complete(sdp: str) -> bool:
    """Whether no candidates follow."""
    return "a=end-of-candidates" in sdp.splitlines()


def candidates(sdp: str) -> list[Candidate]:
    """Media's addresses in a session description, once each; what belongs to RTCP alone is left
    out.
    """
    lines = dict.fromkeys(
        line.removeprefix("a=") for line in sdp.splitlines() if line.startswith("a=candidate:")
    )
    return [candidate for line in lines for candidate in _parse(line)]


def parse_trickle(init: str) -> list[Candidate]:
    """Of a trickle's JSON; the last one may be empty."""
    try:
        line = json.loads(init).get("candidate", "")
    except (ValueError, AttributeError):
        return []
    return [*_parse(line)]


def _parse(line: str) -> Iterator[Candidate]:
    try:
        candidate = Candidate.from_sdp(line.removeprefix("candidate:"))
    except (ValueError, AssertionError, IndexError):
        return
    if candidate.component == 1:
        yield candidate


def make_answer(offer: str, ufrag: str, password: str) -> str:
    """An answer that takes the data channel, declines all media, and says nowhere where we are."""
    head, *media = offer.replace("\r\n", "\n").strip("\n").split("\nm=")
    accepted = [
        first_attribute(section, "mid") for section in media if section.startswith("application ")
    ]
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(accepted)}",
    ]
    lines += ["a=msid-semantic: WMS"] if "msid-semantic" in head else []
    for section in media:
        lines += _section(section, ufrag, password)
    return "\r\n".join(lines) + "\r\n"


def _section(section: str, ufrag: str, password: str) -> list[str]:
    kind, _, protocol, *formats = section.partition("\n")[0].split()
    mid = f"a=mid:{first_attribute(section, 'mid')}"
    if kind != "application":
        return [f"m={kind} 0 {protocol} {' '.join(formats)}", "c=IN IP4 0.0.0.0", "a=inactive", mid]
    return [
        f"m=application 9 {protocol} {' '.join(formats)}",
        "c=IN IP4 0.0.0.0",
        mid,
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{password}",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=setup:active",
        "a=sctp-port:5000",
        "a=max-message-size:65536",
    ]
