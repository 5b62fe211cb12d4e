"""The split: what the customer pays is what the parties get, to the minor unit, for any basket, terms and currency."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.pricing.quote import PriceBook, quote
from quarterturn_domain.pricing.split import Split
from quarterturn_domain.pricing.tax import Destination
from quarterturn_domain.testing.strategies import COMMON, NOON, Basket, baskets, price_books

BASKETS = st.sampled_from(COMMON).flatmap(baskets)
DESTINATIONS = st.sampled_from((None, Destination("DE")))


def parts(split: Split) -> tuple[Money, ...]:
    """The parts that are never negative: the commission alone is, where the platform funds more than it charges."""
    return (split.paid, split.earning, split.charged, split.commission_tax, split.tax_kept, split.subsidy)


def added(splits: Iterable[Split], currency: Currency) -> Split:
    """The sum of `splits`."""
    return reduce(Split.__add__, splits, Split.nothing(currency))


@given(BASKETS, price_books(), DESTINATIONS)
def test_paid_is_what_the_parties_get(basket: Basket, book: PriceBook, destination: Destination | None) -> None:
    """For goods and shipping of every line: `paid == earning + commission + commission_tax + tax_kept`, and no part is negative."""
    for price in quote(basket, book, at=NOON, destination=destination):
        for charge in (price.goods, price.shipping, price.split):
            assert charge.paid == charge.earning + charge.commission + charge.commission_tax + charge.tax_kept
            assert charge.balanced
            assert min(part.minor for part in parts(charge)) >= 0
        assert price.paid == price.split.paid


@given(BASKETS, price_books(), DESTINATIONS)
def test_an_order_is_the_sum_of_its_parts(basket: Basket, book: PriceBook, destination: Destination | None) -> None:
    """Lines, vendor orders and the order tell one story: grouped by vendor or not, every part adds up to the same, and balances."""
    currency = basket[0][0].price.currency
    prices = quote(basket, book, at=NOON, destination=destination)
    by_vendor: dict[VendorId, list[Split]] = {}
    for (offer, _), price in zip(basket, prices, strict=True):
        by_vendor.setdefault(offer.vendor_id, []).append(price.split)
    order = added((price.split for price in prices), currency)
    vendor_orders = [added(splits, currency) for splits in by_vendor.values()]
    assert order == added(vendor_orders, currency)
    assert all(each.balanced for each in vendor_orders)
    assert order.paid == total((price.paid for price in prices), currency)


@given(BASKETS, price_books())
def test_a_vendor_never_pays_to_sell(basket: Basket, book: PriceBook) -> None:
    """Commission and the tax on it are never more than the charge brings the vendor, whatever fees and floors ask for."""
    for price in quote(basket, book, at=NOON):
        for charge in (price.goods, price.shipping):
            assert charge.charged + charge.commission_tax <= charge.paid + charge.subsidy - charge.tax_kept


@given(BASKETS, price_books())
def test_splits_add_and_subtract(basket: Basket, book: PriceBook) -> None:
    """Taking a split from itself leaves nothing, and adding nothing changes nothing."""
    for price in quote(basket, book, at=NOON):
        nothing = Split.nothing(price.paid.currency)
        assert nothing == price.split - price.split
        assert price.split == price.split + nothing
        assert price.goods == price.split - price.shipping
        assert not nothing
        assert bool(price.split) == any(parts(price.split))


@given(BASKETS)
def test_the_default_is_ten_per_cent(basket: Basket) -> None:
    """Where no operator has ruled, a tenth of each line's goods, rounded half up, is commission; shipping is the vendor's."""
    for (offer, quantity), line in zip(basket, quote(basket, PriceBook(), at=NOON), strict=True):
        assert (offer.price.minor * quantity + 5) // 10 == line.split.commission.minor
        assert offer.shipping * quantity == line.shipping.earning
