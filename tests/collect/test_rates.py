"""Amounts in other currencies are converted with the shop's rates, or set aside by name."""

from pathlib import Path

import pytest

from collecting import NOW, read_file, values_of
from shijin.collect import CollectOptions, Context, read_sources
from shijin.config import CollectSection, Config, ShopSection, load_config
from shijin.errors import ConfigError, ShijinError, SourceError

ORDERS = """customer,date,total,currency,cost
a,2024-01-01,100,EUR,50
b,2024-01-02,100,USD,40
c,2024-02-02,100,USD,40
d,2024-02-03,10,GBP,5
"""


def shop(**settings: object) -> Config:
    """A shop in euros that sets any number of rows aside."""
    return Config(shop=ShopSection(currency="EUR", **settings), collect=CollectSection(max_bad_share=1.0))  # type: ignore[arg-type]


def with_rates_file(folder: Path, rates: str, orders: str = ORDERS) -> list[tuple[object, ...]]:
    (folder / "rates.csv").write_text(rates)
    (folder / "orders.csv").write_text(orders)
    context = Context(shop(rates_file="rates.csv"), CollectOptions(), NOW, root=folder)
    return values_of(read_sources([folder / "orders.csv"], context)[0], "customer_id", "amount")


def test_rates_of_the_settings_convert_every_amount_of_a_row(tmp_path: Path) -> None:
    collected = read_file(tmp_path, ORDERS, config=shop(rates={"USD": 0.9, "GBP": 1.2}))
    assert values_of(collected, "customer_id", "amount", "cost", "currency") == [
        ("a", 100.0, 50.0, "EUR"),
        ("b", 90.0, 36.0, "EUR"),
        ("c", 90.0, 36.0, "EUR"),
        ("d", 12.0, 6.0, "EUR"),
    ]
    note = next(row for row in collected.findings.to_pylist() if row["code"] == "converted")
    assert note["rows"] == 3
    assert "10.00 GBP, 200.00 USD" in str(note)
    assert "192.00 EUR" in str(note)


def test_a_currency_without_a_rate_is_named_and_set_aside(tmp_path: Path) -> None:
    collected = read_file(tmp_path, ORDERS, config=shop(rates={"USD": 0.9}))
    assert values_of(collected, "customer_id") == [("a",), ("b",), ("c",)]
    assert collected.rejected["reason"].to_pylist() == ["other_currency"]
    note = next(row for row in collected.findings.to_pylist() if row["code"] == "no_rate")
    assert "10.00 GBP" in str(note)


def test_codes_and_signs_in_cells_are_converted(tmp_path: Path) -> None:
    file = "customer,date,total\na,2024-01-01,€ 100\nb,2024-01-02,100 USD\nc,2024-01-03,US$ 50\nd,2024-01-04,7\n"
    collected = read_file(tmp_path, file, config=shop(rates={"USD": 0.9}))
    assert values_of(collected, "amount") == [(100.0,), (90.0,), (45.0,), (7.0,)]


def test_a_shared_sign_is_the_shops_own_where_its_currency_has_it(tmp_path: Path) -> None:
    file = "customer,date,total\na,2024-01-01,$100\nb,2024-01-02,100 EUR\n"
    config = Config(shop=ShopSection(currency="CAD", rates={"EUR": 1.5}))
    assert values_of(read_file(tmp_path, file, config=config), "amount") == [(100.0,), (150.0,)]
    collected = read_file(tmp_path, file, config=shop(rates={"USD": 0.9}))
    assert values_of(collected, "amount") == [(100.0,)]  # $ is not certainly USD


@pytest.mark.parametrize(
    "rates",
    [
        "date,currency,rate\n2024-01-01,USD,0.9\n2024-02-01,USD,0.8\n2024-01-01,GBP,1.2\n",
        "Datum;code;rate;date\n;GBP;1,2;01.01.2024\n;usd;0,9;01.01.2024\n;USD;0,8;01.02.2024\n",
        "日期,币种,汇率\n2024年2月1日,美元,0.8\n2024年1月1日,英镑,1.2\n2024年1月1日,美元,0.900\n",
    ],
)
def test_the_newest_rate_at_or_before_the_day_counts(tmp_path: Path, rates: str) -> None:
    assert with_rates_file(tmp_path, rates) == [("a", 100.0), ("b", 90.0), ("c", 80.0), ("d", 12.0)]


def test_a_day_before_the_first_rate_has_none(tmp_path: Path) -> None:
    rates = "date,currency,rate\n2024-02-01,USD,0.8\n2023-01-01,GBP,1.2\n"
    assert with_rates_file(tmp_path, rates) == [("a", 100.0), ("c", 80.0), ("d", 12.0)]


def test_a_decimal_comma_of_rates_is_no_sign_of_thousands(tmp_path: Path) -> None:
    rates = "date;currency;rate\n2024-01-01;USD;0,925\n2024-01-01;GBP;1,165\n"
    assert with_rates_file(tmp_path, rates) == [("a", 100.0), ("b", 92.5), ("c", 92.5), ("d", 11.65)]


@pytest.mark.parametrize(
    ("rates", "match"),
    [
        ("date,currency\n2024-01-01,USD\n", "lacks the columns rate"),
        ("date,currency,rate\n2024-01-01,USD,0\n", "row 1 is not a rate"),
        ("date,currency,rate\n2024-01-01,USD,0.9\n2024-01-01,US,0.9\n", "row 2 is not a rate"),
        ("date,currency,rate\n2024-01-01,USD,0.9\n2024-01-41,USD,0.9\n", "row 2 is not a rate"),
        ("date,currency,rate\n2024-01-01,USD,0.9\n2024-01-01,USD,0.8\n", "two rates on one day"),
    ],
)
def test_a_file_of_rates_that_cannot_be_used_is_refused(tmp_path: Path, rates: str, match: str) -> None:
    with pytest.raises(SourceError, match=match):
        with_rates_file(tmp_path, rates)
    with pytest.raises(ShijinError, match=r"elsewhere\.csv"):
        read_file(tmp_path, ORDERS, config=shop(rates_file="elsewhere.csv"))


@pytest.mark.parametrize("rates", ["USD = 0.0", "USD = -1.0", "usd = 0.9", "USD = inf", 'USD = "much"'])
def test_the_settings_refuse_an_impossible_rate(tmp_path: Path, rates: str) -> None:
    (tmp_path / "shijin.toml").write_text(f'[shop]\ncurrency = "EUR"\nrates = {{ {rates} }}\n')
    with pytest.raises(ConfigError, match="rate"):
        load_config(tmp_path / "shijin.toml")


@pytest.mark.parametrize("rates", [{"XYQ": 1.0}, {"EUR": 0.9}])
def test_a_currency_that_does_not_exist_or_is_the_shops_own_has_no_rate(
    tmp_path: Path, rates: dict[str, float]
) -> None:
    with pytest.raises(ConfigError, match="not a rate of exchange"):
        read_file(tmp_path, ORDERS, config=shop(rates=rates))


def test_rates_need_the_currency_of_the_shop(tmp_path: Path) -> None:
    (tmp_path / "shijin.toml").write_text("[shop]\nrates = { USD = 0.9 }\n")
    with pytest.raises(ConfigError, match=r"rates need the currency"):
        load_config(tmp_path / "shijin.toml")
