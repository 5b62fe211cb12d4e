"""The database in memory: one transaction at a time, whole or not at all, and every port of it as its docstring says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import attrs
import pytest

from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase, MemoryWork
from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.offer import Offer, OfferStatus
from quarterturn_domain.catalog.product import Product, ProductStatus, Variant
from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.events import AccountRegistered
from quarterturn_domain.identity.vendor import Vendor, VendorStatus
from quarterturn_domain.kernel.currency import EUR, USD, Currency
from quarterturn_domain.kernel.errors import Conflict, granted
from quarterturn_domain.kernel.idempotency import Answer
from quarterturn_domain.kernel.ids import (
    AccountId,
    CartId,
    CategoryId,
    DiscountId,
    DisputeId,
    LocationId,
    OrderId,
    PaymentId,
    PayoutId,
    ProductId,
    RefundId,
    ReturnId,
    RuleId,
    Sku,
    VariantId,
    VendorId,
)
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.cart import Cart, CartStatus
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder, PlaceOrders
from quarterturn_domain.ordering.return_ import Return
from quarterturn_domain.payments.dispute import Dispute
from quarterturn_domain.payments.payment import CaptureMethod, Payment
from quarterturn_domain.payments.refund import Refund
from quarterturn_domain.payouts.payout import Payout
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.payouts.recovery import Debt
from quarterturn_domain.payouts.schedule import PayoutTerms
from quarterturn_domain.pricing.commission import CommissionRule
from quarterturn_domain.pricing.discount import Discount, Funding
from quarterturn_domain.pricing.tax import TaxRule
from quarterturn_domain.settlement.chain import seal
from quarterturn_domain.settlement.chart import AccountKind, LedgerAccount
from quarterturn_domain.settlement.earning import Earning
from quarterturn_domain.settlement.journal import Entry, EntryKind
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.kit import Kit
from quarterturn_domain.stock.movement import Movement, MovementKind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDS = SeededIds(1)
VENDOR, OTHER_VENDOR = VendorId(IDS.new()), VendorId(IDS.new())
HERE, THERE = LocationId(IDS.new()), LocationId(IDS.new())
ROWER, MAT, SET = Sku("ROWER"), Sku("MAT"), Sku("SET")
ORDER, OTHER_ORDER = OrderId(IDS.new()), OrderId(IDS.new())


@pytest.fixture
def database() -> MemoryDatabase:
    """An empty database."""
    return MemoryDatabase(SeededIds(2))


def account(email: str = "ada@example.org") -> Account:
    """Somebody new."""
    return Account.register(AccountId(IDS.new()), email=email, name="Ada", at=NOW)[0]


def vendor(vendor_id: VendorId = VENDOR, status: VendorStatus = VendorStatus.APPROVED) -> Vendor:
    """A vendor."""
    return Vendor(vendor_id, None, "Iron & Oak", "DE", status, NOW)


def movement(quantity: int, *, cause: str | None = None, sku: Sku = ROWER, location_id: LocationId = HERE) -> Movement:
    """Units that come or go."""
    cause = cause or f"movement:{IDS.new()}"
    return Movement(cause, sku, location_id, MovementKind.ADJUSTMENT, quantity, "counted", "test", NOW)


def move(database: MemoryDatabase, *movements: Movement) -> None:
    """Record movements."""
    with database.begin() as work:
        allocation = Allocation(work.stock.lock({each.sku for each in movements}))
        for each in movements:
            allocation.move(each)
        work.stock.record(allocation)


def hold(database: MemoryDatabase, order_id: OrderId, wanted: dict[Sku, int], deadline: datetime) -> None:
    """Reserve units for an order."""
    with database.begin() as work:
        allocation = Allocation(work.stock.lock(wanted))
        allocation.hold(order_id, wanted, deadline=deadline, at=NOW)
        work.stock.record(allocation)


def on_sale(work: MemoryWork, skus: list[Sku], vendor_id: VendorId = VENDOR) -> None:
    """Put published products of an approved vendor up for sale."""
    work.vendors.add([vendor(vendor_id)])
    category = Category(CategoryId(IDS.new()), "Cardio")
    work.categories.add([category])
    for sku in skus:
        variant = Variant(VariantId(IDS.new()), "")
        product = Product(ProductId(IDS.new()), sku.title(), "", category.id, (variant,), vendor_id, ProductStatus.PUBLISHED)
        work.products.add([product])
        work.offers.add([Offer(sku, vendor_id, product.id, variant.id, Money(5_000, EUR), Money(500, EUR))])


# Transactions.


def test_the_work_reaches_what_the_contexts_ask_for(database: MemoryDatabase) -> None:
    """One unit of work serves the use cases of every context: mypy checks the assignment, this the names."""
    begin: Begin[PayoutsWork] = database.begin
    ports = {name for each in PayoutsWork.__mro__ for name, value in vars(each).items() if isinstance(value, property)}
    with begin() as work:
        assert ports
        assert set() == {name for name in ports if name not in vars(work)}


def test_nothing_remains_of_a_failed_block(database: MemoryDatabase) -> None:
    """An exception takes back state, indexes, events, handled messages, answers and numbers alike."""
    person, message = account(), IDS.new()

    def write(work: MemoryWork) -> None:
        on_sale(work, [ROWER])
        work.accounts.add([person])
        work.outbox.append([AccountRegistered(account_id=person.id, at=NOW)])
        assert [message] == work.inbox.admit("crm", [message])
        work.answers.add([Answer("key", "print", "{}", NOW)])
        work.price_books.rule_commission(CommissionRule(id=RuleId(person.id), name="none"))
        allocation = Allocation(work.stock.lock([ROWER]))
        allocation.move(movement(3, cause="once"))
        allocation.hold(ORDER, {ROWER: 2}, deadline=NOW, at=NOW)
        work.stock.record(allocation)
        assert work.price_books.current().commission.rules

    class Boom(BaseException):
        """Something that no handler of ordinary exceptions catches."""

    def fail() -> None:
        with database.begin() as work:
            write(work)
            raise Boom

    with pytest.raises(Boom):
        fail()
    with database.begin() as work:
        assert work.accounts.by_email(person.email) is None
        assert not work.accounts.find([person.id])
        assert not work.outbox.pending(9)
        assert not work.answers.find(["key"])
        assert not work.price_books.current().commission.rules
        assert not work.stock.levels([ROWER])
        assert not work.stock.caused(["once"])
        assert not work.stock.overdue(NOW, 9)
        assert not work.offers.of_vendor(VENDOR, None, 9)
        assert not work.categories.tree()
        # What failed can be done: nothing stands in its way.
        write(work)
    with database.begin() as work:
        assert [1] == [each.sequence for each in work.outbox.pending(9)]
        assert [1] == [number for number, _ in work.stock.movements(ROWER, 0, 9)]
        assert [] == work.inbox.admit("crm", [message])


def test_nobody_sees_what_is_not_committed(database: MemoryDatabase) -> None:
    """A reader in another thread waits for the commit, and then sees all of it."""
    person = account()
    written, seen = Event(), list[Account | None]()

    def read() -> None:
        assert written.wait(10)
        with database.begin() as work:
            seen.append(work.accounts.by_email(person.email))

    reader = Thread(target=read)
    reader.start()
    with database.begin() as work:
        work.accounts.add([person])
        written.set()
        reader.join(0.05)
        assert [] == seen
    reader.join(10)
    assert [person] == seen


def test_many_threads_lose_no_unit(database: MemoryDatabase) -> None:
    """However many threads move stock at once, the item ends with the sum, and every movement has its own number."""
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(move, database, movement(2), movement(-1)) for _ in range(400)]:
            done.result()
    with database.begin() as work:
        assert [400] == [item.on_hand for item in work.stock.levels([ROWER])]
        assert list(range(1, 801)) == [number for number, _ in work.stock.movements(ROWER, 0, 1_000)]


def test_a_unit_of_work_inside_another_is_a_bug(database: MemoryDatabase) -> None:
    """A thread that begins twice is stopped instead of waiting for itself; the outer work goes on."""
    person = account()
    with database.begin() as work:
        with pytest.raises(AssertionError, match="already"), database.begin():
            pass
        work.accounts.add([person])
    with database.begin() as work:
        assert person == work.accounts.by_email(person.email)


def test_a_unit_of_work_ends_with_its_block(database: MemoryDatabase) -> None:
    """Afterwards neither the work nor what was taken from it can be used, be it inside of the next work or outside."""
    with database.begin() as work:
        accounts = work.accounts
    with pytest.raises(AssertionError, match="over"):
        _ = work.accounts
    with pytest.raises(AssertionError, match="over"):
        accounts.find([])
    with database.begin(), pytest.raises(AssertionError, match="over"):
        _ = work.outbox


# The kernel.


def test_messages_leave_in_the_order_of_commits(database: MemoryDatabase) -> None:
    """Only what is committed is pending, oldest first, until it is delivered; what is delivered twice or unknown is passed over."""
    facts = [AccountRegistered(account_id=AccountId(IDS.new()), at=NOW) for _ in range(5)]
    with database.begin() as work:
        work.outbox.append(facts[:2])
        work.outbox.append(facts[2:3])
        assert facts[:3] == list(work.outbox.appended())
        assert not work.outbox.pending(9)
    with database.begin() as work:
        work.outbox.append(facts[3:])
        pending = work.outbox.pending(2)
        assert [(1, facts[0]), (2, facts[1])] == [(each.sequence, each.event) for each in pending]
        work.outbox.delivered([pending[1].id, pending[1].id, IDS.new()])
        assert [1, 3] == [each.sequence for each in work.outbox.pending(9)]
    with database.begin() as work:
        assert [1, 3, 4, 5] == [each.sequence for each in work.outbox.pending(9)]
        assert [] == list(work.outbox.appended())


def test_a_subscriber_handles_a_message_once(database: MemoryDatabase) -> None:
    """Ids are admitted the first time, in order, once each, and for each subscriber by itself."""
    first, second, third = (IDS.new() for _ in range(3))
    with database.begin() as work:
        assert [second, first] == work.inbox.admit("crm", [second, first, second])
    with database.begin() as work:
        assert [third] == work.inbox.admit("crm", [first, third])
        assert [first] == work.inbox.admit("search", [first])


def test_first_answers_stay_until_they_are_old(database: MemoryDatabase) -> None:
    """A key is answered once; forgetting drops only what is older."""
    answers = [Answer(f"key {hour}", "print", "{}", NOW + timedelta(hours=hour)) for hour in range(3)]
    with database.begin() as work:
        work.answers.add(answers)
        with pytest.raises(Conflict):
            work.answers.add([Answer("new", "print", "{}", NOW), answers[0]])
        assert 1 == work.answers.forget(NOW + timedelta(hours=1))
        assert {"key 1", "key 2"} == set(work.answers.find(["new", "key 0", "key 1", "key 2"]))


# Identity and the catalog.


def test_an_address_has_one_account(database: MemoryDatabase) -> None:
    """Neither adding nor saving gives an address to a second account, not even within one batch."""
    ada, bob = account(), account("bob@example.org")
    with database.begin() as work:
        work.accounts.add([ada, bob])
        with pytest.raises(Conflict, match="has an account"):
            work.accounts.add([account("new@example.org"), account(ada.email)])
        with pytest.raises(Conflict, match="has an account"):
            work.accounts.save([attrs.evolve(bob, email=ada.email)])
        with pytest.raises(Conflict, match="has an account"):
            work.accounts.add([account("new@example.org"), account("new@example.org")])
        assert work.accounts.by_email("new@example.org") is None
        work.accounts.save([attrs.evolve(ada, email="lovelace@example.org"), attrs.evolve(bob, email=ada.email)])
        assert [bob.id, ada.id] == [
            found.id for email in (ada.email, "lovelace@example.org") if (found := work.accounts.by_email(email))
        ]


def test_vendors_are_paged_by_id(database: MemoryDatabase) -> None:
    """Pages follow each other without gap or repetition."""
    vendors = [vendor(VendorId(IDS.new())) for _ in range(5)]
    with database.begin() as work:
        work.vendors.add(reversed(vendors))
        assert vendors[:2] == work.vendors.page(None, 2)
        assert vendors[2:4] == work.vendors.page(vendors[1].id, 2)
        assert vendors[4:] == work.vendors.page(vendors[3].id, 2)


@pytest.mark.parametrize(
    ("case", "offer_status", "product_status", "vendor_status", "expected"),
    [
        ("all is live", OfferStatus.LIVE, ProductStatus.PUBLISHED, VendorStatus.APPROVED, None),
        ("a paused offer", OfferStatus.PAUSED, ProductStatus.PUBLISHED, VendorStatus.APPROVED, "the offer is paused"),
        ("a draft", OfferStatus.LIVE, ProductStatus.DRAFT, VendorStatus.APPROVED, "the product is draft"),
        ("a vendor shut out", OfferStatus.LIVE, ProductStatus.PUBLISHED, VendorStatus.SUSPENDED, "the vendor is suspended"),
    ],
)
def test_what_cannot_be_bought_says_why(
    case: str,
    offer_status: OfferStatus,
    product_status: ProductStatus,
    vendor_status: VendorStatus,
    expected: str | None,
    database: MemoryDatabase,
) -> None:
    """Offer, product and vendor each can keep an offer from being bought."""
    with database.begin() as work:
        on_sale(work, [ROWER])
        work.offers.save([attrs.evolve(work.offers.find([ROWER])[ROWER], status=offer_status)])
        work.products.save([attrs.evolve(work.products.page(None, 1)[0], status=product_status)])
        work.vendors.save([vendor(status=vendor_status)])
        sellable = work.offers.sellable([ROWER, MAT])
        assert {ROWER: expected} == {sku: each.not_for_sale for sku, each in sellable.items()}, case


def test_checkout_sees_the_categories_nearest_first(database: MemoryDatabase) -> None:
    """An offer carries its product's category and all above it, as the tree is now, and the title of its variant."""
    root, branch, twig = (Category(CategoryId(IDS.new()), name) for name in ("Fitness", "Cardio", "Rowing"))
    twig = attrs.evolve(twig, parent_id=branch.id)
    variant = Variant(VariantId(IDS.new()), "Black")
    product = Product(ProductId(IDS.new()), "Rower", "", twig.id, (variant,), None, ProductStatus.PUBLISHED)
    with database.begin() as work:
        work.categories.add([root, branch, twig])
        work.vendors.add([vendor()])
        work.products.add([product])
        work.offers.add([Offer(ROWER, VENDOR, product.id, variant.id, Money(1, EUR), Money(0, EUR))])
        assert (twig.id, branch.id) == work.offers.sellable([ROWER])[ROWER].categories
        work.categories.save([attrs.evolve(branch, parent_id=root.id)])
        assert (twig.id, branch.id, root.id) == work.offers.sellable([ROWER])[ROWER].categories
        assert "Rower Black" == work.offers.sellable([ROWER])[ROWER].title


def test_offers_of_a_vendor_are_its_own(database: MemoryDatabase) -> None:
    """A vendor's page holds its offers in the order of SKUs, and nobody else's."""
    with database.begin() as work:
        on_sale(work, [Sku("C"), Sku("A"), Sku("B")])
        on_sale(work, [Sku("AA")], OTHER_VENDOR)
        assert ["A", "B"] == [offer.sku for offer in work.offers.of_vendor(VENDOR, None, 2)]
        assert ["C"] == [offer.sku for offer in work.offers.of_vendor(VENDOR, Sku("B"), 2)]
        assert ["AA"] == [offer.sku for offer in work.offers.of_vendor(OTHER_VENDOR, None, 2)]


# Stock.


def test_a_shelf_holds_what_a_kit_is_made_of(database: MemoryDatabase) -> None:
    """Locking a kit locks its components, and an order that reserved them finds the kit again."""
    move(database, movement(9), movement(9, sku=MAT), movement(4, location_id=THERE))
    with database.begin() as work:
        work.kits.add([Kit(SET, ((ROWER, 1), (MAT, 2)))])
        shelf = work.stock.lock([SET])
        assert ({ROWER: 13, MAT: 9}, {SET}) == (
            {sku: sum(item.on_hand for item in items) for sku, items in shelf.items.items()},
            set(shelf.kits),
        )
    hold(database, ORDER, {SET: 2}, NOW)
    with database.begin() as work:
        shelf = work.stock.lock_orders([ORDER, OTHER_ORDER])
        assert {ORDER: {ROWER: 2, MAT: 4}} == {
            order_id: {each.sku: each.quantity for each in reservations} for order_id, reservations in shelf.reservations.items()
        }
        assert ({ROWER, MAT}, {SET}) == (set(shelf.items), set(shelf.kits))


def test_holds_that_are_over_are_found(database: MemoryDatabase) -> None:
    """By SKU for who needs the units, by order for who cleans up; only what is held counts, once its deadline is reached."""
    move(database, movement(9), movement(9, sku=MAT))
    hold(database, ORDER, {ROWER: 1, MAT: 1}, NOW + timedelta(minutes=2))
    hold(database, OTHER_ORDER, {ROWER: 1}, NOW + timedelta(minutes=1))
    with database.begin() as work:
        early, late = NOW + timedelta(seconds=59), NOW + timedelta(minutes=2)
        assert ([], []) == (work.stock.lapsed([ROWER], early), work.stock.overdue(early, 9))
        assert [(OTHER_ORDER, ROWER), (ORDER, ROWER)] == [(each.order_id, each.sku) for each in work.stock.lapsed([ROWER], late)]
        assert [OTHER_ORDER, ORDER] == work.stock.overdue(late, 9)
        assert [OTHER_ORDER] == work.stock.overdue(late, 1)
        allocation = Allocation(work.stock.lock_orders([OTHER_ORDER]))
        allocation.expire(OTHER_ORDER, at=late)
        work.stock.record(allocation)
        assert [ORDER] == work.stock.overdue(late, 9)


def test_a_cause_moves_an_item_once(database: MemoryDatabase) -> None:
    """The same cause, SKU, location and kind again is a conflict, and nothing of that allocation is written."""
    move(database, movement(5, cause="delivery"))
    with database.begin() as work:
        allocation = Allocation(work.stock.lock([ROWER]))
        allocation.move(movement(1))
        allocation.move(movement(5, cause="delivery"))
        with pytest.raises(Conflict, match="recorded already"):
            work.stock.record(allocation)
        assert [5] == [item.on_hand for item in work.stock.levels([ROWER])]
        assert {"delivery": [5]} == {
            cause: [each.quantity for each in made] for cause, made in work.stock.caused(["delivery", "nothing"]).items()
        }
        assert [] == work.stock.movements(ROWER, 1, 9)


# Pricing.


def test_commission_rules_follow_their_versions(database: MemoryDatabase) -> None:
    """Versions come one after the other and stay known; a retired rule is out of force until its next version."""
    rule = CommissionRule(id=RuleId(IDS.new()), name="ten", rate=Rate.percent("10"))
    second, third = (attrs.evolve(rule, version=version, rate=Rate.percent("8")) for version in (2, 3))
    with database.begin() as work:
        books = work.price_books
        with pytest.raises(Conflict):
            books.rule_commission(second)
        books.rule_commission(rule)
        books.rule_commission(second)
        with pytest.raises(Conflict):
            books.rule_commission(rule)
        assert (second,) == books.current().commission.rules
        assert books.current() is books.current()
        books.retire_commission(rule.id)
        assert () == books.current().commission.rules
        books.rule_commission(third)
        assert (third,) == books.current().commission.rules
        assert {1, 2, 3} == {version for _, version in books.versions([(rule.id, version) for version in range(5)])}


def test_discounts_and_taxes_replace_themselves(database: MemoryDatabase) -> None:
    """The same id again replaces the terms; a code belongs to one discount; what is in force stands in the operator's order."""
    summer = Discount(
        id=DiscountId(IDS.new()),
        name="summer",
        funding=Funding.VENDOR,
        percent=Rate.percent("5"),
        discount_code="SUN",
        position=2,
    )
    always = attrs.evolve(summer, id=DiscountId(IDS.new()), discount_code=None, position=1)
    tax = TaxRule(id=RuleId(IDS.new()), name="VAT", rate=Rate.percent("19"))
    with database.begin() as work:
        books = work.price_books
        books.rule_discount(summer)
        books.rule_discount(always)
        books.rule_tax(tax)
        assert ((always, summer), (tax,)) == (books.current().discounts, books.current().taxes)
        with pytest.raises(Conflict, match="code"):
            books.rule_discount(attrs.evolve(always, discount_code="SUN"))
        later, lower = attrs.evolve(summer, position=0), attrs.evolve(tax, rate=Rate.percent("7"))
        books.rule_discount(later)
        books.rule_tax(lower)
        assert ((later, always), (lower,)) == (books.current().discounts, books.current().taxes)


# Ordering.


def buy(*skus: Sku, at: datetime, buyer_id: AccountId | None = None) -> PlaceOrder:
    """A checkout of one unit of each SKU."""
    lines = tuple(BasketLine(sku, 1) for sku in skus)
    return PlaceOrder(order_id=OrderId(IDS.new()), lines=lines, buyer_id=buyer_id, at=at)


def test_orders_are_paged_latest_first(database: MemoryDatabase) -> None:
    """All orders, a buyer's and a vendor's: the latest first, ties by id, each page after the last place of the one before."""
    buyer = AccountId(IDS.new())
    with database.begin() as work:
        on_sale(work, [ROWER])
        on_sale(work, [MAT], OTHER_VENDOR)
    move(database, movement(99), movement(99, sku=MAT))
    later = NOW + timedelta(microseconds=1)
    checkouts = [
        buy(ROWER, at=NOW, buyer_id=buyer),
        buy(MAT, at=NOW),
        buy(MAT, ROWER, at=later, buyer_id=buyer),
        buy(ROWER, at=later + timedelta(days=1)),
    ]
    first, twin, both, last = map(granted, PlaceOrders(database.begin)(checkouts))
    with database.begin() as work:
        assert [last, both] == work.orders.page(None, 2)
        assert [twin, first] == work.orders.page((both.placed_at, both.id), 9)
        assert [first] == work.orders.page((twin.placed_at, twin.id), 9)
        assert [both, first] == work.orders.of_buyer(buyer, None, 9)
        assert [first] == work.orders.of_buyer(buyer, (both.placed_at, both.id), 9)
        parts = [(last.placed_at, last.vendor_order(VENDOR)), (both.placed_at, both.vendor_order(VENDOR))]
        assert parts == work.orders.of_vendor(VENDOR, None, 2)
        assert [twin.id] == [part.order_id for _, part in work.orders.of_vendor(OTHER_VENDOR, (both.placed_at, both.id), 9)]
        work.orders.save([last.pay(at=NOW)[0], first.expire(at=NOW)[0]])
        assert [twin.id, both.id] == work.orders.overdue(both.deadline + timedelta(days=9), 9)
        assert [twin.id] == work.orders.overdue(twin.deadline, 9)
        assert [] == work.orders.overdue(twin.deadline - timedelta(microseconds=1), 9)
        assert "confirmed" == work.orders.of_vendor(VENDOR, None, 1)[0][1].status


def test_an_account_has_one_open_cart(database: MemoryDatabase) -> None:
    """A second open cart is a conflict; one that is ordered makes room, and guests have as many as they like."""
    owner = AccountId(IDS.new())
    mine, other = (Cart(CartId(IDS.new()), owner, changed_at=NOW) for _ in range(2))
    guests = [Cart(CartId(IDS.new()), None, changed_at=NOW - timedelta(hours=hours)) for hours in (1, 2)]
    with database.begin() as work:
        work.carts.add([mine, *guests])
        with pytest.raises(Conflict, match="another open cart"):
            work.carts.add([other])
        assert [guests[1].id, guests[0].id] == work.carts.idle(NOW, 9)
        assert [guests[1].id] == work.carts.idle(NOW, 1)
        work.carts.save([mine.order(ORDER, at=NOW)])
        assert work.carts.open_of(owner) is None
        work.carts.add([other])
        assert other == work.carts.open_of(owner)
        work.carts.save([attrs.evolve(guests[1], status=CartStatus.MERGED)])
        assert [guests[0].id] == work.carts.idle(NOW, 9)


def test_returns_of_an_order_come_in_the_order_of_their_ids(database: MemoryDatabase) -> None:
    """An order's returns, and no other's."""
    returns = [Return(ReturnId(IDS.new()), ORDER, VENDOR, (), "too heavy", NOW) for _ in range(3)]
    with database.begin() as work:
        work.returns.add(reversed(returns))
        work.returns.add([attrs.evolve(returns[0], id=ReturnId(IDS.new()), order_id=OTHER_ORDER)])
        assert returns == work.returns.of_order(ORDER)


# Payments.


def test_payments_are_found_by_order_reference_and_age(database: MemoryDatabase) -> None:
    """In the order of opening; a reference belongs to one payment; what is taken or cancelled needs no more polling."""
    opened = [
        Payment.open(PaymentId(IDS.new()), order_id, Money(100, EUR), CaptureMethod.AUTOMATIC, at=NOW + timedelta(hours=hours))
        for order_id, hours in [(ORDER, 2), (ORDER, 1), (OTHER_ORDER, 3)]
    ]
    late, early, other = opened
    with database.begin() as work:
        work.payments.add(opened)
        work.payments.save([attrs.evolve(late, reference="pi_1")])
        with pytest.raises(Conflict, match="reference"):
            work.payments.save([attrs.evolve(early, reference="pi_1")])
        assert {"pi_1": late.id} == work.payments.by_reference(["pi_1", "pi_2"])
        found = work.payments.of_orders([ORDER, OrderId(IDS.new())])
        assert {ORDER: [early.id, late.id]} == {order_id: [each.id for each in payments] for order_id, payments in found.items()}
        assert [early.id, late.id] == work.payments.unsettled(NOW + timedelta(hours=3), 9)
        assert [early.id] == work.payments.unsettled(NOW + timedelta(hours=9), 1)
        work.payments.save([early.move("capture"), late.move("cancel"), other.move("fail")])
        assert [other.id] == work.payments.unsettled(NOW + timedelta(hours=9), 9)
        assert {} == work.payments.by_reference(["pi_1"])


def test_refunds_are_open_until_the_provider_has_decided(database: MemoryDatabase) -> None:
    """Requested and sent ones are open, oldest first; a failed one is open again when it is retried."""
    first, second, other = (
        Refund(
            id=RefundId(IDS.new()),
            payment_id=PaymentId(IDS.new()),
            order_id=order_id,
            amount=Money(1, EUR),
            lines=(),
            reason="late",
            requested_at=NOW + timedelta(hours=hours),
        )
        for order_id, hours in [(ORDER, 1), (ORDER, 2), (OTHER_ORDER, 0)]
    )
    with database.begin() as work:
        work.refunds.add([second, first, other])
        assert [first, second] == work.refunds.of_order(ORDER)
        assert [other.id, first.id] == work.refunds.open(2)
        work.refunds.save([first.move("send"), second.move("fail"), other.move("succeed")])
        assert [first.id] == work.refunds.open(9)
        work.refunds.save([second.move("fail").retry()])
        assert [first.id, second.id] == work.refunds.open(9)


def test_disputes_of_an_order_come_in_the_order_of_opening(database: MemoryDatabase) -> None:
    """An order's disputes, and no other's."""
    later, sooner, other = (
        Dispute(
            id=DisputeId(IDS.new()),
            payment_id=PaymentId(IDS.new()),
            order_id=order_id,
            reference="dp",
            amount=Money(1, EUR),
            fee=Money(0, EUR),
            lines=(),
            opened_at=NOW + timedelta(hours=hours),
        )
        for order_id, hours in [(ORDER, 2), (ORDER, 1), (OTHER_ORDER, 0)]
    )
    with database.begin() as work:
        work.disputes.add([later, sooner, other])
        assert [sooner, later] == work.disputes.of_order(ORDER)


# Settlement.

CLEARING = LedgerAccount(AccountKind.PROCESSOR_CLEARING)


def booking(
    minor: int,
    *,
    vendor_id: VendorId = VENDOR,
    kind: AccountKind = AccountKind.VENDOR_AVAILABLE,
    currency: Currency = EUR,
    at: datetime = NOW,
    order_id: OrderId | None = None,
) -> Entry:
    """An entry that gives a vendor money."""
    amount = Money(minor, currency)
    postings = [(CLEARING, amount), (LedgerAccount(kind, vendor_id), -amount)]
    return Entry.of(f"fact:{IDS.new()}", EntryKind.CAPTURE, postings, at=at, order_id=order_id)


def test_a_fact_is_booked_once(database: MemoryDatabase) -> None:
    """A second booking of a fact is a conflict, and nothing of its batch is booked; numbers have no gaps."""
    first, second, third = booking(100), booking(50), booking(7)
    with database.begin() as work:
        work.journal.append([first])
        for batch in ([second, first], [second, second]):
            with pytest.raises(Conflict, match="booked already"):
                work.journal.append(batch)
        assert {first.fact} == work.journal.booked([first.fact, second.fact])
        assert {(CLEARING, EUR): Money(100, EUR)} == work.journal.balances([CLEARING])
    with database.begin() as work:
        work.journal.append([second, third])
        numbers = [each.number for each in work.journal.entries(0, 9)]
        assert sorted(numbers) == numbers
        assert [first, second, third] == [each.entry for each in work.journal.entries(0, 9)]
        assert [second] == [each.entry for each in work.journal.entries(numbers[0], 1)]


def test_balances_are_sums_of_postings(database: MemoryDatabase) -> None:
    """By account and currency, also where they have come back to zero; over all kinds they sum to zero in each currency."""
    with database.begin() as work:
        work.journal.append([booking(100), booking(-30), booking(5, currency=USD), booking(-5, currency=USD)])
        work.journal.append([booking(9, kind=AccountKind.VENDOR_RESERVE)])
    with database.begin() as work:
        available = LedgerAccount(AccountKind.VENDOR_AVAILABLE, VENDOR)
        nobody = LedgerAccount(AccountKind.VENDOR_AVAILABLE, OTHER_VENDOR)
        assert {(available, EUR): Money(-70, EUR), (available, USD): Money(0, USD)} == work.journal.balances([available, nobody])
        totals = work.journal.totals()
        assert Money(79, EUR) == totals[AccountKind.PROCESSOR_CLEARING, EUR]
        assert [0, 0] == [sum(each.minor for (_, of), each in totals.items() if of is currency) for currency in (EUR, USD)]


def test_what_is_owed_is_paged_by_vendor_and_currency(database: MemoryDatabase) -> None:
    """Balances that are not zero, negative ones too, as the vendor sees them."""
    with database.begin() as work:
        work.journal.append(
            [
                booking(100),
                booking(5, currency=USD),
                booking(-7, vendor_id=OTHER_VENDOR),
                booking(1, vendor_id=OTHER_VENDOR, currency=USD),
                booking(-1, vendor_id=OTHER_VENDOR, currency=USD),
                booking(3, kind=AccountKind.VENDOR_PENDING),
            ]
        )
        owing = [(VENDOR, Money(100, EUR)), (VENDOR, Money(5, USD)), (OTHER_VENDOR, Money(-7, EUR))]
        assert owing == work.journal.owing(None, 9)
        assert owing[:1] == work.journal.owing(None, 1)
        assert owing[1:] == work.journal.owing((VENDOR, "EUR"), 9)
        assert owing[2:] == work.journal.owing((VENDOR, "USD"), 9)


def test_entries_are_found_by_order_and_by_vendor(database: MemoryDatabase) -> None:
    """An order's by their numbers, a vendor's by their time; a period includes its beginning and not its end."""
    hours = [2, 0, 1, 3]
    entries = [booking(10**hour, at=NOW + timedelta(hours=hour), order_id=ORDER if hour else None) for hour in hours]
    with database.begin() as work:
        work.journal.append([*entries, booking(1, vendor_id=OTHER_VENDOR, order_id=OTHER_ORDER)])
        assert [2, 1, 3] == [hour for booked in work.journal.of_order(ORDER) for hour in [hours[entries.index(booked.entry)]]]
        period = (NOW, NOW + timedelta(hours=3))
        in_time = sorted(entries[:3], key=lambda entry: entry.at)
        assert in_time == [each.entry for each in work.journal.of_vendor(VENDOR, *period, None, 9)]
        first, *_ = work.journal.of_vendor(VENDOR, *period, None, 1)
        assert [entries[2]] == [each.entry for each in work.journal.of_vendor(VENDOR, *period, (first.entry.at, first.number), 1)]
        assert Money(11, EUR) == work.journal.vendor_balance(VENDOR, EUR, NOW + timedelta(hours=2))
        assert Money(0, USD) == work.journal.vendor_balance(VENDOR, USD, NOW + timedelta(hours=2))


def test_the_chain_grows_by_what_is_unsealed(database: MemoryDatabase) -> None:
    """Sealed entries leave the queue; the chain is read from any place; a place is taken once, and a failed seal leaves none."""
    entries = [booking(each) for each in (1, 2, 3)]
    with database.begin() as work:
        work.journal.append(entries)
        assert work.journal.last_seal() is None
        work.journal.seal(seal(None, work.journal.unsealed(2)))
    with suppress(KeyboardInterrupt), database.begin() as work:
        work.journal.seal(seal(work.journal.last_seal(), work.journal.unsealed(9)))
        raise KeyboardInterrupt
    with database.begin() as work:
        waiting, last = work.journal.unsealed(9), work.journal.last_seal()
        assert (entries[2:], 2) == ([each.entry for each in waiting], last and last.position)
        with pytest.raises(Conflict):
            work.journal.seal(seal(None, waiting))
        work.journal.seal(seal(last, waiting))
        assert [(1, entries[0]), (2, entries[1])] == [(each.position, entry) for each, entry in work.journal.chain(0, 2)]
        assert entries[1:] == [entry for _, entry in work.journal.chain(1, 9)]
        assert not work.journal.unsealed(9)


def test_earnings_fall_due(database: MemoryDatabase) -> None:
    """From their instant on, the longest due first; released ones no more, and of these the reserve in its turn."""
    nothing = Money.zero(EUR)
    undelivered, later, sooner = (Earning(OrderId(IDS.new()), VENDOR, Money(100, EUR), nothing) for _ in range(3))
    later, sooner = later.delivered(NOW + timedelta(days=2)), sooner.delivered(NOW + timedelta(days=1))
    with database.begin() as work:
        work.earnings.add([undelivered, later, sooner])
        assert [] == work.earnings.due(NOW, 9)
        assert [sooner] == work.earnings.due(NOW + timedelta(days=1), 9)
        assert [sooner, later] == work.earnings.due(NOW + timedelta(days=2), 9)
        assert [sooner] == work.earnings.due(NOW + timedelta(days=2), 1)
        month = NOW + timedelta(days=30)
        released, _ = sooner.release(reserved=Money(10, EUR), reserve_until=month, at=NOW)
        work.earnings.save([released])
        assert [later] == work.earnings.due(month, 9)
        assert ([], [released]) == (
            work.earnings.reserves_due(month - timedelta(seconds=1), 9),
            work.earnings.reserves_due(month, 9),
        )
        assert [released] == work.earnings.reserved_of(VENDOR, EUR)
        assert ([], []) == (work.earnings.reserved_of(VENDOR, USD), work.earnings.reserved_of(OTHER_VENDOR, EUR))
        # A reserve that was used up for a debt has nothing left to release.
        work.earnings.save([attrs.evolve(released, reserved=nothing)])
        assert ([], []) == (work.earnings.reserves_due(month, 9), work.earnings.reserved_of(VENDOR, EUR))


# Payouts.


def test_terms_are_the_vendors_own_or_everybodys(database: MemoryDatabase) -> None:
    """Its own first, then those of all vendors, then the usual ones."""
    usual, weekly, own = PayoutTerms(), PayoutTerms(hold=timedelta(days=1)), PayoutTerms(VENDOR, hold=timedelta(0))
    with database.begin() as work:
        assert {VENDOR: usual} == work.payout_terms.of([VENDOR])
        work.payout_terms.set(weekly)
        work.payout_terms.set(own)
        assert {VENDOR: own, OTHER_VENDOR: weekly} == work.payout_terms.of([VENDOR, OTHER_VENDOR])
        work.payout_terms.set(attrs.evolve(own, hold=timedelta(days=3)))
        assert timedelta(days=3) == work.payout_terms.of([VENDOR])[VENDOR].hold


def test_payouts_are_open_then_reversible(database: MemoryDatabase) -> None:
    """Open ones by id; of those that left, what can be taken back, the latest first and by currency."""
    payouts = [
        Payout(
            id=PayoutId(IDS.new()),
            run_id=IDS.new(),
            vendor_id=vendor_id,
            account="acct",
            amount=Money(100, currency),
            recalled=Money(0, currency),
            scheduled_at=NOW + timedelta(days=days),
        )
        for vendor_id, currency, days in [(VENDOR, EUR, 0), (VENDOR, EUR, 1), (VENDOR, USD, 0), (OTHER_VENDOR, EUR, 0)]
    ]
    first, second, dollars, other = payouts
    ids = [payout.id for payout in payouts]
    with database.begin() as work:
        work.payouts.add(reversed(payouts))
        assert (ids[:2], ids[2:]) == (work.payouts.open(None, 2), work.payouts.open(ids[1], 9))
        assert [first, second, dollars] == work.payouts.of_vendor(VENDOR, None, 9)
        assert [second] == work.payouts.of_vendor(VENDOR, first.id, 1)
        assert [] == work.payouts.reversible(VENDOR, EUR)
        sent = [attrs.evolve(each.move("send", at=NOW)[0], transfer=f"tr_{each.id}") for each in payouts]
        work.payouts.save(sent)
        assert [sent[1], sent[0]] == work.payouts.reversible(VENDOR, EUR)
        paid, failed = sent[0].move("pay", at=NOW)[0], sent[1].move("fail", at=NOW)[0]
        work.payouts.save([paid, failed])
        assert [paid] == work.payouts.reversible(VENDOR, EUR)
        assert [dollars.id, other.id] == work.payouts.open(None, 9)
        work.payouts.save([attrs.evolve(paid, recalled=paid.amount)])
        assert [] == work.payouts.reversible(VENDOR, EUR)


def test_a_covered_debt_is_forgotten(database: MemoryDatabase) -> None:
    """Removing forgets a debt in one currency and not in another; what is not there is passed over."""
    euros, dollars = Debt(VENDOR, "EUR", NOW), Debt(VENDOR, "USD", NOW)
    with database.begin() as work:
        work.debts.add([euros, dollars])
        work.debts.remove([euros.key, (OTHER_VENDOR, "EUR")])
        assert {dollars.key: dollars} == work.debts.find([euros.key, dollars.key])
