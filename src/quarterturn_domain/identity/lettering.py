"""Lettering: the tokens that letters carry, made when they are posted and known again when they come back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

import attrs

from quarterturn_domain.identity.letter import Letter, LetterPurpose, LetterSpent
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.secret import Secrets, parted, shown
from quarterturn_domain.kernel.ids import LetterId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen
class Posted:
    """A letter as it is posted: its token is for whoever reads the address, and for nobody else.

    `about` is the name of the vendor that invites.
    """

    letter: Letter
    token: str = attrs.field(repr=False)
    about: str = ""


class Postman(Protocol):
    """Sends letters to people, by e-mail or however an operator does."""

    def post(self, posted: Posted, /) -> None:
        """Send a letter, possibly once more; raises `Unavailable` when it should be tried again.

        Of a change of address that has happened (`letter.status` is `used`), tell `letter.former`.
        """
        ...


class PostLetters:
    """Makes letters ready for the post."""

    def __init__(self, work: Begin[IdentityWork], secrets: Secrets) -> None:
        self._work = work
        self._secrets = secrets

    def __call__(self, letter_id: LetterId) -> Posted:
        """A letter with its token; raises `NotFound`."""
        with self._work() as work:
            letter = required(work.letters.find([letter_id]), letter_id, "letter")
            vendor_id = letter.vendor_id
            about = "" if vendor_id is None else required(work.vendors.find([vendor_id]), vendor_id, "vendor").name
        return Posted(letter, token_of(self._secrets, letter_id), about)


def token_of(secrets: Secrets, letter_id: LetterId) -> str:
    """The token of a letter."""
    return shown("lt", letter_id, secrets.sealed(f"letter:{letter_id.hex}"))


def letter_of(work: IdentityWork, secrets: Secrets, token: str, purpose: LetterPurpose) -> Letter:
    """The letter of a token, whatever has become of it, without a lock; raises `LetterSpent` for a token of no such letter."""
    found = parted("lt", token)
    if found is None or not secrets.same(secrets.digest(token_of(secrets, LetterId(found[0]))), secrets.digest(token)):
        raise LetterSpent
    letter = work.letters.find([LetterId(found[0])]).get(LetterId(found[0]))
    if letter is None or letter.purpose is not purpose:
        raise LetterSpent
    return letter


def locked(work: IdentityWork, letter: Letter, at: datetime) -> Letter:
    """A letter that was read before, locked; raises `LetterSpent` unless it is good still."""
    now = work.letters.lock([letter.id]).get(letter.id)
    if now is None or not now.live(at):
        raise LetterSpent
    return now


def withdraw(work: IdentityWork, letters: Iterable[Letter]) -> None:
    """Let letters be good for nothing."""
    work.letters.save([each.move("withdraw") for each in letters])
