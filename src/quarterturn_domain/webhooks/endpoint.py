"""An endpoint: where a vendor, or the platform, wants to be told of what, and how well that goes.

It is disabled by its owner, or by itself when it has failed for too long. One that does not answer rests between tries, longer and
longer, so that nobody waits for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Conflict, Invalid, Rejected
from quarterturn_domain.kernel.ids import EndpointId, VendorId
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.texts import short
from quarterturn_domain.webhooks.events import EndpointDisabled
from quarterturn_domain.webhooks.signing import SigningSecret

MAX_ENDPOINTS: Final = 20
"""How many endpoints an owner may have."""

MAX_FILTERS: Final = 50
MAX_SECRETS: Final = 5
LONGEST_DESCRIPTION: Final = 200
LONGEST_REASON: Final = 200

FAILING_FOR: Final = timedelta(days=5)
"""How long every attempt has to have failed before an endpoint is disabled."""

DEAD_IN_A_ROW: Final = 20
"""How many deliveries have to be given up, and none arrive meanwhile, before it is."""

GRACE: Final = timedelta(days=1)
"""How long a secret that was replaced is signed with beside the new one, unless somebody says otherwise."""

LONGEST_GRACE: Final = timedelta(days=7)

FIRST_REST: Final = timedelta(seconds=5)
LONGEST_REST: Final = timedelta(minutes=5)

_FILTER: Final = re.compile(r"\*|[a-z_]{1,40}\.(?:[a-z_]{1,40}|\*)")


class EndpointStatus(StrEnum):
    """Whether it is told anything."""

    ENABLED = "enabled"
    DISABLED = "disabled"


ENDPOINT: Final = StateMachine(
    "webhook endpoint",
    initial=EndpointStatus.ENABLED,
    table={
        EndpointStatus.ENABLED: {"disable": EndpointStatus.DISABLED},
        EndpointStatus.DISABLED: {"enable": EndpointStatus.ENABLED},
    },
)


@attrs.frozen(eq=False)
class EndpointOff(Rejected):
    """A disabled endpoint is told nothing, also not when somebody asks for it."""

    endpoint_id: EndpointId
    reason: str

    @property
    def message(self) -> str:
        """What would help."""
        return f"The webhook endpoint {self.endpoint_id} is disabled ({self.reason}); enable it first"


@attrs.frozen(kw_only=True)
class Endpoint:
    """A URL that hears the events that pass `filters`, about the vendor that owns it; one of the platform (None) about all.

    `failing_since` is when the first of the attempts failed that all have failed since; `given_up` counts the deliveries that were
    given up since, `unanswered` the attempts that nobody answered.
    """

    id: EndpointId
    vendor_id: VendorId | None
    # It may hold a token of its owner's.
    url: str = attrs.field(repr=False)
    filters: tuple[str, ...]
    secrets: tuple[SigningSecret, ...]
    made_at: datetime
    description: str = ""
    status: EndpointStatus = ENDPOINT.initial
    reason: str = ""
    failing_since: datetime | None = None
    given_up: int = 0
    unanswered: int = 0
    rests_until: datetime | None = None

    @property
    def enabled(self) -> bool:
        """Whether it is told anything."""
        return self.status is EndpointStatus.ENABLED

    def hears(self, type_: str) -> bool:
        """Whether events of this type pass one of its filters."""
        return self.enabled and any(passes(each, type_) for each in self.filters)

    def changed(self, *, url: str, filters: tuple[str, ...], description: str) -> Endpoint:
        """The endpoint elsewhere, or of other events; elsewhere it begins anew."""
        short(LONGEST_DESCRIPTION, description=description)
        moved = self if url == self.url else self._well()
        return attrs.evolve(moved, url=url, filters=filters, description=description)

    def rotated(self, secret: SigningSecret, *, grace: timedelta, at: datetime) -> Endpoint:
        """The endpoint with a new secret; those before it are good for `grace` at most, and the oldest of many no more.

        Raises `Conflict` for a secret that it has had already, `Invalid` for a grace that is too long.
        """
        if not timedelta() <= grace <= LONGEST_GRACE:
            raise Invalid(f"a grace of {grace}", f"up to {LONGEST_GRACE.days} days")
        if any(each.id == secret.id for each in self.secrets):
            raise Conflict("webhook secret", str(secret.id), "it was made before, and its text was shown then only")
        until = at + grace
        ending = [
            each if each.until is not None and each.until < until else attrs.evolve(each, until=until) for each in self.secrets
        ]
        kept = [each for each in ending if each.good(at)][: MAX_SECRETS - 1]
        return attrs.evolve(self, secrets=(secret, *kept))

    def disable(self, *, reason: str, at: datetime, automatic: bool = False) -> tuple[Endpoint, EndpointDisabled]:
        """The endpoint, told nothing from now on; raises `InvalidTransition` when it was not before."""
        short(LONGEST_REASON, reason=reason)
        after = attrs.evolve(self, status=ENDPOINT.next(self.status, "disable"), reason=reason)
        return after, EndpointDisabled(endpoint_id=self.id, vendor_id=self.vendor_id, reason=reason, automatic=automatic, at=at)

    def enable(self) -> Endpoint:
        """The endpoint, told of what happens from now on, and judged by how that goes; raises `InvalidTransition`."""
        return attrs.evolve(self._well(), status=ENDPOINT.next(self.status, "enable"), reason="")

    def succeeded(self) -> Endpoint:
        """After an attempt that arrived."""
        return self if self.failing_since is None else self._well()

    def failed(
        self, at: datetime, *, answered: bool, gone: bool = False, given_up: bool = False
    ) -> tuple[Endpoint, EndpointDisabled | None]:
        """After an attempt that did not arrive: unanswered, it rests; after too long, or when it is gone, it is disabled.

        `given_up` says that it was the last attempt of its delivery.
        """
        unanswered = 0 if answered else self.unanswered + 1
        after = attrs.evolve(
            self,
            failing_since=self.failing_since or at,
            given_up=self.given_up + given_up,
            unanswered=unanswered,
            rests_until=at + min(FIRST_REST * (1 << min(unanswered - 1, 10)), LONGEST_REST) if unanswered else None,
        )
        reason = _too_much(after, at, gone=gone)
        return after.disable(reason=reason, at=at, automatic=True) if reason and self.enabled else (after, None)

    def resting(self, at: datetime) -> bool:
        """Whether it is left alone for now."""
        return self.rests_until is not None and at < self.rests_until

    def _well(self) -> Endpoint:
        return attrs.evolve(self, failing_since=None, given_up=0, unanswered=0, rests_until=None)


def _too_much(endpoint: Endpoint, at: datetime, *, gone: bool) -> str:
    """Why an endpoint is to be disabled, or nothing."""
    assert endpoint.failing_since is not None
    if gone:
        return "it answered 410 Gone"
    if at - endpoint.failing_since >= FAILING_FOR:
        return f"every attempt has failed for {FAILING_FOR.days} days"
    if endpoint.given_up >= DEAD_IN_A_ROW:
        return f"{DEAD_IN_A_ROW} deliveries in a row were given up"
    return ""


def passes(filter_: str, type_: str) -> bool:
    """Whether a filter lets a type of event through.

    >>> [passes(each, "order.paid") for each in ("*", "order.*", "order.paid", "order.placed", "payout.*")]
    [True, True, True, False, False]
    """
    return filter_ in {"*", type_} or (filter_.endswith(".*") and type_.startswith(filter_[:-1]))


def sound(filters: Iterable[str], types: Iterable[str]) -> tuple[str, ...]:
    """`filters`, each once, or `Invalid`: none, too many, or one that no event of these `types` would ever pass."""
    found = tuple(dict.fromkeys(filters))
    known = list(types)
    if not 0 < len(found) <= MAX_FILTERS:
        raise Invalid(f"{len(found)} event filters", f"1 to {MAX_FILTERS}")
    for each in found:
        if _FILTER.fullmatch(each) is None or not any(passes(each, type_) for type_ in known):
            raise Invalid(
                f"the event filter {each[:100]!r}", f"*, or a type of {', '.join(known)}, or its beginning such as order.*"
            )
    return found
