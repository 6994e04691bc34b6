"""What customers want next on the page: reasons in its language, tables, verdicts, actions; nobody is named."""

import re
from dataclasses import replace

import pyarrow as pa
import pytest
import shopfront

from shijin.report.data import Entry, Sample
from shijin.report.page import page
from shijin.report.recommendations import actions, reason_words, wants
from shijin.report.voice import Voice
from shijin.words import LANGUAGES, Language

ENGLISH, CHINESE = Voice("en", "USD"), Voice("zh", "USD")


def article_of(html: str, language: Language) -> str:
    return re.findall(r"<article.*?</article>", html, flags=re.S)[LANGUAGES.index(language)]


@pytest.mark.parametrize(
    ("code", "arguments", "english", "chinese"),
    [
        (
            "rhythm",
            {"gap_days": 24, "ago_days": 1, "bought_days": 5},
            "buys it every 24 days, last 1 day ago",
            "每 24 天购买一次，最近一次在 1 天前",
        ),
        (
            "after",
            {"others": 1204, "ago_days": 3, "bought_item": "t9", "bought_name": "Tea"},
            "bought Tea 3 days ago; 1,204 other customers bought that and, on a later day, this",
            "3 天前购买过“Tea”；另有 1,204 位顾客购买它之后，又在后来的日子购买了此商品",
        ),
        (
            "explore",
            {"also": "popular", "customers": 77, "days": 28},
            "shown to find out whether it is liked; 77 customers bought it in the last 28 days",
            "为了解顾客是否喜欢而展示；最近 28 天有 77 位顾客购买",
        ),
        ("listed", {}, "on the shop's list; nobody bought it so far", "在商品目录中，至今无人购买"),
    ],
)
def test_a_reason_is_said_in_the_language_of_the_page(
    code: str, arguments: dict[str, object], english: str, chinese: str
) -> None:
    assert reason_words(code, arguments, ENGLISH) == english
    assert reason_words(code, arguments, CHINESE) == chinese


def test_each_language_tells_the_same_lists_with_reasons_of_its_own() -> None:
    html = page(shopfront.full())
    english, chinese = article_of(html, "en"), article_of(html, "zh")
    assert english.count('<span class="why">') == chinese.count('<span class="why">') == 15
    assert "Buys it every 24 days, last 22 days ago" in english
    assert "每 24 天购买一次，最近一次在 22 天前" in chinese
    assert "A customer of tier High" in english
    assert "一位“高价值”顾客" in chinese


def test_what_each_tier_wants_stands_in_its_column_the_most_frequent_first() -> None:
    found = wants(shopfront.full(), ENGLISH)
    assert found is not None
    assert found.by_tier.head == ("Place", "High", "Normal", "Low")
    assert len(found.by_tier.rows) == 5
    first = [cell.text for cell in found.by_tier.rows[0]]
    assert first == ["1", "Tea of the 0th garden", "Tea of the 9th garden", "Tea of the 6th garden"]
    assert found.by_tier.rows[0][1].remark == "on 96% of lists"
    assert found.by_tier.rows[0][2].remark == "Green tea · on 96% of lists"


def test_the_numbers_behind_the_picture_add_up_over_tiers() -> None:
    found = wants(shopfront.full(), ENGLISH)
    assert found is not None
    assert found.recommended.numbers is not None
    assert len(found.recommended.numbers.rows) == 10
    for row in found.recommended.numbers.rows:
        total, _, *of_tiers = (cell.text.replace(",", "") for cell in row[2:])
        assert int(total) == sum(map(int, of_tiers))


def test_demand_stands_beside_the_naive_forecast_with_the_error_of_both() -> None:
    html = article_of(page(shopfront.full()), "en")
    assert "The naive forecast missed 63.6%, this one 58.5%." in html
    assert "<code>shijin recommend --demand</code>" in html
    found = wants(shopfront.full(), CHINESE)
    assert found is not None
    assert found.demand is not None
    assert found.demand.numbers is not None
    assert found.demand.numbers.head == ("商品", "类别", "预计", "去年同期", "近 30 天")
    again = replace(shopfront.demanded(), naive="last_horizon")
    found = wants(replace(shopfront.full(), demanded=again), ENGLISH)
    assert found is not None
    assert found.demand is not None
    assert found.demand.numbers is not None
    assert found.demand.numbers.head == ("Item", "Category", "expected", "last 30 days")  # not twice


def test_how_lists_fared_is_told_with_the_losses_and_a_columns_best_is_marked() -> None:
    found = wants(shopfront.full(), ENGLISH)
    assert found is not None
    assert found.judged is not None
    assert found.judged.chosen == 0
    assert [[cell.mark for cell in row] for row in found.judged.rows] == [
        ["", "best", "best", "", ""],
        ["", "", "", "", "best"],
        ["", "", "", "best", ""],
    ]
    assert [cell.text for cell in found.judged.rows[2]] == ["Repeat-often", "0.301", "14.9%", "31.0%", "—"]
    assert found.verdict == "The lists foretell it better than repeat-often."
    assert found.judge_command == ""


def test_lists_that_were_not_judged_say_how_and_those_that_were_not_made_how_to_make_them() -> None:
    unjudged = page(replace(shopfront.full(), judged_lists=None))
    assert unjudged.count("<code>shijin backtest --items</code>") == 2
    unmade = page(replace(shopfront.full(), wanted=None, wanted_missing="unmade"))
    assert unmade.count("<code>shijin recommend --all</code>") == 4
    assert "No lists go with this forecast yet" in unmade
    html = page(shopfront.young())
    assert "The orders name fewer than two items" in html
    assert "shijin recommend" not in html


def test_lists_lead_to_actions_with_their_commands() -> None:
    send, who = actions(shopfront.full(), ENGLISH)
    assert send.title == "Send each customer what they want next: 2,469 lists"
    assert send.command == "shijin recommend --all --to lists.csv"
    assert "Tea of the 0th garden" in who.text
    assert who.command == "shijin recommend --item t0 --to who.csv"


def test_an_id_is_written_as_a_shell_takes_it() -> None:
    listed = shopfront.wanted().listed
    column = listed.column_names.index("item_id")
    spaced = listed.set_column(column, "item_id", pa.array(["a b'c"] * listed.num_rows))
    _, who = actions(replace(shopfront.full(), wanted=replace(shopfront.wanted(), listed=spaced)), ENGLISH)
    assert who.command == """shijin recommend --item 'a b'"'"'c' --to who.csv"""


def test_the_page_says_what_of_single_customers_it_shows() -> None:
    full, without = page(shopfront.full()), page(replace(shopfront.full(), wanted=None))
    assert "the top of 3 customers&#39; lists without a name or number" in full
    assert "Only who can read your orders could tell whose lists these are." in full
    assert "3 位顾客清单的前几名（不含姓名和编号）" in full
    assert "No customer can be told from it." in without
    assert "lists without a name" not in without


def test_what_is_tried_out_is_said() -> None:
    assert "In 5% of the places a list tries something out" in page(shopfront.full())
    assert "tries something out" not in page(replace(shopfront.full(), wanted=replace(shopfront.wanted(), explore=0.0)))


def test_what_items_are_called_is_shown_and_never_run() -> None:
    evil = "<script>alert('x')</script> & \"Söhne\""
    wanted, demanded = shopfront.wanted(), shopfront.demanded()
    listed = wanted.listed.set_column(
        wanted.listed.column_names.index("item"),
        "item",
        pa.array([f"{name} {evil}" for name in wanted.listed["item"].to_pylist()]),
    )
    entry = Entry(evil, evil, "after", {"others": 2, "ago_days": 1, "bought_item": "t", "bought_name": evil})
    names = pa.array([f"{evil} {name}" for name in demanded.items["name"].to_pylist()])
    html = page(
        replace(
            shopfront.full(),
            wanted=replace(wanted, listed=listed, samples=(Sample(evil, (entry,)),)),
            demanded=replace(demanded, items=demanded.items.set_column(1, demanded.items.schema.field("name"), names)),
        )
    )
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 50


def test_a_shop_with_one_tier_and_one_listed_item_has_its_page() -> None:
    rows = [{"tier": "high", "item_id": "a", "item": "A", "category": None, "customers": 1, "share": 1.0}]
    few = replace(shopfront.wanted(), listed=pa.Table.from_pylist(rows), samples=(), customers=1, items=1)
    found = wants(replace(shopfront.full(), wanted=few, demanded=None), ENGLISH)
    assert found is not None
    assert (found.demand, found.samples) == (None, ())
    assert [cell.text for cell in found.by_tier.rows[0]] == ["1", "A", "", ""]
    assert "1 customer has a list" in found.intro
    assert "1 different item stands" in found.intro
