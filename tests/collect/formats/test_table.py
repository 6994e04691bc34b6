"""The plain table: what goes in, what is set aside and what is refused, from files as shops have them."""

import io
import random
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shijin.collect import Collected, CollectOptions, from_table, read_source
from shijin.config import CollectSection, Config, ItemsSection, ShopSection, parse_config
from shijin.errors import ConfigError, QuarantineError, SourceError
from shijin.schema import PROVENANCE

NOW = datetime(2025, 1, 1, tzinfo=UTC)
PLAIN = "customer_id,ts,amount\n"


def collected(
    folder: Path, content: str | bytes, name: str = "orders.csv", config: Config | None = None, **options: object
) -> Collected:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_source(path, config or Config(), CollectOptions(**options), NOW)  # type: ignore[arg-type]


def told(collected: Collected, *columns: str) -> list[tuple[object, ...]]:
    """Events as tuples in the order of the source's rows."""
    table = collected.events.sort_by("source_row").select(list(columns))
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def the_same(first: pa.Table, second: pa.Table) -> bool:
    keep = [name for name in first.column_names if name not in PROVENANCE]
    return bool(first.select(keep).sort_by("event_id").equals(second.select(keep).sort_by("event_id")))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


# -- what goes in ------------------------------------------------------------------------------------------------------


def test_english_headers_are_found(tmp_path: Path) -> None:
    file = "User ID,Paid At,Order No,SKU,Product Name,Total\n007,2024-03-05 10:00:00,A1,s1,Cup,12.50\n"
    assert told(collected(tmp_path, file), "customer_id", "ts", "order_id", "item_id", "amount", "type") == [
        ("007", utc(2024, 3, 5, 10), "A1", "s1", 12.5, "order")
    ]


def test_a_taobao_export_in_gb18030_with_ids_written_as_formulas_goes_in(tmp_path: Path) -> None:
    file = (
        "订单编号,买家会员名,买家实际支付金额,订单状态,订单创建时间,宝贝标题\n"
        '="0012345678901234567",小明,"￥1,299.00",交易成功,2024/3/5 7:45,杯子\n'
        '="123",小红,8,交易关闭,2024年3月6日 12:30:00,碗\n'
    )
    found = collected(tmp_path, file.encode("gb18030"))
    assert told(found, "order_id", "customer_id", "ts", "amount", "type") == [
        ("0012345678901234567", "小明", utc(2024, 3, 5, 7, 45), 1299.0, "order"),
        ("123", "小红", utc(2024, 3, 6, 12, 30), 8.0, "void"),
    ]
    assert found.guess["encoding"] == "gb18030"
    assert "encoding_guessed" in found.findings["code"].to_pylist()


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
    assert told(collected(tmp_path, file), "customer_id", "amount", "item_id") == [("0017", 9.0, "杯子")]


@pytest.mark.parametrize(("better", "domain"), [("会员号", ""), ("手机号", ""), ("邮箱", "@x.cn")])
def test_peoples_names_are_ids_only_where_nothing_better_tells_them_apart(
    better: str, domain: str, tmp_path: Path
) -> None:
    rows = "".join(f"王伟,1390000000{n}{domain},2024-03-05,9\n" for n in (1, 2))
    file = f"顾客姓名,{better},下单时间,实付金额\n{rows}"
    found = collected(tmp_path, file)
    assert len({customer for (customer,) in told(found, "customer_id")}) == 2
    assert "顾客姓名" not in found.guess["columns"].values()


def test_utf8_with_a_byte_order_mark_semicolons_and_decimal_commas_goes_in(tmp_path: Path) -> None:
    file = "\ufeffKunde;customer;order date;amount\n1;0815;05.03.2024;1.234,50\n2;0816;25.03.2024;7,5\n"
    assert told(collected(tmp_path, file), "customer_id", "ts", "amount") == [
        ("0815", utc(2024, 3, 5), 1234.5),
        ("0816", utc(2024, 3, 25), 7.5),
    ]


def test_tabs_part_a_tsv(tmp_path: Path) -> None:
    assert told(collected(tmp_path, "user\ttime\ttotal\na\t2024-01-02\t3\n", "x.tsv"), "customer_id", "amount") == [
        ("a", 3.0)
    ]


def test_json_lines_go_in(tmp_path: Path) -> None:
    lines = '{"user": "01", "time": "2024-01-02T03:04:05Z", "total": 3.5}\n'
    lines += '{"user": "02", "time": "2024-01-03", "total": 4}\n'
    assert told(collected(tmp_path, lines, "x.jsonl"), "customer_id", "ts", "amount") == [
        ("01", utc(2024, 1, 2, 3, 4, 5), 3.5),
        ("02", utc(2024, 1, 3), 4.0),
    ]


def test_a_spreadsheet_goes_in_with_its_ids_as_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [
        ("customer id", "order date", "amount", "sku"),
        (12345, datetime(2024, 3, 5, 10, 30), 2.5, "00123"),  # noqa: DTZ001
        (12346, datetime(2024, 3, 6), 3, "123456789012345678"),  # noqa: DTZ001
    ]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    assert told(collected(tmp_path, stream.getvalue(), "x.xlsx"), "customer_id", "ts", "amount", "item_id") == [
        ("12345", utc(2024, 3, 5, 10, 30), 2.5, "00123"),
        ("12346", utc(2024, 3, 6), 3.0, "123456789012345678"),
    ]


def test_ids_of_18_digits_survive_as_integers_and_whole_floats_lose_their_point() -> None:
    table = pa.table(
        {
            "customer_id": pa.array([123456789012345678, 5]),
            "order_id": pa.array([12345.0, None]),
            "ts": ["2024-01-01", "2024-01-02"],
            "amount": [1, 2],
        }
    )
    found = from_table(table, Config(), CollectOptions(), NOW)
    assert told(found, "customer_id", "order_id") == [("123456789012345678", "12345"), ("5", None)]


def test_views_carts_and_reviews_need_no_amount(tmp_path: Path) -> None:
    file = "user_id,product_id,event_type,event_time,rating\na,s1,view,2024-03-05,\na,s1,add to cart,2024-03-06,\n"
    file += "b,s2,review,2024-03-07,4.5\nc,s1,view,never,\n" + "d,s1,pv,2024-03-08,\n" * 99
    found = collected(tmp_path, file)
    assert told(found, "customer_id", "item_id", "type", "amount", "rating")[:3] == [
        ("a", "s1", "view", None, None),
        ("a", "s1", "cart", None, None),
        ("b", "s2", "review", None, 4.5),
    ]
    assert found.rejected.select(["reason", "detail"]).to_pylist() == [
        {"reason": "bad_time", "detail": 'event_time "never" is no date'}
    ]


@pytest.mark.parametrize("money", ["amount", "price", "amount,price"])
def test_a_file_of_views_may_have_columns_of_money_that_are_empty(money: str, tmp_path: Path) -> None:
    file = f"customer_id,sku,type,ts,{money}\na,s1,view,2024-03-05,{',' * money.count(',')}\n"
    assert told(collected(tmp_path, file), "item_id", "type", "amount") == [("s1", "view", None)]


def test_a_table_of_views_may_have_a_column_of_money_without_a_type() -> None:
    table = pa.table({"customer_id": ["a"], "type": ["cart"], "ts": ["2024-03-05"], "amount": pa.nulls(1)})
    assert told(from_table(table, Config(), CollectOptions(), NOW), "type", "amount") == [("cart", None)]


def test_a_file_of_views_needs_no_column_that_the_shop_maps_for_its_orders(tmp_path: Path) -> None:
    config = Config(collect=CollectSection(map={"amount": "Line"}))
    views = "customer_id,sku,type,ts\na,s1,view,2024-03-05\n"
    assert told(collected(tmp_path, views, config=config), "item_id", "type") == [("s1", "view")]
    with pytest.raises(ConfigError, match="no column 'Line' for amount"):
        collected(tmp_path, views.replace("view", "purchase"), config=config)
    with pytest.raises(ConfigError, match="no column 'Line' for amount"):
        collected(tmp_path, "customer_id,sku,ts,total\na,s1,2024-03-05,9\n", config=config)


def test_an_empty_column_of_money_is_refused_where_one_row_may_be_paid(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the amount column amount is empty"):
        collected(tmp_path, "customer_id,type,ts,amount\na,view,2024-03-05,\na,purchase,2024-03-06,\n")


def test_views_beside_orders_need_no_amount(tmp_path: Path) -> None:
    file = "customer_id,sku,type,ts,amount\na,s1,view,2024-03-05,\na,s1,cart,2024-03-05,\na,s1,order,2024-03-06,9\n"
    assert told(collected(tmp_path, file), "type", "amount") == [("view", None), ("cart", None), ("order", 9.0)]


@pytest.mark.parametrize("type", ["purchase", "cancelled", "", "vip"])
def test_one_row_that_may_be_about_money_needs_an_amount(type: str, tmp_path: Path) -> None:
    file = f"customer_id,type,ts\na,view,2024-03-05\na,{type},2024-03-06\n"
    with pytest.raises(SourceError, match="no amount column"):
        collected(tmp_path, file)


def test_ratings_alone_are_shown_the_way_to_feedback(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no amount column.*shijin feedback FILE"):
        collected(tmp_path, "customer_id,item_id,rating,ts\na,s1,5,2024-03-05\n")


def test_price_times_quantity_stands_in_for_an_amount(tmp_path: Path) -> None:
    file = "customer,date,unit price,qty\na,2024-01-02,2.5,4\na,2024-01-03,3,-1\n"
    assert told(collected(tmp_path, file), "amount", "quantity", "type") == [
        (10.0, 4.0, "order"),
        (-3.0, -1.0, "return"),
    ]


@pytest.mark.parametrize("name", ["Unit Cost", "cost_price", "单位成本", "成本价", "进价"])
def test_the_cost_of_a_line_is_what_a_piece_cost_times_its_pieces(name: str, tmp_path: Path) -> None:
    file = f"customer,date,sku,price,qty,{name}\na,2024-01-02,s,10,7,9\nb,2024-01-03,s,10,-2,9\nb,2024-01-04,s,10,1,\n"
    assert told(collected(tmp_path, file), "amount", "cost") == [(70.0, 63.0), (-20.0, -18.0), (10.0, None)]


def test_without_pieces_a_line_costs_one_and_a_cost_of_the_line_wins(tmp_path: Path) -> None:
    assert told(collected(tmp_path, "customer,date,price,unit cost\na,2024-01-02,10,9\n"), "cost") == [(9.0,)]
    file = "customer,date,amount,qty,cost,unit cost\na,2024-01-02,30,3,20,9\na,2024-01-03,30,3,,9\n"
    assert told(collected(tmp_path, file), "cost") == [(20.0,), (27.0,)]


def test_a_map_wins_over_the_names_and_options_over_the_config(tmp_path: Path) -> None:
    file = "customer_id,who,ts,amount,net\nx,a,2024-01-02,5,4\n"
    config = Config(collect=CollectSection(map={"customer_id": "who", "amount": "amount"}))
    assert told(collected(tmp_path, file, config=config, map={"amount": "net"}), "customer_id", "amount") == [
        ("a", 4.0)
    ]


def test_days_come_first_where_a_date_can_mean_nothing_else(tmp_path: Path) -> None:
    file = PLAIN + "a,05/03/2024,1\na,25/03/2024,1\n"
    found = collected(tmp_path, file)
    assert told(found, "ts") == [(utc(2024, 3, 5),), (utc(2024, 3, 25),)]
    assert found.findings.num_rows == 0


def test_dates_that_can_be_read_both_ways_are_said_to_be_a_guess(tmp_path: Path) -> None:
    file = PLAIN + "a,05/03/2024,1\n"
    assert collected(tmp_path, file).findings["code"].to_pylist() == ["date_order_guessed"]
    said = collected(tmp_path, file, date_order="dmy")
    assert said.findings.num_rows == 0
    assert told(said, "ts") == [(utc(2024, 3, 5),)]


def test_times_without_a_zone_are_the_shops_clock_and_a_told_zone_wins(tmp_path: Path) -> None:
    file = PLAIN + "a,2024-07-01 00:30:00,1\na,2024-07-01 00:30:00+00:00,1\n"
    config = Config(shop=ShopSection(timezone="Europe/Berlin"))
    assert told(collected(tmp_path, file, config=config), "ts") == [
        (utc(2024, 6, 30, 22, 30),),
        (utc(2024, 7, 1, 0, 30),),
    ]


def test_addresses_become_hashed_keys_and_live_in_contacts(tmp_path: Path) -> None:
    file = "Email,Phone,First Name,date,total\nAnn@X.org,,Ann,2024-01-02,1\n ann@x.ORG ,+49 170 1234567,,2024-01-03,2\n"
    found = collected(tmp_path, file)
    ids = set(found.events["customer_id"].to_pylist())
    assert len(ids) == 1
    assert ids.pop().startswith("c_")
    assert found.contacts.drop(["customer_id"]).to_pylist() == [
        {
            "email": "ann@x.org",
            "phone": "+491701234567",
            "first_name": "Ann",
            "last_name": None,
            "country": None,
            "email_consent": None,
            "sms_consent": None,
        }
    ]


def test_an_address_in_the_customer_column_never_becomes_an_id(tmp_path: Path) -> None:
    found = collected(tmp_path, PLAIN + "Ann@X.org,2024-01-02,1\nb,2024-01-02,1\n")
    assert "@" not in "".join(found.events["customer_id"].to_pylist())
    assert "b" in found.events["customer_id"].to_pylist()
    assert found.contacts["email"].to_pylist() == ["ann@x.org"]


def test_another_salt_gives_other_keys(tmp_path: Path) -> None:
    file = "Email,date,total\na@x.org,2024-01-02,1\n"
    other = Config(collect=CollectSection(salt="another"))
    assert told(collected(tmp_path, file), "customer_id") != told(
        collected(tmp_path, file, config=other), "customer_id"
    )


def test_known_types_get_their_one_name_and_returns_are_negative(tmp_path: Path) -> None:
    file = "customer_id,ts,type,amount\na,2024-01-01,Purchase,5\na,2024-01-02,Refund,5\na,2024-01-03,page view,\n"
    assert told(collected(tmp_path, file), "type", "amount") == [("order", 5.0), ("return", -5.0), ("view", None)]


def test_a_type_column_that_speaks_of_something_else_is_left_alone(tmp_path: Path) -> None:
    file = "customer_id,ts,type,amount\na,2024-01-01,wholesale,5\nb,2024-01-02,retail,5\n"
    assert told(collected(tmp_path, file), "type") == [("order",), ("order",)]


ONLINE_RETAIL = (
    "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
    "489434,85048,BALL,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n"
    "489434,85048,BALL,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n"
    "C489449,85048,BALL,-2,2009-12-02 10:33:00,6.95,13085.0,United Kingdom\n"
    "489436,POST,POSTAGE,1,2009-12-02 11:00:00,18,13085.0,France\n"
    "489437,M,Manual,1,2009-12-02 12:00:00,5,13085.0,France\n"
    "489438,TEST001,This is a test product.,5,2009-12-02 12:00:00,4.5,13085.0,France\n"
    "489439,21733,HOLDER,64,2009-12-02 13:00:00,2.55,,United Kingdom\n"
    "489440,21733,HOLDER,1,2009-12-02 14:00:00,0,13086.0,United Kingdom\n"
)


def test_online_retail_goes_in_as_exported(tmp_path: Path) -> None:
    found = collected(tmp_path, ONLINE_RETAIL)
    assert told(found, "customer_id", "type", "item_id", "amount") == [
        ("13085", "order", "85048", 12 * 6.95),
        ("13085", "order", "85048", 12 * 6.95),
        ("13085", "return", "85048", -2 * 6.95),
        ("13085", "charge", None, 18.0),
        ("13086", "order", "21733", 0.0),
    ]
    assert found.rejected["reason"].to_pylist() == ["test_code", "test_code", "no_customer"]
    assert found.rejected["source_row"].to_pylist() == [5, 6, 7]
    assert '"StockCode":"M"' in found.rejected["row"][0].as_py()
    assert found.money_in == pytest.approx(2 * 83.4 - 13.9 + 18 + 5 + 22.5 + 64 * 2.55)


def test_a_shop_whose_products_are_letters_sells_b_and_d(tmp_path: Path) -> None:
    file = "customer,date,sku,total\n" + "".join(f"x,2024-01-02,{sku},1\n" for sku in "ABCDM")
    assert told(collected(tmp_path, file), "item_id") == [("A",), ("B",), ("C",), ("D",), ("M",)]


@pytest.mark.parametrize("others", ["A", "85048"])
def test_a_letter_is_a_correction_by_its_own_row_whatever_else_the_file_sells(others: str, tmp_path: Path) -> None:
    file = "customer,date,sku,description,total\n" + f"x,2024-01-02,{others},Cup,1\n" * 9
    file += "x,2024-01-02,M,Manual,5\nx,2024-01-02,D,Discount,-5\nx,2024-01-02,S,SAMPLES,0\n"
    file += "x,2024-01-02,B,Adjust bad debt,9\nx,2024-01-02,M,,-2\nx,2024-01-02,D,,0\n"
    file += "x,2024-01-02,B,Blue mug,9\nx,2024-01-03,B,Blue mug,-9\nx,2024-01-02,S,,4\n"
    found = collected(tmp_path, file)
    assert found.rejected["source_row"].to_pylist() == [10, 11, 12, 13, 14, 15]
    assert set(found.rejected["reason"].to_pylist()) == {"test_code"}
    assert told(found, "item_id", "type")[-3:] == [("B", "order"), ("B", "return"), ("S", "order")]


def test_letters_named_as_tests_in_the_config_are_tests(tmp_path: Path) -> None:
    file = "customer,date,sku,total\nx,2024-01-02,M,1\nx,2024-01-02,N,1\n"
    found = collected(tmp_path, file, config=Config(items=ItemsSection(tests=("M",))))
    assert told(found, "item_id") == [("N",)]


def test_a_c_before_a_number_cancels_only_what_is_negative(tmp_path: Path) -> None:
    file = "customer,date,order id,qty,total\n" + "x,2024-01-02,1001,1,1\n" * 9
    file += "x,2024-01-02,C1002,1,1\nx,2024-01-02,C1003,-1,1\nx,2024-01-02,C1004,1,-1\n"
    assert told(collected(tmp_path, file), "order_id", "type")[-3:] == [
        ("C1002", "order"),
        ("C1003", "return"),
        ("C1004", "return"),
    ]


def test_postage_of_a_file_that_only_names_its_items_is_no_product(tmp_path: Path) -> None:
    file = "customer,date,product name,total\n" + "x,2024-01-02,Postage,4\nx,2024-01-02,运费,4\n" * 9
    found = collected(tmp_path, file + "x,2024-01-02,Postage stamp album,9\n")
    assert found.items["item_id"].to_pylist() == ["Postage stamp album"]
    assert told(found, "type", "item_id")[0] == ("charge", None)


def test_charges_and_tests_can_be_named_in_the_config(tmp_path: Path) -> None:
    config = Config(items=ItemsSection(charges=("gift wrap",), tests=("dummy",)))
    file = "customer,date,sku,total\nx,2024-01-02,gift wrap,1\nx,2024-01-02,dummy,1\nx,2024-01-02,POST,1\n"
    found = collected(tmp_path, file, config=config)
    assert told(found, "type", "item_id") == [("charge", None), ("order", "POST")]
    assert found.rejected["reason"].to_pylist() == ["test_code"]


def test_what_the_file_itself_calls_a_charge_is_no_item(tmp_path: Path) -> None:
    file = (
        "customer,date,type,sku,category,total\nx,2024-01-02,order,cup,china,9\nx,2024-01-02,charge,wrapping,extras,1\n"
    )
    found = collected(tmp_path, file)
    assert told(found, "type", "item_id", "amount") == [("order", "cup", 9.0), ("charge", None, 1.0)]
    assert found.items["item_id"].to_pylist() == ["cup"]


def test_a_shop_that_numbers_all_orders_with_c_has_no_returns(tmp_path: Path) -> None:
    file = "customer,date,order id,total\nx,2024-01-02,C1001,1\ny,2024-01-02,C1002,1\n"
    assert told(collected(tmp_path, file), "type") == [("order",), ("order",)]


def test_unpaid_orders_are_set_aside(tmp_path: Path) -> None:
    file = "customer,date,order status,total\nx,2024-01-02,pending,1\ny,2024-01-02,completed,2\n"
    found = collected(tmp_path, file)
    assert told(found, "customer_id") == [("y",)]
    assert found.rejected["reason"].to_pylist() == ["unpaid"]


# -- the same tables ---------------------------------------------------------------------------------------------------


def test_csv_parquet_and_spreadsheet_of_one_table_give_the_same_events(tmp_path: Path) -> None:
    table = pa.table(
        {
            "customer_id": pa.array([7, 8, 7, None]),
            "order_id": pa.array(["1", "2", "3", "4"]),
            "sku": pa.array([85048, 85049, None, 85049]),
            "paid_at": pa.array([datetime(2024, 1, day, 12, 30) for day in (1, 2, 3, 4)]),  # noqa: DTZ001
            "total": pa.array([6.95, 0.1, 3.0, 2.5], pa.float32()),
        }
    )
    csv = "customer_id,order_id,sku,paid_at,total\n7,1,85048,2024-01-01 12:30:00,6.95\n"
    csv += "8,2,85049,2024-01-02 12:30:00,0.1\n7,3,,2024-01-03 12:30:00,3.0\n,4,85049,2024-01-04 12:30:00,2.5\n"
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(table.column_names)
    for row in table.to_pylist():
        book.active.append([round(value, 3) if isinstance(value, float) else value for value in row.values()])
    stream, parquet = io.BytesIO(), io.BytesIO()
    book.save(stream)
    pq.write_table(table, parquet)
    of_csv = collected(tmp_path, csv)
    for content, name in [(parquet.getvalue(), "x.parquet"), (stream.getvalue(), "x.xlsx")]:
        other = collected(tmp_path, content, name)
        assert the_same(of_csv.events, other.events), name
        assert other.rejected["reason"].to_pylist() == of_csv.rejected["reason"].to_pylist() == ["no_customer"]


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from(["2024-01-01", "2024-01-02 10:00:00"]),
            st.sampled_from(["", "1", "2"]),
            st.sampled_from(["", "x", "y"]),
            st.sampled_from(["1", "2.50", "-1", "0"]),
        ),
        min_size=1,
        max_size=20,
    ),
    seed=st.integers(0, 1000),
)
def test_a_shuffled_table_gives_the_same_events_with_unique_ids(rows: list[tuple[str, ...]], seed: int) -> None:
    def read(rows: list[tuple[str, ...]]) -> pa.Table:
        columns = ["customer_id", "ts", "order_id", "sku", "amount"]
        table = pa.table({name: [row[place] for row in rows] for place, name in enumerate(columns)})
        return from_table(table, Config(), CollectOptions(), NOW).events

    shuffled = rows.copy()
    random.Random(seed).shuffle(shuffled)
    events = read(rows)
    assert the_same(events, read(shuffled))
    assert pc.count_distinct(events["event_id"]).as_py() == len(rows)


# -- accepted and said -------------------------------------------------------------------------------------------------


def test_up_to_five_percent_bad_rows_are_set_aside_with_reason_and_row(tmp_path: Path) -> None:
    good = "".join(f"c{n % 7},2024-01-{n % 28 + 1:02d},{n}\n" for n in range(97))
    found = collected(tmp_path, PLAIN + good + "x,2024-02-30,5\nx,2024-03-01,abc\nx,2025-01-02,5\n")
    assert found.rejected.select(["source_row", "reason", "detail", "amount"]).to_pylist() == [
        {"source_row": 98, "reason": "bad_time", "detail": 'ts "2024-02-30" is no date', "amount": 5.0},
        {"source_row": 99, "reason": "bad_amount", "detail": 'amount "abc" is no number', "amount": None},
        {"source_row": 100, "reason": "future_date", "detail": 'ts "2025-01-02" lies in the future', "amount": 5.0},
    ]
    assert found.events.num_rows == 97


def test_rows_with_too_many_or_too_few_cells_are_bad_rows(tmp_path: Path) -> None:
    good = "".join(f"c,2024-01-{n % 28 + 1:02d},{n}\n" for n in range(60))
    found = collected(tmp_path, PLAIN + "a,2024-01-01\n" + good + "a,2024-01-01,3,4\n")
    assert found.rejected.select(["source_row", "reason", "row"]).to_pylist() == [
        {"source_row": 1, "reason": "bad_row", "row": "a,2024-01-01"},
        {"source_row": 62, "reason": "bad_row", "row": "a,2024-01-01,3,4"},
    ]
    assert found.events["source_row"].to_pylist() == list(range(2, 62))
    assert found.rows_in == 62


def test_one_order_of_one_customer_goes_in(tmp_path: Path) -> None:
    assert collected(tmp_path, PLAIN + "a,2024-01-01,3\n").events.num_rows == 1


def test_rows_of_nothing_but_delimiters_are_no_rows(tmp_path: Path) -> None:
    found = collected(tmp_path, PLAIN + "a,2024-01-01,3\n,,\nb,2024-01-01,3\n,,\n,,\n")
    assert (found.rows_in, found.rejected.num_rows) == (2, 0)
    assert told(found, "source_row") == [(1,), (3,)]
    with pytest.raises(SourceError, match="only a header, no rows"):
        collected(tmp_path, PLAIN + ",,\n")


def test_quoted_texts_may_hold_line_breaks(tmp_path: Path) -> None:
    file = 'customer,date,total,note\na,2024-01-01,3,"two\nlines"\nb,2024-01-02,4,x\n'
    assert told(collected(tmp_path, file), "customer_id", "source_row") == [("a", 1), ("b", 2)]


@pytest.mark.parametrize("text", ["1e300", "-1e308", "1.1e15", "1e999", "inf", "-inf", "nan"])
def test_an_amount_that_nobody_pays_is_set_aside_and_leaves_the_sums_alone(text: str, tmp_path: Path) -> None:
    good = "".join(f"c,2024-01-{n % 28 + 1:02d},1\n" for n in range(40))
    found = collected(tmp_path, PLAIN + good + f"x,2024-02-01,{text}\n")
    assert found.rejected.select(["source_row", "reason", "amount"]).to_pylist() == [
        {"source_row": 41, "reason": "bad_amount", "amount": None}
    ]
    assert found.money_in == 40


def test_a_number_that_is_one_but_too_large_is_called_too_large(tmp_path: Path) -> None:
    good = "".join(f"c,2024-01-{n % 28 + 1:02d},1\n" for n in range(40))
    found = collected(tmp_path, PLAIN + good + "x,2024-02-01,1e300\n")
    assert found.rejected["detail"].to_pylist() == ['amount "1e300" is beyond 1e+15']


@pytest.mark.parametrize("quantity", ["1e300", "-1e16", "inf"])
def test_a_quantity_that_nobody_carries_is_set_aside(quantity: str, tmp_path: Path) -> None:
    good = "".join(f"c,2024-01-{n % 28 + 1:02d},1,1,1\n" for n in range(40))
    file = "customer_id,ts,quantity,price,amount\n" + good + f"x,2024-02-01,{quantity},1,5\n"
    assert collected(tmp_path, file).rejected["reason"].to_pylist() == ["bad_quantity"]


def test_a_product_of_price_and_quantity_that_nobody_pays_is_set_aside(tmp_path: Path) -> None:
    good = "".join(f"c,2024-01-{n % 28 + 1:02d},1,1\n" for n in range(40))
    file = "customer_id,ts,quantity,price\n" + good + "x,2024-02-01,1e14,1e14\n"
    assert collected(tmp_path, file).rejected["reason"].to_pylist() == ["bad_amount"]


def test_numbers_without_end_in_a_typed_column_are_set_aside() -> None:
    amounts = [1.0] * 100 + [float("inf"), float("nan"), 1e300]
    table = pa.table({"customer_id": ["c"] * 103, "ts": ["2024-01-01"] * 103, "amount": amounts})
    found = from_table(table, Config(), CollectOptions(), NOW)
    assert found.rejected["reason"].to_pylist() == ["bad_amount"] * 3


def parquet_of(**columns: pa.Array) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


NO_TEXT = pa.array([b"a", b"\xff\xfe\x80"])
NO_TEXT_BUT_CALLED_SO = pa.Array.from_buffers(pa.string(), 2, NO_TEXT.buffers())


@pytest.mark.parametrize("customers", [NO_TEXT, NO_TEXT_BUT_CALLED_SO, NO_TEXT.dictionary_encode()])
def test_customers_in_bytes_that_are_no_text_are_refused(customers: pa.Array, tmp_path: Path) -> None:
    table = {"ts": pa.array(["2024-01-01"] * 2), "amount": pa.array([1.0, 2.0])}
    with pytest.raises(SourceError, match="the column customer_id is no UTF-8 text"):
        collected(tmp_path, parquet_of(customer_id=customers, **table), "x.parquet")


def test_bytes_that_are_text_are_read_and_bytes_that_play_no_part_do_no_harm(tmp_path: Path) -> None:
    table = {"ts": pa.array(["2024-01-01", "2024-01-02"]), "amount": pa.array([1.0, 2.0]), "picture": NO_TEXT}
    customers = pa.array([b"a", None])
    found = collected(tmp_path, parquet_of(customer_id=customers, **table), "x.parquet")
    assert told(found, "customer_id") == [("a",)]
    assert found.rejected["reason"].to_pylist() == ["no_customer"]


def test_a_delimiter_at_the_end_of_every_row_is_no_column(tmp_path: Path) -> None:
    file = PLAIN + "".join(f"c,2024-01-{n % 28 + 1:02d},{n},\n" for n in range(400))
    found = collected(tmp_path, file)
    assert (found.events.num_rows, found.rejected.num_rows) == (400, 0)
    assert told(found, "source_row", "amount")[:2] == [(1, 0.0), (2, 1.0)]


@pytest.mark.parametrize("last", ["c,2024-01-01,3\n", "c,2024-01-01,3,4\n", "c,2024-01-01,3,,\n"])
def test_rows_of_which_one_has_other_cells_keep_their_delimiter(last: str, tmp_path: Path) -> None:
    with pytest.raises(QuarantineError, match=r"4[01] of 41 rows"):
        collected(tmp_path, PLAIN + "c,2024-01-01,3,\n" * 40 + last)


# -- refused -----------------------------------------------------------------------------------------------------------

REFUSED = {
    "empty": (b"", "the file is empty"),
    "only blanks": (b" \n\n", "the file is empty"),
    "only a header": (PLAIN.encode(), "only a header, no rows"),
    "no customer": (b"ts,amount\n2024-01-01,3\n", "no customer column, found ts, amount. Cure: say --map customer_id="),
    "no time": (b"customer_id,amount\na,3\n", "no time column"),
    "no amount": (b"customer_id,ts\na,2024-01-01\n", "no amount column"),
    "an empty time": (b"customer_id,ts,amount\na,,3\n", "the time column ts is empty"),
    "random bytes": (random.Random(5).randbytes(400), "not readable as text"),
    "bytes without zeros": (bytes(b or 1 for b in random.Random(6).randbytes(400)), "not readable as text"),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_a_source_that_holds_nothing_usable_is_refused(content: tuple[bytes, str], tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        collected(tmp_path, content[0])
    assert content[1] in str(caught.value)
    assert str(caught.value).startswith((str(tmp_path), "orders.csv"))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("x,2024-01-01,abc\n", 'row 1: amount "abc" is no number'),
        ("x,not a date,3\n", 'row 1: ts "not a date" is no date'),
        ("x,2031-01-01,3\n", "lies in the future"),
        ("x,2024-01-01,3,4\n", "not 3 columns"),
        ("x,2024-01-01,3\n" * 18 + "x,2024-01-01,\n", "1 of 19 rows are bad"),
    ],
)
def test_more_than_five_percent_bad_rows_are_refused_with_the_first(rows: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(QuarantineError) as caught:
        collected(tmp_path, PLAIN + rows)
    assert said in str(caught.value)


def test_the_share_of_bad_rows_a_shop_affords_can_be_set(tmp_path: Path) -> None:
    config = parse_config("[collect]\nmax_bad_share = 0.5", "shijin.toml")
    file = PLAIN + "x,2024-01-01,3\nx,2024-01-01,abc\n"
    assert collected(tmp_path, file, config=config).events.num_rows == 1


@pytest.mark.parametrize("name", ["x.parquet", "x.csv"])
def test_a_truncated_parquet_file_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="truncated or no Parquet file"):
        collected(tmp_path, b"PAR1" + random.Random(7).randbytes(300), name)


def test_a_truncated_spreadsheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="truncated or no spreadsheet"):
        collected(tmp_path, b"PK\x03\x04" + random.Random(8).randbytes(300), "x.xlsx")


@pytest.mark.parametrize(
    ("header", "row", "broken"),
    [
        ("note,customer,date,total\n", "x,c,2024-01-01,3\n", '"never,c,2024-01-01,3\n'),
        ("customer,date,total,note\n", "c,2024-01-01,3,x\n", 'c,2024-01-01,3,"never\n'),
    ],
)
def test_a_quote_that_is_never_closed_is_refused_with_its_row(
    header: str, row: str, broken: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="a quote opens in row 8 and is never closed"):
        collected(tmp_path, header + row * 7 + broken + row * 393)


def test_a_quote_that_is_never_closed_is_found_among_quotes_that_mean_inches(tmp_path: Path) -> None:
    inches, plain = 'c,2024-01-01,3,5" wide\n', "c,2024-01-01,3,x\n"
    with pytest.raises(SourceError, match="a quote opens in row 7 and is never closed"):
        collected(tmp_path, "customer,date,total,note\n" + inches * 6 + 'c,2024-01-01,3,"never\n' + plain * 40)


def test_a_quote_that_means_inches_opens_nothing(tmp_path: Path) -> None:
    file = "customer,date,total,note\n" + 'c,2024-01-01,3,5" wide\n' * 41
    assert collected(tmp_path, file).events.num_rows == 41


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for path, said in [(tmp_path, "a folder, not a file"), (tmp_path / "none.csv", "no such file")]:
        with pytest.raises(SourceError, match=said):
            read_source(path, Config(), CollectOptions(), NOW)


def test_an_unknown_or_wrong_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown encoding 'klingon'"):
        collected(tmp_path, PLAIN + "a,2024-01-01,3\n", encoding="klingon")
    with pytest.raises(SourceError, match="byte 22 is no ascii text"):
        collected(tmp_path, PLAIN + "é,2024-01-01,3\n", encoding="ascii")


def test_a_map_to_a_column_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column 'who' for customer_id, found customer_id, ts, amount"):
        collected(tmp_path, PLAIN + "a,2024-01-01,3\n", map={"customer_id": "who"})
    with pytest.raises(ConfigError, match="did you mean 'amount'"):
        collected(tmp_path, PLAIN + "a,2024-01-01,3\n", map={"amout": "amount"})


TWO_CURRENCIES = "customer,date,total,currency\na,2024-01-01,3,EUR\nb,2024-01-02,4,usd\n"


def test_two_currencies_are_refused_unless_the_shop_names_its_own(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"amounts in 2 currencies: EUR \(1 rows\), USD \(1 rows\)"):
        collected(tmp_path, TWO_CURRENCIES)
    found = collected(tmp_path, TWO_CURRENCIES, config=Config(shop=ShopSection(currency="USD")))
    assert told(found, "customer_id", "currency") == [("b", "USD")]
    assert found.rejected["reason"].to_pylist() == ["other_currency"]


def test_two_currency_signs_are_two_currencies(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="amounts in 2 currencies"):
        collected(tmp_path, PLAIN + "a,2024-01-01,£3\nb,2024-01-02,€4\n")
