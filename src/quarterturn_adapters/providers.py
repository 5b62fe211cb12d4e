"""Providers: who takes the payments and pays the vendors, as the settings say."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from quarterturn_adapters.circuits import Breakers
from quarterturn_adapters.sandbox import Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_adapters.settings import Settings
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.payments.gateway import PaymentGateway
from quarterturn_domain.payouts.gateway import TransferGateway


@attrs.frozen
class Provider:
    """A payment provider by its `name`; `sandbox` is the provider itself where it is ours. `close` it when nobody needs it more."""

    name: str
    payments: PaymentGateway
    transfers: TransferGateway
    sandbox: Sandbox | None = None
    close: Callable[[], None] = attrs.field(default=lambda: None, repr=False)


def provider(settings: Settings, clock: Clock, database_url: str | None = None) -> Provider:
    """The provider that the settings name: Stripe where they have its key, else the sandbox.

    Over a database at a URL every process has the same sandbox: it is kept there. Without one, it is this process's own.
    """
    if settings.stripe_secret_key is not None:
        return _stripe(settings, settings.stripe_secret_key, clock)
    if database_url is not None:
        return _shared(clock, database_url)
    sandbox = Sandbox(clock)
    return Provider("sandbox", SandboxPayments(sandbox), SandboxTransfers(sandbox), sandbox)


def behind(provider: Provider, breakers: Breakers) -> Provider:
    """The same provider, left alone for a while when it fails too often: what it signs is still believed, which asks nobody."""
    return attrs.evolve(
        provider,
        payments=breakers.guarded(provider.payments, provider.name, "payments", free=("hint",)),
        transfers=breakers.guarded(provider.transfers, provider.name, "transfers"),
    )


def _shared(clock: Clock, database_url: str) -> Provider:
    # Who keeps everything in memory needs no driver.
    from quarterturn_adapters.postgres.sandbox import PostgresCalls  # noqa: PLC0415
    from quarterturn_adapters.sandbox.sharing import SharedSandbox  # noqa: PLC0415

    calls = PostgresCalls(database_url)
    sandbox = SharedSandbox(clock, calls)
    return Provider("sandbox", SandboxPayments(sandbox), SandboxTransfers(sandbox), sandbox, calls.close)


def _stripe(settings: Settings, key: str, clock: Clock) -> Provider:
    # Who uses the sandbox does not need Stripe's library.
    from quarterturn_adapters.stripe import Access, Client, StripePayments, StripeTransfers  # noqa: PLC0415

    access = Access(
        secret_key=key,
        webhook_secrets=settings.stripe_webhook_secrets,
        api_base=settings.stripe_api_base,
        return_url=settings.stripe_return_url,
    )
    client = Client(access)
    return Provider("stripe", StripePayments(client, clock), StripeTransfers(client), close=client.close)
