"""Bootstrap: every use case, wired once: this is where ports meet their adapters and contexts hear of each other.

What happens in the transaction of its cause stands in `REACTIONS`; what happens after the commit stands in `subscriptions`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from quarterturn_adapters.application import Application, Decorator, MarketplaceWork, as_it_is
from quarterturn_adapters.argon import Argon2Hasher
from quarterturn_adapters.chance import SystemSecrets
from quarterturn_adapters.relay import Relay, Subscription
from quarterturn_adapters.subscriptions import subscriptions, telling
from quarterturn_adapters.webhooks import PinnedSender
from quarterturn_domain.catalog.categorising import PlaceCategories
from quarterturn_domain.catalog.describing import DescribeProducts
from quarterturn_domain.catalog.offering import ChangeOffers, MakeOffers
from quarterturn_domain.catalog.publishing import MoveProducts
from quarterturn_domain.catalog.reading import ReadCatalog
from quarterturn_domain.catalog.wishing import KeepWishlists, ReadWishlists
from quarterturn_domain.identity.addressing import KeepAddresses
from quarterturn_domain.identity.asking import WhoAsks
from quarterturn_domain.identity.changing import ChangePasswords, ChangeProfiles
from quarterturn_domain.identity.emailing import AskEmailChanges, ConfirmEmailChanges
from quarterturn_domain.identity.forgetting import ForgetSignIns
from quarterturn_domain.identity.inviting import AcceptInvitations, InviteMembers
from quarterturn_domain.identity.joining import GovernMembers
from quarterturn_domain.identity.keying import CreateApiKeys, RevokeApiKeys
from quarterturn_domain.identity.lettering import PostLetters
from quarterturn_domain.identity.onboarding import ApplyAsVendors, GovernVendors
from quarterturn_domain.identity.password import PasswordHasher
from quarterturn_domain.identity.reading import ReadAccounts
from quarterturn_domain.identity.registering import GovernAccounts, RegisterAccounts
from quarterturn_domain.identity.resetting import AskPasswordResets, ResetPasswords
from quarterturn_domain.identity.secret import Secrets
from quarterturn_domain.identity.signing_in import RefreshSessions, SignPeopleIn
from quarterturn_domain.identity.signing_out import EndSessions
from quarterturn_domain.insights.reading import ReadInsights
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import Ids
from quarterturn_domain.kernel.work import Begin, Reactions
from quarterturn_domain.operations.mending import MendDeadLetters, MendSubscriptions, ReadDeadLetters
from quarterturn_domain.operations.overriding import OverrideCircuits, ReadCircuits
from quarterturn_domain.ordering.cancelling import CancelOrders
from quarterturn_domain.ordering.carting import FillCarts, MergeCarts, ReviewCart, ShowCarts
from quarterturn_domain.ordering.checkout import CheckOutCarts
from quarterturn_domain.ordering.events import ReturnReceived, UnitsCancelled, VendorOrderDelivered
from quarterturn_domain.ordering.expiring import ExpireCarts, ExpireOrders
from quarterturn_domain.ordering.fulfilling import FulfilVendorOrders
from quarterturn_domain.ordering.placing import CheckoutPolicy, PlaceOrders
from quarterturn_domain.ordering.reading import ReadOrders
from quarterturn_domain.ordering.returning import DecideReturns, RequestReturns
from quarterturn_domain.payments.capturing import CaptureShipped
from quarterturn_domain.payments.disputing import SyncDisputes
from quarterturn_domain.payments.examining import SettleQuarantines
from quarterturn_domain.payments.gateway import PaymentGateway
from quarterturn_domain.payments.payment import CaptureMethod
from quarterturn_domain.payments.reading import ReadPayments
from quarterturn_domain.payments.refunding import RequestRefunds, refund_units
from quarterturn_domain.payments.reminding import RemindOfEvidence
from quarterturn_domain.payments.sending import RetryRefunds, SendRefunds
from quarterturn_domain.payments.taking import ConfirmPayments, SettleAuthorizations, StartPayments, SyncPayments
from quarterturn_domain.payments.tracking import SyncRefunds
from quarterturn_domain.payouts.catching_up import CatchUp, Pace
from quarterturn_domain.payouts.claiming import ClaimPayouts
from quarterturn_domain.payouts.enrolling import EnrolVendors
from quarterturn_domain.payouts.explaining import Explain
from quarterturn_domain.payouts.gateway import TransferGateway
from quarterturn_domain.payouts.hearing import HandleWebhooks, TakeWebhooks
from quarterturn_domain.payouts.paying import ConfirmPayouts, SendPayouts
from quarterturn_domain.payouts.reading import ReadPayouts
from quarterturn_domain.payouts.reconciling import Reconcile
from quarterturn_domain.payouts.recovering import RecoverDebts
from quarterturn_domain.payouts.releasing import ReleaseEarnings, SetPayoutTerms, start_hold
from quarterturn_domain.pricing.reading import ReadTerms
from quarterturn_domain.pricing.ruling import RuleTerms
from quarterturn_domain.search.dressing import DRESSED, DressWindow, dress
from quarterturn_domain.search.finding import FindProducts, ShowCategories, ShowProduct
from quarterturn_domain.settlement.correcting import CorrectEntries
from quarterturn_domain.settlement.exporting import ExportChain
from quarterturn_domain.settlement.posting import POSTED, post
from quarterturn_domain.settlement.reading import ReadBooks
from quarterturn_domain.settlement.sealing import SealJournal, VerifyChain
from quarterturn_domain.stock.bundling import DefineKits
from quarterturn_domain.stock.reading import ReadStock
from quarterturn_domain.stock.receiving import MoveStocks, OpenLocations
from quarterturn_domain.webhooks.asking import AskForDeliveries
from quarterturn_domain.webhooks.changing import ChangeEndpoints
from quarterturn_domain.webhooks.reading import ReadEndpoints
from quarterturn_domain.webhooks.receiver import Receivers
from quarterturn_domain.webhooks.registering import RegisterEndpoints
from quarterturn_domain.webhooks.sender import WebhookSender
from quarterturn_domain.webhooks.sending import ForgetDeliveries, RemindDeliveries, SendDeliveries
from quarterturn_domain.webhooks.telling import TellEndpoints

__all__ = ["REACTIONS", "Application", "Decorator", "MarketplaceWork", "application", "as_it_is"]

REACTIONS: Final[tuple[tuple[tuple[type[Event], ...], Any], ...]] = (
    ((UnitsCancelled, ReturnReceived), refund_units),
    (POSTED, post),
    ((VendorOrderDelivered,), start_hold),
    (DRESSED, dress),
)
"""Which events are answered in their own transaction, and by whom."""


def application(
    begin: Begin[MarketplaceWork],
    *,
    payments: PaymentGateway,
    transfers: TransferGateway,
    clock: Clock,
    ids: Ids,
    provider: str = "sandbox",
    policy: CheckoutPolicy | None = None,
    pace: Pace | None = None,
    capture: CaptureMethod = CaptureMethod.AUTOMATIC,
    retried: Decorator = as_it_is,
    hasher: PasswordHasher | None = None,
    secrets: Secrets | None = None,
    further: Sequence[Subscription] = (),
    receivers: Receivers | None = None,
    sender: WebhookSender | None = None,
    circuits: Collection[str] = (),
) -> Application:
    """Wire every use case over a database that `begin` opens units of work on, and a provider of payments and transfers.

    `capture` is how payments are captured that do not say it; what is captured with parcels is so by whoever delivers the outbox.
    `provider` is what that provider is called where it tells of something (`TakeWebhooks`).
    `further` subscriptions hear of events besides those of `subscriptions`.
    `receivers` are those that webhooks may go to, by `sender`; without one, by HTTPS.
    `circuits` are the names of those that are around the gateways.
    `retried` is stacked on every use case: it asks again when the database gave a transaction up in favour of another one.
    """
    hasher = hasher or Argon2Hasher()
    secrets = secrets or SystemSecrets()
    work = Reactions(begin, REACTIONS)
    place_orders = retried(PlaceOrders(work, policy))
    send_refunds = retried(SendRefunds(work, payments, clock))
    send_payouts = retried(SendPayouts(work, transfers, clock))
    expire_orders = retried(ExpireOrders(work, clock))
    sync_payments = retried(SyncPayments(work, payments, clock))
    settle_authorizations = retried(SettleAuthorizations(work, payments, clock))
    confirm_payouts = retried(ConfirmPayouts(work, transfers, clock))
    dress_window = retried(DressWindow(work))
    handle_webhooks = retried(HandleWebhooks(work, payments, transfers, clock))
    capture_shipped = retried(CaptureShipped(work, payments, clock, settle_authorizations))
    receivers = receivers or Receivers()
    tell_endpoints = retried(TellEndpoints(work, clock))
    # Sending is not repeated: a turn that was not noted is over after a while, and the next one begins.
    send_deliveries = SendDeliveries(work, sender or PinnedSender(receivers), clock)
    heard = [
        *subscriptions(send_refunds, send_payouts, handle_webhooks, dress_window, capture_shipped),
        *telling(tell_endpoints, send_deliveries),
        *further,
    ]
    return Application(
        begin=work,
        clock=clock,
        ids=ids,
        relay=Relay(begin, heard, clock, ids),
        register_accounts=retried(RegisterAccounts(work, hasher)),
        govern_accounts=retried(GovernAccounts(work)),
        change_profiles=retried(ChangeProfiles(work)),
        change_passwords=retried(ChangePasswords(work, hasher, secrets)),
        keep_addresses=retried(KeepAddresses(work)),
        sign_people_in=retried(SignPeopleIn(work, hasher, secrets)),
        refresh_sessions=retried(RefreshSessions(work, secrets)),
        end_sessions=retried(EndSessions(work, secrets)),
        forget_sign_ins=retried(ForgetSignIns(work, clock)),
        create_api_keys=retried(CreateApiKeys(work, secrets)),
        revoke_api_keys=retried(RevokeApiKeys(work)),
        # On every request, so nothing is stacked on it: what it reads needs no second try.
        who_asks=WhoAsks(begin, secrets, clock),
        apply_as_vendors=retried(ApplyAsVendors(work)),
        govern_vendors=retried(GovernVendors(work)),
        govern_members=retried(GovernMembers(work)),
        invite_members=retried(InviteMembers(work)),
        accept_invitations=retried(AcceptInvitations(work, secrets)),
        ask_email_changes=retried(AskEmailChanges(work, hasher, secrets)),
        confirm_email_changes=retried(ConfirmEmailChanges(work, secrets)),
        ask_password_resets=retried(AskPasswordResets(work)),
        reset_passwords=retried(ResetPasswords(work, hasher, secrets)),
        post_letters=PostLetters(work, secrets),
        place_categories=retried(PlaceCategories(work)),
        describe_products=retried(DescribeProducts(work)),
        move_products=retried(MoveProducts(work)),
        make_offers=retried(MakeOffers(work)),
        change_offers=retried(ChangeOffers(work)),
        keep_wishlists=retried(KeepWishlists(work)),
        find_products=FindProducts(work),
        show_product=ShowProduct(work),
        category_tree=ShowCategories(work),
        dress_window=dress_window,
        open_locations=retried(OpenLocations(work)),
        move_stocks=retried(MoveStocks(work)),
        define_kits=retried(DefineKits(work)),
        rule_terms=retried(RuleTerms(work)),
        fill_carts=retried(FillCarts(work)),
        merge_carts=retried(MergeCarts(work)),
        review_cart=retried(ReviewCart(work)),
        check_out_carts=retried(CheckOutCarts(work, place_orders)),
        place_orders=place_orders,
        expire_orders=expire_orders,
        expire_carts=retried(ExpireCarts(work, clock)),
        fulfil_vendor_orders=retried(FulfilVendorOrders(work)),
        cancel_orders=retried(CancelOrders(work)),
        request_returns=retried(RequestReturns(work)),
        decide_returns=retried(DecideReturns(work)),
        start_payments=retried(StartPayments(work, payments, clock, capture=capture)),
        confirm_payments=retried(ConfirmPayments(work, payments, clock)),
        sync_payments=sync_payments,
        settle_authorizations=settle_authorizations,
        capture_shipped=capture_shipped,
        request_refunds=retried(RequestRefunds(work)),
        send_refunds=send_refunds,
        retry_refunds=retried(RetryRefunds(work)),
        sync_refunds=retried(SyncRefunds(work, payments, clock)),
        sync_disputes=retried(SyncDisputes(work, payments, clock)),
        seal_journal=retried(SealJournal(work)),
        verify_chain=retried(VerifyChain(work)),
        read_books=ReadBooks(work),
        read_accounts=ReadAccounts(work),
        read_wishlists=ReadWishlists(work),
        show_carts=ShowCarts(work, clock),
        read_orders=ReadOrders(work),
        read_payments=ReadPayments(work),
        read_payouts=ReadPayouts(work),
        read_catalog=ReadCatalog(work),
        read_stock=ReadStock(work),
        read_terms=ReadTerms(work),
        read_insights=ReadInsights(work),
        set_payout_terms=retried(SetPayoutTerms(work)),
        enrol_vendors=retried(EnrolVendors(work, transfers, clock)),
        release_earnings=retried(ReleaseEarnings(work, clock)),
        claim_payouts=retried(ClaimPayouts(work)),
        send_payouts=send_payouts,
        confirm_payouts=confirm_payouts,
        recover_debts=retried(RecoverDebts(work, transfers, clock)),
        take_webhooks=retried(TakeWebhooks(work, payments, provider=provider)),
        handle_webhooks=handle_webhooks,
        catch_up=CatchUp(
            work,
            clock,
            expire_orders=expire_orders,
            handle_webhooks=handle_webhooks,
            sync_payments=sync_payments,
            settle_authorizations=settle_authorizations,
            capture_shipped=capture_shipped,
            send_refunds=send_refunds,
            send_payouts=send_payouts,
            confirm_payouts=confirm_payouts,
            remind_of_evidence=retried(RemindOfEvidence(work, clock)),
            pace=pace,
        ),
        reconcile=Reconcile(work, payments),
        explain=Explain(work),
        settle_quarantines=retried(SettleQuarantines(work, clock)),
        correct_entries=retried(CorrectEntries(work)),
        export_chain=ExportChain(work),
        register_endpoints=retried(RegisterEndpoints(work, secrets, receivers)),
        change_endpoints=retried(ChangeEndpoints(work, receivers)),
        ask_for_deliveries=retried(AskForDeliveries(work)),
        read_endpoints=ReadEndpoints(work),
        tell_endpoints=tell_endpoints,
        send_deliveries=send_deliveries,
        remind_deliveries=retried(RemindDeliveries(work, clock)),
        forget_deliveries=retried(ForgetDeliveries(work)),
        read_dead_letters=ReadDeadLetters(work),
        mend_dead_letters=retried(MendDeadLetters(work)),
        mend_subscriptions=retried(MendSubscriptions(work)),
        read_circuits=ReadCircuits(work, circuits),
        override_circuits=retried(OverrideCircuits(work, circuits)),
    )
