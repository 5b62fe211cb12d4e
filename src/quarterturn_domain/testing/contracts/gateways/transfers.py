"""The contract of the transfer gateway: every promise of the port as a test."""

from __future__ import annotations

from typing import Final

import pytest

from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import NotFound, Unavailable
from quarterturn_domain.kernel.ids import PayoutId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayRefused, OutcomeUnknown
from quarterturn_domain.payouts.gateway import GatewayPayoutStatus, GatewayTransfer, TransferGateway
from quarterturn_domain.testing.contracts.gateways.drivers import BankAccount, TransferDriver
from quarterturn_domain.testing.contracts.gateways.payments import CENT, HUNDRED, NOTHING, SIXTY, TEN, an_id

FIFTY: Final = Money.of("50.00", EUR)


class TransferGatewayContract:
    """Every promise of `TransferGateway`; both fixtures are the subclass's to give, new for every test."""

    @pytest.fixture
    def driver(self) -> TransferDriver:
        """The world around a provider that nobody has used yet."""
        raise NotImplementedError

    @pytest.fixture
    def gateway(self, driver: TransferDriver) -> TransferGateway:
        """The gateway to the provider that `driver` drives."""
        raise NotImplementedError

    def test_an_account_is_ready_when_the_vendor_has_given_everything(
        self, gateway: TransferGateway, driver: TransferDriver
    ) -> None:
        """A new account is not ready and says what is missing; afterwards it is ready and nothing is missing."""
        account = gateway.open_account(VendorId(an_id()), country="DE", key="account")
        assert not account.ready
        assert account.requirements
        assert account == gateway.read_account(account.reference)
        driver.onboard(account.reference, BankAccount.PAYS)
        after = gateway.read_account(account.reference)
        assert (account.reference, True, ()) == (after.reference, after.ready, after.requirements)

    def test_opening_an_account_twice_is_opening_it_once(self, gateway: TransferGateway) -> None:
        """The same key and vendor give the same account; with another country the key is refused as `idempotency_error`."""
        vendor_id = VendorId(an_id())
        first = gateway.open_account(vendor_id, country="DE", key="account")
        assert first == gateway.open_account(vendor_id, country="DE", key="account")
        with pytest.raises(GatewayRefused) as refusal:
            gateway.open_account(vendor_id, country="FR", key="account")
        assert "idempotency_error" == refusal.value.reason

    def test_an_onboarding_link_is_for_one_visit(self, gateway: TransferGateway) -> None:
        """Every link is a new address under https."""
        account = gateway.open_account(VendorId(an_id()), country="DE", key="account").reference
        links = {
            gateway.onboarding_link(account, return_url="https://shop.example/done", refresh_url="https://shop.example/again")
            for _ in range(2)
        }
        assert 2 == len(links)
        assert all(link.startswith("https://") for link in links)

    def test_an_account_that_is_not_ready_gets_nothing(self, gateway: TransferGateway, driver: TransferDriver) -> None:
        """A transfer to an account that still lacks something, or that is not there, is refused."""
        driver.fund(HUNDRED)
        account = gateway.open_account(VendorId(an_id()), country="DE", key="account").reference
        for number, destination in enumerate((account, "unknown")):
            with pytest.raises((GatewayRefused, NotFound)):
                gateway.transfer(destination, TEN, payout_id=PayoutId(an_id()), key=f"transfer:{number}")

    def test_transfers_are_bounded_by_what_is_available(self, gateway: TransferGateway, driver: TransferDriver) -> None:
        """The platform can transfer what is available on its balance, to the cent, and not more."""
        account = ready(gateway, driver)
        driver.fund(HUNDRED)
        with pytest.raises(GatewayRefused):
            gateway.transfer(account, HUNDRED + CENT, payout_id=PayoutId(an_id()), key="transfer:1")
        made = gateway.transfer(account, HUNDRED, payout_id=PayoutId(an_id()), key="transfer:2")
        assert GatewayTransfer(made.reference, account, HUNDRED, NOTHING) == made
        with pytest.raises(GatewayRefused):
            gateway.transfer(account, CENT, payout_id=PayoutId(an_id()), key="transfer:3")

    def test_a_source_charge_needs_no_balance(self, gateway: TransferGateway, driver: TransferDriver) -> None:
        """Out of a charge its amount may be transferred before it is available, in parts; the account has it when it is."""
        account = ready(gateway, driver)
        charge = driver.charge(HUNDRED)
        with pytest.raises(GatewayRefused):
            gateway.transfer(account, SIXTY, payout_id=PayoutId(an_id()), key="transfer:1")
        gateway.transfer(account, SIXTY, payout_id=PayoutId(an_id()), source=charge, key="transfer:2")
        with pytest.raises(GatewayRefused):
            gateway.transfer(account, HUNDRED - SIXTY + CENT, payout_id=PayoutId(an_id()), source=charge, key="transfer:3")
        with pytest.raises(GatewayRefused):
            gateway.pay_out(account, SIXTY, payout_id=PayoutId(an_id()), key="payout:1")
        driver.settle()
        assert GatewayPayoutStatus.PENDING is gateway.pay_out(account, SIXTY, payout_id=PayoutId(an_id()), key="payout:2").status

    def test_transferring_twice_is_transferring_once(self, gateway: TransferGateway, driver: TransferDriver) -> None:
        """A lost answer is found under our id; the same key gives the same transfer, and with another amount it is refused."""
        account, payout_id = ready(gateway, driver), PayoutId(an_id())
        driver.fund(HUNDRED)
        driver.lose_answer("transfer")
        with pytest.raises(OutcomeUnknown):
            gateway.transfer(account, SIXTY, payout_id=payout_id, key="transfer")
        found = gateway.find_transfer(payout_id)
        assert found is not None
        assert found == gateway.transfer(account, SIXTY, payout_id=payout_id, key="transfer")
        with pytest.raises(GatewayRefused) as refusal:
            gateway.transfer(account, TEN, payout_id=payout_id, key="transfer")
        assert "idempotency_error" == refusal.value.reason
        # What was left is still there: it was transferred once.
        gateway.transfer(account, HUNDRED - SIXTY, payout_id=PayoutId(an_id()), key="the rest")

    def test_what_failed_on_its_way_did_nothing(self, gateway: TransferGateway, driver: TransferDriver) -> None:
        """After a lost request, or `Unavailable`, nothing is found under our id and the same key may be used again."""
        account, payout_id = ready(gateway, driver), PayoutId(an_id())
        driver.fund(HUNDRED)
        driver.lose_request("transfer")
        with pytest.raises(OutcomeUnknown):
            gateway.transfer(account, HUNDRED, payout_id=payout_id, key="transfer")
        driver.refuse_service("transfer")
        with pytest.raises(Unavailable) as refusal:
            gateway.transfer(account, HUNDRED, payout_id=payout_id, key="transfer")
        assert not isinstance(refusal.value, OutcomeUnknown)
        assert gateway.find_transfer(payout_id) is None
        assert HUNDRED == gateway.transfer(account, HUNDRED, payout_id=payout_id, key="transfer").amount

    def test_reversals_are_bounded_by_the_transfer(self, gateway: TransferGateway, driver: TransferDriver) -> None:
        """A transfer can be taken back in parts, to the cent; the platform can spend it again."""
        transfer = funded(gateway, driver)
        assert SIXTY == gateway.reverse_transfer(transfer.reference, SIXTY, key="reverse:1").reversed
        assert SIXTY == gateway.reverse_transfer(transfer.reference, SIXTY, key="reverse:1").reversed
        with pytest.raises(GatewayRefused):
            gateway.reverse_transfer(transfer.reference, SIXTY, key="reverse:2")
        assert HUNDRED == gateway.reverse_transfer(transfer.reference, HUNDRED - SIXTY, key="reverse:3").reversed
        gateway.transfer(transfer.account, HUNDRED, payout_id=PayoutId(an_id()), key="again")

    def test_reversals_are_bounded_by_what_the_account_has(self, gateway: TransferGateway, driver: TransferDriver) -> None:
        """What was paid out of the account cannot be taken back from it."""
        transfer = funded(gateway, driver)
        gateway.pay_out(transfer.account, SIXTY, payout_id=PayoutId(an_id()), key="payout")
        with pytest.raises(GatewayRefused):
            gateway.reverse_transfer(transfer.reference, FIFTY, key="reverse:1")
        assert HUNDRED - SIXTY == gateway.reverse_transfer(transfer.reference, HUNDRED - SIXTY, key="reverse:2").reversed

    @pytest.mark.parametrize(
        ("bank", "status"),
        [
            (BankAccount.PAYS, GatewayPayoutStatus.PAID),
            (BankAccount.FAILS, GatewayPayoutStatus.FAILED),
            (BankAccount.RETURNS, GatewayPayoutStatus.RETURNED),
        ],
    )
    def test_a_payout_ends_as_the_bank_says(
        self, gateway: TransferGateway, driver: TransferDriver, bank: BankAccount, status: GatewayPayoutStatus
    ) -> None:
        """A payout is pending, then paid, failed or returned; what did not arrive says why and is on the account again."""
        account = funded(gateway, driver, bank).account
        payout_id = PayoutId(an_id())
        sent = gateway.pay_out(account, HUNDRED, payout_id=payout_id, key="payout:1")
        assert (GatewayPayoutStatus.PENDING, HUNDRED, None) == (sent.status, sent.amount, sent.failure)
        driver.settle()
        ended = gateway.read_payout(account, sent.reference)
        assert status is ended.status
        assert ended == gateway.find_payout(account, payout_id)
        if bank is BankAccount.PAYS:
            with pytest.raises(GatewayRefused):
                gateway.pay_out(account, CENT, payout_id=PayoutId(an_id()), key="payout:2")
        else:
            assert ended.failure
            assert HUNDRED == gateway.pay_out(account, HUNDRED, payout_id=PayoutId(an_id()), key="payout:3").amount

    def test_payouts_are_bounded_and_made_once(self, gateway: TransferGateway, driver: TransferDriver) -> None:
        """An account pays out what it has and not more; a lost answer is found under our id, and the key gives it again."""
        account = funded(gateway, driver).account
        with pytest.raises(GatewayRefused):
            gateway.pay_out(account, HUNDRED + CENT, payout_id=PayoutId(an_id()), key="payout:1")
        payout_id = PayoutId(an_id())
        driver.lose_answer("pay_out")
        with pytest.raises(OutcomeUnknown):
            gateway.pay_out(account, SIXTY, payout_id=payout_id, key="payout:2")
        found = gateway.find_payout(account, payout_id)
        assert found is not None
        assert found == gateway.pay_out(account, SIXTY, payout_id=payout_id, key="payout:2")
        assert HUNDRED - SIXTY == gateway.pay_out(account, HUNDRED - SIXTY, payout_id=PayoutId(an_id()), key="payout:3").amount

    def test_what_is_not_there_is_not_found(self, gateway: TransferGateway, driver: TransferDriver) -> None:
        """Reading an unknown account or payout, or another account's payout, is `NotFound`; looking for an unknown id is None."""
        account = funded(gateway, driver).account
        payout = gateway.pay_out(account, TEN, payout_id=PayoutId(an_id()), key="payout")
        with pytest.raises(NotFound):
            gateway.read_account("unknown")
        with pytest.raises(NotFound):
            gateway.read_payout(account, "unknown")
        with pytest.raises(NotFound):
            gateway.read_payout(ready(gateway, driver), payout.reference)
        assert gateway.find_transfer(PayoutId(an_id())) is None
        assert gateway.find_payout(account, PayoutId(an_id())) is None


def ready(gateway: TransferGateway, driver: TransferDriver, bank: BankAccount = BankAccount.PAYS) -> str:
    """An account that lacks nothing."""
    vendor_id = VendorId(an_id())
    account = gateway.open_account(vendor_id, country="DE", key=f"account:{vendor_id}").reference
    driver.onboard(account, bank)
    return account


def funded(gateway: TransferGateway, driver: TransferDriver, bank: BankAccount = BankAccount.PAYS) -> GatewayTransfer:
    """A transfer of 100.00 EUR to an account that lacks nothing; the platform has nothing left."""
    account = ready(gateway, driver, bank)
    driver.fund(HUNDRED)
    payout_id = PayoutId(an_id())
    return gateway.transfer(account, HUNDRED, payout_id=payout_id, key=f"transfer:{payout_id}")
