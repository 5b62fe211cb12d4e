"""Connected accounts: opened by API v2 as recipients of transfers, shown to vendors as Express, paid out when we say so.

The platform answers for fees and losses, as separate charges and transfers require. How an account is paid out is still a matter of
API v1.
"""

from __future__ import annotations

from typing import Final

from stripe.v2.core import Account

from quarterturn_domain.identity.vendor import PayoutAccount

ACTIVE: Final = "active"
_PRESSING: Final = frozenset({"currently_due", "past_due"})


def account_of(account: Account) -> PayoutAccount:
    """A connected account that was read with its recipient's capabilities and requirements.

    It is ready when it may receive transfers and pay them out. What is required of it only later is not listed; where Stripe itself
    keeps it from being ready, what it lacks is said to be with Stripe.
    """
    missing = {name: status for name, status in _capabilities(account).items() if status != ACTIVE}
    ready = not missing and not getattr(account, "closed", False)
    requirements = account.requirements
    entries = (getattr(requirements, "entries", None) or []) if requirements is not None else []
    wanted = sorted({entry.description for entry in entries if entry.minimum_deadline.status in _PRESSING})
    if not ready and not wanted:
        wanted = [f"{name} is {status}" for name, status in sorted(missing.items())] or ["the account is closed"]
    return PayoutAccount(account.id, ready, tuple(wanted))


def _capabilities(account: Account) -> dict[str, str]:
    """How each capability that paying a vendor takes stands; one that was never granted is `missing`."""
    configuration = account.configuration
    recipient = None if configuration is None else getattr(configuration, "recipient", None)
    capabilities = None if recipient is None else getattr(recipient, "capabilities", None)
    balance = None if capabilities is None else getattr(capabilities, "stripe_balance", None)
    transfers, payouts = getattr(balance, "stripe_transfers", None), getattr(balance, "payouts", None)
    known = {"stripe_transfers": "missing" if transfers is None else str(transfers.status)}
    # Stripe tells of payouts only where they are a capability of their own.
    return known if payouts is None else {**known, "payouts": str(payouts.status)}
