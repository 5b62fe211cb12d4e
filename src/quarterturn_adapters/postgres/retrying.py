"""Trying again what the database gave up in favour of another transaction: a decorator, stacked where use cases are wired."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

import stamina
from psycopg.errors import UniqueViolation

from quarterturn_adapters.postgres.refusals import Contended
from quarterturn_domain.kernel.errors import Conflict

P = ParamSpec("P")
R = TypeVar("R")


def retried(use_case: Callable[P, R], *, attempts: int = 10, within: timedelta = timedelta(seconds=10)) -> Callable[P, R]:
    """`use_case`, called again when its transaction was given up: a deadlock, a serialization failure, or two makers of one row.

    Nothing was done then, so that it is safe for every use case. A row that somebody else has made is decided about once more, now
    that it can be read: asked for twice at the same moment, the same is the same. A lost connection is not tried again here: it may
    have been lost after the commit, and only who asked knows whether asking twice is asking once.
    """
    policy = stamina.retry(on=Contended, attempts=attempts, timeout=within, wait_initial=0.005, wait_max=0.25, wait_jitter=0.01)

    @wraps(use_case, updated=())
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return use_case(*args, **kwargs)
        except Conflict as taken:
            # What the domain itself calls a conflict is an answer.
            if not isinstance(taken.__cause__, UniqueViolation):
                raise
        return use_case(*args, **kwargs)

    return policy(call)
