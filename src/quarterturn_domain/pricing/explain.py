"""Explain: every figure of a priced line, computed again from the steps that were frozen on it.

Nothing is looked up: unit prices, quantity, tax lines and steps are all that goes in, and every figure that is stored comes out
again to the minor unit, or its explanation does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.pricing.quote import LinePrice
from quarterturn_domain.pricing.split import Split
from quarterturn_domain.pricing.steps import Charge, Figure, Step, StepKind
from quarterturn_domain.pricing.tax import TaxLine, contained


@attrs.frozen
class Explanation:
    """One figure: its name, its amount, how it came about, and whether computing it again gives the same.

    Steps and totals of shipping are named so: `commission on shipping`.
    """

    figure: str
    amount: Money
    because: str
    holds: bool


def explain(price: LinePrice) -> Sequence[Explanation]:
    """Every figure of `price` in the order in which it was decided, ending with who gets what.

    `holds` is false where a figure does not follow from the frozen steps and inputs: then the record was tampered with, or
    there is a bug.
    """
    unit = price.unit_price.currency
    account = _Account(unit)
    goods = price.unit_price.minor * price.quantity
    account.tell("goods", goods, f"{price.quantity} x {price.unit_price}", holds=price.unit_price.minor >= 0 < price.quantity)
    of_goods = _Frozen(price, Charge.GOODS)
    left, subsidy = _discounts(account, of_goods, goods)
    account.compare("discount", price.discount, goods - left, "the sum of the discounts")
    rule = f"rule {price.rule_id} version {price.rule_version}"
    on_goods = _charge(account, of_goods, _Due(left, subsidy, price.quantity, rule), price.goods)

    shipping = price.unit_shipping.minor * price.quantity
    because = f"{price.quantity} x {price.unit_shipping}"
    account.tell("shipping", shipping, because, holds=price.unit_shipping.minor >= 0)
    of_shipping = _Frozen(price, Charge.SHIPPING)
    on_shipping = _charge(account, of_shipping, _Due(shipping, 0, price.quantity, rule), price.shipping)

    both = on_goods + on_shipping
    because = f"goods {on_goods.paid.amount} + shipping {on_shipping.paid.amount}"
    account.compare("customer pays", price.paid, both.paid.minor, because)
    because = (
        f"{both.paid.amount} - commission {both.charged.amount} - tax on commission {both.commission_tax.amount}"
        f" - tax kept {both.tax_kept.amount} + funded by platform {both.subsidy.amount}"
    )
    account.compare("vendor earns", price.split.earning, both.earning.minor, because)
    because = f"commission {both.charged.amount} - funded by platform {both.subsidy.amount}, before taxes that it remits"
    account.compare("platform keeps", price.split.commission, both.commission.minor, because)
    return account.told


@attrs.frozen
class _Due:
    """What one charge starts from: minor units due and those that the platform funds, how many units, and the rule."""

    due: int
    subsidy: int
    quantity: int
    rule: str


@attrs.define
class _Account:
    """The explanations so far."""

    currency: Currency
    told: list[Explanation] = attrs.field(factory=list)

    def tell(self, figure: str, minor: int, because: str, *, holds: bool) -> None:
        self.told.append(Explanation(figure, Money(minor, self.currency), because, holds))

    def compare(self, figure: str, stored: Money, computed: int, because: str) -> None:
        """Tell a stored figure, which holds when it is what was `computed`."""
        self.told.append(Explanation(figure, stored, because, Money(computed, self.currency) == stored))

    def step(self, figure: str, step: Step, *, follows: bool) -> int:
        """Tell a step, which holds when it `follows` from what came before it and gives its result; returns what it gives."""
        self.tell(figure, step.result, _because(step), holds=follows and step.holds)
        return step.computed


class _Frozen:
    """The steps and tax lines of one charge, each to be accounted for once, in order."""

    def __init__(self, price: LinePrice, charge: Charge) -> None:
        self.suffix = " on shipping" if charge is Charge.SHIPPING else ""
        self.taxes: Sequence[TaxLine] = [tax for tax in price.taxes if tax.charge is charge]
        self._steps = [step for step in price.steps if step.charge is charge]

    def take(self, *figures: Figure) -> Sequence[Step]:
        """The steps of these figures, which then are accounted for."""
        taken = [step for step in self._steps if step.figure in figures]
        self._steps = [step for step in self._steps if step.figure not in figures]
        return taken

    def rest(self) -> Sequence[Step]:
        """The steps that nothing has accounted for."""
        return self._steps


def _discounts(account: _Account, frozen: _Frozen, goods: int) -> tuple[int, int]:
    """What the discounts leave of the goods, and what of them the platform funds."""
    left, subsidy, off, funded = goods, 0, 0, 0
    for step in frozen.take(Figure.DISCOUNT, Figure.FUNDED):
        if step.figure is Figure.DISCOUNT:
            taken_from = step.basis if step.kind is StepKind.RATE else step.numerator
            off = account.step(f"discount {step.what}", step, follows=taken_from == left and 0 < step.result <= left)
            left, funded = left - off, 0
        else:
            # One step at most says which part of a discount the platform funds; without one it is the vendor's.
            follows = step.basis == off and funded == 0 < step.result <= off
            funded = account.step(f"discount {step.what}, funded by the platform", step, follows=follows)
            subsidy += funded
    return left, subsidy


def _charge(account: _Account, frozen: _Frozen, start: _Due, stored: Split) -> Split:
    """One charge computed again, each figure of it compared with the `stored` one."""
    added, kept, kept_inside, to_vendor = _taxes(account, frozen, start.due)
    base = start.due + start.subsidy - kept_inside
    charged, on_top = _commission(account, frozen, start, base, base + to_vendor)
    for step in frozen.rest():
        account.step(f"{step.what}{frozen.suffix}", step, follows=False)
    paid = start.due + added
    keeps = charged - start.subsidy
    earning = paid - keeps - on_top - kept
    unit = account.currency
    basis = f"due {Money(start.due, unit).amount} + taxes on top {Money(added, unit).amount}"
    for figure, amount, computed, because in (
        ("commission charged", stored.charged, charged, start.rule),
        ("tax on commission", stored.commission_tax, on_top, "the sum of its steps"),
        ("tax kept", stored.tax_kept, kept, "the taxes that the platform remits"),
        ("funded by platform", stored.subsidy, start.subsidy, "its parts of the discounts"),
        ("paid", stored.paid, paid, basis),
        ("earning", stored.earning, earning, "paid + funded by platform - commission - tax on commission - tax kept"),
    ):
        account.compare(f"{figure}{frozen.suffix}", amount, computed, because)
    return Split(*(Money(minor, unit) for minor in (paid, earning, keeps, on_top, kept, start.subsidy)))


def _taxes(account: _Account, frozen: _Frozen, due: int) -> tuple[int, int, int, int]:
    """In minor units: added on top, kept by the platform, kept from inside the price, added for the vendor."""
    steps = list(frozen.take(Figure.TAX))
    inside = [tax.rate for tax in frozen.taxes if tax.included]
    common, whole = contained(inside) if inside else (1, 1)
    net = due
    added = kept = kept_inside = to_vendor = 0
    for tax in frozen.taxes:
        fraction = (tax.rate.numerator, tax.rate.denominator)
        wanted = (net, *fraction)
        if tax.included:
            wanted = (due, tax.rate.numerator * (common // tax.rate.denominator), whole)
        amount = 0
        followed = bool(steps)
        if steps:
            step = steps.pop(0)
            follows = (step.kind, step.basis, step.numerator, step.denominator) == (StepKind.RATE, *wanted)
            amount = account.step(f"tax {tax.name}{frozen.suffix}", step, follows=follows)
            if tax.included and amount > net:
                followed = bool(steps) and (steps[0].kind, steps[0].basis, steps[0].numerator) == (StepKind.CAP, amount, net)
                amount = account.step(f"tax {tax.name}{frozen.suffix}", steps.pop(0), follows=followed) if followed else amount
        where, whose = "inside the price" if tax.included else "on top", "the platform" if tax.kept_by_platform else "the vendor"
        because = f"{tax.rate} {where}, remitted by {whose}"
        account.tell(f"tax {tax.name}{frozen.suffix}", tax.amount.minor, because, holds=followed and amount == tax.amount.minor)
        if tax.included:
            net -= amount
            kept_inside += amount if tax.kept_by_platform else 0
        else:
            added += amount
            to_vendor += 0 if tax.kept_by_platform else amount
        kept += amount if tax.kept_by_platform else 0
    for step in steps:
        account.step(f"tax {step.what}{frozen.suffix}", step, follows=False)
    return added, kept, kept_inside, to_vendor


def _commission(account: _Account, frozen: _Frozen, start: _Due, base: int, bearable: int) -> tuple[int, int]:
    """What the vendor is charged, and the tax on it."""
    suffix = frozen.suffix
    bands = frozen.take(Figure.COMMISSION)
    whole = sum(step.basis for step in bands) == base
    charged = sum(account.step(f"{step.what}{suffix}", step, follows=whole) for step in bands)
    for step in frozen.take(Figure.FIXED_FEE):
        charged += account.step(f"{step.what}{suffix}", step, follows=step.numerator == start.quantity * step.denominator)
    for step in frozen.take(Figure.FLOOR, Figure.CAP):
        charged = account.step(f"{step.what}{suffix}", step, follows=step.basis == charged)
    for step in frozen.take(Figure.ORDER_FEE):
        # Where no line of the order has goods to weigh, each line weighs one.
        charged += account.step(f"{step.what}{suffix}", step, follows=step.numerator in {start.due + start.subsidy, 1})
    limits, taxes = frozen.take(Figure.BEARABLE), frozen.take(Figure.COMMISSION_TAX)
    on_top = sum(step.computed for step in taxes)
    limited = charged
    for step in limits:
        limited = account.step(f"{step.what}{suffix}", step, follows=step.basis == charged and step.result == bearable - on_top)
    for step in taxes:
        # The tax is on the commission or, where both are all that there is, within it.
        on_commission = step.basis == limited
        within = step.basis == bearable == limited + on_top
        account.step(f"{step.what}{suffix}", step, follows=(on_commission or within) and limited + on_top <= bearable)
    return limited, on_top


def _because(step: Step) -> str:
    if step.kind is StepKind.RATE:
        return f"{step.basis} x {step.numerator}/{step.denominator}, rounded half up"
    if step.kind is StepKind.SHARE:
        carried = "and one unit that was left over" if step.carried else "rounded down"
        return f"the share {step.numerator}/{step.denominator} of {step.basis}, {carried}"
    word = "raised" if step.kind is StepKind.FLOOR else "limited"
    return f"{word} from {step.basis} to {step.numerator}"


def holds(explanations: Iterable[Explanation]) -> bool:
    """Whether every one of them holds."""
    return all(each.holds for each in explanations)
