from dataclasses import fields, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from shijin.errors import ConfigError
from shijin.represent.cutoff import split_at
from shijin.represent.days import as_cutoff
from shijin.represent.pack import pack
from shijin.represent.packed import DAY_US, Kind, Packed
from shijin.simulate.baskets import make_catalogue
from shijin.simulate.events import as_events
from shijin.simulate.knobs import BGNBD_GAMMA, DEMO, Knobs
from shijin.simulate.shops import Shop, simulate

SMALL_DEMO = replace(DEMO, customers=300)
BUSY = Knobs(customers=200, days=400, rate_scale_days=10.0, return_share=0.3, views_per_order=1.0)
ALL_KINDS = replace(
    BUSY,
    return_spread=1.0,
    idle_views=1.0,
    carts_per_order=0.7,
    reviews_per_order=0.3,
    contacts_per_order=0.15,
    discount_share=0.2,
)
SHOPS = {
    "demo": SMALL_DEMO,
    "no items": replace(BGNBD_GAMMA, customers=300),
    "midnights only": replace(BUSY, clock="day"),
    "older than its window": replace(BUSY, before_days=500, dropout="lifetime", regularity=2.5, season_amplitude=0.6),
    "discounts and one day of joining": replace(BUSY, joining=0.0, discount_share=0.5, one_timers=0.5),
    "one customer": Knobs(customers=1, one_timers=1.0),
    "all kinds": ALL_KINDS,
    "all kinds without items": replace(ALL_KINDS, items=0),
    "all kinds, midnights only": replace(ALL_KINDS, clock="day"),
    "all kinds, drifting, leaving and coming back": replace(
        ALL_KINDS,
        before_days=300,
        founders=0.4,
        growth=0.8,
        drift_spread=0.6,
        regularity_spread=0.4,
        clumps=0.2,
        dropout="lifetime",
        lifetime_days=90.0,
        lifetime_shape=0.7,
        comeback=0.4,
        basket_tail=4.0,
        basket_drift=0.3,
        holiday_lift=0.8,
        trend=0.3,
        promotions=2,
        weekend=-0.5,
    ),
}


def packed_from_events(shop: Shop) -> Packed:
    last_day = shop.knobs.start + timedelta(days=shop.knobs.days - 1)
    return pack(as_events(shop), ZoneInfo("UTC"), last_day)


@pytest.mark.parametrize("name", SHOPS)
def test_packing_the_events_gives_the_same_arrays(name: str) -> None:
    shop = simulate(SHOPS[name], seed=5)
    ours, theirs = shop.packed, packed_from_events(shop)
    assert (ours.start, ours.end) == (theirs.start, theirs.end)
    for part in ("customers", "offsets", "items", "categories"):
        np.testing.assert_array_equal(getattr(ours, part), getattr(theirs, part), part)
    for part in fields(ours.moments):
        np.testing.assert_array_equal(getattr(ours.moments, part.name), getattr(theirs.moments, part.name), part.name)
    assert (ours.lines is None) == (theirs.lines is None)
    if ours.lines is not None:
        for part in fields(ours.lines):
            np.testing.assert_array_equal(getattr(ours.lines, part.name), getattr(theirs.lines, part.name), part.name)


def test_a_seed_makes_one_shop_and_another_seed_another() -> None:
    one, again, other = (as_events(simulate(SMALL_DEMO, seed)) for seed in (1, 1, 2))
    assert one.equals(again)
    assert not one.equals(other)


def test_the_events_of_all_kinds_are_of_all_kinds() -> None:
    assert set(as_events(simulate(ALL_KINDS, seed=5))["type"].to_pylist()) == {
        *("order", "return", "view", "cart", "review", "contact")
    }


def test_customers_who_will_come_back_count_as_alive() -> None:
    knobs = replace(BUSY, dropout="lifetime", lifetime_days=50.0, comeback=0.5)
    truth = simulate(knobs, seed=1).truth
    left = np.isfinite(truth.deaths)
    assert truth.alive[~left].all()
    assert truth.alive[left].mean() == pytest.approx(0.5, abs=0.15)
    assert np.array_equal(truth.alive[left], np.isfinite(truth.returns[left]))


@pytest.mark.parametrize("name", SHOPS)
def test_orders_lie_inside_birth_death_and_window(name: str) -> None:
    shop = simulate(SHOPS[name], seed=2)
    packed, truth = shop.packed, shop.truth
    customer = np.repeat(np.arange(len(packed)), np.diff(packed.offsets))
    is_order = packed.moments.kind == Kind.ORDER
    day = (packed.moments.ts[is_order] - as_cutoff(shop.knobs.start)) / DAY_US
    owner = customer[is_order]
    slack = 1 / 1440 if shop.knobs.clock == "minute" else 1.0
    assert day.min() >= 0
    assert packed.moments.ts.max() < packed.end
    assert (day >= truth.births[owner] - slack).all()
    assert ((day <= truth.deaths[owner]) | (day >= truth.returns[owner] - slack)).all()


def test_lines_sum_to_their_moments_and_returns_give_back_a_line_of_their_order() -> None:
    shop = simulate(BUSY, seed=3)
    moments, lines = shop.packed.moments, shop.lines
    sums = np.add.reduceat(np.round(100 * lines.amount), lines.offsets[:-1])
    np.testing.assert_array_equal(sums, np.round(100 * moments.amount))
    returns = np.flatnonzero(moments.kind == Kind.RETURN)
    assert len(returns) > 50
    order_of = {n: i for i, n in enumerate(shop.order_numbers) if moments.kind[i] == Kind.ORDER}
    for row in returns:
        order = order_of[shop.order_numbers[row]]
        of_order = slice(lines.offsets[order], lines.offsets[order + 1])
        assert moments.amount[row] in -lines.amount[of_order]
        assert 2 * DAY_US <= moments.ts[row] - moments.ts[order] < 21 * DAY_US


def test_gaps_have_the_rate_and_the_regularity_of_their_knobs() -> None:
    steady = Knobs(customers=3000, days=2000, joining=0.0, dropout="none", rate_shape=100, rate_scale_days=1000)
    shop = simulate(replace(steady, regularity=4.0, items=0), seed=1)
    customer = np.repeat(np.arange(len(shop.packed)), np.diff(shop.packed.offsets))
    gaps = np.diff(shop.packed.moments.ts) / DAY_US * shop.truth.rates[customer[1:]]
    gaps = gaps[customer[1:] == customer[:-1]]
    assert gaps.mean() == pytest.approx(1.0, abs=0.01)
    assert gaps.var() == pytest.approx(1 / 4, abs=0.01)  # variance of a gamma with mean 1 and shape 4


def test_the_season_moves_orders_to_its_peak() -> None:
    knobs = Knobs(customers=3000, days=1461, joining=0.0, dropout="none", season_amplitude=0.5, items=0)
    shop = simulate(replace(knobs, season_peak_day=91.0), seed=1)
    day = (shop.packed.moments.ts - as_cutoff(knobs.start)) / DAY_US + 1  # the window starts on the second of January
    phase = np.exp(2j * np.pi * (day[day > 2] - 91) / 365.25).mean()
    assert phase.real == pytest.approx(0.5 / 2, abs=0.02)  # first harmonic of 1 + A cos is A / 2
    assert phase.imag == pytest.approx(0.0, abs=0.02)


def test_one_timers_come_once() -> None:
    shop = simulate(Knobs(customers=500, one_timers=1.0), seed=1)
    assert len(shop.packed.moments) == 500
    assert not shop.truth.alive.any()


@pytest.mark.parametrize("baskets", ["gamma_gamma", "lognormal"])
def test_mean_baskets_equal_the_average_order(baskets: str) -> None:
    knobs = Knobs(customers=2000, rate_scale_days=10.0, dropout="none", baskets=baskets)  # type: ignore[arg-type]
    shop = simulate(knobs, seed=4)
    customer = np.repeat(np.arange(len(shop.packed)), np.diff(shop.packed.offsets))
    ratio = shop.packed.moments.amount / shop.truth.mean_baskets[customer]
    assert ratio.mean() == pytest.approx(1.0, abs=0.01)


def test_customers_have_tastes_and_items_are_unequal() -> None:
    shop = simulate(replace(SMALL_DEMO, customers=1000), seed=1)
    lines = shop.packed.lines
    assert lines is not None
    counts = np.sort(np.bincount(lines.item))[::-1]
    assert counts[:24].sum() / counts.sum() > 0.25  # the top tenth
    owner = np.repeat(np.repeat(np.arange(len(shop.packed)), np.diff(shop.packed.offsets)), np.diff(lines.offsets))
    share = np.zeros((len(shop.packed), len(shop.packed.categories)))
    np.add.at(share, (owner, lines.category), 1)
    top = (share.max(axis=1) / share.sum(axis=1))[share.sum(axis=1) >= 10]
    assert top.mean() > 0.4  # ten categories: .1 without tastes


TRUE_P = {
    "at order": Knobs(customers=6000, rate_scale_days=40.0, season_amplitude=0.4),
    "regular": Knobs(customers=6000, rate_scale_days=40.0, regularity=3.0, dropout="none"),
    "lifetime": Knobs(customers=6000, rate_scale_days=40.0, dropout="lifetime", lifetime_days=200.0),
    "seen late": Knobs(customers=6000, rate_scale_days=40.0, before_days=400),
}


@pytest.mark.parametrize("name", TRUE_P)
def test_the_truth_is_calibrated(name: str) -> None:
    shop = simulate(replace(TRUE_P[name], items=0), seed=9)
    history, outcomes = split_at(shop.packed, as_cutoff(shop.knobs.start + timedelta(days=600)), 90)
    assert outcomes is not None
    p, ordered = shop.true_p_active(history, 90), outcomes.orders > 0
    error = np.sqrt((p * (1 - p)).sum())
    assert ordered.sum() == pytest.approx(p.sum(), abs=3.5 * error)
    middle = (p > 0.2) & (p < 0.8)
    assert ordered[middle].sum() == pytest.approx(p[middle].sum(), abs=3.5 * np.sqrt((p * (1 - p))[middle].sum()))
    if shop.knobs.regularity == 1:
        expected = shop.true_orders(history, 90)
        assert outcomes.orders.sum() == pytest.approx(expected.sum(), rel=0.06)
        assert outcomes.spend.sum() == pytest.approx(shop.true_spend(history, 90).sum(), rel=0.1)


@pytest.mark.parametrize(
    "knobs",
    [
        Knobs(regularity=2.0, dropout="lifetime"),
        Knobs(season_amplitude=0.2, dropout="lifetime"),
        Knobs(weekend=0.2, dropout="lifetime"),
        Knobs(lifetime_shape=0.5, dropout="lifetime"),
        *(Knobs(**{name: 0.1}) for name in ("drift_spread", "slowing", "clumps", "comeback", "lifetime_spread")),  # type: ignore[arg-type]
    ],
)
def test_truths_without_a_closed_form_are_refused(knobs: Knobs) -> None:
    shop = simulate(replace(knobs, customers=20), seed=1)
    history, _ = split_at(shop.packed, shop.packed.end, 30)
    with pytest.raises(ConfigError, match="closed form"):
        shop.true_p_active(history, 30)
    with pytest.raises(ConfigError, match="closed form"):
        shop.true_spend(history, 30)


# --- crowds -----------------------------------------------------------------------------------------------------------


def spend_of(shop: Shop) -> np.ndarray:
    moments = shop.packed.moments
    return np.add.reduceat(moments.amount * (moments.kind == Kind.ORDER), shop.packed.offsets[:-1])


def test_guests_are_further_customers_and_do_not_change_the_others() -> None:
    guests = Knobs(customers=80, rate_scale_days=300.0, basket_median=4000.0, items=0)
    alone, both = simulate(BUSY, seed=3), simulate(BUSY, seed=3, guests=[guests])
    assert len(both.packed) == len(alone.packed) + 80
    main = np.array([customer < "c000200" for customer in both.packed.customers])
    np.testing.assert_allclose(np.sort(both.truth.rates[main]), np.sort(alone.truth.rates))
    assert np.median(both.truth.mean_baskets[~main]) > 50 * np.median(both.truth.mean_baskets[main])
    assert spend_of(both)[~main].mean() > 10 * spend_of(both)[main].mean()
    assert both.packed.end == alone.packed.end


def test_guests_buy_from_the_same_catalogue_in_the_same_window() -> None:
    shop = simulate(BUSY, seed=3, guests=[Knobs(customers=80, days=9, items=0, categories=1, clock="day")])
    assert set(shop.packed.items.tolist()) <= set(make_catalogue(BUSY, np.random.default_rng(0)).items.tolist())
    last = np.array([customer >= "c000200" for customer in shop.packed.customers])[owner_of_moments(shop)]
    assert (shop.packed.moments.ts[last].max() - shop.packed.moments.ts[last].min()) / DAY_US > 100
    assert (shop.lines.item >= 0).all()
    assert (
        len(np.unique(shop.order_numbers[shop.packed.moments.kind == Kind.ORDER]))
        == (shop.packed.moments.kind == Kind.ORDER).sum()
    )


def owner_of_moments(shop: Shop) -> np.ndarray:
    return np.repeat(np.arange(len(shop.packed)), np.diff(shop.packed.offsets))


def test_with_guests_the_truth_has_no_closed_form() -> None:
    shop = simulate(BGNBD_GAMMA, seed=1, guests=[BGNBD_GAMMA])
    history, _ = split_at(shop.packed, shop.packed.end - 60 * DAY_US, 60)
    with pytest.raises(ConfigError, match="guests"):
        shop.true_p_active(history, 60)
