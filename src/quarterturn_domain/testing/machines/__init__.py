"""Machines: rule-based state machines that drive any adapter through a marketplace's life, beside a reference model.

A subclass of `MarketplaceMachine` gives the surroundings to drive: a database, gateways, a clock. With two sets of surroundings it
also compares them, answer by answer and picture by picture: `SideBySideMachine` is named for that.
"""

# ruff: noqa: E402 - assertions can be rewritten only before the modules that make them are imported.

import pytest

# A law that is broken shows its values only if pytest may rewrite the assertions of these modules before they are imported.
pytest.register_assert_rewrite(*(f"{__name__}.{chapter}" for chapter in ("driving", "laws", "marketplace", "selling")))

from quarterturn_domain.testing.machines.laws import LAWS
from quarterturn_domain.testing.machines.marketplace import MarketplaceMachine
from quarterturn_domain.testing.machines.model import Model
from quarterturn_domain.testing.machines.picture import Picture, picture
from quarterturn_domain.testing.machines.side_by_side import SideBySideMachine
from quarterturn_domain.testing.machines.surroundings import Marketplace, Surroundings

__all__ = ["LAWS", "Marketplace", "MarketplaceMachine", "Model", "Picture", "SideBySideMachine", "Surroundings", "picture"]
