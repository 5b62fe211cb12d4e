"""The terms of the marketplace: commission rules, discounts and taxes; orders that were placed keep theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from litestar import delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from quarterturn_api.bodies.terms import CommissionAsked, CommissionBody, DiscountAsked, DiscountBody, TaxAsked, TaxBody
from quarterturn_api.edge.access import administers
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Page
from quarterturn_api.edge.keys import OptionalKey, new_id
from quarterturn_api.edge.pages import DEFAULT, Cursor, Limit, page, place
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.ids import DiscountId, RuleId
from quarterturn_domain.pricing.commission import CommissionRule
from quarterturn_domain.pricing.ruling import RetireCommission, RetireDiscount, RetireTax, SetTerms

TAGS: Final = ["admin terms"]
RULES: Final = administers(Permission.ADMIN_VENDORS)


@get("/admin/terms/commissions", summary="List commission rules", tags=TAGS, sync_to_thread=True, **RULES)
def list_commissions(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[CommissionBody]:
    """Those in force, in the operator's order; where none of them matches the default of 10 % of the goods applies."""
    after = place(cursor, tuple[int, UUID])
    rules = request.service.application.read_terms.commission_rules()
    found = [each for each in rules if after is None or (each.position, each.id) > after]
    return page(found[: limit + 1], limit, CommissionBody.of, lambda rule: (rule.position, rule.id))


@post("/admin/terms/commissions", summary="Make a commission rule", tags=TAGS, sync_to_thread=True, **RULES)
def make_commission(request: Ask, data: JSONBody[CommissionAsked], idempotency_key: OptionalKey = None) -> CommissionBody:
    """Its first version, in force from now on."""
    rule = data.rule(RuleId(new_id(request, "commission rule", idempotency_key)), 1)
    request.service.application.rule_terms(SetTerms(terms=rule, new=True, at=request.now))
    return CommissionBody.of(rule)


@put("/admin/terms/commissions/{rule_id:uuid}", summary="Change a commission rule", tags=TAGS, sync_to_thread=True, **RULES)
def change_commission(request: Ask, rule_id: FromPath[UUID], data: JSONBody[CommissionAsked]) -> CommissionBody:
    """The next version of the rule, in force from now on; one that says the same is no new version."""
    return CommissionBody.of(in_force(request, RuleId(rule_id), lambda version: data.rule(RuleId(rule_id), version)))


@delete("/admin/terms/commissions/{rule_id:uuid}", summary="Retire a commission rule", tags=TAGS, sync_to_thread=True, **RULES)
def retire_commission(request: Ask, rule_id: FromPath[UUID]) -> None:
    """Nothing; its versions stay known to the orders that were placed under them."""
    request.service.application.rule_terms(RetireCommission(rule_id=RuleId(rule_id), at=request.now))


@get("/admin/terms/discounts", summary="List discounts", tags=TAGS, sync_to_thread=True, **RULES)
def list_discounts(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[DiscountBody]:
    """In the operator's order, whether or not their time has come."""
    after = place(cursor, tuple[int, UUID])
    discounts = request.service.application.read_terms.discounts()
    found = [each for each in discounts if after is None or (each.position, each.id) > after]
    return page(found[: limit + 1], limit, DiscountBody.of, lambda discount: (discount.position, discount.id))


@post("/admin/terms/discounts", summary="Make a discount", tags=TAGS, sync_to_thread=True, **RULES)
def make_discount(request: Ask, data: JSONBody[DiscountAsked], idempotency_key: OptionalKey = None) -> DiscountBody:
    """The discount; 409 when another one has its code."""
    discount = data.discount(DiscountId(new_id(request, "discount", idempotency_key)))
    request.service.application.rule_terms(SetTerms(terms=discount, new=True, at=request.now))
    return DiscountBody.of(discount)


@put("/admin/terms/discounts/{discount_id:uuid}", summary="Put a discount in force", tags=TAGS, sync_to_thread=True, **RULES)
def put_discount(request: Ask, discount_id: FromPath[UUID], data: JSONBody[DiscountAsked]) -> DiscountBody:
    """The discount as it is from now on, whatever it was before."""
    discount = data.discount(DiscountId(discount_id))
    request.service.application.rule_terms(SetTerms(terms=discount, at=request.now))
    return DiscountBody.of(discount)


@delete("/admin/terms/discounts/{discount_id:uuid}", summary="Retire a discount", tags=TAGS, sync_to_thread=True, **RULES)
def retire_discount(request: Ask, discount_id: FromPath[UUID]) -> None:
    """Nothing; its code is free again."""
    request.service.application.rule_terms(RetireDiscount(discount_id=DiscountId(discount_id), at=request.now))


@get("/admin/terms/taxes", summary="List taxes", tags=TAGS, sync_to_thread=True, **RULES)
def list_taxes(request: Ask, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[TaxBody]:
    """In the order of their ids."""
    after = place(cursor, tuple[UUID])
    taxes = request.service.application.read_terms.taxes()
    found = [each for each in taxes if after is None or each.id > after[0]]
    return page(found[: limit + 1], limit, TaxBody.of, lambda tax: (tax.id,))


@post("/admin/terms/taxes", summary="Make a tax", tags=TAGS, sync_to_thread=True, **RULES)
def make_tax(request: Ask, data: JSONBody[TaxAsked], idempotency_key: OptionalKey = None) -> TaxBody:
    """The tax, in force from now on."""
    tax = data.tax(RuleId(new_id(request, "tax", idempotency_key)))
    request.service.application.rule_terms(SetTerms(terms=tax, new=True, at=request.now))
    return TaxBody.of(tax)


@put("/admin/terms/taxes/{rule_id:uuid}", summary="Put a tax in force", tags=TAGS, sync_to_thread=True, **RULES)
def put_tax(request: Ask, rule_id: FromPath[UUID], data: JSONBody[TaxAsked]) -> TaxBody:
    """The tax as it is from now on, whatever it was before."""
    tax = data.tax(RuleId(rule_id))
    request.service.application.rule_terms(SetTerms(terms=tax, at=request.now))
    return TaxBody.of(tax)


@delete("/admin/terms/taxes/{rule_id:uuid}", summary="Retire a tax", tags=TAGS, sync_to_thread=True, **RULES)
def retire_tax(request: Ask, rule_id: FromPath[UUID]) -> None:
    """Nothing; orders that were placed keep what they bear."""
    request.service.application.rule_terms(RetireTax(rule_id=RuleId(rule_id), at=request.now))


def in_force(request: Ask, rule_id: RuleId, rule: Callable[[int], CommissionRule]) -> CommissionRule:
    """The version that says what `rule` makes of a number: the one in force when it says so already, else the next one."""
    app = request.service.application
    standing = next((each for each in app.read_terms.commission_rules() if each.id == rule_id), None)
    if standing is not None and standing == rule(standing.version):
        return standing
    following = rule(app.read_terms.last_version(rule_id) + 1)
    app.rule_terms(SetTerms(terms=following, at=request.now))
    return following


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    list_commissions,
    make_commission,
    change_commission,
    retire_commission,
    list_discounts,
    make_discount,
    put_discount,
    retire_discount,
    list_taxes,
    make_tax,
    put_tax,
    retire_tax,
)
