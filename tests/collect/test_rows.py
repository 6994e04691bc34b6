"""One row is one line: its amount, cost, type, and the reason why it is set aside."""

from pathlib import Path

import pyarrow as pa
import pytest

from collecting import NOW, PLAIN, read_file, values_of
from shijin.collect import CollectOptions, Context, from_table
from shijin.config import Config, ItemsSection


def test_price_times_quantity_replaces_a_missing_amount(tmp_path: Path) -> None:
    file = "customer,date,unit price,qty\na,2024-01-02,2.5,4\na,2024-01-03,3,-1\n"
    assert values_of(read_file(tmp_path, file), "amount", "quantity", "type") == [
        (10.0, 4.0, "order"),
        (-3.0, -1.0, "return"),
    ]


@pytest.mark.parametrize("name", ["Unit Cost", "cost_price", "单位成本", "成本价", "进价"])
def test_the_cost_of_a_line_is_unit_cost_times_quantity(name: str, tmp_path: Path) -> None:
    file = f"customer,date,sku,price,qty,{name}\na,2024-01-02,s,10,7,9\nb,2024-01-03,s,10,-2,9\nb,2024-01-04,s,10,1,\n"
    assert values_of(read_file(tmp_path, file), "amount", "cost") == [(70.0, 63.0), (-20.0, -18.0), (10.0, None)]


def test_without_a_quantity_a_line_costs_one_piece_and_a_cost_of_the_line_wins(tmp_path: Path) -> None:
    assert values_of(read_file(tmp_path, "customer,date,price,unit cost\na,2024-01-02,10,9\n"), "cost") == [(9.0,)]
    file = "customer,date,amount,qty,cost,unit cost\na,2024-01-02,30,3,20,9\na,2024-01-03,30,3,,9\n"
    assert values_of(read_file(tmp_path, file), "cost") == [(20.0,), (27.0,)]


def test_known_types_get_their_one_name_and_returns_are_negative(tmp_path: Path) -> None:
    file = "customer_id,ts,type,amount\na,2024-01-01,Purchase,5\na,2024-01-02,Refund,5\na,2024-01-03,page view,\n"
    assert values_of(read_file(tmp_path, file), "type", "amount") == [("order", 5.0), ("return", -5.0), ("view", None)]


def test_a_type_column_with_another_meaning_is_not_used(tmp_path: Path) -> None:
    file = "customer_id,ts,type,amount\na,2024-01-01,wholesale,5\nb,2024-01-02,retail,5\n"
    assert values_of(read_file(tmp_path, file), "type") == [("order",), ("order",)]


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
    collected = read_file(tmp_path, ONLINE_RETAIL)
    assert values_of(collected, "customer_id", "type", "item_id", "amount") == [
        ("13085", "order", "85048", 12 * 6.95),
        ("13085", "order", "85048", 12 * 6.95),
        ("13085", "return", "85048", -2 * 6.95),
        ("13085", "charge", None, 18.0),
        ("13086", "order", "21733", 0.0),
    ]
    assert collected.rejected["reason"].to_pylist() == ["test_code", "test_code", "no_customer"]
    assert collected.rejected["source_row"].to_pylist() == [5, 6, 7]
    assert '"StockCode":"M"' in collected.rejected["row"][0].as_py()
    assert collected.money_in == pytest.approx(2 * 83.4 - 13.9 + 18 + 5 + 22.5 + 64 * 2.55)


def test_a_shop_whose_products_are_letters_sells_b_and_d(tmp_path: Path) -> None:
    file = "customer,date,sku,total\n" + "".join(f"x,2024-01-02,{sku},1\n" for sku in "ABCDM")
    assert values_of(read_file(tmp_path, file), "item_id") == [("A",), ("B",), ("C",), ("D",), ("M",)]


@pytest.mark.parametrize("others", ["A", "85048"])
def test_a_letter_is_a_correction_by_its_own_row_whatever_else_the_file_sells(others: str, tmp_path: Path) -> None:
    file = "customer,date,sku,description,total\n" + f"x,2024-01-02,{others},Cup,1\n" * 9
    file += "x,2024-01-02,M,Manual,5\nx,2024-01-02,D,Discount,-5\nx,2024-01-02,S,SAMPLES,0\n"
    file += "x,2024-01-02,B,Adjust bad debt,9\nx,2024-01-02,M,,-2\nx,2024-01-02,D,,0\n"
    file += "x,2024-01-02,B,Blue mug,9\nx,2024-01-03,B,Blue mug,-9\nx,2024-01-02,S,,4\n"
    collected = read_file(tmp_path, file)
    assert collected.rejected["source_row"].to_pylist() == [10, 11, 12, 13, 14, 15]
    assert set(collected.rejected["reason"].to_pylist()) == {"test_code"}
    assert values_of(collected, "item_id", "type")[-3:] == [("B", "order"), ("B", "return"), ("S", "order")]


def test_letters_named_as_tests_in_the_config_are_tests(tmp_path: Path) -> None:
    file = "customer,date,sku,total\nx,2024-01-02,M,1\nx,2024-01-02,N,1\n"
    collected = read_file(tmp_path, file, config=Config(items=ItemsSection(tests=("M",))))
    assert values_of(collected, "item_id") == [("N",)]


def test_a_c_before_a_number_cancels_only_what_is_negative(tmp_path: Path) -> None:
    file = "customer,date,order id,qty,total\n" + "x,2024-01-02,1001,1,1\n" * 9
    file += "x,2024-01-02,C1002,1,1\nx,2024-01-02,C1003,-1,1\nx,2024-01-02,C1004,1,-1\n"
    assert values_of(read_file(tmp_path, file), "order_id", "type")[-3:] == [
        ("C1002", "order"),
        ("C1003", "return"),
        ("C1004", "return"),
    ]


def test_postage_of_a_file_that_only_names_its_items_is_no_product(tmp_path: Path) -> None:
    file = "customer,date,product name,total\n" + "x,2024-01-02,Postage,4\nx,2024-01-02,运费,4\n" * 9
    collected = read_file(tmp_path, file + "x,2024-01-02,Postage stamp album,9\n")
    assert collected.items["item_id"].to_pylist() == ["Postage stamp album"]
    assert values_of(collected, "type", "item_id")[0] == ("charge", None)


def test_charges_and_tests_can_be_named_in_the_config(tmp_path: Path) -> None:
    config = Config(items=ItemsSection(charges=("gift wrap",), tests=("dummy",)))
    file = "customer,date,sku,total\nx,2024-01-02,gift wrap,1\nx,2024-01-02,dummy,1\nx,2024-01-02,POST,1\n"
    collected = read_file(tmp_path, file, config=config)
    assert values_of(collected, "type", "item_id") == [("charge", None), ("order", "POST")]
    assert collected.rejected["reason"].to_pylist() == ["test_code"]


def test_a_charge_by_the_type_column_is_no_item(tmp_path: Path) -> None:
    file = (
        "customer,date,type,sku,category,total\nx,2024-01-02,order,cup,china,9\nx,2024-01-02,charge,wrapping,extras,1\n"
    )
    collected = read_file(tmp_path, file)
    assert values_of(collected, "type", "item_id", "amount") == [("order", "cup", 9.0), ("charge", None, 1.0)]
    assert collected.items["item_id"].to_pylist() == ["cup"]


def test_a_shop_that_numbers_all_orders_with_c_has_no_returns(tmp_path: Path) -> None:
    file = "customer,date,order id,total\nx,2024-01-02,C1001,1\ny,2024-01-02,C1002,1\n"
    assert values_of(read_file(tmp_path, file), "type") == [("order",), ("order",)]


def test_unpaid_orders_are_set_aside(tmp_path: Path) -> None:
    file = "customer,date,order status,total\nx,2024-01-02,pending,1\ny,2024-01-02,completed,2\n"
    collected = read_file(tmp_path, file)
    assert values_of(collected, "customer_id") == [("y",)]
    assert collected.rejected["reason"].to_pylist() == ["unpaid"]


@pytest.mark.parametrize("text", ["1e300", "-1e308", "1.1e15", "1e999", "inf", "-inf", "nan"])
def test_an_impossible_amount_is_set_aside_and_counts_in_no_sum(text: str, tmp_path: Path) -> None:
    good = "".join(f"c,2024-01-{n % 28 + 1:02d},1\n" for n in range(40))
    collected = read_file(tmp_path, PLAIN + good + f"x,2024-02-01,{text}\n")
    assert collected.rejected.select(["source_row", "reason", "amount"]).to_pylist() == [
        {"source_row": 41, "reason": "bad_amount", "amount": None}
    ]
    assert collected.money_in == 40


def test_a_number_that_is_too_large_is_called_too_large(tmp_path: Path) -> None:
    good = "".join(f"c,2024-01-{n % 28 + 1:02d},1\n" for n in range(40))
    collected = read_file(tmp_path, PLAIN + good + "x,2024-02-01,1e300\n")
    assert collected.rejected["detail"].to_pylist() == ['amount "1e300" is beyond 1e+15']


@pytest.mark.parametrize("quantity", ["1e300", "-1e16", "inf"])
def test_an_impossible_quantity_is_set_aside(quantity: str, tmp_path: Path) -> None:
    good = "".join(f"c,2024-01-{n % 28 + 1:02d},1,1,1\n" for n in range(40))
    file = "customer_id,ts,quantity,price,amount\n" + good + f"x,2024-02-01,{quantity},1,5\n"
    assert read_file(tmp_path, file).rejected["reason"].to_pylist() == ["bad_quantity"]


def test_an_impossible_product_of_price_and_quantity_is_set_aside(tmp_path: Path) -> None:
    good = "".join(f"c,2024-01-{n % 28 + 1:02d},1,1\n" for n in range(40))
    file = "customer_id,ts,quantity,price\n" + good + "x,2024-02-01,1e14,1e14\n"
    assert read_file(tmp_path, file).rejected["reason"].to_pylist() == ["bad_amount"]


def test_infinite_numbers_in_a_typed_column_are_set_aside() -> None:
    amounts = [1.0] * 100 + [float("inf"), float("nan"), 1e300]
    table = pa.table({"customer_id": ["c"] * 103, "ts": ["2024-01-01"] * 103, "amount": amounts})
    collected = from_table(table, Context(Config(), CollectOptions(), NOW))
    assert collected.rejected["reason"].to_pylist() == ["bad_amount"] * 3


@pytest.mark.parametrize("word", ["refunded", "cancelled"])
def test_what_is_given_back_of_an_order_that_does_not_count_is_void_too(word: str, tmp_path: Path) -> None:
    rows = f"c1,2024-01-02,20,1,{word}\nc1,2024-01-05,-20,1,{word}\nc2,2024-01-02,30,2,paid\nc2,2024-01-05,-10,2,paid\n"
    collected = read_file(tmp_path, "customer_id,date,total,order_id,status\n" + rows)
    assert values_of(collected, "type", "amount") == [
        *[("void", 20.0), ("void", -20.0)],
        *[("order", 30.0), ("return", -10.0)],
    ]


def test_a_return_of_an_earlier_file_stays_a_return(tmp_path: Path) -> None:
    rows = "c1,2024-01-05,-20,1,refunded\nc2,2024-01-02,30,2,paid\n"
    collected = read_file(tmp_path, "customer_id,date,total,order_id,status\n" + rows)
    assert values_of(collected, "type", "amount") == [("return", -20.0), ("order", 30.0)]


def test_a_cancelled_order_needs_no_amount(tmp_path: Path) -> None:
    rows = "c1,2024-01-02,,1,cancelled\n" * 3 + "c2,2024-01-02,30,2,paid\n"
    collected = read_file(tmp_path, "customer_id,date,total,order_id,status\n" + rows)
    assert values_of(collected, "type", "amount") == [*[("void", 0.0)] * 3, ("order", 30.0)]


def test_a_cancelled_order_whose_amount_is_no_number_is_set_aside(tmp_path: Path) -> None:
    rows = "c1,2024-01-02,n.n.,1,cancelled\n" + "c2,2024-01-02,30,2,paid\n" * 200
    collected = read_file(tmp_path, "customer_id,date,total,order_id,status\n" + rows)
    assert collected.rejected["reason"].to_pylist() == ["bad_amount"]


def test_what_a_log_gives_back_is_no_line_of_its_order(tmp_path: Path) -> None:
    header = "user_id,event,event_time,order_id,sku,price,quantity,order_total\n"
    lines = "u1,purchase,2024-01-02,1,a,10,1,22\nu1,purchase,2024-01-02,1,b,12,1,22\nu1,refund,2024-01-05,1,,,,5\n"
    more = "u2,purchase,2024-01-03,2,a,10,1,18\nu2,purchase,2024-01-03,2,c,8,1,18\n"
    collected = read_file(tmp_path, header + lines + more)
    assert values_of(collected, "type", "amount") == [
        *[("order", 10.0), ("order", 12.0), ("return", -5.0)],
        *[("order", 10.0), ("order", 8.0)],
    ]


@pytest.mark.parametrize("blank", ["", "-", "0000-00-00 00:00:00", "--", "null", "never"])
def test_only_a_date_of_cancellation_cancels(blank: str, tmp_path: Path) -> None:
    rows = f"c1,2024-01-02,20,1,2024-01-03 10:00:00\nc2,2024-01-02,30,2,{blank}\n" * 2
    collected = read_file(tmp_path, "customer_id,date,total,order_id,cancelled_at\n" + rows)
    assert values_of(collected, "type", "amount") == [("void", 20.0), ("order", 30.0)] * 2


@pytest.mark.parametrize("name", ["Payment", "Progress", "Situation", "付款情况", "结果"])
def test_a_column_of_statuses_only_is_one_whatever_its_name(name: str, tmp_path: Path) -> None:
    words = ["paid", "refunded", "unpaid", "paid", "cancelled"]
    rows = "".join(f"c{n},2024-01-0{n + 1},{n + 10},{n},{word}\n" for n, word in enumerate(words))
    collected = read_file(tmp_path, f"customer_id,date,total,order_id,{name}\n{rows}")
    assert [kind for (kind,) in values_of(collected, "type")] == ["order", "void", "order", "void"]
    assert "statuses_read" in collected.findings["code"].to_pylist()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Marketing consent", ["accepted", "declined"]),
        ("Payment method", ["cash on delivery", "bank transfer"]),
        ("Payment", ["card", "cancelled"]),
        ("Review", ["approved", "rejected"]),
        ("Gift wrap", ["yes", "no"]),
        ("Remark", ["cancelled", "please call"]),
    ],
)
def test_a_column_of_other_things_is_no_status(name: str, words: list[str], tmp_path: Path) -> None:
    rows = "".join(f"c{n},2024-01-0{n + 1},{n + 10},{n},{words[n % 2]}\n" for n in range(6))
    collected = read_file(tmp_path, f"customer_id,date,total,order_id,{name}\n{rows}")
    assert [kind for (kind,) in values_of(collected, "type")] == ["order"] * 6
