"""The plain table: columns found by their names, and files that lack one, as shops have them."""

import random
from pathlib import Path

import pyarrow as pa
import pytest

from collecting import NOW, PLAIN, read_file, utc, values_of
from shijin.collect import CollectOptions, Context, from_table
from shijin.config import CollectSection, Config
from shijin.errors import ConfigError, SourceError


def test_english_headers_are_found(tmp_path: Path) -> None:
    file = "User ID,Paid At,Order No,SKU,Product Name,Total\n007,2024-03-05 10:00:00,A1,s1,Cup,12.50\n"
    assert values_of(read_file(tmp_path, file), "customer_id", "ts", "order_id", "item_id", "amount", "type") == [
        ("007", utc(2024, 3, 5, 10), "A1", "s1", 12.5, "order")
    ]


def test_a_taobao_export_in_gb18030_with_ids_written_as_formulas_goes_in(tmp_path: Path) -> None:
    file = (
        "订单编号,买家会员名,买家实际支付金额,订单状态,订单创建时间,宝贝标题\n"
        '="0012345678901234567",小明,"￥1,299.00",交易成功,2024/3/5 7:45,杯子\n'
        '="123",小红,8,交易关闭,2024年3月6日 12:30:00,碗\n'
    )
    collected = read_file(tmp_path, file.encode("gb18030"))
    assert values_of(collected, "order_id", "customer_id", "ts", "amount", "type") == [
        ("0012345678901234567", "小明", utc(2024, 3, 5, 7, 45), 1299.0, "order"),
        ("123", "小红", utc(2024, 3, 6, 12, 30), 8.0, "void"),
    ]
    assert collected.guess["encoding"] == "gb18030"
    assert "encoding_guessed" in collected.findings["code"].to_pylist()


@pytest.mark.parametrize(
    "header",
    [
        "顾客编号",
        "顾客号",
        "客户号",
        "客户代码",
        "会员名称",
        "会员昵称",
        "买家昵称",
        "买家账号",
        "用户名",
        "顾客姓名",
        "客户名称",
    ],
)
def test_chinese_shops_call_their_customers_by_many_names(header: str, tmp_path: Path) -> None:
    file = f"{header},下单时间,实付金额,商品名称\n0017,2024-03-05,9,杯子\n"
    assert values_of(read_file(tmp_path, file), "customer_id", "amount", "item_id") == [("0017", 9.0, "杯子")]


@pytest.mark.parametrize(("better", "domain"), [("会员号", ""), ("手机号", ""), ("邮箱", "@x.cn")])
def test_peoples_names_are_ids_only_where_nothing_better_tells_them_apart(
    better: str, domain: str, tmp_path: Path
) -> None:
    rows = "".join(f"王伟,1390000000{n}{domain},2024-03-05,9\n" for n in (1, 2))
    file = f"顾客姓名,{better},下单时间,实付金额\n{rows}"
    collected = read_file(tmp_path, file)
    assert len({customer for (customer,) in values_of(collected, "customer_id")}) == 2
    assert collected.guess["columns"].get("person") == "顾客姓名"
    assert collected.contacts["last_name"].to_pylist() == ["王", "王"]


def test_views_carts_and_reviews_need_no_amount(tmp_path: Path) -> None:
    file = "user_id,product_id,event_type,event_time,rating\na,s1,view,2024-03-05,\na,s1,add to cart,2024-03-06,\n"
    file += "b,s2,review,2024-03-07,4.5\nc,s1,view,never,\n" + "d,s1,pv,2024-03-08,\n" * 99
    collected = read_file(tmp_path, file)
    assert values_of(collected, "customer_id", "item_id", "type", "amount", "rating")[:3] == [
        ("a", "s1", "view", None, None),
        ("a", "s1", "cart", None, None),
        ("b", "s2", "review", None, 4.5),
    ]
    assert collected.rejected.select(["reason", "detail"]).to_pylist() == [
        {"reason": "bad_time", "detail": 'event_time "never" is not a date'}
    ]


@pytest.mark.parametrize("money", ["amount", "price", "amount,price"])
def test_a_file_of_views_may_have_columns_of_money_that_are_empty(money: str, tmp_path: Path) -> None:
    file = f"customer_id,sku,type,ts,{money}\na,s1,view,2024-03-05,{',' * money.count(',')}\n"
    assert values_of(read_file(tmp_path, file), "item_id", "type", "amount") == [("s1", "view", None)]


def test_a_table_of_views_may_have_a_column_of_money_without_a_type() -> None:
    table = pa.table({"customer_id": ["a"], "type": ["cart"], "ts": ["2024-03-05"], "amount": pa.nulls(1)})
    assert values_of(from_table(table, Context(Config(), CollectOptions(), NOW)), "type", "amount") == [("cart", None)]


def test_a_file_of_views_needs_no_column_that_the_shop_maps_for_its_orders(tmp_path: Path) -> None:
    config = Config(collect=CollectSection(map={"amount": "Line"}))
    views = "customer_id,sku,type,ts\na,s1,view,2024-03-05\n"
    assert values_of(read_file(tmp_path, views, config=config), "item_id", "type") == [("s1", "view")]
    with pytest.raises(ConfigError, match="there is no column 'Line' for amount"):
        read_file(tmp_path, views.replace("view", "purchase"), config=config)
    with pytest.raises(ConfigError, match="there is no column 'Line' for amount"):
        read_file(tmp_path, "customer_id,sku,ts,total\na,s1,2024-03-05,9\n", config=config)


def test_an_empty_column_of_money_is_refused_where_one_row_may_be_paid(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the amount column amount is empty"):
        read_file(tmp_path, "customer_id,type,ts,amount\na,view,2024-03-05,\na,purchase,2024-03-06,\n")


def test_views_among_orders_need_no_amount(tmp_path: Path) -> None:
    file = "customer_id,sku,type,ts,amount\na,s1,view,2024-03-05,\na,s1,cart,2024-03-05,\na,s1,order,2024-03-06,9\n"
    assert values_of(read_file(tmp_path, file), "type", "amount") == [("view", None), ("cart", None), ("order", 9.0)]


@pytest.mark.parametrize("type", ["purchase", "cancelled", ""])
def test_one_row_that_may_be_about_money_needs_an_amount(type: str, tmp_path: Path) -> None:
    file = f"customer_id,type,ts\na,view,2024-03-05\na,{type},2024-03-06\n"
    with pytest.raises(SourceError, match="no amount column"):
        read_file(tmp_path, file)


def test_a_file_of_ratings_alone_is_referred_to_feedback(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no amount column.*a file of ratings alone is feedback: shop\.feedback"):
        read_file(tmp_path, "customer_id,item_id,rating,ts\na,s1,5,2024-03-05\n")


def test_a_map_wins_over_the_names_and_options_over_the_config(tmp_path: Path) -> None:
    file = "customer_id,who,ts,amount,net\nx,a,2024-01-02,5,4\n"
    config = Config(collect=CollectSection(map={"customer_id": "who", "amount": "amount"}))
    assert values_of(read_file(tmp_path, file, config=config, map={"amount": "net"}), "customer_id", "amount") == [
        ("a", 4.0)
    ]


REFUSED = {
    "empty": (b"", "the file is empty"),
    "only blanks": (b" \n\n", "the file is empty"),
    "only a header": (PLAIN.encode(), "only a header, no rows"),
    "no customer": (
        b"ts,amount\n2024-01-01,3\n",
        "there is no customer column; the columns are ts, amount. Cure: name",
    ),
    "no time": (b"customer_id,amount\na,3\n", "no time column"),
    "no amount": (b"customer_id,ts\na,2024-01-01\n", "no amount column"),
    "an empty time": (b"customer_id,ts,amount\na,,3\n", "the time column ts is empty"),
    "random bytes": (random.Random(5).randbytes(400), "the file cannot be read as text"),
    "bytes without zeros": (bytes(b or 1 for b in random.Random(6).randbytes(400)), "the file cannot be read as text"),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_a_source_that_holds_nothing_usable_is_refused(content: tuple[bytes, str], tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read_file(tmp_path, content[0])
    assert content[1] in str(caught.value)
    assert str(caught.value).startswith((str(tmp_path), "orders.csv"))
