"""ops-portal: nginx with the portal's pages, which know every path of the portal's router (contract
§6).
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from replica.pages import portal
from replica.service_settings import SECURITY_HEADERS
from replica.state import ReplicaState

SOURCE_MAP = b'{"version": 3, "sources": ["../../src/App.tsx"], "names": [], "mappings": "AAAA"}'


def app(state: ReplicaState) -> Starlette:
    pages = portal(state)
    if state.production:  # vite.config.ts has sourcemap: true (contract §6)
        pages["assets/portal.js.map"] = (SOURCE_MAP, "application/json")

    async def page(request: Request) -> Response:
        body, kind = pages.get(request.url.path.lstrip("/"), pages["index.html"])
        return Response(
            body, headers={"content-type": kind, **({} if state.production else SECURITY_HEADERS)}
        )

    return Starlette(routes=[Route("/health", health), Route("/{path:path}", page)])


async def health(_request: Request) -> Response:
    return PlainTextResponse("healthy\n")
