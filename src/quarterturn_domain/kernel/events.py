"""Facts in the past tense: frozen, versioned, tagged, and known by one registry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

_REGISTRY: dict[tuple[str, int], type[Event]] = {}


class Event:
    """A fact that is true since `at`; subclasses are attrs-frozen and say their tag and what they are about.

    `class OrderPlaced(Event, tag="order.placed", about="order_id")` registers version 1 of `order.placed`. The part before the dot
    is the aggregate's type and the field that `about` names is its identity: together they are what Debezium's outbox event
    router calls `aggregatetype` and `aggregateid`.
    """

    __slots__ = ()

    tag: ClassVar[str]
    version: ClassVar[int]
    about: ClassVar[str]
    at: datetime

    def __init_subclass__(cls, *, tag: str | None = None, about: str | None = None, version: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if tag is not None and about is not None:
            cls.tag, cls.about, cls.version = tag, about, version
        # attrs builds a slotted twin of each class, without the keywords: the twin replaces its original.
        before = _REGISTRY.get((cls.tag, cls.version))
        assert before is None or before.__qualname__ == cls.__qualname__, f"{cls.tag} v{cls.version} is taken by {before}"
        _REGISTRY[cls.tag, cls.version] = cls

    @property
    def aggregate_type(self) -> str:
        """The kind of thing that this happened to, such as `order`."""
        return self.tag.partition(".")[0]

    @property
    def aggregate_id(self) -> str:
        """The identity of the thing that this happened to, as text."""
        return str(getattr(self, self.about))


def registered() -> Mapping[tuple[str, int], type[Event]]:
    """Every event class that has been imported, by tag and version."""
    return MappingProxyType(_REGISTRY)
