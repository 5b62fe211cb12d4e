"""Two adapters side by side: told the same, they answer the same and look the same, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_domain.testing.machines.marketplace import MarketplaceMachine
from quarterturn_domain.testing.machines.surroundings import Surroundings


class SideBySideMachine(MarketplaceMachine):
    """Drives two adapters with the same commands and never tells them apart: outcomes, state, events and books are equal."""

    def one(self) -> Surroundings:
        """The adapter that is trusted, such as the one in memory."""
        message = f"{type(self).__name__} has to define `one`"
        raise NotImplementedError(message)

    def other(self) -> Surroundings:
        """The adapter that must be indistinguishable from it."""
        message = f"{type(self).__name__} has to define `other`"
        raise NotImplementedError(message)

    def surroundings(self) -> Sequence[Surroundings]:
        """Both."""
        return [self.one(), self.other()]
