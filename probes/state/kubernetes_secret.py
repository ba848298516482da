"""The state of a run in a Kubernetes Secret, for runs that have no disk of their own; one key for
each user.

The API server refuses a change that was made to an older resourceVersion with 409; whoever meets
that reads again.
"""

import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from probes import proxy_variables
from probes.finding import CannotAsk
from probes.state.store import Entry

try:
    import httpx2 as httpx
    from lightkube import AsyncClient
    from lightkube.config.kubeconfig import KubeConfig
    from lightkube.core.exceptions import ApiError, ConfigError
    from lightkube.resources.core_v1 import Secret
except ImportError as error:
    raise CannotAsk(
        "state in [identity] is a Secret, which needs: pip install 'wealist-probes[kubernetes]'"
    ) from error

CONFLICTS = 10  # with other runs, on one change


class SecretState:
    """The Secret `name`. It must exist, and the pod's service account must be allowed to get and
    update it.
    """

    is_exclusive = False

    def __init__(
        self, namespace: str, name: str, timeout_s: float, config: KubeConfig | None = None
    ) -> None:
        self._namespace, self._name, self._timeout_s = namespace, name, timeout_s
        try:
            cluster = (config or KubeConfig.from_env()).get()
        except ConfigError as error:
            raise CannotAsk(
                f"{self}: there is no cluster to ask ({error}); run in a pod, or set KUBECONFIG"
            ) from error
        except Exception as error:  # a kubeconfig is anybody's YAML, and its errors quote it
            raise CannotAsk(
                f"{self}: the kubeconfig cannot be read ({type(error).__name__}); correct it"
            ) from error
        if cluster is None:
            raise CannotAsk(f"{self}: the kubeconfig has no current context; name one there")
        self._cluster = cluster

    def __str__(self) -> str:
        return f"the Secret {self._namespace}/{self._name}"

    async def read(self, user: str) -> Entry:
        return self._decode_entry(await self._secret(), user)

    async def swap(self, user: str, before: Entry, after: Entry) -> bool:
        for _ in range(CONFLICTS):
            secret = await self._secret()
            if self._decode_entry(secret, user) != before:
                return False
            secret.data = {
                **(secret.data or {}),
                user: base64.b64encode(json.dumps(after).encode()).decode(),
            }
            if await self._replace(secret):
                return True
        raise CannotAsk(
            f"{self} was changed by others {CONFLICTS} times in a row; run fewer at once"
        )

    @asynccontextmanager
    async def turn(self, user: str) -> AsyncIterator[None]:  # noqa: ARG002 - a Secret has turns for nobody
        """Nobody is kept out: the loser of a race is told by auth-service, and reads again."""
        yield

    async def _secret(self) -> Secret:
        async with self._asking() as kubernetes:
            secret: Secret = await kubernetes.get(Secret, self._name)
            return secret

    async def _replace(self, secret: Secret) -> bool:
        """Whether nobody had changed it since it was read; it carries the resourceVersion that says
        so.
        """
        async with self._asking() as kubernetes:
            try:
                await kubernetes.replace(secret)
            except ApiError as error:
                if error.status.code == HTTPStatus.CONFLICT:
                    return False
                raise
        return True

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[AsyncClient]:
        kubernetes = self._client()
        try:
            yield kubernetes
        except ApiError as error:
            message = f"{self}: the API server answers {error.status.code} {error.status.reason}"
            raise CannotAsk(
                f"{message}; it must exist, and the service account may get and update it"
            ) from error
        except httpx.HTTPError as error:
            raise CannotAsk(
                f"{self}: no API server answers ({type(error).__name__}); is it to be reached?"
            ) from error
        finally:
            await kubernetes.close()

    def _client(self) -> AsyncClient:
        way = proxy_variables.url_for(os.environ, self._cluster.cluster.server)
        try:
            return AsyncClient(
                self._cluster,
                self._namespace,
                timeout=httpx.Timeout(self._timeout_s),
                trust_env=False,
                proxy=way or None,
            )
        except Exception as error:  # its files are not there, its address is none
            raise CannotAsk(
                f"{self}: the kubeconfig leads nowhere ({type(error).__name__}); correct the "
                "address and the files that it names"
            ) from error

    def _decode_entry(self, secret: Secret, user: str) -> Entry:
        try:
            stored = base64.b64decode((secret.data or {}).get(user, ""), validate=True) or b"{}"
            return {str(name): str(value) for name, value in json.loads(stored).items()}
        except (ValueError, AttributeError) as error:
            raise CannotAsk(f"{self} holds no JSON under {user}; remove that key") from error
