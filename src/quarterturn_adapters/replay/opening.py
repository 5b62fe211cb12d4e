"""Opening: the vendors of a source are there with their accounts and stockrooms, and its products are published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar
from uuid import UUID, uuid5

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.replay.source import ProductRow, VendorRow
from quarterturn_adapters.sandbox import Sandbox
from quarterturn_domain.catalog.categorising import PlaceCategory
from quarterturn_domain.catalog.describing import DescribeProduct
from quarterturn_domain.catalog.product import Variant
from quarterturn_domain.catalog.publishing import MoveProduct
from quarterturn_domain.identity.onboarding import ApplyAsVendor, DecideVendor
from quarterturn_domain.kernel.errors import Outcome, granted
from quarterturn_domain.kernel.ids import CategoryId, LocationId, ProductId, VariantId, VendorId
from quarterturn_domain.stock.receiving import OpenLocation

T = TypeVar("T")

OF_A_REPLAY: Final = UUID("0d6f6c0e-92a7-5f1c-9d52-7e1b4c3a2f66")
"""The namespace of ids that follow from the files' own."""

_PAGE: Final = 500


def open_vendors(app: Application, sandbox: Sandbox, vendors: Sequence[VendorRow]) -> None:
    """Let every vendor apply, be approved, get an account at the provider and a place for its stock."""
    at = app.clock.now()
    for page in pages(vendors):
        ids = [vendor.id for vendor in page]
        every(
            app.apply_as_vendors(
                [
                    ApplyAsVendor(vendor_id=each.id, name=f"{each.place or 'vendor'} {each.text}"[:80], country=each.country, at=at)
                    for each in page
                ]
            )
        )
        every(app.govern_vendors([DecideVendor(vendor_id=vendor_id, act="approve", at=at) for vendor_id in ids]))
        for vendor in every(app.enrol_vendors(ids)):
            assert vendor.payout_account is not None
            sandbox.finish_onboarding(vendor.payout_account.reference)
        # Asked again, the provider says that nothing is missing any more.
        every(app.enrol_vendors(ids))
        every(
            app.open_locations(
                [
                    OpenLocation(location_id=location(each.id), vendor_id=each.id, name=each.place or "stockroom", at=at)
                    for each in page
                ]
            )
        )


def publish(app: Application, products: Sequence[ProductRow]) -> None:
    """Let every product be described and published, as its first row says it: several vendors may sell it."""
    at = app.clock.now()
    for name in sorted({product.category for product in products}):
        app.place_categories(PlaceCategory(category_id=category(name), name=name or "uncategorised", at=at))
    once = list({product.id: product for product in reversed(products)}.values())[::-1]
    for page in pages(once):
        every(
            app.describe_products(
                [
                    DescribeProduct(
                        product_id=each.id,
                        title=f"{each.category or 'product'} {each.text}"[:120],
                        category_id=category(each.category),
                        variants=(Variant(variant(each.id), "", weight_grams=each.weight_grams),),
                        by=each.vendor_id,
                        at=at,
                    )
                    for each in page
                ]
            )
        )
        every(app.move_products([MoveProduct(product_id=each.id, by=each.vendor_id, at=at) for each in page]))


def location(vendor_id: VendorId) -> LocationId:
    """The one place where a vendor's stock lies."""
    return LocationId(uuid5(OF_A_REPLAY, f"location:{vendor_id}"))


def category(name: str) -> CategoryId:
    """The category of this name."""
    return CategoryId(uuid5(OF_A_REPLAY, f"category:{name}"))


def variant(product_id: ProductId) -> VariantId:
    """The one form of a product."""
    return VariantId(uuid5(OF_A_REPLAY, f"variant:{product_id}"))


def pages(rows: Sequence[T]) -> Iterable[Sequence[T]]:
    """The rows in pages of one transaction each."""
    return (rows[start : start + _PAGE] for start in range(0, len(rows), _PAGE))


def every(outcomes: Iterable[Outcome[T]]) -> list[T]:
    """Every result; raises the first refusal, of which there is none when the rows were checked."""
    return [granted(outcome) for outcome in outcomes]
