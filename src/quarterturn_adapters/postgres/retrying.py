"""Trying again what the database gave up in favour of another transaction: a decorator, stacked where use cases are wired."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

import stamina

from quarterturn_adapters.postgres.refusals import Contended

P = ParamSpec("P")
R = TypeVar("R")


def retried(use_case: Callable[P, R], *, attempts: int = 10, within: timedelta = timedelta(seconds=10)) -> Callable[P, R]:
    """`use_case`, called again when its transaction was given up: a deadlock, a serialization failure, or two makers of one row.

    Nothing was done then, so that it is safe for every use case. A lost connection is not tried again here: it may have been lost
    after the commit, and only who asked knows whether asking twice is asking once.
    """
    policy = stamina.retry(on=Contended, attempts=attempts, timeout=within, wait_initial=0.005, wait_max=0.25, wait_jitter=0.01)

    @wraps(use_case, updated=())
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return use_case(*args, **kwargs)

    return policy(call)
