"""People who looked but have not bought: their forecast is counted from people like them, and touches nobody else's."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from ledger import events
from shijin.distribution import Grid
from shijin.forecast.backtest import backtest
from shijin.forecast.model import Model, train
from shijin.forecast.prospects import PRIOR, Prospects, looks, usual_share
from shijin.forecast.windows import STEPS_PER_HORIZON, prospect_windows
from shijin.metrics.value import auc, log_scores
from shijin.represent.cutoff import History, Outcomes, only, split_at
from shijin.represent.pack import pack
from shijin.represent.packed import DAY_US, Packed
from shijin.simulate.events import as_events
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate

H = 30
UTC = ZoneInfo("UTC")
DAYS = 400
BUYERS = as_events(simulate(replace(DEMO, customers=250, days=DAYS, joining=0.6, views_per_order=0.0), seed=8))
FIRST = datetime(DEMO.start.year, DEMO.start.month, DEMO.start.day, 12, tzinfo=UTC)
WITH_CART, WITHOUT = 0.5, 0.05  # who buys within the horizon, of those who look


def lookers(n: int, seed: int, *, buy: bool) -> pa.Table:
    """Each looks on one day; some put a thing into the cart. Who buys does so within a horizon of it, else never."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(n):
        day, cart = int(rng.integers(5, DAYS - 1)), bool(rng.random() < 0.3)
        seen = {"customer_id": f"looker {number}", "ts": FIRST + timedelta(days=day)}
        rows.append(seen | {"type": "cart" if cart else "view", "amount": None})
        if buy and rng.random() < (WITH_CART if cart else WITHOUT):
            later = seen["ts"] + timedelta(days=int(rng.integers(1, H + 1)))
            if later < FIRST + timedelta(days=DAYS):
                rows.append(seen | {"ts": later, "type": "order", "amount": 40.0})
    return events(rows)


def shop_of(*tables: pa.Table) -> Packed:
    columns = tables[0].column_names
    every = [table.select(columns) for table in tables]
    whole = pa.concat_tables(every)
    ids = pa.array([f"e{place}" for place in range(whole.num_rows)])
    return pack(whole.set_column(columns.index("event_id"), "event_id", ids), UTC)


LOOKED = shop_of(BUYERS, lookers(3000, 1, buy=True))
CUTOFF = LOOKED.end - H * DAY_US


def judged(shop: Packed = LOOKED, cutoff: int = CUTOFF) -> tuple[History, Outcomes]:
    history, outcomes = split_at(shop, cutoff, H)
    assert outcomes is not None
    return only(history, outcomes, ~history.bought)


@pytest.fixture(scope="module")
def taught() -> Prospects:
    return Prospects.of(prospect_windows(LOOKED, CUTOFF, H))


def test_windows_hold_everybody_who_had_looked_but_not_bought_and_nobody_else() -> None:
    windows = prospect_windows(LOOKED, CUTOFF, H)
    assert len(windows) > 10
    for history, outcomes in windows:
        kinds = history.moments.kind
        assert (kinds > 2).all()  # no order, return or charge
        everybody, _ = split_at(LOOKED, history.cutoff, H)
        assert len(history) == (~everybody.bought).sum() == len(outcomes.spend)


def test_a_shop_in_which_nobody_only_looks_has_no_prospects() -> None:
    assert prospect_windows(shop_of(BUYERS), CUTOFF, H) == []


def test_those_who_looked_lately_and_with_a_cart_are_likelier_to_buy(taught: Prospects) -> None:
    history, outcomes = judged()
    forecast = taught.forecast(history, H)
    came = outcomes.orders > 0
    assert came.sum() > 10
    assert auc(came, forecast.p_active) > 0.9
    one_share = np.full(len(came), taught.share(H))
    assert log_scores(came, forecast.p_active).mean() > log_scores(came, one_share).mean() + 0.01


def test_probabilities_add_up_to_how_many_buy(taught: Prospects) -> None:
    history, _ = judged()
    # Truth: a looker of d days ago with chance c buys in what is left of the horizon: c (H - d) / H of them.
    age = history.age_days[history.offsets[:-1]]
    cart = np.expm1(looks(history, 10 * H)[:, 3]) > 0
    left = np.where(age < H, np.where(cart, WITH_CART, WITHOUT) * (H - age) / H, 0.0)
    assert taught.forecast(history, H).p_active.sum() == pytest.approx(left.sum(), rel=0.35)


def test_what_they_spend_is_what_such_people_spent(taught: Prospects) -> None:
    history, _ = judged()
    forecast = taught.forecast(history, H)
    spent = forecast.spend @ Grid.of_scale(history.scale).spend_means
    assert np.ptp(spent) < 1e-9
    counts = taught.bought / STEPS_PER_HORIZON
    shrunk = (PRIOR * 1.3 + counts * 40 / history.scale) / (PRIOR + counts)
    assert spent[0] == pytest.approx(shrunk * history.scale, rel=0.05)


def test_without_a_closed_window_a_usual_share_is_assumed() -> None:
    history, _ = judged()
    forecast = Prospects.of([]).forecast(history, H)
    assert np.unique(forecast.p_active).tolist() == [pytest.approx(0.02)]
    assert usual_share(2 * H) == pytest.approx(1 - 0.98**2)


def test_a_few_prospects_hardly_move_the_usual_share() -> None:
    history, outcomes = judged()
    few = [only(history, outcomes, np.arange(len(history)) < 5)]
    assert not few[0][1].orders.any()
    p_active = Prospects.of(few).forecast(history, H).p_active
    assert (p_active > 0.01).all()
    assert (p_active < 0.03).all()


def test_what_happens_from_the_cutoff_on_teaches_nothing(taught: Prospects) -> None:
    moments = LOOKED.moments
    later = moments.ts >= CUTOFF
    other = replace(LOOKED, moments=replace(moments, amount=np.where(later, 7777.0, moments.amount)))
    assert Prospects.of(prospect_windows(other, CUTOFF, H)) == taught


def test_what_was_learnt_comes_back_from_plain_numbers(taught: Prospects) -> None:
    history, _ = judged()
    again = Prospects.from_state(taught.state())
    assert np.array_equal(again.forecast(history, H).p_active, taught.forecast(history, H).p_active)


def test_people_who_only_look_change_no_forecast_of_who_has_bought() -> None:
    without, crowded = shop_of(BUYERS), shop_of(BUYERS, lookers(1500, 2, buy=False))
    forecasts = {}
    for name, shop in {"without": without, "crowded": crowded}.items():
        history, _ = split_at(shop, without.end, H)
        rows = np.flatnonzero(history.bought)
        forecast = train(shop, H, without.end).forecast(history).take(rows)
        forecasts[name] = (history.customers[rows].tolist(), forecast.p_active, forecast.spend, forecast.orders)
    assert forecasts["without"][0] == forecasts["crowded"][0]
    for alone, beside in zip(forecasts["without"][1:], forecasts["crowded"][1:], strict=True):
        assert np.array_equal(alone, beside)


def test_an_untrained_shop_forecasts_its_buyers_alike_with_a_crowd_beside_them() -> None:
    without, crowded = shop_of(BUYERS), shop_of(BUYERS, lookers(1500, 2, buy=False))
    spends = []
    for shop in (without, crowded):
        history, _ = split_at(shop, without.end, H)
        forecast = Model(H, without.end).forecast(history)
        spends.append(forecast.take(history.bought).spend)
        assert np.allclose(forecast.p_active[~history.bought], 0.02)
    assert np.array_equal(*spends)


def test_a_model_that_is_asked_of_prospects_alone_forecasts_them_as_ever() -> None:
    history, _ = split_at(LOOKED, CUTOFF, H)
    model = Model(H, CUTOFF)
    alone, among = model.forecast(history.take(~history.bought)), model.forecast(history).take(~history.bought)
    assert np.array_equal(alone.p_active, among.p_active)
    assert np.array_equal(alone.spend, among.spend)


def test_a_backtest_judges_them_beside_the_customers_and_its_figures_recompute_from_the_rows() -> None:
    found = backtest(LOOKED, H, CUTOFF)
    history, outcomes = judged()
    assert found.prospects is not None
    assert found.prospects["customer_id"].to_pylist() == history.customers.tolist()
    assert not set(found.members["customer_id"].to_pylist()) & set(history.customers.tolist())
    told = found.as_json()["prospects"]
    p_active, ordered = found.prospects["p_active"].to_numpy(), found.prospects["y_orders"].to_numpy() > 0
    assert told["customers"] == len(history)
    assert told["ordered"] == ordered.sum() == (outcomes.orders > 0).sum()
    assert told["expected"] == pytest.approx(p_active.sum())
    assert told["log_score"] == pytest.approx(log_scores(ordered, p_active).mean())
    assert told["log_score_share"] == pytest.approx(log_scores(ordered, np.full(len(ordered), told["share"])).mean())
    assert found.notes[-1]["code"] == "forecast.prospects_judged"


def test_a_backtest_of_a_shop_without_them_says_nothing_of_them() -> None:
    shop = shop_of(BUYERS)
    found = backtest(shop, H, shop.end - H * DAY_US)
    assert found.prospects is None
    assert "prospects" not in found.as_json()
