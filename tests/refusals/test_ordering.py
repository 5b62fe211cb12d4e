"""Every no of ordering in one table: what has happened, what was tried, and which refusal it got; and a refusal leaves no trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias
from uuid import UUID

import attrs
import pytest
from tests.unit.ordering.shops import BASKET, after, euro, facts

from quarterturn_domain.kernel.errors import Conflict, DomainError, Invalid, NotFound, granted
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId, ReturnId, ShipmentId, Sku, VendorId
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.ordering.cancelling import CancelOrder, CancelUnits
from quarterturn_domain.ordering.carting import AddToCart, ChangeCart, MergeCart
from quarterturn_domain.ordering.checkout import CheckOut
from quarterturn_domain.ordering.events import Units
from quarterturn_domain.ordering.fulfilling import ConfirmDelivery, SendShipment, StartVendorOrder
from quarterturn_domain.ordering.line import NotThatMany
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder, PriceChanged
from quarterturn_domain.ordering.returning import DecideReturn, RequestReturn
from quarterturn_domain.payments.owing import NothingToRefund
from quarterturn_domain.pricing.discount import CodeRefused
from quarterturn_domain.pricing.tax import Destination
from quarterturn_domain.stock.stock_item import StockShort
from quarterturn_domain.testing.lives import LivingShop
from quarterturn_domain.testing.strategies import VENDORS
from quarterturn_domain.testing.strategies.lives import AskBack, Cancel, Decide, Dispute, Onward, Ship, Step, Work

Try: TypeAlias = Callable[[LivingShop], object]
Row: TypeAlias = tuple[str, tuple[Step, ...], Try, Callable[[LivingShop], DomainError]]

NOBODY: Final = UUID(int=0xFFFF)
PARCEL: Final = ShipmentId(UUID(int=0xF1))
ONE, TWO = VENDORS[:2]
PAID: Final[tuple[Step, ...]] = (BASKET, Onward(0))
SENT: Final[tuple[Step, ...]] = (*PAID, Ship(0, 0))
DELIVERED: Final[tuple[Step, ...]] = (*PAID, *[Onward(0)] * 4)


def place(*lines: tuple[str, int], order: int = 0xAA, **more: Any) -> Try:
    """Order a basket."""

    def act(living: LivingShop) -> object:
        basket = tuple(BasketLine(Sku(sku), quantity) for sku, quantity in lines)
        (outcome,) = living.shop.place_orders([PlaceOrder(order_id=OrderId(UUID(int=order)), lines=basket, at=living.now, **more)])
        return granted(outcome)

    return act


def place_again(living: LivingShop) -> object:
    """Ask for the order that was placed, with one unit more."""
    command = PlaceOrder(order_id=living.orders[0], lines=(BasketLine(Sku("A-01"), 3),), at=living.now)
    return granted(living.shop.place_orders([command])[0])


def cancel(*units: Units, vendor: VendorId = ONE) -> Try:
    """Cancel units."""
    return lambda living: living.shop.cancel_orders(
        CancelUnits(
            cancellation_id=NOBODY, order_id=living.orders[0], vendor_id=vendor, units=units, reason="none left", at=living.now
        )
    )


def cancel_whole(by: UUID | None = None, order: UUID | None = None) -> Try:
    """Cancel an order."""
    return lambda living: living.shop.cancel_orders(
        CancelOrder(
            cancellation_id=NOBODY,
            order_id=OrderId(order or living.orders[0]),
            reason="changed my mind",
            by=None if by is None else AccountId(by),
            at=living.now,
        )
    )


def fulfil(kind: Any, vendor: VendorId = ONE, **more: Any) -> Try:  # noqa: ANN401
    """Start, send or deliver."""

    def act(living: LivingShop) -> object:
        command = kind(order_id=living.orders[0], vendor_id=vendor, at=living.now, **more)
        return granted(living.shop.fulfil_vendor_orders([command])[0])

    return act


def send_twice(living: LivingShop) -> object:
    """A parcel with one unit, and the same parcel with two."""
    fulfil(SendShipment, shipment_id=PARCEL, units=(Units(1, 1),))(living)
    return fulfil(SendShipment, shipment_id=PARCEL, units=(Units(1, 2),))(living)


def ask_back(*units: Units, vendor: VendorId = ONE, by: UUID | None = None, reason: str = "too big", number: int = 0xB1) -> Try:
    """Ask for a return."""
    return lambda living: living.shop.request_returns(
        RequestReturn(
            return_id=ReturnId(UUID(int=number)),
            order_id=living.orders[0],
            vendor_id=vendor,
            units=units,
            reason=reason,
            by=None if by is None else AccountId(by),
            at=living.now,
        )
    )


def decide(act: str, *, vendor: VendorId | None = None, unknown: bool = False) -> Try:
    """Decide about the first return."""
    return lambda living: living.shop.decide_returns(
        DecideReturn(return_id=ReturnId(NOBODY) if unknown else living.returns[0], act=act, vendor_id=vendor, at=living.now)
    )


def said(refusal: DomainError) -> Callable[[LivingShop], DomainError]:
    """A refusal that names nothing of this one shop."""
    return lambda _: refusal


def of_order(make: Callable[[OrderId], DomainError]) -> Callable[[LivingShop], DomainError]:
    """A refusal that names the order."""
    return lambda living: make(living.orders[0])


def stuck(state: str, act: str, *allowed: str, machine: str = "vendor order") -> Callable[[LivingShop], DomainError]:
    """The lifecycle has no such act."""
    return said(InvalidTransition(machine, state, act, allowed))


TWICE: Final = said(Invalid("a line that is named twice", "each line once"))

TEXT: Final = "text without NUL and lone surrogates"

PLACING: Final[list[Row]] = [
    ("an empty basket", (), place(), said(Invalid("a basket of 0 lines", "1 to 100"))),
    ("none of it", (), place(("A-01", 0)), said(Invalid("a quantity of 0 of A-01", "1 to 10000"))),
    ("less than none", (), place(("A-01", -1)), said(Invalid("a quantity of -1 of A-01", "1 to 10000"))),
    ("too much", (), place(("A-01", 10_001)), said(Invalid("a quantity of 10001 of A-01", "1 to 10000"))),
    ("what nobody offers", (), place(("X-99", 1)), said(NotFound("offer", "X-99"))),
    ("what nobody can offer", (), place(("A\0", 1)), said(NotFound("offer", "A\0"))),
    ("half a character", (), place(("\ud83d", 1)), said(NotFound("offer", "\ud83d"))),
    (
        "a country with a NUL",
        (),
        place(("A-01", 1), destination=Destination("D\0")),
        said(Invalid("a country with the character U+0000", TEXT)),
    ),
    ("more than there is", (), place(("A-01", 10)), said(StockShort(Sku("A-01"), 10, 9))),
    ("more than is left", (BASKET,), place(("A-01", 8)), said(StockShort(Sku("A-01"), 8, 7))),
    ("the same on two lines", (), place(("A-01", 5), ("A-01", 5)), said(StockShort(Sku("A-01"), 10, 9))),
    (
        "another price than expected",
        (),
        place(("A-01", 1), expected_total=euro("60.00")),
        said(PriceChanged(euro("60.00"), euro("64.90"))),
    ),
    ("a code that nobody gave", (), place(("A-01", 1), codes=("SALE",)), said(CodeRefused("SALE", "there is no such code"))),
    ("a cart that is not there", (), place(("A-01", 1), cart_id=CartId(NOBODY)), said(NotFound("cart", str(NOBODY)))),
    (
        "an id that is taken",
        (BASKET,),
        place_again,
        of_order(lambda order: Conflict("order", str(order), "it was placed with other content")),
    ),
]

CANCELLING: Final[list[Row]] = [
    ("an order that is not there", (BASKET,), cancel_whole(order=NOBODY), said(NotFound("order", str(NOBODY)))),
    ("somebody else's order", (BASKET,), cancel_whole(by=NOBODY), of_order(lambda order: NotFound("order", str(order)))),
    ("an order that was sent", (*SENT, Ship(0, 1)), cancel_whole(), stuck("shipped", "cancel", "deliver")),
    ("units before it is paid", (BASKET,), cancel(Units(1, 1)), stuck("pending", "cancel units", "confirm", "cancel")),
    ("more units than were bought", PAID, cancel(Units(1, 3)), said(NotThatMany(1, "cancelled", 3, 2))),
    ("no units", PAID, cancel(Units(1, 0)), said(NotThatMany(1, "cancelled", 0, 2))),
    ("less than no units", PAID, cancel(Units(1, -1)), said(NotThatMany(1, "cancelled", -1, 2))),
    ("a line twice", PAID, cancel(Units(1, 1), Units(1, 1)), TWICE),
    ("another vendor's line", PAID, cancel(Units(2, 1)), of_order(lambda order: NotFound("order line", f"{order}/2"))),
    ("for a vendor without a part", PAID, cancel(vendor=VENDORS[2]), of_order(lambda order: NotFound("order", str(order)))),
    ("units that were sent", SENT, cancel(), stuck("shipped", "cancel", "deliver")),
    (
        "units while the payment is disputed",
        (*PAID, Dispute(0), Work("sync")),
        cancel(),
        of_order(lambda order: NothingToRefund(order, "the customer's bank has taken the payment back; the dispute decides")),
    ),
]

FULFILLING: Final[list[Row]] = [
    ("beginning before it is paid", (BASKET,), fulfil(StartVendorOrder), stuck("pending", "start", "confirm", "cancel")),
    ("beginning what was cancelled", (*PAID, Cancel(0, 0)), fulfil(StartVendorOrder), stuck("cancelled", "start")),
    ("sending before beginning", PAID, fulfil(SendShipment, shipment_id=PARCEL), stuck("confirmed", "ship", "start", "cancel")),
    (
        "a carrier of half a character",
        (*PAID, Ship(0, 0, ((0, 1),))),
        fulfil(SendShipment, shipment_id=PARCEL, carrier="\ud83d"),
        said(Invalid("a carrier with the character U+D83D", TEXT)),
    ),
    (
        "a number with a NUL",
        (*PAID, Ship(0, 0, ((0, 1),))),
        fulfil(SendShipment, shipment_id=PARCEL, tracking="\0"),
        said(Invalid("a tracking with the character U+0000", TEXT)),
    ),
    ("sending when all was sent", SENT, fulfil(SendShipment, shipment_id=PARCEL), stuck("shipped", "ship", "deliver")),
    (
        "sending more than is left",
        (*PAID, Ship(0, 0, ((0, 1),))),
        fulfil(SendShipment, shipment_id=PARCEL, units=(Units(1, 2),)),
        said(NotThatMany(1, "shipped", 2, 1)),
    ),
    (
        "sending a line twice",
        (*PAID, Ship(0, 0, ((0, 1),))),
        fulfil(SendShipment, shipment_id=PARCEL, units=(Units(1, 1), Units(1, 1))),
        TWICE,
    ),
    ("delivering what was not sent", PAID, fulfil(ConfirmDelivery), stuck("confirmed", "deliver", "start", "cancel")),
    ("delivering another parcel", SENT, fulfil(ConfirmDelivery, shipment_id=PARCEL), said(NotFound("shipment", str(PARCEL)))),
    (
        "for a vendor without a part",
        PAID,
        fulfil(StartVendorOrder, vendor=VENDORS[2]),
        of_order(lambda order: NotFound("order", str(order))),
    ),
]

RETURNING: Final[list[Row]] = [
    ("a reason with a NUL", DELIVERED, ask_back(reason="too\0big"), said(Invalid("a reason with the character U+0000", TEXT))),
    ("nothing was delivered", SENT, ask_back(), of_order(lambda order: NotFound("delivered units", str(order)))),
    ("units that were not delivered", SENT, ask_back(Units(1, 1)), said(NotThatMany(1, "returned", 1, 0))),
    ("more than was delivered", DELIVERED, ask_back(Units(1, 3)), said(NotThatMany(1, "returned", 3, 2))),
    ("what is on its way already", (*DELIVERED, AskBack(0, 0)), ask_back(Units(1, 1)), said(NotThatMany(1, "returned", 1, 0))),
    ("a line twice", DELIVERED, ask_back(Units(1, 1), Units(1, 1)), TWICE),
    ("by somebody else", DELIVERED, ask_back(by=NOBODY), of_order(lambda order: NotFound("order", str(order)))),
    ("a return that is not there", DELIVERED, decide("approve", unknown=True), said(NotFound("return", str(NOBODY)))),
    (
        "a return of another vendor",
        (*DELIVERED, AskBack(0, 0)),
        decide("approve", vendor=TWO),
        lambda living: NotFound("return", str(living.returns[0])),
    ),
    (
        "receiving before approving",
        (*DELIVERED, AskBack(0, 0)),
        decide("receive"),
        stuck("requested", "receive", "approve", "reject", "withdraw", machine="return"),
    ),
    (
        "withdrawing what was received",
        (*DELIVERED, AskBack(0, 0), Decide(0, "approve"), Decide(0, "receive")),
        decide("withdraw"),
        stuck("received", "withdraw", machine="return"),
    ),
    (
        "an act that is none",
        (*DELIVERED, AskBack(0, 0)),
        decide("burn"),
        stuck("requested", "burn", "approve", "reject", "withdraw", machine="return"),
    ),
]

CART: Final = CartId(UUID(int=0xCA))
OTHER: Final = CartId(UUID(int=0xCB))
OWNER: Final = AccountId(UUID(int=0xAC))


def fill(quantity: int = 1, *, cart: CartId = CART, owner: UUID | None = None, sku: str = "A-01") -> Try:
    """Put something in."""
    return lambda living: living.shop.fill_carts(
        AddToCart(
            cart_id=cart,
            sku=Sku(sku),
            quantity=quantity,
            owner_id=None if owner is None else AccountId(owner),
            at=living.now,
        )
    )


def then(*acts: Try) -> Try:
    """One after the other."""

    def act(living: LivingShop) -> object:
        for each in acts[:-1]:
            each(living)
        return acts[-1](living)

    return act


def change(quantity: int, sku: str = "A-01") -> Try:
    """Let there be so many."""
    return lambda living: living.shop.fill_carts(ChangeCart(cart_id=CART, sku=Sku(sku), quantity=quantity, at=living.now))


def merge(guest: CartId = CART, into: CartId = OTHER) -> Try:
    """A guest signs in."""
    return lambda living: living.shop.merge_carts(MergeCart(guest_cart_id=guest, into=into, owner_id=OWNER, at=living.now))


def check_out(order: int, owner: UUID | None = None) -> Try:
    """Order what is in the cart."""
    return lambda living: living.shop.check_out_carts(
        CheckOut(
            cart_id=CART,
            order_id=OrderId(UUID(int=order)),
            owner_id=None if owner is None else AccountId(owner),
            at=living.now,
        )
    )


NO_CART: Final = said(NotFound("cart", str(CART)))


def place_from(*lines: tuple[str, int], buyer: AccountId | None = OWNER) -> Try:
    """Order a basket that is said to be the cart's."""
    return place(*lines, cart_id=CART, buyer_id=buyer)


NOT_THIS: Final = said(Conflict("cart", str(CART), "what is in it is not what is ordered; read it again"))
STRANGER: Final = AccountId(NOBODY)

CARTING: Final[list[Row]] = [
    ("ordering somebody's cart", (), then(fill(owner=OWNER), place_from(("A-01", 1), buyer=STRANGER)), NO_CART),
    ("ordering an account's cart as a guest", (), then(fill(owner=OWNER), place_from(("A-01", 1), buyer=None)), NO_CART),
    ("ordering fewer than are in the cart", (), then(fill(2, owner=OWNER), place_from(("A-01", 1))), NOT_THIS),
    ("ordering more than is in the cart", (), then(fill(owner=OWNER), place_from(("A-01", 1), ("B-02", 1))), NOT_THIS),
    ("ordering what is not in the cart", (), then(fill(owner=OWNER), place_from(("B-02", 1))), NOT_THIS),
    ("none of it", (), fill(0), said(Invalid("a quantity of 0", "one or more"))),
    ("what nobody can offer", (), fill(sku="A\0"), said(NotFound("offer", "A\0"))),
    ("what nobody offers", (), fill(sku="X-99"), said(NotFound("offer", "X-99"))),
    ("changing no cart", (), change(1), NO_CART),
    ("changing what is not in it", (), then(fill(), change(1, "B-02")), said(NotFound("cart line", "B-02"))),
    ("less than none", (), then(fill(), change(-1)), said(Invalid("a quantity of -1", "zero or more"))),
    ("somebody else's cart", (), then(fill(owner=OWNER), fill()), NO_CART),
    (
        "a second open cart",
        (),
        then(fill(owner=OWNER), fill(cart=OTHER, owner=OWNER)),
        said(Conflict("cart", str(OTHER), "the account has another open cart")),
    ),
    ("merging somebody's cart", (), then(fill(owner=OWNER), merge()), NO_CART),
    ("checking out somebody's cart", (), then(fill(owner=OWNER), check_out(1)), NO_CART),
    ("checking out no cart", (), check_out(1), NO_CART),
    ("checking out twice", (), then(fill(), check_out(1), check_out(2)), stuck("ordered", "order", machine="cart")),
    ("changing what was ordered", (), then(fill(), check_out(1), change(2)), stuck("ordered", "change", machine="cart")),
    ("checking out what is out of stock", (), then(fill(10), check_out(1)), said(StockShort(Sku("A-01"), 10, 9))),
    (
        "checking out an emptied cart",
        (),
        then(fill(), change(0), check_out(1)),
        said(Invalid("a basket of 0 lines", "1 to 100")),
    ),
]


@pytest.mark.parametrize(
    ("steps", "act", "refusal"),
    [
        pytest.param(*row[1:], id=f"{chapter}: {row[0]}")
        for chapter, rows in {
            "placing": PLACING,
            "cancelling": CANCELLING,
            "fulfilling": FULFILLING,
            "returning": RETURNING,
            "carting": CARTING,
        }.items()
        for row in rows
    ],
)
def test_a_refusal_says_why(steps: tuple[Step, ...], act: Try, refusal: Callable[[LivingShop], DomainError]) -> None:
    """Each no has its class and its facts; nothing is changed by it and nothing told."""
    living = after(*steps)
    before, told = (living.found(), facts(living)) if living.orders else ([], None)
    with pytest.raises(DomainError) as refused:
        act(living)
    assert refusal(living) == refused.value
    if told is not None:
        assert (before, told) == (living.found(), facts(living))


def test_a_parcel_has_its_units_once() -> None:
    """The same parcel with other units is a conflict; without naming any it is the same parcel."""
    living = after(*PAID, Ship(0, 1))
    fulfil(StartVendorOrder)(living)
    with pytest.raises(Conflict) as refused:
        send_twice(living)
    assert Conflict("shipment", str(PARCEL), "it was sent with other units") == refused.value
    told = facts(living)
    fulfil(SendShipment, shipment_id=PARCEL)(living)
    fulfil(SendShipment, shipment_id=PARCEL, units=(Units(1, 1),))(living)
    assert told == facts(living)


@pytest.mark.parametrize("other", [{"carrier": "DHL"}, {"tracking": "JD02"}, {"carrier": "", "tracking": ""}])
def test_a_parcel_has_its_carrier_and_number_once(other: dict[str, Any]) -> None:
    """A parcel that was sent is not sent otherwise: another carrier or number is a conflict, and nothing is told."""
    living = after(*PAID)
    sent: dict[str, Any] = {"carrier": "UPS", "tracking": "1Z01"}
    fulfil(StartVendorOrder)(living)
    first = fulfil(SendShipment, shipment_id=PARCEL, **sent)(living)
    told = facts(living)
    with pytest.raises(Conflict, match="another carrier or under another number"):
        fulfil(SendShipment, shipment_id=PARCEL, **{**sent, **other})(living)
    assert first == fulfil(SendShipment, shipment_id=PARCEL, **sent)(living)
    assert told == facts(living)


OTHER_CANCELLATION: Final = Conflict("cancellation", str(NOBODY), "it was made with other content")


@pytest.mark.parametrize("units", [(), (Units(1, 2),)], ids=["all", "more"])
def test_a_cancellation_has_its_units_once(units: tuple[Units, ...]) -> None:
    """One id cancels one set of units for one reason: repeated it changes nothing, with other content it is a conflict."""
    living = after(*PAID)
    cancel(Units(1, 1))(living)
    before, told = living.found(), facts(living)
    with pytest.raises(Conflict) as refused:
        cancel(*units)(living)
    assert OTHER_CANCELLATION == refused.value
    cancel(Units(1, 1))(living)
    assert (before, told) == (living.found(), facts(living))


@pytest.mark.parametrize("steps", [(BASKET,), PAID], ids=["unpaid", "paid"])
def test_a_cancellation_has_its_reason_once(steps: tuple[Step, ...]) -> None:
    """Also before the order was paid; who asks is not part of what is asked."""
    living = after(*steps)
    cancel_whole()(living)
    before, told = living.found(), facts(living)
    with pytest.raises(Conflict) as refused:
        living.shop.cancel_orders(
            CancelOrder(cancellation_id=NOBODY, order_id=living.orders[0], reason="another reason", at=living.now)
        )
    assert OTHER_CANCELLATION == refused.value
    cancel_whole()(living)
    assert (before, told) == (living.found(), facts(living))


@pytest.mark.parametrize("other", [{"restock": False}, {"refund_shipping": True}])
def test_a_return_is_received_once(other: dict[str, Any]) -> None:
    """What was put on the shelf and refunded is not told otherwise later: that is a conflict; the same again changes nothing."""
    living = after(*DELIVERED, AskBack(0, 0), Decide(0, "approve"))
    receive = DecideReturn(return_id=living.returns[0], act="receive", at=living.now)
    first = living.shop.decide_returns(receive)
    told = facts(living)
    with pytest.raises(Conflict) as refused:
        living.shop.decide_returns(attrs.evolve(receive, **other))
    assert Conflict("return", str(living.returns[0]), "it was received with other content") == refused.value
    assert first == living.shop.decide_returns(attrs.evolve(receive, vendor_id=first.vendor_id))
    assert told == facts(living)


def test_a_return_has_its_content_once() -> None:
    """The same return for another reason or other units is a conflict; with the same content it is the same return."""
    living = after(*DELIVERED)
    first = ask_back(Units(1, 1))(living)
    told = facts(living)
    assert first == ask_back(Units(1, 1))(living)
    for other in (ask_back(Units(1, 2)), ask_back(Units(1, 1), reason="too small"), ask_back(vendor=TWO)):
        with pytest.raises(Conflict) as refused:
            other(living)
        assert Conflict("return", str(UUID(int=0xB1)), "it was requested with other content") == refused.value
    assert told == facts(living)
