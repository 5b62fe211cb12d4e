"""Replay: the orders of a marketplace, read from three CSV files and lived through the use cases as if they came today."""

from quarterturn_adapters.replay.checking import check
from quarterturn_adapters.replay.figures import Figures
from quarterturn_adapters.replay.living import Refused, Watch
from quarterturn_adapters.replay.replaying import replay
from quarterturn_adapters.replay.rows import Problem, Unreadable
from quarterturn_adapters.replay.source import Source

__all__ = ["Figures", "Problem", "Refused", "Source", "Unreadable", "Watch", "check", "replay"]
