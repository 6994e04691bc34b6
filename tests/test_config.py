from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.config import MAX_HORIZON_DAYS, Config, load_config, parse_config, parse_horizon
from shijin.errors import ConfigError


def test_an_empty_file_is_all_defaults() -> None:
    assert parse_config("", "shijin.toml") == Config()
    assert Config().shop.zone == ZoneInfo("UTC")
    assert Config().tiers.names == ("high", "normal", "low")


def test_what_the_file_says_is_read() -> None:
    config = parse_config(
        """
        schema_version = 1
        [shop]
        name = "茶馆"
        currency = "CNY"
        timezone = "Asia/Shanghai"
        locale = "zh"
        observed_until = 2024-05-31
        [outcome]
        horizon = "60d"
        [collect]
        map = { customer_id = "user", ts = "paid_at" }
        decimal = ","
        [tiers]
        by = "money"
        cuts = [500, 100.5]
        names = ["gold", "silver", "rest"]
        [engine]
        memory = "512 MB"
        """,
        "shijin.toml",
    )
    assert config.shop.zone == ZoneInfo("Asia/Shanghai")
    assert config.shop.observed_until == date(2024, 5, 31)
    assert config.collect.map == {"customer_id": "user", "ts": "paid_at"}
    assert (config.tiers.cuts, config.tiers.names) == ((500.0, 100.5), ("gold", "silver", "rest"))
    assert config.engine.memory == "512 MB"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[shop]\ncurency = 'EUR'", r"\[shop\] curency: unknown key. Cure: did you mean 'currency'"),
        ("[shp]\nname = 'x'", "shp: unknown key. Cure: did you mean 'shop'"),
        ("[export]\nwhatever = 1", r"\[export\] whatever: unknown key. Cure: choose one of: holdout, salt"),
        ("name = 'x'", "name: unknown key. Cure: choose one of: schema_version, shop"),
        (
            "[shop]\ntimezone = 'Europe/Berln'",
            "no time zone 'Europe/Berln'. Cure: did you mean 'Europe/Berlin'",
        ),
        ("[shop]\ntimezone = 'Nowhere'", "there is no time zone 'Nowhere'. Cure: name one such as Europe/Berlin"),
        ("[shop]\ncurrency = 'euro'", r"\[shop\] currency: 'euro' is not the code of a currency. Cure: write three"),
        ("[shop]\nlocale = 'fr'", r"\[shop\] locale: 'fr' is not a choice. Cure: choose 'en' or 'zh'"),
        ("[shop]\nobserved_until = 'soon'", r"\[shop\] observed_until: 'soon' is not a date"),
        ("[outcome]\nhorizon = 'soon'", r"\[outcome\] horizon: 'soon' is not a length of time. Cure: write days"),
        ("[outcome]\nkind = 'event'", r"\[outcome\] kind: 'event' is not a choice. Cure: choose 'spend'"),
        ("[tiers]\ncuts = [0.5, 0.2]", r"\[tiers\] cuts: cuts by quantile must be shares that rise between 0 and 1"),
        ("[tiers]\ncuts = [0.2, 1.2]", r"\[tiers\] cuts: cuts by quantile must be shares that rise between 0 and 1"),
        (
            "[tiers]\nby = 'money'\ncuts = [100, 500]",
            r"\[tiers\] cuts: cuts by money must be amounts of money",
        ),
        ("[tiers]\nby = 'share'\ncuts = [0.2, 0.2]", "cuts by share must be shares that rise"),
        (
            "[tiers]\ncuts = [0.5]",
            r"\[tiers\] names: 1 cut needs 2 different names, and the names are high,",
        ),
        ("[tiers]\nnames = ['a', 'b', 'a']", "2 cuts need 3 different names, and the names are a, b, a"),
        ("[export]\nholdout = 1.0", r"\[export\] holdout: 1.0 is too large. Cure: choose less than 1"),
        ("[recommend]\nexplore = 0.6", "0.6 is too large. Cure: choose 0.5 or less"),
        ("[collect]\nmap = 'user'", r"\[collect\] map: 'user' is not a table"),
        ("shop = 3", r"\[shop\]: 3 is not a table"),
        ("[outcome]\nhorizon = 90", r'\[outcome\] horizon: 90 is not a length of time. Cure: write it as "90d"'),
        ("[collect]\ndecimal = 'x'", r"decimal: 'x' is not a choice. Cure: choose '\.' or ','"),
        ("[shop]\nname = 3", r"\[shop\] name: 3 is not a text. Cure: write it in quotes"),
        ("[tiers]\nnames = 'high'", "'high' is not a list"),
        ("[export]\nholdout = 'half'", "'half' is not a number"),
        ("[engine]\nthreads = 1.5", "1.5 is not a whole number"),
        ("[shop]\nobserved_until = 2024-01-01T10:00:00", "is not a date"),
        ("[engine]\nmemory = 'much'", r"\[engine\] memory: 'much' is not an amount of memory"),
        ("[engine]\nthreads = 0", r"\[engine\] threads: 0 is too small. Cure: choose 1 or more"),
        ("schema_version = 2", "schema_version: 2 is not a choice. Cure: choose 1"),
        ("[shop", "not valid TOML"),
        ("[shop]\nname = 'a'\nname = 'b'", "not valid TOML at its end"),
        ("[shop]\nname = 'a'\nname = 'b'\nlocale = 'en'", "not valid TOML at line 3, column 11"),
    ],
)
def test_a_mistake_is_refused_in_one_line_that_names_it(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as refusal:
        parse_config(text, "my/shijin.toml")
    line = str(refusal.value)
    assert line.startswith("my/shijin.toml")
    assert "Cure: " in line
    assert "\n" not in line
    assert refusal.value.code != "config.impossible_value"  # which is for what nobody has thought of


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("schema_version = 2", "schema_version：2 不是可选值。解决办法：请选择 1。"),
        ("[engine]\nthreads = 0", "[engine] threads：0 太小。解决办法：请填写不小于 1 的数。"),
        ("[outcome]\nhorizon = 'soon'", "[outcome] horizon：'soon' 不是时间长度。解决办法：请写天数"),
        ("[tiers]\ncuts = [0.5]", "[tiers] names：1 个分界需要 2 个互不相同的层级名称"),
        ("[tiers", "文件末尾不是有效的 TOML。"),
        ("tiers 3\n", "第 2 行第 7 列不是有效的 TOML。"),
    ],
)
def test_a_chinese_shop_is_refused_in_chinese(text: str, line: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_config(f"{text}\nshop.locale = 'zh'" if text.startswith("schema") else f"shop.locale = 'zh'\n{text}", "")
    assert line in str(refusal.value)


def test_a_mistake_names_its_key() -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_config("[engine]\nthreads = 0", "shijin.toml")
    assert refusal.value.as_json()["error"]["key"] == "engine.threads"


def test_one_tier_needs_a_cut() -> None:
    with pytest.raises(ConfigError, match="cuts by quantile"):
        parse_config("[tiers]\ncuts = []\nnames = ['all']", "shijin.toml")


def test_a_missing_file_is_an_empty_one(tmp_path: Path) -> None:
    assert load_config(tmp_path / "shijin.toml") == Config()


def test_a_file_is_read_as_utf8(tmp_path: Path) -> None:
    path = tmp_path / "shijin.toml"
    path.write_text('[shop]\nname = "Café 茶"', "utf-8")
    assert load_config(path).shop.name == "Café 茶"
    path.write_bytes('[shop]\nname = "Café"'.encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(path)


def test_a_file_saved_with_a_byte_order_mark_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "shijin.toml"
    path.write_text('[shop]\nname = "notepad"', "utf-8-sig")
    assert load_config(path).shop.name == "notepad"


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Config().shop.name = "other"


@pytest.mark.parametrize(
    ("text", "days"),
    [("90d", 90), ("90", 90), (90, 90), (" 8 W ", 56), ("6m", 180), ("1y", 365), ("1d", 1), ("1098d", 1098)],
)
def test_a_horizon_is_read_as_days(text: str | int, days: int) -> None:
    assert parse_horizon(text) == days


@pytest.mark.parametrize("text", ["", "soon", "-30d", "1.5y", "30 days", "d", "90dd", "0d", "0", "1099d", "4y"])
def test_what_is_no_horizon_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^horizon: .* Cure: "):
        parse_horizon(text)


@given(st.integers(1, MAX_HORIZON_DAYS))
def test_every_number_of_days_up_to_three_years_is_a_horizon(days: int) -> None:
    assert parse_horizon(f"{days}d") == parse_horizon(days) == days
