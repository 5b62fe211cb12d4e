"""The Stripe adapter keeps every promise of the payment and the transfer gateway, over HTTP and against the published contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.doubles.stripe.books import Terms
from tests.doubles.stripe.driver import StripeDriver, stripe_world

from quarterturn_adapters.stripe import API_VERSION
from quarterturn_domain.payments.gateway import PaymentGateway
from quarterturn_domain.payouts.gateway import TransferGateway
from quarterturn_domain.testing.contracts.gateways import (
    PaymentDriver,
    PaymentGatewayContract,
    TransferDriver,
    TransferGatewayContract,
)


@pytest.fixture
def world() -> Iterator[StripeDriver]:
    """A double and a client of it; afterwards nothing that was asked or answered was against the contract."""
    with stripe_world() as driver:
        yield driver


class TestStripePayments(PaymentGatewayContract):
    """The payment gateway."""

    @pytest.fixture
    def driver(self, world: StripeDriver) -> PaymentDriver:
        """A new world."""
        return world

    @pytest.fixture
    def gateway(self, world: StripeDriver) -> PaymentGateway:
        """Its payments."""
        return world.payments


class TestStripePaymentsWithoutMulticapture(TestStripePayments):
    """The same on an account that has not agreed on it: every authorisation is captured once."""

    @pytest.fixture
    def world(self) -> Iterator[StripeDriver]:
        """An account without it."""
        with stripe_world(terms=Terms(multicapture=False)) as driver:
            yield driver


class TestStripeTransfers(TransferGatewayContract):
    """The transfer gateway."""

    @pytest.fixture
    def driver(self, world: StripeDriver) -> TransferDriver:
        """A new world."""
        return world

    @pytest.fixture
    def gateway(self, world: StripeDriver) -> TransferGateway:
        """Its transfers."""
        return world.transfers


def test_the_contract_is_that_of_the_version_that_is_spoken(shared_contracts: Path, world: StripeDriver) -> None:
    """The published contract is there, so that all of the above was held against it; its version is the one that is pinned."""
    assert (shared_contracts / "stripe").is_dir()
    assert world.double.contract is not None
    assert API_VERSION == world.double.contract.version
