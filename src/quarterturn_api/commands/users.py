"""`quarterturn users`: the first administrator, or another one, and another password for whoever gets no letters."""

from __future__ import annotations

import argparse
import sys
from getpass import getpass

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.chance import SystemSecrets
from quarterturn_api.commands.running import ask_for_database, running
from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.changing import SetPassword
from quarterturn_domain.identity.registering import GrantRoles, RegisterAccount
from quarterturn_domain.identity.role import Role
from quarterturn_domain.kernel.errors import NotFound
from quarterturn_domain.kernel.ids import AccountId


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = "Look after accounts."
    acts = parser.add_subparsers(title="acts", dest="act", metavar="ACT", required=True)
    own = acts.add_parser(
        "create-admin",
        help="make somebody an administrator",
        description=(
            "Register an account and make it an administrator. The password is asked for, or read from the first line of the "
            "standard input; without one it is made up and printed once. An account that exists keeps its password, and becomes an "
            "administrator beside what it is."
        ),
    )
    own.add_argument("email", metavar="EMAIL", help="the address that it signs in with")
    own.add_argument("--name", default="Administrator", help="the name that others see (default: Administrator)")
    ask_for_database(own)
    own = acts.add_parser(
        "set-password",
        help="give somebody another password",
        description=(
            "Give an account another password without knowing the one before, and sign all of its devices out. The password is "
            "asked for, or read from the first line of the standard input; without one it is made up and printed once."
        ),
    )
    own.add_argument("email", metavar="EMAIL", help="the address that it signs in with")
    ask_for_database(own)


def run(options: argparse.Namespace) -> int:
    """0 when the account is as it was wanted."""
    return _set_password(options) if options.act == "set-password" else _create_admin(options)


def _set_password(options: argparse.Namespace) -> int:
    with running(options.database) as app:
        account = app.read_accounts.account_of(options.email)
        given = _password()
        made_up = None if given else SystemSecrets().new()
        command = SetPassword(account_id=account.id, password=given or made_up or "", at=app.clock.now())
        app.change_passwords(command)
    sys.stdout.write(f"{account.email} has another password now, and is signed out everywhere.\n")
    if made_up is not None:
        sys.stdout.write(f"It is, and nobody can tell it again: {made_up}\n")
    return 0


def _create_admin(options: argparse.Namespace) -> int:
    with running(options.database, begins=True) as app:
        known = _known(app, options.email)
        if known is None:
            account, made_up = _registered(app, options.email, options.name)
        else:
            account, made_up = known, None
        if Role.ADMIN in account.roles:
            sys.stdout.write(f"{account.email} is an administrator already; nothing was changed.\n")
            return 0
        app.govern_accounts(GrantRoles(account_id=account.id, roles=account.roles | {Role.ADMIN}, at=app.clock.now()))
    sys.stdout.write(f"{account.email} is an administrator now.\n")
    if made_up is not None:
        sys.stdout.write(f"Its password, which nobody can tell again: {made_up}\n")
    return 0


def _known(app: Application, email: str) -> Account | None:
    try:
        return app.read_accounts.account_of(email)
    except NotFound:
        return None


def _registered(app: Application, email: str, name: str) -> tuple[Account, str | None]:
    """A new account, and its password when that was made up."""
    given = _password()
    made_up = None if given else SystemSecrets().new()
    command = RegisterAccount(
        account_id=AccountId(app.ids.new()), email=email, name=name, password=given or made_up, at=app.clock.now()
    )
    return app.register_accounts(command), made_up


def _password() -> str:
    if sys.stdin.isatty():
        return getpass("Password (empty: one is made up): ")
    return sys.stdin.readline().rstrip("\r\n")
