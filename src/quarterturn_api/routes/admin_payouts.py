"""Payouts, as the platform sees them: run them, try what a run would do, and look them up."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from quarterturn_api.bodies.money import PayoutBody
from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body, MoneyBody, Page
from quarterturn_api.edge.keys import IdempotencyKey, named
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_api.edge.times import Instant
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.payouts.claiming import RunPayouts
from quarterturn_domain.payouts.payout import PayoutStatus

TAGS: Final = ["admin payouts"]

_BATCH: Final = 500


class RunAsked(Asked):
    """Whom to pay: every vendor that is due, or only `vendorIds`, whatever their schedule says; `dryRun` only tells."""

    dry_run: bool = False
    vendor_ids: Annotated[tuple[UUID, ...], msgspec.Meta(max_length=1_000)] = ()


class KeptBody(Body):
    """A balance that is not paid out now, and why."""

    vendor_id: UUID
    amount: MoneyBody
    reason: str


class RunBody(Body):
    """What a run came to; the payouts of a dry run are those that it would make."""

    run_id: UUID
    dry_run: bool
    payouts: list[PayoutBody]
    kept: list[KeptBody]


@post("/admin/payouts/runs", summary="Run payouts", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_PAYOUTS))
def run_payouts(request: Ask, data: JSONBody[RunAsked], idempotency_key: IdempotencyKey) -> RunBody:
    """What was claimed, which is sent at once; asked again the run goes on and claims nothing twice.

    Asked for once more while it is being done it is a `Conflict`: whoever waits for both would be told of half of it by one.
    """
    run_id = named(request.asker, "payout run", idempotency_key)
    with request.service.turns.alone(f"payout run {run_id}") as mine:
        if not mine:
            raise Conflict("payout run", str(run_id), "it is being done; ask again when it is")
        return _run(request, data, run_id)


def _run(request: Ask, data: RunAsked, run_id: UUID) -> RunBody:
    app = request.service.application
    # What is due by now is paid, too, and does not wait for the next round of housekeeping.
    while not data.dry_run and app.release_earnings(_BATCH) == _BATCH:
        pass
    vendor_ids = tuple(VendorId(each) for each in data.vendor_ids)
    # The instant is that after the release, so that statements tell of it first.
    run = app.claim_payouts(RunPayouts(run_id=run_id, vendor_ids=vendor_ids, dry=data.dry_run, at=request.now))
    return RunBody(
        run_id=run_id,
        dry_run=data.dry_run,
        payouts=[PayoutBody.of(each) for each in run.payouts],
        kept=[KeptBody(vendor_id=each.vendor_id, amount=MoneyBody.of(each.amount), reason=each.reason) for each in run.kept],
    )


@get("/admin/payouts", summary="List all payouts", tags=TAGS, sync_to_thread=True, **administers(Permission.ADMIN_PAYOUTS))
def list_all_payouts(
    request: Ask,
    status: Annotated[PayoutStatus | None, QueryParameter(description="Only those of this status.")] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Page[PayoutBody]:
    """The latest first."""
    after = place(cursor, tuple[Instant, UUID])
    read = request.service.application.read_payouts
    found = read.page((after[0], PayoutId(after[1])) if after else None, limit + 1, status=status)
    return page(found, limit, PayoutBody.of, lambda payout: (payout.scheduled_at, payout.id))


@get(
    "/admin/payouts/{payout_id:uuid}",
    summary="Read a payout",
    tags=TAGS,
    sync_to_thread=True,
    **administers(Permission.ADMIN_PAYOUTS),
)
def read_any_payout(request: Ask, payout_id: FromPath[UUID]) -> PayoutBody:
    """The payout of whichever vendor."""
    return PayoutBody.of(request.service.application.read_payouts.payout(PayoutId(payout_id)))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (run_payouts, list_all_payouts, read_any_payout)
