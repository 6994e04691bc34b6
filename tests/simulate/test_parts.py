"""What lies around orders: returns, reviews and questions after them, views and carts before and between."""

from dataclasses import replace

import numpy as np
import pytest

from shijin.represent.packed import DAY_US, Kind
from shijin.simulate.knobs import Knobs
from shijin.simulate.shops import Shop, simulate

# A shop long enough that what follows an order nearly always falls into the window.
LONG = Knobs(
    customers=400,
    days=1500,
    joining=0.0,
    dropout="none",
    rates="lognormal",
    rate_median_days=15.0,
    rate_spread=0.0,
    items=0,
)


def owner_of(shop: Shop) -> np.ndarray:
    return np.repeat(np.arange(len(shop.packed)), np.diff(shop.packed.offsets))


def times(shop: Shop, kind: Kind) -> np.ndarray:
    """Days, from the window's first midnight, of the moments of a kind."""
    moments = shop.packed.moments
    return (moments.ts[moments.kind == kind] - first_midnight(shop)) / DAY_US


def first_midnight(shop: Shop) -> int:
    return shop.packed.end - shop.knobs.days * DAY_US


def share(shop: Shop, kind: Kind) -> float:
    """Moments of a kind for each order."""
    return len(times(shop, kind)) / len(times(shop, Kind.ORDER))


def days_since_an_order(shop: Shop, kind: Kind) -> np.ndarray:
    """Days since the newest order of the same customer."""
    moments, owner = shop.packed.moments, owner_of(shop)
    order = np.flatnonzero(moments.kind == Kind.ORDER)
    place = np.searchsorted(order, np.flatnonzero(moments.kind == kind)) - 1
    newest = order[place]
    rows = np.flatnonzero(moments.kind == kind)
    same = (place >= 0) & (owner[newest] == owner[rows])
    return ((moments.ts[rows] - moments.ts[newest]) / DAY_US)[same]


def test_a_shop_of_orders_only_has_nothing_else() -> None:
    assert set(simulate(LONG, 1).packed.moments.kind.tolist()) == {Kind.ORDER}


@pytest.mark.parametrize("items", [0, 50])
def test_a_share_of_orders_comes_back(items: int) -> None:
    shop = simulate(replace(LONG, return_share=0.12, items=items), seed=1)
    orders = len(times(shop, Kind.ORDER))
    assert share(shop, Kind.RETURN) == pytest.approx(0.12, abs=4.5 * np.sqrt(0.12 * 0.88 / orders))
    assert shop.packed.moments.amount[shop.packed.moments.kind == Kind.RETURN].max() <= 0


def test_without_items_half_of_the_returns_give_everything_back() -> None:
    shop = simulate(replace(LONG, return_share=0.3), seed=1)
    moments = shop.packed.moments
    amount = {n: a for n, a, k in zip(shop.order_numbers, moments.amount, moments.kind, strict=True) if k == Kind.ORDER}
    back = moments.kind == Kind.RETURN
    part = -moments.amount[back] / np.array([amount[number] for number in shop.order_numbers[back]])
    assert (part == 1).mean() == pytest.approx(0.5, abs=0.04)
    assert (part.min() > 0, part.max() <= 1) == (True, True)
    assert part[part < 1].mean() == pytest.approx(0.5, abs=0.04)


def test_customers_differ_in_how_much_they_send_back_by_the_spread_of_their_log_odds() -> None:
    def variance(spread: float) -> float:
        shop = simulate(replace(LONG, return_share=0.2, return_spread=spread), seed=2)
        owner, kind = owner_of(shop), shop.packed.moments.kind
        orders, back = np.bincount(owner[kind == Kind.ORDER]), np.bincount(owner[kind == Kind.RETURN], minlength=400)
        return float((back / orders).var() / (0.2 * 0.8 / orders.mean()))  # 1: by chance alone

    assert variance(0.0) == pytest.approx(1, abs=0.3)
    assert variance(1.5) > 8


def test_the_median_customer_sends_back_the_share_whatever_the_spread() -> None:
    shop = simulate(replace(LONG, return_share=0.2, return_spread=1.0), seed=2)
    owner, kind = owner_of(shop), shop.packed.moments.kind
    orders, back = np.bincount(owner[kind == Kind.ORDER]), np.bincount(owner[kind == Kind.RETURN], minlength=400)
    assert np.median(back / orders) == pytest.approx(0.2, abs=0.04)


def test_discounted_orders_are_a_share_and_ten_to_thirty_per_cent_off() -> None:
    moments = simulate(replace(LONG, discount_share=0.25), seed=1).packed.moments
    off = moments.discount / (moments.amount + moments.discount)
    assert (off > 0).mean() == pytest.approx(0.25, abs=0.015)
    assert (off[off > 0].min() > 0.099, off.max() < 0.301) == (True, True)


# --- views and carts --------------------------------------------------------------------------------------------------


def test_views_lead_up_to_orders_by_days() -> None:
    shop = simulate(replace(LONG, views_per_order=2.0), seed=1)
    assert share(shop, Kind.VIEW) == pytest.approx(2.0, rel=0.02)
    views, orders = times(shop, Kind.VIEW), times(shop, Kind.ORDER)
    moments, owner = shop.packed.moments, owner_of(shop)
    rows, order = np.flatnonzero(moments.kind == Kind.VIEW), np.flatnonzero(moments.kind == Kind.ORDER)
    place = np.searchsorted(order, rows)
    assert (owner[order[place]] == owner[rows]).all()  # an order of theirs follows every view
    # Two days on average; less to the next order, which may have come in between.
    assert (orders[place] - views).mean() == pytest.approx(2.0, abs=0.35)


def test_views_before_the_window_are_not_seen() -> None:
    knobs = replace(LONG, views_per_order=3.0, one_timers=1.0)
    shop = simulate(knobs, seed=1)
    assert times(shop, Kind.VIEW).min() >= 0
    assert share(shop, Kind.VIEW) < 0.8  # all first orders fall on the first day, their views mostly before it
    assert share(simulate(replace(knobs, joining=0.9), seed=1), Kind.VIEW) > 2.8


def test_idle_views_follow_orders_while_customers_live_and_end_with_their_death() -> None:
    living = simulate(replace(LONG, idle_views=1.5), seed=1)
    assert share(living, Kind.VIEW) == pytest.approx(1.5, rel=0.03)
    mortal = replace(LONG, idle_views=1.5, carts_per_order=1.0, joining=0.9, dropout="lifetime", lifetime_days=100.0)
    shop = simulate(mortal, seed=1)
    died = shop.truth.deaths[owner_of(shop)]
    for kind in (Kind.VIEW, Kind.CART):
        is_kind = shop.packed.moments.kind == kind
        assert is_kind.sum() > 500
        assert (times(shop, kind) <= died[is_kind]).all()
    assert 0.5 < share(shop, Kind.VIEW) < 1.4  # those after death do not show


@pytest.mark.parametrize("gap", [20.0, 80.0])
def test_idle_views_lie_a_usual_gap_behind_orders_on_average(gap: float) -> None:
    shop = simulate(replace(LONG, idle_views=1.0, rate_median_days=gap, regularity=50.0, days=6000), seed=1)
    # Exponential, less the whole gaps that passed meanwhile: its mean is 1 - 1 / (e - 1) of a gap.
    assert days_since_an_order(shop, Kind.VIEW).mean() == pytest.approx(0.418 * gap, rel=0.03)


def test_customers_who_come_back_view_again() -> None:
    knobs = replace(LONG, idle_views=2.0, dropout="lifetime", lifetime_days=100.0, comeback=1.0)
    shop = simulate(knobs, seed=1)
    views = shop.packed.moments.kind == Kind.VIEW
    back = times(shop, Kind.VIEW) >= shop.truth.returns[owner_of(shop)][views]
    assert back.sum() > 500


def test_one_timers_do_not_view_after_their_order() -> None:
    assert share(simulate(replace(LONG, idle_views=2.0, one_timers=1.0), seed=1), Kind.VIEW) == 0


def test_carts_come_before_orders_and_half_as_many_are_left() -> None:
    shop = simulate(replace(LONG, carts_per_order=0.8), seed=1)
    assert share(shop, Kind.CART) == pytest.approx(0.8 * 1.5, rel=0.03)


# --- afterwards -------------------------------------------------------------------------------------------------------


def test_a_share_of_orders_is_reviewed_within_three_to_thirty_days() -> None:
    shop = simulate(replace(LONG, reviews_per_order=0.3, rate_median_days=200.0, days=8000), seed=1)
    assert share(shop, Kind.REVIEW) == pytest.approx(0.3, abs=0.015)
    since = days_since_an_order(shop, Kind.REVIEW)
    assert since.max() <= 30.01
    assert np.median(since) == pytest.approx(16.5, abs=1.5)


def test_a_share_of_orders_has_a_contact_within_fifteen_days() -> None:
    shop = simulate(replace(LONG, contacts_per_order=0.15, rate_median_days=200.0, days=8000), seed=1)
    assert share(shop, Kind.CONTACT) == pytest.approx(0.15, abs=0.012)
    since = days_since_an_order(shop, Kind.CONTACT)
    assert since.max() <= 15.01
    assert np.median(since) == pytest.approx(7.5, abs=1.0)


AROUND = replace(
    LONG,
    customers=150,
    days=300,
    return_share=0.3,
    views_per_order=1.0,
    idle_views=1.0,
    carts_per_order=0.5,
    reviews_per_order=0.3,
    contacts_per_order=0.2,
)


@pytest.mark.parametrize("items", [0, 80])
def test_only_orders_and_returns_have_money_and_an_order(items: int) -> None:
    shop = simulate(replace(AROUND, items=items), seed=1)
    moments = shop.packed.moments
    assert set(moments.kind.tolist()) == {Kind.ORDER, Kind.RETURN, Kind.VIEW, Kind.CART, Kind.REVIEW, Kind.CONTACT}
    paid = moments.kind <= Kind.RETURN
    assert (moments.amount[~paid] == 0).all()
    assert (shop.order_numbers[~paid] == -1).all()
    assert (shop.order_numbers[paid] >= 0).all()
    assert (shop.lines.item >= 0).all() == (items > 0)


def test_a_shop_of_dates_has_every_moment_at_midnight_and_none_at_its_end() -> None:
    shop = simulate(replace(AROUND, clock="day"), seed=1)
    assert (shop.packed.moments.ts % DAY_US == 0).all()
    assert shop.packed.moments.ts.max() < shop.packed.end


def test_viewed_and_returned_items_were_in_an_order_of_the_same_customer() -> None:
    shop = simulate(replace(AROUND, items=300, loyalty=0.0), seed=1)
    owner, kind = owner_of(shop), shop.packed.moments.kind
    line_owner = np.repeat(owner, np.diff(shop.lines.offsets))
    line_kind = np.repeat(kind, np.diff(shop.lines.offsets))
    ordered = set(zip(line_owner[line_kind == 0].tolist(), shop.lines.item[line_kind == 0].tolist(), strict=True))
    others = set(zip(line_owner[line_kind > 0].tolist(), shop.lines.item[line_kind > 0].tolist(), strict=True))
    assert len(others) > 1000
    assert others <= ordered
