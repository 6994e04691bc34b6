"""One shop has one currency."""

from pathlib import Path

import pytest

from collecting import PLAIN, read_file, values_of
from shijin.config import CollectSection, Config, ShopSection
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


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("18.00 EUR", "18.00 USD"),
        ("EUR 18.00", "USD 18.00"),
        ("EUR18", "18USD"),
        ("18 €", "18 zł"),
        ("US$ 18", "CA$ 18"),
        ("HK$18", "18元"),
        ("JP¥ 1800", "CN¥ 18"),
        ("18 kr", "18 €"),
        ("Fr. 18", "£18"),
        ("12美元", "12元"),
        ("$18 USD", "$18 CAD"),
        ("$18", "US$18"),  # the sign alone may be of another dollar
    ],
)
def test_codes_and_signs_in_cells_are_currencies(tmp_path: Path, first: str, second: str) -> None:
    with pytest.raises(SourceError, match="the amounts are in several currencies"):
        read_file(tmp_path, PLAIN + f"a,2024-01-01,{first}\nb,2024-01-02,{second}\n")


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("18.00 EUR", "€ 18.00", "EUR"),
        ("eur 18", "18 Euro", "EUR"),
        ("RMB 18", "18元", "CNY"),
        ("人民币18", "¥18.00 元", "CNY"),
        ("$18 USD", "US$ 18", "USD"),
        ("₹18", "INR 18", "INR"),
        ("18 zł", "PLN 18", "PLN"),
        ("18 $", "$ 18", None),
        ("18 kr", "18 kr.", None),
        ("¥18", "￥18", None),
        ("18", "18", None),
    ],
)
def test_one_currency_in_several_styles_is_one(tmp_path: Path, first: str, second: str, code: str | None) -> None:
    collected = read_file(tmp_path, PLAIN + f"a,2024-01-01,{first}\nb,2024-01-02,{second}\n")
    assert values_of(collected, "amount", "currency") == [(18.0, code)] * 2


@pytest.mark.parametrize(("sign", "own"), [("$", "CAD"), ("kr", "SEK"), ("¥", "JPY"), ("Rs.", "PKR"), ("Fr.", "CHF")])
def test_a_shared_sign_is_the_shops_currency_where_it_can_be(tmp_path: Path, sign: str, own: str) -> None:
    file = PLAIN + f"a,2024-01-01,{sign} 18\nb,2024-01-02,18\n"
    collected = read_file(tmp_path, file, config=Config(shop=ShopSection(currency=own)))
    assert values_of(collected, "amount", "currency") == [(18.0, own)] * 2
    settings = Config(shop=ShopSection(currency="EUR"), collect=CollectSection(max_bad_share=1.0))
    assert read_file(tmp_path, file, config=settings).rejected["reason"].to_pylist() == ["other_currency"]


def test_a_column_of_codes_wins_over_signs_and_may_have_words(tmp_path: Path) -> None:
    file = "customer,date,total,currency\na,2024-01-01,$3,CAD\nb,2024-01-02,$4,CAD\n"
    assert values_of(read_file(tmp_path, file), "currency") == [("CAD",)] * 2
    file = "customer,date,total,currency\na,2024-01-01,3,人民币\nb,2024-01-02,4,CNY\nc,2024-01-02,4,¥4\n"
    assert values_of(read_file(tmp_path, file.replace("¥4", "rmb")), "currency") == [("CNY",)] * 3
