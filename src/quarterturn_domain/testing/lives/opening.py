"""Opening: an empty shop becomes the small marketplace of a life."""

from __future__ import annotations

from quarterturn_domain.catalog.categorising import PlaceCategory
from quarterturn_domain.catalog.describing import DescribeProduct
from quarterturn_domain.catalog.offering import MakeOffer
from quarterturn_domain.catalog.product import Variant
from quarterturn_domain.catalog.publishing import MoveProduct
from quarterturn_domain.identity.onboarding import ApplyAsVendor, DecideVendor
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import LocationId, VariantId
from quarterturn_domain.pricing.ruling import SetTerms
from quarterturn_domain.stock.receiving import MoveStock, OpenLocation
from quarterturn_domain.testing.lives.ports import Outside, Shop
from quarterturn_domain.testing.strategies.lives import SMALL, OrderLife
from quarterturn_domain.testing.strategies.offers import CATEGORIES, PRODUCTS, VENDORS


def open_shop(life: OrderLife, shop: Shop, outside: Outside) -> None:
    """Vendors apply and are approved and enrolled, publish what they sell, and put it on the shelf; the terms are set."""
    at = shop.clock.now()
    vendors, products = VENDORS[:SMALL], PRODUCTS[:SMALL]
    for outcome in shop.apply_as_vendors([ApplyAsVendor(vendor_id=each, name="V", country="DE", at=at) for each in vendors]):
        granted(outcome)
    for outcome in shop.govern_vendors([DecideVendor(vendor_id=each, act="approve", at=at) for each in vendors]):
        granted(outcome)
    for vendor, bank in zip(shop.enrol_vendors(vendors), life.banks, strict=True):
        account = granted(vendor).payout_account
        assert account is not None
        outside.onboard(account.reference, bank)
    shop.enrol_vendors(vendors)
    parent = None
    for category in reversed(CATEGORIES):
        shop.place_categories(PlaceCategory(category_id=category, name="C", parent_id=parent, at=at))
        parent = category
    variants = [VariantId(shop.ids.new()) for _ in products]
    described = zip(products, CATEGORIES, variants, strict=False)
    shop.describe_products(
        [
            DescribeProduct(product_id=product, title="P", category_id=category, variants=(Variant(variant, ""),), at=at)
            for product, category, variant in described
        ]
    )
    shop.move_products([MoveProduct(product_id=product, at=at) for product in products])
    places = [LocationId(shop.ids.new()) for _ in vendors]
    shop.open_locations(
        [OpenLocation(location_id=place, vendor_id=vendor, name="L", at=at) for place, vendor in zip(places, vendors, strict=True)]
    )
    for each in life.goods:
        offer = MakeOffer(
            sku=each.sku,
            vendor_id=vendors[each.vendor],
            product_id=products[each.product],
            variant_id=variants[each.product],
            price=each.price,
            shipping=each.shipping,
            at=at,
        )
        granted(shop.make_offers([offer])[0])
        receipt = MoveStock(
            movement_id=shop.ids.new(),
            vendor_id=vendors[each.vendor],
            sku=each.sku,
            location_id=places[each.vendor],
            quantity=each.on_hand,
            actor="tester",
            at=at,
        )
        granted(shop.move_stocks([receipt])[0])
    for terms in life.rules:
        shop.rule_terms(SetTerms(terms=terms, at=at))
    shop.set_payout_terms(life.payout_terms)
