"""Circuits: who outside is left alone, for whoever operates the platform."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec
from litestar import get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body, Line
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.operations.circuit import Circuit, CircuitStatus
from quarterturn_domain.operations.overriding import CloseCircuit, OpenCircuit

TAGS: Final = ["admin operations"]


class CircuitBody(Body):
    """A way to a provider; `held` is what a person has said that it is, until `heldUntil` or until it is closed."""

    name: str
    status: CircuitStatus
    since: datetime | None
    retry_at: datetime | None
    trips: int
    failure: str | None
    held: CircuitStatus | None
    held_until: datetime | None
    reason: str | None

    @classmethod
    def of(cls, circuit: Circuit, at: datetime) -> CircuitBody:
        """`circuit` as it is `at` an instant."""
        held = circuit.force if circuit.forced(at) is not None else None
        return cls(
            name=circuit.name,
            status=circuit.seen(at),
            since=circuit.since,
            retry_at=circuit.until,
            trips=circuit.trips,
            failure=circuit.failure,
            held=None if held is None else held.status,
            held_until=None if held is None else held.until,
            reason=None if held is None else held.reason,
        )


class CircuitsBody(Body):
    """All of them: there are few."""

    items: list[CircuitBody]


class OverrideAsked(Asked):
    """What a circuit shall be from now on; without `forSeconds` open until it is closed, or closed as ever."""

    circuit: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$", examples=["stripe/payments"])]
    status: Literal["open", "closed"]
    reason: Line
    for_seconds: Annotated[int, msgspec.Meta(ge=1, le=30 * 86_400)] | None = None


@get("/admin/circuits", summary="List circuits", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_OPERATIONS))
def list_circuits(request: Ask) -> CircuitsBody:
    """In the order of their names."""
    found = request.service.application.read_circuits()
    return CircuitsBody(items=[CircuitBody.of(each, request.now) for each in found.values()])


@put(
    "/admin/circuits",
    summary="Open or close a circuit",
    description="Every process keeps to it within a second or two.",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_OPERATIONS),
)
def override_circuit(request: Ask, data: JSONBody[OverrideAsked]) -> CircuitBody:
    """The circuit; 404 for one that there is not."""
    kind = OpenCircuit if data.status == "open" else CloseCircuit
    lasts = None if data.for_seconds is None else timedelta(seconds=data.for_seconds)
    command = kind(name=data.circuit, reason=data.reason, lasts=lasts, by=request.account_id, at=request.now)
    return CircuitBody.of(request.service.application.override_circuits(command), request.now)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_circuits, override_circuit)
