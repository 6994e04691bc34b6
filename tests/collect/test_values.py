"""Texts become numbers and identifiers, or null."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shijin.collect.values import as_number, as_rate, as_text


@settings(max_examples=60, deadline=None)
@given(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), st.sampled_from([".", ","]))
def test_every_price_is_read_with_either_decimal_sign_and_with_thousands(price: object, decimal: str) -> None:
    written = f"{price:,}"
    swapped = written.translate(str.maketrans(",.", ".,")) if decimal == "," else written
    for text in (swapped, f"€ {swapped}", swapped.replace("." if decimal == "," else ",", "")):
        assert as_number(pa.array([text]), decimal)[0].as_py() == float(str(price))  # type: ignore[arg-type]


SIGNS = [
    "€",
    "$",
    "US$",
    "CA$",
    "R$",
    "HK$",
    "£",
    "¥",
    "￥",
    "₹",
    "CN¥",
    "EUR",
    "usd",
    "RMB",
    "CHF",
    "Rs.",
    "kr",
    "人民币",
]
AFTER = ["€", "EUR", "元", "円", "원", "zł", "Kč", "kr.", "₫", "руб.", "Ft", "lei", "usd", "euros", "$"]
THOUSANDS = {".": [",", "'", "’", " ", "\xa0", "\u2009", "\u202f", ""], ",": [".", "'", " ", "\xa0", "\u202f", ""]}


@settings(max_examples=300, deadline=None)
@given(
    st.integers(-(10**11), 10**11),
    st.sampled_from([(sign, mark) for sign, marks in THOUSANDS.items() for mark in marks]),
    st.sampled_from(["{n}", *(f"{sign}{{n}}" for sign in SIGNS), *(f"{sign} {{n}}" for sign in SIGNS)]),
    st.sampled_from(["", *AFTER, *(f" {sign}" for sign in AFTER)]),
    st.sampled_from(["-{t}", "({t})", "{t}-", "−{t}", "- {t}"]),
    st.booleans(),
)
def test_every_amount_is_read_in_every_style(
    cents: int, style: tuple[str, str], before: str, after: str, minus: str, is_wide: bool
) -> None:
    decimal, mark = style
    plain = f"{abs(cents) / 100:,.2f}".replace(",", "?").replace(".", decimal).replace("?", mark)
    text = before.format(n=plain) + after
    text = minus.format(t=text) if cents < 0 else text
    if is_wide:
        text = text.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert as_number(pa.array([text]), decimal)[0].as_py() == cents / 100, text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("¥12.00 元", 12.0),
        ("人民币12.00元整", 12.0),
        ("Rs. 1,200/-", 1200.0),
        ("12.00-", -12.0),
        ("(12.00)", -12.0),
        ("$(12.00)", -12.0),
        ("-$12.00", -12.0),
        ("$-12.00", -12.0),
        ("EUR -12.00", -12.0),
        ("12.00 EUR-", -12.0),
        ("CHF 12.–", 12.0),
        ("12,-", 12.0),  # a dash in place of cents is no minus
        ("12,-- kr", 12.0),
        ("$12 USD", 12.0),
        ("Euro 12", 12.0),
        ("12 000", 12_000.0),
        ("1 234 567", 1_234_567.0),
        ("₹12,34,567.00", 1_234_567.0),
        ("１，２３４．５０", 1234.5),
        ("١٢٣٤٫٥٠", 1234.5),
        ("\u200e12.00", 12.0),
        ("1.2万", 12_000.0),
        ("3千", 3000.0),
        ("¥1.2万元", 12_000.0),
        ("2亿", 200_000_000.0),
        ("1.5E+03", 1500.0),
    ],
)
def test_amounts_are_read_as_shops_write_them(text: str, expected: float) -> None:
    assert as_number(pa.array([text]))[0].as_py() == expected


@pytest.mark.parametrize(
    "text",
    [
        "12.00 incl. tax",
        "12 pcs",
        "1-2",
        "12-15",
        "12 34",  # two numbers
        "1 2 3",
        "12:30",
        "2024-01-03",
        "1/2",
        "$12.00-$15.00",
        "€12.00 + €3.00",
        "约12元",
        "12块5",
        "12.5%",
        "1.5k",
        "--5",
        "-5-",
        "(5",
        "5)",
        "€",
        "EUR",
        "Infinity",
        "0x10",
        "K5",
        "A-5",
    ],
)
def test_what_only_looks_like_an_amount_is_null(text: str) -> None:
    for decimal in (".", ","):
        assert as_number(pa.array([text]), decimal)[0].as_py() is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["12.5%", "12.5 %", "５％", "10% off", "-10%"], [0.125, 0.125, 0.05, 0.1, 0.1]),
        (["8.5折", "85折", "九折", "八五折"], [0.15, 0.15, 0.1, 0.15]),
        (["0.1", "0.25"], [0.1, 0.25]),
        (["10", "5"], [0.1, 0.05]),
        (["100%", "120%", "满100减10", None], [1.0, None, None, None]),
    ],
)
def test_rates_of_discount_are_shares_taken_off(texts: list[str | None], expected: list[float | None]) -> None:
    assert as_rate(pa.array(texts)).to_pylist() == expected


@pytest.mark.parametrize("text", ["12,3,4", "1.2.3", "abc", "1e999", "12x", ".", "-", "1,23", "E5", ".e5"])
def test_a_text_that_is_no_number_is_null(text: str) -> None:
    assert as_number(pa.array([text]))[0].as_py() is None


def test_numbers_of_any_type_keep_their_value() -> None:
    for kind in (pa.int32(), pa.float16(), pa.float32(), pa.float64(), pa.decimal128(25, 2)):
        assert as_number(pa.array([3, None]).cast(kind)).to_pylist() == [3.0, None]
    assert as_number(pa.array([6.95], pa.float32())).to_pylist() == [6.95]
    assert as_number(pa.array([float("nan"), float("inf")])).to_pylist() == [None, None]


@settings(max_examples=60, deadline=None)
@given(st.text("0123456789", min_size=1, max_size=25))
def test_ids_of_digits_survive_letter_by_letter_however_they_are_written(digits: str) -> None:
    written = pa.array([digits, f'="{digits}"', f"'{digits}", f" {digits}\t"])
    assert as_text(written).to_pylist() == [digits] * 4


def test_a_point_zero_is_dropped_from_long_ids_and_where_the_whole_column_has_it() -> None:
    assert as_text(pa.array(["1.0", "2.0"])).to_pylist() == ["1", "2"]
    assert as_text(pa.array(["1.0", "2.1", "13085.0"])).to_pylist() == ["1.0", "2.1", "13085"]
