"""What happened in the catalog."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import CategoryId, ProductId, Sku, VendorId
from quarterturn_domain.kernel.money import Money


@attrs.frozen(kw_only=True)
class CategoryPlaced(Event, tag="category.placed", about="category_id"):
    """A category has a name and a place in the tree."""

    category_id: CategoryId
    name: str
    parent_id: CategoryId | None
    at: datetime


@attrs.frozen(kw_only=True)
class ProductDescribed(Event, tag="product.described", about="product_id"):
    """A product was drafted, or its description changed."""

    product_id: ProductId
    title: str
    category_id: CategoryId | None
    at: datetime


@attrs.frozen(kw_only=True)
class ProductStatusChanged(Event, tag="product.status_changed", about="product_id"):
    """A product was published, withdrawn or archived."""

    product_id: ProductId
    act: str
    status: str
    at: datetime


@attrs.frozen(kw_only=True)
class OfferMade(Event, tag="offer.made", about="sku"):
    """A vendor offers a variant under a SKU of its own."""

    sku: Sku
    vendor_id: VendorId
    product_id: ProductId
    price: Money
    shipping: Money
    at: datetime


@attrs.frozen(kw_only=True)
class OfferRepriced(Event, tag="offer.repriced", about="sku"):
    """An offer costs something else from now on."""

    sku: Sku
    price: Money
    shipping: Money
    at: datetime


@attrs.frozen(kw_only=True)
class OfferStatusChanged(Event, tag="offer.status_changed", about="sku"):
    """An offer was paused, resumed or withdrawn."""

    sku: Sku
    act: str
    status: str
    at: datetime
