"""Passwords: what may be one, after NIST SP 800-63B, revision 4, section 3.1.1.2.

What counts is the length and that nobody would guess it. There are no rules about kinds of characters and no expiry; every
character is allowed, and passwords are compared after Unicode's normalisation NFKC, so that the keyboard does not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Final, Protocol

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.texts import written

SHORTEST: Final = 15
"""How many characters a password has at least, where it is all that somebody proves who they are with."""

UNGUESSED: Final = 8
"""How many of them are left at least without what anybody knows of its owner."""

LONGEST: Final = 128
"""How many characters it has at most."""

# NFKC makes up to 18 characters of one: what is longer than this before is refused before anything is computed of it.
_RAW: Final = 4 * LONGEST
_SERVICE: Final = "quarterturn"
_NUMBERS_AROUND: Final = "0123456789!?.,-_*#$@+ "
_SEQUENCES: Final = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "1q2w3e4r5t6z7u8i9o0p",
    "1q2w3e4r5t6y7u8i9o0p",
)

COMMON: Final = frozenset(
    """123456 12345678 123456789 1234567890 111111 11111111 000000 00000000 123123 123123123 12341234 11223344 112233445566
    987654321 87654321 1qaz2wsx 1q2w3e4r 1qaz2wsx3edc zaq12wsx qazwsxedc q1w2e3r4 q1w2e3r4t5 a1b2c3d4 abcd1234 abc12345 aa123456
    password passw0rd p@ssword p@ssw0rd pa55word password1 password12 password123 passwort kennwort motdepasse contraseña senha123
    qwerty qwertyui qwerty12 qwerty123 qwertyuiop qwertz qwertzui azertyui asdfghjk asdfghjkl zxcvbnm zxcvbnmm asdfasdf
    iloveyou iloveyou1 ilovegod loveyou princess sunshine football baseball basketball superman batman spiderman pokemon
    starwars michelle jennifer jessica jordan23 charlie michael daniel ashley anthony thomas jonathan nicholas
    welcome welcome1 letmein letmein1 trustno1 whatever computer internet mustang corvette ferrari mercedes porsche
    dragon monkey shadow master killer freedom liverpool chelsea arsenal barcelona realmadrid manchester
    admin admin123 administrator administrador root toor changeme changeit default guest secret secret123 testtest test1234
    testing123 login123 access14 access123 hello123 hellohello samsung samsung1 google google123 facebook twitter linkedin
    fitness gymrat deadlift benchpress bodybuilding treadmill crossfit marathon dumbbell kettlebell workout powerlifting
    chocolate butterfly strawberry cheesecake sweetheart babygirl lovelove forever21 blink182 slipknot metallica nirvana
    january february september october november december monday sunday summer2024 winter2024 spring2024 autumn2024
    correcthorsebatterystaple opensesame ncc1701d thx1138 fuckyou fuckyou1 asshole1 maverick midnight victoria""".split()  # noqa: SIM905
)
"""Passwords that are tried first, in lower case; those that a long list adds are mostly covered by the other rules."""


class PasswordHasher(Protocol):
    """Turns a password into a hash that tells nothing of it, slowly on purpose."""

    def hash(self, password: str, /) -> str:
        """A salted hash of `password`, with everything that is needed to verify it."""
        ...

    def verify(self, password: str, hashed: str | None, /) -> bool:
        """Whether `password` is the one of `hashed`; None is nobody's hash: that takes as long as any other, and is False."""
        ...

    def stale(self, hashed: str, /) -> bool:
        """Whether a hash of the same password would be made with other parameters today."""
        ...


def normal(password: str) -> str:
    r"""`password` as it is hashed and compared; empty for a text that can be nobody's password.

    >>> normal("\N{FULLWIDTH LATIN SMALL LETTER A}bc")
    'abc'
    """
    if len(password) > _RAW:
        return ""
    text = unicodedata.normalize("NFKC", password)
    try:
        written(password=text)
    except Invalid:
        return ""
    return text


def chosen(password: str, context: Iterable[str] = ()) -> str:
    """`password`, normal, when it may be chosen by somebody whose address and names are `context`, else `Invalid`.

    What is said of it never repeats it.
    """
    written(password=password)
    text = normal(password)
    if not 0 < len(text) <= LONGEST:
        raise _of_this_length()
    folded = text.casefold()
    if folded in COMMON or folded.strip(_NUMBERS_AROUND) in COMMON:
        raise Invalid("a password that many people have", "one that is hard to guess, such as several words")
    if _repeated(folded) or _sequential(folded):
        raise Invalid("a password of repeated or successive characters", "one that is hard to guess, such as several words")
    left = _without(folded, context)
    if left != folded and len(left) < UNGUESSED:
        raise Invalid("a password made of the name, the address or this service", "one that does not say whose it is")
    # Last, so that whoever lengthens a bad one hears what is bad about it.
    if len(text) < SHORTEST:
        raise _of_this_length()
    return text


def _of_this_length() -> Invalid:
    return Invalid("a password of this length", f"{SHORTEST} to {LONGEST} characters")


def _repeated(text: str) -> bool:
    """Whether it is one short piece again and again, or of two characters only."""
    return len(set(text)) <= 2 or (text + text).find(text, 1) < len(text)  # noqa: PLR2004


def _sequential(text: str) -> bool:
    """Whether every character follows the one before it, upwards or downwards, or along a row of the keyboard."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    rows = [row for each in _SEQUENCES for row in (each, each[::-1])]
    return steps <= {1, -9} or steps <= {-1, 9} or any(text in row for row in rows)


def _without(text: str, context: Iterable[str]) -> str:
    """What is left of a password without the words that belong to its owner; everything, when none of them is there."""
    words = {word for each in (*context, _SERVICE) for word in _words(each)}
    left = text
    for word in sorted(words, key=lambda word: (-len(word), word)):
        left = left.replace(word, "")
    return left


def _words(text: str) -> Iterable[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [word for word in (folded, folded.partition("@")[0], *re.split(r"[\W_]+", folded)) if len(word) >= 4]  # noqa: PLR2004
