"""Idempotency keys: the first answer is kept for a day and given again; v2 keeps only what was done, for thirty days.

Source: docs.stripe.com/api/idempotent_requests.
"""

from __future__ import annotations

import json
from typing import Final, TypeAlias

import attrs
from tests.doubles.stripe.books import DAY, Json
from tests.doubles.stripe.refusals import StripeRefusal

Answer: TypeAlias = tuple[int, Json]
LONGEST: Final = 255
_V2_KEEPS: Final = 30 * DAY


@attrs.frozen
class Kept:
    """What was asked under a key and answered, and when."""

    asked: str
    answer: Answer
    at: int


class Keys:
    """The keys that are not forgotten, of the platform and of every account."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Kept] = {}

    def answer(self, account: str, key: str, path: str, params: Json, now: int) -> Answer | None:
        """What was answered to this before; a refusal when the key was used for something else."""
        kept = self._kept.get((account, key))
        if kept is None or now - kept.at >= (_V2_KEEPS if path.startswith("/v2/") else DAY):
            return None
        if kept.asked != _asked(path, params):
            message = f"Keys for idempotent requests can only be used with the same parameters they were first used with: {key}"
            raise StripeRefusal(400, {"type": "idempotency_error", "message": message}, kept=False)
        return kept.answer

    def keep(self, account: str, key: str, path: str, params: Json, answer: Answer, now: int) -> None:
        """Give this answer from now on."""
        self._kept[account, key] = Kept(_asked(path, params), answer, now)


def _asked(path: str, params: Json) -> str:
    return json.dumps([path, params], sort_keys=True)
