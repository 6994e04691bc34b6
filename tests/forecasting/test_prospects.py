"""Prospects: their forecast is learnt from earlier prospects, and changes no customer's forecast."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import shijin.forecasting.prospects as prospects_module
from ledger import events, packed, row
from shijin.forecasting.backtest import backtest
from shijin.forecasting.model import Model, train
from shijin.forecasting.prospects import Prospects, looks, usual_share
from shijin.forecasting.windows import STEPS_PER_HORIZON, prospect_windows
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
WITH_CART, WITHOUT = 0.5, 0.05  # share of those who look that buys within the horizon


def lookers(n: int, seed: int, *, buy: bool) -> pa.Table:
    """Prospects who each look on one day, some with a cart; some buy, within a horizon of that day."""
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
def prospects() -> Prospects:
    return Prospects.of(prospect_windows(LOOKED, CUTOFF, H))


def test_windows_hold_everybody_who_had_looked_but_not_bought_and_nobody_else() -> None:
    windows = list(prospect_windows(LOOKED, CUTOFF, H))
    assert len(windows) > 10
    for history, outcomes in windows:
        kinds = history.moments.kind
        assert (kinds > 2).all()  # no order, return or charge
        everybody, _ = split_at(LOOKED, history.cutoff, H)
        assert len(history) == (~everybody.bought).sum() == len(outcomes.spend)


def test_a_shop_in_which_nobody_only_looks_has_no_prospects() -> None:
    assert list(prospect_windows(shop_of(BUYERS), CUTOFF, H)) == []


def test_those_who_looked_lately_and_with_a_cart_are_likelier_to_buy(prospects: Prospects) -> None:
    history, outcomes = judged()
    forecast = prospects.forecast(history, H)
    came = outcomes.orders > 0
    assert came.sum() > 10
    assert auc(came, forecast.p_active) > 0.9
    one_share = np.full(len(came), prospects.share(H))
    assert log_scores(came, forecast.p_active).mean() > log_scores(came, one_share).mean() + 0.01


def test_probabilities_add_up_to_how_many_buy(prospects: Prospects) -> None:
    history, _ = judged()
    # Truth: a looker of d days ago with chance c buys in what is left of the horizon: c (H - d) / H of them.
    age = history.age_days[history.offsets[:-1]]
    cart = np.expm1(looks(history, 10 * H)[:, 3]) > 0
    left = np.where(age < H, np.where(cart, WITH_CART, WITHOUT) * (H - age) / H, 0.0)
    assert prospects.forecast(history, H).p_active.sum() == pytest.approx(left.sum(), rel=0.35)


def a_day(number: int, hour: int = 12) -> str:
    return f"{(FIRST + timedelta(days=number)).date()} {hour:02d}:00"


def small_shop(buyers: int, lookers: int, spends: Sequence[float] = ()) -> Packed:
    """Orders of 10 every day; on day 40 some look, of whom the first few buy on day 50."""
    rows = [row(f"known {number}", a_day(number % 45), 10.0) for number in range(60)]
    rows += [row(f"looker {number}", a_day(40), None, "view") for number in range(lookers)]
    amounts = spends or [10.0] * buyers
    rows += [row(f"looker {number}", a_day(50), amounts[number]) for number in range(buyers)]
    return packed([*rows, row("known 0", a_day(74), 10.0)])


def learn_from(shop: Packed) -> Prospects:
    """From one window of 30 days that begins on day 45."""
    history, outcomes = split_at(shop, shop.end - H * DAY_US, H)
    assert outcomes is not None
    assert history.scale == 10.0
    return Prospects.of([only(history, outcomes, ~history.bought)])


def test_equal_prospects_get_the_share_that_bought_shrunk_towards_the_usual_one() -> None:
    shop = small_shop(buyers=9, lookers=30)
    prospects = learn_from(shop)
    assert (prospects.taught, prospects.bought) == (30, 9)
    share = (20 * 0.02 + 9 / 2) / (20 + 30 / 2)  # a person in overlapping windows counts a half in each
    assert prospects.share(H) == pytest.approx(share)
    history, _ = split_at(shop, shop.end - H * DAY_US, H)
    p_active = prospects.forecast(history.take(~history.bought), H).p_active
    assert p_active == pytest.approx(np.full(30, share), abs=1e-4)


def test_what_buyers_spent_is_averaged_on_the_log_and_drawn_towards_a_usual_order() -> None:
    prospects = learn_from(small_shop(buyers=4, lookers=30, spends=[10.0, 20.0, 40.0, 80.0]))
    logs, usual = np.log([1.0, 2.0, 4.0, 8.0]), np.log(1.3) - 0.8**2 / 2
    middle = (20 * usual + logs.sum() / 2) / 22
    variance = (20 * (0.8**2 + (usual - middle) ** 2) + ((logs - middle) ** 2).sum() / 2) / 22
    assert prospects.width == pytest.approx(np.sqrt(variance))
    assert prospects.spend == pytest.approx(np.exp(middle + variance / 2))
    assert prospects.orders == pytest.approx((20 * 1.2 + 4 / 2) / 22)


def test_one_large_first_order_does_not_make_everybody_rich() -> None:
    plain = learn_from(small_shop(buyers=9, lookers=30))
    rich = learn_from(small_shop(buyers=9, lookers=30, spends=[10.0] * 8 + [5000.0]))
    assert rich.spend < 2 * plain.spend


def test_an_older_window_counts_half_as_much_for_each_horizon_between() -> None:
    many, few = judged(), judged(cutoff=CUTOFF - 2 * H * DAY_US)
    result = Prospects.of([many, few])
    assert (result.taught, result.bought) == (len(many[0]), np.count_nonzero(many[1].orders))
    assert result.counted == pytest.approx((len(many[0]) + len(few[0]) / 4) / STEPS_PER_HORIZON)
    came = [np.count_nonzero(outcomes.orders) for _, outcomes in (many, few)]
    assert result.came == pytest.approx((came[0] + came[1] / 4) / STEPS_PER_HORIZON)


def test_old_customers_whose_orders_lie_before_the_data_hardly_count_once_they_are_known() -> None:
    # The export begins in the middle of the shop's life: its old customers look like prospects.
    draw = np.random.default_rng(7)
    rows = [row(f"old {number}", a_day(day), None, "view") for number in range(300) for day in range(0, 390, 30)]
    rows += [row(f"old {number}", a_day(int(day), 15), 40.0) for number, day in enumerate(draw.integers(1, 300, 300))]
    shop = shop_of(BUYERS, events(rows), lookers(3000, 4, buy=False))
    cutoff = shop.end - H * DAY_US
    history, outcomes = judged(shop, cutoff)
    assert not outcomes.orders.any()
    expected = Prospects.of(prospect_windows(shop, cutoff, H)).forecast(history, H).p_active.sum()
    every = [one.orders > 0 for _, one in prospect_windows(shop, cutoff, H)]
    pooled = np.concatenate(every).mean() * len(history)
    assert every[-1].mean() > 10 * every[0].mean()
    assert expected < pooled / 4


def test_a_large_number_of_prospects_who_never_buy_has_no_expected_buyers() -> None:
    shop = shop_of(BUYERS, lookers(3000, 5, buy=False))
    history, _ = judged(shop)
    p_active = Prospects.of(prospect_windows(shop, CUTOFF, H)).forecast(history, H).p_active
    assert p_active.sum() < 1
    assert p_active.min() < 1e-4


def test_a_look_yesterday_is_likelier_to_end_in_an_order_than_one_a_year_ago_even_if_neither_did() -> None:
    long_ago = [row(f"old {number}", a_day(2), None, "view") for number in range(40)]
    known = [row(f"known {number}", a_day(number % 395), 10.0) for number in range(60)]
    shop = packed([*known, *long_ago, row("new", a_day(394), None, "view")])
    history, _ = split_at(shop, shop.end, H)
    prospects = history.take(~history.bought)
    p_active = Prospects.of(prospect_windows(shop, shop.end, H)).forecast(prospects, H).p_active
    new = prospects.customers == "new"
    assert p_active[new][0] > 2 * p_active[~new].max()


def test_a_thinned_crowd_counts_as_the_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Prospects.of(prospect_windows(LOOKED, CUTOFF, H))
    monkeypatch.setattr(prospects_module, "MOST_PROSPECTS", 1000)
    part = Prospects.of(prospect_windows(LOOKED, CUTOFF, H))
    assert (part.taught, part.bought) == (whole.taught, whole.bought)
    assert part.counted == pytest.approx(whole.counted)
    assert part.came == pytest.approx(whole.came, rel=0.35)
    assert part.slopes != whole.slopes


def test_without_a_closed_window_a_usual_share_is_assumed() -> None:
    history, _ = judged()
    forecast = Prospects.of([]).forecast(history, H)
    assert np.unique(forecast.p_active).tolist() == [pytest.approx(0.02)]
    assert usual_share(2 * H) == pytest.approx(1 - 0.98**2)


def test_a_few_prospects_hardly_move_the_usual_share() -> None:
    history, outcomes = judged()
    few = [only(history, outcomes, np.arange(len(history)) < 5)]
    assert not few[0][1].orders.any()
    assert Prospects.of(few).share(H) == pytest.approx(20 * 0.02 / 22.5)
    p_active = Prospects.of(few).forecast(history, H).p_active
    assert (p_active > 0.005).all()
    assert (p_active < 0.1).all()  # five who looked long ago say little about those who looked lately


def test_what_happens_from_the_cutoff_on_teaches_nothing(prospects: Prospects) -> None:
    day = datetime.fromtimestamp(CUTOFF / 1e6, UTC)
    known = [table.filter(pc.less(table["ts"], day)) for table in (BUYERS, lookers(3000, 1, buy=True))]
    other = replace(shop_of(*known), end=CUTOFF)
    assert Prospects.of(prospect_windows(other, CUTOFF, H)) == prospects


def test_what_was_learnt_comes_back_from_plain_numbers(prospects: Prospects) -> None:
    history, _ = judged()
    again = Prospects.from_state(prospects.state())
    assert np.array_equal(again.forecast(history, H).p_active, prospects.forecast(history, H).p_active)


def test_prospects_change_no_forecast_of_customers() -> None:
    without, crowded = shop_of(BUYERS), shop_of(BUYERS, lookers(1500, 2, buy=False))
    forecasts = {}
    for name, shop in {"without": without, "crowded": crowded}.items():
        history, _ = split_at(shop, without.end, H)
        rows = np.flatnonzero(history.bought)
        forecast = train(shop, H, without.end).forecast(history).take(rows)
        forecasts[name] = (history.customers[rows].tolist(), forecast.p_active, forecast.spend, forecast.orders)
    assert forecasts["without"][0] == forecasts["crowded"][0]
    for plain_part, crowded_part in zip(forecasts["without"][1:], forecasts["crowded"][1:], strict=True):
        assert np.array_equal(plain_part, crowded_part)


def test_an_untrained_shop_forecasts_its_buyers_alike_with_and_without_a_crowd_of_prospects() -> None:
    without, crowded = shop_of(BUYERS), shop_of(BUYERS, lookers(1500, 2, buy=False))
    spends = []
    for shop in (without, crowded):
        history, _ = split_at(shop, without.end, H)
        forecast = Model(H, without.end).forecast(history)
        spends.append(forecast.take(history.bought).spend)
        assert np.allclose(forecast.p_active[~history.bought], 0.02)
    assert np.array_equal(*spends)


def test_a_saved_model_forecasts_prospects_as_before(tmp_path: Path) -> None:
    model = train(LOOKED, H, CUTOFF)
    model.save(tmp_path)
    history, _ = split_at(LOOKED, CUTOFF, H)
    before, after = model.forecast(history), Model.load(tmp_path).forecast(history)
    assert np.array_equal(before.p_active, after.p_active)
    assert np.array_equal(before.spend, after.spend)
    assert before.level_scale == after.level_scale == model.forecast(history.take(history.bought)).level_scale
    assert before.level_scale is not None


def test_prospects_get_the_same_forecast_without_customers() -> None:
    history, _ = split_at(LOOKED, CUTOFF, H)
    model = Model(H, CUTOFF)
    plain_part, among = model.forecast(history.take(~history.bought)), model.forecast(history).take(~history.bought)
    assert np.array_equal(plain_part.p_active, among.p_active)
    assert np.array_equal(plain_part.spend, among.spend)


def test_a_backtest_judges_prospects_apart_and_its_figures_can_be_recomputed_from_the_rows() -> None:
    result = backtest(LOOKED, H, CUTOFF)
    history, outcomes = judged()
    assert result.prospects is not None
    assert result.prospects["customer_id"].to_pylist() == history.customers.tolist()
    assert not set(result.members["customer_id"].to_pylist()) & set(history.customers.tolist())
    figures = result.as_json()["prospects"]
    p_active, ordered = result.prospects["p_active"].to_numpy(), result.prospects["y_orders"].to_numpy() > 0
    assert figures["customers"] == len(history)
    assert figures["ordered"] == ordered.sum() == (outcomes.orders > 0).sum()
    assert figures["expected"] == pytest.approx(p_active.sum())
    assert figures["log_score"] == pytest.approx(log_scores(ordered, p_active).mean())
    assert figures["log_score_share"] == pytest.approx(
        log_scores(ordered, np.full(len(ordered), figures["share"])).mean()
    )
    assert result.notes[-1]["code"] == "forecast.prospects_judged"


def test_a_backtest_of_a_shop_without_prospects_has_no_figures_of_them() -> None:
    shop = shop_of(BUYERS)
    result = backtest(shop, H, shop.end - H * DAY_US)
    assert result.prospects is None
    assert "prospects" not in result.as_json()


def returners(n: int) -> pa.Table:
    """People of whom the shop has returns only, on days spread over it."""
    days = np.linspace(5, DAYS - 2, n).astype(int)
    rows = [{"customer_id": f"back {place}", "ts": FIRST + timedelta(days=int(day))} for place, day in enumerate(days)]
    return events([one | {"type": "return", "amount": -60.0, "quantity": -2.0} for one in rows])


@pytest.mark.parametrize("zero_shot", [True, False])
def test_of_somebody_with_a_return_only_next_to_nothing_is_expected(zero_shot: bool) -> None:
    """Less than of the middle buyer, however few buyers of the shop come back."""
    rare = as_events(simulate(replace(DEMO, customers=250, days=DAYS, one_timers=0.97, views_per_order=0.0), seed=8))
    for buyers in (BUYERS, rare):
        shop = shop_of(buyers, returners(12))
        model = Model(H, shop.end) if zero_shot else train(shop, H, shop.end)
        history = split_at(shop, shop.end, H)[0]
        mean = model.forecast(history).mean()
        returned = np.char.startswith(history.customers, "back")
        assert returned.sum() == 12
        assert mean[returned].max() < np.median(mean[history.bought])
        assert mean[returned].max() < mean[history.bought].min()


def test_returns_alone_teach_nothing_about_those_who_look() -> None:
    """Neither the forecast of lookers nor how many of them are counted depends on who only returned."""
    looks_only = shop_of(BUYERS, lookers(400, 1, buy=True))
    both = shop_of(BUYERS, lookers(400, 1, buy=True), returners(50))
    with_returns, without = (Prospects.of(prospect_windows(shop, CUTOFF, H)) for shop in (both, looks_only))
    assert with_returns == without
    histories = [split_at(shop, CUTOFF, H)[0].prospects_only for shop in (both, looks_only)]
    of_lookers = np.char.startswith(histories[0].customers, "looker")
    first, second = (without.forecast(history, H).p_active for history in histories)
    by_name = [np.argsort(history.customers) for history in (histories[0].take(of_lookers), histories[1])]
    assert np.array_equal(first[of_lookers][by_name[0]], second[by_name[1]])


def test_a_look_next_to_a_return_is_a_look() -> None:
    back = {"customer_id": "both", "ts": FIRST + timedelta(days=300), "type": "return", "amount": -5.0}
    view = back | {"type": "view", "amount": None, "ts": FIRST + timedelta(days=310)}
    shop = shop_of(BUYERS, events([back, view]))
    history = split_at(shop, shop.end, H)[0].prospects_only
    assert history.looked.tolist() == [True]
    assert Prospects().forecast(history, H).p_active.tolist() == [usual_share(H)]
