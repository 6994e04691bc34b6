"""One shop, however its file comes: again, in parts that overlap, shuffled, as Parquet or XLSX: the same tables."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import shijin
from rawfile import write
from shijin.schema import PROVENANCE
from shijin.shop import Shop
from shijin.steps.read import read_contacts, read_items
from shijin.workspace import Workspace

Writer = Callable[[pd.DataFrame, Path], Path]


def collected(files: Sequence[Path], root: Path) -> Shop:
    Workspace.create(root)
    shop = shijin.open(root)
    for file in files:
        shop.collect(file)
    return shop


def tables(shop: Shop) -> list[pa.Table]:
    """All tables, rows sorted, without where they came from."""
    found = [shop.events(), read_items(shop.workspace), read_contacts(shop.workspace)]
    kept = [table.drop([name for name in PROVENANCE if name in table.column_names]) for table in found]
    return [table.sort_by([(name, "ascending") for name in table.column_names]) for table in kept]


@pytest.fixture(scope="module")
def usual(orders: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> list[pa.Table]:
    folder = tmp_path_factory.mktemp("usual")
    found = tables(collected([write(orders, folder / "orders.csv")], folder / "shop"))
    assert found[0].num_rows == len(orders)
    assert found[1].num_rows == orders["item_id"].nunique() - 1  # postage is no item
    return found


def as_parquet(frame: pd.DataFrame, path: Path) -> Path:
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def as_xlsx(frame: pd.DataFrame, path: Path) -> Path:
    texts = frame.assign(ts=frame["ts"].dt.strftime("%Y-%m-%d %H:%M:%S.%f"))
    texts.to_excel(path.with_suffix(".xlsx"), index=False)
    return path.with_suffix(".xlsx")


def as_tsv(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path.with_suffix(".tsv"), sep="\t", index=False)
    return path.with_suffix(".tsv")


def as_german_csv(frame: pd.DataFrame, path: Path) -> Path:
    texts = frame.assign(ts=frame["ts"].dt.strftime("%d.%m.%Y %H:%M:%S.%f"))
    texts.to_csv(path, sep=";", decimal=",", index=False, encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("writer", [as_parquet, as_xlsx, as_tsv, as_german_csv])
def test_another_kind_of_file_gives_the_same_tables(
    orders: pd.DataFrame, usual: list[pa.Table], writer: Writer, tmp_path: Path
) -> None:
    assert tables(collected([writer(orders, tmp_path / "orders.csv")], tmp_path / "shop")) == usual


def test_a_shuffled_file_with_its_columns_in_another_order_gives_the_same_tables(
    orders: pd.DataFrame, usual: list[pa.Table], tmp_path: Path
) -> None:
    other = orders.sample(frac=1, random_state=1)[list(orders.columns[::-1])]
    assert tables(collected([write(other, tmp_path / "orders.csv")], tmp_path / "shop")) == usual


def test_overlapping_exports_in_any_order_give_the_tables_of_the_whole(
    orders: pd.DataFrame, usual: list[pa.Table], tmp_path: Path
) -> None:
    months = orders["ts"].dt.month
    parts = [orders[months >= 6], orders[months <= 8], orders[(months >= 3) & (months <= 10)]]
    files = [write(part, tmp_path / f"{place}.csv") for place, part in enumerate(parts)]
    assert tables(collected(files, tmp_path / "shop")) == usual


def test_the_same_file_again_also_as_another_kind_of_file_writes_nothing_under_data(
    orders: pd.DataFrame, tmp_path: Path
) -> None:
    shop = collected([write(orders, tmp_path / "orders.csv")], tmp_path / "shop")
    before = {file: file.read_bytes() for file in (tmp_path / "shop" / "data").rglob("*") if file.is_file()}
    for again in (tmp_path / "orders.csv", as_parquet(orders, tmp_path / "orders.csv")):
        assert shop.collect(again)["duplicates"] == len(orders)
    assert {file: file.read_bytes() for file in (tmp_path / "shop" / "data").rglob("*") if file.is_file()} == before


def test_rows_in_are_accepted_updated_duplicates_or_quarantined_and_money_likewise(
    orders: pd.DataFrame, tmp_path: Path
) -> None:
    bad = orders.iloc[:40].assign(customer_id=[None, "x"] * 20, order_id=[f"bad-{n}" for n in range(40)])
    bad.loc[bad["customer_id"] == "x", "ts"] = pd.Timestamp("2199-01-01")
    changed = orders.iloc[100:120].assign(category="moved")
    shop = collected([write(orders, tmp_path / "orders.csv")], tmp_path / "shop")
    second = pd.concat([orders.iloc[:100], changed, orders.iloc[120:], bad])
    shop.collect(write(second, tmp_path / "more.csv"))
    receipt = shop.workspace.receipts()[-1]
    parts = ("accepted", "updated", "duplicates", "quarantined")
    assert receipt.rows["in"] == len(second) == sum(receipt.rows[part] for part in parts)
    assert [receipt.rows[part] for part in parts] == [0, 20, len(orders) - 20, 40]
    assert receipt.money["in"] == pytest.approx(second["amount"].sum())
    assert receipt.money["in"] == pytest.approx(sum(receipt.money[part] for part in parts))
    assert receipt.money["quarantined"] == pytest.approx(bad["amount"].sum())
