"""Reading the terms: the commission rules, discounts and taxes that are in force, and the versions that were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quarterturn_domain.kernel.ids import RuleId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.pricing.commission import CommissionRule
from quarterturn_domain.pricing.discount import Discount
from quarterturn_domain.pricing.limits import MAX_VERSION
from quarterturn_domain.pricing.ports import PricingWork
from quarterturn_domain.pricing.tax import TaxRule

_ROUND: Final = 50


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

    def last_version(self, rule_id: RuleId) -> int:
        """The number of the last version of a commission rule, in force or not; 0 for one that never was."""
        with self._work() as work:
            last = 0
            # Versions follow one another, so the first gap is the end; few rules have more than one of these rounds.
            while known := work.price_books.versions([(rule_id, last + n) for n in range(1, min(_ROUND, MAX_VERSION - last) + 1)]):
                last += len(known)
                if len(known) < _ROUND:
                    break
        return last

    def discounts(self) -> Sequence[Discount]:
        """The discounts, in the operator's order, whether or not their time has come."""
        with self._work() as work:
            return work.price_books.current().discounts

    def taxes(self) -> Sequence[TaxRule]:
        """The taxes, in the order of their ids."""
        with self._work() as work:
            return work.price_books.current().taxes
