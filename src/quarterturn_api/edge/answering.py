"""The service: what routes can reach; one of it serves one process."""

from __future__ import annotations

import attrs

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.databases import Opened
from quarterturn_adapters.desk import Desk
from quarterturn_adapters.providers import Provider
from quarterturn_adapters.settings import Settings
from quarterturn_adapters.turns import Turns
from quarterturn_api.edge.carts import CartTokens
from quarterturn_api.edge.elsewhere import Elsewhere
from quarterturn_api.edge.gathering import Gathering
from quarterturn_api.edge.limits import Limits
from quarterturn_api.edge.metrics import Metrics
from quarterturn_api.edge.tokens import Tokens
from quarterturn_domain.identity.asker import Asker
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import DomainError
from quarterturn_domain.kernel.ids import Ids, SessionId
from quarterturn_domain.ordering.checkout import CheckOutCarts
from quarterturn_domain.search.query import ProductQuery


@attrs.frozen(kw_only=True, eq=False)
class Service:
    """What routes can reach; one of it serves one process."""

    application: Application
    check_out_carts: CheckOutCarts
    desk: Desk
    elsewhere: Elsewhere
    provider: Provider
    settings: Settings
    tokens: Tokens
    cart_tokens: CartTokens
    sessions: Gathering[SessionId, Asker]
    keys: Gathering[str, Asker]
    lists: Gathering[ProductQuery, bytes | DomainError]
    limits: Limits
    metrics: Metrics
    clock: Clock
    ids: Ids
    database: Opened
    turns: Turns
    """Sees to it that what may be done once at a time is done so, by all processes on the database."""
    posts_letters: bool = False
    """Whether somebody posts letters; where nobody does, whoever has one written is shown its token."""
