"""The demonstration: a small fitness marketplace with two vendors lives one order from stock to payout, step by step."""

from quarterturn_adapters.demo.story import tell
from quarterturn_adapters.demo.telling import Grid, Step, Story, words

__all__ = ["Grid", "Step", "Story", "tell", "words"]
