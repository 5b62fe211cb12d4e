"""The worker: what the buyer need not wait for happens here, after the commit, on threads, processes and machines."""

from __future__ import annotations

from quarterturn_adapters.worker.running import Workers

__all__ = ["Workers"]
