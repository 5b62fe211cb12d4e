"""Application: every use case, by the name of what it does; `bootstrap` makes it."""

from __future__ import annotations

from typing import Protocol, TypeVar

import attrs

from quarterturn_adapters.relay import Relay
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
from quarterturn_domain.identity.reading import ReadAccounts
from quarterturn_domain.identity.registering import GovernAccounts, RegisterAccounts
from quarterturn_domain.identity.resetting import AskPasswordResets, ResetPasswords
from quarterturn_domain.identity.signing_in import RefreshSessions, SignPeopleIn
from quarterturn_domain.identity.signing_out import EndSessions
from quarterturn_domain.insights.ports import InsightsWork
from quarterturn_domain.insights.reading import ReadInsights
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.ids import Ids
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.operations.mending import MendDeadLetters, MendSubscriptions, ReadDeadLetters
from quarterturn_domain.operations.overriding import OverrideCircuits, ReadCircuits
from quarterturn_domain.operations.ports import OperationsWork
from quarterturn_domain.ordering.cancelling import CancelOrders
from quarterturn_domain.ordering.carting import FillCarts, MergeCarts, ReviewCart, ShowCarts
from quarterturn_domain.ordering.checkout import CheckOutCarts
from quarterturn_domain.ordering.expiring import ExpireCarts, ExpireOrders
from quarterturn_domain.ordering.fulfilling import FulfilVendorOrders
from quarterturn_domain.ordering.placing import PlaceOrders
from quarterturn_domain.ordering.reading import ReadOrders
from quarterturn_domain.ordering.returning import DecideReturns, RequestReturns
from quarterturn_domain.payments.capturing import CaptureShipped
from quarterturn_domain.payments.disputing import SyncDisputes
from quarterturn_domain.payments.examining import SettleQuarantines
from quarterturn_domain.payments.reading import ReadPayments
from quarterturn_domain.payments.refunding import RequestRefunds
from quarterturn_domain.payments.sending import RetryRefunds, SendRefunds
from quarterturn_domain.payments.taking import ConfirmPayments, SettleAuthorizations, StartPayments, SyncPayments
from quarterturn_domain.payments.tracking import SyncRefunds
from quarterturn_domain.payouts.catching_up import CatchUp
from quarterturn_domain.payouts.claiming import ClaimPayouts
from quarterturn_domain.payouts.enrolling import EnrolVendors
from quarterturn_domain.payouts.explaining import Explain
from quarterturn_domain.payouts.hearing import HandleWebhooks, TakeWebhooks
from quarterturn_domain.payouts.paying import ConfirmPayouts, SendPayouts
from quarterturn_domain.payouts.reading import ReadPayouts
from quarterturn_domain.payouts.reconciling import Reconcile
from quarterturn_domain.payouts.recovering import RecoverDebts
from quarterturn_domain.payouts.releasing import ReleaseEarnings, SetPayoutTerms
from quarterturn_domain.pricing.reading import ReadTerms
from quarterturn_domain.pricing.ruling import RuleTerms
from quarterturn_domain.search.dressing import DressWindow
from quarterturn_domain.search.finding import FindProducts, ShowCategories, ShowProduct
from quarterturn_domain.search.ports import SearchWork
from quarterturn_domain.settlement.correcting import CorrectEntries
from quarterturn_domain.settlement.exporting import ExportChain
from quarterturn_domain.settlement.reading import ReadBooks
from quarterturn_domain.settlement.sealing import SealJournal, VerifyChain
from quarterturn_domain.stock.bundling import DefineKits
from quarterturn_domain.stock.reading import ReadStock
from quarterturn_domain.stock.receiving import MoveStocks, OpenLocations
from quarterturn_domain.webhooks.asking import AskForDeliveries
from quarterturn_domain.webhooks.changing import ChangeEndpoints
from quarterturn_domain.webhooks.ports import WebhooksWork
from quarterturn_domain.webhooks.reading import ReadEndpoints
from quarterturn_domain.webhooks.registering import RegisterEndpoints
from quarterturn_domain.webhooks.sending import ForgetDeliveries, RemindDeliveries, SendDeliveries
from quarterturn_domain.webhooks.telling import TellEndpoints

T = TypeVar("T")


class MarketplaceWork(InsightsWork, SearchWork, OperationsWork, WebhooksWork, Protocol):
    """A unit of work that reaches everything."""


class Decorator(Protocol):
    """Something stacked on a use case that is called just as the use case itself."""

    def __call__(self, use_case: T, /) -> T:
        """The use case with something around it."""
        ...


def as_it_is(use_case: T) -> T:
    """The use case with nothing around it."""
    return use_case


@attrs.frozen(kw_only=True)
class Application:
    """Every use case, by the name of what it does; `begin` opens a unit of work with all reactions, `relay` delivers the outbox."""

    begin: Begin[MarketplaceWork]
    clock: Clock
    ids: Ids
    relay: Relay

    register_accounts: RegisterAccounts
    govern_accounts: GovernAccounts
    change_profiles: ChangeProfiles
    change_passwords: ChangePasswords
    keep_addresses: KeepAddresses
    sign_people_in: SignPeopleIn
    refresh_sessions: RefreshSessions
    end_sessions: EndSessions
    forget_sign_ins: ForgetSignIns
    create_api_keys: CreateApiKeys
    revoke_api_keys: RevokeApiKeys
    who_asks: WhoAsks
    apply_as_vendors: ApplyAsVendors
    govern_vendors: GovernVendors
    govern_members: GovernMembers
    invite_members: InviteMembers
    accept_invitations: AcceptInvitations
    ask_email_changes: AskEmailChanges
    confirm_email_changes: ConfirmEmailChanges
    ask_password_resets: AskPasswordResets
    reset_passwords: ResetPasswords
    post_letters: PostLetters

    place_categories: PlaceCategories
    describe_products: DescribeProducts
    move_products: MoveProducts
    make_offers: MakeOffers
    change_offers: ChangeOffers
    keep_wishlists: KeepWishlists

    find_products: FindProducts
    show_product: ShowProduct
    category_tree: ShowCategories
    dress_window: DressWindow

    open_locations: OpenLocations
    move_stocks: MoveStocks
    define_kits: DefineKits

    rule_terms: RuleTerms

    fill_carts: FillCarts
    merge_carts: MergeCarts
    review_cart: ReviewCart
    check_out_carts: CheckOutCarts
    place_orders: PlaceOrders
    expire_orders: ExpireOrders
    expire_carts: ExpireCarts
    fulfil_vendor_orders: FulfilVendorOrders
    cancel_orders: CancelOrders
    request_returns: RequestReturns
    decide_returns: DecideReturns

    start_payments: StartPayments
    confirm_payments: ConfirmPayments
    sync_payments: SyncPayments
    settle_authorizations: SettleAuthorizations
    capture_shipped: CaptureShipped
    request_refunds: RequestRefunds
    send_refunds: SendRefunds
    retry_refunds: RetryRefunds
    sync_refunds: SyncRefunds
    sync_disputes: SyncDisputes

    seal_journal: SealJournal
    verify_chain: VerifyChain
    read_books: ReadBooks

    read_accounts: ReadAccounts
    read_wishlists: ReadWishlists
    show_carts: ShowCarts
    read_orders: ReadOrders
    read_payments: ReadPayments
    read_payouts: ReadPayouts
    read_catalog: ReadCatalog
    read_stock: ReadStock
    read_terms: ReadTerms
    read_insights: ReadInsights

    set_payout_terms: SetPayoutTerms
    enrol_vendors: EnrolVendors
    release_earnings: ReleaseEarnings
    claim_payouts: ClaimPayouts
    send_payouts: SendPayouts
    confirm_payouts: ConfirmPayouts
    recover_debts: RecoverDebts

    take_webhooks: TakeWebhooks
    handle_webhooks: HandleWebhooks
    catch_up: CatchUp
    reconcile: Reconcile
    explain: Explain
    settle_quarantines: SettleQuarantines
    correct_entries: CorrectEntries
    export_chain: ExportChain

    register_endpoints: RegisterEndpoints
    change_endpoints: ChangeEndpoints
    ask_for_deliveries: AskForDeliveries
    read_endpoints: ReadEndpoints
    tell_endpoints: TellEndpoints
    send_deliveries: SendDeliveries
    remind_deliveries: RemindDeliveries
    forget_deliveries: ForgetDeliveries

    read_dead_letters: ReadDeadLetters
    mend_dead_letters: MendDeadLetters
    mend_subscriptions: MendSubscriptions
    read_circuits: ReadCircuits
    override_circuits: OverrideCircuits
