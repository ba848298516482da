"""Faults of LiveKit, of the app's way to it, and of the ways that media takes (V6 §5 and its
neighbours).

"livekit.md" is the digest of what LiveKit's server, its SDKs and weAlist's attempt to run it do,
read in their sources.
"""

from replica.faults.fault import NO_INCIDENT, Fault

# What stands before the server.
EDGE = (
    Fault(
        "livekit-has-no-pods",
        "LiveKit's pods crash in a loop; its host still has a route, and Envoy answers 503 "
        "for all of them.",
        "V6 §5, livekit.md §0",
    ),
    Fault(
        "livekit-host-serves-html",
        "LiveKit's host is the site's: every path answers 200 with the app's HTML.",
        "V6 §5, livekit.md §0",
    ),
    Fault(
        "livekit-route-is-missing",
        "The gateway has no route for LiveKit's host and answers everything with an empty 404.",
        "livekit.md §0, ceff9a2b",
    ),
    Fault(
        "livekit-gateway-strips-upgrade",
        "The gateway passes LiveKit's socket on without its Upgrade header: joins get "
        "LiveKit's 404.",
        "livekit.md §6",
    ),
)
SERVER = (
    Fault(
        "livekit-loses-redis",
        "LiveKit has lost Redis: its own state is stale, it says that it is not ready, and "
        "nobody can join.",
        "livekit.md §0, §2",
    ),
    Fault(
        "livekit-join-hangs",
        "LiveKit takes a join and never answers it: the message bus between its parts is silent.",
        "livekit.md §2",
    ),
    Fault(
        "livekit-is-another-version",
        "LiveKit has been updated past what the clients were tested with: 1.13.5, protocol "
        "17, other signalling.",
        "livekit.md §2",
    ),
)
KEYS = (
    Fault(
        "livekit-key-is-unknown",
        "LiveKit's keys.yaml does not have the key that app and probes sign with.",
        "V6 §5",
    ),
    Fault(
        "livekit-secret-differs",
        "LiveKit's keys.yaml has another secret for the key; its refusal repeats the whole token.",
        "V6 §5, livekit.md §2",
    ),
    Fault(
        "livekit-clock-runs-ahead",
        "The clock of LiveKit's node is an hour ahead: every fresh token has expired.",
        "livekit.md §2",
    ),
    Fault(
        "livekit-accepts-dev-keys",
        "LiveKit takes devkey and its published secret: anybody can join any room.",
        "livekit.md §7, contract §7.2",
    ),
    Fault(
        "livekit-ignores-signatures",
        "LiveKit reads tokens without verifying them: anybody can join any room.",
        NO_INCIDENT,
    ),
    Fault(
        "livekit-shows-debug",
        "LiveKit runs with --dev: its goroutines and rooms can be read at /debug on the "
        "public host.",
        "livekit.md §2",
    ),
)
# The app's own way.
APP = (
    Fault(
        "app-signs-with-another-key",
        "Video-service signs with a key that LiveKit does not have, while the probes' is good.",
        "V6 §5",
    ),
    Fault(
        "app-token-lacks-grant",
        "Video-service's tokens name a room and do not allow to join it.",
        "livekit.md §7",
    ),
    Fault(
        "app-token-names-another-room",
        "Video-service's tokens are for another room than the one that was joined: everybody is "
        "alone there.",
        "livekit.md §7",
    ),
    Fault(
        "app-token-lives-too-long",
        "Video-service's tokens are good for ten years.",
        "contract §7.1",
    ),
    Fault(
        "app-hands-out-wrong-livekit-url",
        "Video-service tells pages to dial the app's own host below /svc/livekit, which "
        "serves HTML.",
        "V6 §5, livekit.md §0",
    ),
)
# Where media goes, and what becomes of it.
MEDIA = (
    Fault(
        "livekit-advertises-private-address",
        "LiveKit names its pod's private address for media, which no user can reach.",
        "V6 §5, livekit.md §6",
    ),
    Fault(
        "livekit-advertises-nat-gateway",
        "LiveKit asked a STUN server who it is and names the NAT gateway's address, where "
        "nothing comes in.",
        "V6 §5, livekit.md §0",
    ),
    Fault(
        "livekit-udp-is-blocked",
        "No UDP passes between users and LiveKit: calls go over TCP.",
        "V6 §5",
    ),
    Fault(
        "livekit-offers-no-tcp",
        "LiveKit has no TCP port for media: whoever cannot use UDP has no call.",
        "V6 §5",
    ),
    Fault(
        "livekit-ports-are-closed",
        "Neither UDP nor TCP for media passes: everybody joins, nobody connects.",
        "V6 §5",
    ),
    Fault(
        "livekit-firewall-is-stateful",
        "The security group lets in only what LiveKit has called first: calls work by hole "
        "punching, where they do.",
        "livekit.md §3.4",
    ),
    Fault(
        "livekit-dtls-fails",
        "ICE connects and no DTLS passes: the keys for media are never agreed.",
        "livekit.md §6",
    ),
    Fault(
        "livekit-drops-calls",
        "LiveKit's pod ends in the middle of a call: everybody is disconnected as soon as somebody "
        "sends data.",
        NO_INCIDENT,
    ),
    Fault(
        "livekit-drops-data",
        "LiveKit passes no data messages on.",
        NO_INCIDENT,
    ),
    Fault(
        "livekit-drops-media",
        "LiveKit announces tracks and passes no sound on.",
        NO_INCIDENT,
    ),
    Fault(
        "livekit-loses-packets",
        "Every tenth packet of media from LiveKit is lost.",
        NO_INCIDENT,
    ),
    Fault(
        "livekit-turn-refuses",
        "LiveKit offers a TURN relay that refuses the password that came with it.",
        "livekit.md §6",
    ),
)

LIVEKIT = (*EDGE, *SERVER, *KEYS, *APP, *MEDIA)
BESIDE = (*EDGE, *APP)  # told by others than the server, whichever that is
