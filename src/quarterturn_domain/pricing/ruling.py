"""Ruling: the operator sets commissions, discounts and taxes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import DiscountId, RuleId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.pricing.commission import CommissionRule
from quarterturn_domain.pricing.discount import Discount
from quarterturn_domain.pricing.events import CommissionRuled, DiscountRuled, TaxRuled
from quarterturn_domain.pricing.ports import PriceBooks, PricingWork
from quarterturn_domain.pricing.tax import TaxRule


@attrs.frozen(kw_only=True)
class SetTerms:
    """Put a commission rule, a discount or a tax in force; a commission rule comes with the version after its last one.

    With `new` a discount or a tax is put in force for the first time: then the same id with other content is a `Conflict`.
    """

    terms: CommissionRule | Discount | TaxRule
    new: bool = False
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class RetireCommission:
    """Take a commission rule out of force."""

    rule_id: RuleId
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class RetireDiscount:
    """Take a discount out of force."""

    discount_id: DiscountId
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class RetireTax:
    """Take a tax out of force."""

    rule_id: RuleId
    at: datetime = attrs.field(metadata=TIMING)


class RuleTerms:
    """Sets the terms; orders that were placed keep the ones that they were placed under."""

    def __init__(self, work: Begin[PricingWork]) -> None:
        self._work = work

    def __call__(self, command: SetTerms | RetireCommission | RetireDiscount | RetireTax) -> None:
        """Carry the command out; raises `Conflict`. The same terms again change nothing, nor does taking away what is not there."""
        with self._work() as work:
            books = work.price_books
            if isinstance(command, RetireCommission):
                books.retire_commission(command.rule_id)
                return
            if isinstance(command, RetireDiscount):
                books.retire_discount(command.discount_id)
                return
            if isinstance(command, RetireTax):
                books.retire_tax(command.rule_id)
                return
            terms = command.terms
            if not isinstance(terms, CommissionRule) and _known(books, command):
                return
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


def _known(books: PriceBooks, command: SetTerms) -> bool:
    """Whether a discount or a tax is in force with this content; `Conflict` when it is new and in force with other content."""
    book, terms = books.current(), command.terms
    known: Sequence[Discount | TaxRule] = book.discounts if isinstance(terms, Discount) else book.taxes
    before = next((each for each in known if each.id == terms.id), None)
    if command.new and before not in {None, terms}:
        kind = "discount" if isinstance(terms, Discount) else "tax"
        raise Conflict(kind, str(terms.id), "it was put in force with other content")
    return before == terms
