"""Numbers as people of each language write them, and a dash where there is none."""

import math

import pytest

from shijin.report.localiser import FORMS, Localiser
from shijin.words import LANGUAGES

ENGLISH, CHINESE, BARE = Localiser("en", "EUR"), Localiser("zh", "CNY"), Localiser("en")


def test_every_language_has_its_forms() -> None:
    assert set(FORMS) == set(LANGUAGES)
    assert len({forms.html_language for forms in FORMS.values()}) == len(FORMS)


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_a_missing_number_is_a_dash(missing: float | None) -> None:
    written = [
        ENGLISH.count(missing),
        ENGLISH.decimal(missing, 3),
        ENGLISH.signed(missing, 3),
        ENGLISH.share(missing),
        ENGLISH.share_cell(missing),
        ENGLISH.money(missing),
        ENGLISH.compact_money(missing),
    ]
    assert written == ["—"] * 7


def test_money_drops_the_cents_where_nobody_reads_them() -> None:
    assert [ENGLISH.money(value) for value in (0, 12.5, 99.99, 1234.5)] == ["€0", "€12.50", "€99.99", "€1,234"]
    assert [BARE.money(value) for value in (12.5, 1234.4)] == ["12.50", "1,234"]


def test_long_headlines_are_shortened_the_way_each_language_counts() -> None:
    assert (ENGLISH.compact_money(314_000_000), CHINESE.compact_money(314_000_000)) == ("€314M", "¥3.1亿")
    assert ENGLISH.compact_money(9_999_999) == "€9,999,999"


def test_a_share_too_small_to_show_is_not_shown_as_nothing() -> None:
    assert [ENGLISH.share(value) for value in (0.0, 0.0004, 0.071, 1.0)] == ["0%", "<0.1%", "7.1%", "100%"]
    assert [ENGLISH.share_cell(value) for value in (0.2, 0.6543)] == ["20.0%", "65.4%"]


def test_differences_carry_their_sign_and_zero_has_none() -> None:
    assert [ENGLISH.signed(value, 3) for value in (0.021, -0.021, -0.0001)] == ["+0.021", "−0.021", "0.000"]


def test_the_shops_own_names_are_left_as_they_are() -> None:
    assert CHINESE.name("report.member_", "stack") == "组合模型"
    assert CHINESE.name("report.member_", "my own model") == "my own model"
