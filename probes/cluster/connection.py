"""The way to the API server that a kubeconfig, or the pod's own account, describes."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from probes.config import proxies
from probes.config.cluster import ClusterConfig
from probes.finding import CannotAsk

try:
    import httpx2
    from lightkube.config.client_adapter import AsyncClient, ConnectionParams
    from lightkube.config.kubeconfig import KubeConfig
    from lightkube.core.exceptions import ConfigError
except ImportError as error:
    raise CannotAsk(
        "[cluster] needs: pip install 'wealist-probes[kubernetes]', which brings lightkube"
    ) from error

FAILURES = (httpx2.HTTPError, ConfigError, OSError)


def connect(config: ClusterConfig) -> httpx2.AsyncClient:
    """An HTTP pool with the account's credentials, renewed as they expire. Raises CannotAsk.

    lightkube reads the kubeconfig and signs in; its typed lists are not used: to make models of all
    that a Pod has takes longer than to ask for it.
    """
    try:
        found = _kubeconfig(config).get(config.context or None)
        if found is None or found.user is None:
            raise CannotAsk("the context of [cluster] names no user; name one in the kubeconfig")
        timeout = httpx2.Timeout(config.ask_timeout_s)
        return AsyncClient(
            found,
            ConnectionParams(timeout=timeout, trust_env=is_by_environment(found.cluster.server)),
        )
    except (ConfigError, OSError, KeyError, ValueError) as error:
        raise CannotAsk(
            f"[cluster] leads to no API server: {error}; name a kubeconfig, or run in a pod"
        ) from error


def _kubeconfig(config: ClusterConfig) -> KubeConfig:
    if config.kubeconfig:
        return KubeConfig.from_file(Path(config.kubeconfig).expanduser())
    return KubeConfig.from_env()


def is_by_environment(server: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the HTTP library may look for a proxy: not where [proxy] names the server as direct,
    since the library knows no networks there.
    """
    if environ.get("HTTPS_PROXY") and not proxies.url_for(environ, server):
        return False
    return not _is_here(server)


def _is_here(server: str) -> bool:
    """Whether the server is on this machine, where no proxy leads."""
    host = urlsplit(server).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
