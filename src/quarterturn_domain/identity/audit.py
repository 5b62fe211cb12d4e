"""The audit trail: who changed whose access, and when; written with the change itself and never edited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import attrs

from quarterturn_domain.kernel.ids import AccountId


@attrs.frozen
class AuditEntry:
    """A change of access: `actor_id` is None where nobody was signed in, or the platform itself did it.

    `details` hold neither secrets nor personal data. The trail gives the `number` when it keeps the entry; until then it is 0.
    """

    at: datetime
    actor_id: AccountId | None
    action: str
    subject_kind: str
    subject_id: str
    details: Mapping[str, str] = attrs.field(factory=dict)
    number: int = 0


def noted(action: str, kind: str, subject: UUID | str, *, by: AccountId | None, at: datetime, **details: object) -> AuditEntry:
    """An entry of something that was done to the `kind` with the id `subject`; details that are empty are left out."""
    said = {name: str(value) for name, value in details.items() if value not in (None, "")}
    return AuditEntry(at, by, action, kind, str(subject), said)
