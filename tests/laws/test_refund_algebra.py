"""Refunds are an algebra: what each party gives back follows from how much was refunded in all, never from in how many parts."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_domain.kernel.money import Money
from quarterturn_domain.pricing.quote import PriceBook, quote
from quarterturn_domain.pricing.split import RefundTooLarge, Split, _webster
from quarterturn_domain.testing.strategies import NOON, Basket, baskets, currencies, price_books, refund_sequences

PARTIES = ("earning", "charged", "commission_tax", "tax_kept")


@st.composite
def charges(draw: st.DrawFn, max_minor: int = 10**7) -> Split:
    """Any split that a charge can have: small ones, where rounding shows, and large ones; with and without each part."""
    unit = draw(currencies())
    part = st.one_of(st.just(0), st.integers(0, 9), st.integers(0, max_minor))
    earning, commission, commission_tax, tax_kept = (draw(part) for _ in range(4))
    whole = earning + commission + commission_tax + tax_kept
    # The customer pays the taxes that the platform remits; of the rest the platform may fund any part.
    subsidy = draw(st.one_of(st.just(0), st.integers(0, whole - tax_kept)))
    split = Split.charge(
        Money(whole - subsidy, unit), commission=commission, commission_tax=commission_tax, tax_kept=tax_kept, subsidy=subsidy
    )
    assert earning == split.earning.minor
    return split


def one_cent_at_a_time(amount: int, parts: Sequence[int]) -> list[int]:
    """Webster's method by definition: each unit to the party with the largest `part / (2 * given + 1)`, of equal ones the first."""
    given_so_far = [0 for _ in parts]
    for _ in range(amount):
        quotients = [Fraction(part, 2 * has + 1) for part, has in zip(parts, given_so_far, strict=True)]
        given_so_far[quotients.index(max(quotients))] += 1
    return given_so_far


PROPORTIONS = st.lists(st.integers(0, 60), min_size=1, max_size=5)


@given(PROPORTIONS.flatmap(lambda parts: st.tuples(st.integers(0, sum(parts)), st.just(parts))))
def test_webster_is_webster(case: tuple[int, list[int]]) -> None:
    """The quick way of sharing gives what giving one unit after another gives."""
    amount, parts = case
    assert one_cent_at_a_time(amount, parts) == _webster(amount, parts)


@given(charges().flatmap(lambda split: st.tuples(st.just(split), refund_sequences(split.paid))))
def test_refunds_that_end_in_the_whole_leave_nobody_with_anything(case: tuple[Split, list[Money]]) -> None:
    """Whatever the partial refunds, when all of it is refunded every party has given back exactly what it got: no cent stays.

    After each of them the split of what is left still balances, and nobody has less than nothing.
    """
    sold, refunds = case
    left, refunded = sold, Money.zero(sold.paid.currency)
    for refund in refunds:
        given_back = sold.given_back(refunded + refund) - sold.given_back(refunded)
        assert refund == given_back.paid
        assert given_back.balanced
        left, refunded = left - given_back, refunded + refund
        assert left.balanced
        assert min(getattr(left, party).minor for party in (*PARTIES, "paid", "subsidy")) >= 0
    assert sold.paid == refunded
    if sold.paid:
        assert Split.nothing(sold.paid.currency) == left


@given(charges(), st.lists(st.integers(1, 4), min_size=1, max_size=5))
def test_undoing_all_units_leaves_nobody_with_anything(sold: Split, batches: list[int]) -> None:
    """The same by units, which also gives back what the customer paid nothing for because the platform funded all of it."""
    quantity, left, undone = sum(batches), sold, 0
    for units in batches:
        given_back = sold.undone(undone + units, quantity) - sold.undone(undone, quantity)
        assert given_back.balanced
        assert min(getattr(given_back, party).minor for party in (*PARTIES, "paid", "subsidy")) >= 0
        left, undone = left - given_back, undone + units
    assert Split.nothing(sold.paid.currency) == left


@given(charges().flatmap(lambda split: st.tuples(st.just(split), *[st.integers(0, split.paid.minor)] * 2)))
def test_nobody_gets_anything_back_by_a_further_refund(case: tuple[Split, int, int]) -> None:
    """What each party has given back grows with what was refunded: earning, commission charged, both taxes, and the subsidy."""
    sold, *refunded = case
    less, more = (sold.given_back(Money(minor, sold.paid.currency)) for minor in sorted(refunded))
    for part in (*PARTIES, "paid", "subsidy"):
        assert getattr(less, part) <= getattr(more, part) <= getattr(sold, part)


@given(charges().flatmap(lambda split: st.tuples(st.just(split), st.integers(0, split.paid.minor))))
def test_a_share_is_fair(case: tuple[Split, int]) -> None:
    """How far a party can be from the exact proportion of what was refunded.

    Half a unit for its own rounding, and its part of the others' three halves; where there is a subsidy, also its part of
    the half unit that the subsidy was rounded by. So it is at most two units, and without a subsidy one and a half.
    """
    sold, refunded = case
    if not sold.paid:
        return
    back = sold.given_back(Money(refunded, sold.paid.currency))
    proportion = Fraction(refunded, sold.paid.minor)
    half, whole = Fraction(1, 2), sold.paid.minor + sold.subsidy.minor
    assert abs(back.subsidy.minor - proportion * sold.subsidy.minor) <= half
    for party in PARTIES:
        got = getattr(sold, party).minor
        others = Fraction(got, whole) * (1 if not sold.subsidy else 1 + half)
        assert abs(getattr(back, party).minor - proportion * got) <= half + others


@given(charges(), st.integers(1, 10**6))
def test_more_than_was_paid_is_not_given_back(sold: Split, more: int) -> None:
    """A refund beyond what was paid, or of less than nothing, is refused with both amounts."""
    for minor in (sold.paid.minor + more, -more):
        asked = Money(minor, sold.paid.currency)
        with pytest.raises(RefundTooLarge) as refused:
            sold.given_back(asked)
        assert RefundTooLarge(asked, sold.paid) == refused.value


@given(charges())
def test_nothing_refunded_is_nothing_given_back(sold: Split) -> None:
    """Before the first refund nobody gives anything back, even of a charge that cost the customer nothing."""
    nothing = Split.nothing(sold.paid.currency)
    assert nothing == sold.given_back(nothing.paid)
    assert nothing == sold.undone(0, 3)


@given(baskets(max_lines=3), price_books(), st.data())
def test_quoted_lines_are_given_back_whole(basket: Basket, book: PriceBook, data: st.DataObject) -> None:
    """The law holds for real lines, goods and shipping apart: tax on commission, tax kept and subsidy included."""
    for price in quote(basket, book, at=NOON):
        for sold in (price.goods, price.shipping):
            refunded, left = Money.zero(sold.paid.currency), sold
            for refund in data.draw(refund_sequences(sold.paid, max_refunds=4)):
                left -= sold.given_back(refunded + refund) - sold.given_back(refunded)
                refunded += refund
            assert left == (Split.nothing(sold.paid.currency) if sold.paid else sold)
            assert Split.nothing(sold.paid.currency) == sold - sold.undone(price.quantity, price.quantity)
