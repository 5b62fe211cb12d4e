"""Offering: a vendor puts a price on a variant, changes it, pauses and withdraws."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import attrs

from quarterturn_domain.catalog.offer import Offer
from quarterturn_domain.catalog.ports import CatalogWork
from quarterturn_domain.catalog.product import Product, ProductStatus
from quarterturn_domain.identity.vendor import Vendor, VendorStatus
from quarterturn_domain.kernel.batch import Draft, decide_each
from quarterturn_domain.kernel.errors import Conflict, Forbidden, NotFound, Outcome
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import ProductId, Sku, VariantId, VendorId, possible
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class MakeOffer:
    """Offer a variant for sale; `price` and `shipping` are for one unit."""

    sku: Sku
    vendor_id: VendorId
    product_id: ProductId
    variant_id: VariantId
    price: Money
    shipping: Money
    at: datetime = attrs.field(metadata=TIMING)


class MakeOffers:
    """Makes offers, many at once; the same SKU with the same content is the same offer."""

    def __init__(self, work: Begin[CatalogWork]) -> None:
        self._work = work

    def __call__(self, commands: Sequence[MakeOffer]) -> Sequence[Outcome[Offer]]:
        """For each command its offer, or `Invalid`, `NotFound`, `Forbidden` or `Conflict`."""
        with self._work() as work:
            draft = Draft(work.offers.lock(possible(command.sku for command in commands)))
            products = work.products.find({command.product_id for command in commands})
            vendors = work.vendors.find({command.vendor_id for command in commands})

            def decide(command: MakeOffer) -> Offer:
                vendor = required(vendors, command.vendor_id, "vendor")
                known = draft.get(command.sku)
                mine = known is not None and known.vendor_id == command.vendor_id
                _refuse_unless_offerable(command, vendor, required(products, command.product_id, "product"), asked_again=mine)
                return _make(draft, command)

            outcomes = decide_each(commands, decide)
            draft.record(work, work.offers)
        return outcomes


def _make(draft: Draft[Sku, Offer], command: MakeOffer) -> Offer:
    offer, fact = Offer.make(
        Offer(command.sku, command.vendor_id, command.product_id, command.variant_id, command.price, command.shipping),
        at=command.at,
    )
    before = draft.get(offer.sku)
    if before is None:
        return draft.put(offer.sku, offer, fact)
    if attrs.evolve(before, status=offer.status) != offer:
        raise Conflict("offer", offer.sku, "this SKU was offered with other content")
    return before


@attrs.frozen(kw_only=True)
class RepriceOffer:
    """Change what an offer costs from now on."""

    sku: Sku
    vendor_id: VendorId
    price: Money
    shipping: Money
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class MoveOffer:
    """`pause`, `resume` or `withdraw` an offer."""

    sku: Sku
    vendor_id: VendorId
    act: str
    at: datetime = attrs.field(metadata=TIMING)


class ChangeOffers:
    """Reprices and moves offers of their own vendor, many at once."""

    def __init__(self, work: Begin[CatalogWork]) -> None:
        self._work = work

    def __call__(self, commands: Sequence[RepriceOffer | MoveOffer]) -> Sequence[Outcome[Offer]]:
        """For each command its offer afterwards, or `NotFound` (also for another vendor's), `Invalid`, `InvalidTransition`."""
        with self._work() as work:
            draft = Draft(work.offers.lock(possible(command.sku for command in commands)))
            outcomes = decide_each(commands, partial(_change, draft))
            draft.record(work, work.offers)
        return outcomes


def _change(draft: Draft[Sku, Offer], command: RepriceOffer | MoveOffer) -> Offer:
    offer = draft.required(command.sku, "offer")
    if offer.vendor_id != command.vendor_id:
        raise NotFound("offer", command.sku)
    if isinstance(command, MoveOffer):
        return draft.put(offer.sku, *offer.move(command.act, at=command.at))
    if (command.price, command.shipping) == (offer.price, offer.shipping):
        return offer
    return draft.put(offer.sku, *offer.reprice(command.price, command.shipping, at=command.at))


def _refuse_unless_offerable(command: MakeOffer, vendor: Vendor, product: Product, *, asked_again: bool) -> None:
    # What is not on show is its maker's own: nobody else learns that it is there.
    if product.status is not ProductStatus.PUBLISHED and product.created_by not in {None, vendor.id} and not asked_again:
        raise NotFound("product", str(product.id))
    if vendor.status in {VendorStatus.REJECTED, VendorStatus.CLOSED}:
        raise Forbidden(f"The vendor {vendor.name} is {vendor.status} and cannot make offers")
    if product.variant(command.variant_id) is None:
        raise NotFound("variant", str(command.variant_id))
