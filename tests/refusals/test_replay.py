"""Every no of a replay in one table: what was wrong in a file, and the sentence that names file, line and column."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, strategies

from quarterturn_adapters.replay import Problem, Unreadable, check, replay
from quarterturn_adapters.replay.checking import LINES
from quarterturn_adapters.replay.fields import identity
from quarterturn_api.command import main

SHOP: Final = Path(__file__).parents[1] / "data" / "shop"
COLUMNS: Final = ", ".join(LINES)
STATUSES: Final = (
    "one of created, placed, pending, approved, paid, invoiced, confirmed, processing, shipped, delivered, cancelled, canceled, "
    "unavailable"
)
INSTANT: Final = 'an instant with its offset from UTC, such as "2018-01-18T14:48:00Z"'
ROW_3: Final = "order_lines.csv, line 3, column"
ROW_4: Final = "order_lines.csv, line 4, column"
AMOUNT: Final = 'such as "12.50"'

Harm = Callable[[bytes], bytes]


def replaced(before: str, after: str) -> Harm:
    """The file with a text in the place of another that is there once."""

    def harm(content: bytes) -> bytes:
        assert 1 == content.count(before.encode())
        return content.replace(before.encode(), after.encode())

    return harm


def field(row: int, column: str, value: str) -> Harm:
    """The file with another value in a field; `row` counts from 2."""

    def harm(content: bytes) -> bytes:
        rows = [line.split(",") for line in content.decode().splitlines()]
        rows[row - 1][rows[0].index(column)] = value
        return "\n".join(map(",".join, rows)).encode() + b"\n"

    return harm


def without_column(column: str) -> Harm:
    """The file without a column."""

    def harm(content: bytes) -> bytes:
        rows = [line.split(",") for line in content.decode().splitlines()]
        place = rows[0].index(column)
        return "\n".join(",".join([*row[:place], *row[place + 1 :]]) for row in rows).encode()

    return harm


def harmed(tmp_path: Path, file: str, harm: Harm) -> Path:
    """The made-up shop with one file harmed."""
    folder = Path(shutil.copytree(SHOP, tmp_path / "shop"))
    (folder / file).write_bytes(harm((folder / file).read_bytes()))
    return folder


# The row that is harmed is line 4, `order-0002`, unless the sentence says otherwise.
ROWS: Final[list[tuple[str, str, Harm, str]]] = [
    (
        "a negative quantity",
        "order_lines.csv",
        field(4, "quantity", "-1"),
        f"{ROW_4} quantity: '-1' as a quantity; expected a whole number from 1 to 10,000",
    ),
    (
        "no quantity",
        "order_lines.csv",
        field(4, "quantity", ""),
        f"{ROW_4} quantity: '' as a quantity; expected a whole number from 1 to 10,000",
    ),
    (
        "half a unit",
        "order_lines.csv",
        field(4, "quantity", "0.5"),
        f"{ROW_4} quantity: '0.5' as a quantity; expected a whole number from 1 to 10,000",
    ),
    (
        "too many units",
        "order_lines.csv",
        field(4, "quantity", "10001"),
        f"{ROW_4} quantity: '10001' as a quantity; expected a whole number from 1 to 10,000",
    ),
    (
        "digits that are not ours",
        "order_lines.csv",
        field(4, "quantity", "\u0663"),
        f"{ROW_4} quantity: '\u0663' as a quantity; expected a whole number from 1 to 10,000",
    ),
    (
        "a price with three decimals",
        "order_lines.csv",
        field(4, "unit_price", "12.345"),
        (
            f"{ROW_4} unit_price: '12.345' as an amount in EUR; expected a decimal string of zero or more with "
            f"at most 2 decimals, {AMOUNT}"
        ),
    ),
    (
        "a price with a comma",
        "order_lines.csv",
        replaced("899.50", '"899,50"'),
        (
            f"{ROW_4} unit_price: '899,50' as an amount in EUR; expected a decimal string of zero or more with "
            f"at most 2 decimals, {AMOUNT}"
        ),
    ),
    (
        "a negative price",
        "order_lines.csv",
        field(4, "unit_price", "-1.00"),
        (f"{ROW_4} unit_price: '-1.00' as an amount; expected an amount of zero or more, without a sign, {AMOUNT}"),
    ),
    (
        "decimals where the currency has none",
        "order_lines.csv",
        field(4, "currency", "JPY"),
        (
            f"{ROW_4} unit_price: '899.50' as an amount in JPY; expected a decimal string of zero or more with "
            'no decimals, such as "1300"'
        ),
    ),
    (
        "more than a payment takes",
        "order_lines.csv",
        field(4, "unit_price", "999999999999.00"),
        f"{ROW_4} unit_price: '999999999999.00' as an amount; expected at most 999999999.99 EUR",
    ),
    (
        "an order of nothing",
        "order_lines.csv",
        replaced("899.50,49.00", "0.00,0.00"),
        (f"{ROW_4} unit_price: the order costs 0.00 EUR in all; expected more than nothing and at most 999999999.99 EUR"),
    ),
    (
        "an unknown currency",
        "order_lines.csv",
        field(4, "currency", "EURO"),
        (f"{ROW_4} currency: 'EURO' as a currency; expected a current code of ISO 4217, three upper-case letters"),
    ),
    (
        "a currency in small letters",
        "order_lines.csv",
        field(4, "currency", "eur"),
        (
            f"{ROW_4} currency: 'eur' as a currency; expected a current code of ISO 4217, three upper-case "
            "letters; did you mean 'EUR'?"
        ),
    ),
    (
        "a currency without a minor unit",
        "order_lines.csv",
        field(4, "currency", "XAU"),
        f"{ROW_4} currency: amounts in XAU; expected a currency with a minor unit",
    ),
    (
        "a line number of nothing",
        "order_lines.csv",
        field(4, "line", "0"),
        f"{ROW_4} line: '0' as a line; expected a whole number from 1 to 999,999,999",
    ),
    (
        "a duplicate line",
        "order_lines.csv",
        lambda content: content + content.splitlines()[3] + b"\n",
        (
            "order_lines.csv, line 15, column line: line 1 of the order 'order-0002' is in line 4 already; expected each line of "
            "an order once"
        ),
    ),
    (
        "an unknown vendor",
        "order_lines.csv",
        field(4, "vendor_id", "nobody"),
        f"{ROW_4} vendor_id: there is no vendor 'nobody'; expected a vendor_id of vendors.csv",
    ),
    (
        "an unknown product",
        "order_lines.csv",
        field(4, "product_id", "nothing"),
        f"{ROW_4} product_id: there is no product 'nothing'; expected a product_id of products.csv",
    ),
    (
        "a bad date",
        "order_lines.csv",
        field(4, "placed_at", "2026-02-30T09:05:00Z"),
        (f"{ROW_4} placed_at: '2026-02-30T09:05:00Z' as an instant (day is out of range for month); expected {INSTANT}"),
    ),
    (
        "a date as people write it",
        "order_lines.csv",
        field(4, "placed_at", "02/03/2026 09:05"),
        f"{ROW_4} placed_at: '02/03/2026 09:05' as an instant; expected {INSTANT}",
    ),
    (
        "a time of nowhere",
        "order_lines.csv",
        field(4, "placed_at", "2026-03-02T09:05:00"),
        f"{ROW_4} placed_at: '2026-03-02T09:05:00' as an instant; expected {INSTANT}",
    ),
    (
        "a year beyond all clocks",
        "order_lines.csv",
        field(4, "placed_at", "9999-12-31T23:59:59Z"),
        f"{ROW_4} placed_at: '9999-12-31T23:59:59Z' as an instant; expected a year from 1971 to 2199",
    ),
    (
        "a parcel that was there before it was ordered",
        "order_lines.csv",
        field(4, "delivered_at", "2026-03-01T00:00:00Z"),
        (f"{ROW_4} delivered_at: 2026-03-01T00:00:00Z is before placed_at; expected 2026-03-02T09:05:00Z or later, or nothing"),
    ),
    (
        "an unknown status",
        "order_lines.csv",
        field(4, "status", "lost"),
        f"{ROW_4} status: 'lost' as a status; expected {STATUSES}",
    ),
    (
        "an order without a name",
        "order_lines.csv",
        field(4, "order_id", ""),
        f"{ROW_4} order_id: '' as an id; expected printable characters without spaces around them",
    ),
    (
        "a row cut in half",
        "order_lines.csv",
        replaced("order-0002,1,2026-03-02T09:05:00Z,00000000000000000000000000000a01,", "order-0002,1,2026-03-02T09:05\n#"),
        f"{ROW_4} vendor_id: the row has 3 of 11 fields; expected 11 fields: {COLUMNS}",
    ),
    (
        "the last row cut in half",
        "order_lines.csv",
        lambda content: content[:-29],
        f"order_lines.csv, line 14, column unit_price: the row has 6 of 11 fields; expected 11 fields: {COLUMNS}",
    ),
    (
        "a row with too many fields",
        "order_lines.csv",
        field(4, "status", "delivered,delivered"),
        f"{ROW_4} delivered_at: the row has 12 fields; expected 11 fields: {COLUMNS}",
    ),
    (
        "a quote that never ends",
        "order_lines.csv",
        field(4, "product_id", '"rower'),
        (f"{ROW_4} product_id: quotes that do not match (unexpected end of data); expected a field in quotes to end on its line"),
    ),
    (
        "text that is not UTF-8",
        "order_lines.csv",
        lambda content: content.replace(b"00000000000000000000000000000b01,1", b"rower-\xe9,1"),
        f"{ROW_4} product_id: the byte 0xe9 is not UTF-8; expected text in UTF-8",
    ),
    (
        "a NUL byte",
        "order_lines.csv",
        field(4, "quantity", "1\0"),
        f"{ROW_4} quantity: a NUL byte; expected text in UTF-8 without NUL bytes",
    ),
    (
        "a huge field",
        "order_lines.csv",
        field(4, "product_id", "x" * 1_001),
        f"{ROW_4} product_id: a field of 1,001 characters; expected at most 1,000",
    ),
    (
        "a huge line",
        "order_lines.csv",
        field(4, "product_id", "x" * 200_000),
        f"{ROW_4} order_id: a line of 200,122 bytes; expected at most 100,000",
    ),
    (
        "a long value is not repeated whole",
        "order_lines.csv",
        field(4, "product_id", "x" * 500),
        (f"{ROW_4} product_id: there is no product '{'x' * 40}'... (500 characters); expected a product_id of products.csv"),
    ),
    (
        "an order that was placed twice",
        "order_lines.csv",
        field(3, "placed_at", "2026-03-02T09:00:01Z"),
        (
            f"{ROW_3} placed_at: '2026-03-02T09:00:01Z' beside '2026-03-02T09:00:00Z' in line 2; expected the "
            "same placed_at in every line of an order"
        ),
    ),
    (
        "an order in two currencies",
        "order_lines.csv",
        field(3, "currency", "CHF"),
        (f"{ROW_3} currency: 'CHF' beside 'EUR' in line 2; expected the same currency in every line of an order"),
    ),
    (
        "an order that is paid in part",
        "order_lines.csv",
        field(3, "status", "created"),
        (
            f"{ROW_3} status: 'created' beside 'delivered' in line 2; expected one status for what a vendor "
            "has of an order, and an order that is paid whole or not at all"
        ),
    ),
    (
        "a vendor's part in two states",
        "order_lines.csv",
        field(7, "status", "shipped"),
        (
            "order_lines.csv, line 7, column status: 'shipped' beside 'delivered' in line 6; expected one status for what a vendor "
            "has of an order, and an order that is paid whole or not at all"
        ),
    ),
    (
        "a vendor twice",
        "vendors.csv",
        lambda content: content + b"iron-alley,Ulm,BW,89073,DE\n",
        "vendors.csv, line 5, column vendor_id: the vendor 'iron-alley' is in line 2 already; expected each vendor once",
    ),
    (
        "a vendor of no country",
        "vendors.csv",
        lambda content: content + b"late,Ulm,BW,89073,Germany\n",
        "vendors.csv, line 5, column country: 'Germany' as a country; expected an ISO 3166-1 code such as \"BR\"",
    ),
    (
        "a product of nobody",
        "products.csv",
        lambda content: content + b"bar,nobody,bars,,,,\n",
        "products.csv, line 7, column vendor_id: there is no vendor 'nobody'; expected a vendor_id of vendors.csv",
    ),
    (
        "a product twice",
        "products.csv",
        lambda content: content + content.splitlines()[1],
        (
            "products.csv, line 7, column product_id: the product 'kettlebell-16' of this vendor is in line 2 already; expected "
            "each of a vendor's products once"
        ),
    ),
    (
        "a weight that is none",
        "products.csv",
        lambda content: content + b"bar,iron-alley,bars,heavy,,,\n",
        (
            "products.csv, line 7, column weight_grams: 'heavy' as a measure; expected a number of zero or more, or nothing when "
            "it is not known"
        ),
    ),
]


@pytest.mark.parametrize(("case", "file", "harm", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_that_makes_no_sense_is_named(
    case: str, file: str, harm: Harm, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first thing that is wrong is told by file, line, column and what was expected; nothing is imported."""
    assert 2 == main(["replay", str(harmed(tmp_path, file, harm)), "--json"])
    told = capsys.readouterr()
    assert "" == told.out
    assert expected == told.err.splitlines()[0], case
    assert "Nothing was imported." == told.err.splitlines()[-1]


@pytest.mark.parametrize(("case", "file", "harm", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_that_makes_no_sense_is_refused_and_the_rest_goes_on(
    case: str, file: str, harm: Harm, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `--keep-going` its order is left out whole, every other one is lived, it is counted, and all balances."""
    assert 1 == main(["replay", str(harmed(tmp_path, file, harm)), "--json", "--keep-going"])
    told = capsys.readouterr()
    figures = json.loads(told.out)
    assert expected == told.err.splitlines()[0], case
    assert figures["refused"] == sum("; expected " in line for line in told.err.splitlines())
    assert (9 if file == "order_lines.csv" else 10) == figures["orders"]
    assert figures["balanced"] is True


FILES: Final[list[tuple[str, str, Harm | None, list[str]]]] = [
    (
        "no file",
        "products.csv",
        None,
        [
            (
                "products.csv, line 1: there is no such file; expected a CSV file whose first line names product_id, vendor_id, "
                "category, weight_grams, length_cm, height_cm, width_cm"
            )
        ],
    ),
    (
        "an empty file",
        "order_lines.csv",
        lambda _: b"",
        [f"order_lines.csv, line 1, column order_id: the file is empty; expected a CSV file whose first line names {COLUMNS}"],
    ),
    (
        "a file with nothing but a byte-order mark",
        "order_lines.csv",
        lambda _: b"\xef\xbb\xbf\r\n",
        [f"order_lines.csv, line 1, column order_id: the file is empty; expected a CSV file whose first line names {COLUMNS}"],
    ),
    (
        "a missing column",
        "vendors.csv",
        without_column("country"),
        [
            (
                "vendors.csv, line 1, column country: the column is missing; expected it among the columns 'vendor_id, city, "
                "state, postcode_prefix'"
            )
        ],
    ),
    (
        "two missing columns",
        "vendors.csv",
        lambda content: without_column("city")(without_column("country")(content)),
        [
            (
                "vendors.csv, line 1, column city: the column is missing; expected it among the columns 'vendor_id, state, "
                "postcode_prefix'"
            ),
            (
                "vendors.csv, line 1, column country: the column is missing; expected it among the columns 'vendor_id, state, "
                "postcode_prefix'"
            ),
        ],
    ),
    (
        "a column twice",
        "vendors.csv",
        replaced("postcode_prefix,country", "postcode_prefix,country,country"),
        [
            "vendors.csv, line 1, column country: the column is there twice; expected each column once",
        ],
    ),
    (
        "a header that is not UTF-8",
        "vendors.csv",
        lambda content: b"\xff" + content,
        ["vendors.csv, line 1, column 1: the byte 0xff is not UTF-8; expected text in UTF-8"],
    ),
    (
        "a file in UTF-16",
        "vendors.csv",
        lambda content: content.decode().encode("utf-16-le"),
        ["vendors.csv, line 1, column 1: a NUL byte; expected text in UTF-8 without NUL bytes"],
    ),
]


@pytest.mark.parametrize("keep_going", [False, True])
@pytest.mark.parametrize(("case", "file", "harm", "expected"), FILES, ids=[row[0] for row in FILES])
def test_a_file_that_cannot_be_read_is_named(
    case: str,
    file: str,
    harm: Harm | None,
    expected: list[str],
    keep_going: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """There is no row to refuse: nothing is imported, also with `--keep-going`."""
    folder = harmed(tmp_path, file, harm or (lambda content: content))
    if harm is None:
        (folder / file).unlink()
    assert 2 == main(["replay", str(folder), "--json", *(["--keep-going"] if keep_going else [])])
    told = capsys.readouterr()
    assert "" == told.out
    assert [*expected, "Nothing was imported."] == told.err.splitlines(), case


def test_a_file_without_rows_is_no_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A header alone is most likely a mistake; whoever means it may keep going, and gets figures of nothing."""
    folder = harmed(tmp_path, "order_lines.csv", lambda content: content.splitlines()[0])
    expected = "order_lines.csv, line 2, column order_id: there is no row; expected a line of an order in each row"
    assert 2 == main(["replay", str(folder), "--json"])
    assert expected == capsys.readouterr().err.splitlines()[0]
    assert 1 == main(["replay", str(folder), "--json", "--keep-going"])
    figures = json.loads(capsys.readouterr().out)
    assert (0, "0", True, 1) == tuple(figures[name] for name in ("orders", "goods", "balanced", "refused"))


def test_every_problem_is_counted_and_the_first_ones_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 13 bad rows and 12 bad products the first 20 are told, in the order of the files, and how many more there are."""
    folder = harmed(tmp_path, "order_lines.csv", lambda content: content.replace(b",EUR,", b",EURO,"))
    with (folder / "products.csv").open("a", encoding="utf-8") as products:
        products.writelines(f"bar-{number},nobody,bars,,,,\n" for number in range(12))
    assert 2 == main(["replay", str(folder)])
    told = capsys.readouterr().err.splitlines()
    assert ["... and 5 more problems", "Nothing was imported."] == told[20:]


def test_a_refused_vendor_takes_its_orders_along(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What names a row that was refused is refused as well, each by its own sentence."""
    folder = harmed(tmp_path, "vendors.csv", replaced(",BE\n", ",Belgium\n"))
    assert 1 == main(["replay", str(folder), "--json", "--keep-going"])
    told = capsys.readouterr()
    assert ["order_lines.csv, line 4", "products.csv, line 6", "vendors.csv, line 4"] == [
        line.partition(", column")[0] for line in told.err.splitlines() if "; expected " in line
    ]
    figures = json.loads(told.out)
    assert (9, 3, True) == tuple(figures[name] for name in ("orders", "refused", "balanced"))


def test_an_order_that_a_use_case_refuses_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two names of one id cannot both be an order: the second one is refused by the use case itself, and the rest goes on."""
    twin = identity("order-0001").hex
    row = f"{twin},1,2026-03-02T09:00:30Z,iron-alley,kettlebell-16,2,60.00,0.00,EUR,delivered,\n"
    folder = harmed(tmp_path, "order_lines.csv", lambda content: content + row.encode())
    assert 1 == main(["replay", str(folder), "--json"])
    told = capsys.readouterr()
    figures = json.loads(told.out)
    assert (10, 1, True) == tuple(figures[name] for name in ("orders", "refused", "balanced"))
    assert f"order {twin}: The order {identity('order-0001')} conflicts: it was placed with other content" in told.err.splitlines()


@given(
    file=strategies.sampled_from(["vendors.csv", "products.csv", "order_lines.csv"]),
    place=strategies.integers(0, 2_000),
    junk=strategies.binary(max_size=12) | strategies.text('0123456789,.-"\n', max_size=6).map(str.encode),
    cut=strategies.integers(0, 30),
)
def test_whatever_stands_in_a_file_is_read_or_named(
    tmp_path_factory: pytest.TempPathFactory, file: str, place: int, junk: bytes, cut: int
) -> None:
    """No file makes a stack trace, every problem names a line, and what is left of it lives and balances."""
    folder = tmp_path_factory.mktemp("any")
    for path in SHOP.iterdir():
        content = path.read_bytes()
        (folder / path.name).write_bytes(content[:place] + junk + content[place + cut :] if path.name == file else content)
    try:
        source = check(folder)
    except Unreadable as unreadable:
        problems: Sequence[Problem] = unreadable.problems
        assert problems
    else:
        problems = source.problems
        assert replay(source, lambda *_: None).proof.balanced
    assert all(problem.file == file or file != "order_lines.csv" for problem in problems)
    assert all(problem.line >= 1 and problem.expected for problem in problems)
