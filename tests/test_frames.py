from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from shijin.errors import SourceError
from shijin.frames import like, to_arrow

ROWS = {
    "customer": ["007", "试金"],
    "paid": [12.5, None],
    "n": [1, 2],
    "at": [datetime(2024, 2, 29, 12, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)],
}
MAKERS: dict[str, Callable[[dict[str, Any]], Any]] = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}
TYPES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.Table}


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_holds_the_same_rows_as_arrow(kind: str) -> None:
    table, detected = to_arrow(MAKERS[kind](ROWS))
    assert detected == kind
    assert isinstance(table, pa.Table)
    assert table.column_names == list(ROWS)
    assert table["customer"].to_pylist() == ROWS["customer"]
    assert table["paid"].to_pylist() == [12.5, None]
    assert [at.astimezone(UTC) for at in table["at"].to_pylist()] == ROWS["at"]


@pytest.mark.parametrize("kind", MAKERS)
def test_the_same_kind_comes_back(kind: str) -> None:
    table, detected = to_arrow(MAKERS[kind](ROWS))
    back = like(table, detected)
    assert isinstance(back, TYPES[kind])
    assert to_arrow(back)[0]["customer"].to_pylist() == ROWS["customer"]
    assert to_arrow(back)[0]["n"].to_pylist() == [1, 2]


@pytest.mark.parametrize("kind", MAKERS)
def test_an_empty_table_keeps_its_columns(kind: str) -> None:
    empty = MAKERS[kind]({name: values[:0] for name, values in ROWS.items()})
    assert to_arrow(empty)[0].column_names == list(ROWS)
    assert len(like(*to_arrow(empty))) == 0


def test_the_index_of_a_pandas_table_is_no_column() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]}, index=["x", "y", "z"])[lambda rows: rows.a > 1]
    assert to_arrow(frame)[0].to_pydict() == {"a": [2, 3]}
    assert like(*to_arrow(frame)).columns.tolist() == ["a"]


def test_an_index_with_a_name_is_a_column() -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="customer"))
    assert to_arrow(frame)[0]["customer"].to_pylist() == ["x", "y"]


def test_a_lazy_frame_is_refused() -> None:
    with pytest.raises(SourceError, match="LazyFrame is not a table"):
        to_arrow(pl.DataFrame(ROWS).lazy())


@pytest.mark.parametrize("thing", [None, 7, "orders.csv", [1, 2], {"a": [1]}, pd.Series([1]), pa.array([1])])
def test_a_thing_that_is_not_a_table_is_refused(thing: object) -> None:
    with pytest.raises(SourceError, match=r"is not a table\. Cure: pass a table of pandas, polars or Arrow"):
        to_arrow(thing)


@pytest.mark.parametrize("index", [None, [5, 3, 9, 2]])
def test_numbers_and_texts_in_one_pandas_column_become_text(index: list[int] | None) -> None:
    values = [81001, "C81004", 7.0, None]
    frame = pd.DataFrame({"no": values, "n": [1, 2, 3, 4]}, index=index, dtype=object)
    table, kind = to_arrow(frame)
    assert kind == "pandas"
    assert table.to_pydict() == {"no": ["81001", "C81004", "7", None], "n": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([datetime(2024, 1, 2, tzinfo=UTC), "2024-01-03", None], ["2024-01-02T00:00:00+00:00", "2024-01-03", None]),
        ([2**70, 2, 3], [str(2**70), "2", "3"]),
        ([b"x", "y", 1], ["x", "y", "1"]),
        ([True, "x", float("nan")], ["True", "x", None]),
        ([{"a": 1}, [1], "x"], ["{'a': 1}", "[1]", "x"]),
    ],
)
def test_values_of_any_types_become_text(values: list[Any], texts: list[str | None]) -> None:
    assert to_arrow(pd.DataFrame({"a": values}, dtype=object))[0]["a"].to_pylist() == texts
    categories = pd.DataFrame({"a": pd.Categorical([1, "x", 1])})
    assert to_arrow(categories)[0]["a"].to_pylist() == ["1", "x", "1"]


def test_python_objects_of_polars_become_text() -> None:
    frame = pl.DataFrame({"a": pl.Series([1, "x", None], dtype=pl.Object), "b": [1, 2, 3]})
    assert to_arrow(frame)[0].to_pydict() == {"a": ["1", "x", None], "b": [1, 2, 3]}


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(SourceError, match="two columns of the table have the same name"):
        to_arrow(pd.DataFrame([[1, 2]], columns=["a", "a"]))
