"""Asking: who makes a request, read once for many requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quarterturn_domain.identity.account import AccountStatus
from quarterturn_domain.identity.asker import Asker
from quarterturn_domain.identity.ports import IdentityWork, KeyStanding, Standing
from quarterturn_domain.identity.role import Role, VendorRole
from quarterturn_domain.identity.secret import Secrets, parted
from quarterturn_domain.identity.session import SessionStatus
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.ids import ApiKeyId, SessionId, VendorId
from quarterturn_domain.kernel.work import Begin

__all__ = ["Asker", "WhoAsks", "read_key"]


def read_key(text: str) -> tuple[ApiKeyId, str] | None:
    """The id and the secret of an API key's text, or None for what cannot be one."""
    found = parted("qt", text)
    return None if found is None else (ApiKeyId(found[0]), found[1])


class WhoAsks:
    """Says who asks; whoever may not ask at all is absent: suspended, signed out, expired, revoked, or never known."""

    def __init__(self, work: Begin[IdentityWork], secrets: Secrets, clock: Clock) -> None:
        self._work = work
        self._secrets = secrets
        self._clock = clock

    def by_session(self, ids: Sequence[SessionId]) -> Mapping[SessionId, Asker]:
        """The askers of those of `ids` that are live, all in one reading."""
        now = self._clock.now()
        with self._work() as work:
            found = work.standings.of_sessions(ids)
        return {
            session_id: Asker(each.account_id, _roles(each), each.vendors, session_id=session_id)
            for session_id, each in found.items()
            if each.status is AccountStatus.ACTIVE and each.session_status is SessionStatus.ACTIVE and now < each.expires_at
        }

    def by_key(self, keys: Sequence[tuple[ApiKeyId, str]]) -> Mapping[ApiKeyId, Asker]:
        """The askers of those of `keys`, each an id and a secret (see `read_key`), that are live, all in one reading."""
        now = self._clock.now()
        with self._work() as work:
            found = work.standings.of_keys(key_id for key_id, _ in keys)
        # Of one id only the last secret counts, so that a wrong one beside the right one opens nothing.
        return {
            key_id: _by_key(found[key_id])
            for key_id, secret in dict(keys).items()
            if key_id in found
            and found[key_id].status is AccountStatus.ACTIVE
            and found[key_id].key.live(now)
            and self._secrets.same(found[key_id].key.hash, self._secrets.digest(secret))
        }


def _by_key(standing: KeyStanding) -> Asker:
    key = standing.key
    vendors: Mapping[VendorId, VendorRole] = standing.vendors
    if key.vendor_id is not None:
        vendors = {vendor: role for vendor, role in vendors.items() if vendor == key.vendor_id}
    return Asker(standing.account_id, _roles(standing), vendors, key_id=key.id, scopes=key.scopes)


def _roles(standing: Standing) -> frozenset[Role]:
    """The roles that were granted, and that of a vendor for its members."""
    return standing.roles | {Role.VENDOR} if standing.vendors else standing.roles
