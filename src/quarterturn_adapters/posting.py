"""Posting: letters that were written are given to a postman, after their commit, as often as it takes."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_adapters.relay import PROVIDERS, Subscription
from quarterturn_domain.identity.events import AccountEmailChanged, LetterWritten
from quarterturn_domain.identity.letter import LetterStatus
from quarterturn_domain.identity.lettering import PostLetters, Postman
from quarterturn_domain.kernel.errors import NotFound, Outcome, Unavailable

_BATCH = 20


def posting(post_letters: PostLetters, postman: Postman) -> Subscription:
    """Posts letters; one that is good for nothing any more is left out, unless it is the news that an address was changed."""

    def post(events: Sequence[LetterWritten | AccountEmailChanged]) -> Sequence[Outcome[None]]:
        return [_post(post_letters, postman, event) for event in events]

    return Subscription(
        name="post-letters", events=(LetterWritten, AccountEmailChanged), handle=post, batch=_BATCH, queue=PROVIDERS
    )


def _post(post_letters: PostLetters, postman: Postman, event: LetterWritten | AccountEmailChanged) -> Outcome[None]:
    try:
        posted = post_letters(event.letter_id)
        if isinstance(event, AccountEmailChanged) or posted.letter.status is LetterStatus.OPEN:
            postman.post(posted)
    except (NotFound, Unavailable) as refusal:
        return refusal
    return None
