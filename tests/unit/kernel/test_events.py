"""Every fact has a tag of its own, is frozen, and says what it is about."""

from __future__ import annotations

import importlib
import pkgutil
import re

import attrs
import pytest

import quarterturn_domain
from quarterturn_domain.kernel.events import Event, registered

for _module in pkgutil.walk_packages(quarterturn_domain.__path__, "quarterturn_domain."):
    if _module.name.endswith(".events"):
        importlib.import_module(_module.name)

EVERY_EVENT = pytest.mark.parametrize("event", registered().values(), ids=lambda event: f"{event.tag} v{event.version}")


def test_the_registry_knows_the_events() -> None:
    """Each class is found under its own tag and version; those of the lower contexts are there at least."""
    assert {"account.registered", "offer.made", "stock.moved", "commission.ruled"} <= {tag for tag, _ in registered()}
    assert all((event.tag, event.version) == key for key, event in registered().items())


@EVERY_EVENT
def test_a_fact_is_frozen_and_about_something(event: type[Event]) -> None:
    """It is a slotted, frozen attrs class with a time, and the field that it is about exists."""
    assert 0 == event.__dictoffset__
    assert event.__setattr__ is not object.__setattr__
    about = event.about
    assert attrs.has(event)
    assert {about, "at"} <= set(attrs.fields_dict(event))


@EVERY_EVENT
def test_a_tag_is_aggregate_and_past(event: type[Event]) -> None:
    """A tag reads `aggregate.what_happened` in lower case."""
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", event.tag)


def test_a_tag_is_given_once() -> None:
    """Two classes cannot be the same version of one fact."""
    taken = registered()["offer.made", 1]
    with pytest.raises(AssertionError, match=r"offer\.made v1 is taken"):
        type("Other", (Event,), {}, tag="offer.made", about="sku")
    assert taken is registered()["offer.made", 1]
