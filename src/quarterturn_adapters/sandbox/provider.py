"""The sandbox provider: one lock, one clock, idempotency and faults around the books, and what a test makes happen outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import RLock
from typing import Any, Final, TypeVar

from quarterturn_adapters.sandbox.books import Books, found
from quarterturn_adapters.sandbox.cards import Bank
from quarterturn_adapters.sandbox.charging import Charging, payment_of
from quarterturn_adapters.sandbox.faults import Fault, Faults
from quarterturn_adapters.sandbox.idempotency import Keys, Params
from quarterturn_adapters.sandbox.ledger import PLATFORM
from quarterturn_adapters.sandbox.paying import Paying
from quarterturn_adapters.sandbox.proof import prove
from quarterturn_adapters.sandbox.snapshot import plain, whole
from quarterturn_adapters.sandbox.terms import Terms
from quarterturn_adapters.sandbox.webhooks import Delivery, EventRecord, Handler, signed
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import DomainError, Unavailable
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayDispute, GatewayPayment, LineKind, OutcomeUnknown
from quarterturn_domain.payouts.gateway import GatewayPayout

T = TypeVar("T")

_RECORDS: Final = ("payments", "refunds", "disputes", "accounts", "links", "transfers", "payouts")


class Sandbox:
    """A provider in memory, safe to share among threads, and the same in every run with the same seed and clock.

    `SandboxPayments` and `SandboxTransfers` are its ports. What is due happens, at its own time, before the next call is answered.
    """

    def __init__(
        self, clock: Clock, *, seed: int = 0, terms: Terms | None = None, secrets: Sequence[str] = ("whsec_sandbox",)
    ) -> None:
        """`secrets` sign the webhooks, one `v1` for each."""
        assert secrets, "webhooks need a secret"
        self.secrets = tuple(secrets)
        self.faults = Faults(seed)
        self._clock = clock
        self._lock = RLock()
        self._keys = Keys()
        self._books = Books(seed, terms or Terms(), clock.now())
        self._start()

    def _start(self) -> None:
        self.charging = Charging(self._books)
        self.paying = Paying(self._books)
        charging, paying = self.charging, self.paying
        self._acts: Mapping[str, Callable[..., None]] = {
            "release": self._books.ledger.release,
            "refund_succeeds": charging.refund_succeeds,
            "refund_fails": charging.refund_fails,
            "processing_ends": charging.processing_ends,
            "authorization_expires": charging.authorization_expires,
            "dispute_opens": charging.dispute_opens,
            "dispute_won": charging.dispute_won,
            "dispute_lost": charging.dispute_lost,
            "payout_arrives": paying.payout_arrives,
            "payout_fails": paying.payout_fails,
            "payout_returns": paying.payout_returns,
        }

    # What the ports are made of.

    def change(self, key: str, params: Params, check: Callable[[Books], None], act: Callable[[Books], T]) -> T:
        """Do `act` once for this key and these parameters, whose first is the port's method; `check` raises what is not kept."""
        with self._lock:
            # A call that never got there is none that others have to know of.
            fault = self._fault(params[0])
        with self._alone(str(params[0]), key, *params[1:]) as books:

            def once() -> T:
                return self._keys.once(key, params, books.now, lambda: check(books), lambda: act(books))

            return once() if fault is None else self._lose(once, str(params[0]))

    def look(self, method: str, read: Callable[[Books], T], *changing: str) -> T:
        """Answer a question that changes nothing which a key would guard; `changing` is what is asked, if that changes any."""
        with self._lock:
            fault = self._fault(method)
        with self._alone(*((method, *changing) if changing else ())) as books:
            return read(books) if fault is None else self._lose(lambda: read(books), method)

    def _fault(self, method: object) -> Fault | None:
        if not self.faults.armed:
            return None
        fault = self.faults.draw(str(method))
        if fault is Fault.UNAVAILABLE:
            raise Unavailable("the sandbox", retry_after_seconds=1)
        if fault is Fault.LOST_REQUEST:
            raise OutcomeUnknown(f"the sandbox's answer to {method}")
        return fault

    def _lose(self, act: Callable[[], T], method: str) -> T:
        try:
            act()
        except DomainError as refusal:
            raise OutcomeUnknown(f"the sandbox's answer to {method}") from refusal
        raise OutcomeUnknown(f"the sandbox's answer to {method}")

    @contextmanager
    def _alone(self, *call: object) -> Iterator[Books]:  # noqa: ARG002
        """The books after everything that was due, for this thread alone; `call` is what is done, if it changes them."""
        with self._lock:
            yield self._present(self._clock.now())

    def _present(self, now: datetime) -> Books:
        """The books after everything that was due by then; the provider's time never runs backwards."""
        books = self._books
        now = max(books.now, now)
        if books.agenda and books.agenda[0][0] <= now:
            while (due := books.due(now)) is not None:
                books.now = max(books.now, due[0])
                self._acts[due[2]](*due[3])
        books.now = now
        return books

    # What a test or a demonstration makes happen on the outside.

    def authenticate(self, reference: str, *, succeed: bool = True) -> GatewayPayment:
        """The customer does what the bank requires, or fails to; `GatewayRefused` when nothing is required."""
        with self._alone("authenticate", reference, succeed) as books:
            return self.charging.authenticate(payment_of(books, reference), succeed=succeed).answer()

    def open_dispute(self, reference: str, amount: Money | None = None) -> GatewayDispute:
        """The customer disputes a payment: `amount` of it, or all that is left. Several may be open."""
        part = () if amount is None else (amount.minor, amount.currency.code)
        with self._alone("open_dispute", reference, *part) as books:
            payment = payment_of(books, reference)
            left = Money(payment.left, payment.currency)
            return self.charging.dispute(payment, left if amount is None else amount).answer()

    def close_dispute(self, reference: str, *, won: bool) -> GatewayDispute:
        """The bank decides; a dispute that is closed stays as it is."""
        with self._alone("close_dispute", reference, won) as books:
            dispute = found(books.disputes, reference, "dispute")
            (self.charging.dispute_won if won else self.charging.dispute_lost)(reference)
            return dispute.answer()

    def visit(self, link: str, *, bank: Bank = Bank.PAYS) -> str:
        """The vendor opens an onboarding link and gives what is missing: the address that it is sent to afterwards."""
        with self._alone("visit", link, bank.value):
            return self.paying.visit(link, bank)

    def finish_onboarding(self, account: str, *, bank: Bank = Bank.PAYS) -> None:
        """The vendor has given everything, and a bank account that behaves so."""
        self.require(account, (), bank=bank)

    def require(self, account: str, requirements: tuple[str, ...], *, bank: Bank | None = None) -> None:
        """The provider wants this of an account from now on."""
        with self._alone("require", account, None if bank is None else bank.value, *requirements) as books:
            self.paying.require(found(books.accounts, account, "account"), requirements, bank)

    def adjust(self, amount: Money, *, kind: LineKind = LineKind.ADJUSTMENT) -> None:
        """The platform's balance changes by `amount` for a reason of its own, such as a top-up or, as `FEE`, a monthly fee."""
        assert kind in {LineKind.ADJUSTMENT, LineKind.FEE}
        with self._alone("adjust", amount.minor, amount.currency.code, kind.value) as books:
            books.ledger.post(kind, books.name("adj"), amount, Money.zero(amount.currency), books.now, books.now)

    def withdraw(self, amount: Money, *, bank: Bank = Bank.PAYS) -> GatewayPayout:
        """The platform pays `amount` of its own out to its bank."""
        with self._alone("withdraw", amount.minor, amount.currency.code, bank.value):
            return self.paying.pay_out(PLATFORM, amount, None, bank).answer()

    # What it has.

    def balance(self, currency: Currency, account: str = PLATFORM) -> Money:
        """What the platform, or a connected account, has, what is to come included."""
        with self._alone() as books:
            return Money(books.ledger.balance(account, currency), currency)

    def available(self, currency: Currency, account: str = PLATFORM) -> Money:
        """What the platform, or a connected account, can spend now."""
        with self._alone() as books:
            return Money(books.ledger.spendable(account, currency), currency)

    def prove(self) -> None:
        """Assert that every balance is what the records, and the statement, say it is."""
        with self._alone() as books:
            prove(books)

    # Webhooks.

    def deliver(self, handler: Handler, *, how: Delivery = Delivery.ONCE) -> int:
        """Hand out the events that wait, signed now; how many.

        A handler's `Unavailable` lets that event wait for the next delivery; any other exception is passed on, and this event and
        those after it wait.
        """
        events = self.take(how)
        again: list[EventRecord] = []
        for position, event in enumerate(events):
            try:
                handler(*self.letter(event))
            except Unavailable:
                again.append(event)
            except BaseException:
                self.put_back([*again, *events[position:]])
                raise
        if again:
            self.put_back(again)
        return len(events) - len(again)

    def take(self, how: Delivery) -> Sequence[EventRecord]:
        """The events to hand out now, which wait no longer: whoever takes them hands them out, or puts them back."""
        with self._alone("take", how.value) as books:
            return books.outgoing.take(how, books.now)

    def put_back(self, events: Sequence[EventRecord]) -> None:
        """Let events wait again."""
        with self._alone("put_back", *(plain(event) for event in events)) as books:
            books.outgoing.put_back(events)

    def letter(self, event: EventRecord) -> tuple[dict[str, str], bytes]:
        """An event as it is sent now: headers and raw body."""
        body = event.body()
        return signed(body, self.secrets, self._clock.now()), body

    @property
    def waiting(self) -> Sequence[EventRecord]:
        """The events that wait for their delivery, oldest first."""
        with self._alone() as books:
            return tuple(books.outgoing.waiting)

    # What survives the process.

    def snapshot(self) -> dict[str, Any]:
        """Everything that it knows, as values that `json.dumps` takes; terms, secrets and faults are not among them."""
        with self._lock:
            books = self._books
            return {
                "seed": books.seed,
                "counter": books.counter,
                "now": plain(books.now),
                "agenda": [plain(due) for due in books.agenda],
                "records": {name: plain(list(getattr(books, name).items())) for name in _RECORDS},
                "lines": plain(books.ledger.lines),
                "available": plain(list(books.ledger.available.items())),
                "pending": plain(list(books.ledger.pending.items())),
                "waiting": plain(list(books.outgoing.waiting)),
                "keys": plain(list(self._keys.kept())),
            }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Know what a snapshot knows, and nothing else."""
        with self._lock:
            books = Books(snapshot["seed"], self._books.terms, whole(snapshot["now"]))
            books.counter = snapshot["counter"]
            books.agenda = whole(snapshot["agenda"])
            for name in _RECORDS:
                getattr(books, name).update(whole(snapshot["records"][name]))
            books.ledger.reset(whole(snapshot["lines"]))
            books.ledger.available.update(whole(snapshot["available"]))
            books.ledger.pending.update(whole(snapshot["pending"]))
            books.outgoing.waiting.extend(whole(snapshot["waiting"]))
            books.index()
            self._keys = Keys(whole(snapshot["keys"]))
            self._books = books
            self._start()
