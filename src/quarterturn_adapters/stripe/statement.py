"""The statement: balance transactions of the platform's account, oldest first.

Stripe gives lists newest first, so the first page is found by walking back once; from there on each page follows its forerunner.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Final

from stripe import BalanceTransaction, ListObject

from quarterturn_adapters.stripe.amounts import money
from quarterturn_adapters.stripe.client import Client
from quarterturn_adapters.stripe.mapping import moment, name_of
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.payments.gateway import LineKind, StatementLine

LONGEST_PAGE: Final = 100
"""The most that Stripe gives at once."""

_KINDS: Final = {
    "charge": LineKind.CHARGE,
    "payment": LineKind.CHARGE,
    "refund": LineKind.REFUND,
    "payment_refund": LineKind.REFUND,
    "refund_failure": LineKind.REFUND_FAILURE,
    "transfer": LineKind.TRANSFER,
    "transfer_refund": LineKind.TRANSFER_REVERSAL,
    "transfer_cancel": LineKind.TRANSFER_REVERSAL,
    "transfer_failure": LineKind.TRANSFER_REVERSAL,
    "payout": LineKind.PAYOUT,
    "payout_cancel": LineKind.PAYOUT_FAILURE,
    "payout_failure": LineKind.PAYOUT_FAILURE,
    "stripe_fee": LineKind.FEE,
    "stripe_fx_fee": LineKind.FEE,
    "tax_fee": LineKind.FEE,
}
_CATEGORIES: Final = {"dispute": LineKind.DISPUTE, "dispute_reversal": LineKind.DISPUTE_REVERSAL}
"""A dispute is an `adjustment` that is reported as what it is; every type without a kind of its own is an adjustment to us."""


def page(client: Client, since: datetime, until: datetime, after: str | None, limit: int) -> Sequence[StatementLine]:
    """Up to `limit` lines with `since <= at < until` after the line `after`, at most 100; `Invalid` for a limit below one."""
    if limit < 1:
        raise Invalid(f"a page of {limit} lines", "1 or more")
    size = min(limit, LONGEST_PAGE)
    following = None if after is None else _listed(client, since, until, size, ending_before=after).data
    lines = _oldest(client, since, until, size) if following is None else following
    return tuple(line_of(line) for line in reversed(lines))


def _oldest(client: Client, since: datetime, until: datetime, size: int) -> Sequence[BalanceTransaction]:
    """The last lines of a list that is given newest first; fewer than `size` where its last page has fewer."""
    found = _listed(client, since, until, LONGEST_PAGE)
    while found.has_more and found.data:
        found = _listed(client, since, until, LONGEST_PAGE, starting_after=found.data[-1].id)
    return found.data[-size:]


def _listed(
    client: Client,
    since: datetime,
    until: datetime,
    size: int,
    *,
    starting_after: str | None = None,
    ending_before: str | None = None,
) -> ListObject[BalanceTransaction]:
    # Stripe counts whole seconds: a line of this second is at its beginning.
    created = {"gte": ceil(since.timestamp()), "lt": ceil(until.timestamp())}
    return client.read(
        "statement line",
        starting_after or ending_before or "",
        lambda: client.v1.balance_transactions.list(
            {
                "created": {"gte": created["gte"], "lt": created["lt"]},
                "limit": size,
                "expand": ["data.source"],
                **({"starting_after": starting_after} if starting_after else {}),
                **({"ending_before": ending_before} if ending_before else {}),
            }
        ),
    )


def line_of(line: BalanceTransaction) -> StatementLine:
    """A line of the statement; a reversal names the transfer that it takes back."""
    source: object = line.source
    if getattr(source, "object", "") == "transfer_reversal":
        source = getattr(source, "transfer", None)
    kind = _CATEGORIES.get(line.reporting_category) if line.type == "adjustment" else _KINDS.get(line.type)
    return StatementLine(
        reference=line.id,
        kind=kind or LineKind.ADJUSTMENT,
        source=name_of(source) or line.id,
        amount=money(line.amount, line.currency),
        fee=money(line.fee, line.currency),
        at=moment(line.created),
        available_at=max(moment(line.created), moment(line.available_on)),
    )
