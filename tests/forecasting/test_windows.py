from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from ledger import packed, row
from shijin.forecasting.windows import LEAST_CUSTOMERS, MOST_WINDOWS, closed_windows, history_in_horizons, numbered
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Kind, Packed
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate

SHOP = simulate(replace(DEMO, customers=150), seed=1).packed  # two years from 2 January 2023
START = as_cutoff(DEMO.start)


def days(cutoff: int) -> float:
    return (cutoff - START) / DAY_US


@pytest.mark.parametrize("horizon", [7, 30, 45, 90])
def test_windows_are_closed_newest_first_and_overlap_by_half(horizon: int) -> None:
    cutoff = SHOP.end - 13 * DAY_US
    windows = closed_windows(SHOP, cutoff, horizon)
    begins = [(cutoff - history.cutoff) / DAY_US for history, _ in windows]
    assert begins == [horizon + round(step * horizon / 2) for step in range(len(windows))]
    assert all(outcomes.cutoff == history.cutoff for history, outcomes in windows)
    assert all(outcomes.cutoff + outcomes.horizon_days * DAY_US <= cutoff for _, outcomes in windows)
    assert all(outcomes.horizon_days == horizon for _, outcomes in windows)


def test_there_is_a_limit_to_how_many_windows_teach() -> None:
    assert len(closed_windows(SHOP, SHOP.end, 7)) == MOST_WINDOWS


def test_a_window_needs_half_a_horizon_of_history_and_at_least_two_weeks() -> None:
    oldest = closed_windows(SHOP, SHOP.end, 120)[-1][0].span_days
    assert 60 <= oldest < 60 + 60  # one step further back it would be less
    cohort = simulate(replace(DEMO, customers=50, joining=0.0), seed=1).packed
    young = closed_windows(cohort, cohort.start + 25 * DAY_US, 7)
    assert [history.span_days for history, _ in young] == [18.0, 14.0]


def test_a_window_needs_some_customers() -> None:
    few = simulate(replace(DEMO, customers=12, joining=0.9), seed=1).packed
    windows = closed_windows(few, few.end, 60)
    sizes = [len(history) for history, _ in windows]
    assert min(sizes) >= LEAST_CUSTOMERS
    assert days(windows[-1][0].cutoff) > 120  # where they were fewer, older windows are left out


def test_a_shop_too_young_has_no_closed_window() -> None:
    assert closed_windows(SHOP, SHOP.start + 40 * DAY_US, 30) == []


@pytest.mark.parametrize("horizon", [1, 2, 3, 5])
def test_no_window_comes_twice(horizon: int) -> None:
    begins = [history.cutoff for history, _ in closed_windows(SHOP, SHOP.end, horizon)]
    assert len(set(begins)) == len(begins) > 3


def test_what_happens_after_the_cutoff_changes_no_window() -> None:
    cutoff = SHOP.end - 100 * DAY_US
    later = SHOP.moments.ts >= cutoff
    changed = replace(SHOP, moments=replace(SHOP.moments, amount=np.where(later, 1e6, SHOP.moments.amount)))
    pairs = zip(closed_windows(SHOP, cutoff, 60), closed_windows(changed, cutoff, 60), strict=True)
    for (history, outcomes), (same, came) in pairs:
        assert np.array_equal(history.moments.amount, same.moments.amount)
        assert np.array_equal(outcomes.spend, came.spend)


def lookers_first(shop: Packed, until: int) -> Packed:
    """The same shop, where nobody could buy before a day: earlier orders were looks."""
    moments = shop.moments
    early = moments.ts < until
    kind = np.where(early, np.uint8(Kind.VIEW), moments.kind)
    return replace(shop, moments=replace(moments, kind=kind, amount=np.where(early, 0.0, moments.amount)))


def test_a_window_before_the_first_order_ends_the_list() -> None:
    opened = as_cutoff(DEMO.start + timedelta(days=500))
    windows = closed_windows(lookers_first(SHOP, opened), SHOP.end, 60)
    assert len(windows) >= 5
    assert windows[-1][0].cutoff > opened


def test_a_customer_has_one_number_in_every_window_though_others_buy_first_later() -> None:
    moments = SHOP.moments
    first = SHOP.offsets[:-1][::3]  # every third customer begins with a look
    kind, amount = moments.kind.copy(), moments.amount.copy()
    kind[first], amount[first] = Kind.VIEW, 0.0
    windows = closed_windows(replace(SHOP, moments=replace(moments, kind=kind, amount=amount)), SHOP.end, 60)
    assert windows[-1][0].customers.tolist() != windows[0][0].customers[: len(windows[-1][0])].tolist()
    numbers = numbered(windows)
    assert numbers[0].tolist() == list(range(len(windows[0][0])))
    known = dict(zip(windows[0][0].customers.tolist(), numbers[0].tolist(), strict=True))
    for (history, _), number in zip(windows, numbers, strict=True):
        assert [known[one] for one in history.customers.tolist()] == number.tolist()
    half = [
        (history.take(number % 2 == 0), outcomes.take(number % 2 == 0))
        for (history, outcomes), number in zip(windows, numbers, strict=True)
    ]
    assert numbered(half)[0].tolist() == list(range(len(half[0][0])))
    assert numbered([]) == []


def test_customers_keep_their_numbers_in_every_window() -> None:
    draw = np.random.default_rng(0)
    rows = [row(f"c{number}", "2024-01-01") for number in range(200)]  # alike at first, then on some later day again
    rows += [
        row(f"c{number}", f"2024-{2 + int(month):02d}-01") for number, month in enumerate(draw.integers(0, 5, 200))
    ]
    windows = closed_windows(packed([*rows, row("c0", "2024-08-20")]), as_cutoff(date(2024, 8, 21)), 40)
    numbers = numbered(windows)
    known = dict(zip(windows[0][0].customers.tolist(), numbers[0].tolist(), strict=True))
    assert numbers[0].tolist() == list(range(200))
    assert windows[-1][0].customers.tolist() != windows[0][0].customers.tolist()
    for (history, _), number in zip(windows, numbers, strict=True):
        assert [known[one] for one in history.customers.tolist()] == number.tolist()


def test_history_is_counted_in_horizons_from_the_first_day_of_data() -> None:
    cutoff = SHOP.start + 135 * DAY_US
    assert history_in_horizons(SHOP, cutoff, 90) == 1.5
