"""Explain: every figure of a priced line, computed again from the steps that were frozen on it."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from quarterturn_domain.kernel.money import Money
from quarterturn_domain.pricing.quote import LinePrice
from quarterturn_domain.pricing.steps import Step, StepKind


@attrs.frozen
class Explanation:
    """One figure: its name, its amount, how it came about, and whether computing it again gives the same."""

    figure: str
    amount: Money
    because: str
    holds: bool


def explain(price: LinePrice) -> Sequence[Explanation]:
    """Every figure of `price` in the order in which it was decided, ending with the vendor's earning.

    `holds` is false where a figure does not follow from its steps: then the record was tampered with, or there is a bug.
    """
    unit = price.unit_price.currency
    gross = price.unit_price * price.quantity
    told = [Explanation("goods", gross, f"{price.quantity} x {price.unit_price}", holds=True)]
    told += [Explanation(step.what, Money(step.result, unit), _because(step), step.holds) for step in price.steps]
    discounts = sum(step.result for step in price.steps if step.what.startswith("discount "))
    on_top = sum(tax.amount.minor for tax in price.taxes if not tax.included)
    shipping_tax = sum(step.result for step in price.steps if step.what.endswith(" on shipping") and step.what != "commission on shipping")
    charged = price.goods.charged + price.shipping.charged
    told += [
        Explanation("discount", price.discount, "the sum of the discounts above", price.discount.minor == discounts),
        Explanation(
            "shipping", price.shipping.paid, "shipping per unit times quantity, and tax on it", price.shipping.paid.minor >= 0 <= shipping_tax
        ),
        Explanation(
            "customer pays",
            price.paid,
            f"goods {gross} - discount {price.discount} + shipping {price.shipping.paid} + tax on top of the goods",
            0 <= price.paid.minor - (gross - price.discount).minor - price.shipping.paid.minor <= on_top,
        ),
        Explanation("commission charged", charged, f"rule {price.rule_id} version {price.rule_version}", charged.minor >= 0),
        Explanation(
            "vendor earns",
            price.split.earning,
            f"{price.paid} - commission {charged} + funded by platform {price.split.subsidy}"
            f" - tax on commission {price.split.commission_tax} - tax kept {price.split.tax_kept}",
            price.goods.balanced and price.shipping.balanced,
        ),
    ]
    return told


def _because(step: Step) -> str:
    if step.kind is StepKind.RATE:
        return f"{step.basis} x {step.numerator}/{step.denominator}, rounded half up"
    if step.kind is StepKind.SHARE:
        return f"the share {step.numerator}/{step.denominator} of {step.basis}, by largest remainder"
    word = "raised" if step.kind is StepKind.FLOOR else "limited"
    return f"{word} from {step.basis} to {step.numerator}"
