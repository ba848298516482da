"""Where spans go behind [proxy]."""

from pathlib import Path

from probes.config import proxies
from probes.config.proxies import Proxy
from probes.recording.spans import Tracing
from tests.support.http_proxy import http_proxy


def test_spans_go_through_the_proxy_of_the_environment_file(tmp_path: Path) -> None:
    """And directly to a collector on this machine."""
    environ: dict[str, str] = {}
    with http_proxy("502") as proxy:
        proxies.replace(environ, Proxy(proxy.url))
        for number, url in enumerate(("http://collector.invalid", "http://127.0.0.1:1")):
            environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = url
            tracing = Tracing(tmp_path / str(number), "run-1", "replica", "0.1.0", environ)
            tracing.start("a span").end()
            assert tracing.finish(9).lost == 1
    assert {place for _, place, _ in proxy.seen} == {"collector.invalid:80"}
