"""An export pasted twice: said when it is collected, and read once where the user wants it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collecting import read_file, values_of

HEADER = "order_id,customer_id,order_date,sku,quantity,amount"
LINES = [
    f"{n // 3},c{n // 3 % 6},2024-02-{1 + n // 3 % 20:02d} 10:{n // 3 % 60:02d}:11,S{n % 4},{1 + n % 2},{10 + n % 7}.50"
    for n in range(60)
]
LISTS = {
    "whole twice": LINES + LINES,
    "the end twice": LINES + LINES[40:],
    "the end twice, within": LINES[:20] + LINES[40:] + LINES[20:],
    "three times": LINES + LINES + LINES,
    "one line twice": [*LINES, LINES[7]],
}


def text_of(lines: list[str]) -> str:
    return "\n".join([HEADER, *lines])


@pytest.mark.parametrize("lines", LISTS.values(), ids=LISTS)
def test_repeated_rows_are_named_and_count(lines: list[str], tmp_path: Path) -> None:
    collected = read_file(tmp_path, text_of(lines))
    (found,) = [row for row in collected.findings.to_pylist() if row["code"] == "identical_rows"]
    assert found["rows"] == len(lines) - len(LINES)
    assert found["severity"] == ("warns" if found["rows"] > 0.1 * len(lines) else "notes")
    assert collected.events.num_rows == len(lines)


@pytest.mark.parametrize("lines", LISTS.values(), ids=LISTS)
def test_without_the_repeated_rows_a_file_is_the_one_that_was_pasted(lines: list[str], tmp_path: Path) -> None:
    once, twice = read_file(tmp_path, text_of(LINES)), read_file(tmp_path, text_of(lines), drop_repeated=True)
    assert sorted(values_of(twice, "event_id", "amount")) == sorted(values_of(once, "event_id", "amount"))
    assert (twice.rows_in, twice.repeated) == (len(lines), len(lines) - len(LINES))
    money = sum(float(line.rsplit(",", 1)[1]) for line in lines)
    assert twice.money_in == pytest.approx(money)
    assert not [row for row in twice.findings.to_pylist() if row["code"] == "identical_rows"]


def test_rows_that_differ_in_any_column_are_not_repeated(tmp_path: Path) -> None:
    header = f"{HEADER},line"
    lines = [f"{line},{number}" for number, line in enumerate(LINES + LINES)]
    collected = read_file(tmp_path, "\n".join([header, *lines]), drop_repeated=True)
    assert (collected.events.num_rows, collected.repeated) == (120, 0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(LINES), min_size=2, max_size=20))
def test_rows_read_and_rows_left_out_are_all_rows(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    collected = read_file(tmp_path_factory.mktemp("paste"), text_of(lines), drop_repeated=True)
    assert collected.events.num_rows + collected.repeated + collected.rejected.num_rows == len(lines)
    assert collected.events.num_rows == len(set(lines))
