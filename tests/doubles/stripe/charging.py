"""Charging: payment intents with their charges, refunds and disputes, as Stripe has them."""

from __future__ import annotations

from typing import Final

from tests.doubles.stripe.books import PLATFORM, Books, Json
from tests.doubles.stripe.refusals import StripeRefusal, declined, invalid, refused

APPROVED: Final = "pm_card_visa"
DECLINED: Final = "pm_card_chargeDeclined"
NO_FUNDS: Final = "pm_card_chargeDeclinedInsufficientFunds"
ACTION: Final = "pm_card_authenticationRequired"
SLOW: Final = "pm_usBankAccount"
REFUND_PENDING: Final = "pm_card_pendingRefund"
REFUND_FAILS: Final = "pm_card_refundFail"
AT_ONCE: Final = "pm_card_bypassPending"

_METHODS: Final = {APPROVED, DECLINED, NO_FUNDS, ACTION, SLOW, REFUND_PENDING, REFUND_FAILS, AT_ONCE}
_DECLINES: Final = {DECLINED: "generic_decline", NO_FUNDS: "insufficient_funds"}
_UNPAID: Final = {"requires_payment_method", "requires_confirmation", "requires_action"}


class Charging:
    """What Stripe does with customers' money; parameters are texts, as a form has them."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def create(self, params: Json, _: str) -> Json:
        """`POST /v1/payment_intents`."""
        amount = whole(params["amount"])
        if {"application_fee_amount", "transfer_data"} & set(params):
            raise invalid("separate charges and transfers take neither an application fee nor transfer data")
        method = self._method(params) if params.get("confirm") == "true" else None
        automatic = params.get("automatic_payment_methods", {"enabled": "true"})
        redirects = automatic.get("allow_redirects", "always")
        if method and redirects == "always" and "return_url" not in params:
            raise invalid("these payment methods might redirect your customer: you must provide a `return_url`")
        intent = self._books.add(
            "pi",
            amount=amount,
            amount_capturable=0,
            amount_received=0,
            automatic_payment_methods={"enabled": True, "allow_redirects": redirects},
            canceled_at=None,
            cancellation_reason=None,
            capture_method=params.get("capture_method", "automatic_async"),
            client_secret=None,
            confirmation_method="automatic",
            currency=params["currency"],
            last_payment_error=None,
            latest_charge=None,
            livemode=False,
            metadata=params.get("metadata", {}),
            next_action=None,
            payment_method=None,
            payment_method_options=params.get("payment_method_options"),
            payment_method_types=["card"],
            status="requires_payment_method",
            transfer_group=params.get("transfer_group"),
        )
        intent["client_secret"] = f"{intent['id']}_secret_{intent['created']}"
        self._books.tell("payment_intent.created", intent)
        if method:
            self._try(intent, method)
        return intent

    def confirm(self, params: Json, name: str) -> Json:
        """`POST /v1/payment_intents/{intent}/confirm`."""
        intent = self._books.of("payment_intent", name)
        method = self._method(params)
        if intent["automatic_payment_methods"]["allow_redirects"] == "always" and "return_url" not in params:
            raise invalid("these payment methods might redirect your customer: you must provide a `return_url`")
        if intent["status"] not in _UNPAID:
            raise _unexpected(intent, "confirm")
        self._try(intent, method)
        return intent

    def capture(self, params: Json, name: str) -> Json:
        """`POST /v1/payment_intents/{intent}/capture`."""
        intent = self._books.of("payment_intent", name)
        if intent["status"] != "requires_capture":
            raise _unexpected(intent, "capture")
        final = params.get("final_capture", "true") == "true"
        ends = final and intent["amount_received"] > 0 and params.get("amount_to_capture") == "0"
        amount = 0 if ends else whole(params.get("amount_to_capture", intent["amount_capturable"]))
        if amount > intent["amount_capturable"]:
            raise refused("amount_too_large", "The amount is greater than the capturable amount")
        charge = self._books.things[intent["latest_charge"]]
        if not final and charge["payment_method_details"]["card"]["multicapture"]["status"] != "available":
            raise invalid("This PaymentIntent cannot be captured more than once", param="final_capture")
        if amount:
            self._take(intent, amount)
        if final or not intent["amount_capturable"]:
            self._close(intent)
        else:
            self._books.tell("payment_intent.amount_capturable_updated", intent)
        return intent

    def cancel(self, params: Json, name: str) -> Json:
        """`POST /v1/payment_intents/{intent}/cancel`."""
        intent = self._books.of("payment_intent", name)
        if intent["status"] not in {*_UNPAID, "requires_capture"} or intent["amount_received"]:
            raise _unexpected(intent, "cancel")
        self._cancel(intent, params.get("cancellation_reason"))
        return intent

    def refund(self, params: Json, _: str) -> Json:
        """`POST /v1/refunds`."""
        books = self._books
        if "payment_intent" not in params or {"reverse_transfer", "refund_application_fee"} & set(params):
            raise invalid("a refund names a payment intent, and moves no transfer", param="payment_intent")
        intent = books.of("payment_intent", params["payment_intent"], param="payment_intent")
        if not intent["amount_received"]:
            raise refused("payment_intent_unexpected_state", "This PaymentIntent does not have a successful charge to refund")
        charge = books.things[intent["latest_charge"]]
        if any(each["status"] == "needs_response" for each in self._disputes(charge)):
            raise refused("charge_disputed", f"Charge {charge['id']} has been charged back; cannot issue a refund")
        left = self.left(charge)
        amount = whole(params.get("amount", left))
        if not left:
            raise refused("charge_already_refunded", f"Charge {charge['id']} has already been refunded")
        if amount > left:
            raise refused(None, f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})")
        method = intent["payment_method"]
        refund = books.add(
            "re",
            amount=amount,
            balance_transaction=None,
            charge=charge["id"],
            currency=charge["currency"],
            failure_balance_transaction=None,
            metadata=params.get("metadata", {}),
            payment_intent=intent["id"],
            reason=params.get("reason"),
            status="pending" if method == REFUND_PENDING else "succeeded",
        )
        refund["balance_transaction"] = books.post(PLATFORM, "refund", refund["id"], -amount, charge["currency"])["id"]
        self._give_back(charge, amount)
        books.tell("refund.created", refund)
        books.tell("charge.refunded", charge)
        due = books.now + books.terms.refund_takes
        if method == REFUND_PENDING:
            books.later(due, lambda: self._refunded(refund))
        elif method == REFUND_FAILS:
            books.later(due, lambda: self._bounced(refund, charge))
        return refund

    def dispute(self, intent: Json, amount: int) -> Json:
        """The customer's bank takes so much of what is left of a payment back for now; there may be another dispute already."""
        books, charge = self._books, self._books.things[intent["latest_charge"]]
        assert intent["amount_received"]
        assert 0 < amount <= self.left(charge)
        dispute = books.add(
            "dp",
            amount=amount,
            balance_transactions=[],
            charge=charge["id"],
            currency=charge["currency"],
            enhanced_eligibility_types=[],
            evidence={"enhanced_evidence": {}},
            evidence_details={
                "due_by": books.now + books.terms.evidence_within,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            is_charge_refundable=False,
            livemode=False,
            metadata={},
            payment_intent=intent["id"],
            reason="fraudulent",
            status="needs_response",
        )
        charge["disputed"] = True
        fee = books.terms.dispute_fee
        line = books.post(PLATFORM, "adjustment", dispute["id"], -amount, charge["currency"], fee=fee)
        dispute["balance_transactions"].append(line["id"])
        books.tell("charge.dispute.created", dispute)
        books.tell("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def decide(self, dispute: Json, *, won: bool) -> None:
        """The bank decides; of what it took nothing comes back when it is lost."""
        books = self._books
        dispute["status"] = "won" if won else "lost"
        if won:
            fee = -books.terms.dispute_fee
            line = books.post(PLATFORM, "adjustment", dispute["id"], dispute["amount"], dispute["currency"], fee=fee)
            dispute["balance_transactions"].append(line["id"])
            books.tell("charge.dispute.funds_reinstated", dispute)
        books.tell("charge.dispute.closed", dispute)

    def authenticate(self, intent: Json, *, succeed: bool) -> None:
        """The customer does what the bank requires, or fails to."""
        assert intent["status"] == "requires_action"
        intent["next_action"] = None
        if succeed:
            self._approve(intent)
        else:
            self._fail(intent, self._charge(intent, paid=False), "payment_intent_authentication_failure", None)

    def _try(self, intent: Json, method: str) -> None:
        books = self._books
        intent.update(payment_method=method, last_payment_error=None, next_action=None)
        if method in _DECLINES:
            charge = self._charge(intent, paid=False)
            self._fail(intent, charge, "card_declined", _DECLINES[method])
            raise declined(_DECLINES[method], charge["id"], books.shown(intent))
        if method == ACTION:
            intent.update(status="requires_action", next_action={"type": "use_stripe_sdk"})
            books.tell("payment_intent.requires_action", intent)
        elif method == SLOW:
            intent["status"] = "processing"
            self._charge(intent, paid=False)["status"] = "pending"
            books.later(books.now + books.terms.processing_takes, lambda: self._approve(intent))
            books.tell("payment_intent.processing", intent)
        else:
            self._approve(intent)

    def _approve(self, intent: Json) -> None:
        books = self._books
        charge = self._charge(intent, paid=True)
        books.tell("charge.succeeded", charge)
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        if intent["capture_method"] != "manual":
            self._take(intent, intent["amount"])
            self._close(intent)
            return
        books.later(books.now + books.terms.authorization_lasts, lambda: self._expire(intent))
        books.tell("payment_intent.amount_capturable_updated", intent)

    def _take(self, intent: Json, amount: int) -> None:
        books, charge = self._books, self._books.things[intent["latest_charge"]]
        at_once = intent["payment_method"] == AT_ONCE
        line = books.post(
            PLATFORM,
            "charge",
            charge["id"],
            amount,
            intent["currency"],
            fee=books.terms.fee(amount),
            available_on=books.now if at_once else books.now + books.terms.settles_after,
        )
        charge.update(amount_captured=charge["amount_captured"] + amount, balance_transaction=line["id"])
        intent["amount_received"] += amount
        intent["amount_capturable"] -= amount

    def _close(self, intent: Json) -> None:
        """What was not captured is let go, which counts as refunded."""
        charge = self._books.things[intent["latest_charge"]]
        charge["captured"] = True
        self._give_back(charge, intent["amount_capturable"])
        intent.update(status="succeeded", amount_capturable=0)
        self._books.tell("payment_intent.succeeded", intent)

    def _fail(self, intent: Json, charge: Json, code: str, decline_code: str | None) -> None:
        charge.update(status="failed", failure_code=code)
        said = {"type": "card_error", "code": code, "message": "The payment failed.", "charge": charge["id"]}
        wrong = said if decline_code is None else {**said, "decline_code": decline_code}
        intent.update(status="requires_payment_method", last_payment_error=wrong)
        self._books.tell("payment_intent.payment_failed", intent)

    def _cancel(self, intent: Json, reason: str | None) -> None:
        if intent["status"] == "requires_capture":
            charge = self._books.things[intent["latest_charge"]]
            self._give_back(charge, charge["amount"])
        intent.update(status="canceled", canceled_at=self._books.now, cancellation_reason=reason, amount_capturable=0)
        self._books.tell("payment_intent.canceled", intent)

    def _expire(self, intent: Json) -> None:
        if intent["status"] == "requires_capture" and intent["amount_received"]:
            self._close(intent)
        elif intent["status"] == "requires_capture":
            self._cancel(intent, "automatic")

    def _refunded(self, refund: Json) -> None:
        refund["status"] = "succeeded"
        self._books.tell("refund.updated", refund)

    def _bounced(self, refund: Json, charge: Json) -> None:
        books = self._books
        line = books.post(PLATFORM, "refund_failure", refund["id"], refund["amount"], refund["currency"])
        refund.update(status="failed", failure_reason="unknown", failure_balance_transaction=line["id"])
        self._give_back(charge, -refund["amount"])
        books.tell("refund.failed", refund)

    def _give_back(self, charge: Json, amount: int) -> None:
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]

    def _charge(self, intent: Json, *, paid: bool) -> Json:
        charge = self._books.add(
            "ch",
            amount=intent["amount"],
            amount_captured=0,
            amount_refunded=0,
            balance_transaction=None,
            billing_details={},
            captured=False,
            currency=intent["currency"],
            disputed=False,
            failure_code=None,
            livemode=False,
            metadata=dict(intent["metadata"]),
            paid=paid,
            payment_intent=intent["id"],
            payment_method_details=self._details(intent),
            refunded=False,
            status="succeeded" if paid else "failed",
            transfer_group=intent["transfer_group"],
        )
        intent["latest_charge"] = charge["id"]
        return charge

    def left(self, charge: Json) -> int:
        """What of a charge was neither let go, nor refunded, nor taken back by the bank."""
        taken = sum(each["amount"] for each in self._disputes(charge) if each["status"] != "won")
        still = self._books.things[charge["payment_intent"]]["amount_capturable"]
        return int(charge["amount"] - still - charge["amount_refunded"] - taken)

    def _details(self, intent: Json) -> Json:
        """How it was paid; that a card can be captured in parts depends on what was asked for and what was agreed."""
        if intent["payment_method"] == SLOW:
            return {"type": "us_bank_account"}
        options = intent.get("payment_method_options") or {}
        asked = options.get("card", {}).get("request_multicapture") == "if_available"
        status = "available" if asked and self._books.terms.multicapture else "unavailable"
        return {"type": "card", "card": {"exp_month": 12, "exp_year": 2030, "multicapture": {"status": status}}}

    def _disputes(self, charge: Json) -> list[Json]:
        return [each for each in self._books.all("dispute") if each["charge"] == charge["id"]]

    def _method(self, params: Json) -> str:
        method = str(params.get("payment_method", ""))
        if method not in _METHODS:
            raise invalid(f"No such PaymentMethod: '{method}'", param="payment_method", code="resource_missing")
        return method


def whole(text: object) -> int:
    """An amount that can be moved."""
    amount = int(str(text))
    if not 0 < amount <= 99_999_999:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    return amount


def _unexpected(intent: Json, act: str) -> StripeRefusal:
    return refused(
        "payment_intent_unexpected_state",
        f"You cannot {act} this PaymentIntent because it has a status of {intent['status']}.",
    )
