"""Every no of payouts in one table: what was tried, and which refusal it got."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

import pytest
from tests.unit.ordering.shops import after

from quarterturn_domain.kernel.errors import DomainError, Invalid, NotFound, granted
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.payouts.payout import PAYOUT, PayoutStatus
from quarterturn_domain.payouts.recovery import Recovery, RecoveryStep
from quarterturn_domain.payouts.schedule import PayoutTerms, Rhythm, Schedule
from quarterturn_domain.testing.lives import LivingShop

Try: TypeAlias = Callable[[LivingShop], Any]

NOBODY: Final = UUID(int=0xFFFF)
TIMES: Final = Invalid("a negative time in payout terms", "times of zero or more")
SHARE: Final = "0% to 100%"


def schedule(rhythm: Rhythm, day: int) -> Try:
    """Make a schedule."""
    return lambda _: Schedule(rhythm, day)


def terms(**given: Any) -> Try:
    """Make payout terms."""
    return lambda _: PayoutTerms(**given)


def moved(status: PayoutStatus, act: str) -> Try:
    """Let a payout go on."""
    return lambda _: PAYOUT.next(status, act)


REFUSALS: Final[list[tuple[str, Try, DomainError]]] = [
    ("an eighth day of the week", schedule(Rhythm.WEEKLY, 7), Invalid("day 7 of a weekly schedule", "0 to 6")),
    ("a day before Monday", schedule(Rhythm.WEEKLY, -1), Invalid("day -1 of a weekly schedule", "0 to 6")),
    ("a day zero of the month", schedule(Rhythm.MONTHLY, 0), Invalid("day 0 of a monthly schedule", "1 to 31")),
    ("a 32nd of the month", schedule(Rhythm.MONTHLY, 32), Invalid("day 32 of a monthly schedule", "1 to 31")),
    ("a negative hold", terms(hold=timedelta(seconds=-1)), TIMES),
    ("a reserve for less than no time", terms(reserve_for=timedelta(seconds=-1)), TIMES),
    ("more than all in reserve", terms(reserve=Rate.percent("100.1")), Invalid("a reserve of 100.1%", SHARE)),
    (
        "a step twice",
        lambda _: Recovery((RecoveryStep.NET, RecoveryStep.NET)),
        Invalid("a recovery step that is named twice", "each step at most once"),
    ),
    (
        "sending no payout",
        lambda living: granted(living.shop.send_payouts([PayoutId(NOBODY)])[0]),
        NotFound("payout", str(NOBODY)),
    ),
    (
        "confirming no payout",
        lambda living: granted(living.shop.confirm_payouts([PayoutId(NOBODY)])[0]),
        NotFound("payout", str(NOBODY)),
    ),
    (
        "enrolling nobody",
        lambda living: granted(living.shop.enrol_vendors([VendorId(NOBODY)])[0]),
        NotFound("vendor", str(NOBODY)),
    ),
    (
        "paying what was not sent",
        moved(PayoutStatus.SCHEDULED, "pay"),
        InvalidTransition("payout", "scheduled", "pay", ("send", "lose_sight", "fail")),
    ),
    (
        "returning what is unknown",
        moved(PayoutStatus.UNKNOWN, "return"),
        InvalidTransition("payout", "unknown", "return", ("send", "lose_sight", "fail")),
    ),
    ("sending what has failed", moved(PayoutStatus.FAILED, "send"), InvalidTransition("payout", "failed", "send", ())),
]


@pytest.mark.parametrize(("act", "refusal"), [pytest.param(*row[1:], id=row[0]) for row in REFUSALS])
def test_a_refusal_says_why(act: Try, refusal: DomainError) -> None:
    """Each no has its class and its facts."""
    living = after()
    with pytest.raises(DomainError) as refused:
        act(living)
    assert refusal == refused.value
