"""The sender of webhooks: endpoints side by side, each by one call at a time, and a sick one keeps nobody waiting for long."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from threading import Condition
from time import monotonic
from typing import Final, TypeAlias

from quarterturn_adapters.webhooks.resolving import NotReached, Resolve, Resolver
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import EndpointId
from quarterturn_domain.webhooks.receiver import Receivers
from quarterturn_domain.webhooks.sender import Answered, Outgoing

SECONDS: Final = 10.0
"""How long one call may take, look-up and all."""

PATIENCE_SECONDS: Final = 5.0
"""How long one endpoint may take of a batch before the rest of what it is told has to wait for another one."""

_TURN_SECONDS: Final = 0.5
"""How long a batch waits for another one that is telling the same endpoint, before what it has for it waits for a later batch."""

_THREADS: Final = 16

Told: TypeAlias = Callable[[str, float], None]
"""Hears of an attempt: `delivered`, `refused`, `unanswered` or `put_off`, and how many seconds it took."""


class PinnedSender:
    """Sends webhooks to the addresses that their names had when they were looked up and checked: once, and right before."""

    def __init__(
        self,
        receivers: Receivers,
        *,
        told: Told | None = None,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """`resolve` and `tls` say how names are resolved and whose certificates are believed, where a test needs that."""
        self._receivers = receivers
        self._told = told or _nobody
        self._resolver = Resolver(receivers, resolve)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="webhooks")
        self._given_tls = tls
        self._seconds = seconds
        self._patience_seconds = patience_seconds
        self._changed = Condition()
        self._busy: set[EndpointId] = set()

    def send(self, outgoing: Sequence[Outgoing], /) -> Sequence[Answered | None]:
        """For each what came of it, in order; None where it was not tried, for now."""
        queues: dict[EndpointId, list[int]] = {}
        for number, each in enumerate(outgoing):
            queues.setdefault(each.endpoint_id, []).append(number)
        answers: list[Answered | None] = [None] * len(outgoing)

        def serve(endpoint_id: EndpointId, numbers: Sequence[int]) -> None:
            if not self._begin(endpoint_id):
                return
            try:
                until = monotonic() + self._patience_seconds
                for number in numbers:
                    answer = answers[number] = self._sent(outgoing[number])
                    if answer.status_code is None or monotonic() >= until:
                        return
            finally:
                with self._changed:
                    self._busy.discard(endpoint_id)
                    self._changed.notify_all()

        running = [self._pool.submit(serve, endpoint_id, numbers) for endpoint_id, numbers in queues.items()]
        wait(running)
        for future in running:
            future.result()
        for answer in answers:
            self._told(_outcome(answer), 0.0 if answer is None else answer.milliseconds / 1_000)
        return answers

    def close(self) -> None:
        """End the threads, once what they have in hand is done."""
        self._pool.shutdown()
        self._resolver.close()

    def _begin(self, endpoint_id: EndpointId) -> bool:
        """Whether nobody else of this process is calling the endpoint, or has soon done so: who is well answers in that time."""
        with self._changed:
            if not self._changed.wait_for(lambda: endpoint_id not in self._busy, _TURN_SECONDS):
                return False
            self._busy.add(endpoint_id)
            return True

    def _sent(self, outgoing: Outgoing) -> Answered:
        # Who sends no webhooks needs no library for it.
        from quarterturn_adapters.webhooks.calling import call  # noqa: PLC0415

        began = monotonic()
        try:
            receiver = self._receivers.read(outgoing.url)
            addresses = self._resolver.addresses(receiver, self._seconds)
            left = self._seconds - (monotonic() - began)
            headers = {"Content-Type": "application/json", "User-Agent": _AGENT, **outgoing.headers}
            reply = call(receiver, addresses, headers, outgoing.body.encode(), tls=self._tls, seconds=max(left, 0.001))
        except (NotReached, Invalid) as failure:
            return Answered(milliseconds=_since(began), error=str(failure))
        return Answered(
            milliseconds=_since(began),
            status_code=reply.status_code,
            error=_refusal(reply.status_code),
            excerpt=reply.excerpt,
            retry_after_seconds=reply.retry_after_seconds,
        )

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._given_tls or ssl.create_default_context()


def _nobody(_: str, __: float) -> None:
    """Nobody counts."""


def _outcome(answer: Answered | None) -> str:
    if answer is None:
        return "put_off"
    if answer.status_code is None:
        return "unanswered"
    return "refused" if _refusal(answer.status_code) else "delivered"


def _refusal(status_code: int) -> str:
    """Why a status is none that says that the receiver has it, or nothing (RFC 9110, 15)."""
    if 200 <= status_code < 300:  # noqa: PLR2004
        return ""
    return "redirects are not followed" if 300 <= status_code < 400 else f"answered with {status_code}"  # noqa: PLR2004


def _since(began: float) -> int:
    return round((monotonic() - began) * 1_000)


def _agent() -> str:
    try:
        return f"QuarterTurn-Webhooks/{version('quarterturn')}"
    except PackageNotFoundError:
        return "QuarterTurn-Webhooks"


_AGENT: Final = _agent()
