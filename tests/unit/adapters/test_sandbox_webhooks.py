"""The sandbox's webhooks: signed, handed out once, twice, late, in another order or never, and read with care."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.sandbox import SIGNATURE_HEADER, Bank, Delivery, Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_adapters.sandbox.webhooks import signed, verified
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import Forbidden, Invalid, Unavailable
from quarterturn_domain.kernel.ids import OrderId, PaymentId, PayoutId, RefundId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import Hint, HintKind, PaymentRequest

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET: Final = "whsec_sandbox"  # noqa: S105 -- it guards nothing
BODY: Final = (
    b'{"id":"evt_1","object":"event","type":"payment.captured","created":1772366400,'
    b'"data":{"object":{"id":"pay_1","object":"payment","status":"captured"}}}'
)
# Made with another program: printf '%s' "1772366400.$BODY" | openssl dgst -sha256 -hmac whsec_sandbox
SIGNATURE: Final = "3846103876511c2b08d89b68927fd5d1faedc8dc124f5f856b057e208084cbd5"


class World:
    """A sandbox, its clock, and every hint that its webhooks gave."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.sandbox = Sandbox(self.clock, seed=5)
        self.payments = SandboxPayments(self.sandbox)
        self.hints: list[Hint] = []

    def pay(self, number: int = 1, method: str = "card_approved") -> str:
        """A payment under the ids of this number."""
        amount = Money.of("100.00", EUR)
        request = PaymentRequest(PaymentId(UUID(int=number)), OrderId(UUID(int=number)), amount, method=method)
        return self.payments.open_payment(request, key=f"open {number}").reference

    def hear(self, headers: Mapping[str, str], body: bytes) -> None:
        """Read a webhook as the edge would."""
        self.hints.append(self.payments.hint(headers, body, at=self.clock.now()))

    def types(self) -> list[str]:
        """The types that were heard."""
        return [hint.type for hint in self.hints]


@pytest.fixture
def world() -> World:
    """A sandbox that nobody has used yet."""
    return World()


def test_every_change_is_told(world: World) -> None:
    """The life of a payment, its refund and its dispute in the order of time, each naming its object."""
    reference = world.pay(method="card_dispute_won")
    refund = world.payments.refund_payment(
        reference, Money.of("1.00", EUR), refund_id=RefundId(UUID(int=1)), key="refund"
    ).reference
    world.clock.advance(timedelta(days=61))
    assert 6 == world.sandbox.deliver(world.hear)
    assert [
        "payment.created",
        "payment.captured",
        "refund.created",
        "payment.refunded",
        "dispute.created",
        "dispute.closed",
    ] == world.types()
    assert [(HintKind.PAYMENT, reference)] * 2 + [(HintKind.REFUND, refund), (HintKind.PAYMENT, reference)] == [
        (hint.kind, hint.reference) for hint in world.hints[:4]
    ]
    assert [NOW + timedelta(days=1), NOW + timedelta(days=61)] == [hint.created_at for hint in world.hints[4:]]
    assert 0 == world.sandbox.deliver(world.hear)


def test_connected_accounts_speak_in_their_own_name(world: World) -> None:
    """Events of an account and its payouts carry the account, those of transfers do not."""
    transfers = SandboxTransfers(world.sandbox)
    account = transfers.open_account(VendorId(UUID(int=1)), country="DE", key="account").reference
    world.sandbox.finish_onboarding(account, bank=Bank.RETURNS)
    world.sandbox.adjust(Money.of("50.00", EUR))
    transfers.transfer(account, Money.of("50.00", EUR), payout_id=PayoutId(UUID(int=1)), key="transfer")
    transfers.pay_out(account, Money.of("50.00", EUR), payout_id=PayoutId(UUID(int=1)), key="payout")
    world.clock.advance(timedelta(days=3))
    world.sandbox.deliver(world.hear)
    assert [
        ("account.updated", HintKind.ACCOUNT, account),
        ("account.updated", HintKind.ACCOUNT, account),
        ("transfer.created", HintKind.TRANSFER, None),
        ("payout.created", HintKind.PAYOUT, account),
        ("payout.paid", HintKind.PAYOUT, account),
        ("payout.returned", HintKind.PAYOUT, account),
    ] == [(hint.type, hint.kind, hint.account) for hint in world.hints]


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (Delivery.ONCE, [0, 1, 2, 3]),
        (Delivery.TWICE, [0, 0, 1, 1, 2, 2, 3, 3]),
        (Delivery.LATE, []),
        (Delivery.NEVER, []),
    ],
)
def test_a_delivery_is_as_asked_for(world: World, how: Delivery, told: list[int]) -> None:
    """Once, twice with the same event ids, not before they are old, or not at all."""
    events = _two_payments(world)
    assert len(told) == world.sandbox.deliver(world.hear, how=how)
    assert [events[position] for position in told] == [hint.event_id for hint in world.hints]
    assert (events if how is Delivery.LATE else []) == [event.id for event in world.sandbox.waiting]


def test_late_events_come_when_they_are_old(world: World) -> None:
    """After an hour they are handed out, signed when they are sent, so that they are believed."""
    events = _two_payments(world)
    world.clock.advance(timedelta(hours=1))
    world.sandbox.deliver(world.hear, how=Delivery.LATE)
    assert events == [hint.event_id for hint in world.hints]


def test_another_order_is_the_same_every_time() -> None:
    """All events come, in an order that is not that of time and follows from the seed."""
    heard = []
    for _ in range(2):
        world = World()
        events = _two_payments(world)
        world.sandbox.deliver(world.hear, how=Delivery.REORDERED)
        heard.append([hint.event_id for hint in world.hints])
        assert events != heard[-1]
        assert events == sorted(heard[-1])
    assert heard[0] == heard[1]


def test_what_was_not_taken_comes_again(world: World) -> None:
    """An event whose receiver is not available waits; a receiver that breaks keeps its event and those after it waiting."""
    events = _two_payments(world)

    def away(headers: Mapping[str, str], body: bytes) -> None:
        if events[1] in body.decode():
            raise Unavailable("the receiver")
        if events[3] in body.decode():
            raise RuntimeError
        world.hear(headers, body)

    with pytest.raises(RuntimeError):
        world.sandbox.deliver(away)
    assert [events[0], events[2]] == [hint.event_id for hint in world.hints]
    assert 2 == world.sandbox.deliver(world.hear)
    assert [events[1], events[3]] == [hint.event_id for hint in world.hints[2:]]


def test_the_signature_is_the_published_one() -> None:
    """What another program signed is believed, and ours is the same to the letter."""
    headers = {SIGNATURE_HEADER: f"t=1772366400,v1={SIGNATURE}"}
    assert headers[SIGNATURE_HEADER] == signed(BODY, [SECRET], NOW)[SIGNATURE_HEADER]
    assert Hint("evt_1", "payment.captured", HintKind.PAYMENT, "pay_1", NOW) == verified(headers, BODY, [SECRET], NOW)


@pytest.mark.parametrize(
    ("case", "after", "believed"),
    [
        ("sent now", timedelta(0), True),
        ("five minutes old", timedelta(seconds=300), True),
        ("older", timedelta(seconds=300, microseconds=1), False),
        ("five minutes ahead", -timedelta(seconds=300), True),
        ("further ahead", -timedelta(seconds=300, microseconds=1), False),
    ],
)
def test_a_signature_has_its_time(case: str, after: timedelta, believed: bool) -> None:
    """It is believed for 300 seconds before and after, and not a microsecond longer."""
    headers = signed(BODY, [SECRET], NOW)
    if believed:
        assert "evt_1" == verified(headers, BODY, [SECRET], NOW + after).event_id, case
    else:
        with pytest.raises(Forbidden):
            verified(headers, BODY, [SECRET], NOW + after)


@pytest.mark.parametrize(
    ("case", "header"),
    [
        ("nothing", ""),
        ("no time", f"v1={SIGNATURE}"),
        ("no signature", "t=1772366400"),
        ("an old scheme", f"t=1772366400,v0={SIGNATURE}"),
        ("another signature", f"t=1772366400,v1={SIGNATURE[:-1]}0"),
        ("half a signature", f"t=1772366400,v1={SIGNATURE[:32]}"),
        ("capital letters", f"t=1772366400,v1={SIGNATURE.upper()}"),
        ("another time", f"t=1772366401,v1={SIGNATURE}"),
        ("two times", f"t=1772366400,t=1772366400,v1={SIGNATURE}"),
        ("a time in words", f"t=noon,v1={SIGNATURE}"),
        ("a negative time", f"t=-1,v1={SIGNATURE}"),
        ("a time beyond all calendars", f"t=99999999999999999999,v1={SIGNATURE}"),
        ("digits of another script", f"t=\u0661\u0667,v1={SIGNATURE}"),
        ("letters of another script", "t=1772366400,v1=\u00e9\ud800"),
    ],
)
def test_a_false_header_is_forbidden(case: str, header: str) -> None:
    """Whatever stands in the header, only a right signature of this body at this time is believed."""
    with pytest.raises(Forbidden):
        verified({SIGNATURE_HEADER: header}, BODY, [SECRET], NOW)


def test_secrets_can_be_rolled(world: World) -> None:
    """While two secrets are valid either is enough, on both sides; a stranger's is not."""
    both = signed(BODY, ["old", "new"], NOW)
    assert 2 == both[SIGNATURE_HEADER].count("v1=")
    for known in (["old"], ["new"], ["new", "old"]):
        assert "evt_1" == verified(both, BODY, known, NOW).event_id
    assert "evt_1" == verified(signed(BODY, ["old"], NOW), BODY, ["new", "old"], NOW).event_id
    with pytest.raises(Forbidden):
        verified(both, BODY, ["stranger's"], NOW)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"\xff", json.dumps({"id": 1, "type": "x", "data": {}}).encode()])
def test_a_body_that_is_no_event_is_invalid(body: bytes) -> None:
    """What is signed and makes no sense is `Invalid`, not a crash."""
    with pytest.raises(Invalid):
        verified(signed(body, [SECRET], NOW), body, [SECRET], NOW)


def test_a_kind_that_nobody_knows_is_other() -> None:
    """A provider may tell of things that came after us."""
    body = BODY.replace(b"payment", b"tax_rate")
    assert HintKind.OTHER is verified(signed(body, [SECRET], NOW), body, [SECRET], NOW).kind


def _two_payments(world: World) -> list[str]:
    """The ids of the four events of two payments."""
    world.pay(1)
    world.pay(2)
    return [event.id for event in world.sandbox.waiting]
