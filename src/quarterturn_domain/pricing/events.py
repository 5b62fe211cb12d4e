"""What happened to the terms of the marketplace."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import DiscountId, RuleId


@attrs.frozen(kw_only=True)
class CommissionRuled(Event, tag="commission.ruled", about="rule_id"):
    """A commission rule has a new version."""

    rule_id: RuleId
    rule_version: int
    at: datetime


@attrs.frozen(kw_only=True)
class DiscountRuled(Event, tag="discount.ruled", about="discount_id"):
    """A discount has new terms."""

    discount_id: DiscountId
    at: datetime


@attrs.frozen(kw_only=True)
class TaxRuled(Event, tag="tax.ruled", about="rule_id"):
    """A tax has new terms."""

    rule_id: RuleId
    at: datetime
