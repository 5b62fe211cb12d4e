"""Checking: everything in the three files is looked at before anything is imported, and becomes values that make sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

from quarterturn_adapters.replay.fields import (
    LARGEST_ORDER,
    Wrong,
    a_country,
    a_currency,
    a_measure,
    a_whole,
    an_amount,
    an_id,
    an_instant,
    identity,
)
from quarterturn_adapters.replay.rows import Problem, Row, Unreadable, read_rows, shown
from quarterturn_adapters.replay.source import FATES, Fate, LineRow, OrderRows, ProductRow, Source, VendorRow
from quarterturn_domain.kernel.ids import OrderId, ProductId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.cart import MAX_LINES, MAX_QUANTITY

T = TypeVar("T")

VENDORS: Final = ("vendor_id", "city", "state", "postcode_prefix", "country")
PRODUCTS: Final = ("product_id", "vendor_id", "category", "weight_grams", "length_cm", "height_cm", "width_cm")
LINES: Final = (
    *("order_id", "line", "placed_at", "vendor_id", "product_id", "quantity"),
    *("unit_price", "shipping_per_unit", "currency", "status", "delivered_at"),
)


def check(folder: Path) -> Source:
    """Read `vendors.csv`, `products.csv` and `order_lines.csv` of a folder.

    An order of which a row is refused is refused whole. Raises `Unreadable` when a file is missing, empty or lacks a column.
    """
    vendor_rows, product_rows, line_rows = _read(folder)
    checking = _Checking()
    vendors = checking.each(vendor_rows, checking.vendor)
    products = checking.each(product_rows, checking.product)
    lines = checking.each(line_rows, checking.line)
    orders = tuple(sorted(checking.orders(lines), key=lambda order: (order.placed_at, order.id)))
    if not line_rows:
        checking.problems.append(Problem("order_lines.csv", 2, LINES[0], "there is no row", "a line of an order in each row"))
    return Source(vendors, products, orders, tuple(checking.problems), len(checking.refused))


_FILES: Final = (("vendors", VENDORS), ("products", PRODUCTS), ("order_lines", LINES))


def _read(folder: Path) -> Sequence[Sequence[Row]]:
    """The rows of each file; what keeps files from being read is told of all of them at once."""
    files: list[Sequence[Row]] = []
    problems: list[Problem] = []
    for name, columns in _FILES:
        try:
            files.append(list(read_rows(folder / f"{name}.csv", columns)))
        except Unreadable as unreadable:
            problems += unreadable.problems
    if problems:
        raise Unreadable(str(problems[0]), problems=tuple(problems))
    return files


class _Checking:
    """What was seen so far, and what was wrong with it."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.refused: set[str] = set()
        self._vendors: dict[str, tuple[VendorId, int]] = {}
        self._products: dict[str, ProductId] = {}
        self._offered: dict[tuple[str, str], int] = {}
        self._lines: dict[tuple[str, int], int] = {}
        self._fates: dict[tuple[str, str], LineRow] = {}
        self._firsts: dict[str, LineRow] = {}

    def each(self, rows: Sequence[Row], read: Callable[[Row], T]) -> list[T]:
        """What `read` makes of each row; a row of which it makes nothing is a problem, and its order is refused."""
        made: list[T] = []
        for row in rows:
            problem = row.broken
            if problem is None:
                try:
                    made.append(read(row))
                except Wrong as wrong:
                    problem = row.problem(wrong.column, wrong.what, wrong.expected)
            if problem is not None:
                self.problems.append(problem)
                if "order_id" in row.fields:
                    self.refused.add(row.fields["order_id"])
        return made

    def vendor(self, row: Row) -> VendorRow:
        """A vendor, told once."""
        text = an_id(row, "vendor_id")
        if text in self._vendors:
            raise Wrong("vendor_id", f"the vendor {shown(text)} is in line {self._vendors[text][1]} already", "each vendor once")
        vendor = VendorRow(VendorId(identity(text)), text, row.fields["city"].strip(), a_country(row))
        self._vendors[text] = (vendor.id, row.line)
        return vendor

    def product(self, row: Row) -> ProductRow:
        """A product, told once for each vendor that sells it."""
        text = an_id(row, "product_id")
        vendor_id = self._vendor_of(row)
        key = (text, row.fields["vendor_id"])
        if key in self._offered:
            raise Wrong(
                "product_id",
                f"the product {shown(text)} of this vendor is in line {self._offered[key]} already",
                "each of a vendor's products once",
            )
        weight_grams, *_ = [a_measure(row, column) for column in PRODUCTS[3:]]
        product = ProductRow(
            ProductId(identity(text)),
            text,
            vendor_id,
            row.fields["category"].strip(),
            weight_grams,
        )
        self._offered[key] = row.line
        self._products[text] = product.id
        return product

    def line(self, row: Row) -> LineRow:
        """A line of an order that makes sense by itself and beside the lines of the order before it."""
        fields = row.fields
        order = an_id(row, "order_id")
        number = a_whole(row, "line", 999_999_999)
        before = self._lines.setdefault((order, number), row.line)
        if before != row.line:
            raise Wrong(
                "line", f"line {number} of the order {shown(order)} is in line {before} already", "each line of an order once"
            )
        vendor_id = self._vendor_of(row)
        product_id = self._products.get(fields["product_id"])
        if product_id is None:
            raise Wrong("product_id", f"there is no product {shown(fields['product_id'])}", "a product_id of products.csv")
        placed_at = an_instant(row, "placed_at")
        currency = a_currency(row)
        fate = FATES.get(fields["status"])
        if fate is None:
            raise Wrong("status", f"{shown(fields['status'])} as a status", f"one of {', '.join(FATES)}")
        delivered_at = an_instant(row, "delivered_at") if fields["delivered_at"] else None
        if delivered_at is not None and delivered_at < placed_at:
            raise Wrong(
                "delivered_at", f"{fields['delivered_at']} is before placed_at", f"{fields['placed_at']} or later, or nothing"
            )
        line = LineRow(
            row,
            OrderId(identity(order)),
            number,
            placed_at,
            vendor_id,
            product_id,
            a_whole(row, "quantity", MAX_QUANTITY),
            an_amount(row, "unit_price", currency),
            an_amount(row, "shipping_per_unit", currency),
            fate,
            delivered_at,
        )
        self._agree(order, line)
        return line

    def _agree(self, order: str, line: LineRow) -> None:
        fields = line.row.fields
        first = self._firsts.setdefault(order, line)
        same: Sequence[tuple[str, object, object]] = (
            ("placed_at", line.placed_at, first.placed_at),
            ("currency", line.price.currency, first.price.currency),
        )
        for column, here, there in same:
            if here != there:
                what = f"{shown(fields[column])} beside {shown(first.row.fields[column])} in line {first.row.line}"
                raise Wrong(column, what, f"the same {column} in every line of an order")
        unpaid = (line.fate is Fate.PLACED) != (first.fate is Fate.PLACED)
        other = first if unpaid else self._fates.setdefault((order, fields["vendor_id"]), line)
        if other.fate is not line.fate:
            what = f"{shown(fields['status'])} beside {shown(other.row.fields['status'])} in line {other.row.line}"
            raise Wrong(
                "status", what, "one status for what a vendor has of an order, and an order that is paid whole or not at all"
            )

    def orders(self, lines: Sequence[LineRow]) -> Iterator[OrderRows]:
        """The orders of which every line makes sense, and that can be paid."""
        grouped: dict[str, list[LineRow]] = {}
        for line in lines:
            grouped.setdefault(line.row.fields["order_id"], []).append(line)
        for text, own in grouped.items():
            if text in self.refused:
                continue
            own.sort(key=lambda line: line.number)
            order = OrderRows(own[0].order_id, text, own[0].placed_at, tuple(own))
            problem = _too_much(order)
            if problem is None:
                yield order
            else:
                self.problems.append(problem)
                self.refused.add(text)

    def _vendor_of(self, row: Row) -> VendorId:
        text = row.fields["vendor_id"]
        if text not in self._vendors:
            raise Wrong("vendor_id", f"there is no vendor {shown(text)}", "a vendor_id of vendors.csv")
        return self._vendors[text][0]


def _too_much(order: OrderRows) -> Problem | None:
    last = order.lines[-1]
    if len(order.lines) > MAX_LINES:
        return last.row.problem("line", f"the order has {len(order.lines)} lines", f"at most {MAX_LINES}")
    if not 0 < order.total.minor <= LARGEST_ORDER:
        most = Money(LARGEST_ORDER, order.total.currency)
        return last.row.problem("unit_price", f"the order costs {order.total} in all", f"more than nothing and at most {most}")
    return None
