"""`python -m quarterturn_api` is the command `quarterturn`, where no script is on the path."""

from __future__ import annotations

from quarterturn_api.command import main

if __name__ == "__main__":
    raise SystemExit(main())
