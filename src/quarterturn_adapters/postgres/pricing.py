"""The terms of the marketplace, every version of them, kept in PostgreSQL and bound once for each process and edition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Final

from quarterturn_adapters.codec import encode, structure
from quarterturn_adapters.postgres.arrays import integers, uuids
from quarterturn_adapters.postgres.statements import Statements
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.ids import DiscountId, RuleId
from quarterturn_domain.pricing.commission import CommissionRule, CommissionSchedule
from quarterturn_domain.pricing.discount import Discount
from quarterturn_domain.pricing.quote import PriceBook
from quarterturn_domain.pricing.tax import TaxRule

# One statement, so that the edition and the terms are of the same moment.
_READ: Final = """SELECT 'edition' AS kind, edition AS place, NULL::uuid AS id, NULL::jsonb AS terms FROM price_editions
UNION ALL SELECT 'commission', position, id, terms FROM commission_rules WHERE in_force
UNION ALL SELECT 'discount', position, id, terms FROM discounts
UNION ALL SELECT 'tax', 0, id, terms FROM taxes
ORDER BY place, id"""


class Bound:
    """The price book of the last edition that this process has read; shared by all its units of work."""

    __slots__ = ("_edition", "_lock", "book")

    def __init__(self) -> None:
        self._lock = Lock()
        self._edition = 0
        self.book = PriceBook()

    def of(self, edition: int) -> PriceBook | None:
        """The book of this very edition, when it is at hand."""
        with self._lock:
            return self.book if edition == self._edition else None

    def keep(self, edition: int, book: PriceBook) -> None:
        """Remember `book`, unless a later one is remembered."""
        with self._lock:
            if edition > self._edition:
                self._edition, self.book = edition, book


class PostgresPriceBooks:
    """The terms in force, and the versions of commission rules that ever were."""

    def __init__(self, statements: Statements, bound: Bound) -> None:
        self._statements = statements
        self._bound = bound
        self._ruled = False

    def current(self) -> PriceBook:
        """The terms in force; one number is read, and the rest only when it has grown."""
        if self._ruled:
            # This transaction may yet be rolled back: what it sees is for nobody else.
            return self._read()[1]
        ((edition,),) = self._statements.rows("SELECT edition FROM price_editions")
        book = self._bound.of(edition)
        if book is None:
            edition, book = self._read()
            self._bound.keep(edition, book)
        return book

    def versions(self, keys: Iterable[tuple[RuleId, int]], /) -> Mapping[tuple[RuleId, int], CommissionRule]:
        """Those versions of commission rules that exist, in force or not."""
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return {}
        found = self._statements.rows(
            "SELECT terms FROM commission_rules WHERE (id, version) IN (SELECT * FROM unnest(%s::uuid[], %s::smallint[]))",
            uuids([rule_id for rule_id, _ in wanted]),
            integers([version for _, version in wanted]),
        )
        rules = [structure(terms, CommissionRule) for (terms,) in found]
        return {(rule.id, rule.version): rule for rule in rules}

    def rule_commission(self, rule: CommissionRule, /) -> None:
        """Put a version of a commission rule in force; `Conflict` when that version exists or does not follow the last one."""
        self._rule()
        ((last,),) = self._statements.rows("SELECT coalesce(max(version), 0) FROM commission_rules WHERE id = %s", rule.id)
        if rule.version != last + 1:
            raise Conflict("commission rule", str(rule.id), f"its next version is {last + 1}, not {rule.version}")
        self._statements.later("UPDATE commission_rules SET in_force = false WHERE id = %s AND in_force", rule.id)
        self._statements.now(
            "INSERT INTO commission_rules (id, version, in_force, position, terms) VALUES (%s, %s, true, %s, %s::jsonb)",
            rule.id,
            rule.version,
            rule.position,
            encode(rule),
        )

    def retire_commission(self, rule_id: RuleId, /) -> None:
        """Take a commission rule out of force; its versions stay known."""
        self._rule()
        self._statements.later("UPDATE commission_rules SET in_force = false WHERE id = %s AND in_force", rule_id)

    def rule_discount(self, discount: Discount, /) -> None:
        """Put a discount in force, instead of what it was before; raises `Conflict` when another one has its code."""
        self._rule()
        self._statements.now(
            "INSERT INTO discounts (id, code, position, terms) VALUES (%s, %s, %s, %s::jsonb) "
            "ON CONFLICT (id) DO UPDATE SET code = excluded.code, position = excluded.position, terms = excluded.terms",
            discount.id,
            discount.discount_code,
            discount.position,
            encode(discount),
        )

    def retire_discount(self, discount_id: DiscountId, /) -> None:
        """Take a discount out of force, if it is in force; its code is free again."""
        self._rule()
        self._statements.later("DELETE FROM discounts WHERE id = %s", discount_id)

    def rule_tax(self, tax: TaxRule, /) -> None:
        """Put a tax in force, instead of what it was before."""
        self._rule()
        self._statements.now(
            "INSERT INTO taxes (id, terms) VALUES (%s, %s::jsonb) ON CONFLICT (id) DO UPDATE SET terms = excluded.terms",
            tax.id,
            encode(tax),
        )

    def retire_tax(self, rule_id: RuleId, /) -> None:
        """Take a tax out of force, if it is in force."""
        self._rule()
        self._statements.later("DELETE FROM taxes WHERE id = %s", rule_id)

    def _rule(self) -> None:
        """Begin a new edition: its row is also the lock that lets one ruling follow the other."""
        self._ruled = True
        self._statements.now("UPDATE price_editions SET edition = edition + 1")

    def _read(self) -> tuple[int, PriceBook]:
        rules: list[CommissionRule] = []
        discounts: list[Discount] = []
        taxes: list[TaxRule] = []
        edition = 0
        for kind, place, _, terms in self._statements.rows(_READ):
            if kind == "edition":
                edition = place
            elif kind == "commission":
                rules.append(structure(terms, CommissionRule))
            elif kind == "discount":
                discounts.append(structure(terms, Discount))
            else:
                taxes.append(structure(terms, TaxRule))
        return edition, PriceBook(CommissionSchedule(rules), tuple(discounts), tuple(taxes))
