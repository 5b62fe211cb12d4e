"""What the ports of payouts promise: terms, payouts and debts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs
import pytest

from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payouts.payout import PAYOUT, Payout, PayoutStatus
from quarterturn_domain.payouts.ports import Debts, Payouts, PayoutsWork
from quarterturn_domain.payouts.recovery import Debt
from quarterturn_domain.payouts.schedule import PayoutTerms
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import DatabaseContract
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.pages import leafed
from quarterturn_domain.testing.contracts.repository import RepositoryContract

NOW = samples.moment(0)


class PayoutTermsContract(DatabaseContract):
    """What `PayoutTermsBook` promises."""

    def furnish(self, work: PayoutsWork) -> None:
        """Keep vendors."""
        samples.furnish_people(work)

    def test_without_terms_the_defaults_hold(self, db: Begin[PayoutsWork]) -> None:
        """Where nobody has set terms, each vendor's are `PayoutTerms()`; asked for nobody there are none."""
        with db() as work:
            vendor = samples.vendor_id(1)
            assert [] == differences({vendor: PayoutTerms()}, dict(work.payout_terms.of([vendor])))
            assert {} == work.payout_terms.of([])

    def test_own_terms_come_before_those_of_all(self, db: Begin[PayoutsWork]) -> None:
        """A vendor's own terms hold, else those of all vendors; both come back equal."""
        with db() as work:
            work.payout_terms.set(samples.payout_terms(1))
            work.payout_terms.set(samples.payout_terms(None))
        with db() as work:
            expected = {samples.vendor_id(1): samples.payout_terms(1), samples.vendor_id(2): samples.payout_terms(None)}
            assert [] == differences(expected, dict(work.payout_terms.of(expected)))

    @pytest.mark.parametrize("vendor", [1, None])
    def test_terms_are_replaced(self, db: Begin[PayoutsWork], vendor: int | None) -> None:
        """Terms that are set again are what they are set to be, the defaults included."""
        whose = None if vendor is None else samples.vendor_id(vendor)
        for terms in (samples.payout_terms(vendor), PayoutTerms(vendor_id=whose)):
            with db() as work:
                work.payout_terms.set(terms)
            with db() as work:
                asked = samples.vendor_id(vendor or 5)
                assert [] == differences({asked: terms}, dict(work.payout_terms.of([asked])))


class PayoutsContract(RepositoryContract[PayoutId, Payout]):
    """What `Payouts` promises."""

    def furnish(self, work: PayoutsWork) -> None:
        """Keep vendors."""
        samples.furnish_people(work)

    def repository(self, work: PayoutsWork) -> Payouts:
        """The payouts."""
        return work.payouts

    def new(self, n: int) -> Payout:
        """A new payout, scheduled."""
        return samples.a_payout(n)

    def changed(self, value: Payout) -> Payout:
        """The payout, sent, with something taken back since."""
        sent = attrs.evolve(value, transfer=f"tr_{value.id}", reference=f"po_{value.id}")
        return attrs.evolve(sent.move("send", at=NOW)[0], recalled=Money(4, value.amount.currency))

    @pytest.mark.parametrize(
        "acts",
        [("lose_sight",), ("send",), ("send", "pay"), ("fail",), ("send", "fail"), ("send", "pay", "return")],
        ids="-".join,
    )
    def test_every_status_comes_back(self, db: Begin[PayoutsWork], acts: Sequence[str]) -> None:
        """A payout comes back equal in every status, with the reason of a failure."""
        value = _after(self.new(1), acts)
        self.added(db, [value])
        assert [] == differences({value.id: value}, self.found(db, [value.id]))

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_open_payouts_are_in_the_order_of_ids(self, db: Begin[PayoutsWork], limit: int) -> None:
        """`open` gives the payouts that are scheduled, unknown or sent, in the order of their ids, those after `after`."""
        lives = [(), ("send",), ("send", "pay"), ("lose_sight",), ("fail",), ("send", "return"), ("lose_sight", "send")]
        payouts = [_after(self.new(n), acts) for n, acts in enumerate(lives, start=1)]
        self.added(db, reversed(payouts))
        with db() as work:
            assert [payouts[n].id for n in (0, 1, 3, 6)] == leafed(work.payouts.open, lambda payout_id: payout_id, limit)

    def test_references_lead_to_their_payouts(self, db: Begin[PayoutsWork]) -> None:
        """`by_reference` and `by_transfer` give the payouts whose legs have these names at the provider."""
        payouts = [_after(self.new(n), ("send",)) for n in (1, 2)]
        self.added(db, [*payouts, attrs.evolve(self.new(3), transfer=None, reference=None)])
        with db() as work:
            expected = {payout.reference: payout.id for payout in payouts}
            assert expected == work.payouts.by_reference([*(payout.reference or "" for payout in payouts), "po_none"])
            expected = {payout.transfer: payout.id for payout in payouts}
            assert expected == work.payouts.by_transfer([*(payout.transfer or "" for payout in payouts), "tr_none"])
            assert {} == work.payouts.by_reference([])
            assert {} == work.payouts.by_transfer([])

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_pages_of_a_vendor_are_in_the_order_of_ids(self, db: Begin[PayoutsWork], limit: int) -> None:
        """`of_vendor` gives this vendor's payouts, in the order of their ids, those after `after`."""
        mine = [samples.a_payout(n, vendor=1) for n in (1, 3, 5)]
        self.added(db, [*reversed(mine), samples.a_payout(2, vendor=2)])
        vendor = samples.vendor_id(1)
        with db() as work:
            read = leafed(lambda after, size: work.payouts.of_vendor(vendor, after, size), lambda payout: payout.id, limit)
        assert mine == read

    @pytest.mark.parametrize("limit", [1, 2, 100])
    @pytest.mark.parametrize("status", [None, *PAYOUT.states])
    def test_pages_from_the_latest_to_the_first(self, db: Begin[PayoutsWork], limit: int, status: PayoutStatus | None) -> None:
        """`page` gives every payout (of one status) once, the latest first; `latest_of_vendor` those of one vendor and no other."""
        lives = [(), ("send",), ("send", "pay"), ("lose_sight",), ("fail",), ("send", "return"), ()]
        payouts = [
            attrs.evolve(_after(samples.a_payout(n, vendor=1 + n % 2), acts), scheduled_at=samples.moment(n // 2))
            for n, acts in enumerate(lives, start=1)
        ]
        self.added(db, payouts[3:] + payouts[:3])
        vendor = samples.vendor_id(1)

        def place(payout: Payout) -> tuple[datetime, PayoutId]:
            return (payout.scheduled_at, payout.id)

        with db() as work:
            read = leafed(lambda after, size: work.payouts.page(after, size, status), place, limit)
            mine = leafed(lambda after, size: work.payouts.latest_of_vendor(vendor, after, size, status), place, limit)
        expected = sorted((each for each in payouts if status in {None, each.status}), key=place, reverse=True)
        assert expected == read
        assert [each for each in expected if each.vendor_id == vendor] == mine

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_pages_of_a_run_are_in_the_order_of_ids(self, db: Begin[PayoutsWork], limit: int) -> None:
        """`of_run` gives what this run claimed, whatever became of it, in the order of ids, those after `after`."""
        run_id, other = UUID(int=0xB), UUID(int=0xA)
        lives = [(), ("send", "pay"), ("fail",)]
        mine = [_after(attrs.evolve(samples.a_payout(n), run_id=run_id), acts) for n, acts in zip((1, 3, 5), lives, strict=True)]
        self.added(db, [*reversed(mine), attrs.evolve(samples.a_payout(2), run_id=other)])
        with db() as work:
            read = leafed(lambda after, size: work.payouts.of_run(run_id, after, size), lambda payout: payout.id, limit)
            assert [] == list(work.payouts.of_run(UUID(int=0xC), None, limit))
        assert [] == differences(mine, read)

    def test_payouts_that_can_be_taken_back(self, db: Begin[PayoutsWork]) -> None:
        """`reversible` gives a vendor's payouts in a currency of which a transfer is left, the latest first."""
        lives = [("send",), ("send", "pay"), (), ("send", "fail"), ("send", "return"), ("send",)]
        payouts = [_after(samples.a_payout(n, vendor=1), acts) for n, acts in enumerate(lives, start=1)]
        payouts[2] = attrs.evolve(payouts[2], transfer=None)
        spent = attrs.evolve(payouts[5], recalled=payouts[5].amount)
        foreign = _after(
            attrs.evolve(samples.a_payout(7, vendor=1), amount=samples.amount(5, 2), recalled=samples.amount(0, 2)), ["send"]
        )
        others = _after(samples.a_payout(8, vendor=4), ["send"])
        self.added(db, [*payouts[:5], spent, foreign, others])
        with db() as work:
            vendor = samples.vendor_id(1)
            assert [payouts[1], payouts[0]] == list(work.payouts.reversible(vendor, samples.currency(1)))
            assert [foreign] == list(work.payouts.reversible(vendor, samples.currency(2)))
            assert [] == list(work.payouts.reversible(samples.vendor_id(2), samples.currency(2)))


class DebtsContract(RepositoryContract[tuple[VendorId, str], Debt]):
    """What `Debts` promises."""

    def furnish(self, work: PayoutsWork) -> None:
        """Keep vendors."""
        samples.furnish_people(work)

    def repository(self, work: PayoutsWork) -> Debts:
        """The debts."""
        return work.debts

    def new(self, n: int) -> Debt:
        """A new debt of a vendor in a currency."""
        return samples.a_debt(n)

    def changed(self, value: Debt) -> Debt:
        """The debt, since later."""
        return attrs.evolve(value, since=samples.moment(88))

    def key(self, value: Debt) -> tuple[VendorId, str]:
        """Its vendor and currency."""
        return value.key

    def test_debts_in_two_currencies_are_two(self, db: Begin[PayoutsWork]) -> None:
        """A vendor may owe in several currencies, each since its own time."""
        debts = [Debt(samples.vendor_id(1), code, samples.moment(n)) for n, code in enumerate(("EUR", "JPY"))]
        self.added(db, debts)
        assert {debt.key: debt for debt in debts} == self.found(db, [debt.key for debt in debts])

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_pages_are_in_the_order_of_vendor_and_currency(self, db: Begin[PayoutsWork], limit: int) -> None:
        """`page` gives every debt that is not forgotten, by vendor and currency code, those after `after`."""
        places = [(1, "EUR"), (2, "BHD"), (2, "EUR"), (2, "JPY"), (3, "BHD")]
        debts = [Debt(samples.vendor_id(vendor), code, samples.moment(9 - n)) for n, (vendor, code) in enumerate(places)]
        with db() as work:
            assert [] == list(work.debts.page(None, limit))
        self.added(db, reversed(debts))
        with db() as work:
            work.debts.remove([debts[2].key])
        with db() as work:
            assert [*debts[:2], *debts[3:]] == leafed(work.debts.page, lambda debt: debt.key, limit)

    def test_covered_debts_are_forgotten(self, db: Begin[PayoutsWork]) -> None:
        """`remove` forgets the debts named and no others; what is not there is passed over, and a debt can begin anew."""
        self.added(db, [self.new(1), self.new(2)])
        with db() as work:
            work.debts.remove([self.new(1).key, self.new(9).key])
            work.debts.remove([])
        assert {self.new(2).key: self.new(2)} == self.found(db, [self.new(1).key, self.new(2).key])
        self.added(db, [self.changed(self.new(1))])


def _after(payout: Payout, acts: Sequence[str]) -> Payout:
    """`payout` after these acts, with the provider's names for it."""
    for act in acts:
        payout, _ = payout.move(act, reason="no such account" if act in {"fail", "return"} else "", at=NOW)
    return attrs.evolve(payout, transfer=f"tr_{payout.id}", reference=f"po_{payout.id}") if "send" in acts else payout
