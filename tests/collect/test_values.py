"""Texts become numbers and identifiers, or null."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shijin.collect.values import as_number, as_text


@settings(max_examples=60, deadline=None)
@given(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), st.sampled_from([".", ","]))
def test_every_price_is_read_with_either_decimal_sign_and_with_thousands(price: object, decimal: str) -> None:
    written = f"{price:,}"
    swapped = written.translate(str.maketrans(",.", ".,")) if decimal == "," else written
    for text in (swapped, f"€ {swapped}", swapped.replace("." if decimal == "," else ",", "")):
        assert as_number(pa.array([text]), decimal)[0].as_py() == float(str(price))  # type: ignore[arg-type]


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
