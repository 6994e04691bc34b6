"""Recommendations on the page: reasons in its language, tables, verdicts, actions; no customer is named."""

from dataclasses import replace

import pyarrow as pa
import pytest
import shopfront
from shopfront import article_of

from shijin.report.actions import recommendation_actions
from shijin.report.data import ExampleList, ListEntry
from shijin.report.localiser import Localiser
from shijin.report.page import page
from shijin.report.recommendations import reason_words, recommendation_section
from shijin.words import LANGUAGES, Language

ENGLISH = Localiser("en", "USD", shopfront.TERMINAL)
CHINESE = Localiser("zh", "USD", shopfront.TERMINAL)


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
            "3 天前购买过“Tea”；另有 1,204 位顾客购买它之后，改日又购买了此商品",
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
def test_a_reason_is_written_in_the_language_of_the_page(
    code: str, arguments: dict[str, object], english: str, chinese: str
) -> None:
    assert reason_words(code, arguments, ENGLISH) == english
    assert reason_words(code, arguments, CHINESE) == chinese


def test_each_language_shows_the_same_recommendations_with_reasons_of_its_own() -> None:
    html = page(shopfront.full(), shopfront.TERMINAL)
    english, chinese = article_of(html, "en"), article_of(html, "zh")
    assert english.count('<span class="why">') == chinese.count('<span class="why">') == 15
    assert "Buys it every 24 days, last 22 days ago" in english
    assert "每 24 天购买一次，最近一次在 22 天前" in chinese
    assert "A customer of tier High" in english
    assert "一位“高价值”顾客" in chinese


def test_each_tier_has_a_column_with_its_most_recommended_items_first() -> None:
    section = recommendation_section(shopfront.full(), ENGLISH)
    assert section is not None
    assert section.by_tier.head == ("Rank", "High", "Normal", "Low")
    assert len(section.by_tier.rows) == 5
    first = [cell.text for cell in section.by_tier.rows[0]]
    assert first == ["1", "Tea of the 0th garden", "Tea of the 9th garden", "Tea of the 6th garden"]
    assert section.by_tier.rows[0][1].remark == "to 96% of customers"
    assert section.by_tier.rows[0][2].remark == "Green tea · to 96% of customers"


def test_the_numbers_behind_the_chart_add_up_over_tiers() -> None:
    section = recommendation_section(shopfront.full(), ENGLISH)
    assert section is not None
    assert section.recommended is not None
    assert section.recommended.numbers is not None
    assert len(section.recommended.numbers.rows) == 10
    for row in section.recommended.numbers.rows:
        total, _, *of_tiers = (cell.text.replace(",", "") for cell in row[2:])
        assert int(total) == sum(map(int, of_tiers))


def test_demand_is_shown_with_the_naive_forecast_and_the_error_of_both() -> None:
    html = article_of(page(shopfront.full(), shopfront.TERMINAL), "en")
    assert "The naive forecast missed 63.6%, this one 58.5%." in html
    assert "<code>shijin recommend --demand</code>" in html
    section = recommendation_section(shopfront.full(), CHINESE)
    assert section is not None
    assert section.demand is not None
    assert section.demand.numbers is not None
    assert section.demand.numbers.head == ("商品", "品类", "预计", "去年同期", "近 30 天")
    again = replace(shopfront.demand(), naive="last_horizon")
    section = recommendation_section(replace(shopfront.full(), demand=again), ENGLISH)
    assert section is not None
    assert section.demand is not None
    assert section.demand.numbers is not None
    assert section.demand.numbers.head == ("Item", "Category", "Expected", "Last 30 days")  # not twice


def test_the_backtest_of_recommendations_shows_losses_and_marks_the_best_of_a_column() -> None:
    section = recommendation_section(shopfront.full(), ENGLISH)
    assert section is not None
    assert section.judged is not None
    assert section.judged.chosen == 0
    assert [[cell.mark for cell in row] for row in section.judged.rows] == [
        ["", "best", "best", "", ""],
        ["", "", "", "", "best"],
        ["", "", "", "best", ""],
    ]
    assert [cell.text for cell in section.judged.rows[2]] == ["Frequent purchases", "0.301", "14.9%", "31.0%", "—"]
    assert section.verdict == "Recommendations do better than repeat-often."
    assert section.judge_command == ""


def test_recommendations_not_judged_or_not_made_come_with_the_command_for_it() -> None:
    unjudged = page(replace(shopfront.full(), judged_lists=None), shopfront.TERMINAL)
    assert unjudged.count("<code>shijin backtest --items</code>") == len(LANGUAGES)
    unmade = page(replace(shopfront.full(), lists=None, lists_missing="unmade"), shopfront.TERMINAL)
    assert unmade.count("<code>shijin recommend --all</code>") == 2 * len(LANGUAGES)
    assert "This forecast has no recommendations yet" in unmade
    html = page(shopfront.young(), shopfront.TERMINAL)
    assert "The orders name fewer than two items" in html
    assert "shijin recommend" not in html


def test_recommendations_lead_to_actions_with_their_commands() -> None:
    send, who = recommendation_actions(shopfront.full(), ENGLISH)
    assert send.title == "Send customers their recommendations: 2,469 customers"
    assert send.command == "shijin recommend --all --to lists.csv"
    assert "Tea of the 0th garden" in who.text
    assert who.command == "shijin recommend --item t0 --to who.csv"


def test_an_id_in_a_command_is_one_word_however_it_is_written() -> None:
    listed = shopfront.lists().listed
    column = listed.column_names.index("item_id")
    spaced = listed.set_column(column, "item_id", pa.array(["a b'c"] * listed.num_rows))
    _, who = recommendation_actions(replace(shopfront.full(), lists=replace(shopfront.lists(), listed=spaced)), ENGLISH)
    assert who.command == """shijin recommend --item 'a b'"'"'c' --to who.csv"""


def test_the_page_states_what_it_shows_of_single_customers() -> None:
    full, without = page(shopfront.full(), shopfront.TERMINAL), page(replace(shopfront.full(), lists=None))
    assert "the first recommendations for 3 customers without a name or number" in full
    assert "Only someone who can read your orders could tell whose recommendations these are." in full
    assert "3 位顾客的前几件推荐商品（不含姓名和编号）" in full
    assert "No customer can be recognised." in without
    assert "recommendations for 3 customers" not in without


def test_exploring_is_stated() -> None:
    assert "5% of the places go to other candidates" in page(shopfront.full(), shopfront.TERMINAL)
    assert "go to other candidates" not in page(
        replace(shopfront.full(), lists=replace(shopfront.lists(), explore=0.0))
    )


def test_names_of_items_are_shown_and_never_run() -> None:
    evil = "<script>alert('x')</script> & \"Söhne\""
    lists, demand = shopfront.lists(), shopfront.demand()
    listed = lists.listed.set_column(
        lists.listed.column_names.index("item"),
        "item",
        pa.array([f"{name} {evil}" for name in lists.listed["item"].to_pylist()]),
    )
    entry = ListEntry(evil, evil, "after", {"others": 2, "ago_days": 1, "bought_item": "t", "bought_name": evil})
    names = pa.array([f"{evil} {name}" for name in demand.items["name"].to_pylist()])
    html = page(
        replace(
            shopfront.full(),
            lists=replace(lists, listed=listed, examples=(ExampleList(evil, (entry,)),)),
            demand=replace(demand, items=demand.items.set_column(1, demand.items.schema.field("name"), names)),
        )
    )
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 50


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_more_items_than_fit_on_a_list_the_chart_of_equal_bars_is_left_out(language: Language) -> None:
    full = shopfront.full()
    few = replace(full, lists=replace(shopfront.lists(), items=10))
    title = Localiser(language, "USD").text("report.recommended_text")
    assert title in article_of(page(full, shopfront.TERMINAL), language)
    shown = article_of(page(few, shopfront.TERMINAL), language)
    assert title not in shown
    assert Localiser(language, "USD").text("report.by_tier_text") in shown


def test_a_chart_in_which_every_customer_gets_every_item_is_left_out() -> None:
    rows = [{"tier": "high", "item_id": i, "item": i, "category": None, "customers": 7, "share": 1.0} for i in "ab"]
    same = replace(shopfront.lists(), listed=pa.Table.from_pylist(rows), customers=7)
    section = recommendation_section(replace(shopfront.full(), lists=same), ENGLISH)
    assert section is not None
    assert section.recommended is None


def test_a_shop_with_one_tier_and_one_recommended_item_has_its_page() -> None:
    rows = [{"tier": "high", "item_id": "a", "item": "A", "category": None, "customers": 1, "share": 1.0}]
    few = replace(shopfront.lists(), listed=pa.Table.from_pylist(rows), examples=(), customers=1, items=1)
    section = recommendation_section(replace(shopfront.full(), lists=few, demand=None), ENGLISH)
    assert section is not None
    assert (section.demand, section.examples) == (None, ())
    assert [cell.text for cell in section.by_tier.rows[0]] == ["1", "A", "", ""]
    assert "1 customer has recommendations" in section.intro
    assert "1 different item is recommended" in section.intro
