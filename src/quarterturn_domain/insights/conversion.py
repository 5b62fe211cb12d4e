"""Conversion: how many carts became orders, and how many orders were paid."""

from __future__ import annotations

import attrs

from quarterturn_domain.kernel.rate import ZERO, Rate


@attrs.frozen(kw_only=True)
class Conversion:
    """Counts: carts that were last filled or ordered in a time, those ordered; orders placed in it, those paid by now.

    A cart that was merged into another one, or that nobody put anything in, is none.
    """

    carts: int
    carts_ordered: int
    orders_placed: int
    orders_paid: int

    @property
    def ordering_rate(self) -> Rate:
        """Which part of the carts became orders, exactly; nothing of none is zero."""
        return Rate(self.carts_ordered, self.carts) if self.carts else ZERO

    @property
    def payment_rate(self) -> Rate:
        """Which part of the orders was paid, exactly; nothing of none is zero."""
        return Rate(self.orders_paid, self.orders_placed) if self.orders_placed else ZERO
