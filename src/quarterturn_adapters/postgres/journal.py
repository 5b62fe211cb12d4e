"""The journal, kept in PostgreSQL; balances are kept up with the postings, so that reading one adds up nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from os import getpid
from threading import get_ident
from typing import Any, Final

from quarterturn_adapters.postgres.arrays import integers, texts, uuids
from quarterturn_adapters.postgres.repository import Writing
from quarterturn_adapters.postgres.statements import Row, Statements
from quarterturn_adapters.postgres.tables.settlement import BALANCES, DENSE, ENTRIES, POSTINGS, SEALS
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.ids import OrderId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.chain import Seal
from quarterturn_domain.settlement.chart import OF_A_VENDOR, AccountKind, LedgerAccount
from quarterturn_domain.settlement.journal import Booked, Entry, EntryKind, Posting
from quarterturn_domain.settlement.ports import AccountPlace, Moment

# An account of the whole platform is so many rows: captures at the same moment rarely meet in one of them.
_SHARDS: Final = 32
_SEALER_LOCK: Final = 7_302

_ENTRIES: Final = Writing.of(ENTRIES, without=["number"])
_POSTINGS: Final = Writing.of(POSTINGS)
_SEALS: Final = Writing.of(SEALS)
_BALANCES: Final = Writing.of(BALANCES)
_OF_A_VENDOR: Final = f"account IN ({', '.join(repr(kind.value) for kind in sorted(OF_A_VENDOR))})"

# One statement for three tables: the numbers that the journal gives are needed by the postings.
_APPEND: Final = f"""WITH entries AS (
    INSERT INTO journal_entries ({_ENTRIES.names})
    SELECT {_ENTRIES.names} FROM unnest({_ENTRIES.arrays}) WITH ORDINALITY AS v ({_ENTRIES.names}, place) ORDER BY place
    RETURNING number, fact, at
), waiting AS (INSERT INTO unsealed_entries (number) SELECT number FROM entries)
INSERT INTO postings ({_POSTINGS.names})
SELECT e.number, p.position, p.account, p.vendor_id, p.amount, p.currency, e.at
FROM unnest(%s::text[], %s::smallint[], %s::text[], %s::uuid[], %s::bigint[], %s::bpchar[])
    AS p (fact, position, account, vendor_id, amount, currency) JOIN entries e USING (fact)"""  # noqa: S608

_KEEP_BALANCES: Final = f"""INSERT INTO account_balances AS b ({_BALANCES.names})
SELECT * FROM unnest({_BALANCES.arrays}) AS v ({_BALANCES.names}) ORDER BY account, vendor_id, currency, shard
ON CONFLICT (account, vendor_id, currency, shard) DO UPDATE SET amount = b.amount + excluded.amount"""  # noqa: S608

# Two ways in, since no index is asked whether two nothings are the same.
_READ_BALANCES: Final = """SELECT account, vendor_id, currency, amount FROM account_balances
WHERE (account, vendor_id) IN (SELECT * FROM unnest(%s::text[], %s::uuid[]))
UNION ALL SELECT account, NULL, currency, sum(amount)::bigint FROM account_balances
WHERE account = ANY(%s::text[]) AND vendor_id IS NULL GROUP BY account, currency"""

_OF_THE_PLATFORM: Final = """SELECT account, NULL::uuid, currency, sum(amount)::bigint FROM account_balances
WHERE account = ANY(%s::text[]) AND vendor_id IS NULL AND (account, currency) > (%s, %s::bpchar)
GROUP BY account, currency ORDER BY account, currency LIMIT %s"""

# More than any number of an entry.
_LAST: Final = 2**63 - 1

_BOOKED: Final = """SELECT e.number, e.fact, e.kind, e.order_id, e.at, p.account, p.vendor_id, p.amount, p.currency
FROM {entries} e LEFT JOIN postings p ON p.entry = e.number"""


class PostgresJournal:
    """Every entry, append-only, with what follows from it."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._sums: dict[tuple[AccountKind, VendorId | None, str], int] = {}
        statements.before_commit(self._keep_balances)

    def append(self, entries: Iterable[Entry], /) -> None:
        """Book entries, in this order; raises `Conflict` when a fact is booked already, and then books none."""
        fresh = list(entries)
        if not fresh:
            return
        heads = [(entry.fact, entry.kind, entry.order_id, entry.at) for entry in fresh]
        if len({entry.fact for entry in fresh}) < len(fresh):
            raise Conflict("journal entry", fresh[0].fact, "a fact is booked twice in one batch")
        postings = [
            (entry.fact, position, each.account.kind, each.account.vendor_id, each.amount.minor, each.amount.currency.code)
            for entry in fresh
            for position, each in enumerate(entry.postings)
        ]
        names = ("position", "account", "vendor_id", "amount", "currency")
        arrays = _POSTINGS.encoded([row[1:] for row in postings], names) if postings else ["{}"] * len(names)
        self._statements.now(_APPEND, *_ENTRIES.encoded(heads), texts([row[0] for row in postings]), *arrays)
        for _, _, kind, vendor_id, amount, code in postings:
            key = (kind, vendor_id, code)
            self._sums[key] = self._sums.get(key, 0) + amount

    def booked(self, facts: Iterable[str], /) -> frozenset[str]:
        """Those of `facts` that are booked."""
        wanted = list(dict.fromkeys(facts))
        if not wanted:
            return frozenset()
        found = self._statements.rows("SELECT fact FROM journal_entries WHERE fact = ANY(%s::text[])", texts(wanted))
        return frozenset(fact for (fact,) in found)

    def of_facts(self, facts: Iterable[str], /) -> Mapping[str, Booked]:
        """The entries of those of `facts` that are booked."""
        wanted = list(dict.fromkeys(facts))
        if not wanted:
            return {}
        found = self._booked("(SELECT * FROM journal_entries WHERE fact = ANY(%s::text[]))", texts(wanted))
        return {booked.entry.fact: booked for booked in found}

    def between(self, since: datetime, until: datetime, after: int, limit: int, /) -> Sequence[Booked]:
        """Up to `limit` entries with `since <= at < until` in the order of their numbers, those numbered above `after`."""
        return self._booked(
            "(SELECT * FROM journal_entries WHERE number > %s AND at >= %s AND at < %s ORDER BY number LIMIT %s)",
            *(after, since, until, limit),
        )

    def balances(self, accounts: Iterable[LedgerAccount], /) -> Mapping[tuple[LedgerAccount, Currency], Money]:
        """The balances of these accounts in every currency that was ever posted to them."""
        wanted = list(dict.fromkeys(accounts))
        if not wanted:
            return {}
        self._keep_balances()
        of_vendors = [(each.kind, each.vendor_id) for each in wanted if each.vendor_id is not None]
        found = self._statements.rows(
            _READ_BALANCES,
            *(_BALANCES.encoded(of_vendors, ("account", "vendor_id")) if of_vendors else ("{}", "{}")),
            texts([each.kind for each in wanted if each.vendor_id is None]),
        )
        return {(account, amount.currency): amount for account, amount in (_balance(*row) for row in found)}

    def totals(self) -> Mapping[tuple[AccountKind, Currency], Money]:
        """The trial balance: the sum over all accounts of each kind, by currency; they sum to zero in each."""
        self._keep_balances()
        found = self._statements.rows("SELECT account, currency, sum(amount)::bigint FROM account_balances GROUP BY 1, 2")
        return {(AccountKind(kind), unit): Money(amount, unit) for kind, code, amount in found for unit in (Currency.of(code),)}

    def owing(self, after: tuple[VendorId, str] | None, limit: int, /) -> Sequence[tuple[VendorId, Money]]:
        """Up to `limit` vendors' available balances that are not zero, as the vendor sees them, by vendor and currency code."""
        return self._available("amount <> 0", after, limit)

    def owed(self, after: tuple[VendorId, str] | None, limit: int, /) -> Sequence[tuple[VendorId, Money]]:
        """Of `owing` only what vendors owe: the negative balances, in the same order."""
        # Without an index of its own: one that knows the amount would have to be written at every posting, since no update of a
        # balance could stay on its page then. Reading past the balances that are not negative is cheaper by far.
        return self._available("amount > 0", after, limit)

    def _available(self, which: str, after: tuple[VendorId, str] | None, limit: int) -> Sequence[tuple[VendorId, Money]]:
        self._keep_balances()
        behind, place = ("", ()) if after is None else (" AND (vendor_id, currency) > (%s, %s::bpchar)", after)
        found = self._statements.rows(
            "SELECT vendor_id, currency, amount FROM account_balances WHERE account = 'vendor_available' "  # noqa: S608
            f"AND vendor_id IS NOT NULL AND {which}{behind} ORDER BY vendor_id, currency LIMIT %s",
            *place,
            limit,
        )
        return [(vendor_id, Money(-amount, Currency.of(code))) for vendor_id, code, amount in found]

    def entries(self, after: int, limit: int, /) -> Sequence[Booked]:
        """Up to `limit` entries in the order of their numbers, those numbered above `after`."""
        return self._booked("(SELECT * FROM journal_entries WHERE number > %s ORDER BY number LIMIT %s)", after, limit)

    def of_order(self, order_id: OrderId, /) -> Sequence[Booked]:
        """The entries of one order, in the order of their numbers."""
        return self._booked("(SELECT * FROM journal_entries WHERE order_id = %s)", order_id)

    def orders(self, order_ids: Iterable[OrderId], /) -> frozenset[OrderId]:
        """Those of these orders that have an entry."""
        wanted = list(dict.fromkeys(order_ids))
        if not wanted:
            return frozenset()
        found = self._statements.rows(
            "SELECT id FROM unnest(%s::uuid[]) AS asked (id) "
            "WHERE EXISTS (SELECT FROM journal_entries e WHERE e.order_id = asked.id)",
            uuids(wanted),
        )
        return frozenset(OrderId(order_id) for (order_id,) in found)

    def latest(self, before: int | None, limit: int, /, kind: AccountKind | None = None) -> Sequence[Booked]:
        """Up to `limit` entries (with a posting to an account of this kind, if given), the last first, numbered below `before`."""
        below = _LAST if before is None else before
        if kind is None:
            chosen = "(SELECT * FROM journal_entries WHERE number < %s ORDER BY number DESC LIMIT %s)"
        elif kind in DENSE:
            # Nearly every entry has one: they are met on the way.
            chosen = (
                "(SELECT * FROM journal_entries j WHERE number < %s AND EXISTS "  # noqa: S608
                f"(SELECT FROM postings WHERE entry = j.number AND account = '{kind.value}') ORDER BY number DESC LIMIT %s)"
            )
        else:
            chosen = (
                "(SELECT * FROM journal_entries WHERE number IN (SELECT DISTINCT entry FROM postings "  # noqa: S608
                f"WHERE account = '{kind.value}' AND entry < %s ORDER BY entry DESC LIMIT %s))"
            )
        return self._booked(chosen, below, limit)[::-1]

    def of_vendor(
        self, vendor_id: VendorId, since: datetime, until: datetime, after: Moment | None, limit: int, /
    ) -> Sequence[Booked]:
        """Up to `limit` entries with a posting to an account of this vendor and `since <= at < until`, in the order of time."""
        found = self._booked(
            "(SELECT * FROM journal_entries WHERE number IN (SELECT entry FROM (SELECT DISTINCT at, entry FROM postings "
            "WHERE vendor_id = %s AND at < %s AND (at, entry) > (%s, %s) ORDER BY at, entry LIMIT %s) page))",
            *(vendor_id, until, *max((since, 0), after or (since, 0)), limit),
        )
        return sorted(found, key=_moment)

    def latest_of_vendor(self, vendor_id: VendorId, after: Moment | None, limit: int, /) -> Sequence[Booked]:
        """Up to `limit` entries with a posting to an account of this vendor, against the order of time, those after `after`."""
        behind, place = ("", ()) if after is None else (" AND (at, entry) < (%s, %s)", after)
        found = self._booked(
            "(SELECT * FROM journal_entries WHERE number IN (SELECT entry FROM (SELECT DISTINCT at, entry FROM postings "  # noqa: S608
            f"WHERE vendor_id = %s{behind} ORDER BY at DESC, entry DESC LIMIT %s) page))",
            *(vendor_id, *place, limit),
        )
        return sorted(found, key=_moment, reverse=True)

    def accounts(
        self, after: AccountPlace | None, limit: int, /, kind: AccountKind | None = None
    ) -> Sequence[tuple[LedgerAccount, Money]]:
        """Up to `limit` balances of all accounts, those of the platform first; each by kind, vendor and currency code."""
        self._keep_balances()
        page: list[tuple[LedgerAccount, Money]] = []
        if after is None or after[0].vendor_id is None:
            last = ("", "") if after is None else (after[0].kind.value, after[1])
            kinds = texts(list(AccountKind) if kind is None else [kind])
            page = [_balance(*row) for row in self._statements.rows(_OF_THE_PLATFORM, kinds, *last, limit)]
        if len(page) < limit:
            within = "" if kind is None else f" AND account = '{kind.value}'"
            place: tuple[Any, ...] = ()
            if after is not None and after[0].vendor_id is not None:
                within += " AND (account, vendor_id, currency) > (%s, %s, %s::bpchar)"
                place = (after[0].kind, after[0].vendor_id, after[1])
            sql = (
                "SELECT account, vendor_id, currency, amount FROM account_balances "  # noqa: S608
                f"WHERE vendor_id IS NOT NULL{within} ORDER BY account, vendor_id, currency LIMIT %s"
            )
            page += [_balance(*row) for row in self._statements.rows(sql, *place, limit - len(page))]
        return page

    def vendor_balance(self, vendor_id: VendorId, currency: Currency, before: datetime, /) -> Money:
        """What was the vendor's before an instant: what it is now, less what was posted since."""
        self._keep_balances()
        ((owed,),) = self._statements.rows(
            f"SELECT (coalesce((SELECT sum(amount) FROM account_balances WHERE vendor_id = %s AND currency = %s "  # noqa: S608
            f"AND {_OF_A_VENDOR}), 0) - coalesce((SELECT sum(amount) FROM postings WHERE vendor_id = %s AND currency = %s "
            f"AND at >= %s AND {_OF_A_VENDOR}), 0))::bigint",
            *(vendor_id, currency.code, vendor_id, currency.code, before),
        )
        return Money(-owed, currency)

    def unsealed(self, limit: int, /) -> Sequence[Booked]:
        """Up to `limit` entries without a seal, in the order of their numbers; one sealer at a time, others wait."""
        self._statements.rows("SELECT pg_advisory_xact_lock(%s)", _SEALER_LOCK)
        return self._booked(
            "(SELECT * FROM journal_entries WHERE number IN (SELECT number FROM unsealed_entries ORDER BY number LIMIT %s))", limit
        )

    def last_seal(self) -> Seal | None:
        """The end of the chain."""
        found = self._statements.rows(f"SELECT {_SEALS.names} FROM seals ORDER BY position DESC LIMIT 1")  # noqa: S608
        return Seal(*found[0]) if found else None

    def seal(self, seals: Iterable[Seal], /) -> None:
        """Keep seals, in order; raises `Conflict` when a place is taken or an entry sealed already."""
        rows = [(each.position, each.number, each.hash) for each in seals]
        if rows:
            self._statements.now(_SEALS.insert, *_SEALS.encoded(rows))
            numbers = integers(map(itemgetter(1), rows))
            self._statements.later("DELETE FROM unsealed_entries WHERE number = ANY(%s::bigint[])", numbers)

    def chain(self, after: int, limit: int, /) -> Sequence[tuple[Seal, Entry]]:
        """Up to `limit` seals with their entries in the order of their positions, those above `after`."""
        sql = f"SELECT {_SEALS.names} FROM seals WHERE position > %s ORDER BY position LIMIT %s"  # noqa: S608
        seals = [Seal(*row) for row in self._statements.rows(sql, after, limit)]
        if not seals:
            return []
        numbers = integers([each.number for each in seals])
        booked = self._booked("(SELECT * FROM journal_entries WHERE number = ANY(%s::bigint[]))", numbers)
        entries = {each.number: each.entry for each in booked}
        return [(each, entries[each.number]) for each in seals]

    def _booked(self, entries: str, *parameters: Any) -> list[Booked]:
        sql = f"{_BOOKED.format(entries=entries)} ORDER BY e.number, p.position"
        heads: dict[int, Row] = {}
        postings: dict[int, list[Posting]] = {}
        for row in self._statements.rows(sql, *parameters):
            number, kind, vendor_id, amount, code = row[0], *row[5:]
            heads.setdefault(number, row)
            if kind is not None:
                account = LedgerAccount(AccountKind(kind), vendor_id)
                postings.setdefault(number, []).append(Posting(account, Money(amount, Currency.of(code))))
        return [
            Booked(number, Entry(fact, EntryKind(kind), tuple(postings.get(number, ())), at, order_id))
            for number, (_, fact, kind, order_id, at, *_) in heads.items()
        ]

    def _keep_balances(self) -> None:
        """Add what was posted to the balances, as late as can be: their rows are locked from here to the commit."""
        sums, self._sums = self._sums, {}
        if sums:
            shard = hash((getpid(), get_ident())) % _SHARDS
            rows = [(kind, vendor, code, 0 if vendor else shard, amount) for (kind, vendor, code), amount in sums.items()]
            self._statements.later(_KEEP_BALANCES, *_BALANCES.encoded(rows))


def _balance(kind: str, vendor_id: VendorId | None, code: str, amount: int) -> tuple[LedgerAccount, Money]:
    return LedgerAccount(AccountKind(kind), vendor_id), Money(amount, Currency.of(code))


def _moment(booked: Booked) -> Moment:
    return (booked.entry.at, booked.number)
