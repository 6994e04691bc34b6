"""Tables are joined where one has the columns of the other, and only there."""

import pyarrow as pa
import pytest

from shijin.collect.raw import from_arrow
from shijin.collect.reading.join import alike, joined

NAMES = ["Order No", "Customer", "Date", "Total"]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (NAMES, True),
        (NAMES[::-1], True),
        (["order_no", "CUSTOMER", " date", "Total "], True),
        ([*NAMES, "Note"], True),
        ([*NAMES, "Note", "Channel", "City"], False),
        (NAMES[:2], False),
        (["Order No", "Item", "Qty", "Price"], False),
        (["Order No", "Customer", "Date", "Refund"], False),
        ([], False),
    ],
)
def test_nearly_the_same_columns_are_alike(other: list[str], expected: bool) -> None:
    assert alike(NAMES, other) == alike(other, NAMES) == expected


def test_wide_tables_may_each_have_a_column_of_their_own() -> None:
    common = [f"column {n}" for n in range(12)]
    assert alike([*common, "old"], [*common, "new"])


def test_a_column_with_other_types_becomes_text() -> None:
    first, second = (from_arrow(pa.table({"id": ids, "n": [1]}), "", "", {}, "") for ids in ([7], ["x7"]))
    assert joined([first, second]).table["id"].to_pylist() == ["7", "x7"]
