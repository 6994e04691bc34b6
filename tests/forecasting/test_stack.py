import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shijin.distribution import P_FLOOR, Distribution, Grid
from shijin.errors import EmptyHistoryError, ModelError
from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.member import Forecaster, Window
from shijin.forecasting.members import default_members
from shijin.forecasting.spread import Spread
from shijin.forecasting.stack import ARRAYS, FOLDS, USUAL_SHARE, Stack, StackWeights, beats, checked, learn_weights
from shijin.forecasting.windows import closed_windows
from shijin.notes import Note
from shijin.represent.cutoff import History, Outcomes, split_at
from shijin.represent.packed import DAY_US
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate
from shijin.words import say_note

H = 60
SHOP = simulate(replace(DEMO, customers=400), seed=7).packed
CUTOFF = SHOP.end - H * DAY_US
WINDOWS = closed_windows(SHOP, CUTOFF, H)
GRID = Grid.of_scale(40.0)
Floats = np.ndarray


# --- learning weights ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """Customers with a known probability to order and a known mean spend, and their outcomes."""

    p: Floats
    mean: Floats
    spend: Floats
    orders: np.ndarray

    @classmethod
    def draw(cls, n: int, seed: int) -> "World":
        rng = np.random.default_rng(seed)
        p = rng.beta(0.8, 1.6, n).clip(0.01, 0.99)
        mean = 40 * np.exp(rng.normal(0, 0.8, n))
        came = rng.random(n) < p
        spend = np.where(came, mean * np.exp(rng.normal(-0.125, 0.5, n)), 0.0)
        return cls(p, mean, spend, came.astype(np.int64))

    def forecast_of(self, p: Floats, mean: Floats, width: float = 0.5) -> Distribution:
        n = len(self.p)
        return Spread.untrained().distribution(p, mean, np.full(n, 1.2), np.full(n, width), GRID)

    def knowing(self) -> Distribution:
        return self.forecast_of(self.p, self.mean)

    def guessing(self, seed: int) -> Distribution:
        """The true probabilities and means, of other customers."""
        other = np.random.default_rng(seed).permutation(len(self.p))
        return self.forecast_of(self.p[other], self.mean[other])


def test_members_that_do_not_help_get_next_to_no_weight_when_customers_are_many() -> None:
    world = World.draw(8000, seed=0)
    weights = learn_weights(
        [world.guessing(1), world.knowing(), world.guessing(2)], world.spend, world.orders, (0, 1, 2)
    )
    assert weights.activity == pytest.approx([0, 1, 0], abs=0.08)
    assert weights.location == pytest.approx([0, 1, 0], abs=0.08)


def test_members_that_know_the_same_share_the_weight() -> None:
    world = World.draw(4000, seed=3)
    weights = learn_weights([world.knowing(), world.knowing()], world.spend, world.orders, (0, 1))
    assert weights.activity == pytest.approx([0.5, 0.5], abs=0.05)
    assert weights.location == pytest.approx([0.5, 0.5], abs=0.05)
    assert weights.orders == pytest.approx([0.5, 0.5], abs=1e-6)


def test_few_customers_leave_weights_nearly_equal() -> None:
    few, many = World.draw(8, seed=4), World.draw(8000, seed=4)
    away = []
    for world in (few, many):
        weights = learn_weights([world.guessing(1), world.knowing()], world.spend, world.orders, (0, 1))
        away.append(abs(weights.activity - 0.5).max())
    assert away[0] < 0.2
    assert away[1] > 0.4


def test_a_level_that_is_off_everywhere_takes_no_weight_away() -> None:
    world = World.draw(6000, seed=5)
    odds = world.p / (1 - world.p) * 3
    right_but_high = world.forecast_of(odds / (1 + odds), 5 * world.mean)
    weights = learn_weights([world.guessing(1), right_but_high], world.spend, world.orders, (0, 1))
    assert weights.activity[1] > 0.9
    assert weights.location[1] > 0.9
    again = learn_weights([world.guessing(1), world.knowing()], world.spend, world.orders, (0, 1))
    assert weights.location == pytest.approx(again.location, abs=0.02)


def test_order_counts_go_to_the_member_that_counts_right() -> None:
    world = World.draw(3000, seed=6)
    orders = np.where(world.orders > 0, 1 + np.random.default_rng(1).poisson(2.0, 3000), 0)
    n = np.ones(3000)
    spread = Spread(Spread.untrained().shape, 50.0)
    once, thrice = (spread.distribution(world.p, world.mean, mean * n, 0.5 * n, GRID) for mean in (1.05, 3.0))
    assert learn_weights([once, thrice], world.spend, orders, (0, 1)).orders[1] > 0.85


@pytest.mark.parametrize("orders", [0, 1])
def test_where_nobody_or_everybody_came_weights_are_still_weights(orders: int) -> None:
    world = World.draw(50, seed=7)
    spend = world.mean if orders else np.zeros(50)
    members = [world.guessing(1), world.knowing()]
    weights = learn_weights(members, spend, np.full(50, orders), (0, 1))
    assert all(np.isfinite(getattr(weights, name)).all() and getattr(weights, name).min() >= 0 for name in ARRAYS)
    assert weights.location.sum() == pytest.approx(1)
    assert weights.orders.sum() == pytest.approx(1)
    assert np.isfinite(weights.combine(members).mean()).all()


# --- combining -------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@example(1, 475, [0.0, 2.0, 2.0, 0.0, 0.0, 0.0])  # one customer, of odds beyond e^20
@given(st.integers(1, 60), st.integers(0, 1000), st.lists(st.floats(0, 2), min_size=6, max_size=6))
def test_combining_keeps_probabilities_and_totals_are_those_of_the_level_rule(
    n: int, seed: int, drawn: list[float]
) -> None:
    world = World.draw(n, seed)
    members = [world.knowing(), world.guessing(1), world.forecast_of(world.p**2, 3 * world.mean, 1.2)]
    location = np.array(drawn[3:]) + 0.01
    location /= location.sum()
    weights = StackWeights(np.array(drawn[:3]), location, location, location, Spread.untrained(), (1, 2))
    together = weights.combine(members)
    assert np.all((together.p_active >= P_FLOOR) & (together.p_active <= 1 - P_FLOOR))
    for part in (together.spend, together.orders):
        assert part.min() >= -1e-12
        assert part.sum(axis=1) == pytest.approx(1.0)
    share = np.sqrt(members[1].p_active.mean() * members[2].p_active.mean())
    assert together.p_active.mean() == pytest.approx(share, rel=0.01)
    # The level is that of all but the largest customers; two members' totals meet in their geometric mean.
    mean = together.mean()
    usual = mean <= np.quantile(mean, USUAL_SHARE) * (1 + 1e-9)
    totals = [one.mean()[usual].sum() for one in members[1:]]
    assert mean[usual].sum() == pytest.approx(np.sqrt(totals[0] * totals[1]), rel=1e-3)


def test_one_member_alone_is_given_back_as_it_is() -> None:
    world = World.draw(20, seed=8)
    members = [world.knowing(), world.guessing(1)]
    assert StackWeights.only(1, 2).combine(members) is members[1]


def test_equal_weights_on_one_forecast_twice_give_that_forecast() -> None:
    world = World.draw(500, seed=9)
    half = np.array([0.5, 0.5])
    one = world.knowing()
    together = StackWeights(half, half, half, half, Spread.untrained(), (0, 1)).combine([one, one])
    assert together.p_active == pytest.approx(one.p_active)
    assert together.mean() == pytest.approx(one.mean(), rel=1e-6)
    assert together.orders == pytest.approx(one.orders)
    assert together.quantile(0.9) == pytest.approx(one.quantile(0.9), rel=0.05)


def test_weights_come_back_to_the_bit_through_json() -> None:
    world = World.draw(300, seed=10)
    members = [world.guessing(1), world.knowing()]
    weights = learn_weights(members, world.spend, world.orders, (1,))
    again = StackWeights.from_state(json.loads(json.dumps(weights.state())))
    a, b = weights.combine(members), again.combine(members)
    for part in ("p_active", "spend", "orders"):
        assert np.array_equal(getattr(a, part), getattr(b, part))


# --- fitting ---------------------------------------------------------------------------------------------------------


@dataclass
class Witness:
    """A member that records what it is fitted on and forecasts, and forecasts the same for all."""

    name: str
    fits: list[list[tuple[int, frozenset[str]]]] = field(default_factory=list)
    forecasts: list[tuple[int, frozenset[str]]] = field(default_factory=list)

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        self.fits.append([(history.cutoff, frozenset(history.customers.tolist())) for history, _ in windows])

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        self.forecasts.append((history.cutoff, frozenset(history.customers.tolist())))
        n, grid = len(history), Grid.of_scale(history.scale)
        return Spread.untrained().distribution(
            np.full(n, 0.4), np.full(n, history.scale), np.full(n, 1.5), np.full(n, 0.7), grid
        )


@dataclass
class Refusing:
    """A member that finds too little to learn from."""

    name: str = "refusing"

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        raise ModelError("forecasting.no_member_left", self.name)

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        raise AssertionError("used although it refused")


@dataclass
class Knowing:
    """A member that knows the outcomes of the windows it forecasts, as no real member can."""

    windows: list[Window]
    name: str = "knowing"

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        pass

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        history_at, outcomes = next(pair for pair in self.windows if pair[0].cutoff == history.cutoff)
        rows = np.isin(history_at.customers, history.customers)
        came = outcomes.orders[rows] > 0
        n, grid = len(history), Grid.of_scale(history.scale)
        mean = np.where(came, np.maximum(outcomes.spend[rows], 0.01 * history.scale), history.scale)
        return Spread.untrained().distribution(np.where(came, 0.98, 0.02), mean, np.full(n, 1.5), np.full(n, 0.2), grid)


def formulas(*names: str) -> list[Forecaster]:
    return default_members(names, 1)


def window_at(days_before: int) -> Window:
    history, outcomes = split_at(SHOP, CUTOFF - days_before * DAY_US, H)
    assert outcomes is not None
    return history, outcomes


def test_with_an_older_window_members_are_fitted_on_it_and_on_other_customers() -> None:
    windows = [window_at(days) for days in (H, H + H // 2, 2 * H, 2 * H + H // 2)]
    witness = Witness("witness")
    stack = Stack([*formulas(DECAYED), witness])
    stack.fit(windows, 0)
    assert stack.case == "later window"
    assert len(witness.fits) == FOLDS + 1
    newest = windows[0][0].cutoff
    for fitted, (cutoff, held_out) in zip(witness.fits[:FOLDS], witness.forecasts, strict=True):
        assert cutoff == newest
        for before, known in fitted:
            assert before + H * DAY_US <= newest  # its outcomes were known then
            assert not known & held_out
    assert [len(fitted) for fitted in witness.fits] == [2] * FOLDS + [4]  # at last all windows, all customers
    assert frozenset().union(*(held_out for _, held_out in witness.forecasts)) == frozenset(
        windows[0][0].customers.tolist()
    )


def test_a_shop_with_less_than_three_horizons_before_its_cutoff_is_folded_too() -> None:
    young = simulate(replace(DEMO, customers=400, joining=0.3), seed=7).packed
    cases = {}
    for days in (170, 190):
        cutoff = young.start + days * DAY_US
        stack = Stack(formulas(DECAYED, "decayed spend H/2"))
        stack.fit(closed_windows(young, cutoff, H), 0)
        cases[days] = stack.case
    assert cases == {170: "customer folds", 190: "later window"}


def test_without_an_older_window_customers_are_folded() -> None:
    windows = [window_at(H), window_at(H + H // 2)]
    witness = Witness("witness")
    stack = Stack([*formulas(DECAYED), witness])
    stack.fit(windows, 0)
    assert stack.case == "customer folds"
    for fitted, (_, held_out) in zip(witness.fits[:FOLDS], witness.forecasts, strict=True):
        assert len(fitted) == 2
        assert all(not known & held_out for _, known in fitted)


def test_a_member_that_refuses_leaves_and_is_named() -> None:
    refusing = Refusing()
    stack = Stack([*formulas(DECAYED), refusing, *formulas("decayed spend H/2")])
    stack.fit(WINDOWS, 0)
    assert [member.name for member in stack.members] == [DECAYED, "decayed spend H/2"]
    assert stack.notes[0] == {
        "code": "forecast.member_left_out",
        "member": "refusing",
        "why": {"code": "refusals.forecasting.no_member_left"},
    }
    assert "所有方法的学习数据都不足" in say_note(stack.notes[0], "zh")
    assert set(stack.shares()["activity"]) == {DECAYED, "decayed spend H/2"}


def test_a_member_that_knows_gets_the_weight_and_the_stack_is_served() -> None:
    stack = Stack([*formulas(DECAYED), Knowing([(window[0], window[1]) for window in WINDOWS])])
    stack.fit(WINDOWS, 0)
    assert stack.served == stack.name == "stack"
    shares = stack.shares()
    assert shares["activity"]["knowing"] > 2 * shares["activity"][DECAYED]
    assert shares["spend"]["knowing"] > 0.7


@dataclass
class Loud:
    """The formula with three times the level, as in a shop that has just shrunk."""

    formula: Forecaster
    name: str = "loud"

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        self.formula.fit(windows, seed)

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        forecast = self.formula.forecast(history, horizon_days)
        mean, n = 3 * forecast.mean() / forecast.p_active, len(forecast)
        return Spread.untrained().distribution(forecast.p_active, mean, np.full(n, 1.5), np.full(n, 1.5), forecast.grid)


def test_a_formula_is_not_served_for_a_level_that_is_so_wrong_that_sharper_forecasts_pay_more_for_it() -> None:
    stack = Stack([Loud(*formulas(DECAYED)), Knowing(WINDOWS), *formulas("decayed spend H/2")])
    stack.fit(WINDOWS, 0)
    assert stack.served == "stack"


@dataclass
class Spoilt:
    """As wrong as possible about every customer: any weight on it makes the stack worse."""

    windows: list[Window]
    name: str = "spoilt"

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        pass

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        history_at, outcomes = next(pair for pair in self.windows if pair[0].cutoff == history.cutoff)
        came = outcomes.orders[np.isin(history_at.customers, history.customers)] > 0
        n, grid = len(history), Grid.of_scale(history.scale)
        p, mean = np.where(came, 0.002, 0.998), history.scale * np.where(came, 0.02, 900.0)
        return Spread.untrained().distribution(p, mean, np.full(n, 1.5), np.full(n, 4.0), grid)


def test_if_nothing_beats_the_formula_the_formula_is_served_with_a_note() -> None:
    stack = Stack([*formulas(DECAYED), Spoilt(WINDOWS)])
    stack.fit(WINDOWS, 0)
    history, _ = split_at(SHOP, CUTOFF, H)
    assert stack.served == DECAYED
    assert stack.notes == [{"code": "forecast.formula_served", "member": DECAYED}]
    formula = default_members([DECAYED], 1)[0]
    formula.fit(WINDOWS, 0)
    one, two = stack.members[0].forecast(history, H), formula.forecast(history, H)
    assert np.array_equal(stack.combine([one, one]).mean(), two.mean())
    assert stack.shares()["activity"] == {DECAYED: 1.0, "spoilt": 0.0}


def test_a_challenger_must_gain_more_than_chance_on_one_score_and_lose_no_more_on_the_other() -> None:
    world = World.draw(2000, seed=11)
    formula = world.forecast_of(np.full(2000, world.p.mean()), np.full(2000, world.mean.mean()))
    outcomes = Outcomes(0, H, world.spend, world.orders, np.full(2000, np.inf))
    assert beats(world.knowing(), formula, outcomes)
    assert not beats(formula, world.knowing(), outcomes)
    assert not beats(formula, formula, outcomes)
    knows_who_but_not_how_much = world.forecast_of(world.p, 30 * world.mean)
    assert not beats(knows_who_but_not_how_much, formula, outcomes)


def spoil(forecast: Distribution, **parts: Floats) -> Distribution:
    return replace(forecast, **parts)


def test_a_forecast_that_cannot_be_pooled_is_refused() -> None:
    world = World.draw(3, seed=0)
    good = world.knowing()
    assert np.array_equal(checked(good, 3, "mine").mean(), good.mean())
    with pytest.raises(ModelError, match="mine: the forecast has arrays of shapes"):
        checked(good, 4, "mine")
    other_grid = Grid(np.array([0.0, 1.0]), np.array([1]))
    with pytest.raises(ModelError, match=r"Grid\.of_scale"):
        checked(Distribution(good.p_active, np.ones((3, 1)), np.ones((3, 1)), other_grid), 3, "mine")
    for p_active in ([0.5, 0.5, np.nan], [0.5, 0.5, 1.1], [-0.1, 0.5, 0.5]):
        with pytest.raises(ModelError, match="not probabilities"):
            checked(spoil(good, p_active=np.array(p_active)), 3, "mine")
    with pytest.raises(ModelError, match="not probabilities"):
        checked(spoil(good, spend=-good.spend), 3, "mine")
    sure = checked(spoil(good, p_active=np.array([0.0, 1.0, 0.5])), 3, "mine")
    assert sure.p_active.tolist() == [P_FLOOR, 1 - P_FLOOR, 0.5]


def test_without_a_window_there_is_nothing_to_fit() -> None:
    with pytest.raises(EmptyHistoryError, match="no closed window"):
        Stack(formulas(DECAYED)).fit([], 0)


def test_if_every_member_refuses_there_is_no_stack() -> None:
    with pytest.raises(ModelError, match="no member"):
        Stack([Refusing()]).fit(WINDOWS, 0)


def test_an_unfitted_stack_combines_nothing() -> None:
    stack = Stack(formulas(DECAYED))
    assert stack.shares() == {}
    with pytest.raises(ModelError, match="not fitted"):
        stack.forecast(split_at(SHOP, CUTOFF, H)[0], H)


def test_it_reports_progress() -> None:
    reports: list[tuple[Note, int, int]] = []
    members = formulas(DECAYED, "decayed spend H/2")
    Stack(members, progress=lambda *report: reports.append(report)).fit(WINDOWS, 0)
    assert [(done, of) for _, done, of in reports] == [(0, 2), (1, 2), (0, 2), (1, 2)]
    assert [note for note, _, _ in reports[::3]] == [
        {"code": "console.trying", "member": DECAYED},
        {"code": "console.fitting", "member": "decayed spend H/2"},
    ]
    assert say_note(reports[0][0], "zh") == "正在用未见过的顾客检验：近期消费公式"


def test_which_members_set_the_level_depends_on_the_case() -> None:
    members = formulas(DECAYED, "BTYD", "LightGBM")
    stack = Stack(members, case="later window")
    assert stack._level_of() == (1, 2)
    stack.case = "customer folds"
    assert stack._level_of() == (1,)
    assert Stack(formulas(DECAYED, "decayed spend H/2"), case="customer folds")._level_of() == (0, 1)


def outcomes_like(window: Window, orders: np.ndarray) -> Outcomes:
    return replace(window[1], orders=orders, spend=window[0].scale * orders)


@pytest.mark.parametrize("orders", [0, 1])
def test_a_window_where_nobody_or_everybody_came_is_survived(orders: int) -> None:
    windows = [(window[0], outcomes_like(window, np.full(len(window[0]), orders))) for window in WINDOWS[:3]]
    stack = Stack(formulas(DECAYED, "decayed spend H/2", "BTYD", "LightGBM"))
    stack.fit(windows, 0)
    history, _ = split_at(SHOP, CUTOFF, H)
    forecast = stack.forecast(history, H)
    assert np.isfinite(forecast.mean()).all()
    assert np.isfinite(forecast.p_active).all()
