"""Bad rows are set aside up to a share, and refused beyond it."""

from pathlib import Path

import pytest

from collecting import PLAIN, read_file
from shijin.config import parse_config
from shijin.errors import QuarantineError


def test_up_to_five_percent_bad_rows_are_set_aside_with_reason_and_row(tmp_path: Path) -> None:
    good = "".join(f"c{n % 7},2024-01-{n % 28 + 1:02d},{n}\n" for n in range(97))
    collected = read_file(tmp_path, PLAIN + good + "x,2024-02-30,5\nx,2024-03-01,abc\nx,2025-01-03,5\n")
    assert collected.rejected.select(["source_row", "reason", "detail", "amount"]).to_pylist() == [
        {"source_row": 98, "reason": "bad_time", "detail": 'ts "2024-02-30" is not a date', "amount": 5.0},
        {"source_row": 99, "reason": "bad_amount", "detail": 'amount "abc" is not a number', "amount": None},
        {"source_row": 100, "reason": "future_date", "detail": 'ts "2025-01-03" is in the future', "amount": 5.0},
    ]
    assert collected.events.num_rows == 97


def test_one_order_of_one_customer_goes_in(tmp_path: Path) -> None:
    assert read_file(tmp_path, PLAIN + "a,2024-01-01,3\n").events.num_rows == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("x,2024-01-01,abc\n", 'row 1: amount "abc" is not a number'),
        ("x,not a date,3\n", 'row 1: ts "not a date" is not a date'),
        ("x,2031-01-01,3\n", "is in the future"),
        ("x,2024-01-01,3,4\n", "the row does not have 3 cells"),
        ("x,2024-01-01,3\n" * 18 + "x,2024-01-01,\n", "1 of 19 rows cannot be used"),
    ],
)
def test_more_than_five_percent_bad_rows_are_refused_with_the_first(rows: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(QuarantineError) as caught:
        read_file(tmp_path, PLAIN + rows)
    assert words in str(caught.value)


def test_the_share_of_bad_rows_that_a_shop_allows_can_be_set(tmp_path: Path) -> None:
    config = parse_config("[collect]\nmax_bad_share = 0.5", "shijin.toml")
    file = PLAIN + "x,2024-01-01,3\nx,2024-01-01,abc\n"
    assert read_file(tmp_path, file, config=config).events.num_rows == 1
