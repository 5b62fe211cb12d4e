"""Deliveries: tried over three days under one id, once for each turn, and remembered in bounded space."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_domain.kernel.ids import DeliveryId
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.testing import samples
from quarterturn_domain.webhooks.delivery import (
    KEPT_ATTEMPTS,
    LONGEST_EXCERPT,
    TURN,
    WAITS,
    Attempt,
    DeliveryStatus,
    WebhookDelivery,
)
from quarterturn_domain.webhooks.events import WebhookDeliveryDue

NOW = samples.moment(0)
FRESH = samples.a_webhook_delivery(1)


def attempt(status: int | None = 500, *, after: timedelta = timedelta()) -> Attempt:
    """An attempt that came to this."""
    return attrs.evolve(samples.an_attempt(1, status_code=status), at=NOW + after)


@pytest.mark.parametrize(
    ("case", "status", "expected"),
    [
        ("yes", 200, DeliveryStatus.DELIVERED),
        ("nothing to say", 204, DeliveryStatus.DELIVERED),
        ("the last of them", 299, DeliveryStatus.DELIVERED),
        ("elsewhere", 301, DeliveryStatus.WAITING),
        ("no", 400, DeliveryStatus.WAITING),
        ("broken", 500, DeliveryStatus.WAITING),
        ("silence", None, DeliveryStatus.WAITING),
    ],
)
def test_what_an_answer_means(case: str, status: int | None, expected: DeliveryStatus) -> None:
    """Only a status of 200 to 299 says that the receiver has it."""
    assert expected == FRESH.attempted(attempt(status)).status, case


def test_it_is_tried_by_the_schedule_and_then_given_up() -> None:
    """Ten times within three and a half days; each wait is at least the schedule's and at most a tenth longer."""
    delivery, at, waits = FRESH, NOW, []
    while delivery.waits:
        delivery = delivery.attempted(attrs.evolve(attempt(), at=at))
        if delivery.waits:
            waits.append(delivery.due_at - at)
            at = delivery.due_at

    assert len(WAITS) == len(waits)
    assert all(wait <= waited <= wait * 11 / 10 for wait, waited in zip(WAITS, waits, strict=True))
    assert (DeliveryStatus.FAILED, "every attempt has failed", 10) == (delivery.status, delivery.failure, delivery.tried)
    assert timedelta(days=3) < at - NOW < timedelta(days=3.6)


def test_who_asks_to_be_left_alone_is() -> None:
    """Until then, where that is later than the schedule says; never sooner."""
    late, soon = NOW + timedelta(hours=2), NOW + timedelta(seconds=1)

    assert late == FRESH.attempted(attempt(429), not_before=late).due_at
    assert FRESH.attempted(attempt(429)).due_at == FRESH.attempted(attempt(429), not_before=soon).due_at


def test_a_turn_is_taken_once() -> None:
    """Whoever hears of a turn that was taken finds another one; a turn that nobody finishes is over after a while."""
    taken = FRESH.taken(NOW)
    reminded, fact = taken.reminded(NOW + TURN)

    assert (FRESH.turn + 1, NOW + TURN) == (taken.turn, taken.due_at)
    at = NOW + TURN
    assert WebhookDeliveryDue(delivery_id=FRESH.id, endpoint_id=FRESH.endpoint_id, turn=taken.turn, at=at) == fact
    assert (taken.turn, NOW + 2 * TURN) == (reminded.turn, reminded.due_at)


@given(st.lists(st.sampled_from(["fail", "silence", "arrive", "redeliver", "take", "remind", "put off"]), max_size=60))
def test_it_keeps_its_id_and_bounded_memory(acts: list[str]) -> None:
    """Whatever happens: one id for the receiver, few attempts, the payload as it was, and a turn that never goes back."""
    delivery, made = FRESH, 0
    for act in acts:
        before = delivery
        if act == "redeliver":
            delivery, _ = delivery.redeliver(at=NOW)
        elif act == "take":
            delivery = delivery.taken(NOW)
        elif act == "remind":
            delivery, _ = delivery.reminded(NOW)
        elif act == "put off":
            delivery = delivery.put_off(NOW)
        else:
            made += 1
            delivery = delivery.attempted(attempt({"fail": 500, "silence": None, "arrive": 200}[act]))
        assert before.turn <= delivery.turn
        assert before.status is not DeliveryStatus.DELIVERED or act == "redeliver" or delivery.status is before.status
    assert (FRESH.message_id, FRESH.payload) == (delivery.message_id, delivery.payload)
    assert min(made, KEPT_ATTEMPTS) == len(delivery.attempts)


def test_redelivery_begins_anew() -> None:
    """With as many attempts as a new one, due now, also while it waits; what was tried before is remembered."""
    failed = FRESH.attempted(attempt()).give_up("a test")

    again, fact = failed.redeliver(at=NOW)

    assert (DeliveryStatus.WAITING, 0, "", failed.attempts) == (again.status, again.tried, again.failure, again.attempts)
    assert (again.turn, failed.turn + 1) == (fact.turn, again.turn)
    assert DeliveryStatus.WAITING is again.redeliver(at=NOW)[0].status


def test_what_has_ended_is_not_given_up() -> None:
    """It has arrived."""
    with pytest.raises(InvalidTransition):
        FRESH.attempted(attempt(200)).give_up("a test")


def test_an_attempt_keeps_the_beginning_of_what_was_said() -> None:
    """And nothing that a database cannot keep."""
    said = Attempt.bounded(at=NOW, milliseconds=1, status_code=500, error="e" * 999, excerpt="\0\ud800" + "x" * 9_999)

    assert ("\N{REPLACEMENT CHARACTER}?" + "x" * (LONGEST_EXCERPT - 2), 300) == (said.excerpt, len(said.error))


def test_those_that_failed_together_do_not_come_back_together() -> None:
    """What was put off, or has failed, at one instant is due at many."""
    ids = [samples.numbered(0x92, n) for n in range(100)]
    deliveries: list[WebhookDelivery] = [attrs.evolve(FRESH, id=DeliveryId(each)) for each in ids]

    assert len({each.put_off(NOW).due_at for each in deliveries}) > 50
    assert len({each.attempted(attempt()).due_at for each in deliveries}) > 50
