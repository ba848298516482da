"""What the public must not reach or read, one typed line each; `closed` in [exposure] says what is
promised.

A name in `closed` covers what begins with it: "metrics" covers "metrics-user".
"""

from probes.services.exposure import Endpoint

GO = ("user", "board", "chat", "noti", "storage")
# What is not JSON, by what begins a line of it (Prometheus text format; Git; YAML).
METRICS = r"^# (?:HELP|TYPE) |^[a-z]\w*(?:\{[^}]*\})? [-+.\dNI]"
GIT, YAML = r"^ref: |^[0-9a-f]{40}$", r"^[\w-]+:(?: |$)"
BROKEN_JSON = '{"'  # what a careless service answers with its insides

ENDPOINTS = (
    Endpoint(
        "test-token", "/api/svc/auth/api/test/token", method="POST", body='{"userId": "{user}"}'
    ),
    Endpoint("internal-user-exists", "/api/svc/user/api/internal/users/{user}/exists"),
    Endpoint(
        "internal-user-login", "/api/svc/user/api/internal/oauth/login", method="POST", body="{}"
    ),
    Endpoint("internal-noti", "/api/svc/noti/api/internal/notifications", method="POST", body="{}"),
    *(Endpoint(f"metrics-{name}", f"/api/svc/{name}/metrics", proof=METRICS) for name in GO),
    Endpoint("metrics-ops", "/api/ops/metrics", proof=METRICS),
    Endpoint("metrics-auth", "/api/svc/auth/actuator/prometheus", proof=METRICS),
    # Not heapdump: where it is open, asking for it takes all of a pod's memory over the wire.
    *(
        Endpoint(f"actuator-{n}", f"/api/svc/auth/actuator/{n}")
        for n in ("env", "configprops", "beans", "mappings")
    ),
    Endpoint("prometheus", "/api/monitoring/prometheus/api/v1/status/buildinfo"),
    Endpoint("loki", "/api/monitoring/loki/loki/api/v1/labels"),
    Endpoint("git-app", "/.git/HEAD", host="apex", proof=GIT),
    Endpoint("git-portal", "/api/ops-portal/.git/HEAD", proof=GIT),
    Endpoint("config-app", "/config.yaml", host="apex", proof=YAML),
    *(Endpoint(f"config-{name}", f"/api/svc/{name}/config.yaml", proof=YAML) for name in GO),
    Endpoint("source-maps-app", "/", "sources", host="apex"),
    Endpoint("source-maps-portal", "/api/ops-portal/login", "sources", host="apex"),
    Endpoint(
        "stack-traces-auth", "/api/svc/auth/api/auth/refresh", "trace", "POST", body=BROKEN_JSON
    ),
    Endpoint("stack-traces-user", "/api/svc/user/api/users", "trace", "POST", body=BROKEN_JSON),
    Endpoint("stack-traces-board", "/api/svc/board/api/boards", "trace", "POST", body=BROKEN_JSON),
    Endpoint("cors-auth", "/api/svc/auth/.well-known/jwks.json", "origin"),
    *(Endpoint(f"cors-{name}", f"/api/svc/{name}/health/live", "origin") for name in GO),
    Endpoint("cors-ops", "/api/ops/api/config/active", "origin"),
    Endpoint("security-headers-app", "/", "headers", host="apex"),
    Endpoint("security-headers-portal", "/api/ops-portal/login", "headers", host="apex"),
)
