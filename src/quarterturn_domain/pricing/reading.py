"""Reading the terms: the commission rules, discounts and taxes that are in force, and the versions that were."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_domain.kernel.ids import RuleId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.pricing.commission import CommissionRule
from quarterturn_domain.pricing.discount import Discount
from quarterturn_domain.pricing.ports import PricingWork
from quarterturn_domain.pricing.tax import TaxRule


class ReadTerms:
    """Answers what the operator has ruled."""

    def __init__(self, work: Begin[PricingWork]) -> None:
        self._work = work

    def commission_rules(self) -> Sequence[CommissionRule]:
        """The commission rules in force, in the operator's order; where none of them matches the default applies."""
        with self._work() as work:
            return work.price_books.current().commission.rules

    def commission_rule(self, rule_id: RuleId, version: int) -> CommissionRule:
        """A version of a commission rule, in force or not; raises `NotFound`."""
        with self._work() as work:
            known = work.price_books.versions([(rule_id, version)])
        return required(known, (rule_id, version), "commission rule")

    def discounts(self) -> Sequence[Discount]:
        """The discounts, in the operator's order, whether or not their time has come."""
        with self._work() as work:
            return work.price_books.current().discounts

    def taxes(self) -> Sequence[TaxRule]:
        """The taxes, in the order of their ids."""
        with self._work() as work:
            return work.price_books.current().taxes
