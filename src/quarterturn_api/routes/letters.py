"""What is done by letter: another e-mail address, and another password for one that was forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from quarterturn_api.bodies.accounts import AccountBody
from quarterturn_api.edge.access import everybody, in_person
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body
from quarterturn_api.edge.keys import OptionalKey, new_id
from quarterturn_api.routes.auth import NO_STORE, Email, Password
from quarterturn_api.routes.vendor_invitations import LetterToken, shown
from quarterturn_domain.identity.emailing import AskEmailChange, ConfirmEmailChange
from quarterturn_domain.identity.resetting import AskPasswordReset, ResetPassword
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.ids import LetterId


class EmailAsked(Asked):
    """The next address, and the password."""

    email: Email
    current: Password


class WrittenBody(Body):
    """To whom a letter is, and until when it is good; `token` is there where this service posts no letters."""

    email: str
    expires_at: datetime
    token: str | None


class ConfirmedAsked(Asked):
    """The token of a letter."""

    token: LetterToken


class ForgottenAsked(Asked):
    """The address of the account."""

    email: Email


class ResetAsked(Asked):
    """The token of a letter, and the next password."""

    token: LetterToken
    password: Password


@post(
    "/users/me/email",
    summary="Ask for another e-mail address",
    description=(
        "A letter goes to the next address; the account has it once its token was confirmed. A wrong password is refused, and "
        "counts as an attempt to sign in."
    ),
    tags=["users"],
    cache_control=NO_STORE,
    sync_to_thread=True,
    **in_person(Permission.SHOP),
)
def ask_for_email(request: Ask, data: JSONBody[EmailAsked], idempotency_key: OptionalKey = None) -> WrittenBody:
    """The letter; 409 for an address that has an account."""
    command = AskEmailChange(
        letter_id=LetterId(new_id(request, "change of address", idempotency_key)),
        account_id=request.account_id,
        email=data.email,
        current=data.current,
        at=request.now,
    )
    letter = request.service.application.ask_email_changes(command)
    return WrittenBody(email=letter.email, expires_at=letter.expires_at, token=shown(request, letter))


@post(
    "/users/me/email/confirm",
    summary="Confirm my next e-mail address",
    description="All other devices are signed out, and the address until now is told.",
    tags=["users"],
    status_code=200,
    sync_to_thread=True,
    **in_person(Permission.SHOP),
)
def confirm_email(request: Ask, data: JSONBody[ConfirmedAsked]) -> AccountBody:
    """The account with its next address."""
    command = ConfirmEmailChange(token=data.token, account_id=request.account_id, keep=request.asker.session_id, at=request.now)
    return AccountBody.of(request.service.application.confirm_email_changes(command))


@post(
    "/auth/password-reset",
    summary="Say that I forgot my password",
    description="A letter goes to the address if it has an account; the answer is the same if it has none.",
    tags=["auth"],
    status_code=204,
    sync_to_thread=True,
    **everybody(),
)
def forget_password(request: Ask, data: JSONBody[ForgottenAsked]) -> None:
    """Nothing."""
    command = AskPasswordReset(letter_id=LetterId(request.service.ids.new()), email=data.email, at=request.now)
    request.service.application.ask_password_resets(command)


@post(
    "/auth/password-reset/confirm",
    summary="Choose another password",
    description="All devices are signed out; sign in with the next password.",
    tags=["auth"],
    status_code=204,
    sync_to_thread=True,
    **everybody(),
)
def reset_password(request: Ask, data: JSONBody[ResetAsked]) -> None:
    """Nothing; 409 for a token that is good for nothing."""
    request.service.application.reset_passwords(ResetPassword(token=data.token, password=data.password, at=request.now))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (ask_for_email, confirm_email, forget_password, reset_password)
