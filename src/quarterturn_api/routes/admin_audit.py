"""The audit trail: who changed whose access, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Body, Page
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_domain.identity.audit import AuditEntry
from quarterturn_domain.identity.role import Permission

TAGS: Final = ["admin audit"]

_Number = Annotated[int, msgspec.Meta(ge=0, lt=2**62)]


class AuditEntryBody(Body):
    """A change of access; `actorId` is absent where nobody was signed in."""

    number: int
    at: datetime
    actor_id: UUID | None
    action: str
    subject_kind: str
    subject_id: str
    details: dict[str, str]

    @classmethod
    def of(cls, entry: AuditEntry) -> AuditEntryBody:
        """`entry` as the platform sees it."""
        return cls(
            number=entry.number,
            at=entry.at,
            actor_id=entry.actor_id,
            action=entry.action,
            subject_kind=entry.subject_kind,
            subject_id=entry.subject_id,
            details=dict(entry.details),
        )


@get("/admin/audit", summary="List changes of access", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_USERS))
def list_audit(
    request: Ask,
    subject_id: Annotated[
        str | None,
        QueryParameter(name="subjectId", max_length=100, pattern=r"^[^\x00]*$", description="Only those about this subject."),
    ] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[AuditEntryBody]:
    """The latest first."""
    after = place(cursor, tuple[_Number])
    read = request.service.application.read_accounts
    found = read.audit(None if after is None else after[0], limit + 1, subject_id=subject_id)
    return page(found, limit, AuditEntryBody.of, lambda entry: (entry.number,))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_audit,)
