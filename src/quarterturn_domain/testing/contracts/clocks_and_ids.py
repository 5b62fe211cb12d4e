"""What clocks and makers of ids promise."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.ids import Ids
from quarterturn_domain.testing.contracts.database import PATIENCE_SECONDS, another_thread


class ClockContract:
    """What `Clock` promises."""

    @pytest.fixture
    def clock(self) -> Clock:
        """The clock that is tested: to be defined by the adapter's author."""
        message = f"{type(self).__name__} has to define the fixture `clock`"
        raise NotImplementedError(message)

    def test_it_tells_the_time_in_utc(self, clock: Clock) -> None:
        """`now` has the time zone UTC."""
        assert timedelta(0) == clock.now().utcoffset()

    def test_it_does_not_go_back(self, clock: Clock) -> None:
        """A later look at the clock is not earlier."""
        looks = [clock.now() for _ in range(100)]
        assert sorted(looks) == looks


class IdsContract:
    """What `Ids` promises."""

    @pytest.fixture
    def ids(self) -> Ids:
        """The maker of ids that is tested: to be defined by the adapter's author."""
        message = f"{type(self).__name__} has to define the fixture `ids`"
        raise NotImplementedError(message)

    def test_no_id_is_given_twice(self, ids: Ids) -> None:
        """Ids are UUIDs, each given once."""
        made = [ids.new() for _ in range(10_000)]
        assert {UUID} == {type(each) for each in made}
        assert len(made) == len(set(made))

    def test_threads_get_ids_of_their_own(self, ids: Ids) -> None:
        """Two threads that ask at the same time get no id in common."""

        def make() -> set[UUID]:
            return {ids.new() for _ in range(2_000)}

        with another_thread() as run:
            other = run(make)
            mine = make()
            theirs = other.result(PATIENCE_SECONDS)
        assert 4_000 == len(mine | theirs)
