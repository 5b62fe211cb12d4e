"""Garbage: what a long-running process makes at its start stays, so the collector of cycles need not go over it again and again."""

from __future__ import annotations

import gc


def settle() -> None:
    """Everything that exists now is here to stay: call it when a process is about to serve.

    Orders are values without cycles, but a million of them set the collector off thousands of times, and each of its full rounds
    would go over every module, table and route: a quarter of a second in which nobody is answered.
    """
    gc.collect()
    gc.freeze()
