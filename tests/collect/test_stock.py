"""The file of items in stock: the column of the items, and the items of which none is left."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shijin.collect.stock import read_stock
from shijin.errors import SourceError


def read(folder: Path, content: str | bytes, name: str = "stock.csv") -> list[str]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_stock(path).to_pylist()


@pytest.mark.parametrize(
    "content",
    [
        "item_id\na\nb\n",
        "SKU;shelf\na;1\nb;2\n",
        "shelf,StockCode\n1,a\n2,b\n",
        "product\na\na\nb\n\n",
        "商品编号\na\nb\n".encode("gb18030"),
        b"\xef\xbb\xbfsku,note\r\na,\r\nb,x\r\n",
        "sku\tname\n a \tA\n'b\tB\n,\tC\n".replace(",", ""),
    ],
    ids=["plain", "semicolons", "by its meaning", "each once", "Chinese", "from Excel", "tabs"],
)
def test_ids_are_read_from_whichever_column_holds_them_each_once(content: str | bytes, tmp_path: Path) -> None:
    assert read(tmp_path, content) == ["a", "b"]


def test_a_file_of_one_column_needs_no_name_and_loses_no_id(tmp_path: Path) -> None:
    assert read(tmp_path, "85123A\n71053\n84406B\n") == ["85123A", "71053", "84406B"]
    assert read(tmp_path, "what we have\na\n") == ["what we have", "a"]


@pytest.mark.parametrize(
    ("name", "left", "none"),
    [
        ("stock", ["3", "0.5", "1,200", ["12", "pcs"][0]], ["0", "-2", "", "x"]),
        ("Qty", ["1"], ["0.0"]),
        ("in_stock", ["true", "Yes", "y", "1", "In stock", "available"], ["false", "No", "n", "0", "", "out of stock"]),
        ("In Stock", ["TRUE"], ["FALSE"]),
        ("Available", ["7"], ["0"]),
        ("库存", ["5", "有", "有货"], ["0", "无", "缺货"]),
    ],
)
def test_items_of_which_none_is_left_are_not_in_stock(
    name: str, left: list[str], none: list[str], tmp_path: Path
) -> None:
    rows = [(f"l{n}", word) for n, word in enumerate(left)] + [(f"n{n}", word) for n, word in enumerate(none)]
    content = f"sku,{name}\n" + "".join(f'{sku},"{word}"\n' for sku, word in rows)
    assert read(tmp_path, content) == [f"l{n}" for n in range(len(left))]


def test_other_kinds_of_files_give_the_same(tmp_path: Path) -> None:
    table = pa.table({"sku": ["007", "8", "9", "10"], "stock": pa.array([1, 0, None, 4]), "is": [True] * 4})
    pq.write_table(table, tmp_path / "stock.parquet")
    assert read_stock(tmp_path / "stock.parquet").to_pylist() == ["007", "10"]
    with_yes_and_no = table.set_column(1, "in_stock", pa.array([True, False, None, True]))
    pq.write_table(with_yes_and_no, tmp_path / "stock.parquet")
    assert read_stock(tmp_path / "stock.parquet").to_pylist() == ["007", "10"]
    table.to_pandas().to_json(tmp_path / "stock.jsonl", orient="records", lines=True)
    assert read_stock(tmp_path / "stock.jsonl").to_pylist() == ["007", "10"]
    pd.DataFrame({"sku": [7, 8], "qty": [2, 0]}).to_excel(tmp_path / "stock.xlsx", index=False)
    assert read_stock(tmp_path / "stock.xlsx").to_pylist() == ["7"]


def test_an_item_with_any_row_in_stock_is_in_stock(tmp_path: Path) -> None:
    assert read(tmp_path, "sku,stock\nb,0\na,2\nc,0\nb,1\na,0\nc,0\na,9\n") == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("shelf,note\n1,a\n", "no item column; the columns are shelf, note. Cure: call the column item_id"),
        (
            "sku,stock\na,0\nb,none\n",
            "has no item in stock. Cure: list the items that are in stock, one a row",
        ),
        ("sku,stock\n,3\n", "no item in stock"),
        ("", "empty"),
        ("sku\n", "only a header"),
        (b"\x00\x01\x02" * 99, "cannot be read as text"),
    ],
)
def test_a_file_without_items_in_stock_is_refused_in_one_line(content: str | bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as refusal:
        read(tmp_path, content)
    assert words in str(refusal.value)
    assert "stock.csv" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.csv"):
        read_stock(tmp_path / "nowhere.csv")
