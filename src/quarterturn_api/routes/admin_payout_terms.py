"""How vendors are paid: how often, how long an earning is held, from what sum on, and what is kept back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from quarterturn_api.bodies.terms import Amounts, Percent, amounts, percent
from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body, MoneyBody
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.payouts.recovery import Recovery, RecoveryStep
from quarterturn_domain.payouts.schedule import PayoutTerms, Rhythm, Schedule

TAGS: Final = ["admin payouts"]
RULES: Final = administers(Permission.ADMIN_PAYOUTS)

Days = Annotated[int, msgspec.Meta(ge=0, le=3_650, examples=[7])]
Steps = Annotated[tuple[RecoveryStep, ...], msgspec.Meta(max_length=10, description="Each step at most once.")]


class RecoveryAsked(Asked):
    """How a negative balance is covered: netted for `patienceDays`, then step by step, written off only after `giveUpDays`."""

    steps: Steps = (RecoveryStep.NET, RecoveryStep.REVERSE, RecoveryStep.RESERVE, RecoveryStep.WRITE_OFF)
    patience_days: Days = 14
    give_up_days: Days = 180

    @classmethod
    def of(cls, recovery: Recovery) -> RecoveryAsked:
        """`recovery` as it goes over the wire."""
        return cls(steps=recovery.steps, patience_days=recovery.patience.days, give_up_days=recovery.give_up.days)

    def recovery(self) -> Recovery:
        """As the domain has it; raises `Invalid`."""
        return Recovery(self.steps, timedelta(days=self.patience_days), timedelta(days=self.give_up_days))


class PayoutTermsAsked(Asked):
    """An earning is held for `holdDays` after its delivery; then `reserve` of it is kept back for `reserveDays`.

    `day` is one of the week (0 is Monday) or of the month (31 is its last). A balance below its `minimum` waits.
    """

    rhythm: Rhythm = Rhythm.DAILY
    day: Annotated[int, msgspec.Meta(ge=0, le=31)] = 0
    hold_days: Days = 7
    minimum: Amounts = ()
    reserve: Percent = "0"
    reserve_days: Days = 90
    recovery: RecoveryAsked = msgspec.field(default_factory=RecoveryAsked)

    def terms(self, vendor_id: VendorId | None) -> PayoutTerms:
        """As the domain has them; raises `Invalid`."""
        return PayoutTerms(
            vendor_id=vendor_id,
            schedule=Schedule(self.rhythm, self.day),
            hold=timedelta(days=self.hold_days),
            minimum=amounts("minimum", self.minimum),
            reserve=Rate.percent(self.reserve),
            reserve_for=timedelta(days=self.reserve_days),
            recovery=self.recovery.recovery(),
        )


class PayoutTermsBody(Body):
    """Terms in force; without a `vendorId` they are those of all vendors that have none of their own."""

    vendor_id: UUID | None
    rhythm: Rhythm
    day: int
    hold_days: int
    minimum: list[MoneyBody]
    reserve: str
    reserve_days: int
    recovery: RecoveryAsked

    @classmethod
    def of(cls, terms: PayoutTerms) -> PayoutTermsBody:
        """`terms` as the platform sees them; of a time that is no whole number of days, the whole days."""
        return cls(
            vendor_id=terms.vendor_id,
            rhythm=terms.schedule.rhythm,
            day=terms.schedule.day,
            hold_days=terms.hold.days,
            minimum=[MoneyBody.of(each) for each in terms.minimum],
            reserve=percent(terms.reserve),
            reserve_days=terms.reserve_for.days,
            recovery=RecoveryAsked.of(terms.recovery),
        )


@get("/admin/terms/payouts", summary="Read how vendors are paid", tags=TAGS, sync_to_thread=True, **RULES)
def read_payout_terms(request: Ask) -> PayoutTermsBody:
    """The terms of all vendors that have none of their own."""
    return PayoutTermsBody.of(request.service.application.read_payouts.terms_of_all())


@put(
    "/admin/terms/payouts",
    summary="Set how vendors are paid",
    description="Everything is said anew, also what stays. Earnings that are due already keep their time.",
    tags=TAGS,
    sync_to_thread=True,
    **RULES,
)
def set_payout_terms(request: Ask, data: JSONBody[PayoutTermsAsked]) -> PayoutTermsBody:
    """The terms of all vendors that have none of their own, from now on."""
    terms = data.terms(None)
    request.service.application.set_payout_terms(terms)
    return PayoutTermsBody.of(terms)


@get("/admin/vendors/{vendor_id:uuid}/payout-terms", summary="Read how a vendor is paid", tags=TAGS, sync_to_thread=True, **RULES)
def read_payout_terms_of_vendor(request: Ask, vendor_id: FromPath[UUID]) -> PayoutTermsBody:
    """Its own terms, or those of all."""
    app = request.service.application
    return PayoutTermsBody.of(app.read_payouts.terms_of(app.read_catalog.vendor(VendorId(vendor_id)).id))


@put(
    "/admin/vendors/{vendor_id:uuid}/payout-terms",
    summary="Set how a vendor is paid",
    description="Everything is said anew, also what stays. Earnings that are due already keep their time.",
    tags=TAGS,
    sync_to_thread=True,
    **RULES,
)
def set_payout_terms_of_vendor(request: Ask, vendor_id: FromPath[UUID], data: JSONBody[PayoutTermsAsked]) -> PayoutTermsBody:
    """The vendor's own terms, from now on."""
    app = request.service.application
    terms = data.terms(app.read_catalog.vendor(VendorId(vendor_id)).id)
    app.set_payout_terms(terms)
    return PayoutTermsBody.of(terms)


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    read_payout_terms,
    set_payout_terms,
    read_payout_terms_of_vendor,
    set_payout_terms_of_vendor,
)
