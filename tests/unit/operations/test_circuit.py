"""A circuit: who fails is left alone longer and longer, then asked by one; and what a person says counts more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.operations.circuit import CALM, MAX_FAILURE, Circuit, CircuitStatus, Waits

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WAITS = Waits(SECOND, 10 * SECOND)


def opened(circuit: Circuit, at: datetime = AT) -> Circuit:
    """The circuit after one failure too many."""
    return circuit.trip("no", at=at, waits=WAITS)[0]


def asked(circuit: Circuit, at: datetime) -> Circuit:
    """The circuit while one asks, who has a minute to come back."""
    probed = circuit.probe(at=at, until=at + 60 * SECOND)
    assert probed is not None
    return probed


def test_it_is_tried_by_one_and_closed_by_an_answer() -> None:
    """Nobody asks before its time, one asks then, and everybody after the answer; each step is a fact."""
    circuit, fact = Circuit(name="a/b").trip("no", at=AT, waits=WAITS)
    assert fact is not None
    assert ("no", 1, AT + SECOND) == (fact.failure, fact.trips, fact.retry_at)
    assert circuit.probe(at=AT + SECOND / 2, until=AT + 60 * SECOND) is None
    half = asked(circuit, AT + SECOND)
    assert (CircuitStatus.HALF_OPEN, None) == (half.seen(AT + SECOND), half.probe(at=AT + 2 * SECOND, until=AT + 62 * SECOND))
    closed, said = half.close(at=AT + 2 * SECOND)
    assert (CircuitStatus.CLOSED, "a/b") == (closed.status, said.name if said else "")
    assert (closed, None) == closed.close(at=AT + 3 * SECOND)


def test_whoever_asks_and_never_comes_back_keeps_others_from_asking_for_a_while_only() -> None:
    """Then somebody else asks; and one who has learned nothing makes room at once."""
    half = asked(opened(Circuit(name="a/b")), AT + SECOND)
    assert half.may_probe(AT + 61 * SECOND)
    assert asked(half, AT + 61 * SECOND).since == half.since
    assert half.give_back(at=AT + 2 * SECOND).may_probe(AT + 2 * SECOND)
    assert opened(Circuit(name="a/b")) == opened(Circuit(name="a/b")).give_back(at=AT)


def test_who_flaps_is_left_alone_longer_each_time() -> None:
    """Twice as long, up to a limit, whether it fails when it is asked or soon after; after some calm it begins anew."""
    circuit, at, waits = Circuit(name="a/b"), AT, []
    for _ in range(6):
        circuit = opened(circuit, at)
        assert circuit.until is not None
        waits.append((circuit.until - at) / SECOND)
        at = circuit.until
        circuit = asked(circuit, at).close(at=at)[0]
    assert [1, 2, 4, 8, 10, 10] == waits
    assert 1 == opened(circuit, at + CALM).trips
    failing = opened(asked(opened(Circuit(name="a/b")), AT + SECOND), AT + SECOND)
    assert (CircuitStatus.OPEN, 2) == (failing.status, failing.trips)


def test_it_is_opened_once() -> None:
    """Whoever comes second with bad news changes nothing."""
    circuit = opened(Circuit(name="a/b"))
    assert (circuit, None) == circuit.trip("again", at=AT + SECOND, waits=WAITS)


def test_whoever_asks_to_be_left_alone_is_for_no_longer_than_the_longest() -> None:
    """The time that a provider names counts where it is more than ours."""
    for least, expected in ((timedelta(), 1), (5 * SECOND, 5), (timedelta(days=1), 10)):
        circuit, _ = Circuit(name="a/b").trip("x" * 1_000, at=AT, waits=WAITS, least=least)
        assert (AT + expected * SECOND, MAX_FAILURE) == (circuit.until, len(circuit.failure or ""))


def test_what_a_person_says_counts_more() -> None:
    """Held open nobody asks, held closed everybody does; when the time is over, or it is let go, it is as it came."""
    held = opened(Circuit(name="a/b")).hold(CircuitStatus.CLOSED, reason="we know better", at=AT, lasts=60 * SECOND)
    assert CircuitStatus.CLOSED is held.seen(AT + 59 * SECOND)
    assert (CircuitStatus.OPEN, True) == (held.seen(AT + 60 * SECOND), held.may_probe(AT + 60 * SECOND))
    shut = Circuit(name="a/b").hold(CircuitStatus.OPEN, reason="they told us", at=AT)
    assert (CircuitStatus.OPEN, False) == (shut.seen(AT + timedelta(days=999)), shut.may_probe(AT + timedelta(days=999)))
    assert (Circuit(name="a/b"), None) == shut.let_go(at=AT)


@pytest.mark.parametrize(
    ("case", "status", "reason", "lasts"),
    [
        ("half open", CircuitStatus.HALF_OPEN, "so", None),
        ("without a reason", CircuitStatus.OPEN, " ", None),
        ("with too long a reason", CircuitStatus.OPEN, "x" * 201, None),
        ("for no time", CircuitStatus.OPEN, "so", timedelta()),
    ],
)
def test_what_cannot_be_held(case: str, status: CircuitStatus, reason: str, lasts: timedelta | None) -> None:
    """It is refused."""
    with pytest.raises(Invalid):
        Circuit(name=case).hold(status, reason=reason, at=AT, lasts=lasts)


@given(
    st.lists(st.tuples(st.sampled_from(["trip", "probe", "give_back", "close", "hold", "let_go"]), st.integers(1, 400))),
    st.integers(1, 400),
)
def test_nobody_waits_for_ever_and_no_wait_is_nothing(steps: list[tuple[str, int]], later: int) -> None:
    """Whatever happens: an open circuit says when to come back, more than now and no later than its longest wait."""
    circuit, at = Circuit(name="a/b"), AT
    for act, seconds in steps:
        at += seconds * SECOND
        if act == "trip":
            circuit = opened(circuit, at)
        elif act == "probe":
            circuit = circuit.probe(at=at, until=at + 60 * SECOND) or circuit
        elif act == "hold":
            circuit = circuit.hold(CircuitStatus.OPEN, reason="so", at=at, lasts=seconds * SECOND)
        elif act == "give_back":
            circuit = circuit.give_back(at=at)
        else:
            circuit = getattr(circuit, act)(at=at)[0]
    at += later * SECOND
    if circuit.seen(at) is not CircuitStatus.CLOSED:
        assert timedelta() < circuit.wait(at) <= max(WAITS.longest, 60 * SECOND)
        assert circuit.forced(at) is not None or circuit.may_probe(at + 60 * SECOND)
