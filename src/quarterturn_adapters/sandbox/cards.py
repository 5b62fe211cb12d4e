"""Test methods: cards and banks that behave as their names say, and the numbers that Stripe documents for the same.

Source of the numbers: docs.stripe.com/testing. A real card number is refused, and never kept or repeated.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.payments.gateway import GatewayRefused


class Answer(StrEnum):
    """What a card's bank says."""

    APPROVED = "approved"
    DECLINED = "declined"
    ACTION = "action"
    LATE = "late"
    LATE_FAILURE = "late_failure"


class DisputeFate(StrEnum):
    """What becomes of the dispute that a card opens."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class RefundFate(StrEnum):
    """What becomes of a refund: there at once, later, not at all, or there and then sent back by the customer's bank."""

    AT_ONCE = "at_once"
    LATE = "late"
    FAILS = "fails"
    BOUNCES = "bounces"


@attrs.frozen
class Card:
    """A test card; `action_fails` is about the bank's answer after the customer has done what was required."""

    name: str
    answer: Answer
    failure: str | None = None
    dispute: DisputeFate | None = None
    refund: RefundFate = RefundFate.AT_ONCE
    available_at_once: bool = False
    action_fails: str | None = None


_CARDS: Final = (
    Card("card_approved", Answer.APPROVED),
    Card("card_declined", Answer.DECLINED, "card_declined"),
    Card("card_insufficient_funds", Answer.DECLINED, "insufficient_funds"),
    Card("card_lost", Answer.DECLINED, "lost_card"),
    Card("card_stolen", Answer.DECLINED, "stolen_card"),
    Card("card_expired", Answer.DECLINED, "expired_card"),
    Card("card_incorrect_cvc", Answer.DECLINED, "incorrect_cvc"),
    Card("card_processing_error", Answer.DECLINED, "processing_error"),
    Card("card_action_required", Answer.ACTION),
    Card("card_action_then_declined", Answer.ACTION, action_fails="card_declined"),
    Card("card_late_success", Answer.LATE),
    Card("card_processing_fails", Answer.LATE_FAILURE, "processing_failed"),
    Card("card_disputed", Answer.APPROVED, dispute=DisputeFate.OPEN),
    Card("card_dispute_won", Answer.APPROVED, dispute=DisputeFate.WON),
    Card("card_dispute_lost", Answer.APPROVED, dispute=DisputeFate.LOST),
    Card("card_refund_pending", Answer.APPROVED, refund=RefundFate.LATE),
    Card("card_refund_fails", Answer.APPROVED, refund=RefundFate.FAILS),
    Card("card_refund_bounces", Answer.APPROVED, refund=RefundFate.BOUNCES),
    Card("card_available_at_once", Answer.APPROVED, available_at_once=True),
)

CARDS: Final = {card.name: card for card in _CARDS}
"""Every test card by its name."""

ALIASES: Final = {
    "4242424242424242": "card_approved",
    "5555555555554444": "card_approved",
    "4000000000000002": "card_declined",
    "4000000000009995": "card_insufficient_funds",
    "4000000000009987": "card_lost",
    "4000000000009979": "card_stolen",
    "4000000000000069": "card_expired",
    "4000000000000127": "card_incorrect_cvc",
    "4000000000000119": "card_processing_error",
    "4000002500003155": "card_action_required",
    "4000002760003184": "card_action_required",
    "4000008400001629": "card_action_then_declined",
    "4000000000000259": "card_disputed",
    "4000000000002685": "card_disputed",
    "4000000000007726": "card_refund_pending",
    "4000000000005126": "card_refund_bounces",
    "4000000000000077": "card_available_at_once",
    "pm_card_visa": "card_approved",
    "pm_card_mastercard": "card_approved",
    "pm_card_chargeDeclined": "card_declined",
    "pm_card_chargeDeclinedInsufficientFunds": "card_insufficient_funds",
    "pm_card_authenticationRequired": "card_action_required",
    "pm_card_createDispute": "card_disputed",
    "pm_card_bypassPending": "card_available_at_once",
}
"""The classic test numbers and tokens, and the card that each stands for."""


def card_of(method: str) -> Card:
    """The test card that a name, number or token stands for; `GatewayRefused` without repeating what was given."""
    card = CARDS.get(method)
    if card is None:
        card = CARDS.get(ALIASES.get(method.replace(" ", ""), ""))
    if card is None:
        raise GatewayRefused("no_such_method", "there is no such test method; the sandbox takes test cards only")
    return card


class Bank(StrEnum):
    """What becomes of payouts to a vendor's test bank account."""

    PAYS = "bank_pays"
    FAILS = "bank_fails"
    RETURNS = "bank_returns"
