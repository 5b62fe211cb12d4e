"""What keeps the program from working at all: something that it stands on cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Unusable(Exception):
    """Something that the program stands on cannot be used: `problem` says why in one sentence, `remedy` what would help.

    It is for whoever runs the program, not for its users, and no secret is in either sentence.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class FolderUnusable(Unusable):
    """The folder of the program's own data cannot be made, read or written."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            f"The folder {folder} for the program's own data cannot be used: {in_words(error)}.",
            "Name another one in QUARTERTURN_DATA_FOLDER.",
        )
        self.folder = folder


@contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """Whatever the system refuses in the block is said of the `folder` for the program's own data."""
    try:
        yield
    except OSError as error:
        raise FolderUnusable(folder, error) from error


def in_words(error: OSError) -> str:
    """What the system has refused, in words alone.

    >>> in_words(FileNotFoundError(2, "No such file or directory", "/nowhere"))
    'no such file or directory'
    """
    said = error.strerror or str(error) or type(error).__name__
    return said[:1].lower() + said[1:]
