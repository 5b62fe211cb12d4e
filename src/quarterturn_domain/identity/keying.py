"""Keying: making an API key for a service, whose text is shown once, and revoking it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from quarterturn_domain.identity.account import AccountStatus
from quarterturn_domain.identity.api_key import MAX_KEYS, ApiKey, key_name, scoped
from quarterturn_domain.identity.asker import Asker
from quarterturn_domain.identity.audit import noted
from quarterturn_domain.identity.ports import IdentityWork
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.identity.secret import Secrets, shown
from quarterturn_domain.kernel.errors import Forbidden, Invalid, NotFound
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import AccountId, ApiKeyId, VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class CreateApiKey:
    """Make a key for the account of `asker`, for one vendor or for all that it may; it ends at `expires_at`, if ever."""

    key_id: ApiKeyId
    asker: Asker
    name: str
    scopes: frozenset[Permission]
    vendor_id: VendorId | None = None
    expires_at: datetime | None = None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen(kw_only=True)
class MadeKey:
    """A key that was made, and its text, which is shown here only."""

    key: ApiKey
    text: str = attrs.field(repr=False)


class CreateApiKeys:
    """Makes API keys; none may more than its maker."""

    def __init__(self, work: Begin[IdentityWork], secrets: Secrets) -> None:
        self._work = work
        self._secrets = secrets

    def __call__(self, command: CreateApiKey) -> MadeKey:
        """The key; raises `Invalid`, `Forbidden`, or `Conflict` for an id that has a key, whose text nobody knows any more."""
        if command.expires_at is not None and command.expires_at <= command.at:
            raise Invalid("an API key that is over before it begins", "an end in the future, or none")
        secret = self._secrets.new()
        account_id = command.asker.account_id
        key = ApiKey(
            id=command.key_id,
            account_id=account_id,
            vendor_id=command.vendor_id,
            name=key_name(command.name),
            scopes=scoped(command.asker, command.scopes, command.vendor_id),
            hash=self._secrets.digest(secret),
            made_at=command.at,
            expires_at=command.expires_at,
        )
        with self._work() as work:
            account = required(work.accounts.lock([account_id]), account_id, "account")
            if account.status is not AccountStatus.ACTIVE:
                raise Forbidden("The account is suspended")
            if len(work.api_keys.of_account(account_id, None, MAX_KEYS)) >= MAX_KEYS:
                raise Invalid(f"more than {MAX_KEYS} API keys", "fewer; revoke those that nobody uses")
            work.api_keys.add([key])
            details = {"scopes": _listed(key.scopes), "vendor": key.vendor_id, "name": key.name}
            work.audit.append([noted("api_key.made", "api_key", key.id, by=account_id, at=command.at, **details)])
        return MadeKey(key=key, text=shown("qt", key.id, secret))


@attrs.frozen(kw_only=True)
class RevokeApiKey:
    """Revoke a key of `account_id`; `by` is who does it, None for its owner."""

    key_id: ApiKeyId
    account_id: AccountId
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class RevokeApiKeys:
    """Revokes API keys, at once and for good; one that is revoked stays so."""

    def __init__(self, work: Begin[IdentityWork]) -> None:
        self._work = work

    def __call__(self, command: RevokeApiKey) -> ApiKey:
        """The key afterwards; raises `NotFound` for one that is not the account's."""
        with self._work() as work:
            key = work.api_keys.lock([command.key_id]).get(command.key_id)
            if key is None or key.account_id != command.account_id:
                raise NotFound("API key", str(command.key_id))
            revoked = key.revoked(command.at)
            if revoked != key:
                work.api_keys.save([revoked])
                by = command.by or command.account_id
                work.audit.append([noted("api_key.revoked", "api_key", key.id, by=by, at=command.at)])
        return revoked


def _listed(scopes: Iterable[Permission]) -> str:
    return ", ".join(sorted(scopes))
