"""Joining a vendor and leaving it: who works for it, and as what."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.identity.audit import noted
from quarterturn_domain.identity.membership import MAX_MEMBERS, Membership, keeps_an_owner
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.role import VendorRole
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId, VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class AddMember:
    """Make an account a member of a vendor, or change as what it is one, as whoever operates the platform; `by` is who does it.

    Members themselves ask others to join: see `inviting`.
    """

    vendor_id: VendorId
    account_id: AccountId
    role: VendorRole
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class ChangeMember:
    """Change as what a member works for a vendor; `by` is who does it."""

    vendor_id: VendorId
    account_id: AccountId
    role: VendorRole
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class RemoveMember:
    """End a membership; `by` is who does it."""

    vendor_id: VendorId
    account_id: AccountId
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class GovernMembers:
    """Adds members to vendors and removes them; a vendor that has an owner keeps one."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, command: AddMember | ChangeMember | RemoveMember) -> Membership:
        """The membership as it is now, or as it was; raises `NotFound`, `Invalid` or `LastOwner`."""
        with self._work() as work:
            # Who changes the members of a vendor holds the vendor.
            required(work.vendors.lock([command.vendor_id]), command.vendor_id, "vendor")
            members = work.memberships.of_vendor(command.vendor_id)
            known = {member.account_id: member for member in members}
            if isinstance(command, RemoveMember):
                member = required(known, command.account_id, "member")
                keeps_an_owner(members, member)
                work.memberships.remove([(member.vendor_id, member.account_id)])
                action, role = "vendor.member_removed", member.role
            else:
                before = known.get(command.account_id)
                if before is None and isinstance(command, ChangeMember):
                    raise NotFound("member", str(command.account_id))
                if before is not None and before.role is command.role:
                    return before
                member = self._joined(work, command, before)
                if before is None:
                    if len(members) >= MAX_MEMBERS:
                        raise Invalid(f"more than {MAX_MEMBERS} members", "fewer")
                    work.memberships.add([member])
                else:
                    keeps_an_owner(members, before)
                    work.memberships.save([member])
                action, role = "vendor.member_added", command.role
            details = {"account": command.account_id, "role": role}
            work.audit.append([noted(action, "vendor", command.vendor_id, by=command.by, at=command.at, **details)])
        return member

    def _joined(self, work: IdentityWork, command: AddMember | ChangeMember, before: Membership | None) -> Membership:
        if before is not None:
            return attrs.evolve(before, role=command.role)
        required(work.accounts.find([command.account_id]), command.account_id, "account")
        return Membership(command.vendor_id, command.account_id, command.role, command.at)
