"""Hypothesis strategies for the domain's values: money, terms, baskets, stock histories, refunds, lives of orders.

Every strategy makes values that the domain accepts, small ones first, so that what Hypothesis shrinks a failure to can be read.

>>> from hypothesis import given
>>> from quarterturn_domain.kernel.currency import EUR
>>> @given(money(EUR, min_minor=0), weights())
... def shares_add_up(amount, parts):
...     assert sum(share.minor for share in amount.allocate(parts)) == amount.minor
>>> shares_add_up()
"""

from quarterturn_domain.testing.strategies.lives import OrderLife, order_lives
from quarterturn_domain.testing.strategies.money import COMMON, currencies, money, rates, refund_sequences, weights
from quarterturn_domain.testing.strategies.offers import CATEGORIES, PRODUCTS, VENDORS, Basket, baskets, sellables
from quarterturn_domain.testing.strategies.stock import (
    Adjusted,
    Committed,
    Expired,
    Held,
    Received,
    Released,
    Restocked,
    StockHistory,
    StockStep,
    stock_histories,
)
from quarterturn_domain.testing.strategies.terms import (
    NOON,
    commission_rules,
    discounts,
    fee_schedules,
    matches,
    price_books,
    taxes,
)

__all__ = [
    "CATEGORIES",
    "COMMON",
    "NOON",
    "PRODUCTS",
    "VENDORS",
    "Adjusted",
    "Basket",
    "Committed",
    "Expired",
    "Held",
    "OrderLife",
    "Received",
    "Released",
    "Restocked",
    "StockHistory",
    "StockStep",
    "baskets",
    "commission_rules",
    "currencies",
    "discounts",
    "fee_schedules",
    "matches",
    "money",
    "order_lives",
    "price_books",
    "rates",
    "refund_sequences",
    "sellables",
    "stock_histories",
    "taxes",
    "weights",
]
