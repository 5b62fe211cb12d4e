"""Recovery: how a vendor's negative balance is covered, step by step, in the order that the operator has set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import attrs

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.money import Money


class RecoveryStep(StrEnum):
    """A way to cover what a vendor owes."""

    NET = "net"
    REVERSE = "reverse"
    RESERVE = "reserve"
    WRITE_OFF = "write_off"


@attrs.frozen
class Recovery:
    """The steps in order: net against new earnings for `patience`, then take what the next steps give.

    Write off only after `give_up`.

    The times count from the moment when the balance was first seen negative.
    """

    steps: tuple[RecoveryStep, ...] = (RecoveryStep.NET, RecoveryStep.REVERSE, RecoveryStep.RESERVE, RecoveryStep.WRITE_OFF)
    patience: timedelta = timedelta(days=14)
    give_up: timedelta = timedelta(days=180)

    def __attrs_post_init__(self) -> None:
        if len(set(self.steps)) < len(self.steps):
            raise Invalid("a recovery step that is named twice", "each step at most once")


@attrs.frozen
class Debt:
    """A vendor has owed the platform something in one currency since an instant."""

    vendor_id: VendorId
    currency_code: str
    since: datetime

    @property
    def key(self) -> tuple[VendorId, str]:
        """What makes it one."""
        return (self.vendor_id, self.currency_code)


@attrs.frozen
class Recovered:
    """So much of a debt, covered by one step."""

    step: RecoveryStep
    amount: Money


def waterfall(
    owed: Money, policy: Recovery, *, since: datetime, at: datetime, reversible: Money, reserved: Money
) -> Sequence[Recovered]:
    """How `owed` is covered now.

    By what can be taken back of transfers, by what is kept in reserve, and in the end by the platform; pure.

    While it is to be netted, nothing is taken: an earning that is released covers it by itself.
    """
    assert owed.minor > 0
    taken: list[Recovered] = []
    left = owed
    for step in policy.steps:
        if step is RecoveryStep.NET:
            if at < since + policy.patience:
                return taken
            continue
        if step is RecoveryStep.WRITE_OFF:
            amount = left if at >= since + policy.give_up else Money.zero(owed.currency)
        else:
            amount = min(left, reversible if step is RecoveryStep.REVERSE else reserved)
        if amount:
            taken.append(Recovered(step, amount))
            left -= amount
    return taken
