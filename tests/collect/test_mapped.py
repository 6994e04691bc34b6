"""Dates and numbers are read as the options, the settings or the values decide; columns without a role are listed."""

from pathlib import Path

import pyarrow as pa

from collecting import NOW, PLAIN, read_file, utc, values_of
from shijin.collect import CollectOptions, Context, from_table
from shijin.config import Config, ShopSection


def test_dates_that_can_be_read_both_ways_are_a_finding(tmp_path: Path) -> None:
    file = PLAIN + "a,05/03/2024,1\n"
    assert read_file(tmp_path, file).findings["code"].to_pylist() == ["date_order_guessed"]
    by_option = read_file(tmp_path, file, date_order="dmy")
    assert by_option.findings.num_rows == 0
    assert values_of(by_option, "ts") == [(utc(2024, 3, 5),)]


def test_times_without_a_zone_are_in_the_shops_time_zone(tmp_path: Path) -> None:
    file = PLAIN + "a,2024-07-01 00:30:00,1\na,2024-07-01 00:30:00+00:00,1\n"
    config = Config(shop=ShopSection(timezone="Europe/Berlin"))
    assert values_of(read_file(tmp_path, file, config=config), "ts") == [
        (utc(2024, 6, 30, 22, 30),),
        (utc(2024, 7, 1, 0, 30),),
    ]


def test_columns_without_a_role_are_listed_for_every_kind_of_file(tmp_path: Path) -> None:
    file = "customer,Warehouse Bay,date,total,note\na,3,2024-01-02,5,x\n"
    reading = read_file(tmp_path, file).reading
    assert reading.columns == {"customer_id": ("customer",), "ts": ("date",), "amount": ("total",)}
    assert reading.unread == ("Warehouse Bay", "note")
    assert (reading.format, reading.encoding, reading.decimal, reading.date_order) == ("table", "utf-8", ".", "ymd")


def test_nested_columns_and_those_that_are_not_text_are_unread() -> None:
    columns = {"customer": ["a"], "date": ["2024-01-02"], "total": [5], "lines": [[1, 2]], "photo": [b"\xff\xfe"]}
    collected = from_table(pa.table(columns), Context(Config(), CollectOptions(), NOW))
    assert collected.reading.unread == ("lines", "photo")
    assert collected.reading.encoding is None


def test_the_guess_of_a_receipt_has_one_column_a_role(tmp_path: Path) -> None:
    assert read_file(tmp_path, PLAIN + "a,2024-01-02,5\n").guess == {
        "format": "table",
        "file": "CSV",
        "delimiter": ",",
        "encoding": "utf-8",
        "columns": {"customer_id": "customer_id", "ts": "ts", "amount": "amount"},
        "decimal": ".",
        "date_order": "ymd",
    }
