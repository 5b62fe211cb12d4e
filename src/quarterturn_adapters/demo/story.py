"""The story: publish, stock, cart, checkout, payment, split, ship, deliver, partial refund, payout; and the proof.

Every step goes through the use cases that a real shop calls. Nothing here knows a figure: what is shown is read back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from quarterturn_adapters.demo.shop import CATEGORY, IRON, MATS, SELLERS, Seller, Shop, named
from quarterturn_adapters.demo.telling import Grid, Share, Step, Story, grid, words
from quarterturn_adapters.proof import prove
from quarterturn_domain.catalog.categorising import PlaceCategory
from quarterturn_domain.catalog.describing import DescribeProduct
from quarterturn_domain.catalog.offering import MakeOffer
from quarterturn_domain.catalog.product import Variant
from quarterturn_domain.catalog.publishing import MoveProduct
from quarterturn_domain.identity.onboarding import ApplyAsVendor, DecideVendor
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import Outcome, granted
from quarterturn_domain.kernel.ids import CartId, OrderId, PaymentId, RefundId, ShipmentId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.carting import AddToCart
from quarterturn_domain.ordering.checkout import CheckOut
from quarterturn_domain.ordering.events import Units
from quarterturn_domain.ordering.fulfilling import ConfirmDelivery, SendShipment, StartVendorOrder
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.payments.refunding import RefundLine, RequestRefund
from quarterturn_domain.payments.taking import ConfirmPayment, StartPayment
from quarterturn_domain.payouts.claiming import RunPayouts
from quarterturn_domain.pricing.explain import explain
from quarterturn_domain.settlement.chart import AccountKind
from quarterturn_domain.stock.receiving import MoveStock, OpenLocation

CART: Final = CartId(named("cart"))
ORDER: Final = OrderId(named("order"))
PAYMENT: Final = PaymentId(named("payment"))
REFUND: Final = RefundId(named("refund"))
PARCELS: Final = {
    ShipmentId(named("parcel:1")): (IRON, Units(1, 1)),
    ShipmentId(named("parcel:2")): (MATS, Units(2, 1)),
    ShipmentId(named("parcel:3")): (MATS, Units(2, 1)),
}


def tell(shop: Shop | None = None) -> Story:
    """Live the whole story in a shop where nothing has happened; the same in every run."""
    shop = shop or Shop()
    steps = [step(shop) for step in (_publish, _stock, _fill, _check_out, _pay, _split, _ship, _deliver, _refund, _pay_out)]
    return _end(shop, tuple(steps))


def _publish(shop: Shop) -> Step:
    app, at = shop.app, shop.now
    app.apply_as_vendors([ApplyAsVendor(vendor_id=each.id, name=each.name, country=each.country, at=at) for each in SELLERS])
    app.govern_vendors([DecideVendor(vendor_id=each.id, act="approve", at=at) for each in SELLERS])
    for vendor in map(granted, app.enrol_vendors([each.id for each in SELLERS])):
        assert vendor.payout_account is not None
        shop.sandbox.finish_onboarding(vendor.payout_account.reference)
    vendors = [granted(each) for each in app.enrol_vendors([each.id for each in SELLERS])]
    app.place_categories(PlaceCategory(category_id=CATEGORY, name="Training", at=at))
    _sure(app.describe_products([_description(each, shop) for each in SELLERS]))
    products = [
        granted(each)
        for each in app.move_products([MoveProduct(product_id=each.product_id, by=each.id, at=at) for each in SELLERS])
    ]
    offers = [granted(each) for each in app.make_offers([_offer(each, shop) for each in SELLERS])]
    return Step(
        "Publish",
        "Two vendors apply, are approved and get accounts that the provider can pay; each publishes a product and offers it.",
        (
            grid(
                "Vendors",
                ("vendor", "country", "status", "payout account"),
                [
                    (each.name, each.country, each.status, "ready" if each.not_payable is None else each.not_payable)
                    for each in vendors
                ],
            ),
            grid(
                "Offers",
                ("SKU", "product", "vendor", "price", "status"),
                [
                    (offer.sku, product.title, seller.name, offer.price, f"{product.status}, {offer.status}")
                    for offer, product, seller in zip(offers, products, SELLERS, strict=True)
                ],
                figures=("price",),
            ),
        ),
    )


def _description(seller: Seller, shop: Shop) -> DescribeProduct:
    variants = (Variant(seller.variant_id, ""),)
    return DescribeProduct(
        product_id=seller.product_id, title=seller.title, category_id=CATEGORY, variants=variants, by=seller.id, at=shop.now
    )


def _offer(seller: Seller, shop: Shop) -> MakeOffer:
    return MakeOffer(
        sku=seller.sku,
        vendor_id=seller.id,
        product_id=seller.product_id,
        variant_id=seller.variant_id,
        price=seller.price,
        shipping=Money.zero(EUR),
        at=shop.now,
    )


def _stock(shop: Shop) -> Step:
    app, at = shop.app, shop.now
    _sure(
        app.open_locations(
            [OpenLocation(location_id=each.location_id, vendor_id=each.id, name="stockroom", at=at) for each in SELLERS]
        )
    )
    _sure(
        app.move_stocks(
            [
                MoveStock(
                    movement_id=named(f"receipt:{each.sku}"),
                    vendor_id=each.id,
                    sku=each.sku,
                    location_id=each.location_id,
                    quantity=each.in_stock,
                    actor="demo",
                    at=at,
                )
                for each in SELLERS
            ]
        )
    )
    return Step("Stock", "Goods arrive. What can be promised is what is on hand less what is reserved.", (_levels(shop),))


def _fill(shop: Shop) -> Step:
    shop.later(hours=1)
    for seller, quantity in ((IRON, 1), (MATS, 2)):
        shop.app.fill_carts(AddToCart(cart_id=CART, sku=seller.sku, quantity=quantity, at=shop.now))
    cart, _ = shop.app.review_cart(CART)
    rows = [(line.sku, line.quantity, line.price, line.price * line.quantity) for line in cart.lines]
    return Step(
        "Cart",
        "A customer puts goods of both vendors into one cart. Nothing is reserved yet.",
        (grid("Cart", ("SKU", "units", "price", "together"), rows, figures=("units", "price", "together")),),
    )


def _check_out(shop: Shop) -> Step:
    shop.later(minutes=5)
    total = Money(10_000, EUR)
    order = shop.app.check_out_carts(CheckOut(cart_id=CART, order_id=ORDER, expected_total=total, at=shop.now))
    return Step(
        "Checkout",
        f"One checkout: one order of {order.total}, one vendor order each, and the stock is held for 15 minutes.",
        (_vendor_orders(order), _levels(shop)),
    )


def _pay(shop: Shop) -> Step:
    app = shop.app
    granted(app.start_payments([StartPayment(payment_id=PAYMENT, order_id=ORDER, at=shop.now)])[0])
    tries = []
    for attempt, card in enumerate(("card_declined", "card_approved"), start=1):
        shop.later(minutes=1)
        payment = app.confirm_payments(ConfirmPayment(payment_id=PAYMENT, method=card, attempt=attempt)).payment
        tries.append(
            (
                attempt,
                words(card.removeprefix("card_")),
                payment.status,
                words(payment.failure or ""),
                payment.captured,
                payment.fee,
            )
        )
    columns = ("try", "card", "payment", "because", "captured", "fee")
    return Step(
        "Payment",
        "The first card is declined, the second one pays. The capture, the sale of the stock and the journal entry are one commit.",
        (grid("Payment", columns, tries, figures=("captured", "fee")), _levels(shop)),
        shop.booked(),
    )


def _split(shop: Shop) -> Step:
    order = _order(shop)
    rows = [
        (_seller(part.vendor_id).name, part.split.paid, part.split.commission, part.split.earning) for part in order.vendor_orders
    ]
    whole = order.split
    rows.append(("together", whole.paid, whole.commission, whole.earning))
    columns = ("vendor", "customer paid", "commission", "vendor earns")
    first = order.vendor_orders[0].lines[0]
    told = {"goods", "commission", "earning"}
    because = [(each.figure, each.amount, each.because) for each in explain(first.price) if each.figure in told]
    return Step(
        "Split",
        "10 % of the goods is the platform's, the rest the vendors'. Every figure can be computed again from what was frozen.",
        (
            grid("Split", columns, rows, figures=columns[1:]),
            grid(f"Why: {first.title}", ("figure", "amount", "because"), because, figures=("amount",)),
        ),
    )


def _ship(shop: Shop) -> Step:
    app = shop.app
    shop.later(days=1)
    _sure(app.fulfil_vendor_orders([StartVendorOrder(order_id=ORDER, vendor_id=each.id, at=shop.now) for each in SELLERS]))
    rows = []
    for shipment_id, (seller, units) in PARCELS.items():
        sent = SendShipment(order_id=ORDER, vendor_id=seller.id, shipment_id=shipment_id, units=(units,), at=shop.later(hours=2))
        part = granted(app.fulfil_vendor_orders([sent])[0])
        line = part.line(units.line)
        shipped = f"{line.shipped} of {line.quantity}"
        rows.append((seller.name, f"{units.quantity} x {line.sku}", shipped, part.status, words(_order(shop).status)))
    columns = ("vendor", "parcel", "shipped", "vendor order", "order")
    return Step(
        "Ship",
        "Each vendor ships its own part, Mat & Motion in two parcels. The order's status follows from the parts.",
        (grid("Parcels", columns, rows),),
    )


def _deliver(shop: Shop) -> Step:
    app = shop.app
    shop.later(days=2)
    rows = []
    for shipment_id, (seller, units) in PARCELS.items():
        arrived = ConfirmDelivery(order_id=ORDER, vendor_id=seller.id, shipment_id=shipment_id, at=shop.later(hours=3))
        part = granted(app.fulfil_vendor_orders([arrived])[0])
        with app.begin() as work:
            earning = work.earnings.find([(ORDER, seller.id)])[ORDER, seller.id]
        due = "not yet" if earning.due_at is None else f"{earning.due_at:%d %B}"
        parcel = part.line(units.line).sku
        rows.append((seller.name, parcel, f"{shop.now:%d %B}", part.status, earning.pending, due))
    columns = ("vendor", "parcel with", "arrived", "vendor order", "pending", "payable")
    return Step(
        "Deliver",
        "When everything of a vendor has arrived, its hold begins: seven days in which the customer may complain.",
        (grid("Deliveries", columns, rows, figures=("pending",)),),
    )


def _refund(shop: Shop) -> Step:
    app = shop.app
    shop.later(days=1)
    app.request_refunds(
        RequestRefund(
            refund_id=REFUND, order_id=ORDER, lines=(RefundLine(line=2, units=1),), reason="one mat came torn", at=shop.now
        )
    )
    app.relay.drain().sure()
    order = _order(shop)
    part = order.vendor_order(MATS.id)
    line = part.line(2)
    with app.begin() as work:
        refund = work.refunds.find([REFUND])[REFUND]
    before, after = line.price.split, line.split
    columns = ("", "customer paid", "commission", MATS.name)
    rows = [
        ("before", before.paid, before.commission, before.earning),
        ("given back", before.paid - after.paid, before.commission - after.commission, before.earning - after.earning),
        ("after", after.paid, after.commission, after.earning),
    ]
    return Step(
        "Partial refund",
        f"{refund.reason.capitalize()}: {refund.amount} goes back through the split, and {IRON.name} is not touched.",
        (grid(f"Refund, {refund.status}", columns, rows, figures=columns[1:]),),
        shop.booked(),
    )


def _pay_out(shop: Shop) -> Step:
    app = shop.app
    shop.later(days=8)
    app.release_earnings()
    run = app.claim_payouts(RunPayouts(run_id=named("run"), at=shop.now))
    app.relay.drain().sure()
    ids = [payout.id for payout in run.payouts]
    shop.later(days=3)
    paid = [granted(each) for each in app.confirm_payouts(ids)]
    rows = [(_seller(payout.vendor_id).name, payout.amount, f"{payout.scheduled_at:%d %B}", payout.status) for payout in paid]
    while app.seal_journal():
        pass
    return Step(
        "Payout",
        "The hold is over: a run claims what is available, once, and only then is the provider asked to send it.",
        (grid("Payouts", ("vendor", "amount", "scheduled", "status"), sorted(rows), figures=("amount",)),),
        shop.booked(),
    )


def _end(shop: Shop, steps: tuple[Step, ...]) -> Story:
    app = shop.app
    order = _order(shop)
    with app.begin() as work:
        payment = work.payments.find([PAYMENT])[PAYMENT]
        found = work.journal.totals()
        payouts = {each.id: work.payouts.of_vendor(each.id, None, 10) for each in SELLERS}
    chart = list(AccountKind)
    totals = {key: found[key] for key in sorted(found, key=lambda key: (chart.index(key[0]), key[1].code))}
    shares = []
    for each in SELLERS:
        part = order.vendor_order(each.id)
        before = sum((line.price.split for line in part.lines[1:]), part.lines[0].price.split)
        shares.append(
            Share(
                name=each.name,
                paid=before.paid,
                commission=before.commission,
                earning=before.earning,
                given_back=before.earning - part.split.earning,
                paid_out=sum((payout.amount for payout in payouts[each.id]), Money.zero(EUR)),
            )
        )
    shop.sandbox.prove()
    return Story(
        steps=steps,
        customer_paid=payment.captured,
        refunded=payment.refunded,
        processor_fee=payment.fee,
        at_provider=shop.sandbox.balance(EUR),
        shares=tuple(shares),
        totals=totals,
        proof=prove(app.begin, [each.id for each in SELLERS], shop.sandbox.balance),
        names={each.id: each.name for each in SELLERS},
    )


def _levels(shop: Shop) -> Grid:
    with shop.app.begin() as work:
        items = work.stock.levels([each.sku for each in SELLERS])
    rows = [(item.sku, item.on_hand, item.reserved, item.available) for item in items]
    return grid("Stock", ("SKU", "on hand", "reserved", "available"), rows, figures=("on hand", "reserved", "available"))


def _vendor_orders(order: Order) -> Grid:
    rows = [
        (_seller(part.vendor_id).name, f"{line.quantity} x {line.title}", line.paid, part.status)
        for part in order.vendor_orders
        for line in part.lines
    ]
    return grid("Vendor orders", ("vendor", "line", "customer pays", "status"), rows, figures=("customer pays",))


def _order(shop: Shop) -> Order:
    with shop.app.begin() as work:
        return work.orders.find([ORDER])[ORDER]


def _seller(vendor_id: object) -> Seller:
    return next(each for each in SELLERS if each.id == vendor_id)


def _sure(outcomes: Iterable[Outcome[object]]) -> None:
    """Every command of the story is granted, or the story has a bug."""
    for outcome in outcomes:
        granted(outcome)
