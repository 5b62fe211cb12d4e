"""Strategies for the lives of orders: a small marketplace, and everything that may happen to what is bought there, step by step.

A step names what it acts on by a number, which counts among the things that exist by then; so every step is possible, and what is
left when Hypothesis has shrunk a life can be read. `quarterturn_domain.testing.lives` lives them on any adapter.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypeAlias

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from quarterturn_domain.kernel.currency import EUR, Currency
from quarterturn_domain.kernel.ids import Sku
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import ZERO, Rate
from quarterturn_domain.payouts.recovery import Recovery
from quarterturn_domain.payouts.schedule import PayoutTerms
from quarterturn_domain.pricing.commission import CommissionRule
from quarterturn_domain.pricing.discount import Discount
from quarterturn_domain.pricing.tax import TaxRule
from quarterturn_domain.testing.contracts.gateways.drivers import BankAccount, Means
from quarterturn_domain.testing.strategies.money import currencies
from quarterturn_domain.testing.strategies.terms import commission_rules, discounts, taxes

SMALL: Final = 3
"""How many vendors, and how many products, a life's marketplace has."""


@attrs.frozen
class Goods:
    """An offer and its stock; `vendor` and `product` count among `VENDORS` and `PRODUCTS`."""

    vendor: int
    product: int
    price: Money
    shipping: Money
    on_hand: int

    @property
    def sku(self) -> Sku:
        """The vendor's word for it."""
        return Sku(f"{'ABC'[self.vendor]}-{self.product + 1:02}")


@attrs.frozen
class Place:
    """Baskets are ordered in one batch, each a tuple of (goods, quantity); `again` asks a second time, for the same answer."""

    baskets: tuple[tuple[tuple[int, int], ...], ...]
    again: bool = False


@attrs.frozen
class Onward:
    """An order goes on as most orders do: paid, packed, sent, delivered, paid out; a vendor order that is behind goes first."""

    order: int


@attrs.frozen
class Start:
    """A payment is opened for an order, and tried at once if there are `means`; a second one for the same order may be.

    It is captured at once, by hand or, with `parcels`, for each of them.
    """

    order: int
    means: Means | None = None
    manual: bool = False
    parcels: bool = False


@attrs.frozen
class Confirm:
    """A payment is tried."""

    payment: int
    means: Means
    attempt: int = 1


@attrs.frozen
class Authenticate:
    """The customer does what the bank requires, or fails to; nobody tells us."""

    payment: int
    succeed: bool


@attrs.frozen
class Settle:
    """An authorised payment is captured, or cancelled."""

    payment: int
    act: str


@attrs.frozen
class Cancel:
    """An order is given up; with a `part`, units of that vendor order are, or with none of them all that can be."""

    order: int
    part: int | None = None
    units: tuple[tuple[int, int], ...] = ()


@attrs.frozen
class Ship:
    """A vendor begins if it has not, and sends a parcel with units (line, quantity), or with all that is left."""

    order: int
    part: int
    units: tuple[tuple[int, int], ...] = ()


@attrs.frozen
class Deliver:
    """Everything of a vendor order that is under way arrives."""

    order: int
    part: int


@attrs.frozen
class AskBack:
    """A return of units is requested, or of all that was delivered."""

    order: int
    part: int
    units: tuple[tuple[int, int], ...] = ()


@attrs.frozen
class Decide:
    """A return is decided about."""

    number: int
    act: str
    restock: bool = True
    refund_shipping: bool = False


@attrs.frozen
class Refund:
    """Money is owed for an order: `units` of a line, thousandths of its goods and shipping, of all that is left, or everything."""

    order: int
    line: int | None = None
    units: int | None = None
    goods: int = 0
    shipping: int = 0
    spread: int | None = None


@attrs.frozen
class Dispute:
    """The customer's bank takes back thousandths of what a payment has left."""

    payment: int
    part: int = 1000


@attrs.frozen
class Judge:
    """The bank decides a dispute."""

    dispute: int
    won: bool


@attrs.frozen
class Pass:
    """Time passes."""

    by: timedelta


@attrs.frozen
class Work:
    """A worker does its part: relay, sync, expire, release, pay out, confirm, recover, or everything until it is quiet."""

    what: str


@attrs.frozen
class Fail:
    """The next call of a method of the provider fails: `unavailable`, or the request or the answer is lost."""

    method: str
    how: str


Step: TypeAlias = (
    Place
    | Onward
    | Start
    | Confirm
    | Authenticate
    | Settle
    | Cancel
    | Ship
    | Deliver
    | AskBack
    | Decide
    | Refund
    | Dispute
    | Judge
    | Pass
    | Work
    | Fail
)
"""One thing that happens."""


@attrs.frozen
class OrderLife:
    """A marketplace, its terms, and what happens there."""

    goods: tuple[Goods, ...]
    steps: tuple[Step, ...]
    rules: tuple[CommissionRule | Discount | TaxRule, ...] = ()
    payout_terms: PayoutTerms = attrs.field(factory=PayoutTerms)
    banks: tuple[BankAccount, ...] = (BankAccount.PAYS,) * SMALL


WORK: Final = ("relay", "sync", "expire", "release", "pay_out", "confirm", "recover", "quiet")
"""What workers do."""

FAILING: Final = (
    "open_payment",
    "confirm_payment",
    "capture_payment",
    "cancel_payment",
    "refund_payment",
    "transfer",
    "pay_out",
    "reverse_transfer",
)
"""The methods of the gateways that change something."""

_PASSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 20, 60 * 30, 60 * 24 * 4, 60 * 24 * 20, 60 * 24 * 200))
_FEW: Final = st.integers(0, 3)
_MANY: Final = st.integers(1, 3)
_PARTS: Final = st.sampled_from((1, 333, 500, 999, 1000))
_UNITS: Final = st.lists(st.tuples(_FEW, _MANY), max_size=2, unique_by=lambda pair: pair[0]).map(tuple)


def _steps(*, failing: bool) -> SearchStrategy[Step]:
    basket = st.lists(st.tuples(st.integers(0, 4), _MANY), min_size=1, max_size=3).map(tuple)
    means = st.sampled_from(Means)
    each: list[SearchStrategy[Step]] = [
        st.builds(Place, st.lists(basket, min_size=1, max_size=3).map(tuple), st.booleans()),
        # Most of what happens is that orders go on: without that nothing would be there to be refunded or paid out.
        st.builds(Onward, _FEW),
        st.builds(Onward, _FEW),
        st.builds(Onward, _FEW),
        st.builds(Start, _FEW, st.none() | means, st.booleans(), st.booleans()),
        st.builds(Confirm, _FEW, means, st.integers(1, 2)),
        st.builds(Authenticate, _FEW, st.booleans()),
        st.builds(Settle, _FEW, st.sampled_from(("capture", "capture", "cancel"))),
        st.builds(Cancel, _FEW, st.none() | _FEW, _UNITS),
        st.builds(Ship, _FEW, _FEW, _UNITS),
        st.builds(Deliver, _FEW, _FEW),
        st.builds(AskBack, _FEW, _FEW, _UNITS),
        st.builds(
            Decide, _FEW, st.sampled_from(("approve", "receive", "receive", "reject", "withdraw")), st.booleans(), st.booleans()
        ),
        st.builds(Refund, _FEW, line=_FEW, units=_MANY),
        st.builds(Refund, _FEW, line=_FEW, goods=_PARTS, shipping=_PARTS),
        st.builds(Refund, _FEW, spread=st.none() | _PARTS),
        st.builds(Dispute, _FEW, _PARTS),
        st.builds(Judge, _FEW, st.booleans()),
        st.builds(Pass, st.sampled_from(_PASSES)),
        st.builds(Work, st.sampled_from(WORK)),
        st.builds(Work, st.just("quiet")),
    ]
    if failing:
        each.append(st.builds(Fail, st.sampled_from(FAILING), st.sampled_from(("unavailable", "lost_request", "lost_answer"))))
    return st.one_of(each)


_WAYS: Final[tuple[tuple[Step, ...], ...]] = (
    (),
    (Start(0, Means.APPROVED, manual=True), Onward(0), Settle(0, "capture")),
    (Start(0, Means.APPROVED, manual=True), Cancel(0, 0, ((0, 1),)), Settle(0, "capture")),
    (Start(0, Means.APPROVED, parcels=True), Ship(0, 0, ((0, 1),)), Work("relay"), Cancel(0, 1), Ship(0, 0), Work("relay")),
    (Start(0, Means.APPROVED, parcels=True), Ship(0, 0, ((0, 1),)), Work("relay"), Refund(0, spread=500), Dispute(0, 333)),
    (Start(0), Start(0), Confirm(0, Means.APPROVED), Confirm(1, Means.APPROVED)),
    (Start(0, Means.LATE_SUCCESS), Pass(timedelta(minutes=20)), Work("expire"), Work("sync")),
    (Start(0, Means.DECLINED), Confirm(0, Means.ACTION_REQUIRED), Authenticate(0, succeed=True), Work("sync")),
    (Start(0, Means.LATE_REFUND), Refund(0, spread=500), Work("relay")),
)
"""How a first order is paid: at once, later, in parts, twice, too late, in the end, or with money that goes back slowly."""


@st.composite
def _goods(draw: DrawFn, unit: Currency) -> Goods:
    price = draw(st.one_of(st.integers(0, 20), st.integers(100, 5_000)))
    shipping = draw(st.one_of(st.just(0), st.integers(0, 500)))
    whose, which = draw(st.integers(0, SMALL - 1)), draw(st.integers(0, SMALL - 1))
    return Goods(whose, which, Money(price, unit), Money(shipping, unit), draw(st.integers(1, 9)))


@st.composite
def order_lives(draw: DrawFn, *, max_steps: int = 30, failing: bool = False) -> OrderLife:
    """A marketplace of up to five offers in one or two currencies, and up to `max_steps` steps that begin with an order.

    With `failing` some calls of the provider do not come through.
    """
    units = (EUR, draw(currencies()))
    goods = draw(st.lists(st.sampled_from(units).flatmap(_goods), min_size=1, max_size=5, unique_by=lambda each: each.sku))
    rules: list[CommissionRule | Discount | TaxRule] = [
        attrs.evolve(rule, version=1) for rule in draw(st.lists(commission_rules(), max_size=2, unique_by=lambda rule: rule.id))
    ]
    rules += draw(st.lists(discounts(), max_size=1))
    rules += draw(st.lists(taxes(), max_size=1))
    terms = PayoutTerms(
        hold=timedelta(days=draw(st.sampled_from((0, 7)))),
        reserve=draw(st.just(ZERO) | st.just(Rate.percent("12.5"))),
        recovery=Recovery(patience=timedelta(days=draw(st.sampled_from((0, 14))))),
    )
    first = Place(
        ((tuple((number, 1) for number in range(len(goods)) if goods[number].price.currency is goods[0].price.currency)),)
    )
    # A size that is drawn first makes long lives as likely as short ones; a way that is gone first makes late states so.
    size = draw(st.integers(0, max_steps - 1))
    usual = (*draw(st.sampled_from(_WAYS)), *[Onward(0)] * draw(st.integers(0, 7)))[:size]
    rest = size - len(usual)
    steps = (first, *usual, *draw(st.lists(_steps(failing=failing), min_size=rest, max_size=rest)))
    banks = tuple(draw(st.sampled_from((BankAccount.PAYS, *BankAccount))) for _ in range(SMALL))
    return OrderLife(tuple(goods), steps, tuple(rules), terms, banks)
