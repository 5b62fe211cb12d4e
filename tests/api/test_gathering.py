"""Gathering: one reading for who asks at the same moment, and never one that began before they asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence

import pytest

from quarterturn_api.edge.gathering import Gathering


class Slow:
    """Reads squares, waiting to be let on; notes what each reading was asked."""

    def __init__(self) -> None:
        self.readings: list[list[int]] = []
        self.gate = threading.Event()

    def __call__(self, keys: Sequence[int]) -> Mapping[int, int]:
        """Their squares, once the gate is open; negative ones have none, and thirteen fails."""
        self.readings.append(sorted(keys))
        assert self.gate.wait(10)
        if 13 in keys:
            raise OSError("thirteen")
        return {key: key * key for key in keys if key >= 0}


async def started(slow: Slow, readings: int) -> None:
    """Wait until so many readings have begun."""
    while len(slow.readings) < readings:  # noqa: ASYNC110 - it is a thread that is waited for
        await asyncio.sleep(0.001)


def test_who_asks_meanwhile_shares_the_next_reading() -> None:
    """The first asks alone; all who come while it reads are read together, each key once; what there is not is None."""

    async def story() -> None:
        slow = Slow()
        gathering = Gathering(slow)
        first = asyncio.create_task(gathering.get(2))
        await started(slow, 1)
        others = [asyncio.create_task(gathering.get(key)) for key in (3, 2, 3, -1)]
        await asyncio.sleep(0)
        slow.gate.set()
        assert 4 == await first
        assert [9, 4, 9, None] == list(await asyncio.gather(*others))
        # The same key again, asked after the first reading had begun, is read again.
        assert [[2], [-1, 2, 3]] == slow.readings

    asyncio.run(story())


def test_who_was_answered_may_ask_again_with_the_others() -> None:
    """Some come while others are read for; after a round or two all of them are read for together."""

    async def story() -> None:
        slow = Slow()
        gathering = Gathering(slow)

        async def ask(key: int) -> None:
            for _ in range(20):
                assert key * key == await gathering.get(key)

        first = asyncio.create_task(ask(1))
        await started(slow, 1)
        others = [asyncio.create_task(ask(key)) for key in range(2, 9)]
        await asyncio.sleep(0)
        slow.gate.set()
        await asyncio.gather(first, *others)
        # 20 and the one that the first has had alone; without a moment to come back there would be twice as many.
        assert len(slow.readings) <= 25, slow.readings

    asyncio.run(story())


def test_everybody_hears_of_a_failure_and_the_next_ones_are_served() -> None:
    """A reading that fails fails for those who wait for it, and for nobody else."""

    async def story() -> None:
        slow = Slow()
        slow.gate.set()
        gathering = Gathering(slow)
        outcomes = await asyncio.gather(gathering.get(13), gathering.get(1), return_exceptions=True)
        assert [OSError, OSError] == [type(each) for each in outcomes]
        assert 16 == await gathering.get(4)

    asyncio.run(story())


def test_who_gives_up_takes_the_answer_from_nobody() -> None:
    """Of two who wait for one key one gives up, and the other is answered."""

    async def story() -> None:
        slow = Slow()
        gathering = Gathering(slow)
        impatient = asyncio.create_task(gathering.get(5))
        patient = asyncio.create_task(gathering.get(5))
        await started(slow, 1)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        slow.gate.set()
        assert 25 == await patient

    asyncio.run(story())
