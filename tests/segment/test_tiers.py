"""Tiers: every customer has one, the cuts fall where they say, and the sums add up."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shijin.config import TiersSection
from shijin.errors import SchemaError
from shijin.segment.tiers import assign, summarise

SPEND = arrays(float, st.integers(1, 60), elements=st.floats(0, 1e6).map(lambda value: round(value, 2)))
TIERS = st.sampled_from(
    [
        TiersSection(),
        TiersSection(cuts=(0.5,), names=("top", "rest")),
        TiersSection(by="share", cuts=(0.5, 0.8), names=("a", "b", "c")),
        TiersSection(by="money", cuts=(1000.0, 10.0), names=("gold", "silver", "tin")),
    ]
)


def of(values: list[float], tiers: TiersSection) -> list[str]:
    return assign(np.array(values, dtype=float), tiers).tolist()


def test_ten_customers_fall_into_two_three_and_five() -> None:
    falling = list(range(10, 0, -1))
    assert of(falling, TiersSection()) == ["high"] * 2 + ["normal"] * 3 + ["low"] * 5


def test_equal_customers_are_divided_in_the_order_of_their_rows() -> None:
    assert of([7] * 10, TiersSection()) == ["high"] * 2 + ["normal"] * 3 + ["low"] * 5


def test_a_single_customer_gets_one_tier_by_every_rule() -> None:
    assert of([5], TiersSection()) == ["normal"]  # the middle of their rank is .5, which is still within the cut at .5
    assert of([5], TiersSection(by="share", cuts=(0.2, 0.5))) == ["high"]
    assert of([5], TiersSection(by="money", cuts=(10, 5))) == ["normal"]


def test_no_customer_gets_no_tier() -> None:
    assert of([], TiersSection()) == []
    assert of([], TiersSection(by="share")) == []


def test_by_share_a_tier_is_open_until_its_share_of_spend_is_reached() -> None:
    tiers = TiersSection(by="share", cuts=(0.5, 0.8), names=("a", "b", "c"))
    # Shares of spend above each: 0, .4, .7, .9 of 10.
    assert of([2, 4, 3, 1], tiers) == ["b", "a", "a", "c"]


def test_by_share_sums_of_tenths_reach_the_cut_exactly() -> None:
    tiers = TiersSection(by="share", cuts=(0.3,), names=("a", "b"))
    assert of([0.1] * 10, tiers) == ["a"] * 3 + ["b"] * 7  # .1 + .1 + .1 is .30000000000000004 in floats


def test_by_share_a_shop_that_expects_nothing_has_only_the_last_tier() -> None:
    assert of([0, 0], TiersSection(by="share")) == ["low", "low"]


def test_by_money_the_cut_itself_belongs_to_the_upper_tier() -> None:
    tiers = TiersSection(by="money", cuts=(100, 10))
    assert of([100, 99.99, 10, 9.99, 0], tiers) == ["high", "normal", "normal", "low", "low"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_missing_or_negative_expectations_are_refused(bad: float) -> None:
    with pytest.raises(SchemaError, match="1 of 2 values"):
        assign(np.array([1.0, bad]), TiersSection())


@given(SPEND, TIERS)
def test_who_is_expected_to_spend_more_is_never_in_a_lower_tier(spend: np.ndarray, tiers: TiersSection) -> None:
    place = np.array([tiers.names.index(name) for name in assign(spend, tiers)])
    assert (np.diff(place[np.argsort(-spend, kind="stable")]) >= 0).all()


@given(SPEND)
def test_by_quantile_sizes_depend_on_the_number_of_customers_only(spend: np.ndarray) -> None:
    tiers = TiersSection()
    names, equal = assign(spend, tiers), assign(np.ones(len(spend)), tiers)
    assert sorted(names) == sorted(equal)
    assert abs(np.sum(names == "high") - 0.2 * len(spend)) <= 0.5 + 1e-9


@given(SPEND, st.sampled_from([TiersSection(), TiersSection(by="share")]))
def test_tiers_do_not_depend_on_the_currency(spend: np.ndarray, tiers: TiersSection) -> None:
    assert (assign(spend, tiers) == assign(spend * 8.0, tiers)).all()


@given(SPEND, TIERS)
def test_the_summary_adds_up_to_the_whole_shop(spend: np.ndarray, tiers: TiersSection) -> None:
    columns = {"tier": assign(spend, tiers), "expected_spend": spend, "historic_spend": -spend}
    table = summarise(pa.table(columns | {"p_active": np.full(len(spend), 0.25)}), tiers.names)
    assert table["tier"].to_pylist() == list(tiers.names)
    assert sum(table["customers"].to_pylist()) == len(spend)
    assert sum(table["customers_share"].to_pylist()) == pytest.approx(1)
    assert sum(table["expected_spend"].to_pylist()) == pytest.approx(spend.sum())
    assert sum(table["historic_spend"].to_pylist()) == pytest.approx(-spend.sum())
    assert set(table["mean_p_active"].to_pylist()) <= {None, 0.25}


def test_a_tier_the_config_no_longer_names_is_kept_at_the_end() -> None:
    columns = {"tier": ["gold", "low"], "expected_spend": [3.0, 1.0], "historic_spend": [0.0, 0.0]}
    table = summarise(pa.table(columns | {"p_active": [0.5, 0.5]}), ("high", "low"))
    assert table["tier"].to_pylist() == ["high", "low", "gold"]
    assert table["customers"].to_pylist() == [0, 1, 1]


def test_a_million_customers_are_divided_exactly() -> None:
    names = assign(np.arange(1_000_000, dtype=float), TiersSection())
    assert np.unique(names, return_counts=True)[1].tolist() == [200_000, 500_000, 300_000]  # high, low, normal


def test_a_crowd_that_hardly_spends_moves_no_customer_up() -> None:
    customers = np.array([90.0, 50.0, 20.0, 9.0, 3.0])
    crowd = np.array([0.001] * 95 + [25.0, 60.0, 100.0])
    among = np.arange(len(customers) + len(crowd)) < len(customers)
    for by in ("quantile", "share"):
        tiers = TiersSection(by=by, cuts=(0.4, 0.8))
        assigned = assign(np.concatenate([customers, crowd]), tiers, among)
        assert assigned[among].tolist() == assign(customers, tiers).tolist()
        assert set(assigned[~among][:95]) == {"low"}
        assert assigned[~among][-1] == "high"
    assert assign(np.concatenate([customers, crowd]), TiersSection(cuts=(0.4, 0.8)), among)[-3:].tolist() == [
        "normal",
        "high",
        "high",
    ]


def test_by_money_a_prospect_is_cut_like_everybody() -> None:
    tiers = TiersSection(by="money", cuts=(50.0, 10.0))
    assigned = assign(np.array([20.0, 5.0, 60.0]), tiers, np.array([True, True, False]))
    assert assigned.tolist() == ["normal", "low", "high"]


def test_where_nobody_has_bought_prospects_are_ranked_among_themselves() -> None:
    tiers = TiersSection(cuts=(0.4, 0.7))
    spend = np.array([1.0, 90.0, 9.0])
    assert assign(spend, tiers, np.zeros(3, dtype=bool)).tolist() == assign(spend, tiers).tolist()
