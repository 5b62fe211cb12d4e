"""What every repository can do: find, lock, add and save aggregates, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from quarterturn_domain.kernel.errors import NotFound

K = TypeVar("K")
V = TypeVar("V")
K_contra = TypeVar("K_contra", contravariant=True)


class Repository(Protocol[K, V]):
    """Aggregates of one kind by their identity, within one unit of work."""

    def find(self, keys: Iterable[K], /) -> Mapping[K, V]:
        """Those of `keys` that exist, as they are, without a lock."""
        ...

    def lock(self, keys: Iterable[K], /) -> Mapping[K, V]:
        """Those of `keys` that exist, locked in key order until the transaction ends."""
        ...

    def add(self, values: Iterable[V], /) -> None:
        """Keep new aggregates; raises `Conflict` when one of them exists already, and then adds none."""
        ...

    def save(self, values: Iterable[V], /) -> None:
        """Replace aggregates that were locked in this transaction by their next values."""
        ...


def required(found: Mapping[K, V], key: K, kind: str) -> V:
    """The aggregate with this `key` in `found`, or `NotFound` naming its `kind`."""
    try:
        return found[key]
    except KeyError:
        raise NotFound(kind, str(key)) from None
