"""The stand-in's own switchboard, on a socket that only the replica knows: its faults, and who is
where.
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from replica.livekit.media_sockets import MediaSockets
from replica.livekit.node import FAULTS, LiveKitNode


def app(node: LiveKitNode, media: MediaSockets) -> Starlette:
    """PUT /faults, GET /state."""

    async def faults(request: Request) -> Response:
        node.faults = FAULTS & set(await request.json())
        await media.apply()
        return Response(status_code=204)

    async def state(_request: Request) -> Response:
        people = [
            f"{name}/{identity}" for name, room in node.rooms.items() for identity in room.people
        ]
        return JSONResponse(
            {
                "rooms": sorted(node.rooms),
                "people": sorted(people),
                "ways": sorted(media.ice_sockets),
            }
        )

    return Starlette(routes=[Route("/faults", faults, methods=["PUT"]), Route("/state", state)])
