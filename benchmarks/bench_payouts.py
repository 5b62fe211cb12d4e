"""What a payout run costs of its own, without the provider: 10,000 vendors and a million journal lines, against plain SQL.

One measure is the aggregate that tells every vendor's balance from the same lines: nobody can pay vendors who does not know that
much. The other one is the least SQL that also writes what a run has to write for each of them: a payout, a journal entry with its
postings, the balances and an event; by a few statements for all, which decide about nobody.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from statistics import median
from uuid import UUID

import psycopg
from figures import Figure, report
from shop import database, server, wired

from quarterturn_adapters.garbage import settle
from quarterturn_domain.payouts.claiming import RunPayouts

VENDORS = 10_000
LINES = 1_000_000
ROUNDS = 5
AT = datetime(2026, 1, 1, tzinfo=UTC)

ROWS = (
    """INSERT INTO vendors (id, name, country, status, applied_at, payout_reference, payout_ready, payout_requirements)
    SELECT lpad(v::text, 32, '0')::uuid, 'Vendor ' || v, 'DE', 'approved', %(at)s, 'acct_' || v, true, '[]'
    FROM generate_series(1, %(vendors)s) AS v""",
    """INSERT INTO journal_entries (fact, kind, at)
    SELECT 'earning:' || e || ':released', 'release', %(at)s - e * interval '1 second'
    FROM generate_series(1, %(entries)s) AS e""",
    """INSERT INTO postings (entry, position, account, vendor_id, amount, currency, at)
    SELECT number, side, CASE side WHEN 0 THEN 'vendor_pending' ELSE 'vendor_available' END,
        lpad((1 + number %% %(vendors)s)::text, 32, '0')::uuid, CASE side WHEN 0 THEN 1 ELSE -1 END * (100 + number %% 900), 'EUR',
        at
    FROM journal_entries, generate_series(0, 1) AS side""",
    """INSERT INTO account_balances (account, vendor_id, currency, shard, amount)
    SELECT account, vendor_id, currency, 0, sum(amount) FROM postings GROUP BY 1, 2, 3""",
)

AGGREGATE = """SELECT vendor_id, currency, -sum(amount) FROM postings
WHERE account = 'vendor_available' AND vendor_id IS NOT NULL GROUP BY 1, 2 HAVING sum(amount) < 0"""


CLAIM = (
    f"""CREATE TEMPORARY TABLE claimed ON COMMIT DROP AS SELECT gen_random_uuid() AS id, * FROM ({AGGREGATE})
    AS owed (vendor_id, currency, amount)""",  # noqa: S608
    """INSERT INTO payouts (id, run_id, vendor_id, account, amount, recalled, currency, scheduled_at, status)
    SELECT id, lpad('2', 32, '0')::uuid, vendor_id, 'acct', amount, 0, currency, now(), 'scheduled' FROM claimed""",
    """INSERT INTO journal_entries (fact, kind, at) SELECT 'payout:' || id || ':scheduled', 'payout', now() FROM claimed""",
    """INSERT INTO unsealed_entries
    SELECT e.number FROM claimed c JOIN journal_entries e ON e.fact = 'payout:' || c.id || ':scheduled'""",
    """INSERT INTO postings (entry, position, account, vendor_id, amount, currency, at)
    SELECT e.number, side, CASE side WHEN 0 THEN 'vendor_available' ELSE 'payouts_in_transit' END, c.vendor_id,
        CASE side WHEN 0 THEN 1 ELSE -1 END * c.amount, c.currency, now()
    FROM claimed c JOIN journal_entries e ON e.fact = 'payout:' || c.id || ':scheduled', generate_series(0, 1) AS side""",
    """UPDATE account_balances b SET amount = b.amount + c.amount FROM claimed c
    WHERE (b.account, b.vendor_id, b.currency) = ('vendor_available', c.vendor_id, c.currency)""",
    """INSERT INTO account_balances (account, vendor_id, currency, shard, amount)
    SELECT 'payouts_in_transit', vendor_id, currency, 0, -amount FROM claimed""",
    """INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, version, headers, timestamp)
    SELECT gen_random_uuid(), 'payout', id::text, 'payout.scheduled', jsonb_build_object('payout_id', id, 'amount', amount), 1,
        '{}', now() FROM claimed""",
    # What the database asks at a commit.
    "SET CONSTRAINTS ALL IMMEDIATE",
)


def fill(url: str) -> None:
    """Write the vendors and their lines as rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for sql in ROWS:
            connection.execute(sql, {"vendors": VENDORS, "entries": LINES // 2, "at": AT})
        connection.execute("VACUUM ANALYZE")


def aggregated(url: str) -> float:
    """The seconds that the aggregate takes, its rows read."""
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        rows = connection.execute(AGGREGATE).fetchall()
        took = time.perf_counter() - began
    assert len(rows) == VENDORS
    return took


def claimed_by_sql(url: str) -> float:
    """The seconds that the least SQL takes that writes what a run has to write; taken back, so that the run finds the same."""
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        for sql in CLAIM:
            connection.execute(sql)
        took = time.perf_counter() - began
        connection.rollback()
        connection.autocommit = True
        connection.execute("VACUUM")
    return took


def main() -> None:
    """Measure both in one run."""
    with server() as url:
        with database(url) as opened:
            fill(url)
            app = wired(opened)
            settle()
            plain = [aggregated(url) for _ in range(ROUNDS)]
            written = claimed_by_sql(url)
            dry = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                run = app.claim_payouts(RunPayouts(run_id=UUID(int=1), dry=True, at=AT))
                dry.append(time.perf_counter() - began)
                assert len(run.payouts) == VENDORS
            began = time.perf_counter()
            run = app.claim_payouts(RunPayouts(run_id=UUID(int=1), at=AT))
            claimed = time.perf_counter() - began
            assert len(run.payouts) == VENDORS
        limit = median(plain)
    report(
        "payouts",
        [
            Figure("the plain aggregate", limit * 1000, "ms"),
            Figure("deciding, nothing written", median(dry) * 1000, "ms"),
            Figure("deciding / aggregate", median(dry) / limit, "times", "at most 3"),
            Figure("a whole run: decided, booked, committed", claimed * 1000, "ms"),
            Figure("a whole run / aggregate", claimed / limit, "times"),
            Figure("the least SQL that writes the same", written * 1000, "ms"),
            Figure("a whole run / least SQL", claimed / written, "times", "at most 3"),
            Figure("payouts a second", VENDORS / claimed, "a second"),
        ],
        sys.argv[1:],
    )


if __name__ == "__main__":
    main()
