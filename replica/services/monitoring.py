"""What stands behind /api/monitoring: Grafana asks who is there, Prometheus and Loki do not
(contract §1.4, §8).
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from replica.state import ReplicaState

PREFIX = "/api/monitoring"


def app(_new_state: ReplicaState) -> Starlette:
    return Starlette(
        routes=[
            Route(f"{PREFIX}/prometheus/-/healthy", healthy),
            Route(f"{PREFIX}/prometheus/api/v1/status/buildinfo", build),
            Route(f"{PREFIX}/loki/ready", ready),
            Route(f"{PREFIX}/loki/loki/api/v1/labels", labels),
            Route(f"{PREFIX}/grafana", sign_in),
            Route(f"{PREFIX}/grafana/{{rest:path}}", sign_in),
        ]
    )


async def healthy(_request: Request) -> Response:
    return PlainTextResponse("Prometheus Server is Healthy.\n")


async def build(_request: Request) -> Response:
    return JSONResponse({"status": "success", "data": {"version": "2.48.0", "revision": "replica"}})


async def ready(_request: Request) -> Response:
    return PlainTextResponse("ready\n")


async def labels(_request: Request) -> Response:
    return JSONResponse({"status": "success", "data": ["namespace", "pod"]})


async def sign_in(request: Request) -> Response:
    if request.url.path.endswith("/login"):
        return PlainTextResponse("Grafana\n")
    return RedirectResponse(f"{PREFIX}/grafana/login", 302)
