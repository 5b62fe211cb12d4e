"""Addressing: an account keeps the postal addresses that its orders may go to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from quarterturn_domain.identity.address import MAX_ADDRESSES, Address, one_default
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.kernel.errors import Conflict, Invalid, NotFound
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId, AddressId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class KeepAddress:
    """Add an address to its account, or change the one with its id; a `fresh` one is only added, and other content refused."""

    address: Address
    fresh: bool = False
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class RemoveAddress:
    """Forget an address of an account."""

    account_id: AccountId
    address_id: AddressId
    at: datetime = attrs.field(metadata=TIMING)


class KeepAddresses:
    """Adds, changes and removes addresses; of those of an account one is the default."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, command: KeepAddress | RemoveAddress) -> Sequence[Address]:
        """The addresses of the account afterwards, in the order of their ids.

        Raises `Invalid`, `NotFound` for a stranger's, or `Conflict` for a fresh one that was added with other content.
        """
        kept = command.address.checked() if isinstance(command, KeepAddress) else None
        account_id = kept.account_id if kept is not None else _account(command)
        address_id = kept.id if kept is not None else _address(command)
        with self._work() as work:
            # Who changes the addresses of an account holds the account.
            required(work.accounts.lock([account_id]), account_id, "account")
            before = {each.id: each for each in work.addresses.of_account(account_id)}
            if address_id not in before and (kept is None or work.addresses.find([address_id])):
                raise NotFound("address", str(address_id))
            if kept is not None and isinstance(command, KeepAddress) and command.fresh and address_id in before:
                _refuse_unless_same(before[address_id], kept)
                return list(before.values())
            after = {key: each for key, each in before.items() if key != address_id} | ({kept.id: kept} if kept is not None else {})
            if len(after) > MAX_ADDRESSES:
                raise Invalid(f"more than {MAX_ADDRESSES} addresses", "fewer; remove those that nobody uses")
            wanted = kept.id if kept is not None and kept.is_default else None
            settled = one_default(sorted(after.values(), key=lambda each: each.id), wanted)
            work.addresses.remove([] if kept is not None else [address_id])
            work.addresses.add(each for each in settled if each.id not in before)
            work.addresses.save(each for each in settled if each.id in before and each != before[each.id])
        return settled


def _refuse_unless_same(before: Address, kept: Address) -> None:
    # Another one may have become the default since.
    if attrs.evolve(kept, is_default=before.is_default) != before:
        raise Conflict("address", str(before.id), "it was added with other content")


def _account(command: KeepAddress | RemoveAddress) -> AccountId:
    return command.address.account_id if isinstance(command, KeepAddress) else command.account_id


def _address(command: KeepAddress | RemoveAddress) -> AddressId:
    return command.address.id if isinstance(command, KeepAddress) else command.address_id
