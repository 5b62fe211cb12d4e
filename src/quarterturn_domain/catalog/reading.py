"""Reading the catalog as its makers see it: vendors, categories, products in whatever state, and offers."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.offer import Offer
from quarterturn_domain.catalog.ports import CatalogWork
from quarterturn_domain.catalog.product import Product
from quarterturn_domain.identity.vendor import Vendor, VendorStatus
from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import ProductId, Sku, VendorId, sku
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


class ReadCatalog:
    """Answers what there is; who asks for another vendor's drafts and offers hears that there is no such thing."""

    def __init__(self, work: Begin[CatalogWork]) -> None:
        self._work = work

    def vendor(self, vendor_id: VendorId) -> Vendor:
        """A vendor, in whatever state; raises `NotFound`."""
        with self._work() as work:
            return required(work.vendors.find([vendor_id]), vendor_id, "vendor")

    def vendors(self, after: VendorId | None, limit: int, *, status: VendorStatus | None = None) -> Sequence[Vendor]:
        """Up to `limit` vendors, for the platform, in the order of their ids, those after `after`."""
        with self._work() as work:
            return work.vendors.page(after, limit, status)

    def categories(self) -> Sequence[Category]:
        """Every category, in the order of position and then of id."""
        with self._work() as work:
            return work.categories.listed()

    def product(self, product_id: ProductId) -> Product:
        """A product, for the platform, in whatever state; raises `NotFound`."""
        with self._work() as work:
            return required(work.products.find([product_id]), product_id, "product")

    def products(self, after: ProductId | None, limit: int) -> Sequence[Product]:
        """Up to `limit` products, for the platform, in whatever state, in the order of their ids, those after `after`."""
        with self._work() as work:
            return work.products.page(after, limit)

    def product_of_vendor(self, vendor_id: VendorId, product_id: ProductId) -> Product:
        """A product that this vendor created, in whatever state; raises `NotFound`, also for another one's."""
        found = self.product(product_id)
        if found.created_by != vendor_id:
            raise NotFound("product", str(product_id))
        return found

    def products_of_vendor(self, vendor_id: VendorId, after: ProductId | None, limit: int) -> Sequence[Product]:
        """Up to `limit` products that a vendor created, in whatever state, in the order of their ids, those after `after`."""
        with self._work() as work:
            return work.products.of_vendor(vendor_id, after, limit)

    def offer_of_vendor(self, vendor_id: VendorId, wanted: Sku) -> Offer:
        """An offer of this vendor; raises `NotFound`, also for another one's, or `Invalid` for what is no SKU."""
        with self._work() as work:
            found = required(work.offers.find([sku(wanted)]), wanted, "offer")
        if found.vendor_id != vendor_id:
            raise NotFound("offer", wanted)
        return found

    def offers_of_vendor(self, vendor_id: VendorId, after: Sku | None, limit: int) -> Sequence[Offer]:
        """Up to `limit` offers of a vendor in the order of their SKUs, those after `after`."""
        with self._work() as work:
            return work.offers.of_vendor(vendor_id, after, limit)
