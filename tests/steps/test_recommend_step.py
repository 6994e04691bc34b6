"""Everybody's lists, one customer's, and who wants an item: what they hold, and what changes none of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from rawfile import CONFIG, CUTOFF, SMALL, START, corrupted, deleted, raw_orders, shop_of, split, write
from shijin.errors import ConfigError, EmptyHistoryError, ModelError, ShijinError, SourceError
from shijin.schema import AFFINITY, RECOMMENDATIONS, WANTED_BY
from shijin.steps.collect import SourceOptions, collect
from shijin.steps.feedback import feedback
from shijin.steps.kinds import LISTS, artifacts_of
from shijin.steps.list_request import RecommendOptions
from shijin.steps.recommend import recommend
from shijin.steps.score import ScoreOptions, score
from shijin.workspace import Workspace

NOW = datetime(2025, 12, 1, tzinfo=UTC)
KNOBS = replace(SMALL, customers=120, carts_per_order=0.3)
END = START + timedelta(days=SMALL.days)
SAME = ["rank", "item_id", "score", "propensity", "reason_code"]


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    """The file of a small shop, with what its orders cost."""
    frame = raw_orders(KNOBS)
    return frame.assign(cost=(frame["amount"] * 0.6).where(frame["type"] == "order"))


def made(frame: pd.DataFrame, folder: Path, config: str = CONFIG) -> Workspace:
    """A workspace into which a file was collected."""
    folder.mkdir(parents=True, exist_ok=True)
    shop = Workspace.create(folder / "shop", config)
    collect(shop, SourceOptions(write(frame, folder / "orders.csv")), NOW)
    return shop


@pytest.fixture(scope="module")
def listed(raw: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A shop with everybody's lists; recommenders of both kinds lie there. For asking only."""
    shop = made(raw, tmp_path_factory.mktemp("listed"))
    for exclude in (True, False):
        recommend(shop, RecommendOptions(exclude_bought=exclude), NOW)
    return shop


def again(shop: Workspace, folder: Path, config: str = CONFIG) -> Workspace:
    """A copy, to do to it what one likes."""
    copy = Path(copytree(shop.root, folder / "shop"))
    (copy / "shijin.toml").write_text(config, "utf-8")
    return Workspace.open(copy)


def lists(shop: Workspace, **options: Any) -> pd.DataFrame:
    return recommend(shop, RecommendOptions(**options), NOW).table.to_pandas()


def alone(shop: Workspace, customer: str, **options: Any) -> pd.DataFrame:
    return recommend(shop, RecommendOptions(**options, customer=customer), NOW).table.to_pandas()


def notes(shop: Workspace, **options: Any) -> dict[str, dict[str, Any]]:
    result = recommend(shop, RecommendOptions(**options), NOW)
    return {note["code"]: note for note in result.notes}


def newest(shop: Workspace) -> dict[str, Any]:
    """What the workspace keeps of its newest forecast."""
    return dict(json.loads((shop.root / "scores" / "LATEST.json").read_text("utf-8")))


def every_byte(shop: Workspace) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in shop.root.rglob("*") if file.is_file() and file.name != ".lock"}


def refused(shop: Workspace, kind: type[ShijinError], ask: Callable[[], object], *words: str) -> None:
    """One line that says some words, and nothing is written."""
    before = every_byte(shop)
    with pytest.raises(kind) as refusal:
        ask()
    assert "\n" not in str(refusal.value)
    for word in words:
        assert word in str(refusal.value)
    assert every_byte(shop) == before


# --- what is written --------------------------------------------------------------------------------------------------


def test_lists_lie_beside_the_newest_forecast_as_the_contract_has_them(listed: Workspace) -> None:
    result = recommend(listed, RecommendOptions(), NOW)
    receipt, table = result.receipt, result.table
    folder = listed.root / "scores" / newest(listed)["id"]
    assert table.schema.equals(RECOMMENDATIONS)
    assert pq.read_table(folder / "recommendations.parquet").cast(RECOMMENDATIONS).equals(table)
    interests = pq.read_table(folder / "affinity.parquet")
    assert interests.cast(AFFINITY).num_rows > 100
    card = json.loads((folder / "recommendations.json").read_text("utf-8"))
    assert card == json.loads(json.dumps(result.card.as_json()))
    assert set(receipt.outputs) >= {
        f"scores/{folder.name}/{name}" for name in ("recommendations.parquet", "affinity.parquet")
    }
    found = artifacts_of(listed).attached(LISTS, folder.name)
    assert found is not None
    assert found.tables["recommendations.parquet"].equals(table)


def test_everybody_has_a_list_of_ten_products_ranked_by_score(listed: Workspace, raw: pd.DataFrame) -> None:
    rows = lists(listed)
    assert set(rows["customer_id"]) == set(raw["customer_id"])
    for _, mine in rows.groupby("customer_id"):
        assert mine["rank"].tolist() == list(range(1, 11))
        assert mine["score"].is_monotonic_decreasing
        assert mine["item_id"].is_unique
    assert rows["score"].between(0, 1, inclusive="neither").all()
    assert (rows["propensity"] == 1).all()
    assert set(rows["item_id"]) <= set(raw.loc[raw["type"] == "order", "item_id"])


def test_a_list_of_another_day_gets_a_forecast_of_that_day_and_one_that_is_there_is_kept(
    listed: Workspace, tmp_path: Path
) -> None:
    shop = again(listed, tmp_path)
    scored = score(shop, ScoreOptions(horizon="45d"), NOW)
    assert recommend(shop, RecommendOptions(), NOW).card.score == scored.id
    other = recommend(shop, RecommendOptions(cutoff=CUTOFF), NOW).card.score
    assert newest(shop)["id"] == other
    assert newest(shop)["cutoff"] == CUTOFF.isoformat()
    assert (shop.root / "scores" / other / "forecast.parquet").exists()


def test_a_question_asked_again_finds_what_was_learnt(listed: Workspace) -> None:
    before = {str(file): file.stat().st_mtime_ns for file in (listed.root / "recommenders").rglob("*")}
    assert lists(listed).equals(lists(listed))
    assert {str(file): file.stat().st_mtime_ns for file in (listed.root / "recommenders").rglob("*")} == before


def test_a_damaged_recommender_is_refused_in_one_line(listed: Workspace, tmp_path: Path) -> None:
    shop = again(listed, tmp_path)
    for file in shop.root.glob("recommenders/*/members.safetensors"):
        file.write_bytes(file.read_bytes()[:-5])
    refused(shop, ModelError, lambda: lists(shop), "damaged", "trains a new one")


# --- the same lists ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"exclude_bought": True, "diverse": 0.4, "k": 4, "value_aware": True}])
@pytest.mark.parametrize("explore", [0.0, 0.3])
def test_one_customer_asked_for_alone_has_the_list_of_all(
    listed: Workspace, tmp_path: Path, explore: float, options: dict[str, Any]
) -> None:
    shop = again(listed, tmp_path, f"{CONFIG}[recommend]\nexplore = {explore}\n")
    rows = lists(shop, **options)
    for customer in rows["customer_id"].unique()[::13]:
        mine = rows[rows["customer_id"] == customer].reset_index(drop=True)
        assert alone(shop, customer, **options).equals(mine)


@pytest.fixture(scope="module")
def plain(raw: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Everybody's lists as the file came."""
    return lists(made(raw, tmp_path_factory.mktemp("plain")))


def test_a_shuffled_file_and_two_threads_give_the_same_lists_to_the_bit(
    raw: pd.DataFrame, plain: pd.DataFrame, tmp_path: Path
) -> None:
    shuffled = raw.sample(frac=1, random_state=1)
    assert lists(made(shuffled, tmp_path / "shuffled")).equals(plain)
    assert lists(made(raw, tmp_path / "threads", CONFIG.replace("1", "2"))).equals(plain)


def test_customers_of_other_names_have_the_same_lists(raw: pd.DataFrame, plain: pd.DataFrame, tmp_path: Path) -> None:
    names = raw["customer_id"].unique()
    called = dict(zip(names, np.random.default_rng(1).permutation([f"p{n}" for n in range(len(names))]), strict=True))
    found = lists(made(raw.assign(customer_id=raw["customer_id"].map(called)), tmp_path))
    assert found.equals(plain.assign(customer_id=plain["customer_id"].map(called)))


def test_items_of_other_names_stand_at_the_same_places(raw: pd.DataFrame, plain: pd.DataFrame, tmp_path: Path) -> None:
    names = raw.loc[raw["type"] != "charge", "item_id"].dropna().unique()
    called = dict(zip(names, np.random.default_rng(1).permutation(names), strict=True))
    found = lists(made(raw.assign(item_id=raw["item_id"].map(lambda name: called.get(name, name))), tmp_path))
    expected = plain.assign(item_id=plain["item_id"].map(called))
    assert found[["customer_id", *SAME]].equals(expected[["customer_id", *SAME]])


def test_of_hundreds_of_items_names_decide_nothing_either(tmp_path: Path) -> None:
    dice = np.random.default_rng(2)
    customer = np.repeat(np.arange(200), 15)
    home = (customer % 3) * 100
    item = home + np.minimum(dice.exponential(33, len(customer)), 99).astype(int)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(dice.integers(0, 300, len(customer)), unit="D")
    frame = pd.DataFrame({"customer_id": customer, "item_id": item, "ts": day, "amount": 5.0, "category": home})
    called = dice.permutation(300)
    one, other = (
        lists(made(some, tmp_path / name))
        for name, some in (("one", frame), ("other", frame.assign(item_id=called[frame["item_id"]])))
    )
    expected = one.assign(item_id=[str(called[int(name)]) for name in one["item_id"]])
    assert (other["item_id"] == expected["item_id"]).mean() > 0.99  # equals in everything change places
    assert other["score"].to_numpy() == pytest.approx(expected["score"].to_numpy(), rel=1e-9)


# --- nothing of the future --------------------------------------------------------------------------------------------


def as_of(frame: pd.DataFrame, folder: Path, said: pd.DataFrame | None = None) -> pd.DataFrame:
    shop = made(frame, folder)
    if said is not None:
        said.to_csv(folder / "said.csv", index=False)
        feedback(shop, SourceOptions(folder / "said.csv"), NOW)
    return lists(shop, cutoff=CUTOFF, value_aware=True)


def opinions(raw: pd.DataFrame, day: object) -> pd.DataFrame:
    """Of every customer, about the item bought first: dislike, or a wish for more."""
    bought = raw[(raw["type"] == "order") & (raw["ts"] < pd.Timestamp(CUTOFF))].drop_duplicates("customer_id")
    rating = np.where(np.arange(len(bought)) % 2, 1, 5)
    return bought[["customer_id", "item_id"]].assign(type="rating", value=rating, ts=day)


def test_a_future_deleted_or_corrupted_in_the_file_and_what_is_said_in_it_move_no_bit_of_a_list(
    raw: pd.DataFrame, tmp_path: Path
) -> None:
    parts = split(raw)
    newly_sold = parts.future.assign(item_id="of the future", category="of the future", cost=1e6)
    futures = {
        "whole": (parts.future, None),
        "deleted": (deleted(parts.future), None),
        "corrupted": (corrupted(parts.future.fillna({"amount": 1.0})), None),
        "new items": (newly_sold, None),
        "said": (parts.future, opinions(raw, CUTOFF)),
    }
    found = {
        name: as_of(pd.concat([parts.past, future], ignore_index=True), tmp_path / name, said)
        for name, (future, said) in futures.items()
    }
    assert set(found["whole"]["item_id"]) <= set(parts.past["item_id"])
    for name, rows in found.items():
        assert rows.equals(found["whole"]), name
    before = as_of(raw, tmp_path / "before", opinions(raw, pd.Timestamp(CUTOFF) - pd.Timedelta(microseconds=1)))
    assert not before.equals(found["whole"])


# --- filters ----------------------------------------------------------------------------------------------------------


def bought_by(raw: pd.DataFrame, since: object = START) -> pd.Series:
    orders = raw[(raw["type"] == "order") & (raw["ts"] >= pd.Timestamp(since))]
    return orders.groupby("customer_id")["item_id"].agg(set)


def test_nothing_that_was_bought_before_and_nothing_bought_too_lately(listed: Workspace, raw: pd.DataFrame) -> None:
    with_bought, fresh = lists(listed), lists(listed, exclude_bought=True)
    gap = lists(listed, min_gap="60d")
    for rows, since, expected in ((with_bought, START, True), (fresh, START, False), (gap, END - timedelta(60), False)):
        own = bought_by(raw, since)
        hit = [row.item_id in own.get(row.customer_id, set()) for row in rows.itertuples()]
        assert any(hit) == expected
    own = bought_by(raw)
    assert any(row.item_id in own[row.customer_id] for row in gap.itertuples())


def test_only_items_of_the_categories_and_in_stock(listed: Workspace, raw: pd.DataFrame, tmp_path: Path) -> None:
    category = raw.dropna(subset="category").groupby("item_id")["category"].first()
    some = sorted(category.unique())[:2]
    assert set(lists(listed, categories=some)["item_id"].map(category)) == set(some)
    assert set(lists(listed, categories=some[0].upper())["item_id"].map(category)) == {some[0]}
    stock = category.index[:7].tolist()
    (tmp_path / "stock.csv").write_text("\n".join(["sku", *stock, "unheard-of"]), "utf-8")
    for there in (tmp_path / "stock.csv", [*stock, "unheard-of"]):
        assert set(lists(listed, in_stock=there)["item_id"]) <= set(stock)
        assert notes(listed, in_stock=there)["lists.strange_stock"].items() >= {"strange": 1, "rows": 8}.items()


def test_variety_brings_more_categories_in_the_mean_the_more_is_asked(listed: Workspace, raw: pd.DataFrame) -> None:
    category = raw.dropna(subset="category").groupby("item_id")["category"].first()

    def kinds(diverse: float) -> float:
        rows = lists(listed, k=4, diverse=diverse)
        return float(rows["item_id"].map(category).groupby(rows["customer_id"]).nunique().mean())

    least, some, most = (kinds(diverse) for diverse in (0.0, 0.3, 1.0))
    assert least < some <= most == 4


def test_worth_is_price_less_cost_times_the_chance(listed: Workspace, raw: pd.DataFrame) -> None:
    rows, by_worth = lists(listed, k=40), lists(listed, k=40, value_aware=True)
    orders = raw[raw["type"] == "order"]
    money = orders.groupby("item_id")[["amount", "cost", "quantity"]].sum()
    brings = (money["amount"] - money["cost"]) / money["quantity"]
    chance = rows.set_index(["customer_id", "item_id"])["score"]
    expected = chance * brings.reindex(chance.index.get_level_values("item_id")).to_numpy()
    found = by_worth.set_index(["customer_id", "item_id"])["score"]
    assert found.to_numpy() == pytest.approx(expected[found.index].to_numpy(), rel=1e-6)
    for _, mine in by_worth.groupby("customer_id"):
        assert mine["score"].is_monotonic_decreasing
    assert notes(listed, value_aware=True)["lists.costs"]["share"] == "40%"


def test_where_no_costs_are_told_a_price_is_what_an_item_brings_which_is_said(
    raw: pd.DataFrame, tmp_path: Path
) -> None:
    shop = made(raw.drop(columns="cost"), tmp_path)
    assert "lists.no_costs" in notes(shop, value_aware=True)


def test_a_shop_that_only_tells_looks_has_no_prices_and_its_lists_go_by_chance(
    raw: pd.DataFrame, tmp_path: Path
) -> None:
    looks = raw[raw["type"].isin(["view", "cart"])]
    one = raw[raw["type"] == "order"].iloc[:1].assign(item_id=None)
    shop = made(pd.concat([looks, one]), tmp_path)
    assert lists(shop, value_aware=True)["score"].notna().all()


def test_a_code_that_is_no_product_is_never_listed(listed: Workspace, raw: pd.DataFrame, tmp_path: Path) -> None:
    top = lists(listed)["item_id"].mode()[0]
    assert "POSTAGE" in set(raw["item_id"])
    for key in ("charges", "tests"):
        shop = again(listed, tmp_path / key, f'{CONFIG}[items]\n{key} = ["POSTAGE", "{top}"]\n')
        rows = lists(shop, k=100)
        assert not {top, "POSTAGE"} & set(rows["item_id"])
        assert rows["item_id"].nunique() == 39
        refused(shop, ConfigError, lambda: recommend(shop, RecommendOptions(item=top), NOW), top, "not a product")  # noqa: B023


def test_lists_are_as_long_as_asked(listed: Workspace) -> None:
    for k in (1, 7, 100):
        assert lists(listed, k=k).groupby("customer_id").size().max() == min(k, 40)


# --- exploring --------------------------------------------------------------------------------------------------------


def test_a_share_of_the_slots_explores_and_every_shown_item_has_its_propensity(
    listed: Workspace, tmp_path: Path
) -> None:
    shop = again(listed, tmp_path, f"{CONFIG}[recommend]\nexplore = 0.3\n")
    result = recommend(shop, RecommendOptions(), NOW)
    table = result.table
    rows = table.to_pandas()
    explored = rows["reason_code"] == "explore"
    assert result.card.explore == 0.3
    assert result.card.explored == explored.sum()
    assert 0.2 < explored.mean() < 0.35
    # What explores has .3 of an equal share of the candidates left, the best has the rest as well.
    left = 0.3 / (rows["propensity"] - 0.7 * ~explored)
    candidates = left + rows["rank"] - 1
    assert candidates.to_numpy() == pytest.approx(candidates.round().to_numpy())
    assert candidates.round().groupby(rows["customer_id"]).nunique().eq(1).all()
    assert candidates.between(30, 40.001).all()
    assert rows.groupby("customer_id")["item_id"].nunique().eq(10).all()
    customer = rows["customer_id"][0]
    shown = recommend(shop, RecommendOptions(customer=customer), NOW).card.entries
    mine = rows[rows["customer_id"] == customer]
    assert shown == mine[["rank", "item_id", "score", "propensity"]].to_dict("records")


# --- new customers and new items --------------------------------------------------------------------------------------


def orders_of(customer: str, days_ago: int, item: str | None, **more: Any) -> dict[str, Any]:
    day = pd.Timestamp(END) - pd.Timedelta(days=days_ago, hours=5)
    row = {"customer_id": customer, "ts": day, "type": "order", "order_id": f"{customer}-{days_ago}-{item}"}
    return {**row, "item_id": item, "quantity": 1.0, "amount": 30.0, **more}


def test_who_only_looked_gets_a_list_from_that_and_of_whom_no_item_is_known_what_sells_of_late(
    raw: pd.DataFrame, tmp_path: Path
) -> None:
    item = raw.loc[raw["type"] == "order", "item_id"].iloc[0]
    looked = orders_of("looked", 2, item, type="view", order_id=None, amount=None)
    frame = pd.concat([raw, pd.DataFrame([looked, orders_of("nothing", 3, None)])], ignore_index=True)
    shop = made(frame, tmp_path)
    result = recommend(shop, RecommendOptions(), NOW)
    table = result.table
    rows = table.to_pandas().set_index("customer_id")
    codes = {note["code"]: note for note in result.notes}
    assert codes["lists.newcomers"]["customers"] == 1
    assert rows.loc["looked", "reason_code"].isin(["viewed"]).any()
    late = raw[(raw["type"] == "order") & (raw["ts"] >= pd.Timestamp(END - timedelta(days=30)))]
    buyers = late.groupby("item_id")["customer_id"].nunique()
    mine = rows.loc["nothing"]
    assert buyers[mine["item_id"]].tolist() == sorted(buyers, reverse=True)[:10]
    assert set(mine["reason_code"]) == {"popular"}
    everybody = len(set(frame["customer_id"]))
    assert mine["score"].tolist() == pytest.approx((buyers[mine["item_id"]] / everybody).tolist())


def test_of_whom_no_item_is_known_what_they_dismissed_is_not_on_their_list(raw: pd.DataFrame, tmp_path: Path) -> None:
    shop = made(pd.concat([raw, pd.DataFrame([orders_of("nothing", 3, None)])], ignore_index=True), tmp_path)
    first = alone(shop, "nothing")["item_id"].tolist()
    said = pd.DataFrame([{"customer_id": "nothing", "item_id": first[2], "type": "dismiss", "ts": "2023-12-01"}])
    said.to_csv(tmp_path / "said.csv", index=False)
    feedback(shop, SourceOptions(tmp_path / "said.csv"), NOW)
    later = alone(shop, "nothing")["item_id"].tolist()
    assert later[:9] == first[:2] + first[3:]
    assert first[2] not in later


def test_an_item_sold_once_and_one_never_sold_reach_those_who_like_their_category(
    raw: pd.DataFrame, tmp_path: Path
) -> None:
    category = raw.dropna(subset="category").groupby("item_id")["category"].first()
    kind = category.mode()[0]
    once = orders_of("c000001", 4, "sold once", category=kind)
    never = orders_of("c000002", 5, "never sold", category=kind, type="exposure", order_id=None, amount=None)
    frame = pd.concat([raw, pd.DataFrame([once, never])], ignore_index=True)
    shop = made(frame, tmp_path)
    rows = lists(shop, k=40)
    likes = raw[raw["category"] == kind].groupby("customer_id").size()
    for item in ("sold once", "never sold"):
        place = rows[rows["item_id"] == item].set_index("customer_id")["rank"]
        liked = likes.reindex(place.index).fillna(0)
        assert len(place) > 20
        assert place[liked >= 5].mean() + 5 < place[liked < 5].mean()
    before = lists(shop, k=40, cutoff=END - timedelta(days=6))
    assert not {"sold once", "never sold"} & set(before["item_id"])


# --- feedback ---------------------------------------------------------------------------------------------------------


def test_what_is_dismissed_is_gone_and_what_is_praised_brings_what_goes_with_it_at_once_without_learning(
    listed: Workspace, tmp_path: Path
) -> None:
    shop = again(listed, tmp_path)
    result = recommend(shop, RecommendOptions(), NOW)
    table = result.table
    before = table.to_pandas()
    customers = before["customer_id"].unique()
    first = before[before["rank"] == 1].set_index("customer_id")["item_id"]
    low, none, high = customers[5], customers[6], customers[7]
    unknown = sorted(set(before["item_id"]) - set(before.loc[before["customer_id"] == high, "item_id"]))[0]
    said = [(low, first[low], "rating", 1), (none, first[none], "dismiss", None), (high, unknown, "rating", 5)]
    frame = pd.DataFrame(said, columns=["customer_id", "item_id", "type", "value"]).assign(ts="2023-12-20")
    frame.to_csv(tmp_path / "said.csv", index=False)
    feedback(shop, SourceOptions(tmp_path / "said.csv"), NOW)
    later = recommend(shop, RecommendOptions(), NOW)
    table = later.table
    after = table.to_pandas()
    assert later.card.recommender == result.card.recommender
    assert later.card.score == result.card.score
    for customer in (low, none):
        mine = after[after["customer_id"] == customer]
        assert first[customer] not in set(mine["item_id"])
        assert len(mine) == 10
    chances = [rows.set_index(["customer_id", "item_id"])["score"] for rows in (before, after)]
    assert chances[1][high].to_dict() != chances[0][high].to_dict()
    assert after["score"].between(0, 1, inclusive="neither").all()
    others = ~before["customer_id"].isin([low, none, high])
    assert after[others].reset_index(drop=True).equals(before[others].reset_index(drop=True))
    as_it_was = lists(shop, cutoff=END - timedelta(days=1))
    assert first[none] in set(as_it_was.loc[as_it_was["customer_id"] == none, "item_id"])


# --- who wants an item ------------------------------------------------------------------------------------------------


def test_who_wants_an_item_are_those_whose_lists_have_it_at_that_place(listed: Workspace) -> None:
    rows = lists(listed, k=100)
    for item in rows["item_id"].unique()[::9]:
        result = recommend(listed, RecommendOptions(k=100, item=item), NOW)
        table = result.table
        assert table.schema.equals(WANTED_BY)
        found = table.to_pandas()
        assert found["rank"].tolist() == list(range(1, len(found) + 1))
        assert found["score"].is_monotonic_decreasing
        theirs = rows[rows["item_id"] == item].set_index("customer_id")
        mine = found.set_index("customer_id")
        for name in ("score", "reason", "reason_code", "reason_args"):
            assert mine[name].tolist() == theirs.loc[mine.index, name].tolist()
        assert mine["place"].tolist() == theirs.loc[mine.index, "rank"].tolist()
        best = theirs.sort_values("score", ascending=False)["score"].head(len(found))
        assert found["score"].tolist() == best.tolist()
        assert result.card.item == item
    assert recommend(listed, RecommendOptions(k=3, item=item), NOW).table.num_rows == 3


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"k": 0}, ("k: ", "1 or more")),
        ({"k": 101}, ("k: ", "1 to 100")),
        ({"diverse": 1.01}, ("1.01", "diverse: ")),
        ({"diverse": -0.1}, ("diverse: ",)),
        ({"diverse": float("nan")}, ("diverse: ",)),
        ({"min_gap": "soon"}, ("min_gap: 'soon' is not a length of time",)),
        ({"min_gap": "0d"}, ("min_gap: '0d' is out of range",)),
        ({"categories": ["Gardn"]}, ("no category 'Gardn'", "did you mean 'garden'?")),
        ({"categories": ["zzz"]}, ("no category 'zzz'", "choose one of: bath, garden, ")),
        (
            {"in_stock": ["x", "y"]},
            ("none of the 40 items that are left is in stock: 0 of 2 ids", "or leave out"),
        ),
        ({"horizon": "2000d"}, ("horizon",)),
        ({"cutoff": "2020-01-01"}, ("2020-01-01",)),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_and_nothing_is_written(
    listed: Workspace, options: dict[str, Any], words: tuple[str, ...]
) -> None:
    refused(listed, ShijinError, lambda: lists(listed, **options), *words)


def test_the_filter_that_leaves_nothing_is_named(listed: Workspace, raw: pd.DataFrame, tmp_path: Path) -> None:
    category = raw.dropna(subset="category").groupby("item_id")["category"].first()
    kinds = sorted(category.unique())
    other = category.index[category == kinds[1]].tolist()
    refused(
        listed,
        ConfigError,
        lambda: lists(listed, categories=kinds[0], in_stock=other),
        f"is in stock: {len(other)} of {len(other)} ids are the shop's",
    )
    shop = again(listed, tmp_path, f"{CONFIG}[items]\ncharges = [{', '.join(map(repr, other))}]\n")
    refused(shop, ConfigError, lambda: lists(shop, categories=kinds[1]), f"no product is left of {kinds[1]!r}")
    everything = again(listed, tmp_path / "all", f'{CONFIG}[items]\ntests = [".*"]\n')
    refused(everything, EmptyHistoryError, lambda: lists(everything), "no item")
    (tmp_path / "none.csv").write_text("sku,stock\na,0\nb,0\n", "utf-8")
    refused(listed, SourceError, lambda: lists(listed, in_stock=tmp_path / "none.csv"), "the file has no item in stock")


def test_strangers_are_refused_and_nothing_is_learnt_or_written_for_them(raw: pd.DataFrame, tmp_path: Path) -> None:
    shop = made(raw, tmp_path)
    assert not (shop.root / "recommenders").exists()
    for k in (0, -5):
        item = raw.loc[raw["type"] == "order", "item_id"].iloc[0]
        ask = RecommendOptions(k=k)
        refused(shop, ConfigError, lambda: recommend(shop, replace(ask, item=item), NOW), "k: ", "1 or more")  # noqa: B023
    refused(shop, ConfigError, lambda: alone(shop, "stranger"), "no customer 'stranger'", "order file")
    refused(shop, ConfigError, lambda: recommend(shop, RecommendOptions(item="stranger"), NOW), "no item 'stranger'")
    only = RecommendOptions(in_stock=[item])
    other = raw.loc[(raw["type"] == "order") & (raw["item_id"] != item), "item_id"].iloc[0]
    refused(shop, ConfigError, lambda: recommend(shop, replace(only, item=other), NOW), "does not pass in_stock")


def test_a_customer_for_whom_nothing_is_left_and_an_item_that_nobody_wants_leave_nothing_behind(
    raw: pd.DataFrame, tmp_path: Path
) -> None:
    shop = made(raw, tmp_path)
    own = bought_by(raw)
    customer = own.map(len).idxmax()
    only = sorted(own[customer])[:2]
    refused(
        shop,
        ConfigError,
        lambda: alone(shop, customer, exclude_bought=True, in_stock=only),
        "customer: nothing is left to recommend after exclude_bought and in_stock",
    )
    assert not (shop.root / "recommenders").exists()
    rest = lists(shop, exclude_bought=True, in_stock=only)
    assert customer not in set(rest["customer_id"])
    assert notes(shop, exclude_bought=True, in_stock=only)["lists.unlisted"]["customers"] > 0


def test_lists_that_hold_nothing_for_anybody_are_refused_and_leave_the_ones_before(
    listed: Workspace, raw: pd.DataFrame, tmp_path: Path
) -> None:
    item = "sku-0001"
    have = raw[(raw["type"] == "order") & (raw["item_id"] == item)]
    others = sorted(set(raw["customer_id"]) - set(have["customer_id"]))
    all_bought = pd.concat([raw, pd.DataFrame([orders_of(customer, 3, item) for customer in others])])
    shop = made(all_bought, tmp_path)
    lists(shop)
    refused(
        shop,
        ConfigError,
        lambda: lists(shop, exclude_bought=True, in_stock=[item]),
        "nothing is left to recommend after exclude_bought and in_stock",
    )


def test_who_wants_an_item_goes_by_chance_alone(listed: Workspace) -> None:
    for more in ({"value_aware": True}, {"diverse": 0.3}):
        name = next(iter(more))
        ask = RecommendOptions(**more)
        one = replace(ask, item="sku-0001")
        refused(listed, ConfigError, lambda: recommend(listed, one, NOW), "by their probability", name)  # noqa: B023


def test_an_item_that_only_came_back_is_wanted_by_nobody_and_the_refusal_says_why(
    raw: pd.DataFrame, tmp_path: Path
) -> None:
    back = orders_of("c000001", 9, "only back", type="return", amount=-30.0)
    shop = made(pd.concat([raw, pd.DataFrame([back])], ignore_index=True), tmp_path)
    refused(
        shop,
        ConfigError,
        lambda: recommend(shop, RecommendOptions(item="only back"), NOW),
        "no customer bought 'only back' or looked at it before",
    )


def test_a_category_is_taken_by_its_very_name_and_else_whatever_its_capitals(tmp_path: Path) -> None:
    rows = [(f"c{n % 7}", f"2024-01-{n + 1:02d}", f"i{n % 6}") for n in range(28)]
    kinds = {"i0": "Tea", "i1": "tea", "i2": "Tea", "i3": "a, b"}
    frame = little(rows)
    shop = made(frame.assign(category=frame["item_id"].map(kinds)), tmp_path)

    def items(*categories: str) -> set[str]:
        return set(lists(shop, categories=categories)["item_id"])

    assert items("Tea") == {"i0", "i2"}
    assert items("tea") == {"i1"}
    assert items("TEA") == {"i0", "i1", "i2"}
    assert items("a, b", "tea") == {"i1", "i3"}
    refused(shop, ConfigError, lambda: items("zzzz"), "choose one of: Tea, a, b, tea")


def test_what_a_customer_disliked_is_not_named_as_what_led_to_an_item(raw: pd.DataFrame, tmp_path: Path) -> None:
    shop = made(raw, tmp_path)
    led = lists(shop, exclude_bought=True)
    led = led[led["reason_code"] == "after"].assign(lead=led["reason_args"].map(json.loads).str["bought_item"])
    some = led.drop_duplicates("customer_id").head(20)[["customer_id", "lead"]]
    said = some.rename(columns={"lead": "item_id"}).assign(type="dismiss", ts="2023-11-27")
    assert len(said) > 5
    said.to_csv(tmp_path / "said.csv", index=False)
    feedback(shop, SourceOptions(tmp_path / "said.csv"), NOW)
    rows = lists(shop, exclude_bought=True)
    leads = rows["reason_args"].map(json.loads).str.get("bought_item")
    disliked = set(zip(some["customer_id"], some["lead"], strict=True))
    assert leads.notna().any()
    assert not disliked & set(zip(rows["customer_id"], leads, strict=True))


# --- small shops ------------------------------------------------------------------------------------------------------


def little(rows: list[tuple[str, str, str | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "ts", "item_id"])
    order = [f"o{number}" for number in range(len(frame))]
    return frame.assign(ts=pd.to_datetime(frame["ts"]), type="order", order_id=order, quantity=1.0, amount=9.5)


LITTLE = {
    "ten customers, one order each": [(f"c{n}", f"2024-01-{n + 1:02d}", f"i{n % 3}") for n in range(10)],
    "all on one day": [(f"c{n}", f"2024-01-05 {n:02d}:00", f"i{n % 4}") for n in range(12)],
    "all at one moment": [(f"c{n}", "2024-01-05", f"i{n % 4}") for n in range(12)],
    "two customers": [("a", "2024-01-01", "x"), ("b", "2024-01-03", "y")],
    "one customer": [("a", "2024-01-01", "x"), ("a", "2024-01-03", "y"), ("a", "2024-01-09", "x")],
    "a few who come back": [(f"c{n % 7}", f"2024-01-{n + 1:02d}", f"i{n % 3}") for n in range(28)],
    "most without an item": [(f"c{n}", f"2024-01-{n + 1:02d}", f"i{n}" if n < 2 else None) for n in range(20)],
}


@pytest.mark.parametrize("kind", LITTLE)
def test_a_little_shop_has_lists_with_a_note(kind: str, tmp_path: Path) -> None:
    frame = little(LITTLE[kind])
    shop = made(frame, tmp_path)
    result = recommend(shop, RecommendOptions(), NOW)
    table = result.table
    rows = table.to_pandas()
    assert set(rows["customer_id"]) == set(frame["customer_id"])
    assert set(rows["item_id"]) <= set(frame["item_id"].dropna())
    assert np.isfinite(rows["score"]).all()
    assert {note["code"] for note in result.notes} & {"lists.untaught", "lists.few"}
    for customer in frame["customer_id"].unique()[:3]:
        assert alone(shop, customer).equals(rows[rows["customer_id"] == customer].reset_index(drop=True))
    item = rows["item_id"][0]
    theirs = rows[rows["item_id"] == item].set_index("customer_id")["score"]
    found = recommend(shop, RecommendOptions(k=50, item=item), NOW).table.to_pandas().set_index("customer_id")["score"]
    assert found.to_dict() == theirs.to_dict()


@pytest.mark.parametrize(
    ("items", "words"),
    [([None] * 9, "name no item"), (["tea"] * 9, "only one item"), (["tea", None] * 4, "only one item")],
    ids=["no items", "one item", "one item and none"],
)
def test_a_shop_with_nothing_to_choose_among_is_refused(items: list[str | None], words: str, tmp_path: Path) -> None:
    shop = made(little([(f"c{n}", f"2024-01-{n + 1:02d}", item) for n, item in enumerate(items)]), tmp_path)
    for ask in (
        lambda: lists(shop),
        lambda: alone(shop, "c1"),
        lambda: recommend(shop, RecommendOptions(item="tea"), NOW),
    ):
        refused(shop, EmptyHistoryError, ask, words, "map={'item_id': 'COLUMN'}")


def test_a_workspace_without_orders_is_refused(tmp_path: Path) -> None:
    shop = Workspace.create(tmp_path / "shop", CONFIG)
    refused(shop, EmptyHistoryError, lambda: lists(shop), "no orders are collected yet")


def test_the_same_shop_through_its_python_face(raw: pd.DataFrame, plain: pd.DataFrame, tmp_path: Path) -> None:
    shop = shop_of(raw, tmp_path)
    assert shop.recommend().to_pandas()[SAME].equals(plain[SAME])
