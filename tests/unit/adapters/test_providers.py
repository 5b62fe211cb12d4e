"""Who takes the payments: the sandbox until Stripe's key is set."""

from __future__ import annotations

from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.providers import provider
from quarterturn_adapters.settings import Settings
from quarterturn_adapters.stripe import StripePayments, StripeTransfers


def test_without_a_key_it_is_the_sandbox() -> None:
    """Nothing has to be set to try everything out."""
    found = provider(Settings.from_environment({}), SystemClock())
    assert "sandbox" == found.name
    assert found.sandbox is not None


def test_with_a_key_it_is_stripe() -> None:
    """Both ports are then Stripe's; nothing is asked of it for that, and nothing of it shows the key."""
    settings = Settings.from_environment({"QUARTERTURN_STRIPE_SECRET_KEY": "sk_test_hunter2"})
    found = provider(settings, SystemClock())
    assert ("stripe", None) == (found.name, found.sandbox)
    assert isinstance(found.payments, StripePayments)
    assert isinstance(found.transfers, StripeTransfers)
    assert "hunter2" not in repr(found)
