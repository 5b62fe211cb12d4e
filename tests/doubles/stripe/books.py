"""The books: everything that the double knows, what each balance is made of, and what is due when."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from typing import Any, Final, TypeAlias

import attrs
from tests.doubles.stripe.refusals import missing

Json: TypeAlias = dict[str, Any]

PLATFORM: Final = ""
"""The holder of the platform's own balance."""

DAY: Final = 86_400

_KINDS: Final = {
    "pi": "payment_intent",
    "ch": "charge",
    "re": "refund",
    "dp": "dispute",
    "txn": "balance_transaction",
    "tr": "transfer",
    "trr": "transfer_reversal",
    "po": "payout",
    "acct": "v2.core.account",
}


@attrs.frozen(kw_only=True)
class Terms:
    """What the double takes and how long things last, in seconds; fees are those of cards in the United States."""

    fee_per_mille: int = 29
    fee_fixed: int = 30
    dispute_fee: int = 1_500
    settles_after: int = 2 * DAY
    processing_takes: int = 300
    refund_takes: int = 5 * DAY
    payout_fails_after: int = DAY
    payout_takes: int = 2 * DAY
    payout_returns_after: int = 3 * DAY
    authorization_lasts: int = 7 * DAY
    evidence_within: int = 9 * DAY
    search_lags: int = 60
    multicapture: bool = True

    def fee(self, amount: int) -> int:
        """What is kept of a captured amount, half up."""
        return (amount * self.fee_per_mille + 500) // 1_000 + self.fee_fixed


class Books:
    """Objects by their names, oldest first, and whose they are; all in Stripe's own shape."""

    def __init__(self, now: int, terms: Terms) -> None:
        self.now = now
        self.terms = terms
        self.things: dict[str, Json] = {}
        self.owner: dict[str, str] = {}
        self.events: list[Json] = []
        self.fate: dict[str, str] = {}
        self._numbers = count(1)
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []

    def name(self, prefix: str) -> str:
        """A name that was not given before."""
        return f"{prefix}_3QT{next(self._numbers):014d}"

    def add(self, prefix: str, owner: str = PLATFORM, /, **members: Any) -> Json:
        """A new object under a new name."""
        name = self.name(prefix)
        thing = {"id": name, "object": _KINDS[prefix], "created": self.now, **members}
        self.things[name] = thing
        self.owner[name] = owner
        return thing

    def of(self, kind: str, name: object, owner: str = PLATFORM, *, param: str | None = None) -> Json:
        """The object of this kind and name, if it is there and this owner's."""
        thing = self.things.get(str(name))
        if thing is None or thing["object"] != kind or self.owner[thing["id"]] != owner:
            raise missing(kind, str(name), param=param)
        return thing

    def all(self, kind: str, owner: str = PLATFORM) -> list[Json]:
        """Every object of a kind that is this owner's, newest first."""
        return [each for each in reversed(self.things.values()) if each["object"] == kind and self.owner[each["id"]] == owner]

    def post(
        self, holder: str, kind: str, source: str, amount: int, currency: str, *, fee: int = 0, available_on: int | None = None
    ) -> Json:
        """A line of a holder's statement: its balance changes by `amount - fee`, now or as something to come."""
        category = {"adjustment": "dispute" if amount < 0 else "dispute_reversal", "payment": "charge"}.get(kind, kind)
        details = [{"amount": fee, "currency": currency, "type": "stripe_fee", "description": None, "application": None}]
        return self.add(
            "txn",
            holder,
            type=kind,
            reporting_category="transfer_reversal" if kind == "transfer_refund" else category,
            source=source,
            amount=amount,
            fee=fee,
            net=amount - fee,
            currency=currency,
            available_on=self.now if available_on is None else available_on,
            balance_type="payments",
            description=None,
            exchange_rate=None,
            fee_details=details if fee else [],
        )

    def balance(self, holder: str, currency: str, *, available: bool = False) -> int:
        """What a holder has, or of it what is available now."""
        lines = [line for line in self.all("balance_transaction", holder) if line["currency"] == currency]
        return sum(line["net"] for line in lines if not available or line["available_on"] <= self.now)

    def later(self, at: int, act: Callable[[], None]) -> None:
        """Let `act` happen at its time."""
        heappush(self._agenda, (at, next(self._numbers), act))

    def go_on(self, now: int) -> None:
        """Let everything happen that is due by now, each at its own time."""
        while self._agenda and self._agenda[0][0] <= now:
            at, _, act = heappop(self._agenda)
            self.now = max(self.now, at)
            act()
        self.now = max(self.now, now)

    def tell(self, kind: str, thing: Json, account: str = PLATFORM) -> None:
        """An event that carries the object as it is now."""
        event: Json = {
            "id": self.name("evt"),
            "object": "event",
            "api_version": None,
            "created": self.now,
            "data": {"object": self.shown(thing)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": None,
            "type": kind,
        }
        self.events.append({**event, "account": account} if account else event)

    def tell_thinly(self, kind: str, thing: Json) -> None:
        """An event of API v2, which only names its object."""
        event = {
            "id": self.name("evt_v2"),
            "object": "v2.core.event",
            "created": stamp(self.now),
            "livemode": False,
            "type": kind,
            "related_object": {"id": thing["id"], "type": thing["object"], "url": f"/v2/core/accounts/{thing['id']}"},
        }
        self.events.append(event)

    def shown(self, thing: Json, expand: tuple[str, ...] = ()) -> Json:
        """An object as it is answered: a copy, and whole where a reference is to be expanded."""
        shown = deepcopy(thing)
        if thing["object"] == "balance_transaction":
            shown["status"] = "available" if thing["available_on"] <= self.now else "pending"
        if thing["object"] == "dispute":
            shown["balance_transactions"] = [self.shown(self.things[name]) for name in thing["balance_transactions"]]
        for path in expand:
            head, _, rest = path.partition(".")
            inner = shown.get(head)
            name = inner["id"] if isinstance(inner, dict) else inner
            if isinstance(name, str) and name in self.things:
                deeper = tuple(other.partition(".")[2] for other in expand if other.startswith(f"{head}."))
                shown[head] = self.shown(self.things[name], deeper if rest else ())
        return shown


def stamp(seconds: int) -> str:
    """An instant as API v2 writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
