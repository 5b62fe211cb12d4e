"""`quarterturn explain`: every figure of an order down to its rule and rounding step, or a payout down to its entries."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from uuid import UUID

from quarterturn_api.commands.running import ask_for_database, running
from quarterturn_api.commands.screen import say_json
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import OrderId, PayoutId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payouts.explaining import ExplainedOrder, ExplainedPayout
from quarterturn_domain.settlement.journal import Booked


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Explain an order: every figure of every line, computed again from the rule and the rounding steps that were frozen on it, "
        "and what the journal has of it. Or a payout: the earnings, refunds and disputes that it consists of. The exit status is 1 "
        "when a figure does not follow."
    )
    parser.add_argument("what", choices=("order", "payout"), help="what is to be explained")
    parser.add_argument("id", metavar="ID", help="its id")
    parser.add_argument("--json", action="store_true", help="print the explanation for a program")
    ask_for_database(parser)


def run(options: argparse.Namespace) -> int:
    """0 when every figure follows from what is stored, 1 when one does not, or there is no such thing."""
    try:
        key = UUID(options.id)
    except ValueError:
        raise Invalid(f"the id {options.id!r}", "a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057") from None
    with running(options.database) as app:
        found = app.explain.order(OrderId(key)) if options.what == "order" else app.explain.payout(PayoutId(key))
        vendor_ids = {each.vendor_id for each in found.vendors} if isinstance(found, ExplainedOrder) else {found.payout.vendor_id}
        with app.begin() as work:
            names = {vendor.id: vendor.name for vendor in work.vendors.find(vendor_ids).values()}
    if options.json:
        say_json(said_order(found) if isinstance(found, ExplainedOrder) else said_payout(found))
    else:
        from quarterturn_api.commands.money import show_order, show_payout  # noqa: PLC0415 (a program does not wait for it)

        if isinstance(found, ExplainedOrder):
            show_order(found, names)
        else:
            show_payout(found, names)
    return 0 if found.holds else 1


def said_order(found: ExplainedOrder) -> Mapping[str, object]:
    """An order's explanation as a program reads it."""
    order = found.order
    return {
        "orderId": str(order.id),
        "status": order.status.value,
        "currency": order.total.currency.code,
        "total": order.total.amount,
        "holds": found.holds,
        "lines": [
            {
                "number": each.line.number,
                "vendorId": str(each.vendor_id),
                "sku": each.line.sku,
                "quantity": each.line.quantity,
                "ruleId": str(each.line.price.rule_id),
                "ruleVersion": each.line.price.rule_version,
                "refunded": each.line.refunded.amount,
                "figures": [
                    {"figure": figure.figure, "amount": figure.amount.amount, "because": figure.because, "holds": figure.holds}
                    for figure in each.figures
                ],
            }
            for each in found.lines
        ],
        "vendors": [
            {
                "vendorId": str(each.vendor_id),
                "earning": each.earning.amount,
                "commission": each.commission.amount,
                "commissionTax": each.commission_tax.amount,
                "taxKept": each.tax_kept.amount,
                "booked": each.booked.amount,
                "holds": each.holds,
            }
            for each in found.vendors
        ],
        "payments": [
            {
                "id": str(each.id),
                "status": each.status.value,
                "reference": each.reference,
                "captured": each.captured.amount,
                "refunded": each.refunded.amount,
                "fee": each.fee.amount,
            }
            for each in found.payments
        ],
        "refunds": [
            {"id": str(each.id), "status": each.status.value, "amount": each.amount.amount, "reason": each.reason}
            for each in found.refunds
        ],
        "disputes": [
            {"id": str(each.id), "status": each.status.value, "amount": each.amount.amount, "fee": each.fee.amount}
            for each in found.disputes
        ],
        "entries": [_entry(each) for each in found.entries],
    }


def said_payout(found: ExplainedPayout) -> Mapping[str, object]:
    """A payout's explanation as a program reads it."""
    payout = found.payout
    return {
        "payoutId": str(payout.id),
        "vendorId": str(payout.vendor_id),
        "status": payout.status.value,
        "amount": payout.amount.amount,
        "currency": payout.amount.currency.code,
        "recalled": payout.recalled.amount,
        "scheduledAt": payout.scheduled_at.isoformat(),
        "holds": found.holds,
        "parts": [
            {
                "number": each.number,
                "kind": each.kind.value,
                "fact": each.fact,
                "orderId": None if each.order_id is None else str(each.order_id),
                "amount": each.amount.amount,
            }
            for each in found.parts
        ],
        "entries": [_entry(each) for each in found.entries],
    }


def _entry(booked: Booked) -> Mapping[str, object]:
    return {
        "number": booked.number,
        "kind": booked.entry.kind.value,
        "fact": booked.entry.fact,
        "at": booked.entry.at.isoformat(),
        "postings": [{"account": str(each.account), **_money(each.amount)} for each in booked.entry.postings],
    }


def _money(amount: Money) -> Mapping[str, str]:
    return {"amount": amount.amount, "currency": amount.currency.code}
