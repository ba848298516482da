"""The way to the API server that a kubeconfig, or the pod's own account, describes."""

import os
from pathlib import Path

from probes import proxy_variables
from probes.config.cluster import ClusterConfig
from probes.finding import CannotAsk

try:
    import httpx2
    from lightkube.config.client_adapter import AsyncClient, ConnectionParams
    from lightkube.config.kubeconfig import KubeConfig
    from lightkube.core.exceptions import ConfigError
    from yaml import YAMLError
except ImportError as error:
    raise CannotAsk(
        "[cluster] needs: pip install 'wealist-probes[kubernetes]', which brings lightkube"
    ) from error

FAILURES = (httpx2.HTTPError, ConfigError, OSError)


def connect(config: ClusterConfig) -> httpx2.AsyncClient:
    """An HTTP pool with the account's credentials, renewed as they expire. Raises CannotAsk.

    lightkube reads the kubeconfig and signs in; its typed lists are not used: to make models of all
    that a Pod has takes longer than to ask for it. The proxy is that of [proxy]: lightkube reads no
    proxy-url, and no networks in NO_PROXY.
    """
    try:
        found = _kubeconfig(config).get(config.context or None)
        if found is None or found.user is None:
            raise CannotAsk("the context of [cluster] names no user; name one in the kubeconfig")
        way = proxy_variables.url_for(os.environ, found.cluster.server)
        timeout = httpx2.Timeout(config.ask_timeout_s)
        parameters = ConnectionParams(timeout=timeout, trust_env=False, proxy=way or None)
        return AsyncClient(found, parameters)
    except (ConfigError, OSError) as error:
        raise CannotAsk(
            f"[cluster] leads to no API server: {error}; name a kubeconfig, or run in a pod"
        ) from error
    except (KeyError, ValueError, TypeError, AttributeError, YAMLError) as error:
        # It is anybody's YAML, and its errors quote it.
        raise CannotAsk(
            f"[cluster] names a kubeconfig that cannot be read ({type(error).__name__}); correct it"
        ) from error


def _kubeconfig(config: ClusterConfig) -> KubeConfig:
    if config.kubeconfig:
        return KubeConfig.from_file(Path(config.kubeconfig).expanduser())
    return KubeConfig.from_env()
