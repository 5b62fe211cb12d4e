"""Endpoints: what they hear, whose secrets are good, when they rest and when they are disabled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_domain.kernel.errors import Conflict, DomainError, Invalid
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.testing import samples
from quarterturn_domain.webhooks.endpoint import (
    DEAD_IN_A_ROW,
    FAILING_FOR,
    LONGEST_REST,
    MAX_FILTERS,
    MAX_SECRETS,
    Endpoint,
    EndpointStatus,
    sound,
)
from quarterturn_domain.webhooks.events import EndpointDisabled
from quarterturn_domain.webhooks.notice import TYPES, TYPES_OF_VENDORS
from quarterturn_domain.webhooks.signing import SigningSecret

NOW = samples.moment(0)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ENDPOINT = samples.an_endpoint(1)


def secret(n: int) -> SigningSecret:
    """The `n`-th secret."""
    return SigningSecret.made(samples.numbered(7, n), f"a secret with the number {n:06}")


@pytest.mark.parametrize(
    ("case", "filters", "heard"),
    [
        ("one", ("order.paid",), {"order.paid"}),
        ("all of a kind", ("payout.*",), {each for each in TYPES if each.startswith("payout.")}),
        ("two", ("order.paid", "stock.moved"), {"order.paid", "stock.moved"}),
        ("all", ("*",), set(TYPES)),
    ],
)
def test_an_endpoint_hears_what_passes(case: str, filters: tuple[str, ...], heard: set[str]) -> None:
    """What passes one of its filters and nothing else; nothing at all while it is disabled."""
    endpoint = attrs.evolve(ENDPOINT, filters=sound(filters, TYPES))

    assert heard == {each for each in TYPES if endpoint.hears(each)}, case
    assert not any(endpoint.disable(reason="", at=NOW)[0].hears(each) for each in TYPES)


KNOWN = f"*, or a type of {', '.join(TYPES_OF_VENDORS)}, or its beginning such as order.*"


@pytest.mark.parametrize(
    ("case", "filters", "refusal"),
    [
        ("none", (), Invalid("0 event filters", f"1 to {MAX_FILTERS}")),
        ("too many", tuple(f"a.{'b' * n}" for n in range(1, 52)), Invalid("51 event filters", f"1 to {MAX_FILTERS}")),
        ("no such type", ("order.lost",), Invalid("the event filter 'order.lost'", KNOWN)),
        ("no such kind", ("orders.*",), Invalid("the event filter 'orders.*'", KNOWN)),
        ("half of a kind", ("ord*",), Invalid("the event filter 'ord*'", KNOWN)),
        ("half of a type", ("order.pa*",), Invalid("the event filter 'order.pa*'", KNOWN)),
        ("what only the platform hears", ("account.registered",), Invalid("the event filter 'account.registered'", KNOWN)),
        ("of a kind that only the platform hears", ("payment.*",), Invalid("the event filter 'payment.*'", KNOWN)),
    ],
)
def test_filters_that_are_refused(case: str, filters: tuple[str, ...], refusal: Invalid) -> None:
    """One that nothing would ever pass is a mistake, which is told at once."""
    with pytest.raises(Invalid) as refused:
        sound(filters, TYPES_OF_VENDORS)

    assert refusal == refused.value, case


def test_a_secret_that_was_replaced_is_good_for_a_while() -> None:
    """Beside the new one, until the grace is over; a second rotation gives it no longer, and may give it less."""
    first = attrs.evolve(ENDPOINT, secrets=(secret(1),))
    second = first.rotated(secret(2), grace=DAY, at=NOW)
    third = second.rotated(secret(3), grace=timedelta(days=7), at=NOW + HOUR)
    leaked = third.rotated(secret(4), grace=timedelta(), at=NOW + HOUR)

    assert [secret(2), attrs.evolve(secret(1), until=NOW + DAY)] == list(second.secrets)
    assert [2, 1] == [_number(each) for each in second.secrets if each.good(NOW + DAY - timedelta(seconds=1))]
    assert [2] == [_number(each) for each in second.secrets if each.good(NOW + DAY)]
    assert [None, NOW + HOUR + timedelta(days=7), NOW + DAY] == [each.until for each in third.secrets]
    assert [secret(4)] == list(leaked.secrets)


def _number(each: SigningSecret) -> int:
    return int(each.id.int >> 8 & 0xFF)


def test_few_secrets_are_signed_with() -> None:
    """However often somebody rotates: the newest ones."""
    endpoint = attrs.evolve(ENDPOINT, secrets=(secret(1),))
    for n in range(2, 12):
        endpoint = endpoint.rotated(secret(n), grace=DAY, at=NOW)

    assert [11, 10, 9, 8, 7] == [_number(each) for each in endpoint.secrets]
    assert len(endpoint.secrets) == MAX_SECRETS


@pytest.mark.parametrize(
    ("case", "act", "refusal"),
    [
        (
            "a secret that it has",
            lambda: ENDPOINT.rotated(ENDPOINT.secrets[1], grace=DAY, at=NOW),
            Conflict("webhook secret", str(ENDPOINT.secrets[1].id), "it was made before, and its text was shown then only"),
        ),
        (
            "a grace without end",
            lambda: ENDPOINT.rotated(secret(9), grace=timedelta(days=8), at=NOW),
            Invalid("a grace of 8 days, 0:00:00", "up to 7 days"),
        ),
        (
            "enabled twice",
            ENDPOINT.enable,
            InvalidTransition("webhook endpoint", "enabled", "enable", ("disable",)),
        ),
        (
            "disabled twice",
            lambda: ENDPOINT.disable(reason="", at=NOW)[0].disable(reason="", at=NOW),
            InvalidTransition("webhook endpoint", "disabled", "disable", ("enable",)),
        ),
        (
            "a long story",
            lambda: ENDPOINT.disable(reason="x" * 201, at=NOW),
            Invalid("a reason of 201 characters", "at most 200"),
        ),
    ],
)
def test_refusals(case: str, act: Callable[[], object], refusal: DomainError) -> None:
    """Every no of an endpoint."""
    with pytest.raises(DomainError) as refused:
        act()

    assert refusal == refused.value, case


def _fails(endpoint: Endpoint, *, hours: int, answered: bool = True, given_up: bool = False) -> Endpoint:
    return endpoint.failed(NOW + hours * HOUR, answered=answered, given_up=given_up)[0]


def test_it_is_disabled_after_five_days_of_failures() -> None:
    """When every attempt has failed for so long; with a notice that says why. One that arrives begins it anew."""
    failing = _fails(ENDPOINT, hours=0)
    for hours in range(1, 120):
        failing = _fails(failing, hours=hours)
    assert failing.enabled

    at = NOW + FAILING_FOR
    disabled, fact = failing.failed(at, answered=True)
    well = failing.succeeded()

    reason = "every attempt has failed for 5 days"
    assert (EndpointStatus.DISABLED, reason) == (disabled.status, disabled.reason)
    assert EndpointDisabled(endpoint_id=ENDPOINT.id, vendor_id=ENDPOINT.vendor_id, reason=reason, automatic=True, at=at) == fact
    assert ENDPOINT == well
    assert _fails(well, hours=120).enabled
    assert attrs.evolve(ENDPOINT) == disabled.enable()


def test_it_is_disabled_when_many_deliveries_were_given_up() -> None:
    """In a row: one that arrives meanwhile begins the count anew."""
    endpoint = ENDPOINT
    for hours in range(DEAD_IN_A_ROW - 1):
        endpoint = _fails(endpoint, hours=hours, given_up=True)
    assert endpoint.enabled

    assert not _fails(endpoint, hours=50, given_up=True).enabled
    assert _fails(endpoint.succeeded(), hours=50, given_up=True).enabled


def test_it_is_disabled_when_it_says_that_it_is_gone() -> None:
    """At once."""
    gone, fact = ENDPOINT.failed(NOW, answered=True, gone=True)

    assert (EndpointStatus.DISABLED, "it answered 410 Gone") == (gone.status, gone.reason)
    assert fact is not None


def test_a_failure_of_a_disabled_endpoint_disables_it_no_further() -> None:
    """What was under way when it was disabled is noted, and no second notice is given."""
    off, _ = ENDPOINT.disable(reason="mine", at=NOW)

    after, fact = off.failed(NOW + 9 * DAY, answered=False, gone=True, given_up=True)

    assert (None, "mine") == (fact, after.reason)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_it_rests_longer_and_longer_and_never_for_long(answers: list[bool]) -> None:
    """One that does not answer is left alone for a while that doubles, and ends; one that answers, in whatever way, is not."""
    endpoint = ENDPOINT
    silent = 0
    for answered in answers:
        endpoint, _ = endpoint.failed(NOW, answered=answered)
        silent = 0 if answered else silent + 1
        wait = min(timedelta(seconds=5) * 2 ** max(silent - 1, 0), LONGEST_REST) if silent else timedelta()
        assert endpoint.resting(NOW) == bool(silent)
        assert not endpoint.resting(NOW + wait)
        assert not silent or endpoint.resting(NOW + wait - timedelta(microseconds=1))


def test_elsewhere_it_begins_anew() -> None:
    """Whoever has mended a URL need not wait; other filters of the same one change nothing about its health."""
    failing = _fails(ENDPOINT, hours=0, answered=False)

    moved = failing.changed(url="https://other.example/", filters=("*",), description="")
    same = failing.changed(url=failing.url, filters=("*",), description="")

    assert (None, None) == (moved.failing_since, moved.rests_until)
    assert failing.failing_since == same.failing_since
    assert failing.rests_until == same.rests_until


def test_nothing_shows_a_secret() -> None:
    """Neither an endpoint nor a secret says itself in a log; nor the URL, which may hold a token of its owner's."""
    said = f"{ENDPOINT!r} {ENDPOINT.secrets[0]!r}"

    assert not [each for each in ENDPOINT.secrets if each.text in said or each.text.removeprefix("whsec_") in said]
    assert "token" not in said
