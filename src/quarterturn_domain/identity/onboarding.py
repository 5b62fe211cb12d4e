"""Onboarding a vendor: apply, decide, connect the account that it will be paid to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

import attrs

from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.audit import noted
from quarterturn_domain.identity.membership import Membership
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.role import VendorRole
from quarterturn_domain.identity.vendor import PayoutAccount, Vendor
from quarterturn_domain.kernel.batch import Draft, decide_each
from quarterturn_domain.kernel.errors import Conflict, Outcome
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId, VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class ApplyAsVendor:
    """Ask to sell; `country` is an ISO 3166-1 alpha-2 code. The owner becomes the vendor's first member."""

    vendor_id: VendorId
    name: str
    country: str
    owner_id: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class ApplyAsVendors:
    """Takes applications, many at once; the same id with the same content is the same vendor."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, commands: Sequence[ApplyAsVendor]) -> Sequence[Outcome[Vendor]]:
        """For each command its vendor, or `Invalid`, `Conflict`, or `NotFound` for an owner without an account."""
        with self._work() as work:
            draft = Draft(work.vendors.lock({command.vendor_id for command in commands}))
            owners = work.accounts.find({command.owner_id for command in commands if command.owner_id is not None})
            outcomes = decide_each(commands, partial(_apply, draft, owners))
            draft.record(work, work.vendors)
            _record_owners(work, draft.added.values())
        return outcomes


def _apply(draft: Draft[VendorId, Vendor], owners: Mapping[AccountId, Account], command: ApplyAsVendor) -> Vendor:
    vendor, fact = Vendor.apply(
        command.vendor_id, owner_id=command.owner_id, name=command.name, country=command.country, at=command.at
    )
    before = draft.get(vendor.id)
    if before is None:
        if command.owner_id is not None:
            required(owners, command.owner_id, "account")
        return draft.put(vendor.id, vendor, fact)
    if (before.owner_id, before.name, before.country) != (vendor.owner_id, vendor.name, vendor.country):
        raise Conflict("vendor", str(vendor.id), "it applied with other content")
    return before


def _record_owners(work: IdentityWork, vendors: Collection[Vendor]) -> None:
    owners = [
        Membership(each.id, each.owner_id, VendorRole.OWNER, each.applied_at) for each in vendors if each.owner_id is not None
    ]
    work.memberships.add(owners)
    work.audit.append(noted("vendor.applied", "vendor", each.id, by=each.owner_id, at=each.applied_at) for each in vendors)


@attrs.frozen(kw_only=True)
class DecideVendor:
    """Move a vendor's application or standing: `approve`, `reject`, `reapply`, `suspend`, `reinstate` or `close`.

    `by` is who decides: an administrator, or a member who applies again or closes.
    """

    vendor_id: VendorId
    act: str
    reason: str = ""
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class ConnectPayoutAccount:
    """Record what the payment provider says of a vendor's account."""

    vendor_id: VendorId
    account: PayoutAccount
    at: datetime = attrs.field(metadata=TIMING)


class GovernVendors:
    """Decides about vendors and their payout accounts, many at once, each by its own merit."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, commands: Sequence[DecideVendor | ConnectPayoutAccount]) -> Sequence[Outcome[Vendor]]:
        """For each command its vendor afterwards, or `NotFound` or `InvalidTransition`."""
        with self._work() as work:
            draft = Draft(work.vendors.lock({command.vendor_id for command in commands}))
            outcomes = decide_each(commands, partial(_govern, draft))
            draft.record(work, work.vendors)
            work.audit.append(
                noted(f"vendor.{command.act}", "vendor", vendor.id, by=command.by, at=command.at, reason=command.reason)
                for command, vendor in zip(commands, outcomes, strict=True)
                if isinstance(command, DecideVendor) and isinstance(vendor, Vendor)
            )
        return outcomes


def _govern(draft: Draft[VendorId, Vendor], command: DecideVendor | ConnectPayoutAccount) -> Vendor:
    vendor = draft.required(command.vendor_id, "vendor")
    if isinstance(command, DecideVendor):
        return draft.put(vendor.id, *vendor.move(command.act, at=command.at, reason=command.reason))
    return draft.put(vendor.id, *vendor.connect(command.account, at=command.at))
