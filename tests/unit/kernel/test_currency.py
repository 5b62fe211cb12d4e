"""ISO 4217 list one: complete, exact, and one object for each currency."""

from __future__ import annotations

import copy
import pickle
import re
from collections import Counter

import attrs
import pytest

from quarterturn_domain.kernel import currency as module
from quarterturn_domain.kernel.currency import Currency, UnknownCurrency
from quarterturn_domain.kernel.errors import Invalid

EVERY_CURRENCY = pytest.mark.parametrize("currency", Currency.all(), ids=str)


def test_the_list_is_whole() -> None:
    """The list of 2026-09-17 has 178 codes; counted by exponent they are as many as the standard has."""
    assert Counter({2: 139, 0: 17, None: 13, 3: 7, 4: 2}) == Counter(each.exponent for each in Currency.all())


def test_exponents_other_than_two_are_exactly_these() -> None:
    """A wrong exponent is a wrong amount by a factor of ten, so every unusual one is spelled out."""
    expected = {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
        None: "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX",
    }
    actual = {exponent: " ".join(each.code for each in Currency.all() if each.exponent == exponent) for exponent in expected}
    assert expected == actual


@pytest.mark.parametrize(
    ("code", "number", "exponent", "name"),
    [
        ("ALL", 8, 2, "Lek"),
        ("BHD", 48, 3, "Bahraini Dinar"),
        ("CLF", 990, 4, "Unidad de Fomento"),
        ("EUR", 978, 2, "Euro"),
        ("JPY", 392, 0, "Yen"),
        ("SLE", 925, 2, "Leone"),
        ("TOP", 776, 2, "Pa\u2019anga"),
        ("VED", 926, 2, "Bolívar Soberano"),
        ("XAD", 396, 2, "Arab Accounting Dinar"),
        ("XAU", 959, None, "Gold"),
        ("XCG", 532, 2, "Caribbean Guilder"),
        ("XXX", 999, None, "The codes assigned for transactions where no currency is involved"),
        ("ZWG", 924, 2, "Zimbabwe Gold"),
    ],
)
def test_what_the_standard_says_of(code: str, number: int, exponent: int | None, name: str) -> None:
    """Number, exponent and name are those of the standard."""
    found = Currency.of(code)
    assert (code, number, exponent, name) == (found.code, found.number, found.exponent, found.name)


@EVERY_CURRENCY
def test_every_entry_is_well_formed(currency: Currency) -> None:
    """A code is three upper-case letters, a number has at most three digits, a name has no stray blanks."""
    assert re.fullmatch(r"[A-Z]{3}", currency.code)
    assert 1 <= currency.number <= 999
    assert currency.name
    assert currency.name == currency.name.strip()


def test_codes_and_numbers_are_unique_and_codes_sorted() -> None:
    """No code and no number means two currencies, and `all` is in the order of the codes."""
    codes = [each.code for each in Currency.all()]
    assert sorted(set(codes)) == codes
    assert len(codes) == len({each.number for each in Currency.all()})


@EVERY_CURRENCY
def test_a_copy_is_the_same_object(currency: Currency) -> None:
    """Looking up, copying, deep-copying and pickling by any protocol give back the one object."""
    assert currency is Currency.of(currency.code)
    assert currency is copy.copy(currency)
    assert currency is copy.deepcopy(currency)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert currency is pickle.loads(pickle.dumps(currency, protocol))


def test_equality_is_identity() -> None:
    """Every currency equals itself only, and never its code."""
    assert len(Currency.all()) == len(set(Currency.all()))
    assert Currency.of("EUR") != Currency.of("USD")
    code: object = "EUR"
    assert Currency.of("EUR") != code


def test_currencies_have_no_order() -> None:
    """Asking which currency is smaller is a bug."""
    with pytest.raises(TypeError):
        sorted(Currency.all())  # type: ignore[type-var]


def test_no_second_object_can_be_made() -> None:
    """Neither the constructor nor attrs.evolve makes another currency, and none can be changed."""
    euro = Currency.of("EUR")
    with pytest.raises(TypeError, match=r"Currency\.of"):
        Currency("EUR", 978, 2, "Euro")
    with pytest.raises(TypeError, match=r"Currency\.of"):
        attrs.evolve(euro, exponent=3)  # type: ignore[call-arg]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        euro.exponent = 3  # type: ignore[misc]


def test_how_a_currency_is_written() -> None:
    """`str` is the bare code, `repr` says what it is."""
    assert ("EUR", "Currency('EUR')") == (str(Currency.of("EUR")), repr(Currency.of("EUR")))


@pytest.mark.parametrize(("code", "units"), [("JPY", 1), ("EUR", 100), ("KWD", 1_000), ("UYW", 10_000)])
def test_minor_unit(code: str, units: int) -> None:
    """The minor unit is ten to the exponent."""
    assert units == Currency.of(code).minor_unit


@pytest.mark.parametrize("code", ["XAU", "XDR", "XTS", "XXX"])
def test_what_has_no_minor_unit_refuses_to_be_counted(code: str) -> None:
    """Metals and units of account have no minor unit; the refusal names the code."""
    with pytest.raises(Invalid, match=code):
        _ = Currency.of(code).minor_unit


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("eur", "; did you mean 'EUR'?"),
        ("Eur", "; did you mean 'EUR'?"),
        (" EUR", "; did you mean 'EUR'?"),
        ("EUR\n", "; did you mean 'EUR'?"),
        ("\tusd ", "; did you mean 'USD'?"),
        ("ANG", "; 'ANG' was withdrawn, its successor is 'XCG'"),
        ("BGN", "; 'BGN' was withdrawn, its successor is 'EUR'"),
        ("CUC", "; 'CUC' was withdrawn, its successor is 'CUP'"),
        ("HRK", "; 'HRK' was withdrawn, its successor is 'EUR'"),
        ("SLL", "; 'SLL' was withdrawn, its successor is 'SLE'"),
        ("ZWL", "; 'ZWL' was withdrawn, its successor is 'ZWG'"),
        ("bgn", "; 'BGN' was withdrawn, its successor is 'EUR'"),
        ("DEM", ""),
        ("USS", ""),
        ("BTC", ""),
        ("978", ""),
        ("€", ""),
        ("\uff25\uff35\uff32", ""),
        ("", ""),
    ],
)
def test_any_other_code_is_refused_with_a_hint(given: str, hint: str) -> None:
    """Only the very code is taken; the refusal says what was expected and, where it can, what was meant."""
    with pytest.raises(UnknownCurrency) as refused:
        Currency.of(given)
    expected = f"a current code of ISO 4217, three upper-case letters{hint}"
    assert UnknownCurrency(f"{given!r} as a currency", expected) == refused.value
    assert f"{given!r} as a currency; expected {expected}" == str(refused.value)
    assert ("unknown_currency", True) == (refused.value.code, isinstance(refused.value, Invalid))


@pytest.mark.parametrize("code", ["BRL", "EUR", "GBP", "JPY", "USD"])
def test_everyday_currencies_have_a_name(code: str) -> None:
    """The constants are the objects of the list."""
    assert Currency.of(code) is getattr(module, code)


def test_every_successor_is_a_currency_and_no_withdrawn_code_is() -> None:
    """A hint never leads to a code that would be refused in turn."""
    current = {each.code for each in Currency.all()}
    assert set() == set(module._SUCCESSORS.values()) - current
    assert set() == set(module._SUCCESSORS) & current
