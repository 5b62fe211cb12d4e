"""Hearing: what a provider tells is kept before anything else; then the object that it is about is read, and that is recorded.

A webhook is only a hint. Told twice, late, in another order or by somebody else, it leads to the same reading of the same object.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar

import attrs

from quarterturn_domain.identity.onboarding import ConnectPayoutAccount, GovernVendors
from quarterturn_domain.kernel.batch import decide_each
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import CircuitOpen, Conflict, DomainError, NotFound, Outcome, granted
from quarterturn_domain.kernel.ids import PaymentId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.payments.disputing import SyncDisputes
from quarterturn_domain.payments.gateway import PaymentGateway
from quarterturn_domain.payments.recording import record
from quarterturn_domain.payments.taking import SyncPayments
from quarterturn_domain.payments.tracking import SyncRefunds
from quarterturn_domain.payments.webhook import HintKind, Webhook, WebhookStatus
from quarterturn_domain.payouts.gateway import TransferGateway
from quarterturn_domain.payouts.paying import ConfirmPayouts
from quarterturn_domain.payouts.ports import PayoutsWork

K = TypeVar("K", bound=Hashable)

Key: TypeAlias = tuple[str, str]
"""What a webhook is known by: the provider, and its id of the event."""

Read: TypeAlias = Callable[[Sequence[str], str | None], Sequence[Outcome[object]]]
"""Reads the objects with these references, of this connected account if of any, and records what the provider says of them."""


@attrs.frozen(kw_only=True)
class TakeWebhook:
    """Something that claims to be from `provider`, as it arrived at `at`: its headers and its raw body."""

    provider: str
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    at: datetime


class TakeWebhooks:
    """Believes what is signed, and keeps it; when this has returned, the provider may be told that it was taken."""

    def __init__(self, work: Begin[PayoutsWork], gateway: PaymentGateway, *, provider: str) -> None:
        """`gateway` is that of `provider`, whose webhooks are taken and no other's."""
        self._work = work
        self._gateway = gateway
        self._provider = provider

    def __call__(self, command: TakeWebhook) -> Webhook:
        """The webhook, which is handled afterwards; the first one, however often it is sent.

        Raises `NotFound` for another provider, `Forbidden` for a wrong or old signature, `Invalid` for what is signed and no event.
        """
        if command.provider != self._provider:
            raise NotFound("provider", command.provider)
        hint = self._gateway.hint(command.headers, command.body, at=command.at)
        key = (command.provider, hint.event_id)
        webhook, fact = Webhook.receive(command.provider, hint, hashlib.sha256(command.body).hexdigest(), at=command.at)
        try:
            with self._work() as work:
                known = work.webhooks.find([key]).get(key)
                if known is not None:
                    return known
                work.webhooks.add([webhook])
                work.outbox.append([] if fact is None else [fact])
        except Conflict:
            # It was sent twice at the same moment, and the other one was first.
            with self._work() as work:
                return required(work.webhooks.find([key]), key, "webhook")
        return webhook


class HandleWebhooks:
    """Handles webhooks that wait: reads the object again that each is about. Handled twice, it changes nothing.

    Every try is noted before it begins, so that what cannot be handled comes again later and later, and keeps nothing else waiting.
    """

    def __init__(self, work: Begin[PayoutsWork], payments: PaymentGateway, transfers: TransferGateway, clock: Clock) -> None:
        self._work = work
        self._payments = payments
        self._transfers = transfers
        self._clock = clock
        self._sync_payments = SyncPayments(work, payments, clock)
        self._sync_refunds = SyncRefunds(work, payments, clock)
        self._sync_disputes = SyncDisputes(work, payments, clock)
        self._confirm_payouts = ConfirmPayouts(work, transfers, clock)
        self._govern_vendors = GovernVendors(work)
        self._reads: Final[Mapping[HintKind, Read]] = {
            HintKind.PAYMENT: self._read_payments,
            HintKind.REFUND: self._read_refunds,
            HintKind.DISPUTE: lambda references, _: self._sync_disputes(references),
            HintKind.PAYOUT: self._read_payouts,
            HintKind.ACCOUNT: self._read_accounts,
        }

    def __call__(self, keys: Sequence[Key]) -> Sequence[Webhook]:
        """Those of the webhooks that there are, afterwards; one that is not due, or is done with, as it is."""
        trying = self._attempt(keys)
        told: dict[tuple[HintKind, str, str | None], Outcome[object]] = {}
        groups: dict[tuple[HintKind, str | None], list[str]] = {}
        for webhook in trying:
            hint = webhook.hint
            groups.setdefault((hint.kind, hint.account), []).append(hint.reference)
        for (kind, account), named in groups.items():
            # However many tell of one object, it is read once.
            references = list(dict.fromkeys(named))
            read = self._reads.get(kind, _pass)
            for reference, outcome in zip(references, read(references, account), strict=True):
                told[kind, reference, account] = outcome
        return self._note(keys, {each.key: told[each.hint.kind, each.hint.reference, each.hint.account] for each in trying})

    def _attempt(self, keys: Sequence[Key]) -> Sequence[Webhook]:
        """Those that are due now, each noted as tried once more."""
        at = self._clock.now()
        with self._work() as work:
            due = [webhook for webhook in work.webhooks.lock(set(keys)).values() if webhook.due(at)]
            tried = [webhook.attempt(at=at) for webhook in due]
            work.webhooks.save(webhook for webhook, _ in tried)
            work.outbox.append(fact for _, fact in tried if fact is not None)
        return [webhook for webhook, fact in tried if fact is None]

    def _note(self, keys: Sequence[Key], told: Mapping[Key, Outcome[object]]) -> Sequence[Webhook]:
        at = self._clock.now()
        with self._work() as work:
            webhooks = dict(work.webhooks.lock(told))
            waiting = {key: each for key, each in webhooks.items() if each.status is WebhookStatus.WAITING}
            after = {key: _tried(webhook, told[key], at) for key, webhook in waiting.items()}
            work.webhooks.save(after.values())
            found = {**work.webhooks.find(set(keys)), **after}
        return [found[key] for key in dict.fromkeys(keys) if key in found]

    def _read_payments(self, references: Sequence[str], _: str | None) -> Sequence[Outcome[object]]:
        with self._work() as work:
            known = work.payments.by_reference(references)

        def read(reference: str) -> object:
            if reference in known:
                (outcome,) = self._sync_payments([known[reference]])
                return granted(outcome)
            # Our own note of the reference may have been lost: the provider knows which of our payments it is.
            truth = self._payments.read_payment(reference)
            if truth.payment_id is None or not self._has(truth.payment_id):
                raise NotFound("payment", reference)
            return record(self._work, [(truth.payment_id, truth)], self._clock)

        return decide_each(references, read)

    def _has(self, payment_id: PaymentId) -> bool:
        with self._work() as work:
            return payment_id in work.payments.find([payment_id])

    def _read_refunds(self, references: Sequence[str], _: str | None) -> Sequence[Outcome[object]]:
        with self._work() as work:
            known = work.refunds.by_reference(references)
        return _each(references, known, "refund", self._sync_refunds)

    def _read_payouts(self, references: Sequence[str], account: str | None) -> Sequence[Outcome[object]]:
        if account is None:
            # The platform's own money goes to its own bank: that is no vendor's.
            return list(references)
        with self._work() as work:
            known = work.payouts.by_reference(references)
        return _each(references, known, "payout", self._confirm_payouts)

    def _read_accounts(self, references: Sequence[str], _: str | None) -> Sequence[Outcome[object]]:
        with self._work() as work:
            known = work.vendors.by_payout_account(references)

        def read(reference: str) -> object:
            vendor_id = required(known, reference, "payout account")
            account = self._transfers.read_account(reference)
            (outcome,) = self._govern_vendors([ConnectPayoutAccount(vendor_id=vendor_id, account=account, at=self._clock.now())])
            return granted(outcome)

        return decide_each(references, read)


def _tried(webhook: Webhook, outcome: Outcome[object], at: datetime) -> Webhook:
    if isinstance(outcome, CircuitOpen):
        return webhook.put_off(at + timedelta(seconds=outcome.retry_after_seconds or 1))
    return webhook.failed(outcome.message) if isinstance(outcome, DomainError) else webhook.handled(at=at)


def _each(
    references: Sequence[str], known: Mapping[str, K], kind: str, read: Callable[[Sequence[K]], Sequence[Outcome[Any]]]
) -> Sequence[Outcome[object]]:
    """What `read` makes of each object of ours; what is not known to be ours may become so, and is asked for again."""
    outcomes = dict(zip(known, read(list(known.values())), strict=True)) if known else {}
    return [outcomes[reference] if reference in outcomes else NotFound(kind, reference) for reference in references]


def _pass(references: Sequence[str], _: str | None) -> Sequence[Outcome[object]]:
    return list(references)
