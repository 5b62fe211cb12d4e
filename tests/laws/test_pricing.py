"""Whatever the basket and whatever the terms: discounts, fees, taxes and commission are exact, and explain themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_domain.catalog.offer import Sellable
from quarterturn_domain.kernel.ids import RuleId, VendorId
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.pricing.commission import DEFAULT, CommissionRule, CommissionSchedule
from quarterturn_domain.pricing.explain import explain, holds
from quarterturn_domain.pricing.match import in_currency
from quarterturn_domain.pricing.quote import LinePrice, PriceBook, quote
from quarterturn_domain.pricing.split import Split
from quarterturn_domain.pricing.steps import Figure
from quarterturn_domain.pricing.tax import Destination
from quarterturn_domain.testing.strategies import NOON, Basket, baskets, commission_rules, fee_schedules, price_books, sellables

DESTINATIONS = st.sampled_from((None, Destination("DE"), Destination("FR")))


def quoted(basket: Basket, book: PriceBook, destination: Destination | None = None) -> tuple[LinePrice, ...]:
    """`basket` priced at noon."""
    return quote(basket, book, at=NOON, destination=destination)


def naive(rules: Sequence[CommissionRule], offer: Sellable) -> CommissionRule:
    """The rule for `offer`, found by trying all of them: the closest match, the nearest category, the operator's order."""

    def rank(numbered: tuple[int, CommissionRule]) -> tuple[int, int, int, int]:
        number, rule = numbered
        category = rule.match.category_id
        distance = 0 if category is None else offer.categories.index(category)
        return (-rule.match.specificity, distance, rule.position, number)

    covering = [(number, rule) for number, rule in enumerate(rules) if rule.match.covers(offer)]
    return min(covering, key=rank)[1] if covering else DEFAULT


@given(st.lists(commission_rules(), max_size=12), sellables())
def test_the_most_specific_rule_wins(rules: list[CommissionRule], offer: Sellable) -> None:
    """The look-up finds the rule that trying all of them finds."""
    assert naive(rules, offer) is CommissionSchedule(rules).rule_for(offer)


@given(baskets(), price_books(), DESTINATIONS)
def test_every_line_is_priced_under_its_rule(basket: Basket, book: PriceBook, destination: Destination | None) -> None:
    """A line keeps the prices it was offered at, its quantity, and the id and version of the rule that applied."""
    for (offer, quantity), price in zip(basket, quoted(basket, book, destination), strict=True):
        rule = naive(book.commission.rules, offer)
        expected = (offer.price, offer.shipping, quantity, rule.id, rule.version)
        assert expected == (price.unit_price, price.unit_shipping, price.quantity, price.rule_id, price.rule_version)


@given(baskets(), price_books(), DESTINATIONS)
def test_the_customer_pays_goods_less_discount_and_what_is_on_top(
    basket: Basket, book: PriceBook, destination: Destination | None
) -> None:
    """What is paid is the offered prices, less the discount, plus the taxes that are not inside; no hidden part."""
    for (offer, quantity), price in zip(basket, quoted(basket, book, destination), strict=True):
        on_top = total((tax.amount for tax in price.taxes if not tax.included), offer.price.currency)
        assert offer.price * quantity - price.discount + offer.shipping * quantity + on_top == price.paid


@given(baskets(), price_books())
def test_discounts_never_exceed_the_goods(basket: Basket, book: PriceBook) -> None:
    """What is taken off lies between nothing and the goods; vendor and platform fund all of it, the platform by its subsidy."""
    for price in quoted(basket, book):
        taken = [step for step in price.steps if step.figure is Figure.DISCOUNT]
        funded = [step for step in price.steps if step.figure is Figure.FUNDED]
        assert 0 <= price.discount.minor <= price.unit_price.minor * price.quantity
        assert price.discount.minor == sum(step.result for step in taken)
        assert price.goods.subsidy.minor == sum(step.result for step in funded)
        assert Money.zero(price.paid.currency) <= price.goods.subsidy <= price.discount


@given(baskets(), price_books())
def test_an_amount_off_is_taken_off_once(basket: Basket, book: PriceBook) -> None:
    """A discount of a fixed amount takes that amount off the whole basket, or all of the goods where they are less."""
    first = min(book.discounts, key=lambda discount: (discount.position, discount.id), default=None)
    unit = basket[0][0].price.currency
    if first is None or not first.amount or not first.runs(NOON):
        return
    alone = attrs.evolve(book, discounts=(first,))
    goods = sum(offer.price.minor * quantity for offer, quantity in basket if first.match.covers(offer))
    minimum, amount = (in_currency(amounts, Money.zero(unit)) for amounts in (first.minimum, first.amount))
    expected = min(amount or 0, goods) if minimum is None or goods >= minimum else 0
    assert expected == sum(price.discount.minor for price in quoted(basket, alone))


@given(baskets(), fee_schedules())
def test_a_fee_per_order_is_spread_exactly(basket: Basket, schedule: CommissionSchedule) -> None:
    """The shares of the lines of one vendor under one rule add up to the rule's fee per order, once."""
    spread: dict[tuple[VendorId, RuleId], int] = {}
    expected: dict[tuple[VendorId, RuleId], int] = {}
    for (offer, _), price in zip(basket, quoted(basket, PriceBook(schedule)), strict=True):
        key = (offer.vendor_id, price.rule_id)
        fees = [step.result for step in price.steps if step.figure is Figure.ORDER_FEE]
        spread[key] = spread.get(key, 0) + sum(fees)
        expected[key] = in_currency(schedule.rule_for(offer).per_order, offer.price) or 0
    assert expected == spread


@given(baskets(), fee_schedules())
def test_a_line_does_not_depend_on_its_neighbours(basket: Basket, schedule: CommissionSchedule) -> None:
    """Without terms for whole orders, a line costs and earns in a basket what it does alone."""
    book = PriceBook(CommissionSchedule(attrs.evolve(rule, per_order=()) for rule in schedule.rules))
    assert quoted(basket, book) == tuple(quoted([line], book)[0] for line in basket)


@given(baskets(), price_books(), DESTINATIONS)
def test_the_platform_keeps_exactly_the_taxes_that_it_remits(
    basket: Basket, book: PriceBook, destination: Destination | None
) -> None:
    """`tax_kept` is the sum of the tax lines that the platform remits; no tax is negative, none inside is more than its charge."""
    for price in quoted(basket, book, destination):
        kept = total((tax.amount for tax in price.taxes if tax.kept_by_platform), price.paid.currency)
        assert kept == price.split.tax_kept
        assert all(tax.amount.minor >= 0 for tax in price.taxes)
        assert total((tax.amount for tax in price.taxes if tax.included), price.paid.currency) <= price.paid


@given(baskets(), price_books(), DESTINATIONS)
def test_explain_computes_every_figure_again(basket: Basket, book: PriceBook, destination: Destination | None) -> None:
    """From the frozen steps and inputs alone, every figure comes out again to the minor unit; each step is told once."""
    for price in quoted(basket, book, destination):
        told = explain(price)
        assert [] == [each for each in told if not each.holds]
        figures = {each.figure: each.amount for each in told}
        expected = (price.paid, price.split.earning, price.split.commission)
        assert expected == (figures["customer pays"], figures["vendor earns"], figures["platform keeps"])
        unit = price.paid.currency
        results = [Money(step.result, unit) for step in price.steps]
        amounts = [each.amount for each in told]
        assert all(amounts.count(result) >= results.count(result) for result in results)


@given(baskets(max_lines=3), price_books(), DESTINATIONS, st.sampled_from((-1, 1)), st.data())
def test_a_figure_that_was_changed_is_found(
    basket: Basket, book: PriceBook, destination: Destination | None, change: int, data: st.DataObject
) -> None:
    """Any single figure or step result of a line that is one minor unit off makes an explanation fail."""
    price = data.draw(st.sampled_from(quoted(basket, book, destination)))
    forged = data.draw(st.sampled_from([*forgeries(price, change)]))
    assert not holds(explain(forged))


def forgeries(price: LinePrice, change: int) -> Iterator[LinePrice]:
    """`price` with each of its figures and step results changed in turn, and without each step that had a result."""
    more = Money(change, price.paid.currency)
    yield attrs.evolve(price, unit_price=price.unit_price + more)
    yield attrs.evolve(price, unit_shipping=price.unit_shipping + more)
    yield attrs.evolve(price, discount=price.discount + more)
    for name in attrs.fields_dict(Split):
        yield attrs.evolve(price, goods=attrs.evolve(price.goods, **{name: getattr(price.goods, name) + more}))
        yield attrs.evolve(price, shipping=attrs.evolve(price.shipping, **{name: getattr(price.shipping, name) + more}))
    for i, tax in enumerate(price.taxes):
        forged = attrs.evolve(tax, amount=tax.amount + more)
        yield attrs.evolve(price, taxes=(*price.taxes[:i], forged, *price.taxes[i + 1 :]))
    for i, step in enumerate(price.steps):
        wrong = attrs.evolve(step, result=step.result + change)
        yield attrs.evolve(price, steps=(*price.steps[:i], wrong, *price.steps[i + 1 :]))
        if step.result:
            yield attrs.evolve(price, steps=(*price.steps[:i], *price.steps[i + 1 :]))
