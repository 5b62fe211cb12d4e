"""The chain: booked entries are sealed in order, each hash made of the one before, so that no edit goes unnoticed.

Sealing happens after booking, by one sealer at a time, so that booking itself never waits for its neighbour. The verifier needs
nothing but the sealed entries: it runs offline, over an export.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from quarterturn_domain.settlement.journal import Booked, Entry

GENESIS: Final = "0" * 64
"""What the first seal is made on."""


@attrs.frozen
class Seal:
    """The place of an entry in the chain, and the hash of everything up to it: SHA-256, in hex."""

    position: int
    number: int
    hash: str


@attrs.frozen
class Break:
    """The first place where the chain does not hold, and why."""

    position: int
    reason: str


def seal(last: Seal | None, entries: Iterable[Booked]) -> Sequence[Seal]:
    """The seals of `entries`, in order, after the last one there is."""
    position, digest = (last.position, last.hash) if last is not None else (0, GENESIS)
    seals = []
    for booked in entries:
        position += 1
        digest = link(digest, position, booked.entry)
        seals.append(Seal(position, booked.number, digest))
    return seals


def verify(chain: Iterable[tuple[Seal, Entry]], after: Seal | None = None) -> Break | None:
    """The first break of a chain of seals with their entries, or None when it is whole; `after` is the seal before its first."""
    position, digest = (after.position, after.hash) if after is not None else (0, GENESIS)
    for mark, entry in chain:
        position += 1
        if mark.position != position:
            return Break(position, f"position {mark.position} stands where {position} is due")
        digest = link(digest, position, entry)
        if mark.hash != digest:
            return Break(position, f"the hash of the entry for {entry.fact} does not follow from it and the one before")
    return None


def link(before: str, position: int, entry: Entry) -> str:
    """The hash of an entry at its position, made on the hash before it."""
    return hashlib.sha256(f"{before}\n{position}\n{canonical(entry)}".encode()).hexdigest()


def canonical(entry: Entry) -> str:
    """An entry as text that is the same everywhere: JSON with sorted keys and no spaces."""
    content = {
        "fact": entry.fact,
        "kind": entry.kind.value,
        "order": None if entry.order_id is None else str(entry.order_id),
        "at": entry.at.isoformat(timespec="microseconds"),
        "postings": [[str(each.account), each.amount.minor, each.amount.currency.code] for each in entry.postings],
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
