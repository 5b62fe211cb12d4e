"""Carting: putting offers into a cart, changing it, and merging a guest's cart at sign-in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from quarterturn_domain.catalog.offer import Sellable
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import Conflict, DomainError, NotFound
from quarterturn_domain.kernel.idempotency import TIMING, Answer, fingerprint, same_request
from quarterturn_domain.kernel.ids import AccountId, CartId, Sku, possible
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.cart import Cart, CartStatus, PriceChange
from quarterturn_domain.ordering.ports import OrderingWork
from quarterturn_domain.pricing.quote import quote
from quarterturn_domain.pricing.tax import Destination


@attrs.frozen(kw_only=True)
class AddToCart:
    """Put `quantity` more of an offer into a cart; a cart that is not there yet is opened for `owner_id`, or for a guest.

    With a `request_id` it is done once however often it is asked for; without one every time adds.
    """

    cart_id: CartId
    sku: Sku
    quantity: int
    owner_id: AccountId | None = None
    request_id: UUID | None = None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class ChangeCart:
    """Let there be `quantity` of an offer in a cart; none takes it out."""

    cart_id: CartId
    sku: Sku
    quantity: int
    owner_id: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class FillCarts:
    """Fills and changes carts of their own owner."""

    def __init__(self, work: Begin[OrderingWork]) -> None:
        self._work = work

    def __call__(self, command: AddToCart | ChangeCart) -> Cart:
        """The cart afterwards, or as it is now when this request was answered before.

        Raises `NotFound` (also when it is somebody else's), `NotForSale`, `CartFull`, `Invalid`, `InvalidTransition`; `KeyReused`
        when the request's id came with other content; `Conflict` for a second open cart, or one opened twice at the same moment.
        """
        with self._work() as work:
            cart = work.carts.lock([command.cart_id]).get(command.cart_id)
            if cart is not None and cart.owner_id != command.owner_id:
                raise NotFound("cart", str(command.cart_id))
            if isinstance(command, ChangeCart):
                if cart is None:
                    raise NotFound("cart", str(command.cart_id))
                after = cart.change(command.sku, command.quantity, at=command.at)
                work.carts.save([after])
                return after
            key = f"cart:{command.cart_id}:{command.request_id}"
            if command.request_id is not None:
                known = work.answers.find([key]).get(key)
                if known is not None and cart is not None:
                    same_request(known, fingerprint(command))
                    return cart
                work.answers.add([Answer(key, fingerprint(command), "", command.at)])
            offer = required(work.offers.sellable(possible([command.sku])), command.sku, "offer")
            if cart is None:
                if command.owner_id is not None and work.carts.open_of(command.owner_id) is not None:
                    raise Conflict("cart", str(command.cart_id), "the account has another open cart")
                after = Cart(command.cart_id, command.owner_id).add(offer, command.quantity, at=command.at)
                work.carts.add([after])
            else:
                after = cart.add(offer, command.quantity, at=command.at)
                work.carts.save([after])
        return after


@attrs.frozen(kw_only=True)
class MergeCart:
    """A guest with a cart turns out to be `owner_id`, who has or will have the cart `into`."""

    guest_cart_id: CartId
    into: CartId
    owner_id: AccountId
    at: datetime = attrs.field(metadata=TIMING)


class MergeCarts:
    """Merges a guest's cart into the account's own; merged twice it is merged once."""

    def __init__(self, work: Begin[OrderingWork]) -> None:
        self._work = work

    def __call__(self, command: MergeCart) -> Cart:
        """The account's cart; raises `NotFound` for a cart that is somebody else's, or `InvalidTransition`."""
        with self._work() as work:
            carts = work.carts.lock([command.guest_cart_id, command.into])
            guest = required(carts, command.guest_cart_id, "cart")
            mine = carts.get(command.into)
            if guest.owner_id is not None or (mine is not None and mine.owner_id != command.owner_id):
                raise NotFound("cart", str(command.guest_cart_id))
            if guest.status is CartStatus.MERGED and mine is not None:
                return mine
            after, ended, fact = (mine or Cart(command.into, command.owner_id)).merge(guest, at=command.at)
            if mine is None:
                work.carts.add([after])
                work.carts.save([ended])
            else:
                work.carts.save([after, ended])
            work.outbox.append([fact])
        return after


@attrs.frozen
class PricedCart:
    """A cart as it stands now: `offers` by their SKUs, those that changed, and what all of it costs, if it can be bought as it is.

    `refusal` says why it cannot.
    """

    cart: Cart
    offers: Mapping[Sku, Sellable]
    changes: Sequence[PriceChange]
    total: Money | None = None
    refusal: DomainError | None = None


class ShowCarts:
    """Shows the open cart of an account, or of a guest who knows its id, at the prices of now."""

    def __init__(self, work: Begin[OrderingWork], clock: Clock) -> None:
        self._work = work
        self._clock = clock

    def open_of(self, owner_id: AccountId) -> CartId | None:
        """Which cart an account fills, if any."""
        with self._work() as work:
            cart = work.carts.open_of(owner_id)
        return None if cart is None else cart.id

    def open_of_guest(self, cart_id: CartId) -> CartId | None:
        """The same cart while it is a guest's and open; one that was merged or ordered is nobody's any more."""
        with self._work() as work:
            cart = work.carts.find([cart_id]).get(cart_id)
        return cart_id if cart is not None and cart.owner_id is None and cart.status is CartStatus.OPEN else None

    def __call__(
        self, cart_id: CartId, owner_id: AccountId | None, *, codes: Sequence[str] = (), destination: Destination | None = None
    ) -> PricedCart:
        """The cart with what it costs under these codes, sent there; raises `NotFound`, also for somebody else's."""
        with self._work() as work:
            cart = required(work.carts.find([cart_id]), cart_id, "cart")
            if cart.owner_id != owner_id:
                raise NotFound("cart", str(cart_id))
            offers = work.offers.sellable([line.sku for line in cart.lines])
            book = work.price_books.current()
        changes = cart.changes(offers)
        if not cart.lines:
            return PricedCart(cart, offers, changes)
        try:
            basket = [(required(offers, line.sku, "offer"), line.quantity) for line in cart.lines]
            for offer, _ in basket:
                offer.refuse_unless_for_sale()
            prices = quote(basket, book, at=self._clock.now(), codes=codes, destination=destination)
        except DomainError as refusal:
            return PricedCart(cart, offers, changes, refusal=refusal.with_traceback(None))
        return PricedCart(cart, offers, changes, sum((price.paid for price in prices[1:]), prices[0].paid))


class ReviewCart:
    """Tells what costs something else now than when it was put into a cart."""

    def __init__(self, work: Begin[OrderingWork]) -> None:
        self._work = work

    def __call__(self, cart_id: CartId) -> tuple[Cart, Sequence[PriceChange]]:
        """The cart and its changes of price; raises `NotFound`."""
        with self._work() as work:
            cart = required(work.carts.find([cart_id]), cart_id, "cart")
            return cart, cart.changes(work.offers.sellable([line.sku for line in cart.lines]))
