"""The laws of finding: words do not depend on their form, slips are a distance, and a circle lies in its box."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_domain.search.ranking import WEIGHTS, Term, points, tiers
from quarterturn_domain.search.spelling import MAX_SLIPS, meant, slips, tolerance
from quarterturn_domain.search.words import LONGEST_WORD, fold, trigrams, words
from quarterturn_domain.stock.geography import MAX_DISTANCE_METRES, Coordinates, box_around, distance_metres

TEXTS = st.text(max_size=60)
WORDS = st.text("abcdeé折", max_size=10)
FOUND = st.dictionaries(st.text("ab", min_size=1, max_size=4), st.sampled_from(["A", "BD", "C"]))
POINTS = st.builds(Coordinates, st.integers(-90_000_000, 90_000_000), st.integers(-180_000_000, 180_000_000))


def plain_slips(one: str, other: str) -> int:
    """The distance of optimal string alignment, from its definition."""
    known: dict[tuple[int, int], int] = {}
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            if not (i and j):
                known[i, j] = i + j
                continue
            ways = [known[i - 1, j] + 1, known[i, j - 1] + 1, known[i - 1, j - 1] + (one[i - 1] != other[j - 1])]
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                ways.append(known[i - 2, j - 2] + 1)
            known[i, j] = min(ways)
    return known[len(one), len(other)]


@given(TEXTS)
def test_words_do_not_depend_on_case_and_form(text: str) -> None:
    """The words of a text are the words of its folded text, however its characters are composed."""
    assert words(text) == words(fold(text))
    assert words(text) == words(normalize("NFD", text)) == words(normalize("NFC", text))
    assert words(text) == words(" ".join(words(text)))


@given(TEXTS)
def test_a_word_is_letters_and_digits(text: str) -> None:
    """Nothing but letters and digits is in a word, none is empty and none too long."""
    assert all(word.isalnum() and len(word) <= LONGEST_WORD for word in words(text))


@given(WORDS, WORDS, st.integers(0, 4))
def test_slips_are_counted_up_to_a_limit(one: str, other: str, limit: int) -> None:
    """Slips are the distance of optimal string alignment, or one more than the limit where there are more."""
    assert min(plain_slips(one, other), limit + 1) == slips(one, other, limit)


@given(WORDS, WORDS)
def test_slips_go_both_ways(one: str, other: str) -> None:
    """It takes as many slips from one word to another as back, and none to stay."""
    assert slips(one, other, 3) == slips(other, one, 3)
    assert (slips(one, other, 3) == 0) is (one == other)


@given(st.text("abcdef", min_size=4, max_size=12), st.data())
def test_one_slip_is_forgiven(word: str, data: st.DataObject) -> None:
    """A word of four letters or more is found though two neighbours are swapped, or one letter is another one."""
    i = data.draw(st.integers(0, len(word) - 2))
    swapped = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    wrong = word[:i] + "x" + word[i + 1 :]
    assert (word,) == meant(swapped, [word]) == meant(wrong, [word])


@pytest.mark.parametrize(
    ("case", "word", "known", "expected"),
    [
        ("too short", "rwo", ["row"], ()),
        ("one slip in four letters", "rwoe", ["rowe", "rower", "owe"], ("rowe",)),
        ("two slips in seven letters", "abcdefg", ["abcdxyg"], ()),
        ("two slips in eight letters", "abcdefgh", ["abcdxygh", "abcdxyzh"], ("abcdxygh",)),
        ("a letter too much", "bensch", ["bench"], ("bench",)),
        ("a letter missing", "ketlebell", ["kettlebell"], ("kettlebell",)),
    ],
)
def test_what_was_meant(case: str, word: str, known: list[str], expected: tuple[str, ...]) -> None:
    """Known words within the tolerance of a word may have been meant, in their order."""
    assert expected == meant(word, known), case
    assert tolerance(word) <= MAX_SLIPS


@given(st.text("abcdef", min_size=1, max_size=8))
def test_trigrams_cover_a_word(word: str) -> None:
    """Each letter is in a trigram, and all have three characters."""
    assert set(word) <= set("".join(trigrams(word)))
    assert {3} == {len(trigram) for trigram in trigrams(word)}


@given(
    st.text("ab", min_size=2, max_size=3), st.dictionaries(st.text("ab", min_size=1, max_size=4), st.sampled_from(["A", "BD", "C"]))
)
def test_the_best_way_counts(word: str, found: dict[str, str]) -> None:
    """A word that is there whole counts more than one that only begins like it, and that more than one that was meant."""
    whole = points([Term(word)], {**found, word: "D"})
    others = {each: weights for each, weights in found.items() if each != word}
    beginning = points([Term(word)], others)
    assert whole is not None
    assert beginning is None or whole > beginning
    assert (beginning is None) is not any(each.startswith(word) for each in others)
    misspelled = points([Term("xxxx", (word,))], {word: "A"})
    assert misspelled is not None
    assert beginning is None or misspelled < beginning


def test_the_title_counts_most() -> None:
    """In each way to be found, an earlier field counts more than a later one, and a better way more than any field."""
    counted = [tier.points for tier in tiers(Term("aa"))] + [tier.points for tier in tiers(Term("xx", ("aa",)))]
    assert sorted(set(counted), reverse=True) == counted
    assert 3 * len(WEIGHTS) == len(counted)


def test_a_single_letter_is_looked_for_whole() -> None:
    """One letter begins almost everything, so that it finds only itself; an ideograph is a word of its own anyway."""
    assert points([Term("a")], {"ab": "A"}) is None
    assert points([Term("a")], {"a": "D"}) == points([Term("ab")], {"ab": "D"})


@given(POINTS, POINTS)
def test_distances_are_symmetric_and_bounded(one: Coordinates, other: Coordinates) -> None:
    """It is as far there as back, nothing to where one is, and nowhere further than half around the Earth."""
    assert distance_metres(one, other) == distance_metres(other, one)
    assert 0 == distance_metres(one, one)
    assert distance_metres(one, other) <= MAX_DISTANCE_METRES


@given(POINTS, POINTS, st.integers(0, MAX_DISTANCE_METRES))
def test_a_circle_lies_in_its_box(centre: Coordinates, point: Coordinates, further: int) -> None:
    """Whatever is within the radius lies in the box, also at the poles and across the date line."""
    radius = min(MAX_DISTANCE_METRES, max(1, distance_metres(centre, point)) + further)
    assert box_around(centre, radius).holds(point)


@given(POINTS, st.integers(-200_000, 200_000), st.integers(-200_000, 200_000), st.integers(0, 50_000))
def test_a_small_circle_lies_in_its_box(centre: Coordinates, north: int, east: int, further: int) -> None:
    """The same for points nearby, where boxes are small."""
    longitude = (centre.longitude + east + 180_000_000) % 360_000_000 - 180_000_000
    point = Coordinates(max(-90_000_000, min(90_000_000, centre.latitude + north)), longitude)
    assert box_around(centre, max(1, distance_metres(centre, point)) + further).holds(point)


@pytest.mark.parametrize(
    ("case", "one", "other", "metres"),
    [
        ("Berlin to Paris", Coordinates(52_520_000, 13_405_000), Coordinates(48_856_600, 2_352_200), 877_465),
        ("pole to pole", Coordinates(90_000_000, 0), Coordinates(-90_000_000, 5), 20_015_115),
        ("across the date line", Coordinates(0, 179_999_000), Coordinates(0, -179_999_000), 222),
        ("a microdegree", Coordinates(0, 0), Coordinates(0, 9), 1),
    ],
)
def test_distances(case: str, one: Coordinates, other: Coordinates, metres: int) -> None:
    """Known distances are what they are on a sphere."""
    assert metres == distance_metres(one, other), case
