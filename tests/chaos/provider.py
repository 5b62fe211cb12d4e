"""The payment provider as a process of its own: whatever happens to a shop, the provider knows what it was paid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from multiprocessing.managers import BaseManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.sandbox import Sandbox, SandboxPayments
from quarterturn_domain.payments.gateway import PaymentGateway

_KEY: Final = b"provider"


class _Provider(BaseManager):
    """Speaks to the provider, or is it."""


@cache
def _payments() -> SandboxPayments:
    """The provider's one desk, in its own process."""
    return SandboxPayments(Sandbox(SystemClock()))


_Provider.register("payments", _payments)


@contextmanager
def provider() -> Iterator[str]:
    """A provider that runs until the end of the block; where it is reached."""
    with TemporaryDirectory(prefix="qtp-") as folder:
        address = str(Path(folder) / "socket")
        with _Provider(address, _KEY, ctx=get_context("spawn")):
            yield address


@cache
def reached(address: str) -> PaymentGateway:
    """The payments of the provider at `address`: one proxy for the whole process.

    Proxies of one object share a connection for each thread; the first that is collected closes it, even under a call of another.
    """
    found = _Provider(address, _KEY)
    found.connect()
    # What a manager hands out is made while it runs; nobody but the contract of the port knows its methods.
    return cast("PaymentGateway", found.payments())  # type: ignore[attr-defined]
