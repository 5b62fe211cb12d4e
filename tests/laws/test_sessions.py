"""A family of refresh tokens: whatever is done with them, in whatever order, one is good at most, and reuse kills them all."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.identity.platforms import Platform

from quarterturn_domain.identity.attempts import FIRST_LOCK, FORGOTTEN_AFTER, LONGEST_LOCK, PATIENCE, Attempts, TooManyAttempts
from quarterturn_domain.identity.session import IDLE, WHOLE
from quarterturn_domain.identity.signing_in import SignInRefused
from quarterturn_domain.identity.signing_out import SignOut
from quarterturn_domain.testing import samples

MOST: Final = 12

steps = st.lists(
    st.one_of(
        st.tuples(st.just("refresh"), st.integers(0, MOST)),
        st.tuples(st.just("sign out"), st.integers(0, MOST)),
        st.tuples(st.just("wait"), st.integers(0, 40)),
    ),
    max_size=MOST,
)
"""What is done: a token is refreshed or signed out, counted from the newest; or days pass."""


@given(steps)
def test_one_token_of_a_family_is_good_and_reuse_kills_it(steps: list[tuple[str, int]]) -> None:
    """The newest token of a live session refreshes it; any other one ends it; of a session that is over none is good."""
    platform = Platform()
    platform.person(1)
    tokens = [platform.signed_in().refresh_token]
    opened = used = platform.clock.now()
    alive = True
    for act, n in steps:
        now = platform.clock.now()
        alive = alive and now < min(used + IDLE, opened + WHOLE)
        token = tokens[-1 - n % len(tokens)]
        if act == "wait":
            platform.later(days=n)
        elif act == "sign out":
            platform.end(SignOut(token=token, at=now))
            alive = False
        else:
            expected = alive and token == tokens[-1]
            try:
                tokens.append(platform.refreshed(token).refresh_token)
            except SignInRefused:
                assert not expected
                alive = False
            else:
                assert expected
                used = now
        now = platform.clock.now()
        assert (alive and now < min(used + IDLE, opened + WHOLE)) == (platform.asker() is not None)
    assert len(set(tokens)) == len(tokens)


@given(st.lists(st.tuples(st.sampled_from(["guess", "right"]), st.integers(0, 100_000)), max_size=60))
def test_guesses_are_bounded_in_time(attempts: list[tuple[str, int]]) -> None:
    """However attempts are spread, a lock is never shorter than the first or longer than the longest, and none is counted in it."""
    known, now = Attempts.none("address", samples.START), samples.START
    in_a_row = 0
    for what, seconds in attempts:
        now += timedelta(seconds=seconds)
        try:
            counted = known.counted(now)
        except TooManyAttempts as refusal:
            assert known.locked_until is not None
            wait = timedelta(seconds=refusal.retry_after_seconds)
            assert known.locked_until - now <= wait <= LONGEST_LOCK
            assert known.counted(now + wait).failures >= 1
            continue
        in_a_row = 1 if now - known.last_at >= FORGOTTEN_AFTER else in_a_row + 1
        assert in_a_row == counted.failures
        assert (counted.locked_until is not None) == (in_a_row >= PATIENCE)
        assert counted.locked_until is None or FIRST_LOCK <= counted.locked_until - now <= LONGEST_LOCK
        known = counted
        if what == "right":
            known, in_a_row = counted.succeeded(now), 0
