"""Exporting: the sealed journal as lines of text that whoever has them can verify, with nothing but this chapter.

Each line is a JSON object: the position, the hash, and the entry just as the hash was made of it. Any edit of any line, a line that
is missing, moved, added or repeated, breaks the chain from there on; that lines are missing at the end is told by the last hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs

from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.settlement.chain import GENESIS, Break, Seal, canonical
from quarterturn_domain.settlement.ports import SettlementWork

_PAGE: Final = 1_000


@attrs.frozen
class Verified:
    """What a verification came to: how many entries hold, the hash of the last of them, and where the chain breaks, if it does."""

    entries: int
    hash: str
    broken: Break | None = None


class ExportChain:
    """Writes the sealed journal out, page by page."""

    def __init__(self, work: Begin[SettlementWork]) -> None:
        self._work = work

    def __call__(self) -> Iterator[str]:
        """Every sealed entry as a line, in the order of the chain."""
        last: Seal | None = None
        while True:
            with self._work() as work:
                page = work.journal.chain(0 if last is None else last.position, _PAGE)
            if not page:
                return
            for seal, entry in page:
                # The entry stands as it was hashed, so that nothing about writing it again has to be the same.
                yield f'{{"position":{seal.position},"hash":"{seal.hash}","entry":{canonical(entry)}}}'
            last = page[-1][0]


def verify_lines(lines: Iterable[str]) -> Verified:
    """Verify an export: every line in its place, every hash made of its entry and the hash before, every entry balanced."""
    count, digest = 0, GENESIS
    for position, line in enumerate(lines, start=1):
        reason = _wrong(line, position, digest)
        if reason is not None:
            return Verified(count, digest, Break(position, reason))
        count, digest = position, json.loads(line)["hash"]
    return Verified(count, digest)


def _wrong(line: str, position: int, before: str) -> str | None:
    """What is wrong with a line, or None."""
    try:
        said = json.loads(line)
        entry = said["entry"]
        written = _rewritten(said)
    except (ValueError, KeyError, TypeError):
        return "it is no line of an export"
    if said["position"] != position:
        return f"position {said['position']} stands where {position} is due"
    # The same entry in other words, such as a field twice, is not the same text.
    if line.rstrip("\r\n") != written:
        return "it is not written as an export is"
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if hashlib.sha256(f"{before}\n{position}\n{text}".encode()).hexdigest() != said["hash"]:
        return f"the hash of the entry for {entry.get('fact')} does not follow from it and the one before"
    return _uneven(entry)


def _rewritten(said: Any) -> str:  # noqa: ANN401 (whatever a line holds)
    text = json.dumps(said["entry"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f'{{"position":{said["position"]},"hash":"{said["hash"]}","entry":{text}}}'


def _uneven(entry: Any) -> str | None:  # noqa: ANN401 (whatever a line holds)
    sums: dict[str, int] = {}
    for _, minor, code in entry["postings"]:
        sums[code] = sums.get(code, 0) + minor
    wrong = [f"{minor} {code}" for code, minor in sums.items() if minor]
    return f"the entry for {entry['fact']} does not balance: {', '.join(wrong)}" if wrong else None
