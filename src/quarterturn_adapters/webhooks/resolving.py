"""Resolving: which addresses a receiver has, all of which have to be allowed, before anybody is called."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from ipaddress import ip_address
from typing import Final, TypeAlias

from quarterturn_domain.webhooks.receiver import Address, Receiver, Receivers

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""Looks up the addresses of a name; raises `OSError` when there are none."""

_THREADS: Final = 8


class NotReached(Exception):
    """Nobody was asked, or nobody has answered; says why, in words that the owner of an endpoint may read."""


class Resolver:
    """Looks up names in bounded time; each look-up gives addresses that are called then, and not looked up again."""

    def __init__(self, receivers: Receivers, resolve: Resolve | None = None) -> None:
        self._receivers = receivers
        self._resolve = resolve or system
        # The system's own look-up takes as long as it wants to, and cannot be broken off.
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="resolving")

    def addresses(self, receiver: Receiver, seconds: float) -> Sequence[Address]:
        """The addresses of a receiver, in the order of the look-up; `NotReached` when there is none, or one that is not allowed.

        One address of a name that is not allowed spoils the others: names of somebody who is up to no good have both.
        """
        if receiver.address is not None:
            found: Sequence[Address] = [receiver.address]
        else:
            try:
                texts = self._pool.submit(self._resolve, receiver.host, receiver.port).result(seconds)
                # A zone, as in fe80::1%eth0, is of this machine only.
                found = [ip_address(text.partition("%")[0]) for text in dict.fromkeys(texts)]
            except TooLate:
                raise NotReached("the name was not resolved in time") from None
            except (OSError, UnicodeError, ValueError):
                raise NotReached("the name is not known") from None
        if not found:
            raise NotReached("the name is not known")
        if not all(map(self._receivers.allows, found)):
            raise NotReached("the name leads to an address that is not on the internet")
        return found

    def close(self) -> None:
        """Look nothing up any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def system(host: str, port: int) -> Sequence[str]:
    """What this machine says of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(address[0]) for *_, address in found]
