"""The proof: every balance is computed again from the records, and has to be what the ledger says."""

from __future__ import annotations

from collections import Counter

from quarterturn_adapters.sandbox.books import Books
from quarterturn_adapters.sandbox.ledger import PLATFORM
from quarterturn_domain.payments.dispute import DisputeStatus
from quarterturn_domain.payments.gateway import GatewayRefundStatus, LineKind
from quarterturn_domain.payouts.gateway import GatewayPayoutStatus

_OWN = {LineKind.ADJUSTMENT, LineKind.FEE}


def prove(books: Books) -> None:
    """Assert it; a difference is a bug of the sandbox."""
    expected = _expected(books)
    stated: Counter[tuple[str, str]] = Counter()
    for line in books.ledger.lines:
        stated[PLATFORM, line.amount.currency.code] += line.net.minor
    held = Counter(books.ledger.available)
    held.update(books.ledger.pending)
    for where in {*expected, *held, *stated}:
        assert expected[where] == held[where], f"{where}: {expected[where]} by the records, {held[where]} in the ledger"
        if where[0] == PLATFORM:
            assert stated[where] == held[where], f"{where}: {stated[where]} by the statement, {held[where]} in the ledger"
    for payment in books.payments.values():
        assert min(payment.refunded, payment.taken, payment.left) >= 0, f"more than was paid went back of {payment.reference}"
        assert payment.captured <= payment.amount
        assert 0 <= payment.transferred <= payment.captured
    for transfer in books.transfers.values():
        assert 0 <= transfer.reversed.minor <= transfer.amount.minor


def _expected(books: Books) -> Counter[tuple[str, str]]:
    """What each holder has by the records alone."""
    sums: Counter[tuple[str, str]] = Counter()
    for payment in books.payments.values():
        sums[PLATFORM, payment.currency.code] += payment.captured - payment.fee
    for refund in books.refunds.values():
        if refund.status is not GatewayRefundStatus.FAILED:
            sums[PLATFORM, refund.amount.currency.code] -= refund.amount.minor
    for dispute in books.disputes.values():
        taken = 0 if dispute.status is DisputeStatus.WON else dispute.amount.minor
        sums[PLATFORM, dispute.amount.currency.code] -= taken + dispute.fee.minor - dispute.fee_returned.minor
    for transfer in books.transfers.values():
        kept = transfer.amount.minor - transfer.reversed.minor
        sums[PLATFORM, transfer.amount.currency.code] -= kept
        sums[transfer.account, transfer.amount.currency.code] += kept
    for payout in books.payouts.values():
        if payout.status in {GatewayPayoutStatus.PENDING, GatewayPayoutStatus.PAID}:
            sums[payout.account, payout.amount.currency.code] -= payout.amount.minor
    for line in books.ledger.lines:
        if line.kind in _OWN:
            sums[PLATFORM, line.amount.currency.code] += line.net.minor
    return sums
