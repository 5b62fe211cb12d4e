"""Health and figures, for whoever keeps the service running."""

from __future__ import annotations

from typing import Final, Literal

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler

from quarterturn_api.edge.access import everybody
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Body
from quarterturn_api.edge.limits import Limit
from quarterturn_api.edge.metrics import CONTENT_TYPE


class Health(Body):
    """That it answers at all says most of it."""

    status: Literal["ok"] = "ok"


@get("/health/live", summary="Whether the process runs", tags=["operations"], sync_to_thread=False, **everybody(Limit.NONE))
def live() -> Health:
    """It answers, so it lives."""
    return Health()


@get("/health/ready", summary="Whether requests can be served", tags=["operations"], sync_to_thread=True, **everybody(Limit.NONE))
def ready(request: Ask) -> Health:
    """200 when the database answers; 503 when it does not."""
    with request.service.application.begin() as work:
        work.vendors.page(None, 1)
    return Health()


@get(
    "/metrics",
    summary="Figures for Prometheus",
    tags=["operations"],
    media_type=MediaType.TEXT,
    # Some figures are read from the database: while it is away, everybody else must not wait for them.
    sync_to_thread=True,
    **everybody(Limit.NONE),
)
def metrics(request: Ask) -> Response[bytes]:
    """The figures of this process, or of all that share a folder."""
    # Whatever is a text gets a charset of Litestar's, and Prometheus refuses a type that names two.
    return Response(request.service.metrics.exposed(), media_type=CONTENT_TYPE.removesuffix("; charset=utf-8"))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (live, ready, metrics)
