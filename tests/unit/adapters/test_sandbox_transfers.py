"""The sandbox's transfers: onboarding by links, money that waits for its charge, and the platform's own payouts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.sandbox import Bank, Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import OrderId, PaymentId, PayoutId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayRefused, LineKind, PaymentRequest
from quarterturn_domain.payouts.gateway import GatewayPayoutStatus

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
HUNDRED: Final = Money.of("100.00", EUR)
SIXTY: Final = Money.of("60.00", EUR)
NOTHING: Final = Money.zero(EUR)
DONE, AGAIN = "https://shop.example/done", "https://shop.example/again"


class World:
    """A sandbox, its clock and both of its ports."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.sandbox = Sandbox(self.clock, seed=9)
        self.payments = SandboxPayments(self.sandbox)
        self.transfers = SandboxTransfers(self.sandbox)

    def account(self) -> str:
        """A new account that lacks everything."""
        return self.transfers.open_account(VendorId(UUID(int=1)), country="DE", key="account").reference

    def charge(self) -> str:
        """A charge of 100.00 that settles in two days."""
        request = PaymentRequest(PaymentId(UUID(int=1)), OrderId(UUID(int=1)), HUNDRED, method="card_approved")
        charge = self.payments.open_payment(request, key="open").charge
        assert charge is not None
        return charge


@pytest.fixture
def world() -> World:
    """A sandbox that nobody has used yet."""
    return World()


def test_a_link_is_good_for_one_visit(world: World) -> None:
    """The first visit finishes the onboarding; the second, and one that comes too late, leads to where a new link is given."""
    account = world.account()
    links = [world.transfers.onboarding_link(account, return_url=DONE, refresh_url=AGAIN) for _ in range(2)]
    assert DONE == world.sandbox.visit(links[0])
    assert world.transfers.read_account(account).ready
    assert AGAIN == world.sandbox.visit(links[0])
    world.clock.advance(timedelta(minutes=5))
    assert AGAIN == world.sandbox.visit(links[1])
    with pytest.raises(NotFound):
        world.sandbox.visit("https://onboarding.sandbox.invalid/guessed")
    with pytest.raises(NotFound):
        world.transfers.onboarding_link("acct_unknown", return_url=DONE, refresh_url=AGAIN)


def test_a_provider_may_want_more_later(world: World) -> None:
    """An account that was ready is not when something is required again: neither transfers nor payouts go out."""
    account = world.account()
    world.sandbox.finish_onboarding(account)
    world.sandbox.adjust(HUNDRED)
    world.transfers.transfer(account, SIXTY, payout_id=PayoutId(UUID(int=1)), key="transfer 1")
    world.sandbox.require(account, ("representative.id_number",))
    assert ("representative.id_number",) == world.transfers.read_account(account).requirements
    for move in (world.transfers.transfer, world.transfers.pay_out):
        with pytest.raises(GatewayRefused) as refusal:
            move(account, SIXTY, payout_id=PayoutId(UUID(int=2)), key=f"{move.__name__} 2")
        assert "account_not_ready" == refusal.value.reason


def test_a_transfer_waits_for_its_charge(world: World) -> None:
    """The platform and the account have it at once as something to come, and can spend it when the charge is available."""
    account = world.account()
    world.sandbox.finish_onboarding(account)
    charge = world.charge()
    transfer = world.transfers.transfer(account, SIXTY, payout_id=PayoutId(UUID(int=1)), source=charge, key="transfer")
    assert (SIXTY, NOTHING) == (world.sandbox.balance(EUR, account), world.sandbox.available(EUR, account))
    line = world.payments.statement(NOW, NOW + timedelta(1))[-1]
    assert (LineKind.TRANSFER, transfer.reference, -SIXTY, NOTHING) == (line.kind, line.source, line.amount, line.fee)
    assert (NOW, NOW + timedelta(days=2)) == (line.at, line.available_at)
    world.clock.advance(timedelta(days=2))
    assert (SIXTY, Money.of("36.80", EUR)) == (world.sandbox.available(EUR, account), world.sandbox.available(EUR))
    world.sandbox.prove()


def test_a_transfer_can_be_taken_back_before_its_charge_settles(world: World) -> None:
    """What is still to come can be reversed, and the charge's amount may be transferred anew."""
    account = world.account()
    world.sandbox.finish_onboarding(account)
    charge = world.charge()
    transfer = world.transfers.transfer(account, HUNDRED, payout_id=PayoutId(UUID(int=1)), source=charge, key="transfer 1")
    assert HUNDRED == world.transfers.reverse_transfer(transfer.reference, HUNDRED, key="reverse").reversed
    assert NOTHING == world.sandbox.balance(EUR, account)
    world.transfers.transfer(account, HUNDRED, payout_id=PayoutId(UUID(int=2)), source=charge, key="transfer 2")
    world.sandbox.prove()
    world.clock.advance(timedelta(days=2))
    assert HUNDRED == world.sandbox.available(EUR, account)
    world.sandbox.prove()


def test_what_is_to_come_does_not_pay_for_what_is_gone(world: World) -> None:
    """A transfer that has settled and was paid out is not taken back out of another that still waits for its charge."""
    account = world.account()
    world.sandbox.finish_onboarding(account)
    world.sandbox.adjust(SIXTY)
    settled = world.transfers.transfer(account, SIXTY, payout_id=PayoutId(UUID(int=1)), key="transfer 1")
    world.transfers.pay_out(account, SIXTY, payout_id=PayoutId(UUID(int=1)), key="payout")
    world.transfers.transfer(account, SIXTY, payout_id=PayoutId(UUID(int=2)), source=world.charge(), key="transfer 2")
    with pytest.raises(GatewayRefused) as refusal:
        world.transfers.reverse_transfer(settled.reference, SIXTY, key="reverse")
    assert "balance_insufficient" == refusal.value.reason


@pytest.mark.parametrize(
    ("bank", "lines", "left", "status"),
    [
        (Bank.PAYS, [LineKind.PAYOUT], NOTHING, GatewayPayoutStatus.PAID),
        (Bank.FAILS, [LineKind.PAYOUT, LineKind.PAYOUT_FAILURE], HUNDRED, GatewayPayoutStatus.FAILED),
        (Bank.RETURNS, [LineKind.PAYOUT, LineKind.PAYOUT_FAILURE], HUNDRED, GatewayPayoutStatus.RETURNED),
    ],
)
def test_the_platform_pays_itself_out(
    world: World, bank: Bank, lines: list[LineKind], left: Money, status: GatewayPayoutStatus
) -> None:
    """The platform's own payouts are lines of its statement, and so is their coming back."""
    world.sandbox.adjust(HUNDRED)
    payout = world.sandbox.withdraw(HUNDRED, bank=bank)
    assert NOTHING == world.sandbox.balance(EUR)
    world.clock.advance(timedelta(days=3))
    statement = world.payments.statement(NOW, NOW + timedelta(days=4))
    assert [LineKind.ADJUSTMENT, *lines] == [line.kind for line in statement]
    assert {payout.reference} == {line.source for line in statement[1:]}
    assert (left, status) == (world.sandbox.balance(EUR), world.transfers.read_payout("", payout.reference).status)
    with pytest.raises(GatewayRefused):
        world.sandbox.withdraw(HUNDRED + HUNDRED)


def test_a_returned_payout_was_paid_first(world: World) -> None:
    """After two days the bank has it, after three it has sent it back."""
    account = world.account()
    world.sandbox.finish_onboarding(account, bank=Bank.RETURNS)
    world.sandbox.adjust(HUNDRED)
    world.transfers.transfer(account, HUNDRED, payout_id=PayoutId(UUID(int=1)), key="transfer")
    payout = world.transfers.pay_out(account, HUNDRED, payout_id=PayoutId(UUID(int=1)), key="payout").reference
    seen = []
    for _ in range(3):
        world.clock.advance(timedelta(days=1))
        now = world.transfers.read_payout(account, payout)
        seen.append((now.status, world.sandbox.balance(EUR, account)))
    assert [
        (GatewayPayoutStatus.PENDING, NOTHING),
        (GatewayPayoutStatus.PAID, NOTHING),
        (GatewayPayoutStatus.RETURNED, HUNDRED),
    ] == seen


@pytest.mark.parametrize(
    ("case", "account", "amount", "source", "reason"),
    [
        ("nothing", None, NOTHING, None, "amount_invalid"),
        ("an unknown account", "acct_unknown", SIXTY, None, "no_such_account"),
        ("an unknown charge", None, SIXTY, "ch_unknown", "no_such_charge"),
        ("more than there is", None, SIXTY, None, "balance_insufficient"),
    ],
)
def test_a_transfer_is_refused_with_a_reason(
    world: World, case: str, account: str | None, amount: Money, source: str | None, reason: str
) -> None:
    """Each refusal says in a word what was wrong."""
    ready = world.account()
    world.sandbox.finish_onboarding(ready)
    with pytest.raises(GatewayRefused) as refusal:
        world.transfers.transfer(account or ready, amount, payout_id=PayoutId(UUID(int=1)), source=source, key="transfer")
    assert reason == refusal.value.reason, case


def test_a_country_is_two_letters(world: World) -> None:
    """An account without a country that can be one is refused, and its key stays free."""
    with pytest.raises(GatewayRefused):
        world.transfers.open_account(VendorId(UUID(int=1)), country="Germany", key="account")
    assert world.account()
