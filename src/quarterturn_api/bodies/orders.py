"""What orders, vendor orders, parcels and returns look like over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from quarterturn_api.edge.bodies import Asked, Body, Country, MoneyBody
from quarterturn_domain.ordering.delivery import Delivery
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.order import Order, OrderStatus
from quarterturn_domain.ordering.return_ import Return, ReturnStatus
from quarterturn_domain.ordering.shipment import Shipment
from quarterturn_domain.ordering.vendor_order import VendorOrder, VendorOrderStatus
from quarterturn_domain.pricing.tax import Destination


class DestinationAsked(Asked):
    """Where it is sent to, as far as taxes go."""

    country: Country
    region: Annotated[str, msgspec.Meta(max_length=10, pattern="^[A-Z0-9-]*$")] = ""

    def destination(self) -> Destination:
        """As the domain has it."""
        return Destination(self.country, self.region or None)


Some = Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern=r"^[^\x00]*$")]
Maybe = Annotated[str, msgspec.Meta(max_length=120, pattern=r"^[^\x00]*$")]


class DeliveryBody(Asked):
    """Who gets the goods, and where; without a `destination` taxes are those of its country and region."""

    name: Annotated[Some, msgspec.Meta(examples=["Ada Lovelace"])]
    lines: Annotated[tuple[Some, ...], msgspec.Meta(min_length=1, max_length=4, examples=[["12 Analytical Row"]])]
    city: Some
    country: Country
    postal_code: Maybe = ""
    region: Maybe = ""
    phone: Maybe = ""

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryBody:
        """`delivery` as the buyer, and the vendor that sends something there, see it."""
        return cls(
            name=delivery.name,
            lines=delivery.lines,
            city=delivery.city,
            country=delivery.country,
            postal_code=delivery.postal_code,
            region=delivery.region,
            phone=delivery.phone,
        )

    def delivery(self) -> Delivery:
        """As the domain has it."""
        return Delivery(
            name=self.name,
            lines=self.lines,
            city=self.city,
            country=self.country,
            postal_code=self.postal_code,
            region=self.region,
            phone=self.phone,
        )


class LineBody(Body):
    """A line: what was bought of one offer, and what became of its units."""

    number: int
    sku: str
    product_id: UUID
    title: str
    quantity: int
    shipped: int
    delivered: int
    cancelled: int
    returning: int
    returned: int
    unit_price: MoneyBody
    discount: MoneyBody
    paid: MoneyBody
    refunded: MoneyBody

    @classmethod
    def of(cls, line: OrderLine) -> LineBody:
        """`line` as the buyer and the vendor see it."""
        return cls(
            number=line.number,
            sku=line.sku,
            product_id=line.product_id,
            title=line.title,
            quantity=line.quantity,
            shipped=line.shipped,
            delivered=line.delivered,
            cancelled=line.cancelled,
            returning=line.returning,
            returned=line.returned,
            unit_price=MoneyBody.of(line.price.unit_price),
            discount=MoneyBody.of(line.price.discount),
            paid=MoneyBody.of(line.price.paid),
            refunded=MoneyBody.of(line.refunded_goods + line.refunded_shipping),
        )


class ShipmentBody(Body):
    """A parcel; its units by the number of their line."""

    id: UUID
    units: dict[str, int]
    carrier: str
    tracking: str
    sent_at: datetime
    delivered_at: datetime | None

    @classmethod
    def of(cls, shipment: Shipment) -> ShipmentBody:
        """`shipment` as it goes over the wire."""
        return cls(
            id=shipment.id,
            units={str(each.line): each.quantity for each in shipment.units},
            carrier=shipment.carrier,
            tracking=shipment.tracking,
            sent_at=shipment.sent_at,
            delivered_at=shipment.delivered_at,
        )


class VendorOrderBody(Body):
    """What one vendor has to send."""

    order_id: UUID
    vendor_id: UUID
    status: VendorOrderStatus
    lines: list[LineBody]
    shipments: list[ShipmentBody]
    delivered_at: datetime | None

    @classmethod
    def of(cls, part: VendorOrder) -> VendorOrderBody:
        """`part` as its vendor and its buyer see it."""
        return cls(
            order_id=part.order_id,
            vendor_id=part.vendor_id,
            status=part.status,
            lines=[LineBody.of(line) for line in part.lines],
            shipments=[ShipmentBody.of(each) for each in part.shipments],
            delivered_at=part.delivered_at,
        )


class OrderBody(Body):
    """What was bought in one checkout; unpaid, its stock is held until `deadline`."""

    id: UUID
    buyer_id: UUID | None
    status: OrderStatus
    total: MoneyBody
    placed_at: datetime
    deadline: datetime
    delivery: DeliveryBody | None
    vendor_orders: list[VendorOrderBody]

    @classmethod
    def of(cls, order: Order) -> OrderBody:
        """`order` as its buyer sees it."""
        return cls(
            id=order.id,
            buyer_id=order.buyer_id,
            status=order.status,
            total=MoneyBody.of(order.total),
            placed_at=order.placed_at,
            deadline=order.deadline,
            delivery=None if order.delivery is None else DeliveryBody.of(order.delivery),
            vendor_orders=[VendorOrderBody.of(part) for part in order.vendor_orders],
        )


class ReturnBody(Body):
    """Units that somebody wants to send back."""

    id: UUID
    order_id: UUID
    vendor_id: UUID
    units: dict[str, int]
    reason: str
    status: ReturnStatus
    requested_at: datetime

    @classmethod
    def of(cls, return_: Return) -> ReturnBody:
        """`return_` as it goes over the wire."""
        return cls(
            id=return_.id,
            order_id=return_.order_id,
            vendor_id=return_.vendor_id,
            units={str(each.line): each.quantity for each in return_.units},
            reason=return_.reason,
            status=return_.status,
            requested_at=return_.requested_at,
        )
