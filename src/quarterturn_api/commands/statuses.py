"""Exit statuses: what a script learns of a command that has ended."""

from __future__ import annotations

from typing import Final

NO: Final = 1
"""The answer is no: a law is broken, something was refused."""

NONSENSE: Final = 2
"""The question makes no sense: usage, files that cannot be read or written."""

UNUSABLE: Final = 3
"""What it stands on cannot be used: a database that is away, too old, not migrated, not there; a folder or an output that cannot be
written to; an address that is taken."""

INTERRUPTED: Final = 130
"""After Ctrl-C."""

PIPE_CLOSED: Final = 141
"""Nobody reads the output any more."""
