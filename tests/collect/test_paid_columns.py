"""Of several columns of money the one that customers pay: with tax, after a discount, in whole units."""

from pathlib import Path

import pytest

from collecting import read_file, values_of

HEADS = "order no,customer,date,product,quantity,"
SOLD = [("1", "a", "2024-01-05", "tea", 1), ("2", "b", "2024-01-06", "tea", 3), ("3", "a", "2024-01-07", "mug", 2)]
LIST, PAID = {"tea": 10.0, "mug": 25.0}, {"tea": 8.0, "mug": 20.0}
SPENT = [8.0, 24.0, 40.0]


def amounts(folder: Path, header: str, *columns: list[float | str]) -> list[object]:
    rows = [",".join(map(str, (*sold, *values))) for sold, *values in zip(SOLD, *columns, strict=True)]
    collected = read_file(folder, "\n".join([header, *rows]) + "\n")
    assert "spoils" not in collected.findings["severity"].to_pylist()
    return [money for (money,) in values_of(collected, "amount")]


@pytest.mark.parametrize(
    "names",
    [
        *["list price,sale price", "Original Price,Final Price", "price,discounted price", "unit price,price paid"],
        *["Regular price,Selling price", "Retail Price,Net price", "MSRP,Actual price", "price,promo_price"],
        *["原价,成交价", "单价,折后价", "商品价格,实际单价", "吊牌价,现价", "Listenpreis,Verkaufspreis"],
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_the_price_that_was_paid_counts(names: str, swapped: bool, tmp_path: Path) -> None:
    columns = [[LIST[sold[3]] for sold in SOLD], [PAID[sold[3]] for sold in SOLD]]
    header = ",".join(names.split(",")[:: -1 if swapped else 1])
    assert amounts(tmp_path, HEADS + header, *columns[:: -1 if swapped else 1]) == SPENT


def test_a_price_without_an_offer_is_the_list_price(tmp_path: Path) -> None:
    columns: list[list[float | str]] = [[10, 10, 25], [8, "", 20]]
    assert amounts(tmp_path, HEADS + "regular_price,sale_price", *columns) == [8.0, 30.0, 40.0]


def test_a_discount_beside_both_prices_is_taken_off_once(tmp_path: Path) -> None:
    header = HEADS + "list price,discount,final price"
    assert amounts(tmp_path, header, [10, 10, 25], [2, 2, 5], [8, 8, 20]) == SPENT
    assert amounts(tmp_path, HEADS + "list price,discount %,sale price", [10, 10, 25], [20] * 3, [8, 8, 20]) == SPENT


def test_a_list_price_alone_is_read(tmp_path: Path) -> None:
    assert amounts(tmp_path, HEADS + "list price", [10, 10, 25]) == [10.0, 30.0, 50.0]


def test_a_final_price_of_the_line_is_not_multiplied(tmp_path: Path) -> None:
    assert amounts(tmp_path, HEADS + "unit price,final price", [10, 10, 25], [8, 24, 40]) == SPENT


@pytest.mark.parametrize("names", ["discount %", "Discount (%)", "discount_percent", "折扣率", "折扣(%)"])
def test_a_discount_in_per_cent_is_a_rate(names: str, tmp_path: Path) -> None:
    assert amounts(tmp_path, HEADS + f"unit price,{names}", [10, 10, 25], [20, 20, 20]) == SPENT


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        ("net,vat,gross", [[7, 20, 35], [1, 4, 5], SPENT]),
        ("Gross total,Tax,Net total", [SPENT, [1, 4, 5], [7, 20, 35]]),
        ("amount,sales tax,tip,total collected", [[6, 19, 34], [1, 4, 5], [1, 1, 1], SPENT]),
        ("Nettobetrag,MwSt,Bruttobetrag", [[7, 20, 35], [1, 4, 5], SPENT]),
        ("不含税金额,税额,价税合计", [[7, 20, 35], [1, 4, 5], SPENT]),
        ("Net amount,GST,Total charged", [[7, 20, 35], [1, 4, 5], SPENT]),
    ],
)
def test_an_amount_with_tax_is_what_is_paid(names: str, columns: list[list[float | str]], tmp_path: Path) -> None:
    assert amounts(tmp_path, HEADS + names, *columns) == SPENT


def test_net_sales_after_discounts_stay(tmp_path: Path) -> None:
    header = HEADS + "gross sales,discounts,net sales,taxes"
    assert amounts(tmp_path, header, [10, 30, 50], [2, 6, 10], SPENT, [1, 4, 5]) == SPENT


@pytest.mark.parametrize(
    "name", ["amount_cents", "Total (cents)", "total in cents", "金额(分)", "amount in minor units"]
)
def test_cents_are_hundredths(name: str, tmp_path: Path) -> None:
    assert amounts(tmp_path, HEADS + name, [800, 2400, 4000]) == SPENT
    assert amounts(tmp_path, HEADS + name, [8.5, 24, 40]) == [8.5, 24.0, 40.0]


def test_ten_thousands_are_multiplied(tmp_path: Path) -> None:
    assert amounts(tmp_path, HEADS + "金额(万元)", [0.0008, 0.0024, 0.004]) == SPENT


@pytest.mark.parametrize("name", ["discount", "Rabatt", "折扣", "优惠"])
@pytest.mark.parametrize(
    "cells", [["20%", "20%", "20%"], ["20 %", "6.00", "20%"], ["8折", "8折", "8折"], ["20%", "6", "10.00"]]
)
def test_a_discount_with_its_sign_is_a_share(name: str, cells: list[float | str], tmp_path: Path) -> None:
    assert amounts(tmp_path, HEADS + f"unit price,{name}", [10, 10, 25], cells) == SPENT


def test_an_amount_before_a_discount_is_known_by_the_total_of_an_order_of_one_line(tmp_path: Path) -> None:
    assert amounts(tmp_path, HEADS + "amount,discount,total paid", [10, 30, 50], [2, 6, 10], SPENT) == SPENT
    assert amounts(tmp_path, HEADS + "amount,discount,order total", SPENT, [2, 6, 10], SPENT) == SPENT


def test_gross_and_net_by_themselves_are_read_in_german(tmp_path: Path) -> None:
    assert amounts(tmp_path, HEADS + "Netto,MwSt.,Brutto", [7, 20, 35], [1, 4, 5], SPENT) == SPENT
    assert amounts(tmp_path, HEADS + "Netto", SPENT) == SPENT
