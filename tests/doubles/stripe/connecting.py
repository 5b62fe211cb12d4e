"""Connecting: connected accounts, transfers to them and back, and payouts from them to banks."""

from __future__ import annotations

from typing import Final

from tests.doubles.stripe.books import PLATFORM, Books, Json, stamp
from tests.doubles.stripe.charging import whole
from tests.doubles.stripe.refusals import invalid, refused

LACKING: Final = ("configuration.recipient.default_outbound_destination", "identity.individual.given_name")
"""What a new account lacks."""

PAYS: Final = "pays"
FAILS: Final = "fails"
RETURNS: Final = "returns"


class Connecting:
    """What Stripe does with vendors' money."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def open_account(self, params: Json, _: str) -> Json:
        """`POST /v2/core/accounts`."""
        responsibilities = params.get("defaults", {}).get("responsibilities", {})
        if responsibilities.get("losses_collector") != "application":
            raise invalid("separate charges and transfers need a platform that answers for losses", param="losses_collector")
        wanted = params.get("configuration", {}).get("recipient", {}).get("capabilities", {}).get("stripe_balance", {})
        if not wanted.get("stripe_transfers", {}).get("requested"):
            raise invalid("the recipient was not requested to receive transfers", param="configuration")
        account = self._books.add(
            "acct",
            applied_configurations=["recipient"],
            closed=False,
            configuration={"recipient": {"applied": True, "capabilities": None}},
            contact_email=None,
            dashboard=params.get("dashboard"),
            defaults={"responsibilities": {**responsibilities, "requirements_collector": "stripe"}},
            identity={"country": params.get("identity", {}).get("country"), "entity_type": None},
            livemode=False,
            metadata=params.get("metadata", {}),
            requirements=None,
        )
        account["created"] = stamp(self._books.now)
        self.require(account, LACKING)
        return account

    def require(self, account: Json, lacking: tuple[str, ...]) -> None:
        """Say what an account lacks; with nothing lacking it may receive transfers and pay them out."""
        status = "restricted" if lacking else "active"
        details = [{"code": "requirements_past_due", "resolution": "provide_info"}] if lacking else []
        capability = {"status": status, "status_details": details}
        account["configuration"]["recipient"]["capabilities"] = {
            "stripe_balance": {"stripe_transfers": capability, "payouts": dict(capability)}
        }
        deadline = {"status": "currently_due"}
        entries = [
            {
                "awaiting_action_from": "user",
                "description": description,
                "errors": [],
                "impact": {"restricts_capabilities": []},
                "minimum_deadline": deadline,
                "requested_reasons": [{"code": "routine_onboarding"}],
            }
            for description in lacking
        ]
        account["requirements"] = {"entries": entries, "summary": {"minimum_deadline": deadline} if entries else None}
        self._books.tell_thinly("v2.core.account[requirements].updated", account)

    def link(self, params: Json, _: str) -> Json:
        """`POST /v2/core/account_links`."""
        books = self._books
        account = books.of("v2.core.account", params["account"])
        return {
            "object": "v2.core.account_link",
            "account": account["id"],
            "created": stamp(books.now),
            "expires_at": stamp(books.now + 300),
            "livemode": False,
            "url": f"https://connect.stripe.test/setup/{books.name('link')}",
            "use_case": params["use_case"],
        }

    def schedule(self, params: Json, _: str, account: str) -> Json:
        """`POST /v1/balance_settings`."""
        interval = params.get("payments", {}).get("payouts", {}).get("schedule", {}).get("interval", "daily")
        self._books.fate[f"schedule:{account}"] = interval
        schedule = {"interval": interval, "monthly_payout_days": None, "weekly_payout_days": None}
        payouts = {"schedule": schedule, "statement_descriptor": None, "status": "enabled"}
        return {"object": "balance_settings", "payments": {"payouts": payouts, "settlement_timing": {"delay_days": 2}}}

    def transfer(self, params: Json, _: str) -> Json:
        """`POST /v1/transfers`."""
        books, amount, currency = self._books, whole(params["amount"]), params["currency"]
        account = books.of("v2.core.account", params["destination"], param="destination")
        if not _ready(account):
            raise refused("insufficient_capabilities_for_transfer", "The destination account needs stripe_transfers")
        source, group, available_on = params.get("source_transaction"), params.get("transfer_group"), books.now
        if source is None:
            self._bound(PLATFORM, amount, currency)
        else:
            charge = books.of("charge", source, param="source_transaction")
            if group not in {None, charge["transfer_group"]}:
                raise invalid("The transfer group has to be that of the source transaction", param="transfer_group")
            drawn = sum(each["amount"] for each in books.all("transfer") if each["source_transaction"] == source)
            if amount > charge["amount_captured"] - drawn:
                raise refused("balance_insufficient", "The transfer is more than what is left of its source transaction")
            group = charge["transfer_group"]
            available_on = max(books.now, books.things[charge["balance_transaction"]]["available_on"])
        transfer = books.add(
            "tr",
            amount=amount,
            amount_reversed=0,
            balance_transaction=None,
            currency=currency,
            description=None,
            destination=account["id"],
            livemode=False,
            metadata=params.get("metadata", {}),
            reversals={"object": "list", "data": [], "has_more": False, "url": "/v1/transfers/reversals"},
            reversed=False,
            source_transaction=source,
            source_type="card",
            transfer_group=group,
        )
        line = books.post(PLATFORM, "transfer", transfer["id"], -amount, currency, available_on=available_on)
        transfer["balance_transaction"] = line["id"]
        books.post(account["id"], "payment", transfer["id"], amount, currency, available_on=available_on)
        books.tell("transfer.created", transfer)
        return transfer

    def reverse(self, params: Json, name: str) -> Json:
        """`POST /v1/transfers/{id}/reversals`."""
        books, transfer = self._books, self._books.of("transfer", name)
        left = transfer["amount"] - transfer["amount_reversed"]
        amount = whole(params.get("amount", left))
        account, currency = transfer["destination"], transfer["currency"]
        if amount > left:
            raise refused(None, f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})")
        available_on = max(books.now, books.things[transfer["balance_transaction"]]["available_on"])
        self._bound(account, amount, currency, available=available_on <= books.now)
        transfer["amount_reversed"] += amount
        transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
        reversal = books.add(
            "trr", amount=amount, balance_transaction=None, currency=currency, metadata={}, transfer=transfer["id"]
        )
        line = books.post(PLATFORM, "transfer_refund", reversal["id"], amount, currency, available_on=available_on)
        reversal["balance_transaction"] = line["id"]
        books.post(account, "payment_refund", reversal["id"], -amount, currency, available_on=available_on)
        books.tell("transfer.reversed", transfer)
        return reversal

    def pay_out(self, params: Json, _: str, account: str) -> Json:
        """`POST /v1/payouts` on behalf of an account."""
        books, amount, currency = self._books, whole(params["amount"]), params["currency"]
        if account and not _ready(books.things[account]):
            raise refused("payouts_not_allowed", "Payouts are not enabled for this account")
        if account and books.fate.get(f"schedule:{account}") != "manual":
            raise refused("payouts_not_allowed", "This account is paid out by itself, so nothing is left to pay out")
        self._bound(account, amount, currency)
        payout = books.add(
            "po",
            account,
            amount=amount,
            arrival_date=books.now + books.terms.payout_takes,
            automatic=False,
            balance_transaction=None,
            currency=currency,
            failure_balance_transaction=None,
            failure_code=None,
            livemode=False,
            metadata=params.get("metadata", {}),
            method="standard",
            reconciliation_status="not_applicable",
            source_type="card",
            status="pending",
            type="bank_account",
        )
        payout["balance_transaction"] = books.post(account, "payout", payout["id"], -amount, currency)["id"]
        books.tell("payout.created", payout, account)
        bank, terms = books.fate.get(f"bank:{account}", PAYS), books.terms
        if bank == FAILS:
            books.later(books.now + terms.payout_fails_after, lambda: self._bounce(payout, account, "account_closed"))
        else:
            books.later(books.now + terms.payout_takes, lambda: self._arrive(payout, account))
        if bank == RETURNS:
            books.later(books.now + terms.payout_returns_after, lambda: self._bounce(payout, account, "could_not_process"))
        return payout

    def _arrive(self, payout: Json, account: str) -> None:
        payout["status"] = "paid"
        self._books.tell("payout.paid", payout, account)

    def _bounce(self, payout: Json, account: str, code: str) -> None:
        line = self._books.post(account, "payout_failure", payout["id"], payout["amount"], payout["currency"])
        payout.update(status="failed", failure_code=code, failure_balance_transaction=line["id"])
        self._books.tell("payout.failed", payout, account)

    def _bound(self, holder: str, amount: int, currency: str, *, available: bool = True) -> None:
        has = self._books.balance(holder, currency, available=available)
        if amount > has:
            raise refused("balance_insufficient", f"You have insufficient available funds: {has} of {amount} {currency}")


def _ready(account: Json) -> bool:
    capabilities = account["configuration"]["recipient"]["capabilities"]
    return bool(capabilities["stripe_balance"]["stripe_transfers"]["status"] == "active")
