"""Amounts in other currencies are converted with the shop's rates, and refused without."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shijin.collect import Collected, CollectOptions, Context, read_sources
from shijin.config import Config, ShopSection, parse_config
from shijin.errors import ConfigError, SourceError

CELLS = "order_id,customer_id,date,total\n1,a,2024-01-03,18.00 EUR\n2,b,2024-01-07,25.00 USD\n3,a,2024-02-11,$US 20\n"
CELLS = CELLS.replace("$US 20", "US$ 20.00")
CODES = "order_id,customer_id,date,total,currency\n1,a,2024-01-03,18.00,EUR\n2,b,2024-01-07,25.00,usd\n"
CODES += "3,a,2024-02-11,20,USD\n"


def read(folder: Path, text: str, **shop: object) -> Collected:
    (folder / "orders.csv").write_text(text, "utf-8")
    config = Config(shop=ShopSection(**shop))  # type: ignore[arg-type]
    context = Context(config, CollectOptions(), datetime(2025, 1, 1, tzinfo=UTC), root=folder)
    return read_sources([folder / "orders.csv"], context)[0]


@pytest.mark.parametrize("text", [CELLS, CODES])
def test_two_currencies_are_refused_without_rates(text: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="several currencies"):
        read(tmp_path, text)


@pytest.mark.parametrize("text", [CELLS, CODES])
def test_a_table_of_rates_converts_into_the_shops_currency(text: str, tmp_path: Path) -> None:
    collected = read(tmp_path, text, currency="EUR", rates={"USD": 0.5})
    assert collected.events["amount"].to_pylist() == [18.0, 12.5, 10.0]
    assert set(collected.events["currency"].to_pylist()) == {"EUR"}
    assert [one["code"] for one in collected.findings.to_pylist()] == ["converted"]


def test_a_file_of_rates_gives_each_row_the_newest_rate_of_its_day(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("date,currency,rate\n2024-02-01,USD,0.8\n2024-01-01,USD,0.9\n", "utf-8")
    collected = read(tmp_path, CELLS, currency="EUR", rates_file="rates.csv")
    assert collected.events["amount"].to_pylist() == [18.0, 22.5, 16.0]


def test_rows_without_a_rate_are_set_aside(tmp_path: Path) -> None:
    collected = read(tmp_path, CELLS.replace("25.00 USD", "25.00 GBP"), currency="EUR", rates={"USD": 0.5})
    assert collected.rejected["reason"].to_pylist() == ["other_currency"]


def test_a_file_that_is_no_table_of_rates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(SourceError, match="lacks the columns date, currency, rate"):
        read(tmp_path, CELLS, currency="EUR", rates_file="rates.csv")


@pytest.mark.parametrize(("text", "said"), [
    ("rates = { USD = 0.5 }", "need the currency"),
    ('currency = "EUR"\nrates = { usd = 0.5 }', "not a rate"),
    ('currency = "EUR"\nrates = { USD = 0 }', "not a rate"),
])  # fmt: skip
def test_impossible_rates_are_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_config(f"[shop]\n{text}", "shijin.toml")
