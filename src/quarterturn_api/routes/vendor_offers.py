"""Offers of a vendor: put a price on a variant, change it, pause, resume, withdraw."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from litestar import get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from quarterturn_api.bodies.vendors import OwnOfferBody
from quarterturn_api.edge.access import needs_of_vendor
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, MoneyBody, Page, SkuText
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_domain.catalog.offering import MakeOffer, MoveOffer, RepriceOffer
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import ProductId, Sku, VariantId
from quarterturn_domain.kernel.money import Money

TAGS: Final = ["vendor offers"]

SkuInPath = Annotated[str, PathParameter(max_length=64, description="The SKU; a `/` in it is written `~`, which no SKU has.")]


class PriceAsked(Asked):
    """What one unit costs; shipping of one unit is free unless it is given."""

    price: MoneyBody
    shipping: MoneyBody | None = None

    def both(self) -> tuple[Money, Money]:
        """Price and shipping, in that order."""
        price = self.price.money()
        return price, Money.zero(price.currency) if self.shipping is None else self.shipping.money()


class OfferAsked(PriceAsked, kw_only=True):
    """A variant to sell under a SKU."""

    sku: SkuText
    product_id: UUID
    variant_id: UUID


@get("/vendor/offers", summary="List my offers", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_CATALOG))
def list_own_offers(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[OwnOfferBody]:
    """In whatever state, in the order of their SKUs."""
    after = place(cursor, tuple[SkuText])
    read = request.service.application.read_catalog
    found = read.offers_of_vendor(request.vendor_id, Sku(after[0]) if after else None, limit + 1)
    return page(found, limit, OwnOfferBody.of, lambda offer: (offer.sku,))


@post(
    "/vendor/offers",
    summary="Offer a variant for sale",
    description="The SKU names the offer: asked again with the same body it answers the same, with another one 409.",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_CATALOG),
)
def make_offer(request: Ask, data: JSONBody[OfferAsked]) -> OwnOfferBody:
    """The offer, which can be bought while its product is published and its vendor approved."""
    price, shipping = data.both()
    command = MakeOffer(
        sku=Sku(data.sku),
        vendor_id=request.vendor_id,
        product_id=ProductId(data.product_id),
        variant_id=VariantId(data.variant_id),
        price=price,
        shipping=shipping,
        at=request.now,
    )
    return OwnOfferBody.of(granted(request.service.application.make_offers([command])[0]))


@get(
    "/vendor/offers/{sku:str}",
    summary="Read one of my offers",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_CATALOG),
)
def read_own_offer(request: Ask, sku: SkuInPath) -> OwnOfferBody:
    """The offer; 404 when it is another vendor's."""
    return OwnOfferBody.of(request.service.application.read_catalog.offer_of_vendor(request.vendor_id, _sku(sku)))


@put(
    "/vendor/offers/{sku:str}",
    summary="Change the price of one of my offers",
    tags=TAGS,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_CATALOG),
)
def reprice_offer(request: Ask, sku: SkuInPath, data: JSONBody[PriceAsked]) -> OwnOfferBody:
    """The offer at another price; orders that were placed keep theirs."""
    price, shipping = data.both()
    command = RepriceOffer(sku=_sku(sku), vendor_id=request.vendor_id, price=price, shipping=shipping, at=request.now)
    return OwnOfferBody.of(granted(request.service.application.change_offers([command])[0]))


@post(
    "/vendor/offers/{sku:str}/pause",
    summary="Pause one of my offers",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_CATALOG),
)
def pause_offer(request: Ask, sku: SkuInPath) -> OwnOfferBody:
    """The offer, which cannot be bought until it is resumed."""
    return _moved(request, sku, "pause")


@post(
    "/vendor/offers/{sku:str}/resume",
    summary="Resume one of my offers",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_CATALOG),
)
def resume_offer(request: Ask, sku: SkuInPath) -> OwnOfferBody:
    """The offer, for sale again."""
    return _moved(request, sku, "resume")


@post(
    "/vendor/offers/{sku:str}/withdraw",
    summary="Withdraw one of my offers for good",
    tags=TAGS,
    status_code=200,
    sync_to_thread=True,
    **needs_of_vendor(Permission.VENDOR_CATALOG),
)
def withdraw_offer(request: Ask, sku: SkuInPath) -> OwnOfferBody:
    """The offer, which is never for sale again."""
    return _moved(request, sku, "withdraw")


def _moved(request: Ask, sku: str, act: str) -> OwnOfferBody:
    command = MoveOffer(sku=_sku(sku), vendor_id=request.vendor_id, act=act, at=request.now)
    return OwnOfferBody.of(granted(request.service.application.change_offers([command])[0]))


def _sku(text: str) -> Sku:
    return Sku(text.replace("~", "/"))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    list_own_offers,
    make_offer,
    read_own_offer,
    reprice_offer,
    pause_offer,
    resume_offer,
    withdraw_offer,
)
