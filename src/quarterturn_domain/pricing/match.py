"""A match: which offers a rule is for, and how closely it names them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeAlias, TypeVar

import attrs

from quarterturn_domain.catalog.offer import Sellable
from quarterturn_domain.kernel.ids import CategoryId, ProductId, VendorId
from quarterturn_domain.kernel.money import Money

Key: TypeAlias = tuple[VendorId | None, CategoryId | None, ProductId | None]


@attrs.frozen
class Match:
    """The offers of a vendor, in a category or below it, of a product; what is None matches all."""

    vendor_id: VendorId | None = None
    category_id: CategoryId | None = None
    product_id: ProductId | None = None

    @property
    def key(self) -> Key:
        """The match as a key to find it by."""
        return (self.vendor_id, self.category_id, self.product_id)

    @property
    def specificity(self) -> int:
        """How closely it names an offer: a product outweighs a category, and a category outweighs a vendor."""
        return 4 * (self.product_id is not None) + 2 * (self.category_id is not None) + (self.vendor_id is not None)

    def covers(self, offer: Sellable) -> bool:
        """Whether `offer` is one of those meant."""
        return (
            (self.vendor_id is None or self.vendor_id == offer.vendor_id)
            and (self.product_id is None or self.product_id == offer.product_id)
            and (self.category_id is None or self.category_id in offer.categories)
        )


class Matched(Protocol):
    """A rule with a match and the operator's order."""

    @property
    def match(self) -> Match:
        """The offers that the rule is for."""
        ...

    @property
    def position(self) -> int:
        """The operator's order among rules that match equally closely; the lowest comes first."""
        ...


M = TypeVar("M", bound=Matched)


class Precedence(Generic[M]):
    """Finds the one rule that applies: the closest match first, a nearer category before its parents, then the operator's order.

    Made once per set of rules; a look-up costs one dictionary access per kind of match that occurs, however many rules there are.
    """

    __slots__ = ("_by_key", "_patterns")

    def __init__(self, rules: Iterable[M]) -> None:
        by_key: dict[Key, M] = {}
        for rule in sorted(rules, key=lambda rule: rule.position):
            by_key.setdefault(rule.match.key, rule)
        matches = {rule.match.specificity: rule.match for rule in by_key.values()}
        self._by_key = by_key
        self._patterns: Sequence[tuple[bool, bool, bool]] = [
            (match.vendor_id is not None, match.category_id is not None, match.product_id is not None)
            for _, match in sorted(matches.items(), reverse=True)
        ]

    def first(self, offer: Sellable) -> M | None:
        """The rule that applies to `offer`, if any does."""
        for by_vendor, by_category, by_product in self._patterns:
            vendor = offer.vendor_id if by_vendor else None
            product = offer.product_id if by_product else None
            for category in offer.categories if by_category else (None,):
                rule = self._by_key.get((vendor, category, product))
                if rule is not None:
                    return rule
        return None


def in_currency(amounts: Iterable[Money], like: Money) -> int | None:
    """The minor units of the one of `amounts` that is in the currency of `like`, if there is one."""
    return next((amount.minor for amount in amounts if amount.currency is like.currency), None)
