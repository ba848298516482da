"""Which way leads to the cluster's API."""

import pytest

from probes.cluster.connection import is_by_environment
from probes.config import proxies
from probes.config.proxies import Proxy


@pytest.mark.parametrize(
    ("server", "is_proxied"),
    [
        ("https://172.20.0.1:443", False),
        ("https://ABC.gr7.ap-northeast-2.eks.amazonaws.com", True),
        ("https://127.0.0.1:6443", False),
        ("https://localhost:6443", False),
    ],
)
def test_the_api_server_is_asked_as_the_environment_file_says(
    server: str, is_proxied: bool
) -> None:
    """A network in `direct` counts, which the library by itself does not know."""
    environ: dict[str, str] = {}
    proxies.replace(environ, Proxy("http://proxy.invalid:1", direct=("172.20.0.0/16",)))
    assert is_by_environment(server, environ) is is_proxied


def test_a_server_elsewhere_is_asked_as_ever_without_a_proxy() -> None:
    """The library then finds no variable that leads anywhere."""
    assert is_by_environment("https://172.20.0.1:443", {})
