"""Files that whoever asks has named: read as text, or written whole or not at all; one that cannot be is refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import attrs

from quarterturn_adapters.unusable import in_words
from quarterturn_domain.kernel.errors import Invalid


def read(path: Path, expected: str) -> TextIO:
    """The file at `path`, open, in which bytes that are no text are seen as such; `Invalid` with what was `expected` otherwise."""
    try:
        return path.open(encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise Invalid(f"{path} cannot be read ({in_words(error)})", expected) from None


@attrs.frozen
class Draft:
    """What will be the file at `path`; `Invalid` where it cannot be written any further."""

    path: Path
    file: TextIO

    def write(self, text: str) -> None:
        """Write some of it."""
        with _refused(self.path):
            self.file.write(text)


@contextmanager
def written(path: Path) -> Iterator[Draft]:
    """What is written in the block is the file at `path` when the block has ended well; `Invalid` where no file can be there."""
    with _refused(path):
        if path.is_dir():
            raise _unwritable(path, "it is a folder")
        if not path.parent.is_dir():
            raise _unwritable(path, f"there is no folder {path.parent}")
        beside = path.with_name(f"{path.name}.part")
        file = beside.open("w", encoding="utf-8", newline="")
    try:
        yield Draft(path, file)
        with _refused(path):
            file.close()
            beside.replace(path)
    finally:
        with suppress(OSError):
            file.close()
        beside.unlink(missing_ok=True)


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(path, in_words(error)) from None


def _unwritable(path: Path, why: str) -> Invalid:
    return Invalid(f"{path} cannot be written ({why})", "a file in a folder that is there, and that this user may write to")
