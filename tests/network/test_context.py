from dataclasses import replace
from math import log

import numpy as np
import pytest
from comparing import arrays, assert_same
from tinyshops import HORIZON, by_hand, day, history_of, in_other_money, simulated, split

from shijin.network.context import (
    LEVELS,
    MOST_WINDOWS,
    Context,
    Past,
    context_windows,
    read_context,
    read_levels,
    thinned,
)
from shijin.network.inputs import read_customers, read_shop
from shijin.represent.cutoff import History, split_at
from shijin.represent.packed import DAY_US, Kind, Packed


def context_of(history: History, most: int = 200, seed: int = 0) -> Context:
    context = read_context(context_windows(history, HORIZON), history.cutoff, most, np.random.default_rng(seed))
    assert context is not None
    return context


# --- windows ----------------------------------------------------------------------------------------------------------


def crowd(days: int, first: float = 0.0) -> Packed:
    """Forty customers from a first day on, each with an order every 30 days."""
    return by_hand(
        [[(at + place / 100, 10.0) for at in np.arange(first, days - 1, 30)] for place in range(40)],
        days,
    )


@pytest.mark.parametrize(
    ("horizon", "span", "days_before"),
    [
        (90, 900, [90, 180, 270, 364]),  # three and the year ago
        (28, 900, [28, 56, 84, 364]),
        (100, 900, [100, 200, 300, 364]),
        (121, 900, [121, 242, 363]),  # the third is the year ago, near enough
        (364, 900, [364, 728]),  # the newest is the year ago; 1,092 days are not there
        (365, 900, [365, 730]),
        (90, 200, [90]),  # before a window, a quarter of the horizon has to be known: 180 days back leave 20 of 22.5
        (90, 203, [90, 180]),
        (7, 20, [7]),  # and a week
        (90, 100, []),
    ],
)
def test_closed_windows_are_the_newest_three_and_the_year_ago(horizon: int, span: int, days_before: list[int]) -> None:
    history, _ = split_at(crowd(span), day(span), horizon)
    windows = context_windows(history, horizon)
    assert [(history.cutoff - before.cutoff) // DAY_US for before, _ in windows] == days_before


@pytest.mark.parametrize("horizon", [7, 30, 60, 100, 200, 364, 400])
def test_every_window_ends_by_the_cutoff_and_its_history_ends_before_its_outcomes(horizon: int) -> None:
    shop = simulated()
    history, _ = split_at(shop, shop.end - 100 * DAY_US, horizon)
    for before, outcomes in context_windows(history, horizon):
        assert before.cutoff == outcomes.cutoff
        assert outcomes.cutoff + outcomes.horizon_days * DAY_US <= history.cutoff
        assert before.moments.ts.max() < outcomes.cutoff
        assert len(before) == len(outcomes.spend)


def test_a_window_of_few_customers_is_not_read() -> None:
    few = by_hand([[(float(place), 10.0), (float(place) + 100, 10.0)] for place in range(15)], 200)
    history, _ = split_at(few, day(200), 50)
    assert context_windows(history, 50) == []
    assert read_context([], history.cutoff, 100, np.random.default_rng(0)) is None


def test_a_window_before_the_first_order_is_not_read() -> None:
    late = replace(crowd(300, first=150.0), start=day(0))
    history, _ = split_at(late, day(300), 60)
    days_before = [(history.cutoff - before.cutoff) // DAY_US for before, _ in context_windows(history, 60)]
    assert days_before == [60, 120]  # 180 days back nobody had ordered


# --- context ----------------------------------------------------------------------------------------------------------


def test_a_context_draws_two_shares_from_the_newest_window_and_one_from_each_other() -> None:
    history = history_of(simulated())
    context = context_of(history, most=100)
    assert np.bincount(context.window).tolist() == [40, 20, 20, 20]
    np.testing.assert_allclose(context.lags[:, 0], [log(1), log(2), log(3), log(364 / HORIZON)], atol=1e-6)
    np.testing.assert_allclose(context.lags[:, 1], [60 / 364, 120 / 364, 180 / 364, 1], atol=1e-6)


def test_a_context_of_everybody_is_every_window_one_after_the_other() -> None:
    history = history_of(simulated())
    windows = context_windows(history, HORIZON)
    context = context_of(history, most=10**6)
    place = 0
    for number, (before, outcomes) in enumerate(windows):
        customers = read_customers(before, HORIZON)
        rows = slice(place, place + len(before))
        assert set(context.window[rows]) == {number}
        np.testing.assert_array_equal(context.customers.features[rows], customers.features)
        np.testing.assert_array_equal(context.targets.active[rows], (outcomes.orders > 0).astype(float))
        np.testing.assert_array_equal(context.shops[number], read_shop(before, HORIZON))
        offsets = context.customers.tokens.offsets[place : place + len(before) + 1]
        np.testing.assert_array_equal(
            context.customers.tokens.values[offsets[0] : offsets[-1]], customers.tokens.values
        )
        np.testing.assert_array_equal(np.diff(offsets), np.diff(customers.tokens.offsets))
        place += len(before)
    assert place == len(context)


def test_the_draw_depends_on_positions_not_on_ids() -> None:
    shop = simulated()
    renamed = replace(shop, customers=np.array([f"x{name[::-1]}" for name in shop.customers]))
    assert_same(context_of(history_of(shop)), context_of(history_of(renamed)))
    one, other = context_of(history_of(shop), seed=1), context_of(history_of(shop), seed=2)
    assert not np.array_equal(one.customers.features, other.customers.features)


def test_nothing_at_or_after_the_cutoff_changes_the_inputs() -> None:
    shop = simulated()
    history = history_of(shop)
    future = shop.moments.ts >= history.cutoff
    assert 0 < np.count_nonzero(future) < len(future)
    moments = shop.moments
    corrupt = replace(
        moments,
        amount=np.where(future, 1e6, moments.amount),
        kind=np.where(future, Kind.RETURN, moments.kind).astype(np.uint8),
        ts=np.where(future, history.cutoff, moments.ts),
    )
    other = history_of(replace(shop, moments=corrupt))
    assert other.cutoff == history.cutoff
    assert_same(read_customers(history, HORIZON), read_customers(other, HORIZON))
    assert_same(read_shop(history, HORIZON), read_shop(other, HORIZON))
    assert_same(context_of(history), context_of(other))


def test_a_shop_counted_in_other_money_has_the_same_context() -> None:
    shop = simulated()
    assert_same(context_of(history_of(shop)), context_of(history_of(in_other_money(shop, 4096.0))))


def test_an_empty_context_has_the_shape_of_one() -> None:
    context = context_of(history_of(simulated()))
    empty = Context.empty(context.customers.features.shape[1], context.shops.shape[1])
    assert len(empty) == 0
    for name, value in arrays(empty).items():
        full = arrays(context)[name]
        assert (value.ndim, value.shape[1:], value.dtype.kind) == (full.ndim, full.shape[1:], full.dtype.kind), name


# --- the level of whole windows ---------------------------------------------------------------------------------------


def test_the_level_of_a_window_equals_the_one_computed_by_hand() -> None:
    # As of day 60 two customers, both with one order of 10 (the median); ages 50 and 40 days, horizon 40.
    # In days 60 to 100 the first orders 30 and 20 and sends 10 back; the second does not order.
    shop = by_hand([[(10.0, 10.0), (70.0, 30.0), (80.0, 20.0), (90.0, -10.0)], [(20.0, 10.0)]], 100)
    levels = read_levels([split(shop, day(60), 40)], day(100)).reshape(MOST_WINDOWS + 1, LEVELS)
    # In orders and in median orders alike; sixty days fill sums of half-life forty up to 1 - 2^(-60/40).
    formula = (2 ** (-50 / 40) + 2 ** (-40 / 40)) * log(2) / (1 - 2 ** (-60 / 40))
    expected = [1, log((1 + 1) / (2 + 2)), log((2 + 1) / (formula + 1)), log((4 + 1) / (formula + 1))]
    np.testing.assert_allclose(levels[0], expected, rtol=1e-6)
    assert not levels[1:].any()


def test_every_window_has_a_row_of_its_own_and_the_year_ago_the_last() -> None:
    shop = crowd(900)
    windows = [split(shop, day(900 - back), 90) for back in (90, 270, 364)]
    levels = read_levels(windows, day(900)).reshape(MOST_WINDOWS + 1, LEVELS)
    assert levels[:, 0].tolist() == [1, 0, 1, 1]


# --- large shops ------------------------------------------------------------------------------------------------------


def test_a_large_shop_is_read_from_customers_evenly_by_position(monkeypatch: pytest.MonkeyPatch) -> None:
    history = history_of(simulated())
    assert thinned(history) is history
    monkeypatch.setattr("shijin.network.context.MOST_SAMPLED", 150)
    sample = thinned(history)
    assert sample.customers.tolist() == history.customers[::3].tolist()
    assert (sample.scale, sample.cutoff) == (history.scale, history.cutoff)
    past = Past.of(history, HORIZON)
    assert max(len(before) for before, _ in past.windows) <= len(sample)
    np.testing.assert_array_equal(past.shop, read_shop(sample, HORIZON))


def test_customers_get_the_guess_of_the_ridge_on_the_context_and_none_without_a_context() -> None:
    history = history_of(simulated())
    customers, context = read_customers(history, HORIZON), context_of(history, most=10**6)
    guess = context.guess(customers)
    assert guess[:, 0].tolist() == [1.0] * len(history)
    assert guess[:, 1].std() > 0.05
    assert np.corrcoef(context.guess(context.customers)[:, 1], context.guesses[:, 1])[0, 1] > 0.9
    assert not Context.empty(customers.features.shape[1], 5).guess(customers).any()
