"""Payout terms, payouts and debts, kept in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from quarterturn_adapters.codec import encode, structure
from quarterturn_adapters.postgres.arrays import texts, uuids
from quarterturn_adapters.postgres.pages import latest_first
from quarterturn_adapters.postgres.repository import PostgresRepository, Writing
from quarterturn_adapters.postgres.statements import Row, Statements
from quarterturn_adapters.postgres.tables.payouts import DEBTS, PAYOUTS
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payouts.payout import Payout, PayoutStatus
from quarterturn_domain.payouts.recovery import Debt
from quarterturn_domain.payouts.schedule import PayoutTerms


class PostgresPayoutTerms:
    """The terms of every vendor."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def of(self, vendor_ids: Iterable[VendorId], /) -> Mapping[VendorId, PayoutTerms]:
        """The terms of each of these vendors: its own, else those of all vendors, else `PayoutTerms()`."""
        wanted = list(dict.fromkeys(vendor_ids))
        if not wanted:
            return {}
        found = self._statements.rows(
            "SELECT vendor_id, terms FROM payout_terms WHERE vendor_id = ANY(%s::uuid[]) OR vendor_id IS NULL", uuids(wanted)
        )
        terms = {vendor_id: structure(document, PayoutTerms) for vendor_id, document in found}
        for_all = terms.get(None) or PayoutTerms()
        return {vendor_id: terms.get(vendor_id, for_all) for vendor_id in wanted}

    def set(self, terms: PayoutTerms, /) -> None:
        """Put terms in force, for their vendor or for all."""
        self._statements.later(
            "INSERT INTO payout_terms (vendor_id, terms) VALUES (%s, %s::jsonb) "
            "ON CONFLICT (vendor_id) DO UPDATE SET terms = excluded.terms",
            terms.vendor_id,
            encode(terms),
        )


class PostgresPayouts(PostgresRepository[PayoutId, Payout]):
    """Every payout."""

    writing = Writing.of(PAYOUTS)

    @staticmethod
    def key(value: Payout) -> PayoutId:
        """The payout's id."""
        return value.id

    @staticmethod
    def row(value: Payout) -> Row:
        """A payout as a row."""
        amounts = (value.amount.minor, value.recalled.minor, value.amount.currency.code)
        tail = (value.scheduled_at, value.status, value.transfer, value.reference, value.failure)
        return (value.id, value.run_id, value.vendor_id, value.account, *amounts, *tail)

    @staticmethod
    def value(row: Row) -> Payout:
        """A row as a payout."""
        payout_id, run_id, vendor_id, account, amount, recalled, code, scheduled_at, status, *told = row
        transfer, reference, failure = told
        unit = Currency.of(code)
        return Payout(
            id=payout_id,
            run_id=run_id,
            vendor_id=vendor_id,
            account=account,
            amount=Money(amount, unit),
            recalled=Money(recalled, unit),
            scheduled_at=scheduled_at,
            status=PayoutStatus(status),
            transfer=transfer,
            reference=reference,
            failure=failure,
        )

    def open(self, after: PayoutId | None, limit: int, /) -> Sequence[PayoutId]:
        """Up to `limit` payouts that are scheduled, unknown or sent, in the order of their ids, those after `after`; no lock."""
        behind, place = _behind(after)
        sql = f"SELECT id FROM payouts WHERE status IN ('scheduled', 'unknown', 'sent'){behind} ORDER BY id LIMIT %s"  # noqa: S608
        return [each for (each,) in self._statements.rows(sql, *place, limit)]

    def by_reference(self, references: Iterable[str], /) -> Mapping[str, PayoutId]:
        """Which payouts have these references at the provider; no lock."""
        return self._by("reference", references)

    def by_transfer(self, transfers: Iterable[str], /) -> Mapping[str, PayoutId]:
        """Which payouts have these transfers at the provider; no lock."""
        return self._by("transfer", transfers)

    def _by(self, column: str, names: Iterable[str]) -> Mapping[str, PayoutId]:
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return {}
        sql = f"SELECT {column}, id FROM payouts WHERE {column} = ANY(%s::text[])"  # noqa: S608
        return dict(self._statements.rows(sql, texts(wanted)))

    def of_vendor(self, vendor_id: VendorId, after: PayoutId | None, limit: int, /) -> Sequence[Payout]:
        """Up to `limit` payouts of a vendor in the order of their ids, those after `after`."""
        behind, place = _behind(after)
        return self.select(f"WHERE vendor_id = %s{behind} ORDER BY id LIMIT %s", vendor_id, *place, limit)

    def latest_of_vendor(
        self, vendor_id: VendorId, after: tuple[datetime, PayoutId] | None, limit: int, /, status: PayoutStatus | None = None
    ) -> Sequence[Payout]:
        """Up to `limit` payouts of a vendor (of one status, if given), the latest first, those after `after` in that order."""
        rest, parameters = latest_first("scheduled_at", after, limit, vendor_id=vendor_id, status=status)
        return self.select(rest, *parameters)

    def page(self, after: tuple[datetime, PayoutId] | None, limit: int, /, status: PayoutStatus | None = None) -> Sequence[Payout]:
        """Up to `limit` payouts (of one status, if given), the latest first, those after `after` in that order."""
        rest, parameters = latest_first("scheduled_at", after, limit, status=status)
        return self.select(rest, *parameters)

    def of_run(self, run_id: UUID, after: PayoutId | None, limit: int, /) -> Sequence[Payout]:
        """Up to `limit` payouts that a run claimed, in the order of their ids, those after `after`."""
        behind, place = _behind(after)
        return self.select(f"WHERE run_id = %s{behind} ORDER BY id LIMIT %s", run_id, *place, limit)

    def reversible(self, vendor_id: VendorId, currency: Currency, /) -> Sequence[Payout]:
        """The vendor's payouts in a currency of which something can be taken back, the latest first."""
        return self.select(
            "WHERE vendor_id = %s AND currency = %s AND status IN ('sent', 'paid') AND transfer IS NOT NULL "
            "AND amount > recalled ORDER BY scheduled_at DESC, id DESC",
            vendor_id,
            currency.code,
        )


class PostgresDebts(PostgresRepository[tuple[VendorId, str], Debt]):
    """Who owes the platform, and since when."""

    writing = Writing.of(DEBTS)

    @staticmethod
    def key(value: Debt) -> tuple[VendorId, str]:
        """The vendor and the currency."""
        return value.key

    @staticmethod
    def row(value: Debt) -> Row:
        """A debt as a row."""
        return (value.vendor_id, value.currency_code, value.since)

    @staticmethod
    def value(row: Row) -> Debt:
        """A row as a debt."""
        return Debt(*row)

    def page(self, after: tuple[VendorId, str] | None, limit: int, /) -> Sequence[Debt]:
        """Up to `limit` debts in the order of (vendor, currency code), those after `after`; no lock."""
        behind, place = ("", ()) if after is None else ("WHERE (vendor_id, currency) > (%s, %s::bpchar) ", after)
        return self.select(f"{behind}ORDER BY vendor_id, currency LIMIT %s", *place, limit)

    def remove(self, keys: Iterable[tuple[VendorId, str]], /) -> None:
        """Forget debts that are covered."""
        gone = list(dict.fromkeys(keys))
        if gone:
            self._statements.later(f"DELETE FROM debts WHERE {self.writing.has_key()}", *self.writing.key_arrays(gone))  # noqa: S608


def _behind(after: PayoutId | None) -> tuple[str, Sequence[PayoutId]]:
    return ("", ()) if after is None else (" AND id > %s", (after,))
