"""The quote: a basket priced on the terms in force, line by line, with the split and every step of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs

from quarterturn_domain.catalog.offer import Sellable
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import RuleId, VendorId
from quarterturn_domain.kernel.money import CurrencyMismatch, Money, shares
from quarterturn_domain.kernel.rate import half_up
from quarterturn_domain.pricing.commission import CommissionRule, CommissionSchedule
from quarterturn_domain.pricing.discount import WHOLE, CodeRefused, Discount, Funding
from quarterturn_domain.pricing.match import in_currency
from quarterturn_domain.pricing.split import Split
from quarterturn_domain.pricing.steps import Charge, Figure, Step, StepKind
from quarterturn_domain.pricing.tax import Destination, TaxLine, TaxRule, contained


@attrs.frozen
class PriceBook:
    """The terms in force: commission, discounts, taxes."""

    commission: CommissionSchedule = attrs.field(factory=CommissionSchedule)
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[TaxRule, ...] = ()


@attrs.frozen
class LinePrice:
    """The price of one line, and who gets it: frozen on the order.

    `goods` and `shipping` split what the customer pays for each, tax included; `discount` was taken off the goods before.
    `unit_price` and `unit_shipping` are for one unit, as they were offered.
    """

    unit_price: Money
    unit_shipping: Money
    quantity: int
    discount: Money
    goods: Split
    shipping: Split
    taxes: tuple[TaxLine, ...]
    rule_id: RuleId
    rule_version: int
    steps: tuple[Step, ...]

    @property
    def paid(self) -> Money:
        """What the customer pays for this line."""
        return self.goods.paid + self.shipping.paid

    @property
    def split(self) -> Split:
        """Goods and shipping together."""
        return self.goods + self.shipping


@attrs.define
class _Line:
    """A line while it is being priced; amounts are minor units."""

    offer: Sellable
    quantity: int
    rule: CommissionRule
    left: int
    by_vendor: int = 0
    by_platform: int = 0
    per_order: int = 0
    steps: list[Step] = attrs.field(factory=list)


def quote(
    basket: Sequence[tuple[Sellable, int]],
    book: PriceBook,
    *,
    at: datetime,
    codes: Iterable[str] = (),
    destination: Destination | None = None,
) -> tuple[LinePrice, ...]:
    """The price of each line of `basket` (pairs of offer and quantity, in one currency), in order.

    Raises `CurrencyMismatch`, and `CodeRefused` for a code that is unknown, over, or below its minimum.
    """
    assert basket
    currency = basket[0][0].price.currency
    for offer, _ in basket:
        if offer.price.currency is not currency:
            raise CurrencyMismatch(f"{currency.code} and {offer.price.currency.code} in one basket", "one currency")
    rule_for = book.commission.rule_for
    lines = [_Line(offer, quantity, rule_for(offer), offer.price.minor * quantity) for offer, quantity in basket]
    if book.discounts or codes:
        _discount(lines, book.discounts, frozenset(codes), currency, at)
    taxes = [tax for tax in book.taxes if tax.reaches(destination)]
    if any(line.rule.per_order for line in lines):
        _spread_order_fees(lines, currency)
    return tuple(_priced(line, [tax for tax in taxes if tax.match.covers(line.offer)]) for line in lines)


def _priced(line: _Line, taxes: Sequence[TaxRule]) -> LinePrice:
    offer, steps = line.offer, line.steps
    currency = offer.price.currency
    goods, on_goods = _goods(line, taxes)
    shipping_due = offer.shipping if line.quantity == 1 else offer.shipping * line.quantity
    discount = line.by_vendor + line.by_platform
    if not shipping_due:
        shipping = Split.nothing(currency)
    elif taxes or line.rule.on_shipping:
        shipping, on_shipping = _shipping(line, shipping_due, [tax for tax in taxes if tax.on_shipping])
        on_goods += on_shipping
    else:
        shipping = Split.charge(shipping_due)
    return LinePrice(
        offer.price,
        offer.shipping,
        line.quantity,
        Money(discount, currency) if discount else Money.zero(currency),
        goods,
        shipping,
        on_goods,
        line.rule.id,
        line.rule.version,
        tuple(steps),
    )


def _goods(line: _Line, taxes: Sequence[TaxRule]) -> tuple[Split, tuple[TaxLine, ...]]:
    currency, rule, steps = line.offer.price.currency, line.rule, line.steps
    due = line.offer.price if line.left == line.offer.price.minor else Money(line.left, currency)
    tax_lines, added, kept, kept_inside, to_vendor = _taxed(due, taxes, Charge.GOODS, steps) if taxes else ((), 0, 0, 0, 0)
    base = due.minor + line.by_platform - kept_inside
    charged = rule.on_goods(due if base == due.minor else Money(base, currency), line.quantity, steps) + line.per_order
    charged, tax = _bounded(charged, rule, base + to_vendor, Charge.GOODS, steps)
    paid = Money(due.minor + added, currency) if added else due
    split = Split.charge(paid, commission=charged, commission_tax=tax, tax_kept=kept, subsidy=line.by_platform)
    return split, tax_lines


def _shipping(line: _Line, due: Money, taxes: Sequence[TaxRule]) -> tuple[Split, tuple[TaxLine, ...]]:
    rule, steps = line.rule, line.steps
    tax_lines, added, kept, kept_inside, to_vendor = _taxed(due, taxes, Charge.SHIPPING, steps)
    base = due.minor - kept_inside
    charged = 0
    if rule.on_shipping and rule.rate:
        charged = half_up(base * rule.rate.numerator, rule.rate.denominator)
        numerator, denominator = rule.rate.numerator, rule.rate.denominator
        steps.append(Step(StepKind.RATE, Figure.COMMISSION, "commission", base, numerator, denominator, charged, Charge.SHIPPING))
    charged, tax = _bounded(charged, rule, base + to_vendor, Charge.SHIPPING, steps)
    paid = Money(due.minor + added, due.currency)
    return Split.charge(paid, commission=charged, commission_tax=tax, tax_kept=kept), tax_lines


def _bounded(charged: int, rule: CommissionRule, bearable: int, charge: Charge, steps: list[Step]) -> tuple[int, int]:
    """The commission and the tax on it, no more together than the charge brings the vendor."""
    if not charged:
        return 0, 0
    basis, numerator, denominator = charged, rule.tax.numerator, rule.tax.denominator
    on_top = half_up(charged * numerator, denominator)
    if charged + on_top > bearable:
        # Then the tax is the one that lies within all that there is, and the commission is the rest.
        basis, denominator = bearable, denominator + numerator
        on_top = half_up(bearable * numerator, denominator)
        limit = bearable - on_top
        if limit < charged:
            what = "no more than it brings"
            steps.append(Step(StepKind.CAP, Figure.BEARABLE, what, charged, limit, 1, limit, charge))
        charged = limit
    if numerator:
        steps.append(Step(StepKind.RATE, Figure.COMMISSION_TAX, "tax on commission", basis, numerator, denominator, on_top, charge))
    return charged, on_top


def _taxed(
    due: Money, taxes: Sequence[TaxRule], charge: Charge, steps: list[Step]
) -> tuple[tuple[TaxLine, ...], int, int, int, int]:
    """The tax lines of one charge; and added on top, kept by the platform, kept from inside the price, added for the vendor."""
    inside = [tax.rate for tax in taxes if tax.included]
    common, whole = contained(inside) if inside else (1, 1)
    net = due.minor
    lines: list[TaxLine] = []
    added = kept = kept_inside = to_vendor = 0
    for tax in sorted(taxes, key=_inside_first) if inside else taxes:
        if tax.included:
            numerator, denominator, basis = tax.rate.numerator * (common // tax.rate.denominator), whole, due.minor
        else:
            numerator, denominator, basis = tax.rate.numerator, tax.rate.denominator, net
        amount = half_up(basis * numerator, denominator)
        steps.append(Step(StepKind.RATE, Figure.TAX, tax.name, basis, numerator, denominator, amount, charge))
        if tax.included:
            if amount > net:
                # Several taxes inside a price of a few minor units, each rounded up, could be more than the price.
                steps.append(Step(StepKind.CAP, Figure.TAX, f"{tax.name}, what is left", amount, net, 1, net, charge))
                amount = net
            net -= amount
            kept_inside += amount if tax.kept_by_platform else 0
        else:
            added += amount
            to_vendor += 0 if tax.kept_by_platform else amount
        kept += amount if tax.kept_by_platform else 0
        lines.append(TaxLine(tax.id, tax.name, tax.rate, Money(amount, due.currency), tax.included, tax.kept_by_platform, charge))
    return tuple(lines), added, kept, kept_inside, to_vendor


def _inside_first(tax: TaxRule) -> bool:
    return not tax.included


def _discount(
    lines: Sequence[_Line], discounts: Sequence[Discount], codes: frozenset[str], currency: Currency, at: datetime
) -> None:
    offered = {discount.discount_code: discount for discount in discounts if discount.discount_code is not None}
    for code in sorted(codes):
        if code not in offered:
            raise CodeRefused(code, "there is no such code")
        if not offered[code].runs(at):
            raise CodeRefused(code, "it is not in force now")
    for discount in sorted(discounts, key=lambda discount: (discount.position, discount.id)):
        if not discount.runs(at) or (discount.discount_code is not None and discount.discount_code not in codes):
            continue
        matching = [line for line in lines if discount.match.covers(line.offer)]
        goods = Money(sum(line.left for line in matching), currency)
        minimum = in_currency(discount.minimum, goods)
        if goods and (minimum is None or goods.minor >= minimum):
            _take_off(discount, matching, goods)
        elif discount.discount_code is not None:
            raise CodeRefused(discount.discount_code, "the basket does not reach what it asks for")


def _take_off(discount: Discount, lines: Sequence[_Line], goods: Money) -> None:
    rate = discount.percent
    whole = 0
    if rate is not None:
        taken = [half_up(line.left * rate.numerator, rate.denominator) for line in lines]
    else:
        whole = min(in_currency(discount.amount, goods) or 0, goods.minor)
        weights = [line.left for line in lines]
        taken = shares(whole, weights, goods.minor)
    for line, off in zip(lines, taken, strict=True):
        if not off:
            continue
        by_platform = discount.platform_part(Money(off, goods.currency)).minor
        if rate is not None:
            numerator, denominator = rate.numerator, rate.denominator
            line.steps.append(Step(StepKind.RATE, Figure.DISCOUNT, discount.name, line.left, numerator, denominator, off))
        else:
            line.steps.append(Step.share(Figure.DISCOUNT, discount.name, whole, line.left, goods.minor, off))
        if by_platform:
            share = WHOLE if discount.funding is Funding.PLATFORM else discount.platform_share
            numerator, denominator = share.numerator, share.denominator
            line.steps.append(Step(StepKind.RATE, Figure.FUNDED, discount.name, off, numerator, denominator, by_platform))
        line.left -= off
        line.by_platform += by_platform
        line.by_vendor += off - by_platform


def _spread_order_fees(lines: Sequence[_Line], currency: Currency) -> None:
    """Spread each rule's fee per vendor order over the lines of that vendor under that rule, by their goods."""
    groups: dict[tuple[VendorId, RuleId], list[_Line]] = {}
    for line in lines:
        groups.setdefault((line.offer.vendor_id, line.rule.id), []).append(line)
    for group in groups.values():
        fee = in_currency(group[0].rule.per_order, Money(0, currency))
        if not fee:
            continue
        weights = [line.left + line.by_platform for line in group]
        if not any(weights):
            weights = [1 for _ in group]
        whole = sum(weights)
        for line, weight, share in zip(group, weights, shares(fee, weights, whole), strict=True):
            line.per_order = share
            line.steps.append(Step.share(Figure.ORDER_FEE, "fee per order", fee, weight, whole, share))
