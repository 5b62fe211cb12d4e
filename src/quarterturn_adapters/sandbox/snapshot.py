"""Snapshots: what the sandbox knows as JSON and back, so that a process that starts again goes on with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

import attrs

from quarterturn_adapters.sandbox import cards, idempotency, records, webhooks
from quarterturn_domain.identity.vendor import PayoutAccount
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments import dispute, gateway, payment
from quarterturn_domain.payouts import gateway as payouts

_KINDS: Final[Mapping[str, Any]] = {
    kind.__name__: kind
    for kind in (
        Money,
        PayoutAccount,
        cards.Bank,
        dispute.DisputeStatus,
        gateway.GatewayPayment,
        gateway.GatewayRefund,
        gateway.GatewayRefundStatus,
        gateway.GatewayRefused,
        gateway.LineKind,
        gateway.StatementLine,
        idempotency.Kept,
        payment.CaptureMethod,
        payment.PaymentStatus,
        payouts.GatewayPayout,
        payouts.GatewayPayoutStatus,
        payouts.GatewayTransfer,
        records.AccountRecord,
        records.DisputeRecord,
        records.LinkRecord,
        records.PaymentRecord,
        records.PayoutRecord,
        records.RefundRecord,
        records.TransferRecord,
        webhooks.EventRecord,
    )
}
_KIND: Final = "$"


def plain(value: Any) -> Any:  # noqa: ANN401
    """`value` in lists, dictionaries with string keys, strings, integers, booleans and null."""
    kind = type(value)
    if value is None or kind in {str, int, bool}:
        return value
    if kind is Money:
        return {_KIND: "Money", "minor": value.minor, "currency": value.currency.code}
    if kind is datetime:
        return {_KIND: "datetime", "value": value.isoformat()}
    if kind is UUID:
        return {_KIND: "UUID", "value": str(value)}
    if kind is Currency:
        return {_KIND: "Currency", "value": value.code}
    if kind is tuple:
        return {_KIND: "tuple", "value": [plain(each) for each in value]}
    if kind is list:
        return [plain(each) for each in value]
    if kind is dict:
        return {key: plain(each) for key, each in value.items()}
    assert _KINDS.get(kind.__name__) is kind, f"{kind} has no place in a snapshot"
    if isinstance(value, Enum):
        return {_KIND: kind.__name__, "value": value.value}
    return {_KIND: kind.__name__, **{field.name: plain(getattr(value, field.name)) for field in attrs.fields(kind)}}


def whole(said: Any) -> Any:  # noqa: ANN401
    """The value that `plain` made `said` of."""
    if isinstance(said, list):
        return [whole(each) for each in said]
    if not isinstance(said, dict):
        return said
    name = said.get(_KIND)
    if name is None:
        return {key: whole(each) for key, each in said.items()}
    if name == "Money":
        return Money(said["minor"], Currency.of(said["currency"]))
    if name == "datetime":
        return datetime.fromisoformat(said["value"])
    if name == "UUID":
        return UUID(said["value"])
    if name == "Currency":
        return Currency.of(said["value"])
    if name == "tuple":
        return tuple(whole(each) for each in said["value"])
    kind = _KINDS[name]
    if issubclass(kind, Enum):
        return kind(said["value"])
    return kind(**{key: whole(each) for key, each in said.items() if key != _KIND})
