from dataclasses import fields, is_dataclass, replace
from math import floor, log, log1p
from typing import Any

import numpy as np
import pytest
from tinyshops import HORIZON, by_hand, day, history_of, simulated, split

from shijin.distribution import HIGHEST, LOWEST, ORDER_STARTS, SPEND_BINS, Grid
from shijin.network.inputs import (
    LEVELS,
    MOST_WINDOWS,
    OWN_BINS,
    OWN_CENTRE,
    TIME_BINS,
    Context,
    Past,
    context_windows,
    read_answers,
    read_context,
    read_customers,
    read_levels,
    read_shop,
    thinned,
)
from shijin.represent.cutoff import History, split_at
from shijin.represent.packed import DAY_US, Kind, Packed

STEP = log(HIGHEST / LOWEST) / (SPEND_BINS - 1)


def arrays(of: Any, name: str = "") -> dict[str, np.ndarray]:
    """Every array inside, by its path; what is None has none."""
    if of is None:
        return {}
    if is_dataclass(of):
        found: dict[str, np.ndarray] = {}
        for part in fields(of):
            found |= arrays(getattr(of, part.name), f"{name}.{part.name}")
        return found
    return {name: of}


def assert_same(a: Any, b: Any) -> None:
    ours, theirs = arrays(a), arrays(b)
    assert list(ours) == list(theirs)
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], name)


def context_of(history: History, most: int = 200, seed: int = 0) -> Context:
    context = read_context(context_windows(history, HORIZON), history.cutoff, most, np.random.default_rng(seed))
    assert context is not None
    return context


# --- customers and answers --------------------------------------------------------------------------------------------


def bin_by_hand(money: float) -> int:
    return floor(log(money / LOWEST) / STEP)


def test_the_own_bin_is_the_usual_basket_shrunk_to_the_shops_or_the_decayed_spend_if_that_is_more() -> None:
    # Median order 10. The first bought twice for 80, long ago: usual = exp(2 ln 8 / (2 + 2)) = sqrt(8) median orders.
    # The second bought 30 times for 10 within a month: decayed spend, half-life 50 days, times ln 2, is more.
    often = [(170.0 + number, 10.0) for number in range(30)]
    history, _ = split(by_hand([[(0.0, 80.0), (1.0, 80.0)], often], 300), day(200), 50)
    decayed = sum(2 ** (-(200 - at) / 50) for at, _ in often) * log(2)
    assert decayed > 10
    assert read_customers(history, 50).own_bin.tolist() == [bin_by_hand(8**0.5), bin_by_hand(decayed)]


def test_who_spends_as_much_more_later_as_before_gives_the_same_answer_from_a_higher_bin() -> None:
    rich = float(np.exp(5 * STEP))
    days = [170.0 + number for number in range(30)] + [210.0, 220.0]
    crowd = [[(160.0 + number / 100, 10.0)] for number in range(50)]  # who make the median
    shop = by_hand([*crowd, [(at, 11.0) for at in days], [(at, 11.0 * rich) for at in days]], 300)
    history, outcomes = split(shop, day(200), 50)
    customers = read_customers(history, 50)
    assert customers.own_bin[-1] - customers.own_bin[-2] == 5
    own = read_answers(customers, outcomes, history.scale).own_spend
    assert own[-1] == own[-2]


def test_answers_are_what_the_hand_finds() -> None:
    shop = by_hand([[(1.0, 10.0), (130.0, 40.0), (140.0, 40.0)], [(2.0, 10.0), (199.0, 10.0)], [(3.0, 10.0)]], 200)
    history, outcomes = split(shop, day(100), 100)
    customers = read_customers(history, 100)
    answers = read_answers(customers, outcomes, history.scale)
    assert answers.active.tolist() == [1, 1, 0]
    np.testing.assert_allclose(answers.spend, [log1p(8), log1p(1), 0], rtol=1e-6)
    np.testing.assert_allclose(answers.orders, [log1p(2), log1p(1), 0], rtol=1e-6)
    assert answers.order_bin[:2].tolist() == [1, 0]
    assert answers.time_bin[:2].tolist() == [floor(0.30 * TIME_BINS), floor(0.99 * TIME_BINS)]
    assert customers.own_bin[0] == bin_by_hand(1.0)
    assert answers.own_spend[0] - OWN_CENTRE == bin_by_hand(8.0) - bin_by_hand(1.0)
    assert answers.own_spend[1] == OWN_CENTRE


def test_money_falls_into_the_bins_of_the_forecasts_grid() -> None:
    amounts = np.exp(np.random.default_rng(3).uniform(-6, 8, 200))
    shop = by_hand([[(1.0 + place / 1000, 10.0), (150.0, amount)] for place, amount in enumerate(amounts)], 200)
    history, outcomes = split(shop, day(100), 100)
    customers = read_customers(history, 100)
    relative = read_answers(customers, outcomes, history.scale).own_spend
    ours = relative + customers.own_bin - OWN_CENTRE
    inside = (relative > 0) & (relative < OWN_BINS - 1)
    assert np.count_nonzero(inside) > 150
    np.testing.assert_array_equal(ours[inside], Grid.of_scale(history.scale).spend_bin(amounts)[inside])


def test_spend_far_from_ones_own_and_beyond_the_largest_bin_of_orders_stays_inside() -> None:
    many = [(101.0 + number / 50, 1.0) for number in range(1500)]
    shop = by_hand(
        [[(1.0, 10.0), (110.0, 1e9)], [(2.0, 10.0), (110.0, 10.0), (111.0, -10.0)], [(3.0, 10.0), *many]], 200
    )
    history, outcomes = split(shop, day(100), 100)
    answers = read_answers(read_customers(history, 100), outcomes, history.scale)
    assert answers.own_spend[:2].tolist() == [OWN_BINS - 1, OWN_CENTRE - bin_by_hand(1.0)]  # much; all of it returned
    assert answers.active.tolist() == [1, 1, 1]
    assert answers.order_bin[2] == len(ORDER_STARTS) - 1


def in_other_money(packed: Packed, rate: float) -> Packed:
    moments = packed.moments
    return replace(packed, moments=replace(moments, amount=moments.amount * rate, discount=moments.discount * rate))


def test_a_shop_counted_in_other_money_reads_the_same() -> None:
    shop = simulated()
    one, other = history_of(shop), history_of(in_other_money(shop, 4096.0))  # a power of two: not a bit is rounded
    assert_same(read_customers(one, HORIZON), read_customers(other, HORIZON))
    assert_same(read_shop(one, HORIZON), read_shop(other, HORIZON))
    assert_same(context_of(one), context_of(other))


def test_what_is_inside_an_order_is_not_read() -> None:
    shop = simulated()
    moments = replace(shop.moments, lines=shop.moments.lines + 3, quantity=shop.moments.quantity * 7)
    other = replace(shop, moments=replace(moments, novel=moments.novel + 1))
    assert_same(read_customers(history_of(shop), HORIZON), read_customers(history_of(other), HORIZON))


def test_what_is_read_of_the_shop_is_finite_even_where_nobody_paid() -> None:
    free = by_hand([[(float(place), 0.0)] for place in range(20)], 100)
    history, _ = split(free, day(50), 30)
    assert np.isfinite(read_shop(history, 30)).all()
    assert np.isfinite(read_customers(history, 30).features).all()


# --- windows ----------------------------------------------------------------------------------------------------------


def crowd(days: int, first: float = 0.0) -> Packed:
    """Forty customers from a first day on, each with an order every 30 days."""
    return by_hand(
        [[(at + place / 100, 10.0) for at in np.arange(first, days - 1, 30)] for place in range(40)],
        days,
    )


@pytest.mark.parametrize(
    ("horizon", "span", "begins"),
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
def test_closed_windows_are_the_newest_three_and_the_year_ago(horizon: int, span: int, begins: list[int]) -> None:
    history, _ = split_at(crowd(span), day(span), horizon)
    windows = context_windows(history, horizon)
    assert [(history.cutoff - before.cutoff) // DAY_US for before, _ in windows] == begins


@pytest.mark.parametrize("horizon", [7, 30, 60, 100, 200, 364, 400])
def test_no_window_reaches_into_the_forecasts_own_or_sees_its_own_outcome(horizon: int) -> None:
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
    begins = [(history.cutoff - before.cutoff) // DAY_US for before, _ in context_windows(history, 60)]
    assert begins == [60, 120]  # 180 days back nobody had come


# --- context ----------------------------------------------------------------------------------------------------------


def test_a_context_draws_two_parts_from_the_newest_window_and_one_from_each_other() -> None:
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
        np.testing.assert_array_equal(context.answers.active[rows], (outcomes.orders > 0).astype(float))
        np.testing.assert_array_equal(context.shops[number], read_shop(before, HORIZON))
        offsets = context.customers.tokens.offsets[place : place + len(before) + 1]
        np.testing.assert_array_equal(
            context.customers.tokens.values[offsets[0] : offsets[-1]], customers.tokens.values
        )
        np.testing.assert_array_equal(np.diff(offsets), np.diff(customers.tokens.offsets))
        place += len(before)
    assert place == len(context)


def test_who_is_drawn_depends_on_places_not_on_names() -> None:
    shop = simulated()
    renamed = replace(shop, customers=np.array([f"x{name[::-1]}" for name in shop.customers]))
    assert_same(context_of(history_of(shop)), context_of(history_of(renamed)))
    one, other = context_of(history_of(shop), seed=1), context_of(history_of(shop), seed=2)
    assert not np.array_equal(one.customers.features, other.customers.features)


def test_nothing_at_or_after_the_cutoff_changes_what_is_read() -> None:
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


def test_an_empty_context_has_the_shape_of_one() -> None:
    context = context_of(history_of(simulated()))
    empty = Context.empty(context.customers.features.shape[1], context.shops.shape[1])
    assert len(empty) == 0
    for name, value in arrays(empty).items():
        full = arrays(context)[name]
        assert (value.ndim, value.shape[1:], value.dtype.kind) == (full.ndim, full.shape[1:], full.dtype.kind), name


# --- the level of whole windows ---------------------------------------------------------------------------------------


def test_the_level_of_a_window_is_what_the_hand_finds() -> None:
    # As of day 60 two customers, both with one order of 10 (the median); ages 50 and 40 days, horizon 40.
    # In days 60 to 100 the first orders 30 and 20 and sends 10 back; the second does not order.
    shop = by_hand([[(10.0, 10.0), (70.0, 30.0), (80.0, 20.0), (90.0, -10.0)], [(20.0, 10.0)]], 100)
    levels = read_levels([split(shop, day(60), 40)], day(100)).reshape(MOST_WINDOWS + 1, LEVELS)
    # In orders and in median orders alike; sixty days fill sums of half-life forty up to 1 - 2^(-60/40).
    formula = (2 ** (-50 / 40) + 2 ** (-40 / 40)) * log(2) / (1 - 2 ** (-60 / 40))
    expected = [1, log((1 + 1) / (2 + 2)), log((2 + 1) / (formula + 1)), log((4 + 1) / (formula + 1))]
    np.testing.assert_allclose(levels[0], expected, rtol=1e-6)
    assert not levels[1:].any()


def test_every_window_has_its_place_and_the_year_ago_the_last() -> None:
    shop = crowd(900)
    windows = [split(shop, day(900 - back), 90) for back in (90, 270, 364)]
    levels = read_levels(windows, day(900)).reshape(MOST_WINDOWS + 1, LEVELS)
    assert levels[:, 0].tolist() == [1, 0, 1, 1]


# --- large shops ------------------------------------------------------------------------------------------------------


def test_a_large_shop_is_known_from_customers_evenly_by_place(monkeypatch: pytest.MonkeyPatch) -> None:
    history = history_of(simulated())
    assert thinned(history) is history
    monkeypatch.setattr("shijin.network.inputs.MOST_KNOWN", 150)
    known = thinned(history)
    assert known.customers.tolist() == history.customers[::3].tolist()
    assert (known.scale, known.cutoff) == (history.scale, history.cutoff)
    past = Past.of(history, HORIZON)
    assert max(len(before) for before, _ in past.windows) <= len(known)
    np.testing.assert_array_equal(past.shop, read_shop(known, HORIZON))


def test_who_is_forecast_gets_the_guess_of_the_ridge_on_the_context_and_nobody_one_where_there_is_none() -> None:
    history = history_of(simulated())
    customers, context = read_customers(history, HORIZON), context_of(history, most=10**6)
    guess = context.guess(customers)
    assert guess[:, 0].tolist() == [1.0] * len(history)
    assert guess[:, 1].std() > 0.05
    assert np.corrcoef(context.guess(context.customers)[:, 1], context.guesses[:, 1])[0, 1] > 0.9
    assert not Context.empty(customers.features.shape[1], 5).guess(customers).any()
