"""Inviting: somebody is asked to work for a vendor, and does so once they have said yes."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.identity.account import email_address
from quarterturn_domain.identity.audit import noted
from quarterturn_domain.identity.letter import Letter, LetterPurpose, LetterSpent, LetterStatus
from quarterturn_domain.identity.lettering import letter_of, locked, withdraw
from quarterturn_domain.identity.membership import MAX_MEMBERS, Membership
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.role import VENDOR_PERMISSIONS, Permission, VendorRole
from quarterturn_domain.identity.secret import Secrets
from quarterturn_domain.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId, LetterId, VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class InviteMember:
    """Ask whoever reads `email` to work for a vendor; `by` is the member who asks. An older invitation of the address ends."""

    letter_id: LetterId
    vendor_id: VendorId
    email: str
    role: VendorRole
    by: AccountId
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class WithdrawInvitation:
    """Ask no more; `by` is who does it."""

    letter_id: LetterId
    vendor_id: VendorId
    by: AccountId
    at: datetime = attrs.field(metadata=TIMING)


class InviteMembers:
    """Writes invitations and withdraws them; the same id with the same content is the same invitation."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, command: InviteMember | WithdrawInvitation) -> Letter:
        """The invitation; raises `NotFound`, `Invalid`, `InvalidTransition`, or `Conflict` for who works there already."""
        with self._work() as work:
            # Who changes the members of a vendor holds the vendor.
            required(work.vendors.lock([command.vendor_id]), command.vendor_id, "vendor")
            if isinstance(command, WithdrawInvitation):
                return _withdrawn(work, command)
            letter, fact = Letter.invitation(
                command.letter_id,
                vendor_id=command.vendor_id,
                email=email_address(command.email),
                role=command.role,
                by=command.by,
                at=command.at,
            )
            known = work.letters.find([letter.id]).get(letter.id)
            if known is not None:
                return _same(known, letter)
            self._make_room(work, letter, command.at)
            work.letters.add([letter])
            details = {"invitation": letter.id, "role": command.role}
            work.audit.append(
                [noted("vendor.member_invited", "vendor", command.vendor_id, by=command.by, at=command.at, **details)]
            )
            work.outbox.append([fact])
        return letter

    def _make_room(self, work: IdentityWork, letter: Letter, at: datetime) -> None:
        assert letter.vendor_id is not None
        members = work.memberships.of_vendor(letter.vendor_id)
        account = work.accounts.by_email(letter.email)
        if account is not None and account.id in {member.account_id for member in members}:
            raise Conflict("member", letter.email, "whoever has this address works for the vendor already")
        waiting = work.letters.open_of_vendor(letter.vendor_id)
        others = [each for each in waiting if each.email != letter.email]
        if len(members) + sum(each.live(at) for each in others) >= MAX_MEMBERS:
            raise Invalid(f"more than {MAX_MEMBERS} members and invitations", "fewer")
        withdraw(work, [each for each in waiting if each.email == letter.email])


def _same(known: Letter, letter: Letter) -> Letter:
    said = (letter.purpose, letter.vendor_id, letter.email, letter.role)
    if (known.purpose, known.vendor_id, known.email, known.role) != said:
        raise Conflict("invitation", str(known.id), "it was written with other content")
    return known


def _withdrawn(work: IdentityWork, command: WithdrawInvitation) -> Letter:
    letter = work.letters.lock([command.letter_id]).get(command.letter_id)
    if letter is None or letter.vendor_id != command.vendor_id:
        raise NotFound("invitation", str(command.letter_id))
    if letter.status is LetterStatus.WITHDRAWN:
        return letter
    after = letter.move("withdraw")
    work.letters.save([after])
    details = {"invitation": letter.id}
    work.audit.append([noted("vendor.invitation_withdrawn", "vendor", command.vendor_id, by=command.by, at=command.at, **details)])
    return after


@attrs.frozen(kw_only=True)
class AcceptInvitation:
    """Say yes to the invitation of a token, as the account that has its address."""

    token: str = attrs.field(repr=False, metadata=TIMING)
    account_id: AccountId
    at: datetime = attrs.field(metadata=TIMING)


class AcceptInvitations:
    """Makes members of those who were invited; accepted twice, an invitation is accepted once."""

    def __init__(self, work: Begin[IdentityWork], secrets: Secrets) -> None:
        self._work = work
        self._secrets = secrets

    def __call__(self, command: AcceptInvitation) -> Membership:
        """The membership; raises `LetterSpent`, `Invalid`, or `Forbidden` for an invitation of another address."""
        with self._work() as work:
            letter = letter_of(work, self._secrets, command.token, LetterPurpose.JOIN_VENDOR)
            vendor_id, role = letter.vendor_id, letter.role
            assert vendor_id is not None
            assert role is not None
            required(work.vendors.lock([vendor_id]), vendor_id, "vendor")
            account = required(work.accounts.find([command.account_id]), command.account_id, "account")
            if account.email != letter.email:
                raise Forbidden("The invitation is for another address; sign in with the account that has it")
            members = {member.account_id: member for member in work.memberships.of_vendor(vendor_id)}
            known = members.get(account.id)
            if known is not None and work.letters.find([letter.id])[letter.id].status is LetterStatus.USED:
                return known
            letter = locked(work, letter, command.at)
            inviter = None if letter.by is None else members.get(letter.by)
            # Whoever may not invite any more has invited nobody.
            if inviter is None or Permission.VENDOR_STAFF not in VENDOR_PERMISSIONS[inviter.role]:
                raise LetterSpent
            work.letters.save([letter.move("use")])
            if known is not None:
                return known
            if len(members) >= MAX_MEMBERS:
                raise Invalid(f"more than {MAX_MEMBERS} members", "fewer")
            member = Membership(vendor_id, account.id, role, command.at)
            work.memberships.add([member])
            details = {"account": account.id, "role": role, "invitation": letter.id}
            entry = noted("vendor.member_added", "vendor", vendor_id, by=account.id, at=command.at, **details)
            work.audit.append([entry])
        return member
