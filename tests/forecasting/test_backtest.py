import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import ceil, log

import numpy as np
import pyarrow.compute as pc
import pytest

from shijin.distribution import Distribution, Grid
from shijin.errors import EmptyHistoryError
from shijin.forecasting.backtest import PEERS, Backtest, backtest, members_table, ordered_by_date
from shijin.forecasting.formulas import DECAYED, Formula, last_window
from shijin.forecasting.member import Window
from shijin.forecasting.members import STACKED, TABLE_ONLY
from shijin.forecasting.next_order import next_order_days
from shijin.forecasting.spread import Spread
from shijin.metrics import value
from shijin.represent.cutoff import History, split_at
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Packed
from shijin.schema import MEMBERS, QUANTILES
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate
from shijin.words import say_note

H = 60
SHOP = simulate(replace(DEMO, customers=300, days=450, joining=0.7), seed=11).packed


class Mine:
    """A user's own member: one probability and the spend of one order for all."""

    name = "mine"

    def __init__(self) -> None:
        self.seen: list[int] = []  # the latest day, of any window shown, on which an outcome may lie

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        self.seen += [history.cutoff + outcomes.horizon_days * DAY_US for history, outcomes in windows]

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        n = len(history)
        ones = np.ones(n)
        return Spread.untrained().distribution(
            0.3 * ones, history.scale * ones, ones, 0.8 * ones, Grid.of_scale(history.scale)
        )


MINE = Mine()


@pytest.fixture(scope="module")
def result() -> Backtest:
    return backtest(SHOP, H, members=[MINE])


def test_one_horizon_before_the_end_is_judged_by_default(result: Backtest) -> None:
    end = DEMO.start + timedelta(days=450)
    assert result.cutoff_date == (end - timedelta(days=H)).isoformat()
    assert result.horizon_days == H
    assert result.case == "later window"


def test_every_member_has_a_row_for_every_customer_with_history(result: Backtest) -> None:
    history, _ = split_at(SHOP, SHOP.end - H * DAY_US, H)
    assert result.members.schema == MEMBERS
    names = result.members["member"].to_pylist()
    assert set(names) == {*STACKED, *TABLE_ONLY, "mine", "stack"}
    for name in set(names):
        rows = result.members.filter(pc.equal(result.members["member"], name))
        assert rows["customer_id"].to_pylist() == history.customers.tolist()


def test_the_rows_hold_the_outcomes(result: Backtest) -> None:
    history, outcomes = split_at(SHOP, SHOP.end - H * DAY_US, H)
    assert outcomes is not None
    rows = result.members.filter(pc.equal(result.members["member"], "mine"))
    assert rows["y_spend"].to_numpy() == pytest.approx(outcomes.spend)
    assert rows["y_orders"].to_pylist() == outcomes.orders.tolist()
    assert rows["orders_before"].to_pylist() == history.n_orders().tolist()
    never = outcomes.orders == 0
    assert np.array_equal(np.isnan(rows["y_first_days"].to_numpy()), never)
    assert rows["tenure_days"][0].as_py() == history.age_days[0]


def test_a_users_own_member_is_judged_and_stacked_with_the_others(result: Backtest) -> None:
    assert result.weights["activity"]["mine"] >= 0
    everyone = result.scores["everyone"]
    assert everyone["mine"]["auc"] == pytest.approx(0.5)
    p, came = 0.3, result.members.filter(pc.equal(result.members["member"], "mine"))["y_orders"].to_numpy() > 0
    share = came.mean()
    assert everyone["mine"]["log_score"] == pytest.approx(share * log(p) + (1 - share) * log(1 - p))
    assert everyone["mine"]["ece"] == pytest.approx(abs(share - p))


def test_no_member_is_shown_an_outcome_of_the_judged_window(result: Backtest) -> None:
    assert result.case  # the backtest has run
    assert MINE.seen
    assert max(MINE.seen) == SHOP.end - H * DAY_US


def changed_judged_window(shop: Packed) -> Packed:
    later = shop.moments.ts >= shop.end - H * DAY_US
    return replace(shop, moments=replace(shop.moments, amount=np.where(later, 1e5, shop.moments.amount)))


def test_changing_the_judged_window_changes_no_weight_and_no_forecast(result: Backtest) -> None:
    other = backtest(changed_judged_window(SHOP), H, members=[Mine()])
    assert other.weights == result.weights
    assert other.served == result.served
    assert other.notes == result.notes
    for column in ("p_active", "expected_spend", "q50", "q95"):
        assert other.members[column].equals(result.members[column])
    assert other.scores != result.scores


def test_every_figure_can_be_recomputed_from_the_rows(result: Backtest) -> None:
    for name in ("stack", DECAYED, "all zero"):
        rows = result.members.filter(pc.equal(result.members["member"], name))
        spend, mean, p = (rows[column].to_numpy() for column in ("y_spend", "expected_spend", "p_active"))
        scores = result.scores["everyone"][name]
        assert scores["level"] == pytest.approx(mean.sum() / spend.sum(), abs=1e-9)
        assert scores["rmse"] == pytest.approx(np.sqrt(((spend - mean) ** 2).mean()), abs=1e-9)
        assert scores["ngini"] == pytest.approx(value.normalised_gini(spend, mean), abs=1e-9, nan_ok=True)
        assert scores["auc"] == pytest.approx(value.auc(rows["y_orders"].to_numpy() > 0, p), abs=1e-9)
        assert scores["crps"] == pytest.approx(rows["crps"].to_numpy().mean(), abs=1e-9)
        assert scores["mae_p50"] == pytest.approx(np.abs(spend - rows["q50"].to_numpy()).mean(), abs=1e-9)


def test_groups_are_one_time_buyers_and_customers_for_over_a_year(result: Backtest) -> None:
    rows = result.members.filter(pc.equal(result.members["member"], "stack"))
    once, old = rows["orders_before"].to_numpy() == 1, rows["tenure_days"].to_numpy() > 365
    assert {group: scores["stack"]["customers"] for group, scores in result.scores.items()} == {
        "everyone": len(rows),
        "one-time buyers": once.sum(),
        "customers for over a year": old.sum(),
    }


def test_the_stack_is_compared_with_the_peers_named_beforehand(result: Backtest) -> None:
    assert set(result.differences) == set(PEERS)
    everyone = result.scores["everyone"]
    for peer, rows in result.differences.items():
        gap = {one.metric: one.value for one in rows}
        assert gap["auc"] == pytest.approx(everyone["stack"]["auc"] - everyone[peer]["auc"])
        assert gap["log_score"] == pytest.approx(everyone["stack"]["log_score"] - everyone[peer]["log_score"])
        assert gap["crps"] == pytest.approx(1 - everyone["stack"]["crps"] / everyone[peer]["crps"])


def test_as_json_has_the_same_figures_and_null_for_undefined_ones(result: Backtest) -> None:
    as_read = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert as_read["scores"]["everyone"]["stack"]["auc"] == result.scores["everyone"]["stack"]["auc"]
    assert as_read["scores"]["everyone"]["all zero"]["coverage_p90"] is None  # no p90 above 0
    assert as_read["weights"] == result.weights
    assert [one["metric"] for one in as_read["differences"][DECAYED]] == [
        one.metric for one in result.differences[DECAYED]
    ]


# --- refusals --------------------------------------------------------------------------------------------------------


def test_a_history_of_less_than_two_horizons_is_refused_with_a_horizon_that_would_do() -> None:
    with pytest.raises(
        EmptyHistoryError, match=r"too little data before the judged window.*choose horizon='150d' or less"
    ) as refusal:
        backtest(SHOP, 160)
    days = int(refusal.value.cure.split("'")[1].removesuffix("d"))
    assert backtest(SHOP, days).case == "customer folds"


def test_a_judged_window_that_is_not_closed_is_refused() -> None:
    with pytest.raises(EmptyHistoryError, match="ends after the data"):
        backtest(SHOP, H, cutoff=SHOP.end - (H - 1) * DAY_US)


class Odd(Mine):
    name = "odd"

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        return super().forecast(history, horizon_days).take(slice(1, None))


def test_a_member_whose_forecast_cannot_be_pooled_is_left_out_and_named() -> None:
    result = backtest(SHOP, H, members=[Odd()])
    assert "odd" not in result.members["member"].unique().to_pylist()
    assert [(note["code"], note["member"]) for note in result.notes] == [("forecast.member_left_out", "odd")]
    assert result.notes[0]["why"]["code"] == "refusals.forecasting.wrong_shapes"
    assert json.loads(json.dumps(result.notes[0])) == result.notes[0]
    assert re.search("未使用 odd：预测结果的数组形状为 .*，应为 .*。", say_note(result.notes[0], "zh"))


def test_another_cutoff_can_be_judged() -> None:
    cutoff = SHOP.end - 100 * DAY_US
    assert date.fromisoformat(backtest(SHOP, 30, cutoff).cutoff_date) == DEMO.start + timedelta(days=350)


# --- rows and dates --------------------------------------------------------------------------------------------------


def test_a_row_holds_quantiles_and_scores_of_its_forecast() -> None:
    history, outcomes = split_at(SHOP, as_cutoff(date(2023, 12, 1)), H)
    assert outcomes is not None
    forecast = Formula("last", last_window).forecast(history, H)
    table = members_table(history, outcomes, {"last": forecast})
    assert len(table) == len(history)
    for level in QUANTILES:
        assert table[f"q{round(100 * level):02d}"].to_numpy() == pytest.approx(forecast.quantile(level))
    assert table["crps"].to_numpy() == pytest.approx(forecast.crps(outcomes.spend))
    pit, p = table["pit"].to_numpy(), forecast.p_active
    idle = outcomes.spend == 0
    assert np.all(pit[idle] <= 1 - p[idle])
    assert pit[~idle] == pytest.approx(forecast.cdf(outcomes.spend)[~idle])


@pytest.mark.parametrize(("p_active", "days"), [(0.5, 60), (0.75, 30), (1 - 2**-3, 20), (1 - 2**-0.5, 120)])
def test_the_next_order_is_expected_when_it_becomes_more_likely_than_not(p_active: float, days: int) -> None:
    result = next_order_days(np.array([p_active]), 60)[0]
    assert result in (days, ceil(days + 1e-9))  # halves, quarters: rounding may add a day


def test_ordered_by_date_counts_customers_whose_date_lies_in_the_window() -> None:
    p_active = np.array([0.76, 0.76, 0.76, 0.2])  # by day 30, 30, 30, and long after
    first = np.array([10.0, 29.0, 31.0, 1.0])
    assert ordered_by_date(p_active, first, np.full(4, 60.0)) == pytest.approx(2 / 3)
    assert np.isnan(ordered_by_date(p_active[3:], first[3:], np.full(1, 60.0)))
