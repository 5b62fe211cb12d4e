"""The outside of a shop that Stripe serves: customers, banks and time for random lives, and a proof that nothing was doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Final

from tests.doubles.stripe.driver import BANKS, MEANS, StripeDriver, stripe_world
from tests.doubles.stripe.faults import Fault

from quarterturn_adapters.bootstrap import Application, application
from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayRefused
from quarterturn_domain.testing.contracts.gateways import BankAccount, Means
from quarterturn_domain.testing.strategies import COMMON

PURSE: Final = 10**9
CALLS: Final = {
    "open_payment": ("POST", "/v1/payment_intents"),
    "confirm_payment": ("POST", "/v1/payment_intents/[^/]+/confirm"),
    "capture_payment": ("POST", "/v1/payment_intents/[^/]+/capture"),
    "cancel_payment": ("POST", "/v1/payment_intents/[^/]+/cancel"),
    "read_payment": ("GET", "/v1/payment_intents/pi_[^/]+"),
    "find_payment": ("GET", "/v1/payment_intents/search"),
    "refund_payment": ("POST", "/v1/refunds"),
    "read_refund": ("GET", "/v1/refunds/[^/]+"),
    "find_refund": ("GET", "/v1/refunds"),
    "read_dispute": ("GET", "/v1/disputes/[^/]+"),
    "statement": ("GET", "/v1/balance_transactions"),
    "open_account": ("POST", "/v2/core/accounts"),
    "read_account": ("GET", "/v2/core/accounts/[^/]+"),
    "onboarding_link": ("POST", "/v2/core/account_links"),
    "transfer": ("POST", "/v1/transfers"),
    "find_transfer": ("GET", "/v1/transfers"),
    "reverse_transfer": ("POST", "/v1/transfers/[^/]+/reversals"),
    "pay_out": ("POST", "/v1/payouts"),
    "read_payout": ("GET", "/v1/payouts/[^/]+"),
    "find_payout": ("GET", "/v1/payouts"),
}
"""The first request of every method of the ports."""

_HOW: Final = {
    "unavailable": (Fault.TOO_MANY, Fault.LOCKED, Fault.UNAUTHORIZED),
    "lost_request": (Fault.DROPPED_BEFORE, Fault.ERROR_BEFORE, Fault.KEY_IN_USE),
    "lost_answer": (Fault.DROPPED_AFTER, Fault.ERROR_AFTER, Fault.GARBLED_AFTER),
}
"""What a life's faults are at Stripe, each in its turn."""


class StripeOutside:
    """The customers and banks of a shop that Stripe serves, with a clock that stands still until it is moved."""

    def __init__(self, world: StripeDriver) -> None:
        self.world = world
        self._turns = count()
        for currency in COMMON:
            # Where prices are a few cents, fees are more: the platform brings money of its own, so that vendors can be paid.
            world.double.top_up(PURSE, currency.code.lower())

    def advance(self, by: timedelta) -> None:
        """Time passes."""
        self.world.clock.advance(by)

    def means(self, means: Means) -> str:
        """A test method."""
        return MEANS[means]

    def authenticate(self, reference: str, *, succeed: bool) -> None:
        """Done or failed; refused when nothing is required."""
        if self.world.double.books.of("payment_intent", reference)["status"] != "requires_action":
            raise GatewayRefused("payment_intent_unexpected_state")
        self.world.double.authenticate(reference, succeed=succeed)

    def open_dispute(self, reference: str, thousandths: int) -> str:
        """Of what is left; refused when that is nothing."""
        if not self.world.double.left(reference) * thousandths // 1_000:
            raise GatewayRefused("payment_intent_unexpected_state")
        return self.world.double.open_dispute(reference, thousandths)

    def close_dispute(self, reference: str, *, won: bool) -> None:
        """Won or lost, once."""
        if self.world.double.books.of("dispute", reference)["status"] == "needs_response":
            self.world.double.close_dispute(reference, won=won)

    def onboard(self, account: str, bank: BankAccount) -> None:
        """All is given."""
        self.world.double.finish_onboarding(account, bank=BANKS[bank])

    def balance(self, currency: Currency) -> Money:
        """The platform's, without what it brought."""
        return Money(self.world.double.balance(currency.code.lower()) - PURSE, currency)

    def fail(self, method: str, how: str) -> None:
        """Once; the connection of a read has to break twice before that is noticed."""
        verb, path = CALLS[method]
        fault = _HOW[how][next(self._turns) % len(_HOW[how])]
        self.world.double.faults.plan(verb, path, fault, 2 if verb == "GET" and fault.breaks_off else 1)

    def heal(self) -> None:
        """No fault is left."""
        self.world.double.faults.clear()

    def nothing_was_done_twice(self) -> None:
        """No payment, refund, transfer or payout of ours is at Stripe twice."""
        things = self.world.double.books.things.values()
        for kind, name in (
            ("payment_intent", "payment_id"),
            ("refund", "refund_id"),
            ("transfer", "payout_id"),
            ("payout", "payout_id"),
        ):
            ours = Counter(
                thing["metadata"][name] for thing in things if thing["object"] == kind and thing.get("status") != "failed"
            )
            assert {1} >= {*ours.values()}, f"more than one {kind}: {ours}"


@contextmanager
def stripe_shop() -> Iterator[tuple[Application, StripeOutside]]:
    """Every use case over an empty database in memory, with Stripe as the provider."""
    with stripe_world() as world:
        ids = SeededIds(5, world.clock)
        shop = application(
            MemoryDatabase(ids).begin,
            payments=world.payments,
            transfers=world.transfers,
            clock=world.clock,
            ids=ids,
            provider="stripe",
        )
        yield shop, StripeOutside(world)
