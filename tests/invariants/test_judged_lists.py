"""A backtest of lists: every figure follows from its rows and the raw file, and nothing of the future is in a list.

Nothing of Shijin computes what is expected here: customers are walked one by one.
"""

from collections.abc import Callable
from datetime import timedelta
from math import isclose, log2
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest

from rawfile import CUTOFF, HORIZON_DAYS, corrupted, deleted, shop_of, shuffled, split, with_total
from shijin.notebook import ItemsBacktestView
from shijin.recommend.judge.backtest import lists_from
from shijin.recommend.past.known_past import ItemTable, known_before
from shijin.recommend.ranking.training_windows import TrainingData
from shijin.represent.days import as_cutoff
from shijin.schema import ITEMS_JUDGED
from shijin.shop import Shop
from shijin.steps.defaults import read_packed

DAY = CUTOFF.isoformat()
END = CUTOFF + timedelta(days=HORIZON_DAYS)
K = 10
SIMPLE = ("popularity", "repeat-last", "repeat-often")
BANDS = {"1": range(1, 2), "2-4": range(2, 5), "5-9": range(5, 10), "10+": range(10, 10_000)}
PARTS = [(protocol, allow_repeat) for protocol in ("window", "last") for allow_repeat in (True, False)]
Rows = pd.DataFrame
Lists = dict[str, list[str]]


def judged_of(frame: pd.DataFrame, folder: Path) -> ItemsBacktestView:
    return shop_of(frame, folder).backtest_items(horizon=HORIZON_DAYS, cutoff=DAY)


@pytest.fixture(scope="module")
def raw(orders: pd.DataFrame) -> pd.DataFrame:
    """What was done with items: orders, looks; no postage, nothing that went back."""
    done = orders[orders["type"].isin(["order", "view", "cart", "review"]) & orders["item_id"].notna()]
    return done[done["quantity"].fillna(1.0) > 0]


@pytest.fixture(scope="module")
def view(orders: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> ItemsBacktestView:
    return judged_of(orders, tmp_path_factory.mktemp("judged"))


@pytest.fixture(scope="module")
def rows(view: ItemsBacktestView) -> Rows:
    return view.rows.to_pandas()


def part_of(view: ItemsBacktestView, protocol: str, *, allow_repeat: bool) -> dict[str, Any]:
    (found,) = (part for part in view.result["parts"] if (part["protocol"], part["again"]) == (protocol, allow_repeat))
    return found


def given_and_asked(
    raw: pd.DataFrame, protocol: str, *, allow_repeat: bool
) -> tuple[pd.DataFrame, dict[str, set[str]]]:
    """What was known, and what each customer with a past then bought, as the definitions say."""
    bought = raw[raw["type"] == "order"]
    if protocol == "window":
        given = raw[raw["ts"] < pd.Timestamp(CUTOFF)]
        next_ = bought[(bought["ts"] >= pd.Timestamp(CUTOFF)) & (bought["ts"] < pd.Timestamp(END))]
    else:
        newest = bought.groupby("customer_id")["ts"].max()
        of_row = raw["customer_id"].map(newest)
        given = raw[(raw["ts"] < of_row) | of_row.isna()]
        next_ = bought[bought["ts"] == bought["customer_id"].map(newest)]
    before = given[given["type"] == "order"].groupby("customer_id")["item_id"].agg(set).to_dict()
    asked = next_.groupby("customer_id")["item_id"].agg(set).to_dict()
    known = set(given["customer_id"])
    own = {who: set() if allow_repeat else before.get(who, set()) for who in asked}
    return given, {who: items - own[who] for who, items in asked.items() if who in known and items - own[who]}


def lists_of(rows: Rows, way: str) -> Lists:
    mine = rows[rows["way"] == way].sort_values(["customer_id", "rank"])
    return mine.groupby("customer_id")["item_id"].agg(list).to_dict()


def ndcg(own: list[str], wanted: set[str]) -> float:
    gain = sum(1 / log2(rank + 1) for rank, item in enumerate(own, 1) if item in wanted)
    return gain / sum(1 / log2(rank + 1) for rank in range(1, min(len(wanted), K) + 1))


def recall(own: list[str], wanted: set[str]) -> float:
    return len(set(own) & wanted) / len(wanted)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


# -- figures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("protocol", "allow_repeat"), PARTS)
def test_what_is_asked_is_what_the_raw_file_says_was_bought(
    raw: pd.DataFrame, rows: Rows, protocol: str, allow_repeat: bool
) -> None:
    given, asked = given_and_asked(raw, protocol, allow_repeat=allow_repeat)
    mine = rows[(rows["protocol"] == protocol) & (rows["again"] == allow_repeat)]
    assert len(asked) > 20
    assert lists_of(mine.assign(rank=0), "asked").keys() == asked.keys()
    assert {who: set(items) for who, items in lists_of(mine.assign(rank=0), "asked").items()} == asked
    for row in mine[mine["way"] != "asked"].itertuples():
        assert row.taken == (row.item_id in asked.get(row.customer_id, set()))
    steps = given.groupby("customer_id")["ts"].nunique()
    assert (mine["steps"] == mine["customer_id"].map(steps)).all()


@pytest.mark.parametrize(("protocol", "allow_repeat"), PARTS)
def test_every_figure_recomputes_from_the_rows_and_the_raw_file(
    raw: pd.DataFrame, rows: Rows, view: ItemsBacktestView, protocol: str, allow_repeat: bool
) -> None:
    given, asked = given_and_asked(raw, protocol, allow_repeat=allow_repeat)
    mine = rows[(rows["protocol"] == protocol) & (rows["again"] == allow_repeat)]
    told = part_of(view, protocol, allow_repeat=allow_repeat)
    ways = [*(("lists", *SIMPLE) if allow_repeat else ("lists", "popularity"))]
    assert list(told["scores"]) == ways
    bought = given[given["type"] == "order"]
    now = pd.Timestamp(CUTOFF if protocol == "window" else END)
    recent = set(bought[bought["ts"] >= now - pd.Timedelta(days=28)]["item_id"])
    buyers, customers = bought.groupby("item_id")["customer_id"].nunique(), bought["customer_id"].nunique()
    steps = given.groupby("customer_id")["ts"].nunique()
    assert (told["customers"], told["known"]) == (len(asked), given["customer_id"].nunique())
    for way in ways:
        lists = lists_of(mine, way)
        shown = [item for who in asked for item in lists.get(who, [])]
        expected = {
            "ndcg": mean([ndcg(lists.get(who, []), asked[who]) for who in asked]),
            "recall": mean([recall(lists.get(who, []), asked[who]) for who in asked]),
            "coverage": len(recent & set(shown)) / len(recent),
            "novelty": mean([-log2(max(buyers.get(item, 0), 1) / customers) for item in shown]),
        }
        assert told["scores"][way] == pytest.approx(expected), way
        for name, band in BANDS.items():
            inside = [who for who in asked if steps[who] in band]
            assert (name in told["by_steps"]) == bool(inside)
            if inside:
                assert told["by_steps"][name]["customers"] == len(inside)
                for figure, of in (("ndcg", ndcg), ("recall", recall)):
                    own = mean([of(lists.get(who, []), asked[who]) for who in inside])
                    assert isclose(told["by_steps"][name][figure][way], own, abs_tol=1e-12)
    known = set(given["item_id"])
    pairs = [item for items in asked.values() for item in items]
    assert told["new_share"] == pytest.approx(mean([item not in known for item in pairs]))


@pytest.mark.parametrize(("protocol", "allow_repeat"), PARTS)
def test_the_difference_to_the_best_simple_list_and_its_interval_recompute(
    rows: Rows, view: ItemsBacktestView, protocol: str, allow_repeat: bool
) -> None:
    """Customers in their order, drawn with replacement a thousand times by the seed that is written down: 0."""
    mine, told = (
        rows[(rows["protocol"] == protocol) & (rows["again"] == allow_repeat)],
        part_of(view, protocol, allow_repeat=allow_repeat),
    )
    simple = {way: score["ndcg"] for way, score in told["scores"].items() if way != "lists"}
    assert simple[told["best"]] == max(simple.values())
    wanted = {who: set(items) for who, items in lists_of(mine.assign(rank=0), "asked").items()}
    own, peer = lists_of(mine, "lists"), lists_of(mine, told["best"])
    order = pd.unique(mine[mine["way"] == "asked"]["customer_id"])
    gaps = np.array([ndcg(own.get(who, []), wanted[who]) - ndcg(peer.get(who, []), wanted[who]) for who in order])
    rng = np.random.default_rng(0)
    drawn = [gaps[rng.integers(0, len(gaps), len(gaps))].mean() for _ in range(1000)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    found = told["difference"]
    assert [found["value"], found["low"], found["high"]] == pytest.approx([gaps.mean(), low, high])
    assert found["verdict"] == ("win" if low > 0.002 else "loss" if high < -0.002 else "tie")


@pytest.mark.parametrize(("protocol", "allow_repeat"), PARTS)
def test_the_chance_beside_what_was_taken_recomputes_over_everybody_who_was_listed(
    rows: Rows, view: ItemsBacktestView, protocol: str, allow_repeat: bool
) -> None:
    mine, told = (
        rows[(rows["protocol"] == protocol) & (rows["again"] == allow_repeat)],
        part_of(view, protocol, allow_repeat=allow_repeat),
    )
    own = mine[mine["way"] == "lists"]
    assert told["listed"] == own["customer_id"].nunique()
    assert told["chance"]["chance"] == pytest.approx(own["chance"].mean())
    assert told["chance"]["taken"] == pytest.approx(own["taken"].mean())
    assert sum(tenth["entries"] for tenth in told["chance"]["tenths"]) == len(own)
    ordered = np.sort(own["chance"].to_numpy())
    begin = 0
    for tenth in told["chance"]["tenths"]:
        assert tenth["chance"] == pytest.approx(ordered[begin : begin + tenth["entries"]].mean())
        begin += tenth["entries"]
    total = sum(tenth["entries"] * tenth["taken"] for tenth in told["chance"]["tenths"])
    assert total == pytest.approx(own["taken"].sum())


def test_the_popular_list_is_what_most_customers_bought_in_four_weeks(raw: pd.DataFrame, rows: Rows) -> None:
    given, _ = given_and_asked(raw, "window", allow_repeat=True)
    bought = given[given["type"] == "order"]
    recent = bought[bought["ts"] >= pd.Timestamp(CUTOFF) - pd.Timedelta(days=28)]
    lately, ever = (part.groupby("item_id")["customer_id"].nunique() for part in (recent, bought))
    best = sorted(((lately.get(item, 0), ever[item]) for item in ever.index), reverse=True)[:K]
    mine = rows[(rows["protocol"] == "window") & rows["again"]]
    lists = lists_of(mine, "popularity")
    assert len({tuple(items) for items in lists.values()}) == 1
    assert [(lately.get(item, 0), ever[item]) for item in next(iter(lists.values()))] == best


def test_repeating_lists_begin_with_what_the_customer_bought(raw: pd.DataFrame, rows: Rows) -> None:
    given, _ = given_and_asked(raw, "window", allow_repeat=True)
    bought = given[given["type"] == "order"]
    age = (pd.Timestamp(CUTOFF) - bought["ts"]) / pd.Timedelta(days=1)
    faded = bought.assign(worth=0.5 ** (age / 84)).drop_duplicates(["customer_id", "item_id", "ts"])
    worth = faded.groupby(["customer_id", "item_id"])["worth"].sum()
    newest = bought.groupby(["customer_id", "item_id"])["ts"].max()
    mine = rows[(rows["protocol"] == "window") & rows["again"]]
    for way, value in (("repeat-often", worth), ("repeat-last", newest)):
        for who, items in lists_of(mine, way).items():
            own = value.get(who, pd.Series(dtype=float)) if who in value.index.get_level_values(0) else pd.Series()
            expected = sorted(own, reverse=True)[:K]
            begun = [own[item] for item in items[: len(expected)]]
            assert begun == pytest.approx(expected) if way == "repeat-often" else begun == expected


def test_no_list_holds_an_item_twice_or_postage_and_without_repeats_none_that_was_bought(
    raw: pd.DataFrame, rows: Rows
) -> None:
    assert not rows.duplicated(["protocol", "again", "way", "customer_id", "item_id"]).any()
    assert "POSTAGE" not in set(rows["item_id"])
    ranked = (
        rows[rows["way"] != "asked"].sort_values("rank").groupby(["protocol", "again", "way", "customer_id"])["rank"]
    )
    assert all(ranks.tolist() == list(range(1, len(ranks) + 1)) for _, ranks in ranked)
    for protocol in ("window", "last"):
        given, _ = given_and_asked(raw, protocol, allow_repeat=False)
        bought = given[given["type"] == "order"]
        before = set(zip(bought["customer_id"], bought["item_id"], strict=True))
        mine = rows[(rows["protocol"] == protocol) & ~rows["again"]]
        assert not before & set(zip(mine["customer_id"], mine["item_id"], strict=True))


# -- the future --------------------------------------------------------------------------------------------------------


def own_lists(rows: Any) -> pd.DataFrame:
    """The recommender's lists of the window, with all but what came of them."""
    mine = rows.filter(pc.and_(pc.equal(rows["protocol"], "window"), pc.equal(rows["way"], "lists")))
    by = [(name, "ascending") for name in ("again", "customer_id", "rank")]
    return mine.sort_by(by).drop_columns(["taken"]).to_pandas()


@pytest.mark.parametrize("change", [shuffled, corrupted])
def test_a_future_shuffled_or_corrupted_in_the_file_moves_no_bit_of_a_list(
    orders: pd.DataFrame, view: ItemsBacktestView, change: Callable[[pd.DataFrame], pd.DataFrame], tmp_path: Path
) -> None:
    raw = split(orders)
    found = judged_of(with_total(pd.concat([raw.past, change(raw.future)], ignore_index=True)), tmp_path)
    one, other = own_lists(view.rows), own_lists(found.rows)
    assert len(one) > 1000
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    asked = [
        set(zip(*(table.to_pydict()[name] for name in ("customer_id", "item_id")), strict=True))
        for table in (shown.rows.filter(pc.equal(shown.rows["way"], "asked")) for shown in (view, found))
    ]
    assert asked[0] != asked[1]


def lists_at_cutoff(shop: Shop, *, allow_repeat: bool) -> pd.DataFrame:
    workspace = shop.workspace
    goods = ItemTable(workspace.read("items"), workspace.config.items)
    known = known_before(read_packed(workspace), goods, as_cutoff(CUTOFF))
    found = lists_from(known, TrainingData(known.actions, known.catalogue, HORIZON_DAYS), allow_repeat=allow_repeat)
    columns = {
        "customer_id": known.customers[found.entries.customer],
        "again": allow_repeat,
        "rank": found.entries.place + 1,
        "item_id": known.catalogue.items[found.entries.item],
        "score": found.score,
        "chance": found.chance,
    }
    return pd.DataFrame(columns).sort_values(["customer_id", "rank"], ignore_index=True)


@pytest.mark.parametrize("allow_repeat", [True, False])
def test_the_lists_of_a_file_that_ends_at_the_cutoff_are_the_same(
    orders: pd.DataFrame, view: ItemsBacktestView, allow_repeat: bool, tmp_path: Path
) -> None:
    raw = split(orders)
    shop = shop_of(with_total(pd.concat([raw.past, deleted(raw.future)], ignore_index=True)), tmp_path)
    expected = own_lists(view.rows)
    expected = (
        expected[expected["again"] == allow_repeat].drop(columns=["protocol", "way", "steps"]).reset_index(drop=True)
    )
    found = lists_at_cutoff(shop, allow_repeat=allow_repeat)[expected.columns]
    pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False)


def test_what_stood_in_last_orders_reaches_no_list(
    orders: pd.DataFrame, view: ItemsBacktestView, tmp_path: Path
) -> None:
    """Last orders with each other's items, once every item is known; nothing else about them changes."""
    newest = orders[orders["type"] == "order"].groupby("customer_id")["ts"].max()
    last = (orders["type"] == "order") & (orders["ts"] == orders["customer_id"].map(newest))
    last &= orders["ts"] >= pd.Timestamp(CUTOFF)
    assert set(orders[last]["item_id"]) <= set(split(orders).past["item_id"])
    changed = orders.copy()
    moved = np.random.default_rng(3).permutation(np.flatnonzero(last))
    for name in ("item_id", "category"):
        changed.loc[last, name] = orders[name].to_numpy()[moved]
    found = judged_of(changed, tmp_path)
    by = ["again", "customer_id", "rank"]
    one, other = (
        shown.rows.to_pandas().query("protocol == 'last' and way == 'lists'").sort_values(by, ignore_index=True)
        for shown in (view, found)
    )
    assert (one["taken"] != other["taken"]).any()
    assert set(one["customer_id"]) == set(other["customer_id"])
    pd.testing.assert_frame_equal(one.drop(columns="taken"), other.drop(columns="taken"), check_exact=True)


def test_with_each_others_futures_customers_lists_foretell_little(
    orders: pd.DataFrame, view: ItemsBacktestView, tmp_path: Path
) -> None:
    raw = split(orders)
    known = pd.unique(raw.past["customer_id"])
    other = dict(zip(known, np.roll(known, 7), strict=True))
    future = raw.future.assign(customer_id=raw.future["customer_id"].map(lambda who: other.get(who, who)))
    swapped = judged_of(with_total(pd.concat([raw.past, future], ignore_index=True)), tmp_path)
    pd.testing.assert_frame_equal(own_lists(view.rows), own_lists(swapped.rows), check_exact=True)
    (own, popular), (of_others, popular_of_others) = (
        [part_of(shown, "window", allow_repeat=True)["scores"][way]["ndcg"] for way in ("lists", "popularity")]
        for shown in (view, swapped)
    )
    assert own > popular + 0.1
    assert of_others < popular_of_others


# -- the workspace -----------------------------------------------------------------------------------------------------


def test_the_rows_are_as_the_schema_says_and_the_same_question_is_not_answered_twice(
    orders: pd.DataFrame, tmp_path: Path
) -> None:
    shop = shop_of(orders, tmp_path)
    one = shop.backtest_items(horizon=HORIZON_DAYS, cutoff=DAY)
    assert one.rows.schema.equals(ITEMS_JUDGED)
    (folder,) = (shop.workspace.root / "backtests").iterdir()
    before = {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.iterdir()}
    assert set(before) == {"items.json", "items.parquet"}
    receipts = len(shop.workspace.receipts())
    allow_repeat = shop.backtest_items(horizon=HORIZON_DAYS, cutoff=DAY)
    assert allow_repeat.rows.equals(one.rows)
    assert allow_repeat.result == one.result
    assert {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.iterdir()} == before
    assert len(shop.workspace.receipts()) == receipts


def test_the_same_file_in_another_order_with_other_ids_is_judged_the_same(
    orders: pd.DataFrame, view: ItemsBacktestView, tmp_path: Path
) -> None:
    renamed = orders.sample(frac=1.0, random_state=5).assign(
        customer_id=lambda frame: "x" + frame["customer_id"].str[::-1]
    )
    found = judged_of(renamed, tmp_path)
    assert found.result["parts"] == view.result["parts"]
