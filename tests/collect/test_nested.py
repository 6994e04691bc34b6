"""Nested columns of Parquet, and of tables in memory, are flattened as those of JSON are."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shijin.collect.files import read_raw
from shijin.collect.nested import flattened

ITEMS = pa.list_(pa.struct([("sku", pa.string()), ("price", pa.float64())]))


def test_a_parquet_file_with_lines_has_a_row_a_line(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": [1, 2, 3],
            "buyer": pa.array([{"mail": "a@x.org", "address": {"city": "Rome"}}, None, {"mail": "c@x.org"}]),
            "items": pa.array([[{"sku": "A", "price": 2.5}, {"sku": "B", "price": 3.0}], None, []], ITEMS),
            "tags": [["new", "vip"], [], None],
        }
    )
    stream = io.BytesIO()
    pq.write_table(table, stream)
    path = tmp_path / "orders.parquet"
    path.write_bytes(stream.getvalue())
    raw = read_raw(path, None)
    assert raw.table.to_pydict() == {
        "id": [1, 1, 2, 3],
        "buyer.mail": ["a@x.org", "a@x.org", None, "c@x.org"],
        "buyer.address.city": ["Rome", "Rome", None, None],
        "items.sku": ["A", "B", None, None],
        "items.price": [2.5, 3.0, None, None],
        "tags": ['["new","vip"]', '["new","vip"]', "[]", None],
    }
    assert raw.row.tolist() == [1, 2, 3, 4]


def test_maps_are_keys_and_values() -> None:
    extra = pa.array([[("channel", "app"), ("page", "home")], [], None], pa.map_(pa.string(), pa.string()))
    assert flattened(pa.table({"extra": extra})).table.to_pydict() == {
        "extra.channel": ["app", None, None],
        "extra.page": ["home", None, None],
    }


def test_lists_of_every_kind_and_in_pieces_are_exploded() -> None:
    lines = [[{"sku": "A"}, {"sku": "B"}], [{"sku": "C"}, {"sku": "D"}]]
    struct = pa.struct([("sku", pa.string())])
    for kind in (pa.list_(struct), pa.large_list(struct), pa.list_(struct, 2)):
        whole = pa.chunked_array([pa.array([lines[0]], kind), pa.array([lines[1]] * 3, kind).slice(1, 1)])
        flat = flattened(pa.table({"id": [1, 2], "lines": whole}))
        assert flat.table["lines.sku"].to_pylist() == ["A", "B", "C", "D"]
        assert flat.parent.tolist() == [0, 0, 1, 1]


def test_a_table_without_nested_columns_is_the_same() -> None:
    table = pa.table({"id": [1, 2], "at": ["x", None]})
    assert flattened(table).table.equals(table)


def test_lists_of_types_that_have_no_json_are_left_out() -> None:
    halves = pa.array([[1.5], [2.5]], pa.list_(pa.float16()))
    assert flattened(pa.table({"id": [1, 2], "halves": halves})).table.column_names[:1] == ["id"]


def test_two_lists_of_lines_are_exploded_once() -> None:
    rows = [{"id": 1, "line_items": [{"sku": "A"}, {"sku": "B"}], "products": [{"sku": "A"}]}]
    table = flattened(pa.Table.from_pylist(rows)).table
    assert table["line_items.sku"].to_pylist() == ["A", "B"]


def test_columns_of_one_name_are_numbered() -> None:
    lines = pa.array([[{"sku": "A"}, {"sku": "B"}]])
    table = pa.table([pa.array([1]), lines, lines], names=["lines", "lines", "lines"])
    assert flattened(table).table.column_names == ["lines", "lines (column 2)", "lines (column 3)"]


def test_keys_that_a_struct_has_twice_are_read() -> None:
    pairs = pa.StructArray.from_arrays([pa.array(["a"]), pa.array([5]), pa.array(["b"])], ["key", "value", "key"])
    column = pa.ListArray.from_arrays([0, 1], pairs)
    assert flattened(pa.table({"params": column})).table.to_pylist() == [{"params.a": "5"}]
