"""The split by example: the figures that everybody knows by heart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import pytest

from quarterturn_domain.catalog.offer import Sellable
from quarterturn_domain.kernel.currency import EUR, JPY, Currency
from quarterturn_domain.kernel.ids import DiscountId, ProductId, RuleId, Sku, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.pricing.commission import CommissionRule, CommissionSchedule, Tier
from quarterturn_domain.pricing.discount import Discount, Funding
from quarterturn_domain.pricing.explain import explain, holds
from quarterturn_domain.pricing.quote import LinePrice, PriceBook, quote
from quarterturn_domain.pricing.tax import TaxRule
from quarterturn_domain.testing.strategies import NOON, VENDORS

BHD: Final = Currency.of("BHD")


def offer(price: str, shipping: str = "0", *, currency: Currency = EUR, vendor: VendorId = VENDORS[0]) -> Sellable:
    """An offer at this price and shipping per unit."""
    product = ProductId(UUID(int=1))
    return Sellable(Sku("X"), vendor, product, "A thing", (), Money.of(price, currency), Money.of(shipping, currency))


def rule(**terms: object) -> PriceBook:
    """A price book with one commission rule for everything."""
    return PriceBook(CommissionSchedule([CommissionRule(id=RuleId(UUID(int=2)), name="rule", **terms)]))  # type: ignore[arg-type]


def euros(text: str) -> tuple[Money, ...]:
    """An amount in euros, as rules give amounts."""
    return (Money.of(text, EUR),)


def test_sixty_and_forty() -> None:
    """60.00 of A and 40.00 of B give fees 6.00 and 4.00, earnings 54.00 and 36.00, and the customer pays 100.00."""
    a, b = quote([(offer("60.00"), 1), (offer("40.00", vendor=VENDORS[1]), 1)], PriceBook(), at=NOON)
    assert ("6.00", "4.00") == (a.split.commission.amount, b.split.commission.amount)
    assert ("54.00", "36.00") == (a.split.earning.amount, b.split.earning.amount)
    assert "100.00" == (a.paid + b.paid).amount


@pytest.mark.parametrize(
    ("case", "price", "quantity", "terms", "commission"),
    [
        ("a percentage is rounded half up", "0.25", 1, {"rate": Rate.percent("10")}, "0.03"),
        ("it is taken of the line, not of each unit", "0.25", 2, {"rate": Rate.percent("10")}, "0.05"),
        ("a fixed fee is for each unit", "10.00", 3, {"per_unit": euros("0.30")}, "0.90"),
        ("percentage and fixed fee add up", "10.00", 2, {"rate": Rate.percent("5"), "per_unit": euros("0.30")}, "1.60"),
        ("a floor is for each unit", "1.00", 2, {"rate": Rate.percent("10"), "floor": euros("0.25")}, "0.50"),
        ("a floor that is reached does nothing", "2.50", 2, {"rate": Rate.percent("10"), "floor": euros("0.25")}, "0.50"),
        ("a cap is for each unit", "100.00", 2, {"rate": Rate.percent("10"), "cap": euros("7.50")}, "15.00"),
        ("a cap that is not reached does nothing", "75.00", 2, {"rate": Rate.percent("10"), "cap": euros("7.50")}, "15.00"),
        ("a fee is once per order", "10.00", 3, {"per_order": euros("1.00")}, "1.00"),
        ("amounts in another currency do not apply", "10.00", 1, {"per_unit": (Money.of("5", JPY),)}, "0.00"),
        ("a floor above the price takes no more than the price", "1.00", 1, {"floor": euros("3.00")}, "1.00"),
    ],
)
def test_commission(case: str, price: str, quantity: int, terms: dict[str, object], commission: str) -> None:
    """What each kind of term charges."""
    [line] = quote([(offer(price), quantity)], rule(**terms), at=NOON)
    assert commission == line.split.charged.amount, case
    assert holds(explain(line)), case


@pytest.mark.parametrize(
    ("case", "price", "quantity", "commission"),
    [
        ("below the first edge", "99.00", 1, "14.85"),
        ("on the edge", "100.00", 1, "15.00"),
        ("a cent above it, which is rounded away", "100.01", 1, "15.00"),
        ("in the second band: 15.00 + 10.00", "200.00", 1, "25.00"),
        ("in the free band: 15.00 + 90.00 + 0.00", "5000.00", 1, "105.00"),
        ("bands are of the unit price: twice 25.00", "200.00", 2, "50.00"),
    ],
)
def test_tiers(case: str, price: str, quantity: int, commission: str) -> None:
    """15 % of the first 100.00, 10 % of what is above, nothing above 1000.00: each rate for its own band only."""
    tiers = (Tier(euros("1000.00"), Rate(0)), Tier(euros("100.00"), Rate.percent("10")))
    [line] = quote([(offer(price), quantity)], rule(rate=Rate.percent("15"), tiers=tiers), at=NOON)
    assert commission == line.split.charged.amount, case
    assert holds(explain(line)), case


@pytest.mark.parametrize(
    ("case", "price", "rate", "tax", "commission", "commission_tax", "earning"),
    [
        ("VAT is on top of the commission", "100.00", "10", "19", "10.00", "1.90", "88.10"),
        ("it is rounded once", "0.99", "10", "19", "0.10", "0.02", "0.87"),
        ("all that there is contains the tax", "1.19", "100", "19", "1.00", "0.19", "0.00"),
        ("and is shared between the two to the cent", "0.01", "100", "19", "0.01", "0.00", "0.00"),
    ],
)
def test_tax_on_commission(case: str, price: str, rate: str, tax: str, commission: str, commission_tax: str, earning: str) -> None:
    """The vendor pays tax on what it is charged, never out of its own pocket."""
    [line] = quote([(offer(price), 1)], rule(rate=Rate.percent(rate), tax=Rate.percent(tax)), at=NOON)
    split = line.split
    assert (commission, commission_tax, earning) == (split.charged.amount, split.commission_tax.amount, split.earning.amount), case
    assert holds(explain(line)), case


@pytest.mark.parametrize(
    ("case", "funding", "paid", "earning", "keeps"),
    [
        ("the vendor's discount lowers what is charged on", Funding.VENDOR, "80.00", "72.00", "8.00"),
        ("the platform's does not touch the vendor", Funding.PLATFORM, "80.00", "90.00", "-10.00"),
        ("a shared one is half of each", Funding.SHARED, "80.00", "81.00", "-1.00"),
    ],
)
def test_who_funds_a_discount(case: str, funding: Funding, paid: str, earning: str, keeps: str) -> None:
    """20 % off 100.00, at 10 % commission."""
    discount = Discount(id=DiscountId(UUID(int=3)), name="spring sale", funding=funding, percent=Rate.percent("20"))
    [line] = quote([(offer("100.00"), 1)], PriceBook(discounts=(discount,)), at=NOON)
    assert (paid, earning, keeps) == (line.paid.amount, line.split.earning.amount, line.split.commission.amount), case


def _tax(rate: str, *, included: bool, kept: bool = True, on_shipping: bool = True) -> TaxRule:
    what = RuleId(UUID(int=4))
    percent = Rate.percent(rate)
    return TaxRule(id=what, name="VAT", rate=percent, included=included, kept_by_platform=kept, on_shipping=on_shipping)


@pytest.mark.parametrize(
    ("case", "taxes", "paid", "earning", "commission", "tax_kept"),
    [
        ("inside the price, remitted by the platform", [_tax("19", included=True)], "130.90", "100.00", "10.00", "20.90"),
        ("inside the price, remitted by the vendor", [_tax("19", included=True, kept=False)], "130.90", "119.00", "11.90", "0.00"),
        ("on top, remitted by the platform", [_tax("10", included=False)], "143.99", "119.00", "11.90", "13.09"),
        ("on top, remitted by the vendor", [_tax("10", included=False, kept=False)], "143.99", "132.09", "11.90", "0.00"),
        ("on the goods alone", [_tax("10", included=False, on_shipping=False)], "142.80", "119.00", "11.90", "11.90"),
    ],
)
def test_taxes(case: str, taxes: Sequence[TaxRule], paid: str, earning: str, commission: str, tax_kept: str) -> None:
    """119.00 of goods and 11.90 of shipping, at 10 % commission on the goods without the tax that the platform takes out."""
    [line] = quote([(offer("119.00", "11.90"), 1)], PriceBook(taxes=tuple(taxes)), at=NOON)
    split = line.split
    expected = (paid, earning, commission, tax_kept)
    assert expected == (line.paid.amount, split.earning.amount, split.commission.amount, split.tax_kept.amount), case
    assert holds(explain(line)), case


def test_commission_on_shipping() -> None:
    """A rule may charge its rate on shipping too; fixed fees, floors and caps stay with the goods."""
    book = rule(rate=Rate.percent("10"), floor=euros("5.00"), on_shipping=True)
    [line] = quote([(offer("10.00", "3.00"), 2)], book, at=NOON)
    assert ("10.00", "0.60") == (line.goods.commission.amount, line.shipping.commission.amount)


def test_more_taxes_than_the_price_can_contain() -> None:
    """Three taxes of 100 % inside 0.02 are half a cent each; they are rounded up while there is something left."""
    taxes = tuple(_tax("100", included=True) for _ in range(3))
    [line] = quote([(offer("0.02"), 1)], PriceBook(taxes=taxes), at=NOON)
    assert ["0.01", "0.01", "0.00"] == [tax.amount.amount for tax in line.taxes]
    assert ("0.02", "0.02") == (line.paid.amount, line.split.tax_kept.amount)
    assert holds(explain(line))


EXPLAINED: Final = [
    ("goods", "39.98", "2 x 19.99 EUR"),
    ("discount spring sale", "4.00", "3998 x 1/10, rounded half up"),
    ("discount spring sale, funded by the platform", "2.00", "400 x 1/2, rounded half up"),
    ("discount", "4.00", "the sum of the discounts"),
    ("tax VAT", "5.74", "3598 x 19/119, rounded half up"),
    ("tax VAT", "5.74", "19% inside the price, remitted by the platform"),
    ("commission", "4.03", "3224 x 1/8, rounded half up"),
    ("fee per order", "0.50", "the share 3798/3798 of 50, rounded down"),
    ("tax on commission", "0.86", "453 x 19/100, rounded half up"),
    ("commission charged", "4.53", "rule 00000000-0000-0000-0000-000000000002 version 1"),
    ("tax on commission", "0.86", "the sum of its steps"),
    ("tax kept", "5.74", "the taxes that the platform remits"),
    ("funded by platform", "2.00", "its parts of the discounts"),
    ("paid", "35.98", "due 35.98 + taxes on top 0.00"),
    ("earning", "26.85", "paid + funded by platform - commission - tax on commission - tax kept"),
    ("shipping", "9.90", "2 x 4.95 EUR"),
    ("tax VAT on shipping", "1.58", "990 x 19/119, rounded half up"),
    ("tax VAT on shipping", "1.58", "19% inside the price, remitted by the platform"),
    ("tax kept on shipping", "1.58", "the taxes that the platform remits"),
    ("paid on shipping", "9.90", "due 9.90 + taxes on top 0.00"),
    ("earning on shipping", "8.32", "paid + funded by platform - commission - tax on commission - tax kept"),
    ("customer pays", "45.88", "goods 35.98 + shipping 9.90"),
    ("vendor earns", "35.17", "45.88 - commission 4.53 - tax on commission 0.86 - tax kept 7.32 + funded by platform 2.00"),
    ("platform keeps", "2.53", "commission 4.53 - funded by platform 2.00, before taxes that it remits"),
]


def test_an_explanation_reads_well() -> None:
    """Every figure has a name, an amount and a reason, in the order in which it was decided."""
    discount = Discount(id=DiscountId(UUID(int=3)), name="spring sale", funding=Funding.SHARED, percent=Rate.percent("10"))
    terms = rule(rate=Rate.percent("12.5"), per_order=euros("0.50"), tax=Rate.percent("19"))
    book = PriceBook(terms.commission, (discount,), (_tax("19", included=True),))
    [line] = quote([(offer("19.99", "4.95"), 2)], book, at=NOON)
    told = [(each.figure, each.amount.amount, each.because) for each in explain(line) if each.amount]
    assert EXPLAINED == told
    assert holds(explain(line))


def test_a_dinar_has_three_decimals() -> None:
    """Rounding happens at the currency's own minor unit."""
    [line] = quote([(offer("1.005", currency=BHD), 1)], PriceBook(), at=NOON)
    assert ("0.101", "0.904") == (line.split.commission.amount, line.split.earning.amount)


def line_of(text: str) -> LinePrice:
    """A line of one unit at the default terms."""
    [line] = quote([(offer(text), 1)], PriceBook(), at=NOON)
    return line


def test_a_refund_of_a_quarter() -> None:
    """A quarter of 60.00 takes 13.50 from the vendor and 1.50 from the platform; the rest takes the rest."""
    sold = line_of("60.00").split
    back = sold.given_back(Money.of("15.00", EUR))
    assert ("13.50", "1.50") == (back.earning.amount, back.commission.amount)
    rest = sold - back
    assert ("40.50", "4.50") == (rest.earning.amount, rest.commission.amount)
    assert sold == sold.given_back(sold.paid)


def test_what_the_platform_gave_away_is_given_back_by_units() -> None:
    """Goods that were free for the customer, at the platform's expense, still take the earning back from the vendor."""
    discount = Discount(id=DiscountId(UUID(int=3)), name="a gift", funding=Funding.PLATFORM, percent=Rate.percent("100"))
    [line] = quote([(offer("10.00"), 2)], PriceBook(discounts=(discount,)), at=NOON)
    assert ("0.00", "18.00", "-18.00") == (line.paid.amount, line.split.earning.amount, line.split.commission.amount)
    assert not line.goods.given_back(line.paid)
    back = line.goods.undone(1, 2)
    assert ("9.00", "-9.00", "10.00") == (back.earning.amount, back.commission.amount, back.subsidy.amount)
    assert line.goods == line.goods.undone(2, 2)
