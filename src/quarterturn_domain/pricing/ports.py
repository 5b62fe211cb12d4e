"""Where the terms of the marketplace are kept, every version of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from quarterturn_domain.catalog.ports import CatalogWork
from quarterturn_domain.kernel.ids import DiscountId, RuleId
from quarterturn_domain.pricing.commission import CommissionRule
from quarterturn_domain.pricing.discount import Discount
from quarterturn_domain.pricing.quote import PriceBook
from quarterturn_domain.pricing.tax import TaxRule


class PriceBooks(Protocol):
    """The terms in force, and the versions of commission rules that ever were."""

    def current(self) -> PriceBook:
        """The terms in force; an adapter may keep them in memory as long as it notices a change before the next transaction."""
        ...

    def versions(self, keys: Iterable[tuple[RuleId, int]], /) -> Mapping[tuple[RuleId, int], CommissionRule]:
        """Those versions of commission rules that exist, in force or not."""
        ...

    def rule_commission(self, rule: CommissionRule, /) -> None:
        """Put a version of a commission rule in force; `Conflict` when that version exists or does not follow the last one."""
        ...

    def retire_commission(self, rule_id: RuleId, /) -> None:
        """Take a commission rule out of force; its versions stay known."""
        ...

    def rule_discount(self, discount: Discount, /) -> None:
        """Put a discount in force, instead of what it was before; raises `Conflict` when another one has its code."""
        ...

    def retire_discount(self, discount_id: DiscountId, /) -> None:
        """Take a discount out of force, if it is in force; its code is free again."""
        ...

    def rule_tax(self, tax: TaxRule, /) -> None:
        """Put a tax in force, instead of what it was before."""
        ...

    def retire_tax(self, rule_id: RuleId, /) -> None:
        """Take a tax out of force, if it is in force."""
        ...


class PricingWork(CatalogWork, Protocol):
    """A unit of work that reaches the terms."""

    @property
    def price_books(self) -> PriceBooks:
        """The terms."""
        ...
