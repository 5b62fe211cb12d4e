"""Webhooks out: a name is looked up once, its addresses are checked, and the very address that was checked is called."""

from quarterturn_adapters.webhooks.sender import PinnedSender

__all__ = ["PinnedSender"]
