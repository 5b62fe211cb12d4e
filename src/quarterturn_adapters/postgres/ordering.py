"""Carts, orders and returns, kept in PostgreSQL; an order is read whole, in one statement, and written one table at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import attrs

from quarterturn_adapters.codec import dumps
from quarterturn_adapters.postgres.arrays import uuids
from quarterturn_adapters.postgres.lines import LINES, line_row, order_line
from quarterturn_adapters.postgres.pages import latest_first
from quarterturn_adapters.postgres.repository import PostgresRepository, Writing
from quarterturn_adapters.postgres.statements import Row, Statements
from quarterturn_adapters.postgres.tables.ordering import CARTS, ORDERS, RETURNS, VENDOR_ORDERS
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.ids import AccountId, CartId, OrderId, ReturnId, ShipmentId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.cart import Cart, CartLine, CartStatus
from quarterturn_domain.ordering.delivery import Delivery
from quarterturn_domain.ordering.events import Units
from quarterturn_domain.ordering.line import OrderLine
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.ordering.ports import EVERY_ORDER, OrderFilter, Place, ReturnPlace
from quarterturn_domain.ordering.return_ import Return, ReturnStatus
from quarterturn_domain.ordering.shipment import Shipment
from quarterturn_domain.ordering.vendor_order import VendorOrder, VendorOrderStatus
from quarterturn_domain.pricing.tax import Destination

_ORDERS: Final = Writing.of(ORDERS)
_PARTS: Final = Writing.of(VENDOR_ORDERS)
# Who bought and where it went may be forgotten; what was bought, and for how much, never changes.
_MUTABLE: Final = ("state", "buyer_id", "country", "region", "delivery")
_SAVE_ORDERS: Final = _ORDERS.update_of(*_MUTABLE)
_SAVE_PARTS: Final = _PARTS.update_of("status", "shipments", "delivered_at")
_CHANGING: Final = ("refunded_goods", "refunded_shipping", "shipped", "delivered", "cancelled", "on_way_back", "returned")
_SAVE_LINES: Final = LINES.update_of(*_CHANGING)


def _qualified(alias: str, writing: Writing) -> str:
    return ", ".join(f"{alias}.{name}" for name in writing.columns)


# One row for each line, with its order and vendor order before it: whatever others commit, an order is of one moment.
_WHOLE: Final = f"""SELECT {_qualified("o", _ORDERS)}, {_qualified("v", _PARTS)}, {_qualified("l", LINES)}
FROM {{orders}} o JOIN vendor_orders v ON v.order_id = o.id
    JOIN order_lines l ON l.order_id = v.order_id AND l.vendor_id = v.vendor_id"""  # noqa: S608
# Said of each table, so that every one of them is read by its key, in whatever order they are joined.
_KEYS: Final = "WHERE o.id = ANY(%s::uuid[]) AND v.order_id = ANY(%s::uuid[]) AND l.order_id = ANY(%s::uuid[])"
_FIND: Final = f"{_WHOLE.format(orders='orders')} {_KEYS} ORDER BY o.id, v.position, l.number"
_LATEST: Final = "ORDER BY o.placed_at DESC, o.id DESC, v.position, l.number"


class PostgresCarts(PostgresRepository[CartId, Cart]):
    """Every cart; an account has at most one that is open, else `add` and `save` raise `Conflict`."""

    writing = Writing.of(CARTS)

    @staticmethod
    def key(value: Cart) -> CartId:
        """The cart's id."""
        return value.id

    @staticmethod
    def row(value: Cart) -> Row:
        """A cart as a row."""
        lines = dumps([(line.sku, line.quantity, line.price.minor, line.price.currency.code) for line in value.lines])
        return (value.id, value.owner_id, lines, value.status, value.order_id, value.changed_at)

    @staticmethod
    def value(row: Row) -> Cart:
        """A row as a cart."""
        cart_id, owner_id, lines, status, order_id, changed_at = row
        kept = tuple(CartLine(sku, quantity, Money(minor, Currency.of(code))) for sku, quantity, minor, code in lines)
        return Cart(cart_id, owner_id, kept, CartStatus(status), order_id, changed_at)

    def open_of(self, owner_id: AccountId, /) -> Cart | None:
        """The open cart of an account, if it has one."""
        return next(iter(self.select("WHERE owner_id = %s AND status = 'open'", owner_id)), None)

    def idle(self, before: datetime, limit: int, /) -> Sequence[CartId]:
        """Up to `limit` open carts that were last changed before an instant, the most idle first."""
        found = self._statements.rows(
            "SELECT id FROM carts WHERE status = 'open' AND changed_at < %s ORDER BY changed_at, id LIMIT %s", before, limit
        )
        return [each for (each,) in found]


class PostgresOrders:
    """Every order, whole."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        # Orders as this transaction knows them to be kept: what is the very same value need not be written again.
        self._kept: dict[OrderId, Order] = {}

    def find(self, keys: Iterable[OrderId], /) -> Mapping[OrderId, Order]:
        """Those of `keys` that exist, as they are."""
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return {}
        asked = uuids(wanted)
        return {order.id: order for order in _orders(self._statements.rows(_FIND, asked, asked, asked))}

    def lock(self, keys: Iterable[OrderId], /) -> Mapping[OrderId, Order]:
        """Those of `keys` that exist, locked in key order until the transaction ends."""
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return {}
        self._statements.rows("SELECT 1 FROM orders WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE", uuids(wanted))
        found = self.find(wanted)
        self._kept.update(found)
        return found

    def add(self, values: Iterable[Order], /) -> None:
        """Keep new orders; raises `Conflict`, here or at the commit, when one of them exists already, and then adds none."""
        orders = list(values)
        if not orders:
            return
        if len({order.id for order in orders}) < len(orders):
            raise Conflict("order", str(orders[0].id), "it was added twice")
        _ORDERS.add(self._statements, [_order_row(order) for order in orders])
        parts = [(order, position, part) for order in orders for position, part in enumerate(order.vendor_orders)]
        _PARTS.add(self._statements, [_part_row(*each) for each in parts])
        LINES.add(self._statements, [line_row(order.id, part.vendor_id, line) for order, _, part in parts for line in part.lines])
        self._kept.update((order.id, order) for order in orders)

    def save(self, values: Iterable[Order], /) -> None:
        """Replace orders that were locked in this transaction by their next values; only what has changed is written."""
        orders: list[Row] = []
        parts: list[Row] = []
        lines: list[Row] = []
        for order in values:
            before = self._kept.get(order.id)
            assert before is not None, f"the order {order.id} is saved, but was never locked"
            if _mutable(order) != _mutable(before):
                orders.append((order.id, order.state, order.buyer_id, *_destination(order), _delivery(order)))
            known = {part.vendor_id: part for part in before.vendor_orders}
            for part in order.vendor_orders:
                old = known[part.vendor_id]
                if old is not part:
                    if (part.status, part.shipments, part.delivered_at) != (old.status, old.shipments, old.delivered_at):
                        parts.append((order.id, part.vendor_id, part.status, _shipments(part.shipments), part.delivered_at))
                    lines += _changed_lines(order.id, old.lines, part.lines)
            self._kept[order.id] = order
        for sql, writing, names, rows in (
            (_SAVE_ORDERS, _ORDERS, ("id", *_MUTABLE), orders),
            (_SAVE_PARTS, _PARTS, ("order_id", "vendor_id", "status", "shipments", "delivered_at"), parts),
            (_SAVE_LINES, LINES, ("order_id", "number", *_CHANGING), lines),
        ):
            if rows:
                self._statements.later(sql, *writing.encoded(rows, names), rows=len(rows))

    def of_buyer(self, buyer_id: AccountId, after: Place | None, limit: int, /, only: OrderFilter = EVERY_ORDER) -> Sequence[Order]:
        """Up to `limit` orders of a buyer, the latest first, those after `after` in that order."""
        return self._page("buyer_id = %s", [buyer_id], after, limit, only)

    def of_vendor(
        self, vendor_id: VendorId, after: Place | None, limit: int, /, status: VendorOrderStatus | None = None
    ) -> Sequence[tuple[datetime, VendorOrder]]:
        """Up to `limit` vendor orders of one vendor with the time of placing, the latest first; of no other vendor ever."""
        behind, place = _behind(after, "order_id")
        # A word of our own lifecycle, spelled out so that the partial index is found.
        which = "" if status is None else f" AND status = '{status.value}'"
        rows = self._statements.rows(
            f"SELECT {_qualified('v', _PARTS)}, {_qualified('l', LINES)} FROM "  # noqa: S608
            f"(SELECT * FROM vendor_orders WHERE vendor_id = %s{which}{behind} ORDER BY placed_at DESC, order_id DESC LIMIT %s) v "
            "JOIN order_lines l ON l.order_id = v.order_id AND l.vendor_id = v.vendor_id "
            "ORDER BY v.placed_at DESC, v.order_id DESC, l.number",
            *(vendor_id, *place, limit),
        )
        return [(placed_at, part) for placed_at, part in _parts(rows, 0)]

    def overdue(self, at: datetime, limit: int, /) -> Sequence[OrderId]:
        """Up to `limit` placed, unpaid orders whose deadline is `at` or earlier, the most overdue first; no lock."""
        found = self._statements.rows(
            "SELECT id FROM orders WHERE state = 'placed' AND deadline <= %s ORDER BY deadline, id LIMIT %s", at, limit
        )
        return [each for (each,) in found]

    def page(self, after: Place | None, limit: int, /, only: OrderFilter = EVERY_ORDER) -> Sequence[Order]:
        """Up to `limit` orders, the latest first, those after `after` in that order."""
        return self._page("true", [], after, limit, only)

    def _page(
        self, condition: str, parameters: Sequence[Any], after: Place | None, limit: int, only: OrderFilter
    ) -> Sequence[Order]:
        behind, place = _behind(after, "id")
        if only.state is not None:
            # A word of our own lifecycle, spelled out so that the partial index is found.
            condition += f" AND state = '{only.state.value}'"
        within = {" AND placed_at >= %s": only.since, " AND placed_at < %s": only.until}
        times = {bound: at for bound, at in within.items() if at is not None}
        where = f"{condition}{''.join(times)}{behind}"
        chosen = f"(SELECT * FROM orders WHERE {where} ORDER BY placed_at DESC, id DESC LIMIT %s)"  # noqa: S608
        sql = f"{_WHOLE.format(orders=chosen)} {_LATEST}"
        return _orders(self._statements.rows(sql, *parameters, *times.values(), *place, limit))


class PostgresReturns(PostgresRepository[ReturnId, Return]):
    """Every return."""

    writing = Writing.of(RETURNS)

    @staticmethod
    def key(value: Return) -> ReturnId:
        """The return's id."""
        return value.id

    @staticmethod
    def row(value: Return) -> Row:
        """A return as a row."""
        units = dumps([(each.line, each.quantity) for each in value.units])
        return (value.id, value.order_id, value.vendor_id, units, value.reason, value.requested_at, value.status)

    @staticmethod
    def value(row: Row) -> Return:
        """A row as a return."""
        return_id, order_id, vendor_id, units, reason, requested_at, status = row
        return Return(return_id, order_id, vendor_id, _units(units), reason, requested_at, ReturnStatus(status))

    def of_order(self, order_id: OrderId, /) -> Sequence[Return]:
        """The returns of one order, in the order of their ids."""
        return self.select("WHERE order_id = %s ORDER BY id", order_id)

    def of_vendor(
        self, vendor_id: VendorId, after: ReturnPlace | None, limit: int, /, status: ReturnStatus | None = None
    ) -> Sequence[Return]:
        """Up to `limit` returns to one vendor (of one status, if given), the latest first, those after `after` in that order."""
        rest, parameters = latest_first("requested_at", after, limit, vendor_id=vendor_id, status=status)
        return self.select(rest, *parameters)

    def page(self, after: ReturnPlace | None, limit: int, /, status: ReturnStatus | None = None) -> Sequence[Return]:
        """Up to `limit` returns (of one status, if given), the latest first, those after `after` in that order."""
        rest, parameters = latest_first("requested_at", after, limit, status=status)
        return self.select(rest, *parameters)


def _order_row(order: Order) -> Row:
    head = (order.id, order.buyer_id, order.total.minor, order.total.currency.code, order.placed_at, order.deadline)
    return (*head, order.fingerprint, *_destination(order), order.state, _delivery(order))


def _mutable(order: Order) -> tuple[OrderState, AccountId | None, Destination | None, Delivery | None]:
    return order.state, order.buyer_id, order.destination, order.delivery


def _delivery(order: Order) -> str | None:
    return None if order.delivery is None else dumps(attrs.asdict(order.delivery))


def _destination(order: Order) -> tuple[str | None, str | None]:
    return (None, None) if order.destination is None else (order.destination.country, order.destination.region)


def _part_row(order: Order, position: int, part: VendorOrder) -> Row:
    shipments = _shipments(part.shipments)
    return (order.id, part.vendor_id, position, order.placed_at, part.status, shipments, part.delivered_at)


def _changed_lines(order_id: OrderId, before: Sequence[OrderLine], after: Sequence[OrderLine]) -> Iterable[Row]:
    for old, line in zip(before, after, strict=True):
        if old is not line and old != line:
            counters = (line.shipped, line.delivered, line.cancelled, line.returning, line.returned)
            yield (order_id, line.number, line.refunded_goods.minor, line.refunded_shipping.minor, *counters)


def _orders(rows: Iterable[Row]) -> list[Order]:
    """Orders from rows that are sorted by order and vendor order."""
    width = len(_ORDERS.columns)
    heads: dict[OrderId, Row] = {}
    parts: dict[OrderId, list[VendorOrder]] = {}
    rows = list(rows)
    for row in rows:
        heads.setdefault(row[0], row)
    for _, part in _parts(rows, width):
        parts.setdefault(part.order_id, []).append(part)
    return [_order(row, tuple(parts[order_id])) for order_id, row in heads.items()]


def _order(row: Row, parts: tuple[VendorOrder, ...]) -> Order:
    order_id, buyer_id, total, code, placed_at, deadline, fingerprint, country, region, state, told, *_ = row
    destination = None if country is None else Destination(country, region)
    paid = Money(total, Currency.of(code))
    delivery = None if told is None else Delivery(**{**told, "lines": tuple(told["lines"])})
    return Order(order_id, buyer_id, parts, paid, placed_at, deadline, fingerprint, destination, OrderState(state), delivery)


def _parts(rows: Iterable[Row], start: int) -> list[tuple[datetime, VendorOrder]]:
    """Vendor orders, with the time of placing, from rows that have one from the column `start` on, and then a line."""
    end = start + len(_PARTS.columns)
    heads: dict[tuple[OrderId, VendorId], Row] = {}
    lines: dict[tuple[OrderId, VendorId], list[OrderLine]] = {}
    for row in rows:
        head = row[start:end]
        key = (head[0], head[1])
        heads.setdefault(key, head)
        lines.setdefault(key, []).append(order_line(row[end:]))
    return [
        (placed_at, VendorOrder(order_id, vendor_id, tuple(lines[key]), VendorOrderStatus(status), _sent(shipments), delivered_at))
        for key, (order_id, vendor_id, _, placed_at, status, shipments, delivered_at) in heads.items()
    ]


def _shipments(shipments: Sequence[Shipment]) -> str:
    if not shipments:
        return "[]"
    return dumps(
        [
            {
                "id": str(each.id),
                "units": [(units.line, units.quantity) for units in each.units],
                "carrier": each.carrier,
                "tracking": each.tracking,
                "sent_at": each.sent_at.isoformat(),
                "delivered_at": each.delivered_at and each.delivered_at.isoformat(),
            }
            for each in shipments
        ]
    )


def _sent(documents: Sequence[Mapping[str, Any]]) -> tuple[Shipment, ...]:
    return tuple(
        Shipment(
            ShipmentId(UUID(each["id"])),
            _units(each["units"]),
            each["carrier"],
            each["tracking"],
            datetime.fromisoformat(each["sent_at"]),
            each["delivered_at"] and datetime.fromisoformat(each["delivered_at"]),
        )
        for each in documents
    )


def _units(pairs: Iterable[Sequence[int]]) -> tuple[Units, ...]:
    return tuple(Units(line, quantity) for line, quantity in pairs)


def _behind(after: Place | None, key: str) -> tuple[str, Sequence[Any]]:
    return ("", ()) if after is None else (f" AND (placed_at, {key}) < (%s, %s)", after)
