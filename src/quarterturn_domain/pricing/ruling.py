"""Ruling: the operator sets commissions, discounts and taxes."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import RuleId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.pricing.commission import CommissionRule
from quarterturn_domain.pricing.discount import Discount
from quarterturn_domain.pricing.events import CommissionRuled, DiscountRuled, TaxRuled
from quarterturn_domain.pricing.ports import PricingWork
from quarterturn_domain.pricing.tax import TaxRule


@attrs.frozen(kw_only=True)
class SetTerms:
    """Put a commission rule, a discount or a tax in force; a commission rule comes with the version after its last one."""

    terms: CommissionRule | Discount | TaxRule
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class RetireCommission:
    """Take a commission rule out of force."""

    rule_id: RuleId
    at: datetime = attrs.field(metadata=TIMING)


class RuleTerms:
    """Sets the terms; orders that were placed keep the ones that they were placed under."""

    def __init__(self, work: Begin[PricingWork]) -> None:
        self._work = work

    def __call__(self, command: SetTerms | RetireCommission) -> None:
        """Carry the command out; raises `Conflict`. The same version with the same content changes nothing."""
        with self._work() as work:
            books = work.price_books
            if isinstance(command, RetireCommission):
                books.retire_commission(command.rule_id)
                return
            terms = command.terms
            if isinstance(terms, CommissionRule):
                key = (terms.id, terms.version)
                if books.versions([key]).get(key) == terms:
                    return
                books.rule_commission(terms)
                work.outbox.append([CommissionRuled(rule_id=terms.id, rule_version=terms.version, at=command.at)])
            elif isinstance(terms, Discount):
                books.rule_discount(terms)
                work.outbox.append([DiscountRuled(discount_id=terms.id, at=command.at)])
            else:
                books.rule_tax(terms)
                work.outbox.append([TaxRuled(rule_id=terms.id, at=command.at)])
