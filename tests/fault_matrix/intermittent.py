"""Rows of the faults that a user meets at times: one instance of several, or one address of two."""

from probes.finding import Code


def of_host(host: str) -> tuple[str, ...]:
    """The scenarios that ask only whether a host is there."""
    return f"edge/the-certificate-holds[{host}]", f"edge/every-connection-is-served[{host}]"


INTERMITTENT: dict[str, dict[str, str]] = {
    "address-shows-other-certificate": {
        "edge/every-connection-is-served[apex]": Code.INTERMITTENT,
    },
    "address-has-no-targets": {"edge/every-connection-is-served[livekit]": Code.INTERMITTENT},
    "endpoint-outlives-pod": {"edge/a-route-answers-json[ops-config-api]": Code.INTERMITTENT},
    "selector-takes-in-other-pod": {
        "edge/a-route-answers-json[noti-list-api]": Code.INTERMITTENT,
    },
    "one-pod-of-five-is-gone": {
        "edge/a-route-answers-json[chat-online-api]": Code.INTERMITTENT,
    },
}

INTERMITTENT_CAUSES = {
    "address-shows-other-certificate": "1 of 2 addresses of the name, 127.0.0.2; certificate",
    "address-has-no-targets": "1 of 2 addresses of the name, 127.0.0.2",
    "endpoint-outlives-pod": "instances",
    "selector-takes-in-other-pod": "instances",
    "one-pod-of-five-is-gone": "instances",
}
