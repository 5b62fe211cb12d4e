"""What the ports of pricing promise: terms in force, and every version of commission rules."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.pricing.commission import CommissionRule
from quarterturn_domain.pricing.discount import Discount
from quarterturn_domain.pricing.match import Match
from quarterturn_domain.pricing.ports import PricingWork
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import DatabaseContract, Undone, undo
from quarterturn_domain.testing.contracts.equality import differences

CLOSE = Match(samples.vendor_id(1), samples.category_id(1), samples.product_id(1))


class PriceBooksContract(DatabaseContract):
    """What `PriceBooks` promises."""

    def furnish(self, work: PricingWork) -> None:
        """Keep the vendors, categories and products that rules name."""
        samples.furnish_catalog(work)

    def test_without_rules_the_book_is_empty(self, db: Begin[PricingWork]) -> None:
        """Where nobody has ruled there are no rules, discounts or taxes."""
        with db() as work:
            book = work.price_books.current()
        assert ((), (), ()) == (tuple(book.commission.rules), book.discounts, book.taxes)

    def test_terms_come_back_equal(self, db: Begin[PricingWork]) -> None:
        """What was put in force is in force in a later unit of work, equal field by field."""
        rules = [samples.a_commission_rule(1), samples.a_commission_rule(2, match=CLOSE)]
        discounts = [samples.a_discount(n, code=code) for n, code in ((1, None), (2, "SPRING"), (3, "Frühling"))]
        taxes = [samples.a_tax(n) for n in range(1, 6)]
        with db() as work:
            _rule(work, rules, discounts, taxes)
        with db() as work:
            book = work.price_books.current()
        assert [] == differences({rule.id: rule for rule in rules}, {rule.id: rule for rule in book.commission.rules})
        assert [] == differences({each.id: each for each in discounts}, {each.id: each for each in book.discounts})
        assert [] == differences({tax.id: tax for tax in taxes}, {tax.id: tax for tax in book.taxes})

    def test_the_bare_minimum_comes_back_equal(self, db: Begin[PricingWork]) -> None:
        """A rule, a discount and a tax that say nothing beyond what they must come back equal."""
        rule = CommissionRule(id=samples.rule_id(1), name="flat", rate=Rate(1, 3))
        discount = attrs.evolve(samples.a_discount(2), match=Match(), minimum=(), starts_at=None, ends_at=None)
        tax = attrs.evolve(samples.a_tax(2), match=Match(), country=None, region=None)
        with db() as work:
            _rule(work, [rule], [discount], [tax])
        with db() as work:
            book = work.price_books.current()
        assert [] == differences(((rule,), (discount,), (tax,)), (tuple(book.commission.rules), book.discounts, book.taxes))

    def test_rules_stand_in_the_operators_order(self, db: Begin[PricingWork]) -> None:
        """Of two rules with the same match the one with the lower position applies, whichever was ruled first."""
        first, second = (attrs.evolve(samples.a_commission_rule(n), position=position) for n, position in ((1, 7), (2, 3)))
        with db() as work:
            _rule(work, [first, second])
        with db() as work:
            assert second == work.price_books.current().commission.rule_for(samples.a_sellable(1))

    def test_a_change_is_seen_by_the_next_transaction(self, db: Begin[PricingWork]) -> None:
        """An adapter may keep the book in memory, but a later unit of work has the terms of now."""
        with db() as work:
            assert not work.price_books.current().commission.rules
        with db() as work:
            _rule(work, [samples.a_commission_rule(1)])
        with db() as work:
            assert [samples.a_commission_rule(1)] == list(work.price_books.current().commission.rules)
            work.price_books.rule_tax(samples.a_tax(1))
        with db() as work:
            assert (samples.a_tax(1),) == work.price_books.current().taxes

    def test_what_is_retired_is_in_force_no_more(self, db: Begin[PricingWork]) -> None:
        """Retired discounts and taxes are gone from the next unit of work on, their codes are free, and others stay."""
        discounts = [samples.a_discount(1, code="SPRING"), samples.a_discount(2)]
        with db() as work:
            _rule(work, [], discounts, [samples.a_tax(1), samples.a_tax(2)])
        with db() as work:
            work.price_books.retire_discount(samples.a_discount(1).id)
            work.price_books.retire_tax(samples.a_tax(1).id)
            work.price_books.retire_tax(samples.a_tax(3).id)
        with db() as work:
            book = work.price_books.current()
            assert ((discounts[1],), (samples.a_tax(2),)) == (book.discounts, book.taxes)
            _rule(work, [], [samples.a_discount(3, code="SPRING")], [])
        with db() as work:
            assert {discounts[1].id, samples.a_discount(3).id} == {each.id for each in work.price_books.current().discounts}

    def test_what_is_rolled_back_was_never_in_force(self, db: Begin[PricingWork]) -> None:
        """Terms of a unit of work that failed are not in force, and their version is free."""
        with pytest.raises(Undone), db() as work:
            _rule(work, [samples.a_commission_rule(1)], [samples.a_discount(1)], [samples.a_tax(1)])
            work.price_books.current()
            undo()
        with db() as work:
            book = work.price_books.current()
            assert ((), (), ()) == (tuple(book.commission.rules), book.discounts, book.taxes)
            _rule(work, [samples.a_commission_rule(1)])

    def test_the_latest_version_is_in_force(self, db: Begin[PricingWork]) -> None:
        """A new version of a commission rule takes the place of the one before, and both stay known."""
        rules = [samples.a_commission_rule(1, version=version) for version in (1, 2, 3)]
        for rule in rules:
            with db() as work:
                work.price_books.rule_commission(rule)
        with db() as work:
            assert [rules[2]] == list(work.price_books.current().commission.rules)
            keys = [(rule.id, rule.version) for rule in rules]
            found = work.price_books.versions([*keys, (rules[0].id, 4), (samples.rule_id(2), 1)])
            assert [] == differences(dict(zip(keys, rules, strict=True)), dict(found))
            assert {} == work.price_books.versions([])

    @pytest.mark.parametrize(("case", "version"), [("again", 2), ("an old one", 1), ("leaving one out", 4)])
    def test_versions_follow_each_other(self, db: Begin[PricingWork], case: str, version: int) -> None:
        """A version that exists, or does not follow the last one, is a `Conflict`."""
        with db() as work:
            _rule(work, [samples.a_commission_rule(1, version=version) for version in (1, 2)])
        with pytest.raises(Conflict), db() as work:
            work.price_books.rule_commission(samples.a_commission_rule(1, version=version))
        with db() as work:
            assert [2] == [rule.version for rule in work.price_books.current().commission.rules], case

    def test_the_first_version_is_one(self, db: Begin[PricingWork]) -> None:
        """A rule that nobody knows begins with version 1, else it is a `Conflict`."""
        with pytest.raises(Conflict), db() as work:
            work.price_books.rule_commission(samples.a_commission_rule(1, version=2))

    def test_a_retired_rule_stays_known(self, db: Begin[PricingWork]) -> None:
        """A retired commission rule is out of force, its versions are known, and the next one puts it in force again."""
        rules = [samples.a_commission_rule(1, version=version) for version in (1, 2)]
        with db() as work:
            work.price_books.rule_commission(rules[0])
        with db() as work:
            work.price_books.retire_commission(rules[0].id)
            work.price_books.retire_commission(samples.rule_id(77))
        with db() as work:
            assert not work.price_books.current().commission.rules
            assert {(rules[0].id, 1): rules[0]} == work.price_books.versions([(rules[0].id, 1)])
            work.price_books.rule_commission(rules[1])
        with db() as work:
            assert [rules[1]] == list(work.price_books.current().commission.rules)

    def test_discounts_and_taxes_are_replaced(self, db: Begin[PricingWork]) -> None:
        """A discount or a tax that is ruled again is what it is ruled to be, and there is one of it."""
        discount, tax = samples.a_discount(1, code="A"), samples.a_tax(1)
        after = attrs.evolve(discount, name="other", percent=Rate(1, 9), amount=(), discount_code="B", match=CLOSE)
        for each, rated in ((discount, tax), (after, attrs.evolve(tax, rate=Rate(1, 9), country="FR", region=None))):
            with db() as work:
                _rule(work, discounts=[each], taxes=[rated])
        with db() as work:
            book = work.price_books.current()
            assert ((after,), (attrs.evolve(tax, rate=Rate(1, 9), country="FR", region=None),)) == (book.discounts, book.taxes)

    def test_a_code_belongs_to_one_discount(self, db: Begin[PricingWork]) -> None:
        """A discount with the code of another is a `Conflict`; without a code there may be many."""
        with db() as work:
            _rule(work, discounts=[samples.a_discount(1, code="SPRING"), samples.a_discount(2), samples.a_discount(3)])
        with pytest.raises(Conflict), db() as work:
            work.price_books.rule_discount(samples.a_discount(4, code="SPRING"))
        with db() as work:
            work.price_books.rule_discount(samples.a_discount(1, code="SPRING"))
            assert 3 == len(work.price_books.current().discounts)


def _rule(work: PricingWork, rules: Any = (), discounts: list[Discount] | None = None, taxes: Any = ()) -> None:
    for rule in rules:
        work.price_books.rule_commission(rule)
    for discount in discounts or ():
        work.price_books.rule_discount(discount)
    for tax in taxes:
        work.price_books.rule_tax(tax)
