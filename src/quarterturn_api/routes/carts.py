"""The cart of whoever asks: an account's own, or that of a guest who has its token."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post, put
from litestar.datastructures import CacheControlHeader
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from quarterturn_api.bodies.carts import CartBody, item_id
from quarterturn_api.bodies.orders import DeliveryBody, DestinationAsked, OrderBody
from quarterturn_api.edge.access import guests_and, needs
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Count, Line, MoneyBody, SkuText
from quarterturn_api.edge.carts import CartToken, kept_cookie, named_cart
from quarterturn_api.edge.keys import IdempotencyKey, OptionalKey, named, new_id_of_guest
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.errors import Conflict, NotFound
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId, Sku
from quarterturn_domain.ordering.carting import AddToCart, ChangeCart
from quarterturn_domain.ordering.checkout import CheckOut
from quarterturn_domain.pricing.tax import Destination

TAGS: Final = ["cart"]

ForCountry = Annotated[
    str | None, QueryParameter(name="country", pattern="^[A-Z]{2}$", description="Sent to this country, as far as taxes go.")
]
ForRegion = Annotated[
    str | None, QueryParameter(name="region", max_length=10, pattern="^[A-Z0-9-]*$", description="A region of it.")
]
Codes = Annotated[tuple[str, ...], QueryParameter(name="code", max_items=20, description="Discount codes, one each.")]


class CartItemAsked(Asked):
    """So many more units of an offer."""

    sku: SkuText
    quantity: Count


class QuantityAsked(Asked):
    """How many units there shall be; none takes the line out."""

    quantity: Annotated[int, msgspec.Meta(ge=0, le=10_000, examples=[3])]


class CheckOutAsked(Asked):
    """The cart that was read, and the total that was shown: another total is refused, and so is a cart that was changed since."""

    cart_id: UUID
    expected_total: MoneyBody | None = None
    codes: Annotated[tuple[Line, ...], msgspec.Meta(max_length=20)] = ()
    destination: DestinationAsked | None = None
    delivery: DeliveryBody | None = None


@get(
    "/cart",
    summary="Read the cart",
    description="At the prices of now: `changes` tells what cost something else when it was put in.",
    tags=TAGS,
    # A guest is nobody whom the edge knows, and the cart is theirs nevertheless.
    cache_control=CacheControlHeader(private=True, no_cache=True),
    sync_to_thread=True,
    **guests_and(Permission.SHOP),
)
def read_cart(
    request: Ask, cart_token: CartToken = None, country: ForCountry = None, region: ForRegion = None, codes: Codes = ()
) -> CartBody:
    """The cart; an empty one without an id as long as nothing was put in."""
    cart_id, owner_id = _mine(request, cart_token)
    if cart_id is None:
        return CartBody()
    destination = None if country is None else Destination(country, region or None)
    return CartBody.of(request.service.application.show_carts(cart_id, owner_id, codes=codes, destination=destination))


@post(
    "/cart/items",
    summary="Put units of an offer into the cart",
    description="Who has no cart yet gets one; a guest's is answered with its `token`, and kept in browsers as a cookie.",
    tags=TAGS,
    sync_to_thread=True,
    **guests_and(Permission.SHOP),
)
def add_item(
    request: Ask, data: JSONBody[CartItemAsked], idempotency_key: OptionalKey = None, cart_token: CartToken = None
) -> Response[CartBody]:
    """The cart afterwards."""
    known, owner_id = _mine(request, cart_token)

    def put_into(cart_id: CartId) -> CartId:
        command = AddToCart(
            cart_id=cart_id,
            sku=Sku(data.sku),
            quantity=data.quantity,
            owner_id=owner_id,
            request_id=new_id_of_guest(request, cart_id.hex, "item", idempotency_key),
            at=request.now,
        )
        return request.service.application.fill_carts(command).id

    try:
        cart_id = put_into(known or CartId(request.service.ids.new()))
    except Conflict:
        # Who has no cart yet and asks twice at the same moment: the other request has opened it.
        opened, _ = (None, None) if known is not None or owner_id is None else _mine(request, cart_token)
        if opened is None:
            raise
        cart_id = put_into(opened)
    token = request.service.cart_tokens.issue(cart_id) if known is None and owner_id is None else None
    body = CartBody.of(request.service.application.show_carts(cart_id, owner_id), token)
    return Response(body, cookies=[] if token is None else [kept_cookie(request, token)])


@put(
    "/cart/items/{item_id:uuid}",
    summary="Change how many units of an offer are in the cart",
    tags=TAGS,
    sync_to_thread=True,
    **guests_and(Permission.SHOP),
)
def change_item(request: Ask, item_id: FromPath[UUID], data: JSONBody[QuantityAsked], cart_token: CartToken = None) -> CartBody:
    """The cart afterwards; 404 for what is not in it."""
    cart_id, owner_id = _changed(request, cart_token, item_id, data.quantity)
    return CartBody.of(request.service.application.show_carts(cart_id, owner_id))


@delete(
    "/cart/items/{item_id:uuid}",
    summary="Take an offer out of the cart",
    tags=TAGS,
    sync_to_thread=True,
    **guests_and(Permission.SHOP),
)
def remove_item(request: Ask, item_id: FromPath[UUID], cart_token: CartToken = None) -> None:
    """Nothing; 404 for what is not in it."""
    _changed(request, cart_token, item_id, 0)


@post(
    "/cart/checkout",
    summary="Order what is in my cart",
    description="Holds the stock of all of it until the order's deadline, or refuses it as a whole. Guests sign up first.",
    tags=TAGS,
    sync_to_thread=True,
    **needs(Permission.SHOP),
)
def check_out(request: Ask, data: JSONBody[CheckOutAsked], idempotency_key: IdempotencyKey) -> OrderBody:
    """The order; with it the cart ends."""
    command = CheckOut(
        cart_id=CartId(data.cart_id),
        order_id=OrderId(named(request.asker, "order", idempotency_key)),
        owner_id=request.account_id,
        expected_total=data.expected_total.money() if data.expected_total else None,
        codes=data.codes,
        destination=data.destination.destination() if data.destination else None,
        delivery=data.delivery.delivery() if data.delivery else None,
        at=request.now,
    )
    return OrderBody.of(request.service.check_out_carts(command))


def _mine(request: Ask, token: str | None) -> tuple[CartId | None, AccountId | None]:
    """The open cart of the account that asks, or of the guest who has its token; and the account."""
    show = request.service.application.show_carts
    if request.known is not None:
        return show.open_of(request.account_id), request.account_id
    cart_id = named_cart(request, token)
    return (None if cart_id is None else show.open_of_guest(cart_id)), None


def _changed(request: Ask, token: str | None, item: UUID, quantity: int) -> tuple[CartId, AccountId | None]:
    cart_id, owner_id = _mine(request, token)
    app = request.service.application
    lines = () if cart_id is None else app.show_carts(cart_id, owner_id).cart.lines
    line = next((each for each in lines if item_id(each.sku) == item), None)
    if cart_id is None or line is None:
        raise NotFound("cart line", str(item))
    app.fill_carts(ChangeCart(cart_id=cart_id, sku=line.sku, quantity=quantity, owner_id=owner_id, at=request.now))
    return cart_id, owner_id


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (read_cart, add_item, change_item, remove_item, check_out)
