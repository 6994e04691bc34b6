"""One shop has one currency."""

from pathlib import Path

import pytest

from collecting import PLAIN, read_file, values_of
from shijin.config import Config, ShopSection
from shijin.errors import SourceError

TWO_CURRENCIES = "customer,date,total,currency\na,2024-01-01,3,EUR\nb,2024-01-02,4,usd\n"


def test_two_currencies_are_refused_unless_the_shop_names_its_own(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"several currencies \(rows of each: EUR 1, USD 1\)"):
        read_file(tmp_path, TWO_CURRENCIES)
    collected = read_file(tmp_path, TWO_CURRENCIES, config=Config(shop=ShopSection(currency="USD")))
    assert values_of(collected, "customer_id", "currency") == [("b", "USD")]
    assert collected.rejected["reason"].to_pylist() == ["other_currency"]


def test_two_currency_signs_are_two_currencies(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the amounts are in several currencies"):
        read_file(tmp_path, PLAIN + "a,2024-01-01,£3\nb,2024-01-02,€4\n")
