"""The terms of the marketplace, every version of them, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

import attrs

from quarterturn_adapters.memory.tables import Table, Transactions
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.ids import DiscountId, RuleId
from quarterturn_domain.pricing.commission import CommissionRule, CommissionSchedule
from quarterturn_domain.pricing.discount import Discount
from quarterturn_domain.pricing.quote import PriceBook
from quarterturn_domain.pricing.tax import TaxRule


@attrs.frozen
class _Standing:
    """The last version of a commission rule, and whether it is in force."""

    rule_id: RuleId
    version: int
    in_force: bool


class MemoryPriceBooks:
    """The terms in force, and the versions of commission rules that ever were."""

    def __init__(self, transactions: Transactions) -> None:
        self._versions: Table[tuple[RuleId, int], CommissionRule] = Table(
            transactions, "commission rule", lambda rule: (rule.id, rule.version)
        )
        self._standings: Table[RuleId, _Standing] = Table(transactions, "commission rule", lambda standing: standing.rule_id)
        self._discounts: Table[DiscountId, Discount] = Table(transactions, "discount", lambda discount: discount.id)
        self._discounts.unique(lambda discount: discount.discount_code, "another discount has this code")
        self._taxes: Table[RuleId, TaxRule] = Table(transactions, "tax", lambda tax: tax.id)
        self._bound: tuple[tuple[int, ...], PriceBook] | None = None

    def current(self) -> PriceBook:
        """The terms in force, by the operator's order and then by id; bound anew only after a change."""
        edition = (self._standings.version, self._discounts.version, self._taxes.version)
        if self._bound is None or self._bound[0] != edition:
            self._bound = (edition, self._bind())
        return self._bound[1]

    def versions(self, keys: Iterable[tuple[RuleId, int]], /) -> Mapping[tuple[RuleId, int], CommissionRule]:
        """Those versions of commission rules that exist, in force or not."""
        return self._versions.find(keys)

    def rule_commission(self, rule: CommissionRule, /) -> None:
        """Put a version of a commission rule in force; raises `Conflict` when it does not follow the last one."""
        standing = self._standings.get(rule.id)
        following = 1 if standing is None else standing.version + 1
        if rule.version != following:
            raise Conflict("commission rule", str(rule.id), f"its next version is {following}, not {rule.version}")
        self._versions.put([rule])
        self._standings.put([_Standing(rule.id, rule.version, in_force=True)])

    def retire_commission(self, rule_id: RuleId, /) -> None:
        """Take a commission rule out of force; its versions stay known."""
        standing = self._standings.get(rule_id)
        if standing is not None:
            self._standings.put([attrs.evolve(standing, in_force=False)])

    def rule_discount(self, discount: Discount, /) -> None:
        """Put a discount in force, instead of what it was before; raises `Conflict` when another one has its code."""
        self._discounts.replace([discount])

    def retire_discount(self, discount_id: DiscountId, /) -> None:
        """Take a discount out of force, if it is in force; its code is free again."""
        self._discounts.drop([discount_id])

    def rule_tax(self, tax: TaxRule, /) -> None:
        """Put a tax in force, instead of what it was before."""
        self._taxes.replace([tax])

    def retire_tax(self, rule_id: RuleId, /) -> None:
        """Take a tax out of force, if it is in force."""
        self._taxes.drop([rule_id])

    def _bind(self) -> PriceBook:
        in_force = [(each.rule_id, each.version) for each in self._standings.all().values() if each.in_force]
        return PriceBook(
            CommissionSchedule(sorted(self._versions.find(in_force).values(), key=_operators_order)),
            tuple(sorted(self._discounts.all().values(), key=_operators_order)),
            tuple(sorted(self._taxes.all().values(), key=lambda tax: tax.id)),
        )


def _operators_order(terms: CommissionRule | Discount) -> tuple[int, UUID]:
    return (terms.position, terms.id)
