"""Places for an edge that is only looked at."""

from pathlib import Path

from replica.edge.places import Places
from replica.infra.certificates import Certificate

PEM = Certificate(Path("chain.pem"), Path("key.pem"))
SHOWN = (
    "apex",
    "api",
    "cdn",
    "bucket",
    "google",
    "livekit",
    "certificate-expires-soon",
    "certificate-names-other-host",
)
PLACES = Places(
    apex=1001,
    api=1002,
    cdn=1003,
    bucket=1004,
    plain=1005,
    google=1008,
    livekit=1009,
    s3="127.0.0.1:1006",
    filer="127.0.0.1:1007",
    gateway="gateway.sock",
    provider="google.sock",
    calls="127.0.0.1:9009",
    admin="admin.sock",
    storage="storage",
    upstreams={
        "auth": ["127.0.0.1:9007"],
        "auth-2": ["127.0.0.1:9008"],
        "storage": ["127.0.0.1:1"],
        "chat": ["127.0.0.1:2", "127.0.0.1:3"],
        "board": ["127.0.0.1:4"],
    },
    certificates=dict.fromkeys(SHOWN, PEM),
)
