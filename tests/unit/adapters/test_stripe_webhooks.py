"""Webhooks of Stripe: only genuine ones are believed, and each says which object to read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from tests.doubles.stripe.charging import ACTION, APPROVED, DECLINED
from tests.doubles.stripe.connecting import FAILS
from tests.doubles.stripe.driver import StripeDriver, stripe_world
from tests.doubles.stripe.webhooks import Delivery, letter

from quarterturn_adapters.stripe.webhooks import SIGNATURE_HEADER, verified
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import Forbidden, Invalid
from quarterturn_domain.kernel.ids import OrderId, PaymentId, PayoutId, RefundId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayPayment, Hint, HintKind, PaymentRequest
from quarterturn_domain.payments.payment import PaymentStatus

AT: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECONDS: Final = int(AT.timestamp())
SECRETS: Final = ("whsec_new", "whsec_old")
TEN: Final = Money.of("10.00", EUR)


def event(thing: Mapping[str, Any], kind: str = "charge.updated", **more: Any) -> dict[str, Any]:
    """An event of API v1."""
    return {"id": "evt_1", "object": "event", "type": kind, "created": SECONDS, "data": {"object": dict(thing)}, **more}


def thin(related: Mapping[str, Any] | None, **more: Any) -> dict[str, Any]:
    """An event of API v2."""
    base = {"id": "evt_2", "object": "v2.core.event", "type": "v2.core.account.updated", "created": "2026-11-20T12:00:00.000Z"}
    return {**base, "related_object": related, **more}


@pytest.mark.parametrize(
    ("case", "said", "expected"),
    [
        ("a payment", event({"id": "pi_1", "object": "payment_intent"}), (HintKind.PAYMENT, "pi_1", None)),
        (
            "a charge is read as its payment",
            event({"id": "ch_1", "object": "charge", "payment_intent": "pi_1"}),
            (HintKind.PAYMENT, "pi_1", None),
        ),
        (
            "a charge without a payment is not ours",
            event({"id": "ch_1", "object": "charge", "payment_intent": None}),
            (HintKind.OTHER, "evt_1", None),
        ),
        ("a refund", event({"id": "re_1", "object": "refund"}), (HintKind.REFUND, "re_1", None)),
        ("a dispute", event({"id": "dp_1", "object": "dispute"}), (HintKind.DISPUTE, "dp_1", None)),
        (
            "a bank that only asks",
            event({"id": "dp_1", "object": "dispute", "status": "warning_needs_response"}),
            (HintKind.OTHER, "dp_1", None),
        ),
        ("a transfer", event({"id": "tr_1", "object": "transfer"}), (HintKind.TRANSFER, "tr_1", None)),
        (
            "a payout of a connected account",
            event({"id": "po_1", "object": "payout"}, account="acct_1"),
            (HintKind.PAYOUT, "po_1", "acct_1"),
        ),
        ("a payout of the platform", event({"id": "po_1", "object": "payout"}), (HintKind.PAYOUT, "po_1", None)),
        (
            "an account",
            event({"id": "acct_1", "object": "account"}, account="acct_1"),
            (HintKind.ACCOUNT, "acct_1", "acct_1"),
        ),
        (
            "a capability is read as its account",
            event({"id": "transfers", "object": "capability", "account": "acct_1"}, account="acct_1"),
            (HintKind.ACCOUNT, "acct_1", "acct_1"),
        ),
        ("a balance has no name", event({"object": "balance"}, "balance.available"), (HintKind.OTHER, "evt_1", None)),
        (
            "a kind that nobody knows is kept",
            event({"id": "ban_1", "object": "banana"}, "banana.peeled"),
            (HintKind.OTHER, "ban_1", None),
        ),
        (
            "a thin event of an account",
            thin({"id": "acct_1", "type": "v2.core.account", "url": "/v2/core/accounts/acct_1"}),
            (HintKind.ACCOUNT, "acct_1", None),
        ),
        (
            "a thin event of a connected account",
            thin({"id": "acct_1", "type": "v2.core.account"}, context="acct_1"),
            (HintKind.ACCOUNT, "acct_1", "acct_1"),
        ),
        ("a thin event about nothing", thin(None), (HintKind.OTHER, "evt_2", None)),
    ],
)
def test_an_event_names_what_to_read(case: str, said: dict[str, Any], expected: tuple[HintKind, str, str | None]) -> None:
    """Kind, reference and account follow from the object; type, id and time are Stripe's own."""
    hint = verified(*letter(said, SECONDS, SECRETS), SECRETS, AT)
    assert expected == (hint.kind, hint.reference, hint.account), case
    assert (said["id"], said["type"], AT) == (hint.event_id, hint.type, hint.created_at), case


@pytest.mark.parametrize(
    ("case", "signed_by", "known"),
    [
        ("the one that is known", ["whsec_old"], ["whsec_old"]),
        ("the old one while both are known", ["whsec_old"], ["whsec_new", "whsec_old"]),
        ("both while only the new one is known", ["whsec_old", "whsec_new"], ["whsec_new"]),
        ("both endpoints' secrets are known", ["whsec_b"], ["whsec_a", "whsec_b"]),
    ],
)
def test_secrets_are_rolled(case: str, signed_by: list[str], known: list[str]) -> None:
    """One signature that fits one secret is enough, wherever each stands."""
    headers, body = letter(event({"id": "pi_1", "object": "payment_intent"}), SECONDS, signed_by)
    assert "pi_1" == verified(headers, body, known, AT).reference, case


@pytest.mark.parametrize(
    ("case", "change", "at"),
    [
        ("no header", lambda _: "", AT),
        ("no time", lambda given: given.partition(",")[2], AT),
        ("two times", lambda given: f"t=1,{given}", AT),
        ("another time", lambda given: given.replace(f"t={SECONDS}", f"t={SECONDS + 1}"), AT),
        ("a time that is no number", lambda given: given.replace(f"t={SECONDS}", "t=-1"), AT),
        ("a time beyond all calendars", lambda given: given.replace(f"t={SECONDS}", "t=99999999999"), AT),
        ("only the scheme of old", lambda given: given.replace("v1=", "v0="), AT),
        ("a signature cut short", lambda given: given.replace("v1=", "v1=0")[:-1], AT),
        ("letters beyond ASCII", lambda given: given.replace("v1=", "v1=ä"), AT),
        ("too old", lambda given: given, AT + timedelta(seconds=301)),
        ("from the future", lambda given: given, AT - timedelta(seconds=301)),
    ],
)
def test_what_is_not_genuine_is_forbidden(case: str, change: Any, at: datetime) -> None:  # noqa: ANN401 -- a lambda
    """Whatever is wrong with the signature, the body is not even read."""
    headers, body = letter(event({"id": "pi_1", "object": "payment_intent"}), SECONDS, SECRETS)
    with pytest.raises(Forbidden):
        verified({**headers, SIGNATURE_HEADER: change(headers[SIGNATURE_HEADER])}, body, SECRETS, at)
    assert "pi_1" == verified(headers, body, SECRETS, AT).reference, case


def test_without_secrets_nothing_is_believed() -> None:
    """Where no secret is set, not even an empty one fits."""
    headers, body = letter(event({"id": "pi_1", "object": "payment_intent"}), SECONDS, [""])
    with pytest.raises(Forbidden):
        verified(headers, body, (), AT)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("no object", []),
        ("no id", {**event({"id": "pi_1", "object": "payment_intent"}), "id": None}),
        ("an empty id", {**event({"id": "pi_1", "object": "payment_intent"}), "id": ""}),
        ("no type", {**event({"id": "pi_1", "object": "payment_intent"}), "type": 7}),
        ("an object that is none", {**event({}), "data": {"object": "pi_1"}}),
        ("no data", {"id": "evt_1", "type": "x", "created": SECONDS}),
        ("a time that is none", event({"id": "pi_1", "object": "payment_intent"}, created="soon")),
    ],
)
def test_what_is_genuine_and_no_event_is_invalid(case: str, said: Any) -> None:  # noqa: ANN401 -- any JSON
    """Signed nonsense is told from a false signature: Stripe said it, and it makes no sense."""
    with pytest.raises(Invalid):
        verified(*letter(said, SECONDS, SECRETS), SECRETS, AT)


def test_the_published_vectors(shared_contracts: Path) -> None:
    """Deliveries that were signed by others are believed, at the time at which they were sent and not with another body."""
    vectors = json.loads((shared_contracts / "webhook-vectors" / "vectors.json").read_text(encoding="utf-8"))["stripe"]
    at = datetime.fromtimestamp(vectors["timestamp"], UTC)
    kinds = set()
    for vector in vectors["vectors"]:
        body = vector["raw_body"].encode()
        hint = verified(vector["headers"], body, (vectors["secret"],), at)
        assert vector["type"] == hint.type
        kinds.add(hint.kind)
        with pytest.raises(Forbidden):
            verified(vector["headers"], body + b" ", (vectors["secret"],), at)
    # The dispute among them is an inquiry.
    assert {HintKind.PAYMENT, HintKind.ACCOUNT, HintKind.TRANSFER, HintKind.PAYOUT, HintKind.OTHER} == kinds


def lived(world: StripeDriver) -> GatewayPayment:
    """A payment that was declined, then paid, refunded in part and disputed; a vendor who was paid in vain."""
    payments, transfers = world.payments, world.transfers
    request = PaymentRequest(PaymentId(UUID(int=1)), OrderId(UUID(int=2)), TEN * 10, method=DECLINED)
    payment = payments.open_payment(request, key="open")
    payments.confirm_payment(payment.reference, ACTION, key="confirm:1")
    world.double.authenticate(payment.reference, succeed=False)
    payments.confirm_payment(payment.reference, APPROVED, key="confirm:2")
    payments.refund_payment(payment.reference, TEN, refund_id=RefundId(UUID(int=3)), key="refund")
    account = transfers.open_account(VendorId(UUID(int=4)), country="DE", key="account").reference
    world.double.finish_onboarding(account, bank=FAILS)
    # The refund was taken out of what is available, long before the payment is.
    world.fund(TEN * 2)
    transfers.transfer(account, TEN, payout_id=PayoutId(UUID(int=5)), key="transfer")
    transfers.pay_out(account, TEN, payout_id=PayoutId(UUID(int=5)), key="payout")
    world.double.close_dispute(world.double.open_dispute(payment.reference), won=True)
    world.settle()
    return payment


@pytest.mark.parametrize("how", Delivery)
def test_however_they_come_the_truth_is_read(how: Delivery) -> None:
    """Once, twice, late, reordered or never: what each hint leads to is the object as it is now, the same every time."""
    with stripe_world() as world:
        payment = lived(world)
        heard: list[Hint] = []
        count = world.double.deliver(lambda headers, body: heard.append(world.payments.hint(headers, body, at=world.now())), how)
        assert count == len(heard)
        assert (how is Delivery.NEVER) is (not heard)
        if how is Delivery.TWICE:
            assert count == 2 * len({hint.event_id for hint in heard})
        for hint in heard:
            if hint.kind is HintKind.PAYMENT:
                assert PaymentStatus.PARTIALLY_REFUNDED is world.payments.read_payment(hint.reference).status
            elif hint.kind is HintKind.REFUND:
                assert TEN == world.payments.read_refund(hint.reference).amount
            elif hint.kind is HintKind.DISPUTE:
                assert payment.reference == world.payments.read_dispute(hint.reference).payment_reference
            elif hint.kind is HintKind.ACCOUNT:
                assert world.transfers.read_account(hint.reference).ready
            elif hint.kind is HintKind.PAYOUT:
                assert hint.account is not None
                assert "account_closed" == world.transfers.read_payout(hint.account, hint.reference).failure
        if how in {Delivery.ONCE, Delivery.TWICE, Delivery.REORDERED}:
            assert set(HintKind) - {HintKind.OTHER} == {hint.kind for hint in heard}
        assert PaymentStatus.PARTIALLY_REFUNDED is world.payments.read_payment(payment.reference).status
