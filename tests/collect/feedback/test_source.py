"""Files of feedback: their events, what is guessed, and the rows and files that are refused."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shijin.collect import Collected, CollectOptions
from shijin.collect.feedback import KnownIds, read_feedback
from shijin.collect.identity import hashed
from shijin.config import CollectSection, Config, ShopSection
from shijin.errors import ConfigError, QuarantineError, SourceError
from shijin.schema import BAD_FEEDBACK, FEEDBACK_TYPES

NOW = datetime(2025, 1, 1, tzinfo=UTC)
LATER = datetime(2025, 2, 1, tzinfo=UTC)
NONE = pa.array([], pa.string())
TIERS = {"high": "high", "高价值": "high", "normal": "normal", "low": "low"}
KNOWN = KnownIds(pa.array(["a", "b", *hashed(pa.array(["ann@x.org"]), Config()).to_pylist()]), pa.array(["tea", "rum"]),
              TIERS, NONE, NONE)  # fmt: skip
LENIENT = Config(collect=CollectSection(max_bad_share=1.0))


def read(
    content: str | pa.Table, folder: Path, config: Config | None = None, now: datetime = NOW, **options: object
) -> Collected:
    source: Path | pa.Table = folder / "feedback.csv"
    if isinstance(content, str):
        source.write_text(content, "utf-8")  # type: ignore[union-attr]
    else:
        source = content
    return read_feedback(source, KNOWN, config or Config(), CollectOptions(**options), now)  # type: ignore[arg-type]


def values_of(collected: Collected, *columns: str) -> list[tuple[object, ...]]:
    table = collected.events.sort_by("source_row").select(list(columns))
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


# -- what goes in ------------------------------------------------------------------------------------------------------


def test_each_kind_becomes_its_event_with_its_values(tmp_path: Path) -> None:
    file = (
        "customer_id,item_id,type,value,ts,position,propensity,policy_id,campaign_id,arm\n"
        "a,tea,rating,4.5,2024-05-01 10:00,,,,,\n"
        "a,rum,not interested,,2024-05-02,,,,,\n"
        "b,tea,click,,2024-05-03,,,,,\n"
        "b,rum,impression,,2024-05-04,3,0.25,p1,spring,treated\n"
        "b,,conversion,12.50,2024-05-05,,,,spring,treated\n"
        "b,,wrong tier,High,2024-05-06,,,,,\n"
    )
    collected = read(file, tmp_path)
    assert values_of(collected, "type", "customer_id", "item_id", "rating", "amount", "text") == [
        ("rating", "a", "tea", 4.5, None, None),
        ("dismiss", "a", "rum", None, None, None),
        ("click", "b", "tea", None, None, None),
        ("exposure", "b", "rum", None, None, None),
        ("conversion", "b", None, None, 12.5, None),
        ("correction", "b", None, None, None, "high"),
    ]
    shown = collected.events.sort_by("source_row").slice(3, 1).to_pylist()[0]
    assert [shown[name] for name in ("position", "propensity", "policy_id", "campaign_id", "arm")] == [
        *(3, 0.25, "p1", "spring", "treated")
    ]
    assert shown["ts"] == datetime(2024, 5, 4, tzinfo=UTC)
    assert set(FEEDBACK_TYPES) == set(collected.events["type"].to_pylist())
    assert (collected.items.num_rows, collected.contacts.num_rows, collected.rejected.num_rows) == (0, 0, 0)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Rating", "rating"),
        ("评分", "rating"),
        ("Not interested", "dismiss"),
        ("thumbs_down", "dismiss"),
        ("不感兴趣", "dismiss"),
        ("HIDE", "dismiss"),
        ("点击", "click"),
        ("impression", "exposure"),
        ("曝光", "exposure"),
        ("转化", "conversion"),
    ],
)
def test_kinds_are_known_by_their_words_in_both_languages(word: str, kind: str, tmp_path: Path) -> None:
    assert values_of(read(f"客户id,商品id,反馈类型,值\na,tea,{word},3\n", tmp_path), "type") == [(kind,)]


@pytest.mark.parametrize("tier", ["high", "HIGH", "高价值"])
def test_a_tier_is_known_by_its_name_or_its_words(tier: str, tmp_path: Path) -> None:
    file = f"用户ID,反馈类型,正确层级\na,分级错误,{tier}\n"
    assert values_of(read(file, tmp_path), "type", "text") == [("correction", "high")]


def test_ratings_keep_the_scale_of_their_source(tmp_path: Path) -> None:
    file = 'user,product,stars\na,tea,10\na,rum,-1\nb,tea,"3,5"\n'
    assert [rating for (rating,) in values_of(read(file, tmp_path, decimal=","), "rating")] == [10.0, -1.0, 3.5]


def test_an_e_mail_is_hashed_as_in_the_orders_and_finds_the_customer_who_has_it(tmp_path: Path) -> None:
    file = "email,sku,type\n Ann@X.org ,tea,click\n"
    (customer,) = hashed(pa.array(["ann@x.org"]), Config()).to_pylist()
    assert values_of(read(file, tmp_path), "customer_id") == [(customer,)]
    known = KnownIds(pa.array(["a"]), KNOWN.items, TIERS, pa.array([customer]), pa.array(["a"]))
    collected = read_feedback(tmp_path / "feedback.csv", known, Config(), CollectOptions(), NOW)
    assert values_of(collected, "customer_id") == [("a",)]


def test_xlsx_parquet_and_tables_in_memory_give_the_same_as_csv(tmp_path: Path) -> None:
    table = pa.table({"customer": ["a", "b"], "item": ["tea", "rum"], "rating": [4, 2], "date": ["2024-05-01"] * 2})
    pq.write_table(table, tmp_path / "feedback.parquet")
    table.to_pandas().to_excel(tmp_path / "feedback.xlsx", index=False)
    table.to_pandas().to_csv(tmp_path / "feedback.csv", index=False)
    sources = [tmp_path / f"feedback.{kind}" for kind in ("csv", "parquet", "xlsx")]
    read_all = [read_feedback(source, KNOWN, Config(), CollectOptions(), NOW) for source in (*sources, table)]
    assert [values_of(one, "event_id", "rating") for one in read_all[1:]] == [
        values_of(read_all[0], "event_id", "rating")
    ] * 3


def test_columns_can_be_mapped_and_the_map_of_orders_does_not_disturb(tmp_path: Path) -> None:
    config = Config(collect=CollectSection(map={"amount": "paid", "customer_id": "who"}))
    file = "who,thing,reaction,n\na,tea,rating,5\n"
    collected = read(file, tmp_path, config, map={"item_id": "thing", "rating": "n"})
    assert values_of(collected, "customer_id", "item_id", "rating") == [("a", "tea", 5.0)]


# -- what is guessed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "row", "kind"),
    [
        ("customer,sku,rating", "a,tea,4", "rating"),
        ("customer,sku,propensity,position", "a,tea,0.5,1", "exposure"),
        ("customer,tier", "a,low", "correction"),
    ],
)
def test_without_a_column_of_kinds_one_that_only_one_kind_has_decides_and_it_is_shown(
    header: str, row: str, kind: str, tmp_path: Path
) -> None:
    collected = read(f"{header}\n{row}\n", tmp_path)
    assert values_of(collected, "type") == [(kind,)]
    assert collected.guess["kind"] == kind


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (
            "customer,sku\na,tea\n",
            "no column shows which kind of .*; the columns are customer, sku.*values rating, dis",
        ),
        ("customer,sku,value\na,tea,3\n", "no column shows which kind"),
        ("customer,sku,rating,tier\na,tea,3,high\n", "several kinds of feedback .rating, correction.; the columns are"),
        ("customer,sku,type\na,tea,\n", "no column shows which kind"),
        (
            "sku,type\ntea,click\n",
            "no customer column with values; the columns are sku, type.*map=.'customer_id': 'COLUMN'",
        ),
        ("customer,sku,type\n,tea,click\n", "no customer column with values"),
        ("customer,sku,type\n", "only a header"),
    ],
)
def test_a_file_without_customers_or_kinds_is_refused(file: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=words):
        read(file, tmp_path)


def test_without_times_feedback_is_dated_now_and_ids_do_not_depend_on_it(tmp_path: Path) -> None:
    file = "customer,sku,rating\na,tea,4\na,tea,5\nb,rum,1\n"
    collected, later = read(file, tmp_path), read(file, tmp_path, now=LATER)
    assert set(values_of(collected, "ts")) == {(NOW,)}
    assert set(values_of(later, "ts")) == {(LATER,)}
    assert collected.guess["time"] == "now"
    ids = [identity for (identity,) in values_of(collected, "event_id")]
    assert values_of(later, "event_id") == [(identity,) for identity in ids]
    assert len(set(ids)) == 3


def test_with_times_an_id_does_not_depend_on_the_value_so_that_a_corrected_file_replaces_it(tmp_path: Path) -> None:
    file = "customer,sku,rating,date\na,tea,4,2024-05-01\n"
    first, second = read(file, tmp_path), read(file.replace(",4,", ",2,"), tmp_path)
    assert values_of(first, "event_id") == values_of(second, "event_id")
    assert "time" not in first.guess


def test_a_shuffled_file_gives_the_same_ids_even_where_rows_are_equal(tmp_path: Path) -> None:
    rows = ["a,tea,click,2024-05-01", "a,tea,click,2024-05-01", "b,rum,click,2024-05-01"]
    collected = [
        sorted(values_of(read("customer,sku,type,date\n" + "\n".join(order) + "\n", tmp_path), "event_id"))
        for order in (rows, rows[::-1])
    ]
    assert collected[0] == collected[1]
    assert len(set(collected[0])) == 3


def test_the_order_of_dates_that_was_guessed_is_a_finding(tmp_path: Path) -> None:
    collected = read("customer,sku,type,date\na,tea,click,03/04/2024\n", tmp_path)
    assert [finding["code"] for finding in collected.findings.to_pylist()] == ["date_order_guessed"]


# -- what is set aside -------------------------------------------------------------------------------------------------

HEADER = "customer,sku,type,value,date,position,propensity\n"
BAD = {
    "a,tea,love,,2024-05-01,,": ("unknown_kind", 'type "love" is none of rating, dismiss, click'),
    "a,tea,,,2024-05-01,,": ("unknown_kind", 'type "" is none of'),
    "a,tea,click,,31.02.2024,,": ("bad_time", 'date "31.02.2024" is not a date'),
    "a,tea,click,,2199-01-01,,": ("future_date", 'date "2199-01-01" is in the future'),
    "nobody,tea,click,,2024-05-01,,": ("unknown_customer", 'customer "nobody" is not a customer of the shop'),
    ",tea,click,,2024-05-01,,": ("unknown_customer", 'customer "" is not a customer'),
    "a,gin,click,,2024-05-01,,": ("unknown_item", 'sku "gin" is not an item of the shop'),
    "a,,dismiss,,2024-05-01,,": ("no_item", 'type "dismiss" needs an item, and the row has none'),
    "a,,rating,4,2024-05-01,,": ("no_item", 'type "rating" needs an item, and the row has none'),
    "a,,click,,2024-05-01,,": ("no_item", 'type "click" needs an item or a campaign'),
    "a,tea,rating,good,2024-05-01,,": ("bad_rating", 'value "good" is not a number'),
    "a,tea,rating,,2024-05-01,,": ("bad_rating", ' "" is not a number'),
    "a,,correction,super,2024-05-01,,": ("unknown_tier", 'value "super" is none of the tiers high, normal, low'),
    "a,,correction,,2024-05-01,,": ("unknown_tier", ' "" is none of the tiers'),
    "a,tea,exposure,,2024-05-01,1,0": ("bad_propensity", 'propensity "0" is not above 0 and at most 1'),
    "a,tea,exposure,,2024-05-01,1,1.01": ("bad_propensity", 'propensity "1.01" is not'),
    "a,tea,exposure,,2024-05-01,1,often": ("bad_propensity", 'propensity "often" is not'),
    "a,tea,exposure,,2024-05-01,0,0.5": ("bad_position", 'position "0" is not a whole number from 1'),
    "a,tea,exposure,,2024-05-01,1.5,0.5": ("bad_position", 'position "1.5" is not a whole'),
    "a,tea,conversion,much,2024-05-01,,": ("bad_amount", 'value "much" is not a number'),
}


@pytest.mark.parametrize("row", BAD)
def test_a_bad_row_is_set_aside_with_its_reason_and_as_it_came(row: str, tmp_path: Path) -> None:
    good = "".join(f"a,tea,click,,2024-05-{day:02d},,\n" for day in range(1, 20))
    collected = read(HEADER + good + row + "\n", tmp_path)
    (aside,) = collected.rejected.to_pylist()
    reason, words = BAD[row]
    assert (aside["reason"], aside["source_row"]) == (reason, 20)
    assert words in aside["detail"]
    assert '"sku"' in aside["row"]
    assert collected.events.num_rows == 19
    assert collected.rows_in == 20


def test_every_reason_of_feedback_is_tested_above() -> None:
    assert {reason for reason, _ in BAD.values()} >= set(BAD_FEEDBACK)


@pytest.mark.parametrize("row", BAD)
def test_more_bad_rows_than_the_shop_allows_refuse_the_file_with_the_first_and_its_cure(
    row: str, tmp_path: Path
) -> None:
    good = "".join(f"a,tea,click,,2024-05-{day:02d},,\n" for day in range(1, 19))
    with pytest.raises(QuarantineError) as refusal:
        read(HEADER + good + f"{row}\n{row}\n", tmp_path)
    assert "2 of 20 rows cannot be used; the first is row 19: " in str(refusal.value)
    assert BAD[row][1] in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("kind", "needs"),
    [("dismiss", "an item, and the row has none"), ("click", "an item or a campaign, and the row has neither")],
)
def test_a_row_without_an_item_is_refused_with_what_it_needs(kind: str, needs: str, tmp_path: Path) -> None:
    with pytest.raises(QuarantineError) as refusal:
        read(f"customer,sku,type\na,,{kind}\n", tmp_path)
    assert f"needs {needs}" in str(refusal.value)
    assert ("Cure: name the item or the campaign" in str(refusal.value)) == ("campaign" in needs)


def test_exposures_clicks_and_conversions_may_be_about_a_campaign_alone(tmp_path: Path) -> None:
    file = "customer,type,campaign\n" + "".join(f"a,{kind},spring\n" for kind in ("exposure", "click", "conversion"))
    assert values_of(read(file, tmp_path), "type", "campaign_id") == [
        ("exposure", "spring"),
        ("click", "spring"),
        ("conversion", "spring"),
    ]


def test_a_shop_that_allows_any_share_sets_all_aside(tmp_path: Path) -> None:
    collected = read("customer,sku,type\nnobody,tea,click\n", tmp_path, LENIENT)
    assert (collected.events.num_rows, collected.rejected.num_rows) == (0, 1)


def test_times_without_a_zone_are_the_shops(tmp_path: Path) -> None:
    config = Config(shop=ShopSection(timezone="Asia/Shanghai"))
    collected = read("customer,sku,type,time\na,tea,click,2024-05-01 08:00\n", tmp_path, config)
    assert values_of(collected, "ts") == [(datetime(2024, 5, 1, tzinfo=UTC),)]


def test_a_role_that_feedback_lacks_and_a_format_of_orders_are_refused(tmp_path: Path) -> None:
    file = "customer,sku,type\na,tea,click\n"
    with pytest.raises(ConfigError, match=r"no column can have the role 'propensty'.*did you mean 'propensity'"):
        read(file, tmp_path, map={"propensty": "sku"})
    with pytest.raises(ConfigError, match="the format shopify has orders, not feedback"):
        read(file, tmp_path, format="shopify")
