"""JSON of any shape becomes the same table, and no digit is lost."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.collect.files import read_raw
from shijin.collect.raw import Raw
from shijin.collect.reading.documents import read_documents
from shijin.errors import SourceError

ORDERS = [
    {"order_id": n, "customer_id": f"j{n % 5}", "date": f"2024-01-{n + 1:02d}", "amount": n + 0.5} for n in range(22)
]
COLUMNS = {name: [order[name] for order in ORDERS] for name in ORDERS[0]}


def read(folder: Path, content: str | bytes, name: str = "orders.json") -> Raw:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_raw(path, None)


def lines(documents: list[Any], **options: Any) -> str:
    return "\n".join(json.dumps(document, **options) for document in documents)


SHAPES = {
    "lines": lines(ORDERS),
    "lines with blank ones": "\n\n" + lines(ORDERS).replace("\n", "\r\n\r\n") + "\n \n",
    "array": json.dumps(ORDERS),
    "array of one object a line": "[\n" + lines(ORDERS).replace("\n", ",\n") + "\n]\n",
    "pretty array": json.dumps(ORDERS, indent=4),
    "pretty objects one after the other": lines(ORDERS, indent=2),
    "an object with a list": json.dumps({"orders": ORDERS}),
    "a list deeper": json.dumps({"status": "ok", "data": {"page": 1, "total": 22, "orders": ORDERS}, "error": None}),
    "a list with another name": json.dumps({"code": 0, "msg": "success", "结果": {"列表": ORDERS}}, ensure_ascii=False),
    "the longest of several lists": json.dumps(
        {"shops": [{"name": "a"}], "rows": ORDERS, "links": [{"u": 1}, {"u": 2}]}
    ),
    "columns": json.dumps(COLUMNS),
    "columns by row number": json.dumps({name: dict(enumerate(column)) for name, column in COLUMNS.items()}),
    "names and rows": json.dumps({"columns": list(ORDERS[0]), "data": [list(order.values()) for order in ORDERS]}),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_shape_gives_the_same_table(shape: str, mark: bytes, tmp_path: Path) -> None:
    raw = read(tmp_path, mark + SHAPES[shape].encode())
    assert raw.table.to_pylist() == ORDERS
    assert raw.row.tolist() == list(range(1, 23))
    assert raw.detected["file"] == ("JSON lines" if shape.startswith("lines") else "JSON")


def test_records_by_their_id_have_it_as_a_column(tmp_path: Path) -> None:
    raw = read(tmp_path, json.dumps({f"-N{n}": order for n, order in enumerate(ORDERS)}))
    assert raw.table["key"].to_pylist() == [f"-N{n}" for n in range(22)]
    assert raw.table["amount"].to_pylist() == COLUMNS["amount"]


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030"])
def test_json_may_have_any_encoding(encoding: str, tmp_path: Path) -> None:
    rows = [{"用户ID": "张三", "下单时间": "2024-01-05", "实付金额": 3.5}] * 30
    raw = read(tmp_path, lines(rows, ensure_ascii=False).encode(encoding))
    assert raw.table.to_pylist() == rows


@pytest.mark.parametrize("shape", ["lines", "array"])
@pytest.mark.parametrize(
    "ids",
    [
        [2**63 + 3, 2**63 + 4, 2**63 + 5],
        [12345678901234567890123456789, 12345678901234567890123456790, 7],
        [-(2**70), 2**70, 1.5],
        ["0012", 12, None],
        ["j1", 71, True],
    ],
)
def test_ids_keep_their_digits_and_may_be_now_text_now_number(shape: str, ids: list[Any], tmp_path: Path) -> None:
    documents = [{"id": one, "amount": 2.5} for one in ids]
    raw = read(tmp_path, lines(documents) if shape == "lines" else json.dumps(documents))
    texts = [None if one is None else str(one) if isinstance(one, str) else json.dumps(one) for one in ids]
    assert raw.table["id"].to_pylist() == texts
    assert raw.table["amount"].to_pylist() == [2.5] * 3


@given(st.lists(st.one_of(st.integers(), st.text("a1 é\n\"'", min_size=1)), min_size=2, max_size=30))
def test_any_values_come_back(values: list[int | str]) -> None:
    table = read_documents(lines([{"value": one} for one in values]).encode(), "x.jsonl").table
    assert [str(one) for one in table["value"].to_pylist()] == [str(one) for one in values]


def test_nested_objects_become_dotted_columns_and_missing_ones_are_null(tmp_path: Path) -> None:
    documents = [
        {"event": "view", "ecommerce": None, "geo": {"city": {"name": "Rome"}}},
        {"event": "purchase", "ecommerce": {"transaction_id": "T1", "purchase_revenue": 20.5}, "geo": None},
        {"event": "purchase", "ecommerce": {"transaction_id": "T2", "purchase_revenue": 3}},
    ]
    assert read(tmp_path, lines(documents)).table.to_pydict() == {
        "event": ["view", "purchase", "purchase"],
        "ecommerce.transaction_id": [None, "T1", "T2"],
        "ecommerce.purchase_revenue": [None, 20.5, 3.0],
        "geo.city.name": ["Rome", None, None],
    }


@pytest.mark.parametrize("name", ["line_items", "items", "products", "商品明细", "anything"])
def test_lines_of_orders_become_rows_and_an_order_without_lines_stays(name: str, tmp_path: Path) -> None:
    documents: list[dict[str, Any]] = [
        {"id": 1, "email": "a@x.org", name: [{"sku": "A", "price": "2.50"}, {"sku": 7, "price": "3"}], "tags": ["new"]},
        {"id": 2, "email": "b@x.org", name: [], "tags": []},
        {"id": 3, "email": "c@x.org", name: [{"sku": "B", "price": "1"}], "tags": []},
    ]
    raw = read(tmp_path, json.dumps({"orders": documents}))
    assert raw.table.to_pydict() == {
        "id": [1, 1, 2, 3],
        "email": ["a@x.org", "a@x.org", "b@x.org", "c@x.org"],
        f"{name}.sku": ["A", "7", None, "B"],
        f"{name}.price": ["2.50", "3", None, "1"],
        "tags": ['["new"]', '["new"]', "[]", "[]"],
    }
    assert raw.row.tolist() == [1, 2, 3, 4]


def test_one_order_is_a_record_with_its_lines(tmp_path: Path) -> None:
    order = {"id": 1, "email": "a@x.org", "total": 5, "line_items": [{"sku": "A"}, {"sku": "B"}]}
    assert read(tmp_path, json.dumps(order)).table["line_items.sku"].to_pylist() == ["A", "B"]


def test_orders_of_customers_with_lines_become_a_row_a_line(tmp_path: Path) -> None:
    first = {"no": 1, "items": [{"sku": "A"}, {"sku": "B"}]}
    documents = [{"user": "u1", "orders": [first, {"no": 2, "items": []}]}, {"user": "u2", "orders": []}]
    assert read(tmp_path, lines(documents)).table.to_pylist() == [
        {"user": "u1", "no": 1, "items.sku": "A"},
        {"user": "u1", "no": 1, "items.sku": "B"},
        {"user": "u1", "no": 2, "items.sku": None},
        {"user": "u2", "no": None, "items.sku": None},
    ]


def test_lists_that_are_no_lines_repeat_no_order(tmp_path: Path) -> None:
    documents = [{"id": n, "total": 5, "payments": [{"paid": 2}, {"paid": 3}], "refunds": [{"x": 1}]} for n in range(3)]
    table = read(tmp_path, lines(documents)).table
    assert table["id"].to_pylist() == [0, 1, 2]
    assert json.loads(table["payments"][0].as_py()) == [{"paid": "2"}, {"paid": "3"}]


def test_keys_and_values_become_columns(tmp_path: Path) -> None:
    documents = [
        {"n": 1, "event_params": [{"key": "session", "value": {"int_value": 12345678901234, "string_value": None}}]},
        {
            "n": 2,
            "event_params": [
                {"key": "page", "value": {"string_value": "home"}},
                {"key": "session", "value": {"int_value": 2}},
            ],
        },
        {"n": 3, "event_params": []},
    ]
    assert read(tmp_path, lines(documents)).table.to_pydict() == {
        "n": [1, 2, 3],
        "event_params.session": ["12345678901234", "2", None],
        "event_params.page": [None, "home", None],
    }


def test_values_that_carry_their_type_are_values(tmp_path: Path) -> None:
    documents = [
        {"_id": {"$oid": f"65a{n}"}, "paid": {"$date": "2024-01-02T00:00:00Z"}, "sum": {"$numberDecimal": "2.50"}}
        for n in range(3)
    ]
    assert read(tmp_path, lines(documents)).table.to_pylist()[2] == {
        "_id": "65a2",
        "paid": "2024-01-02T00:00:00Z",
        "sum": "2.50",
    }


def test_broken_lines_are_set_aside_with_their_numbers(tmp_path: Path) -> None:
    texts = lines(ORDERS).split("\n")
    texts[3], texts[7] = texts[3][:20], '"a text"'
    raw = read(tmp_path, "\n".join(texts))
    assert raw.broken == ((4, texts[3] + "\n"), (8, '"a text"\n'))
    assert raw.row.tolist() == [n for n in range(1, 23) if n not in (4, 8)]
    assert raw.rows_in == 22


@pytest.mark.parametrize(
    "content",
    ['{"a": 1', '[{"a": 1}, {"a": ', "[1, 2, 3]", '[["id", "date"], [1, 2]]', '{"a": [}]', "{}\n{}", "[]", "{}"],
)
def test_what_holds_no_objects_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot be read as JSON objects|no rows"):
        read(tmp_path, content)


@pytest.mark.parametrize("levels", [50, 5_000, 200_000])
def test_deep_nesting_is_read_or_refused(levels: int, tmp_path: Path) -> None:
    for content in ('{"a":' * levels + "1" + "}" * levels, "[" * levels + "]" * levels):
        try:
            assert read(tmp_path, content).table.num_rows == 1
        except SourceError as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_names_that_are_odd_are_kept(tmp_path: Path) -> None:
    document = {"it's": 1, 'a "b"': 2, "": 3, "a.b": 4, "a": {"b": 5}, "名": 6, "A B": 7, "a b": 8}
    raw = read(tmp_path, lines([document, document]))
    assert list(raw.table.to_pylist()[1].items()) == [
        *[("it's", 1), ('a "b"', 2), ("a.b", 4), ("a.b (column 4)", "5"), ("名", 6), ("A B", 7)]
    ]


def test_csv_whose_first_name_has_a_bracket_is_no_json(tmp_path: Path) -> None:
    assert read(tmp_path, "[id],{total}\n1,2\n2,3\n").table.column_names == ["[id]", "{total}"]
