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
        ("[export]\nwhatever = 1", r"\[export\] whatever: unknown key. Cure: known: holdout, salt"),
        ("name = 'x'", "name: unknown key. Cure: known: schema_version, shop"),
        ("[shop]\ntimezone = 'Europe/Berln'", "unknown time zone, did you mean 'Europe/Berlin'"),
        ("[shop]\ntimezone = 'Nowhere'", "unknown time zone"),
        ("[shop]\ncurrency = 'euro'", r"\[shop\] currency: 'euro'"),
        ("[shop]\nlocale = 'fr'", r"\[shop\] locale: 'fr'"),
        ("[shop]\nobserved_until = 'soon'", r"\[shop\] observed_until: 'soon'"),
        ("[outcome]\nhorizon = 'soon'", "'soon' is not a length of time"),
        ("[outcome]\nkind = 'event'", r"\[outcome\] kind: 'event'"),
        ("[tiers]\ncuts = [0.5, 0.2]", "cuts by quantile must be rising within 0..1"),
        ("[tiers]\ncuts = [0.2, 1.2]", "cuts by quantile must be rising within 0..1"),
        ("[tiers]\nby = 'money'\ncuts = [100, 500]", "cuts by money must be falling money"),
        ("[tiers]\nby = 'share'\ncuts = [0.2, 0.2]", "cuts by share must be rising"),
        ("[tiers]\ncuts = [0.5]", "1 cuts need 2 different names"),
        ("[tiers]\nnames = ['a', 'b', 'a']", "2 cuts need 3 different names"),
        ("[export]\nholdout = 1.0", r"\[export\] holdout: 1.0"),
        ("[engine]\nmemory = 'much'", r"\[engine\] memory: 'much'"),
        ("[engine]\nthreads = 0", r"\[engine\] threads: 0"),
        ("schema_version = 2", "schema_version: 2"),
        ("[shop", "not valid TOML"),
        ("[shop]\nname = 'a'\nname = 'b'", "not valid TOML"),
    ],
)
def test_a_mistake_is_refused_in_one_line_that_names_it(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as refusal:
        parse_config(text, "my/shijin.toml")
    line = str(refusal.value)
    assert line.startswith("my/shijin.toml")
    assert "Cure: " in line
    assert "\n" not in line


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
