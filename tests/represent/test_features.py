from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import pairwise
from math import exp, inf, log, log1p, sqrt
from statistics import fmean, pstdev

import numpy as np
import pytest

from ledger import packed, row
from shijin.represent import features as kernel
from shijin.represent.cutoff import History, split_at
from shijin.represent.days import as_cutoff
from shijin.represent.features import features, shop_series
from shijin.represent.packed import DAY_US, Kind, Packed
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate

CUTOFF = as_cutoff(date(2024, 6, 1))
HORIZON = 40
Column = dict[str, float]


# --- every feature of one customer, in plain Python -------------------------------------------------------------------


def signed_log(x: float) -> float:
    return log1p(x) if x >= 0 else -log1p(-x)


def half(age: float, half_life: float) -> float:
    return exp(-age / half_life * log(2))


def by_hand(history: History, customer: int, horizon: float) -> Column:
    a, b = history.offsets[customer : customer + 2]
    m = history.moments
    rows = [
        (float(age), Kind(kind), float(amount) / history.scale)
        for age, kind, amount in zip(history.age_days[a:b], m.kind[a:b], m.amount[a:b], strict=True)
    ]
    bought = [place for place in range(a, b) if m.kind[place] == Kind.ORDER]
    ages = [float(history.age_days[place]) for place in bought]
    baskets = [float(m.amount[place]) / history.scale for place in bought]
    out = levels(rows, horizon, history.span_days)
    out |= timing(ages, horizon, history.span_days)
    out |= gaps(ages, horizon)
    out |= basket_sizes(baskets)
    contents = {
        name: [float(getattr(m, name)[p]) for p in bought] for name in ("lines", "quantity", "discount", "novel")
    }
    contents["discount"] = [x / history.scale for x in contents["discount"]]
    out |= basket_contents(contents, baskets)
    out |= other_kinds(rows, horizon)
    return out


def levels(rows: list[tuple[float, Kind, float]], horizon: float, span: float) -> Column:
    def both(name: str, weight: Callable[[float], float]) -> Column:
        orders = sum(weight(age) for age, kind, _ in rows if kind == Kind.ORDER)
        spend = sum(money * weight(age) for age, kind, money in rows if kind in (Kind.ORDER, Kind.RETURN, Kind.CHARGE))
        return {f"orders{name}": signed_log(orders), f"spend{name}": signed_log(spend)}

    out = both("", lambda _: 1.0)
    for label, days in [
        ("0.125h", horizon / 8),
        ("0.25h", horizon / 4),
        ("0.5h", horizon / 2),
        ("1h", horizon),
        ("2h", 2 * horizon),
        ("4h", 4 * horizon),
        ("7d", 7),
        ("30d", 30),
        ("91d", 91),
        ("365d", 365),
    ]:
        out |= both(f"_{label}", lambda age, days=days: float(age <= days))
    for h in (4, 2, 1, 0.5, 0.25):
        out |= both(f"_decay_{h:g}h", lambda age, h=h: half(age, h * horizon))
    out |= both("_year_ago", lambda age: float(365 - horizon < age <= 365))
    return out | {"year_ago_known": float(span >= 365)}


def timing(ages: list[float], horizon: float, span: float) -> Column:
    recency, tenure = (ages[-1], ages[0]) if ages else (span, 0.0)
    return {
        "recency": log(recency + 1),
        "recency_h": log((recency + 1) / horizon),
        "tenure": log(tenure + 1),
        "tenure_h": log((tenure + 1) / horizon),
        "recency_of_tenure": recency / (tenure + 1),
        "tenure_of_span": tenure / span,
        "expected_orders_h": log((len(ages) + 0.5) * horizon / (tenure + horizon)),
        "single_order": float(len(ages) == 1),
    }


def gaps(ages: list[float], horizon: float) -> Column:
    between = [older - newer for older, newer in pairwise(ages)]
    last = [0.0, 0.0, *between]
    out = dict.fromkeys(
        ("gap_mean", "gap_mean_h", "gap_log_mean", "gap_variation", "gap_last_to_usual", "lateness"), 0.0
    )
    out |= {"gap_last": log1p(last[-1]), "gap_before_last": log1p(last[-2]), "share_of_gaps_longer": -1.0}
    if between:
        mean, mean_log = fmean(between), fmean(map(log1p, between))
        out |= {
            "gap_mean": log1p(mean),
            "gap_mean_h": log((mean + 1) / horizon),
            "gap_log_mean": mean_log,
            "gap_variation": pstdev(between) / max(mean, 1e-6) if len(between) > 1 else 0.0,
            "gap_last_to_usual": log1p(between[-1]) - mean_log,
            "lateness": log((ages[-1] + 1) / (mean + 1)),
            "share_of_gaps_longer": sum(gap >= ages[-1] for gap in between) / len(between),
        }
    return out


def basket_sizes(baskets: list[float]) -> Column:
    logs = [log(max(x, 1e-3)) for x in baskets]
    last = [0.0, 0.0, *logs]
    usual = fmean(logs) if logs else 0.0
    return {
        "basket_mean": signed_log(fmean(baskets)) if baskets else 0.0,
        "basket_log_mean": usual,
        "basket_log_spread": pstdev(logs) if logs else 0.0,
        "basket_last": last[-1],
        "basket_before_last": last[-2],
        "basket_last_to_usual": last[-1] - usual,
        "basket_largest": max(logs, default=0.0),
    }


def basket_contents(of: dict[str, list[float]], baskets: list[float]) -> Column:
    n = max(len(baskets), 1)
    return {
        "lines_mean": log1p(sum(of["lines"]) / n),
        "quantity_mean": signed_log(sum(of["quantity"]) / n),
        "price_level": signed_log(10 * sum(baskets) / max(sum(of["quantity"]), 1)),
        "discount_share": sum(of["discount"]) / max(sum(baskets) + sum(of["discount"]), 1e-3),
        "discounted_orders": sum(x > 0 for x in of["discount"]) / n,
        "variety": log1p(sum(of["novel"])),
        "novelty_share": sum(of["novel"]) / max(sum(of["lines"]), 1),
        "novel_last": log1p([0.0, *of["novel"]][-1]),
    }


def other_kinds(rows: list[tuple[float, Kind, float]], horizon: float) -> Column:
    out: Column = {}
    for kind in (Kind.RETURN, Kind.VIEW, Kind.CART, Kind.REVIEW, Kind.CONTACT):
        ages = [age for age, which, _ in rows if which == kind]
        name = kind.name.lower() + "s"
        out[name] = log1p(len(ages))
        out[f"{name}_1h"] = log1p(sum(age <= horizon for age in ages))
        out[f"{name}_decay"] = log1p(sum(half(age, horizon / 4) for age in ages))
    returned = sum(-money for _, kind, money in rows if kind == Kind.RETURN)
    bought = sum(money for _, kind, money in rows if kind == Kind.ORDER)
    out["return_money"] = signed_log(returned)
    out["return_share"] = returned / max(bought, 1e-3)
    out["last_seen"] = log1p(rows[-1][0])
    return out


def assert_by_hand(history: History, customers: list[int], horizon: int = HORIZON) -> None:
    result = features(history, horizon)
    assert len(result.values) == len(history)
    for customer in customers:
        expected = by_hand(history, customer, horizon)
        assert set(expected) == set(result.names)
        for place, name in enumerate(result.names):
            assert result.values[customer, place] == pytest.approx(expected[name], rel=1e-5, abs=2e-6), (
                customer,
                name,
            )


def written() -> Packed:
    many = [row("many", f"2023-{month:02d}-10 12:00", 10.0 * month, quantity=2.0) for month in range(5, 13)]
    many += [
        row("many", "2024-03-02 08:00", 8.0, discount=2.0, item_id="tea", order_id="x"),
        row("many", "2024-03-02 08:00", 5.0, discount=0.0, item_id="cup", order_id="x"),
        row("many", "2024-03-03", 3.0, "charge", order_id="x"),
        row("many", "2024-03-12", -8.0, "return", item_id="tea", quantity=-1.0),
        row("many", "2024-05-31 23:00", None, "view", item_id="tea"),
        row("many", "2024-05-31 23:30", None, "cart", item_id="tea"),
    ]
    return packed(
        [
            *many,
            row("once", "2024-05-02", 25.0),
            row("twice", "2024-01-01", 25.0),
            row("twice", "2024-05-31 06:00", 25.0),
            row("same day", "2024-04-01 10:00", 5.0, order_id="1"),
            row("same day", "2024-04-01 10:00", 5.0, order_id="2"),
            row("same day", "2024-04-01 12:00", 7.0, order_id="3"),
            row("looker", "2024-02-01", None, "view"),
            row("looker", "2024-05-01", None, "review"),
            row("complains", "2024-05-20", None, "contact"),
            row("gave back more", "2024-03-01", 10.0),
            row("gave back more", "2024-03-05", -30.0, "return"),
            row("for nothing", "2024-03-01", 0.0),
            row("edges", "2023-06-02", 10.0),  # 365 days: a year ago, just inside
            row("edges", "2024-04-22", 10.0),  # 40 days: the horizon, just inside
            row("edges", "2024-05-25", 10.0),  # 7 days
        ]
    )


def test_every_feature_of_customers_written_by_hand() -> None:
    history, _ = split_at(written(), CUTOFF, HORIZON)
    assert_by_hand(history, list(range(len(history))))


@pytest.mark.parametrize("horizon", [14, 90, 400])
def test_every_feature_of_simulated_customers(horizon: int) -> None:
    shop = simulate(replace(DEMO, customers=300), seed=2).packed
    history, _ = split_at(shop, shop.end - 60 * DAY_US, horizon)
    assert_by_hand(history, list(range(0, len(history), 13)), horizon)


@pytest.mark.parametrize("rows", [1, 7, 100])
def test_blocks_of_customers_of_any_size_give_the_same_bits(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    history, _ = split_at(written(), CUTOFF, HORIZON)
    whole = features(history, HORIZON)
    monkeypatch.setattr(kernel, "BLOCK_MOMENTS", rows)
    assert np.array_equal(features(history, HORIZON).values, whole.values)


def test_a_customer_alone_has_the_features_that_they_have_among_others() -> None:
    history, _ = split_at(written(), CUTOFF, HORIZON)
    whole = features(history, HORIZON).values
    for customer in range(len(history)):
        alone = features(history.take(np.array([customer])), HORIZON).values
        assert np.array_equal(alone[0], whole[customer])


def test_a_shop_without_customers_has_the_names_of_its_features() -> None:
    history, _ = split_at(written(), CUTOFF, HORIZON)
    nobody = features(history.take(np.zeros(0, dtype=int)), HORIZON)
    assert nobody.names == features(history, HORIZON).names
    assert nobody.values.shape == (0, len(nobody.names))


def test_features_are_many_finite_and_named_once() -> None:
    result = features(split_at(written(), CUTOFF, HORIZON)[0], HORIZON)
    assert len(set(result.names)) == len(result.names) >= 40
    assert np.isfinite(result.values).all()
    assert np.isfinite(list(series_of(written()).values())).all()
    assert result.values.dtype == np.float32
    assert result.column("single_order").tolist() == result.values[:, result.names.index("single_order")].tolist()


def scaled(shop: Packed, money: float) -> Packed:
    moments = replace(shop.moments, amount=shop.moments.amount * money, discount=shop.moments.discount * money)
    return replace(shop, moments=moments)


def test_another_currency_changes_no_feature() -> None:
    shop = written()
    before = features(split_at(shop, CUTOFF, HORIZON)[0], HORIZON)
    after = features(split_at(scaled(shop, 7.31), CUTOFF, HORIZON)[0], HORIZON)
    assert after.values == pytest.approx(before.values, abs=1e-5)
    assert series_of(scaled(shop, 7.31)) == pytest.approx(series_of(shop))


@pytest.mark.parametrize("money", [1.0, 7.31, 0.013, 355.3])
@pytest.mark.parametrize("price", [3.7, 9.99, 24.9])
def test_equal_baskets_do_not_differ_whatever_the_currency(price: float, money: float) -> None:
    # What rounding leaves of a difference of equal sums must not tell customers apart: a tree would split on it.
    days = [f"2024-05-{day:02d}" for day in range(1, 25)]
    regulars = [row(f"{n} times", day, price) for n in range(1, 25) for day in days[:n]]
    others = [row(f"other {place}", "2024-05-30", 19.99) for place in range(len(regulars))]
    result = features(split_at(scaled(packed(regulars + others), money), CUTOFF, HORIZON)[0], HORIZON)
    for name in ("basket_log_spread", "basket_last_to_usual"):
        assert not result.column(name).any()


def test_equal_gaps_do_not_vary() -> None:
    shop = packed([row("a", f"2024-05-{day:02d} 07:13:21", 3.7) for day in range(1, 20)])
    result = features(split_at(shop, CUTOFF, HORIZON)[0], HORIZON)
    for name in ("gap_variation", "gap_last_to_usual"):
        assert result.column(name).tolist() == [0.0]


def test_twenty_eight_years_earlier_is_the_same_shop() -> None:
    shop = written()
    shift = (date(2024, 6, 1) - date(1996, 6, 1)).days * DAY_US
    moments = replace(shop.moments, ts=shop.moments.ts - shift)
    earlier = replace(shop, moments=moments, start=shop.start - shift, end=shop.end - shift)
    a, b = (features(split_at(one, at, HORIZON)[0], HORIZON) for one, at in ((shop, CUTOFF), (earlier, CUTOFF - shift)))
    assert np.array_equal(a.values, b.values)
    assert series_of(shop) == series_of(earlier, CUTOFF - shift)


def test_features_take_nothing_but_a_history() -> None:
    with pytest.raises(TypeError, match="History"):
        features(written(), HORIZON)  # type: ignore[arg-type]


# --- the shop's own series -------------------------------------------------------------------------------------------


def series_of(shop: Packed, cutoff: int = CUTOFF, horizon: int = HORIZON) -> Column:
    return shop_series(split_at(shop, cutoff, horizon)[0], horizon)


def test_the_level_series_counts_orders_of_half_horizons_back_from_the_cutoff() -> None:
    # Half a horizon is 20 days: 4 orders in the newest half, 2 in the one before, none further back, 70 days of data.
    days = ["05-20", "05-21", "05-22", "05-31", "04-30", "05-02", "03-23"]
    shop = packed([row(f"c{place}", f"2024-{day}") for place, day in enumerate(days)])
    series = series_of(shop)
    assert series["level_1"] == pytest.approx(log(2 / 4))
    assert series["level_2"] == pytest.approx(log(0.5 / 4))  # nothing counts as half an order
    assert [series[f"level_{step}_known"] for step in range(1, 6)] == [1.0, 1.0, 0.0, 0.0, 0.0]
    assert [series[f"level_{step}"] for step in (3, 4, 5)] == [0.0, 0.0, 0.0]
    assert (series["season_known"], series["season"]) == (0.0, 0.0)
    assert series["span_h"] == pytest.approx(log(70 / HORIZON))
    assert series["horizon"] == pytest.approx(log(HORIZON))
    assert (series["single_share"], series["orders_mean"]) == (1.0, pytest.approx(log(2)))


def test_the_season_compares_the_same_window_a_year_ago_with_the_one_before_it() -> None:
    # 365 days before 1 June 2024 the window ahead was [2 June, 12 July), the one before it [23 April, 2 June).
    ahead = ["2023-06-03", "2023-06-20", "2023-07-11"]
    behind = ["2023-05-01"]
    shop = packed([row("a", day) for day in ["2023-01-01", *ahead, *behind, "2024-05-30"]])
    series = series_of(shop)
    assert series["season_known"] == 1.0
    assert series["season"] == pytest.approx(log(3 / 1))
    assert series["year_on_year"] == pytest.approx(log(1 / 3))


def test_the_season_of_the_cutoff_goes_round_with_the_year() -> None:
    shop = packed([row("a", "2023-12-01")])
    new_year = series_of(shop, as_cutoff(date(2024, 1, 1)), 73)
    angle = 2 * np.pi / 365
    assert new_year["season_sin_now"] == pytest.approx(np.sin(angle), abs=1e-6)
    assert new_year["season_cos_middle"] == pytest.approx(np.cos(angle * 37.5), abs=1e-6)
    assert inf > abs(new_year["season_sin_middle"]) > 0.5


def test_spread_and_variation_are_plain_standard_deviations() -> None:
    # Baskets 1 and 4 median-less orders apart by a factor 4: the spread of the logs is log(4) / 2.
    shop = packed([row("a", "2024-05-01", 5.0), row("a", "2024-05-11", 20.0), row("a", "2024-05-31", 10.0)])
    result = features(split_at(shop, CUTOFF, HORIZON)[0], HORIZON)
    logs = [log(0.5), log(2.0), 0.0]
    assert result.column("basket_log_spread")[0] == pytest.approx(sqrt(fmean(x * x for x in logs) - fmean(logs) ** 2))
    assert result.column("gap_variation")[0] == pytest.approx(5 / 15)  # gaps 10 and 20
