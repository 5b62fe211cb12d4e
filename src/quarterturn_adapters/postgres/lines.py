"""Order lines as rows and back: numbers in columns, where laws and queries need them, and the frozen steps and taxes as JSON."""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import Any, Final
from uuid import UUID

from quarterturn_adapters.codec import dumps
from quarterturn_adapters.postgres.repository import Writing
from quarterturn_adapters.postgres.statements import Row
from quarterturn_adapters.postgres.tables.ordering import ORDER_LINES
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import OrderId, RuleId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.pricing.quote import LinePrice
from quarterturn_domain.pricing.split import Split
from quarterturn_domain.pricing.steps import Charge, Figure, Step, StepKind
from quarterturn_domain.pricing.tax import TaxLine

LINES: Final = Writing.of(ORDER_LINES)


def line_row(order_id: OrderId, vendor_id: VendorId, line: OrderLine) -> Row:
    """A line as a row of `order_lines`."""
    price = line.price
    goods, shipping = price.goods, price.shipping
    return (
        order_id,
        line.number,
        vendor_id,
        line.sku,
        line.product_id,
        line.title,
        price.unit_price.currency.code,
        price.unit_price.minor,
        price.unit_shipping.minor,
        price.quantity,
        price.discount.minor,
        goods.paid.minor,
        goods.earning.minor,
        goods.commission.minor,
        goods.commission_tax.minor,
        goods.tax_kept.minor,
        goods.subsidy.minor,
        shipping.paid.minor,
        shipping.earning.minor,
        shipping.commission.minor,
        shipping.commission_tax.minor,
        shipping.tax_kept.minor,
        shipping.subsidy.minor,
        dumps([_tax_document(tax) for tax in price.taxes]) if price.taxes else "[]",
        price.rule_id,
        price.rule_version,
        f"[{','.join(map(_step_document, price.steps))}]",
        line.refunded_goods.minor,
        line.refunded_shipping.minor,
        line.shipped,
        line.delivered,
        line.cancelled,
        line.returning,
        line.returned,
    )


def order_line(row: Row) -> OrderLine:
    """A row of `order_lines` as a line."""
    _, number, _, sku, product_id, title, code, unit_price, unit_shipping, quantity, discount = row[:11]
    unit = Currency.of(code)
    taxes, rule_id, rule_version, steps, refunded_goods, refunded_shipping, *counters = row[23:]
    price = LinePrice(
        Money(unit_price, unit),
        Money(unit_shipping, unit),
        quantity,
        Money(discount, unit),
        Split(*[Money(minor, unit) for minor in row[11:17]]),
        Split(*[Money(minor, unit) for minor in row[17:23]]),
        tuple(map(_tax, taxes)),
        rule_id,
        rule_version,
        tuple(map(_step, steps)),
    )
    return OrderLine(number, sku, product_id, title, price, Money(refunded_goods, unit), Money(refunded_shipping, unit), *counters)


def _step_document(step: Step) -> str:
    # Written at once: every checkout has some of these for every line.
    numbers = f"{step.basis},{step.numerator},{step.denominator},{step.result}"
    what = encode_basestring(step.what)
    return f'["{step.kind}","{step.figure}",{what},{numbers},"{step.charge}",{step.carried}]'


def _step(document: list[Any]) -> Step:
    kind, figure, what, basis, numerator, denominator, result, charge, carried = document
    return Step(StepKind(kind), Figure(figure), what, basis, numerator, denominator, result, Charge(charge), carried)


def _tax_document(tax: TaxLine) -> list[Any]:
    amount, rate = (tax.amount.minor, tax.amount.currency.code), (tax.rate.numerator, tax.rate.denominator)
    return [str(tax.rule_id), tax.name, rate, amount, tax.included, tax.kept_by_platform, tax.charge]


def _tax(document: list[Any]) -> TaxLine:
    rule_id, name, rate, (minor, code), included, kept, charge = document
    amount = Money(minor, Currency.of(code))
    return TaxLine(RuleId(UUID(rule_id)), name, Rate(*rate), amount, included, kept, Charge(charge))
