"""The Python face: a table goes in, the same kind comes out; every object shows itself; wrong input is one line."""

import gc
import inspect
import pydoc
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import shijin
from rawfile import CONFIG, CUTOFF, shop_of
from shijin import Distribution, Forecaster, Grid, History, Outcomes, ShijinError, Shop
from shijin.schema import FORECAST

Frame = pd.DataFrame | pl.DataFrame | pa.Table
DAY = CUTOFF.isoformat()
KINDS: dict[str, tuple[Callable[[pd.DataFrame], Any], type]] = {
    "pandas": (lambda frame: frame, pd.DataFrame),
    "polars": (pl.from_pandas, pl.DataFrame),
    "arrow": (lambda frame: pa.Table.from_pandas(frame, preserve_index=False), pa.Table),
}


@pytest.fixture(scope="module")
def shop(orders: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return shop_of(orders, tmp_path_factory.mktemp("python"))


@pytest.fixture(scope="module")
def plain(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders as an analyst has them, under names of their own."""
    bought = orders[orders["type"] == "order"]
    return bought.rename(columns={"customer_id": "who", "ts": "moment", "amount": "paid"})[["who", "moment", "paid"]]


# -- tables ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_kind_of_table_comes_out_as_went_in(plain: pd.DataFrame, kind: str) -> None:
    make, expected = KINDS[kind]
    shop = shijin.from_dataframe(make(plain), customer="who", time="moment", amount="paid")
    features = shop.features(cutoff=DAY, horizon="60d")
    tables = (shop.events(), features, shop.forecast(horizon="60d"), shop.check(), shop.represent(horizon="60d"))
    assert [type(table) for table in tables] == [expected] * 5
    assert isinstance(shop.similar(plain["who"].iloc[0], k=3), expected)
    assert len(shop.events()) == len(plain)
    assert len(features) == plain[plain["moment"] < pd.Timestamp(CUTOFF)]["who"].nunique()


@pytest.mark.parametrize("kind", KINDS)
def test_lists_demand_and_interests_come_out_as_the_kind_that_went_in(orders: pd.DataFrame, kind: str) -> None:
    make, expected = KINDS[kind]
    columns = {"type": "type", "order_id": "order_id", "item_id": "item_id", "category": "category"}
    columns["quantity"] = "quantity"
    shop = shijin.from_dataframe(make(orders), customer="customer_id", time="ts", amount="amount", **columns)
    who = orders["customer_id"].iloc[0]
    lists, mine, wanted_by = shop.recommend(3), shop.recommend(customer=who), shop.recommend(item="sku-0001")
    found = (lists, mine, wanted_by, shop.demand(), shop.affinity())
    assert [type(table) for table in found] == [expected] * 5
    assert (len(mine), len(wanted_by) > 10) == (10, True)
    assert len(lists) == 3 * orders["customer_id"].nunique()


def test_every_kind_of_table_gives_the_same_numbers(plain: pd.DataFrame) -> None:
    def forecast(make: Callable[[pd.DataFrame], Any]) -> pa.Table:
        made = shijin.from_dataframe(make(plain), customer="who", time="moment", amount="paid")
        found = made.forecast(horizon="60d")
        return found if isinstance(found, pa.Table) else pa.table(found)

    first, *others = (forecast(make) for make, _ in KINDS.values())
    for other in others:
        for name in ("customer_id", "expected_spend", "p_active", "spend_p90"):
            assert other[name].to_pylist() == first[name].to_pylist()


def test_columns_are_guessed_where_their_names_say_it(plain: pd.DataFrame) -> None:
    named = plain.rename(columns={"who": "用户ID", "moment": "下单时间", "paid": "实付金额"})
    shop = shijin.from_dataframe(named)
    assert len(shop.events()) == len(plain)
    assert sum(shop.events()["amount"]) == pytest.approx(plain["paid"].sum())


def test_a_table_handed_in_is_not_changed(plain: pd.DataFrame) -> None:
    before = plain.copy(deep=True)
    shijin.from_dataframe(plain, customer="who", time="moment", amount="paid").forecast(horizon="60d")
    pd.testing.assert_frame_equal(plain, before)


# -- workspaces --------------------------------------------------------------------------------------------------------


def test_a_temporary_workspace_goes_with_its_shop_and_a_named_one_stays(plain: pd.DataFrame, tmp_path: Path) -> None:
    columns = {"customer": "who", "time": "moment", "amount": "paid"}
    passing = shijin.from_dataframe(plain, **columns)
    root = passing.workspace.root
    assert (root / "data").is_dir()
    del passing
    gc.collect()
    assert not root.exists()
    kept = shijin.from_dataframe(plain, tmp_path / "mine", **columns)
    assert kept.workspace.root == tmp_path / "mine"
    del kept
    gc.collect()
    assert len(shijin.open(tmp_path / "mine").events()) == len(plain)


def test_a_workspace_that_is_opened_gives_arrow_and_what_the_command_left_there(finished: Path) -> None:
    shop = shijin.open(finished)
    assert isinstance(shop.events(), pa.Table)
    assert shop.forecast(horizon="60d").schema.equals(FORECAST)
    assert shijin.open(str(finished)).events().num_rows == shop.events().num_rows


# -- train, forecast, backtest -----------------------------------------------------------------------------------------


def test_a_trained_model_forecasts_its_shop_and_any_history_in_hand(shop: Shop) -> None:
    model = shop.train(horizon="60d", cutoff=DAY)
    assert model.card["trained"]
    assert model.forecast().equals(shop.forecast(model=model.card["model"]))
    then = shop.forecast(model=model.card["model"], cutoff=DAY)
    assert model.forecast(shop.history(cutoff=DAY, horizon="60d")).equals(then)
    assert model.forecast(shop.history(cutoff=date(2023, 10, 15), horizon=60)).num_rows > then.num_rows - 1
    assert set(model.weights.column_names) == {"part", "member", "weight"}


def test_days_and_horizons_may_be_texts_numbers_or_dates(shop: Shop) -> None:
    told = [shop.features(cutoff=cutoff, horizon=horizon) for cutoff, horizon in ((DAY, "60d"), (CUTOFF, 60))]
    assert told[0].equals(told[1])
    assert {"orders", "spend", "orders_1h", "last_seen"} <= set(told[0].column_names)


class Flat:
    """A member as a user would write one: everyone alike, as the newest closed window was."""

    name = "everyone alike"

    def __init__(self) -> None:
        self.share, self.orders, self.spend = 0.5, 1.0, 1.0

    def fit(self, windows: Sequence[tuple[History, Outcomes]], seed: int) -> None:
        history, outcomes = windows[0]
        self.share = float((outcomes.orders > 0).mean())
        self.spend = float(outcomes.spend[outcomes.orders > 0].mean() / history.scale)

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        grid, n = Grid.of_scale(history.scale), len(history)
        spend = np.zeros((n, len(grid.spend_means)))
        spend[:, grid.spend_bin(np.array([self.spend * history.scale]))[0]] = 1.0
        orders = np.zeros((n, len(grid.order_means)))
        orders[:, 0] = 1.0
        return Distribution(np.full(n, self.share), spend, orders, grid)


def test_a_member_of_ones_own_is_judged_and_weighed_beside_the_others(shop: Shop) -> None:
    own = Flat()
    assert isinstance(own, Forecaster)
    view = shop.backtest(horizon="60d", members=[own])
    usual = shop.backtest(horizon="60d")
    assert set(view.scores) == {*usual.scores, "everyone alike"}
    assert view.scores["everyone alike"]["auc"] == 0.5
    assert view.scores["everyone alike"]["ngini"] == pytest.approx(0, abs=1e-12)
    for part, row in view.result["weights"].items():
        assert "everyone alike" in row, part
        assert "everyone alike" not in usual.result["weights"][part]
    rows = view.members.filter(pa.compute.equal(view.members["member"], "everyone alike"))
    assert rows.num_rows == view.scores["everyone alike"]["customers"]
    assert set(rows["p_active"].to_pylist()) == {own.share}
    lone = {name: figures for name, figures in view.scores.items() if name not in ("everyone alike", "stack")}
    assert lone == {name: figures for name, figures in usual.scores.items() if name != "stack"}


def test_what_was_judged_with_a_member_of_ones_own_does_not_stand_in_for_the_usual_backtest(shop: Shop) -> None:
    shop.backtest(horizon="60d", members=[Flat()])
    assert "everyone alike" not in shop.backtest(horizon="60d").scores


def test_one_call_forecasts_a_table_as_of_a_day(plain: pd.DataFrame) -> None:
    columns = {"customer": "who", "time": "moment", "amount": "paid"}
    then = shijin.forecast(plain, "60d", cutoff=DAY, **columns)
    past = plain[plain["moment"] < pd.Timestamp(CUTOFF)]
    assert set(then["customer_id"]) == set(past["who"])
    assert set(then["cutoff"].dt.date) == {CUTOFF}


def test_rows_of_several_horizons_are_told_apart_by_their_days_and_the_longer_says_no_less(plain: pd.DataFrame) -> None:
    columns = {"customer": "who", "time": "moment", "amount": "paid"}
    found = shijin.forecast(plain, np.array([60, 30]), **columns)
    by_days = found.pivot(index="customer_id", columns="horizon_days", values="p_active")
    assert list(by_days.columns) == [30, 60]
    assert (by_days[60] >= by_days[30]).all()


def test_the_room_that_can_be_called_tells_its_parameters() -> None:
    parameters = inspect.signature(shijin.forecast).parameters
    assert list(parameters) == ["orders", "horizon", "cutoff", "customer", "time", "amount", "columns"]
    told = pydoc.plain(pydoc.render_doc(shijin.forecast))
    assert "Forecast the customers of a table of orders in one call" in told
    assert "horizon_days" in told


def test_the_cure_for_a_column_that_is_not_found_works_as_it_is_written(plain: pd.DataFrame) -> None:
    table = plain.rename(columns={"who": "x", "moment": "ts", "paid": "amount"})
    plain = table.rename(columns={"x": "customer_id"})
    with pytest.raises(ShijinError, match=r"name it with map=\{'customer_id': 'COLUMN'\}"):
        shijin.forecast(table, "30d")
    assert len(shijin.forecast(table, "30d", map={"customer_id": "x"})) == len(shijin.forecast(plain, "30d"))
    assert shijin.from_dataframe(table, map={"customer_id": "x"}).events().shape[0] == len(table)


def test_an_argument_that_does_not_exist_is_refused_by_the_name_of_those_that_do(plain: pd.DataFrame) -> None:
    with pytest.raises(ShijinError, match=r"no argument 'horizons'. Cure: did you mean 'horizon'\?"):
        shijin.forecast(plain, horizons="90d")
    with pytest.raises(ShijinError, match="no argument 'zzz'") as no:
        shijin.forecast(plain, zzz="90d")
    assert all(name in no.value.cure for name in ("horizon", "cutoff", "customer", "time", "amount", "order_id"))
    with pytest.raises(ShijinError, match="no argument 'workspace'"):
        shijin.forecast(plain, workspace="here")
    with pytest.raises(ShijinError, match=r"shijin\.from_dataframe has no argument 'cutoff'"):
        shijin.from_dataframe(plain, cutoff=DAY)


# -- what is shown -----------------------------------------------------------------------------------------------------


CHARTS = ("history", "concentration", "tiers", "map", "recommended", "demand", "activity", "deciles", "reliability")


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_an_altair_chart_with_its_data(finished: Path, name: str) -> None:
    chart = getattr(shijin.open(finished).plot, name)()
    assert isinstance(chart, alt.TopLevelMixin)
    spec = chart.to_dict()
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    assert any(len(rows) > 0 for rows in spec["datasets"].values())


def test_a_chart_of_what_is_not_there_yet_says_what_to_run(shop: Shop, plain: pd.DataFrame) -> None:
    young = shijin.from_dataframe(plain, customer="who", time="moment", amount="paid")
    with pytest.raises(ShijinError, match="nothing is scored yet"):
        young.plot.tiers()
    young.forecast(horizon="60d")
    with pytest.raises(ShijinError, match="backtest"):
        young.plot.deciles()
    with pytest.raises(ShijinError, match=r"shop\.represent"):
        young.plot.map()
    young.represent(horizon="60d")
    assert young.plot.map().to_dict()
    with pytest.raises(ShijinError, match=r"shop\.recommend"):
        young.plot.recommended()
    with pytest.raises(ShijinError, match=r"shop\.demand"):
        young.plot.demand()


def test_objects_show_themselves(shop: Shop, orders: pd.DataFrame) -> None:
    assert repr(shop).startswith("Shop(")
    assert f"{len(orders)} events" in repr(shop)
    assert repr(shop.train(horizon="60d")).startswith("TrainedModel(")
    view = shop.backtest(horizon="60d")
    lines = repr(view).splitlines()
    assert len({len(line) for line in lines[: 1 + len(view.scores)]}) == 1
    assert lines[0].split() == ["auc", "log_score", "level", "ngini", "spearman", "crps", "coverage_p90"]
    assert lines[-1] == view.verdict()
    html = view._repr_html_()
    assert html.startswith("<table>")
    assert html.count("<tr>") == 1 + len(view.scores)
    assert view.verdict("zh") != view.verdict("en")
    shop.forecast(horizon="60d")
    assert repr(shop.plot).startswith("Plots: history, concentration, ")
    assert repr(shop.plot).endswith(", deciles, reliability")


# -- wrong input -------------------------------------------------------------------------------------------------------


def refusals(shop: Shop, plain: pd.DataFrame) -> dict[str, Callable[[], object]]:
    return {
        "a list": lambda: shijin.from_dataframe([1, 2]),
        "nothing": lambda: shijin.from_dataframe(None),
        "a lazy frame": lambda: shijin.from_dataframe(pl.from_pandas(plain).lazy()),
        "no rows": lambda: shijin.from_dataframe(plain.iloc[:0], customer="who", time="moment", amount="paid"),
        "no such column": lambda: shijin.from_dataframe(plain, customer="whom", time="moment", amount="paid"),
        "no such role": lambda: shijin.from_dataframe(plain, customer="who", time="moment", amount="paid", sku="who"),
        "no columns to guess": lambda: shijin.from_dataframe(plain[["who", "paid"]]),
        "no workspace": lambda: shijin.open("nowhere"),
        "no horizon": lambda: shop.forecast(horizon="soon"),
        "no horizon at all": lambda: shop.forecast(horizon=[]),
        "half a day": lambda: shop.forecast(horizon=3.5),  # type: ignore[arg-type]
        "a horizon of another type": lambda: shop.forecast(horizon=[[60]]),  # type: ignore[list-item]
        "no day": lambda: shop.features(cutoff="June"),
        "a day of another type": lambda: shop.features(cutoff=2023),  # type: ignore[arg-type]
        "a horizon that is too long": lambda: shop.train(horizon=900),
        "a cutoff before the shop": lambda: shop.features(cutoff="2001-01-01"),
        "vectors far ahead": lambda: shop.represent(horizon="20y"),
        "neighbours of nobody": lambda: shop.similar("nobody"),
        "no neighbours": lambda: shop.similar("c000003", k=0),
        "lists for nobody": lambda: shop.recommend(customer="nobody"),
        "lists of nothing": lambda: shop.recommend(0),
        "who wants what is not there": lambda: shop.recommend(item="no such item"),
        "a category that is none": lambda: shop.recommend(categories="no such category"),
        "a customer and an item": lambda: shop.recommend(customer="c000003", item="sku-0001"),
        "an option that is none": lambda: shop.recommend(categorie="garden"),
        "a word for a number": lambda: shop.recommend(k="ten"),  # type: ignore[arg-type]
        "half an item": lambda: shop.recommend(2.5),  # type: ignore[arg-type]
        "a word for a share": lambda: shop.recommend(diverse="much"),
        "nothing in stock": lambda: shop.recommend(in_stock=["no such item"]),
        "a file of stock that is not there": lambda: shop.recommend(in_stock="nowhere.csv"),
        "demand for ever": lambda: shop.demand(horizon="soon"),
        "interests before the shop": lambda: shop.affinity(cutoff="2001-01-01"),
        "no such model": lambda: shop.forecast(model="m1"),
        "no member": lambda: shop.backtest(horizon="60d", members=["BTYD"]),  # type: ignore[list-item]
        "a member's class": lambda: shop.backtest(horizon="60d", members=[Flat]),  # type: ignore[list-item]
        "a member under a name that is taken": lambda: shop.backtest(horizon="60d", members=[Flat(), Flat()]),
    }


@pytest.mark.parametrize("what", list(refusals(None, pd.DataFrame())))  # type: ignore[arg-type]
def test_wrong_input_is_refused_in_one_line(what: str, shop: Shop, plain: pd.DataFrame) -> None:
    with pytest.raises(ShijinError) as refusal:
        refusals(shop, plain)[what]()
    assert len(str(refusal.value).splitlines()) == 1
    assert "Cure: " in str(refusal.value)


def test_a_refused_table_leaves_no_temporary_workspace_behind(
    plain: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ShijinError):
        shijin.from_dataframe(plain[["who", "paid"]])
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_refused_table_leaves_a_named_workspace_as_it_was(plain: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "shijin.toml").write_text(CONFIG)
    with pytest.raises(ShijinError):
        shijin.from_dataframe(plain[["who", "paid"]], tmp_path / "mine")
    assert {path.name for path in (tmp_path / "mine").iterdir()} <= {"shijin.toml", ".lock"}
    with pytest.raises(ShijinError):
        shijin.from_dataframe(plain[["who", "paid"]], tmp_path / "new")
    assert not (tmp_path / "new").exists()
