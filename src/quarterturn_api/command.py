"""The command `quarterturn`: what a person or a script may ask for in one line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import version


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what `arguments` (those of the process, unless given) ask for; the answer is the exit status."""
    parser = argparse.ArgumentParser(prog="quarterturn", description="The core of a multi-vendor marketplace.")
    parser.add_argument("--version", action="version", version=f"quarterturn {version('quarterturn')}")
    parser.parse_args(arguments)
    parser.print_help()
    return 0
