"""The replica's own switchboard, for tests: which faults are on, and what users have left
behind.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from replica.faults.lookup import UnknownFault, expect_fault_names
from replica.infra.processes import ChildError

SOCKETS = ("chat", "presence", "board")


class ControlledReplica(Protocol):
    """A replica whose faults can be switched and whose state can be told."""

    @property
    def faults(self) -> Collection[str]: ...

    async def set_faults(self, faults: Collection[str]) -> None: ...

    async def inventory(self) -> dict[str, Any]: ...

    @property
    def requests(self) -> Mapping[str, int]: ...

    def secrets(self) -> dict[str, list[str]]: ...

    def drop_sockets(self, kinds: Collection[str]) -> int: ...


def app(replica: ControlledReplica) -> Starlette:
    """GET /ready, GET and PUT /faults, GET /state, /requests and /secrets, POST /drop."""

    async def ready(_: Request) -> Response:
        return PlainTextResponse("ready\n")

    async def faults(_: Request) -> Response:
        return JSONResponse(sorted(replica.faults))

    async def state(_: Request) -> Response:
        return JSONResponse(await replica.inventory())

    async def requests(_: Request) -> Response:
        return JSONResponse(dict(replica.requests))

    async def secrets(_: Request) -> Response:
        return JSONResponse(replica.secrets())

    routes = [
        Route("/ready", ready),
        Route("/faults", faults, methods=["GET"]),
        Route("/faults", _put_faults(replica.set_faults), methods=["PUT"]),
        Route("/state", state),
        Route("/requests", requests),
        Route("/secrets", secrets),
        Route("/drop", _post_drop(replica.drop_sockets), methods=["POST"]),
    ]
    return Starlette(routes=routes)


def _put_faults(
    set_faults: Callable[[Collection[str]], Awaitable[None]],
) -> Callable[[Request], Awaitable[Response]]:
    async def put(request: Request) -> Response:
        wanted = await _json(request)
        if not isinstance(wanted, list) or not all(isinstance(name, str) for name in wanted):
            return _bad_request('send a JSON list of fault names, as in ["service-hangs"]')
        try:
            await set_faults(expect_fault_names(wanted))
        except (UnknownFault, ChildError) as error:
            return _bad_request(str(error))
        return JSONResponse(sorted(wanted))

    return put


def _post_drop(
    drop_sockets: Callable[[Collection[str]], int],
) -> Callable[[Request], Awaitable[Response]]:
    async def post(request: Request) -> Response:
        match await _json(request):
            case {"what": [*kinds]} if kinds and all(kind in SOCKETS for kind in kinds):
                return JSONResponse({"dropped": drop_sockets(kinds)})
        return _bad_request('say which sockets, as in {"what": ["chat", "presence", "board"]}')

    return post


async def _json(request: Request) -> Any:
    """What was sent; None where it is no JSON."""
    try:
        return await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        return None


def _bad_request(sentence: str) -> Response:
    return PlainTextResponse(sentence + "\n", HTTPStatus.BAD_REQUEST)
