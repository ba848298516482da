"""Monitoring, as open as weAlist's."""

from tests.support.service_fixtures import Ask

PREFIX = "/api/monitoring"


async def test_prometheus_and_loki_ask_nobody_who_he_is(ask: Ask) -> None:
    """Grafana does (contract §8)."""
    monitoring = ask("monitoring")
    assert (
        await monitoring.get(f"{PREFIX}/prometheus/-/healthy")
    ).text == "Prometheus Server is Healthy.\n"
    assert (await monitoring.get(f"{PREFIX}/prometheus/api/v1/status/buildinfo")).json()[
        "status"
    ] == "success"
    assert (await monitoring.get(f"{PREFIX}/loki/ready")).text == "ready\n"
    assert (await monitoring.get(f"{PREFIX}/loki/loki/api/v1/labels")).json()["status"] == "success"
    for path in ("", "/d/some-dashboard"):
        answer = await monitoring.get(f"{PREFIX}/grafana{path}")
        assert (answer.status_code, answer.headers["location"]) == (302, f"{PREFIX}/grafana/login")
    assert (await monitoring.get(f"{PREFIX}/grafana/login")).status_code == 200
