"""Sharing: one sandbox for many processes; each repeats what the others have asked of it, and so knows the same.

The sandbox is the same in every run with the same calls at the same times. So its calls are kept, in order, and nothing else; every
process hears those of the others before it makes one of its own. After a while they are replaced by what they came to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias
from uuid import UUID

from quarterturn_adapters.sandbox.books import Books
from quarterturn_adapters.sandbox.cards import Bank
from quarterturn_adapters.sandbox.idempotency import Keys
from quarterturn_adapters.sandbox.payments import SandboxPayments
from quarterturn_adapters.sandbox.provider import Sandbox
from quarterturn_adapters.sandbox.snapshot import whole
from quarterturn_adapters.sandbox.terms import Terms
from quarterturn_adapters.sandbox.transfers import SandboxTransfers
from quarterturn_adapters.sandbox.webhooks import Delivery
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import DomainError
from quarterturn_domain.kernel.ids import OrderId, PaymentId, PayoutId, RefundId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import LineKind, PaymentRequest
from quarterturn_domain.payments.payment import CaptureMethod

MANY: Final = 2_000
"""How many calls are kept before they are replaced by what they came to."""

Call: TypeAlias = Mapping[str, Any]
"""What was done, when, and with what, as values that JSON knows."""


class Turn(Protocol):
    """What one process does to the calls while the others wait."""

    def after(self, number: int, /) -> Sequence[tuple[int, Call]]:
        """The calls that are numbered above `number`, in order."""
        ...

    def add(self, number: int, call: Call, /) -> None:
        """Keep a call, the next one."""
        ...

    def replace(self, number: int, call: Call, /) -> None:
        """Keep this one, the next, instead of all that there are."""
        ...


class Calls(Protocol):
    """Where the calls of all processes are kept."""

    def turn(self) -> AbstractContextManager[Turn]:
        """Wait for the others; leaving the block keeps what was added, an exception keeps nothing. Or `Unavailable`."""
        ...


class SharedSandbox(Sandbox):
    """A sandbox whose calls are kept in `calls`, where every other one over the same calls hears of them."""

    def __init__(
        self,
        clock: Clock,
        calls: Calls,
        *,
        seed: int = 0,
        terms: Terms | None = None,
        secrets: Sequence[str] = ("whsec_sandbox",),
        many: int = MANY,
    ) -> None:
        super().__init__(clock, seed=seed, terms=terms, secrets=secrets)
        self._calls = calls
        self._many = many
        self._last = 0
        self._kept = 0
        # The instant of the call that is being repeated, if one is.
        self._then: datetime | None = None
        self._forget()

    @contextmanager
    def _alone(self, *call: object) -> Iterator[Books]:
        with self._lock:
            if self._then is not None:
                yield self._present(self._then)
                return
            refusal: DomainError | None = None
            try:
                with self._calls.turn() as turn:
                    self._hear(turn)
                    now = max(self._books.now, self._clock.now())
                    agenda = self._books.agenda
                    # What is only looked at changes nothing, unless something was due meanwhile.
                    if call or (agenda and agenda[0][0] <= now):
                        self._note(turn, {"at": now.isoformat(), "do": list(call)})
                        self._present(now)
                    try:
                        yield self._books
                    except DomainError as said:
                        refusal = said
            except BaseException:
                # Nobody knows what was kept of it: everything is heard again.
                self._forget()
                raise
            if refusal is not None:
                raise refusal

    def _hear(self, turn: Turn) -> None:
        for number, call in turn.after(self._last):
            self._last = number
            self._kept += 1
            if "snapshot" in call:
                self.restore(call["snapshot"])
                self._kept = 0
                continue
            self._then = datetime.fromisoformat(call["at"])
            try:
                self._present(self._then)
                if call["do"]:
                    # A no was a no for whoever asked first, too.
                    with suppress(DomainError):
                        _REPEAT[call["do"][0]](self, *call["do"][1:])
            finally:
                self._then = None

    def _note(self, turn: Turn, call: Call) -> None:
        if self._kept >= self._many:
            self._last += 1
            turn.replace(self._last, {"snapshot": self.snapshot()})
            self._kept = 0
        self._last += 1
        self._kept += 1
        turn.add(self._last, call)

    def _forget(self) -> None:
        self._last = self._kept = 0
        self._keys = Keys()
        # Where it begins must not depend on who begins.
        self._books = Books(self._books.seed, self._books.terms, datetime.min.replace(tzinfo=self._clock.now().tzinfo))
        self._start()


def _money(minor: int, code: str) -> Money:
    return Money(minor, Currency.of(code))


def _open_payment(
    sandbox: Sandbox, key: str, payment: str, order: str, minor: int, code: str, capture: str, method: str | None
) -> None:
    request = PaymentRequest(PaymentId(UUID(payment)), OrderId(UUID(order)), _money(minor, code), CaptureMethod(capture), method)
    SandboxPayments(sandbox).open_payment(request, key=key)


_REPEAT: Final[Mapping[str, Callable[..., object]]] = {
    "open_payment": _open_payment,
    "confirm_payment": lambda on, key, reference, method: SandboxPayments(on).confirm_payment(reference, method, key=key),
    "capture_payment": lambda on, key, reference, minor, code, final=True: SandboxPayments(on).capture_payment(
        reference, _money(minor, code), key=key, final=final
    ),
    "cancel_payment": lambda on, key, reference: SandboxPayments(on).cancel_payment(reference, key=key),
    "refund_payment": lambda on, key, reference, minor, code, refund: SandboxPayments(on).refund_payment(
        reference, _money(minor, code), refund_id=RefundId(UUID(refund)), key=key
    ),
    "open_account": lambda on, key, vendor, country: SandboxTransfers(on).open_account(
        VendorId(UUID(vendor)), country=country, key=key
    ),
    "onboarding_link": lambda on, reference, return_url, refresh_url: SandboxTransfers(on).onboarding_link(
        reference, return_url=return_url, refresh_url=refresh_url
    ),
    "transfer": lambda on, key, account, minor, code, payout, source: SandboxTransfers(on).transfer(
        account, _money(minor, code), payout_id=PayoutId(UUID(payout)), source=source, key=key
    ),
    "reverse_transfer": lambda on, key, reference, *amount: SandboxTransfers(on).reverse_transfer(
        reference, _money(*amount), key=key
    ),
    "pay_out": lambda on, key, account, minor, code, payout: SandboxTransfers(on).pay_out(
        account, _money(minor, code), payout_id=PayoutId(UUID(payout)), key=key
    ),
    "authenticate": lambda on, reference, succeed: on.authenticate(reference, succeed=succeed),
    "open_dispute": lambda on, reference, *amount: on.open_dispute(reference, _money(*amount) if amount else None),
    "close_dispute": lambda on, reference, won: on.close_dispute(reference, won=won),
    "visit": lambda on, link, bank: on.visit(link, bank=Bank(bank)),
    "require": lambda on, account, bank, *missing: on.require(account, missing, bank=None if bank is None else Bank(bank)),
    "adjust": lambda on, minor, code, kind: on.adjust(_money(minor, code), kind=LineKind(kind)),
    "withdraw": lambda on, minor, code, bank: on.withdraw(_money(minor, code), bank=Bank(bank)),
    "take": lambda on, how: on.take(Delivery(how)),
    "put_back": lambda on, *events: on.put_back(whole(list(events))),
}
"""How each call is made again."""
