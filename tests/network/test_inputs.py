from dataclasses import replace
from math import floor, log, log1p

import numpy as np
from comparing import assert_same
from tinyshops import HORIZON, by_hand, day, history_of, in_other_money, simulated, split

from shijin.distribution import HIGHEST, LOWEST, ORDER_STARTS, SPEND_BINS, Grid
from shijin.network.inputs import (
    RELATIVE_BINS,
    RELATIVE_CENTRE,
    TIME_BINS,
    read_customers,
    read_shop,
    read_targets,
)

STEP = log(HIGHEST / LOWEST) / (SPEND_BINS - 1)


# --- customers and targets --------------------------------------------------------------------------------------------


def bin_by_hand(money: float) -> int:
    return floor(log(money / LOWEST) / STEP)


def test_the_base_bin_is_the_shrunk_usual_basket_or_the_decayed_spend_if_that_is_more() -> None:
    # Median order 10. The first bought twice for 80, long ago: usual = exp(2 ln 8 / (2 + 2)) = sqrt(8) median orders.
    # The second bought 30 times for 10 within a month: decayed spend, half-life 50 days, times ln 2, is more.
    often = [(170.0 + number, 10.0) for number in range(30)]
    history, _ = split(by_hand([[(0.0, 80.0), (1.0, 80.0)], often], 300), day(200), 50)
    decayed = sum(2 ** (-(200 - at) / 50) for at, _ in often) * log(2)
    assert decayed > 10
    assert read_customers(history, 50).base_bin.tolist() == [bin_by_hand(8**0.5), bin_by_hand(decayed)]


def test_a_customer_who_spends_k_times_more_before_and_after_has_the_same_target_from_a_higher_bin() -> None:
    rich = float(np.exp(5 * STEP))
    days = [170.0 + number for number in range(30)] + [210.0, 220.0]
    crowd = [[(160.0 + number / 100, 10.0)] for number in range(50)]  # they make the median
    shop = by_hand([*crowd, [(at, 11.0) for at in days], [(at, 11.0 * rich) for at in days]], 300)
    history, outcomes = split(shop, day(200), 50)
    customers = read_customers(history, 50)
    assert customers.base_bin[-1] - customers.base_bin[-2] == 5
    relative = read_targets(customers, outcomes, history.scale).relative_spend
    assert relative[-1] == relative[-2]


def test_targets_equal_those_computed_by_hand() -> None:
    shop = by_hand([[(1.0, 10.0), (130.0, 40.0), (140.0, 40.0)], [(2.0, 10.0), (199.0, 10.0)], [(3.0, 10.0)]], 200)
    history, outcomes = split(shop, day(100), 100)
    customers = read_customers(history, 100)
    targets = read_targets(customers, outcomes, history.scale)
    assert targets.active.tolist() == [1, 1, 0]
    np.testing.assert_allclose(targets.spend, [log1p(8), log1p(1), 0], rtol=1e-6)
    np.testing.assert_allclose(targets.orders, [log1p(2), log1p(1), 0], rtol=1e-6)
    assert targets.order_bin[:2].tolist() == [1, 0]
    assert targets.time_bin[:2].tolist() == [floor(0.30 * TIME_BINS), floor(0.99 * TIME_BINS)]
    assert customers.base_bin[0] == bin_by_hand(1.0)
    assert targets.relative_spend[0] - RELATIVE_CENTRE == bin_by_hand(8.0) - bin_by_hand(1.0)
    assert targets.relative_spend[1] == RELATIVE_CENTRE


def test_money_falls_into_the_bins_of_the_forecasts_grid() -> None:
    amounts = np.exp(np.random.default_rng(3).uniform(-6, 8, 200))
    shop = by_hand([[(1.0 + place / 1000, 10.0), (150.0, amount)] for place, amount in enumerate(amounts)], 200)
    history, outcomes = split(shop, day(100), 100)
    customers = read_customers(history, 100)
    relative = read_targets(customers, outcomes, history.scale).relative_spend
    bins = relative + customers.base_bin - RELATIVE_CENTRE
    inside = (relative > 0) & (relative < RELATIVE_BINS - 1)
    assert np.count_nonzero(inside) > 150
    np.testing.assert_array_equal(bins[inside], Grid.of_scale(history.scale).spend_bin(amounts)[inside])


def test_spend_far_from_the_base_bin_and_orders_beyond_the_largest_bin_stay_inside() -> None:
    many = [(101.0 + number / 50, 1.0) for number in range(1500)]
    shop = by_hand(
        [[(1.0, 10.0), (110.0, 1e9)], [(2.0, 10.0), (110.0, 10.0), (111.0, -10.0)], [(3.0, 10.0), *many]], 200
    )
    history, outcomes = split(shop, day(100), 100)
    targets = read_targets(read_customers(history, 100), outcomes, history.scale)
    # The first spends far more; the second returns all of it.
    assert targets.relative_spend[:2].tolist() == [RELATIVE_BINS - 1, RELATIVE_CENTRE - bin_by_hand(1.0)]
    assert targets.active.tolist() == [1, 1, 1]
    assert targets.order_bin[2] == len(ORDER_STARTS) - 1


def test_a_shop_counted_in_other_money_reads_the_same() -> None:
    shop = simulated()
    one, other = history_of(shop), history_of(in_other_money(shop, 4096.0))  # a power of two: not a bit is rounded
    assert_same(read_customers(one, HORIZON), read_customers(other, HORIZON))
    assert_same(read_shop(one, HORIZON), read_shop(other, HORIZON))


def test_the_contents_of_an_order_are_not_read() -> None:
    shop = simulated()
    moments = replace(shop.moments, lines=shop.moments.lines + 3, quantity=shop.moments.quantity * 7)
    other = replace(shop, moments=replace(moments, novel=moments.novel + 1))
    assert_same(read_customers(history_of(shop), HORIZON), read_customers(history_of(other), HORIZON))


def test_all_inputs_are_finite_even_where_nobody_paid() -> None:
    free = by_hand([[(float(place), 0.0)] for place in range(20)], 100)
    history, _ = split(free, day(50), 30)
    assert np.isfinite(read_shop(history, 30)).all()
    assert np.isfinite(read_customers(history, 30).features).all()
