"""The double: one lock and one clock around the books; each request is held against the contract, done once, and answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from tests.doubles.stripe.books import PLATFORM, Books, Json, Terms
from tests.doubles.stripe.charging import Charging
from tests.doubles.stripe.connecting import Connecting
from tests.doubles.stripe.contract import Contract, decoded, published
from tests.doubles.stripe.faults import Fault, Faults
from tests.doubles.stripe.keys import LONGEST, Answer, Keys
from tests.doubles.stripe.listing import listed, searched
from tests.doubles.stripe.refusals import StripeRefusal, missing
from tests.doubles.stripe.server import Reply, Server, as_json
from tests.doubles.stripe.webhooks import SECRETS, Delivery, arranged, letter

from quarterturn_domain.kernel.clock import Clock

SECRET_KEY: Final = "sk_test_of_the_double"  # noqa: S105 -- it opens nothing
VERSION: Final = "2026-10-28.endive"

_LISTS: Final = {
    "/v1/payment_intents": "payment_intent",
    "/v1/refunds": "refund",
    "/v1/disputes": "dispute",
    "/v1/transfers": "transfer",
    "/v1/payouts": "payout",
    "/v1/balance_transactions": "balance_transaction",
}
_READS: Final = {**_LISTS, "/v1/charges": "charge", "/v2/core/accounts": "v2.core.account"}


class StripeDouble:
    """Stripe, as far as a marketplace can tell; a context that listens at `url`.

    `wrong` is what broke the contract, in requests as well as in answers; a test that used the double asserts that it is empty.
    """

    def __init__(self, clock: Clock, terms: Terms | None = None, *, secrets: Sequence[str] = SECRETS) -> None:
        self.wrong: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.faults = Faults()
        self.secrets = tuple(secrets)
        self.contract: Contract | None = published()
        self._clock = clock
        self._lock = RLock()
        self._keys = Keys()
        self._books = Books(self._seconds(), terms or Terms())
        self.charging, self.connecting = Charging(self._books), Connecting(self._books)
        self._server = Server(self._answer)
        self._held: set[str] = set()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._server.url

    # What a test makes happen on the outside.

    @property
    def books(self) -> Books:
        """The books, after everything that is due by now."""
        with self._lock:
            self._books.go_on(self._seconds())
            return self._books

    def authenticate(self, reference: str, *, succeed: bool = True) -> None:
        """The customer does what the bank requires, or fails to."""
        with self._lock:
            self.charging.authenticate(self.books.of("payment_intent", reference), succeed=succeed)

    def open_dispute(self, reference: str, thousandths: int = 1_000) -> str:
        """The customer disputes all that is left of a payment, or thousandths of it; the dispute's name."""
        with self._lock:
            intent = self.books.of("payment_intent", reference)
            amount = self.left(reference) * thousandths // 1_000
            return str(self.charging.dispute(intent, amount)["id"])

    def left(self, reference: str) -> int:
        """What is left of a payment to be refunded or disputed; nothing of one that was not captured."""
        with self._lock:
            intent = self.books.of("payment_intent", reference)
            return self.charging.left(self._books.things[intent["latest_charge"]]) if intent["amount_received"] else 0

    def close_dispute(self, reference: str, *, won: bool) -> None:
        """The bank decides."""
        with self._lock:
            self.charging.decide(self.books.of("dispute", reference), won=won)

    def finish_onboarding(self, account: str, *, bank: str) -> None:
        """The vendor has given everything, and a bank account that behaves so."""
        with self._lock:
            self.connecting.require(self.books.of("v2.core.account", account), ())
            self._books.fate[f"bank:{account}"] = bank

    def top_up(self, amount: int, currency: str) -> None:
        """The platform's treasurer sends money."""
        with self._lock:
            self.books.post(PLATFORM, "topup", self._books.name("tu"), amount, currency)

    def balance(self, currency: str, account: str = PLATFORM, *, available: bool = False) -> int:
        """What the platform or an account has, in the currency's smallest unit, what is to come included unless `available`."""
        with self._lock:
            return self.books.balance(account, currency, available=available)

    # Webhooks.

    @property
    def waiting(self) -> Sequence[Json]:
        """The events that were not delivered, oldest first."""
        with self._lock:
            return tuple(self.books.events)

    def letter(self, event: Json, *, at: int | None = None) -> tuple[dict[str, str], bytes]:
        """An event as it is sent now, or at another instant."""
        return letter(event, self._seconds() if at is None else at, self.secrets)

    def deliver(self, handler: Callable[[Mapping[str, str], bytes], object], how: Delivery = Delivery.ONCE) -> int:
        """Hand out the events that wait; how many deliveries that were."""
        now, later = arranged(self.waiting, how)
        self._books.events[:] = later
        for event in now:
            handler(*self.letter(event))
        return len(now)

    # What it is asked over HTTP.

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        with self._lock:
            address = urlsplit(target)
            path, text = address.path, (body.decode() if method == "POST" else address.query)
            self.asked.append((method, path))
            fault = self.faults.draw(method, path)
            is_json = path.startswith("/v2/") and method == "POST"
            params = (json.loads(text) if is_json else decoded(text)) if text else {}
            # A server's error is kept under the key like any other answer; v2 keeps only what was done.
            kept = params if method == "POST" and not is_json else None
            if fault is not None and not fault.does_it:
                return self._broken(fault, path, headers, kept if fault is Fault.ERROR_INSTEAD else None)
            self._books.go_on(self._seconds())
            self._hold(method, path, headers, params)
            status, said, extra = self._once(method, path, headers, params)
            self._hold_answer(method, path, status, said)
            if fault is not None:
                return self._broken(fault, path, headers, kept)
            return Reply(
                status, as_json(said), {**extra, "Content-Type": "application/json", "Request-Id": self._books.name("req")}
            )

    def _once(self, method: str, path: str, headers: Mapping[str, str], params: Json) -> tuple[int, Json, dict[str, str]]:
        account, key = headers.get("stripe-account", PLATFORM), headers.get("idempotency-key", "")
        if method == "GET":
            return *self._done(method, path, account, params), {}
        try:
            kept = self._keys.answer(account, key, path, params, self._books.now)
        except StripeRefusal as refusal:
            return refusal.status, refusal.body, {}
        if kept is not None:
            return *kept, {"Idempotent-Replayed": "true"}
        try:
            answer = 200, self._do(method, path, account, params)
        except StripeRefusal as refusal:
            answer = refusal.status, refusal.body
            if not refusal.kept or path.startswith("/v2/"):
                return *answer, {}
        self._keys.keep(account, key, path, params, answer, self._books.now)
        return *answer, {}

    def _done(self, method: str, path: str, account: str, params: Json) -> Answer:
        try:
            return 200, self._do(method, path, account, params)
        except StripeRefusal as refusal:
            return refusal.status, refusal.body

    def _do(self, method: str, path: str, account: str, params: Json) -> Json:
        books = self._books
        if account and account not in books.things:
            said = {"type": "invalid_request_error", "code": "account_invalid", "message": f"No access to account '{account}'"}
            raise StripeRefusal(403, said, kept=False)
        if method == "GET":
            return self._read(path, account, params)
        expand = tuple(params.get("expand", []))
        step, _, name = path.rpartition("/")
        head, _, owner = step.rpartition("/")
        acts: dict[str, Callable[[], Json]] = {
            "/v1/payment_intents": lambda: self.charging.create(params, ""),
            "/v1/refunds": lambda: self.charging.refund(params, ""),
            "/v1/transfers": lambda: self.connecting.transfer(params, ""),
            "/v1/payouts": lambda: self.connecting.pay_out(params, "", account),
            "/v1/balance_settings": lambda: self.connecting.schedule(params, "", account),
            "/v2/core/accounts": lambda: self.connecting.open_account(params, ""),
            "/v2/core/account_links": lambda: self.connecting.link(params, ""),
            "/v1/payment_intents//confirm": lambda: self.charging.confirm(params, owner),
            "/v1/payment_intents//capture": lambda: self.charging.capture(params, owner),
            "/v1/payment_intents//cancel": lambda: self.charging.cancel(params, owner),
            "/v1/transfers//reversals": lambda: self.connecting.reverse(params, owner),
        }
        act = acts.get(path) or acts.get(f"{head}//{name}")
        if act is None:
            self.wrong.append(f"the double does not know {method} {path}")
            raise missing("operation", path)
        return books.shown(act(), expand)

    def _read(self, path: str, account: str, params: Json) -> Json:
        books = self._books
        if path == "/v1/payment_intents/search":
            return searched(books, params, path)
        if path in _LISTS:
            return listed(books, _LISTS[path], params, path, account)
        head, _, name = path.rpartition("/")
        if head not in _READS:
            self.wrong.append(f"the double does not know GET {path}")
            raise missing("operation", path)
        return books.shown(books.of(_READS[head], name, account), tuple(params.get("expand", [])))

    def _hold(self, method: str, path: str, headers: Mapping[str, str], params: Json) -> None:
        """Note what is wrong with a request."""
        what = f"{method} {path}"
        if headers.get("authorization") != f"Bearer {SECRET_KEY}":
            self.wrong.append(f"{what}: it does not name the key")
        if headers.get("stripe-version") != VERSION:
            self.wrong.append(f"{what}: it is written for {headers.get('stripe-version')}")
        if method == "POST":
            form = "application/json" if path.startswith("/v2/") else "application/x-www-form-urlencoded"
            if headers.get("content-type") != form:
                self.wrong.append(f"{what}: it is no {form}")
            if not 0 < len(headers.get("idempotency-key", "")) <= LONGEST:
                self.wrong.append(f"{what}: it has no usable key")
        if self.contract is not None:
            operation = self.contract.operation(method, path)
            wrong = ["there is no such operation"] if operation is None else self.contract.wrong_in_request(operation, params)
            self.wrong += [f"{what}: {each}" for each in wrong]

    def _hold_answer(self, method: str, path: str, status: int, said: Json) -> None:
        """Note what is wrong with an answer, and with the events of what was done."""
        if self.contract is None:
            return
        operation = self.contract.operation(method, path)
        if operation is not None:
            self.wrong += [f"{method} {path} answers {each}" for each in self.contract.wrong_in_answer(operation, status, said)]
        for event in self._books.events:
            if event["id"] not in self._held:
                self._held.add(event["id"])
                self.wrong += [f"the event {event['type']}: {each}" for each in self.contract.wrong_in_event(event)]

    def _broken(self, fault: Fault, path: str, headers: Mapping[str, str], params: Json | None = None) -> Reply:
        """How a request ends that goes wrong."""
        wait = {"Content-Type": "application/json", "Retry-After": "2"}
        if fault in {Fault.ERROR_BEFORE, Fault.ERROR_INSTEAD, Fault.ERROR_AFTER}:
            said: Json = {"error": {"type": "api_error", "message": "An unknown error occurred"}}
            if params is not None:
                account, key = headers.get("stripe-account", PLATFORM), headers.get("idempotency-key", "")
                self._keys.keep(account, key, path, params, (500, said), self._books.now)
            return Reply(500, as_json(said), wait)
        if fault is Fault.KEY_IN_USE:
            said = {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": "It is under way"}}
            return Reply(409, as_json(said), wait)
        if fault in {Fault.TOO_MANY, Fault.LOCKED}:
            code = "rate_limit" if fault is Fault.TOO_MANY else "lock_timeout"
            said = {"error": {"type": "invalid_request_error", "code": code, "message": "Not now"}}
            return Reply(429, as_json(said), wait)
        if fault is Fault.UNAUTHORIZED:
            said = {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: sk_test_***uble"}}
            return Reply(401, as_json(said), wait)
        if fault is Fault.GARBLED_AFTER:
            return Reply(200, b"<html>", {"Content-Type": "text/html"})
        return Reply(hangs=fault in {Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER}, broken=True)

    def _seconds(self) -> int:
        return int(self._clock.now().timestamp())
