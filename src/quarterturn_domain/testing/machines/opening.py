"""The opening: vendors, offers, a kit, locations and terms of the marketplace that the machines drive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

import attrs

from quarterturn_domain.catalog.categorising import PlaceCategory
from quarterturn_domain.catalog.describing import DescribeProduct
from quarterturn_domain.catalog.offering import MakeOffer
from quarterturn_domain.catalog.product import Variant
from quarterturn_domain.catalog.publishing import MoveProduct
from quarterturn_domain.identity.onboarding import ApplyAsVendor, DecideVendor
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Outcome, granted
from quarterturn_domain.kernel.ids import Sku
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.payouts.schedule import PayoutTerms
from quarterturn_domain.pricing.ruling import SetTerms
from quarterturn_domain.stock.bundling import DefineKit
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.receiving import OpenLocation
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.gateways import BankAccount
from quarterturn_domain.testing.machines.surroundings import Marketplace

T = TypeVar("T")

EUR, JPY, BHD = samples.CURRENCIES


@attrs.frozen
class Ware:
    """What a vendor offers, and what it costs at first: `price` and `shipping` in minor units."""

    sku: Sku
    vendor: int
    currency: Currency
    price: int
    shipping: int


WARES: Final = (
    Ware(Sku("BAR"), 1, EUR, 4_999, 490),
    Ware(Sku("PLATE"), 1, EUR, 1_701, 0),
    Ware(Sku("MAT"), 2, EUR, 333, 101),
    Ware(Sku("ROPE"), 3, EUR, 7, 2),
    Ware(Sku("SET"), 1, EUR, 7_777, 999),
    Ware(Sku("BELL"), 2, JPY, 1_250, 80),
    Ware(Sku("BAND"), 3, BHD, 12_345, 67),
)
"""The offers, in three currencies; in the order of two vendors and more."""

KIT: Final = (Sku("SET"), ((Sku("BAR"), 1), (Sku("PLATE"), 2)))
"""What the set is made of."""

SHELVED: Final = tuple(ware for ware in WARES if ware.sku != KIT[0])
"""The wares that lie on shelves."""

VENDORS: Final = tuple(samples.vendor_id(n) for n in (1, 2, 3))
"""Who sells."""

PLACES: Final = tuple(
    Location(samples.location_id(n), samples.vendor_id(vendor), name, priority)
    for n, (vendor, name, priority) in enumerate(
        [(1, "Warehouse", 2), (1, "Shop", 1), (2, "Garage", 0), (3, "Cellar", 0), (3, "Loft", 0)], start=1
    )
)
"""Where."""


def open_marketplace(market: Marketplace, *, rich: bool, banks: tuple[BankAccount, ...]) -> None:
    """Let the vendors in, each with such a bank, and their offers; with `rich` terms prices have every part that there is."""
    at = market.now()
    _let_in(market, at, banks)
    market.place_categories(PlaceCategory(category_id=samples.category_id(1), name="Strength", at=at))
    product = samples.product_id(1)
    variant = Variant(samples.variant_id(1), "standard")
    described = DescribeProduct(
        product_id=product, title="Iron", category_id=samples.category_id(1), variants=(variant,), by=VENDORS[0], at=at
    )
    _all(market.describe_products([described]))
    _all(market.move_products([MoveProduct(product_id=product, at=at)]))
    _all(market.make_offers([_offer(ware, at) for ware in WARES]))
    _all(
        market.open_locations(
            [
                OpenLocation(location_id=place.id, vendor_id=place.vendor_id, name=place.name, priority=place.priority, at=at)
                for place in PLACES
            ]
        )
    )
    market.define_kits(DefineKit(sku=KIT[0], vendor_id=VENDORS[0], components=KIT[1], at=at))
    hold = timedelta(days=1)
    if rich:
        for terms in (samples.a_commission_rule(), samples.a_discount(), samples.a_tax()):
            market.rule_terms(SetTerms(terms=terms, at=at))
        market.set_payout_terms(
            PayoutTerms(hold=hold, reserve=Rate(1, 7), reserve_for=timedelta(days=5), minimum=(Money(500, EUR),))
        )
    else:
        market.set_payout_terms(PayoutTerms(hold=hold))


def _let_in(market: Marketplace, at: datetime, banks: tuple[BankAccount, ...]) -> None:
    _all(market.apply_as_vendors([ApplyAsVendor(vendor_id=each, name=f"Vendor {each}", country="DE", at=at) for each in VENDORS]))
    _all(market.govern_vendors([DecideVendor(vendor_id=each, act="approve", at=at) for each in VENDORS]))
    for vendor, bank in zip(_all(market.enrol_vendors(VENDORS)), banks, strict=True):
        assert vendor.payout_account is not None
        market.around.onboard(vendor.payout_account.reference, bank)
    _all(market.enrol_vendors(VENDORS))


def _offer(ware: Ware, at: datetime) -> MakeOffer:
    return MakeOffer(
        sku=ware.sku,
        vendor_id=samples.vendor_id(ware.vendor),
        product_id=samples.product_id(1),
        variant_id=samples.variant_id(1),
        price=Money(ware.price, ware.currency),
        shipping=Money(ware.shipping, ware.currency),
        at=at,
    )


def _all(outcomes: Sequence[Outcome[T]]) -> list[T]:
    return [granted(outcome) for outcome in outcomes]
