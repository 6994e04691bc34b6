"""Files that belong together are one source; others stay apart."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc
import pytest

from shijin.collect import Collected, CollectOptions, Context, read_sources
from shijin.config import Config
from shijin.errors import SourceError

ORDERS = "订单编号,买家会员名,订单状态,订单创建时间,买家实际支付金额\n"
ORDERS += "1,a,交易成功,2024-03-01,30.00\n2,b,交易成功,2024-03-02,20.00\n"
LINES = "订单编号,标题,价格,购买数量,订单状态,商家编码\n"
LINES += "1,茶,10.00,2,交易成功,T\n1,杯,10.00,1,交易成功,B\n2,茶,20.00,1,交易成功,T\n"
ENGLISH_ORDERS = (
    "Order ID,Customer ID,Order Date,Grand Total\n1,a,2024-03-01,33.90\n2,b,2024-03-02,20.00\n3,a,2024-03-03,5.00\n"
)
ENGLISH_LINES = "order no,sku,qty,unit price\n1,T,2,10.00\n1,B,1,10.00\n2,T,2,10.00\n"


def gather(folder: Path, **files: str) -> list[Collected]:
    paths = []
    for name, text in files.items():
        paths.append(folder / f"{name}.csv")
        paths[-1].write_text(text, "utf-8")
    return read_sources(paths, Context(Config(), CollectOptions(), datetime(2025, 1, 1, tzinfo=UTC)))


@pytest.mark.parametrize("files", [{"o": ORDERS, "l": LINES}, {"l": LINES, "o": ORDERS}])
def test_lines_are_joined_with_their_orders_in_whatever_order_they_come(files: dict[str, str], tmp_path: Path) -> None:
    [joined] = gather(tmp_path, **files)
    rows = joined.events.select(["customer_id", "order_id", "item_id", "amount"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("a", "1", "T", 20.0),
        ("a", "1", "B", 10.0),
        ("b", "2", "T", 20.0),
    ]
    assert joined.whole_orders


def test_an_order_without_lines_keeps_its_money_and_shipping_stays_in_its_order(tmp_path: Path) -> None:
    [joined] = gather(tmp_path, o=ENGLISH_ORDERS, l=ENGLISH_LINES)
    sums = joined.events.group_by("order_id").aggregate([("amount", "sum")]).sort_by("order_id")
    assert sums["amount_sum"].to_pylist() == pytest.approx([33.9, 20.0, 5.0])
    assert pc.count_distinct(joined.events["item_id"]).as_py() == 2


def test_tables_of_customers_and_products_are_joined_by_a_column_of_the_same_name(tmp_path: Path) -> None:
    orders = "order_id,customer_id,order_purchase_timestamp\n" + "".join(
        f"o{n},k{n},2024-03-{n + 1:02d}\n" for n in range(24)
    )
    items = "order_id,product_id,price\n" + "".join(f"o{n},p{n % 3},9.50\n" for n in range(24))
    people = "customer_id,customer_unique_id\n" + "".join(f"k{n},u{n % 5}\n" for n in range(24))
    products = "product_id,product_name\np0,Mug\np1,Cap\np2,Pin\n"
    [joined] = gather(tmp_path, orders=orders, items=items, people=people, products=products)
    assert pc.count_distinct(joined.events["customer_id"]).as_py() == 5
    assert pc.sum(joined.events["amount"]).as_py() == 24 * 9.5
    assert sorted(joined.items["name"].to_pylist()) == ["Cap", "Mug", "Pin"]


def test_files_that_stand_alone_stay_apart(tmp_path: Path) -> None:
    year = "order_id,customer_id,date,total\n{}1,a,202{}-03-01,9\n"
    assert [one.events.num_rows for one in gather(tmp_path, a=year.format(1, 3), b=year.format(2, 4))] == [1, 1]


@pytest.mark.parametrize("text", [LINES, ENGLISH_LINES])
def test_lines_alone_are_referred_to_their_orders(text: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"belong to an order file.*together"):
        gather(tmp_path, lines=text)


def test_lines_of_other_orders_are_not_joined(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="belong to an order file"):
        gather(tmp_path, o=ORDERS, l=LINES.replace("\n1,", "\n81,").replace("\n2,", "\n82,"))
