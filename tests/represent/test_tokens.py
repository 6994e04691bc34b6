"""What the network reads of each moment, computed by hand; nothing is cut, and nothing after the cutoff is seen."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from math import cos, log, log1p, pi, sin
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import Row, packed, row
from shijin.represent.cutoff import History, split_at
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Kind, Packed
from shijin.represent.tokens import KINDS, NAMES, NEWEST, PER_DOUBLING, Tokens, tokens
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate

CUTOFF = as_cutoff(date(2024, 6, 1))
HORIZON = 40
SINCE_NEW_YEAR = 152  # days from 1 January 2024 to the first of June


def history_of(rows: list[Row]) -> History:
    return split_at(packed(rows), CUTOFF, HORIZON)[0]


def read(one: Tokens, name: str, customer: int = 0) -> list[float]:
    """One number of every token of a customer."""
    rows = slice(one.offsets[customer], one.offsets[customer + 1])
    return one.values[rows, NAMES.index(name)].tolist()


def days_ago(days: int) -> str:
    return (date(2024, 6, 1) - timedelta(days=days)).isoformat()


# --- a history by hand ------------------------------------------------------------------------------------------------

# The shop's median order is 20: orders of 10, 40, 20.
BY_HAND = [
    row("a", days_ago(100), 10.0, order_id="o1"),
    row("a", days_ago(90), 40.0, order_id="o2", discount=10.0),
    row("a", days_ago(85), -30.0, "return", order_id="o2"),
    row("a", days_ago(8), None, "view"),
    row("a", days_ago(8) + " 12:00", None, "contact"),
    row("a", days_ago(3), 20.0, order_id="o3"),
]
AGES = [100.0, 90.0, 85.0, 8.0, 7.5, 3.0]
USUAL = (log(0.5 + 0.02) + log(2 + 0.02) + log(1 + 0.02)) / 3  # of the logs of a, its orders against the median


def by_hand() -> dict[str, list[float]]:
    gaps = [older - newer for older, newer in pairwise([*AGES, 0.0])]
    before = [0.0, *gaps[:-1]]
    angles = [2 * pi * ((19723 + SINCE_NEW_YEAR - age) % 365.25) / 365.25 for age in AGES]
    return {
        "is_order": [1, 1, 0, 0, 0, 1],
        "is_return": [0, 0, 1, 0, 0, 0],
        "is_view": [0, 0, 0, 1, 0, 0],
        "is_cart": [0] * 6,
        "is_review": [0] * 6,
        "is_other": [0, 0, 0, 0, 1, 0],
        "log_amount": [log(0.52), log(2.02), log(1.52), 0, 0, log(1.02)],
        "amount_to_usual": [log(0.52) - USUAL, log(2.02) - USUAL, 0, 0, 0, log(1.02) - USUAL],
        "age": [log1p(age) for age in AGES],
        "age_h": [log((age + 0.1) / HORIZON) for age in AGES],
        "gap_before": [log1p(gap) for gap in before],
        "gap_before_h": [0.0, *(log((gap + 0.1) / HORIZON) for gap in before[1:])],
        "gap_after": [log1p(gap) for gap in gaps],  # of the last moment: up to the cutoff
        "gap_after_to_before": [0.0, *(log((a + 1) / (b + 1)) for b, a in zip(before[1:], gaps[1:], strict=True))],
        "is_first": [1, 0, 0, 0, 0, 0],
        "from_end": [log1p(place) for place in (5, 4, 3, 2, 1, 0)],
        "from_start": [log1p(place) for place in range(6)],
        "year_sin": [sin(angle) for angle in angles],
        "year_cos": [cos(angle) for angle in angles],
        "discount_share": [0, 10 / 50, 0, 0, 0, 0],
        "moments": [0] * 6,
    }


def test_every_number_of_a_history_equals_the_one_computed_by_hand() -> None:
    actual, expected = tokens(history_of(BY_HAND), HORIZON), by_hand()
    assert tuple(expected) == NAMES
    assert actual.offsets.tolist() == [0, 6]
    assert actual.values.dtype == np.float32
    for name in NAMES:
        np.testing.assert_allclose(read(actual, name), expected[name], rtol=2e-6, atol=2e-6, err_msg=name)


def test_the_angle_of_the_year_is_that_of_the_calendar() -> None:
    actual = tokens(history_of([row("a", "2024-01-01"), row("a", "2024-04-01")]), HORIZON)
    assert read(actual, "year_cos") == pytest.approx([1, 0], abs=0.02)
    assert read(actual, "year_sin") == pytest.approx([0, 1], abs=0.02)


def test_customers_are_read_one_by_one() -> None:
    both = tokens(history_of([*BY_HAND, row("b", days_ago(50), 20.0), row("b", days_ago(1), 20.0)]), HORIZON)
    assert both.offsets.tolist() == [0, 6, 8]
    assert read(both, "is_first", 1) == [1, 0]
    assert read(both, "gap_before", 1) == pytest.approx([0, log1p(49)])
    assert read(both, "amount_to_usual", 1) == [0, 0]  # each against the own usual, not against the shop's
    alone = tokens(history_of(BY_HAND), HORIZON)
    np.testing.assert_array_equal(both.values[:6], alone.values)  # 20 is still the median


def test_a_longer_horizon_makes_the_same_ages_smaller() -> None:
    history = history_of(BY_HAND)
    near, far = tokens(history, 40), tokens(history, 80)
    for name in NAMES:
        moved = log(2) if name in ("age_h", "gap_before_h") else 0.0
        expected = np.array(read(near, name)) - moved * (np.arange(6) > 0 if name == "gap_before_h" else 1)
        np.testing.assert_allclose(read(far, name), expected, atol=1e-6, err_msg=name)


# --- long histories ---------------------------------------------------------------------------------------------------


def long_history(count: int, others: int = 0) -> History:
    """One customer with a moment every quarter of an hour, amounts rising, and others with one."""
    rows = [
        row(
            "a",
            f"2024-05-{1 + place // 96:02d} {place // 4 % 24:02d}:{place % 4 * 15:02d}",
            1.0 + place,
            order_id=f"{place}",
        )
        for place in range(count)
    ]
    return history_of([*rows, *(row(f"b{other}", "2024-05-30", 5.0) for other in range(others))])


def test_the_newest_moments_are_a_token_each() -> None:
    assert len(tokens(long_history(NEWEST), HORIZON).values) == NEWEST
    actual = tokens(long_history(NEWEST + 36), HORIZON)
    newest = actual.values[-NEWEST:]
    assert newest[:, NAMES.index("moments")].tolist() == [0] * NEWEST
    from_end = np.exp(newest[:, NAMES.index("from_end")]) - 1
    np.testing.assert_allclose(from_end, np.arange(NEWEST)[::-1], atol=1e-4)


@pytest.mark.parametrize("count", [65, 76, 77, 128, 129, 700, 2500])
def test_older_moments_share_tokens_and_none_is_cut(count: int) -> None:
    actual = tokens(long_history(count, others=2), HORIZON)
    members = np.exp(read(actual, "moments"))
    assert members.sum() == pytest.approx(count, abs=0.01)
    assert len(members) <= NEWEST + np.ceil(PER_DOUBLING * np.log2(count / NEWEST))
    shared = members[: len(members) - NEWEST]
    assert (shared >= 1 - 1e-6).all()
    assert (np.diff(shared[1:]) < 0).all()  # the older, the more share one; the oldest token may be begun only
    assert np.diff(actual.offsets)[1:].tolist() == [1, 1]


def test_the_number_of_moments_in_shared_tokens_doubles_in_four_steps() -> None:
    # 64 * 2^(1/4) = 76.1, 90.5, 107.6, 128: from the end 64..76, 77..90, 91..107, 108..127.
    members = np.exp(read(tokens(long_history(128), HORIZON), "moments"))
    np.testing.assert_allclose(members[:4], [20, 17, 14, 13], rtol=1e-5)
    assert len(members) == NEWEST + 4


def test_a_shared_token_is_the_mean_of_its_moments() -> None:
    history = long_history(90)
    actual = tokens(history, HORIZON)
    # The oldest 13 (from the end 77..89) share one, the 13 after these the next.
    logs = np.log(np.arange(1, 91) / history.scale + 0.02)
    assert read(actual, "log_amount")[:3] == pytest.approx([logs[:13].mean(), logs[13:26].mean(), logs[26]], rel=1e-5)
    assert read(actual, "is_order")[:3] == [1, 1, 1]
    assert read(actual, "is_first")[:3] == pytest.approx([1 / 13, 0, 0])
    assert read(actual, "age")[0] == pytest.approx(np.log1p(history.age_days[:13]).mean(), rel=1e-5)


def test_a_token_never_holds_moments_of_two_customers() -> None:
    rows = [
        row(name, f"2024-05-{1 + place // 24:02d} {place % 24:02d}:00", amount, order_id=f"{name}{place}")
        for name, amount in (("a", 5.0), ("b", 500.0))
        for place in range(200)
    ]
    actual = tokens(history_of(rows), HORIZON)
    assert np.diff(actual.offsets).tolist() == [NEWEST + 7] * 2
    per_customer = [set(np.round(read(actual, "log_amount", customer), 4)) for customer in (0, 1)]
    assert [len(amounts) for amounts in per_customer] == [1, 1]
    assert per_customer[0] != per_customer[1]


counts = st.lists(st.integers(1, 400), min_size=1, max_size=6)


@given(counts, st.integers(0, 1000))
def test_tokens_weighted_by_their_moments_have_the_means_of_the_moments(counts: list[int], seed: int) -> None:
    history = split_at(random_shop(counts, seed), 500 * DAY_US, 30)[0]
    actual = tokens(history, 30)
    rows = [slice(a, b) for a, b in pairwise(actual.offsets.tolist())]
    assert len(rows) == len(counts)
    for (a, b), tokens_of in zip(pairwise(history.offsets.tolist()), rows, strict=True):
        weight = np.exp(actual.values[tokens_of, NAMES.index("moments")].astype(float))
        assert weight.sum() == pytest.approx(b - a, rel=1e-5)
        mean_age = (weight * actual.values[tokens_of, NAMES.index("age")]).sum() / (b - a)
        assert mean_age == pytest.approx(np.log1p(history.age_days[a:b]).mean(), rel=1e-4)


def random_shop(counts: list[int], seed: int) -> Packed:
    rng = np.random.default_rng(seed)
    shop = simulate(replace(DEMO, customers=30, items=0), seed).packed
    m = sum(counts)
    row = rng.integers(0, len(shop.moments), m)
    owner = np.repeat(np.arange(len(counts)), counts)
    ts = rng.integers(0, 500 * 1440, m) * 60_000_000
    moments = replace(
        shop.moments.take(row), ts=ts[np.lexsort((ts, owner))], kind=rng.integers(0, 8, m).astype(np.uint8)
    )
    moments.kind[0] = Kind.ORDER
    moments.amount[0] = 10.0
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return Packed(np.array([f"c{place}" for place in range(len(counts))]), offsets, moments, 0, 500 * DAY_US)


# --- promises ---------------------------------------------------------------------------------------------------------

SHOP = simulate(replace(DEMO, customers=150, reviews_per_order=0.2, carts_per_order=0.4), seed=3).packed
MIDDLE = SHOP.start + 500 * DAY_US


def changed(packed: Packed, **columns: Any) -> Packed:
    return replace(packed, moments=replace(packed.moments, **columns))


def test_money_times_any_factor_is_the_same_shop() -> None:
    moments = SHOP.moments
    other = changed(SHOP, amount=7.31 * moments.amount, discount=7.31 * moments.discount)
    ours, theirs = (tokens(split_at(shop, MIDDLE, 60)[0], 60) for shop in (SHOP, other))
    np.testing.assert_allclose(theirs.values, ours.values, rtol=1e-6, atol=1e-6)


def test_twenty_eight_years_back_is_the_same_shop_bit_for_bit() -> None:
    back = 28 * 365.25 * DAY_US
    assert back % DAY_US == 0
    past = replace(
        changed(SHOP, ts=SHOP.moments.ts - int(back)), start=SHOP.start - int(back), end=SHOP.end - int(back)
    )
    ours, theirs = tokens(split_at(SHOP, MIDDLE, 60)[0], 60), tokens(split_at(past, MIDDLE - int(back), 60)[0], 60)
    np.testing.assert_array_equal(theirs.values, ours.values)


LATER = SHOP.moments.ts >= MIDDLE
FUTURES = {
    "other money": changed(SHOP, amount=np.where(LATER, 1e6, SHOP.moments.amount)),
    "other kinds": changed(SHOP, kind=np.where(LATER, np.uint8(Kind.VIEW), SHOP.moments.kind)),
    "other discounts": changed(SHOP, discount=np.where(LATER, 99.0, SHOP.moments.discount)),
    "none": split_at(SHOP, MIDDLE, 60)[0].as_shop(),
}


@pytest.mark.parametrize("name", FUTURES)
def test_nothing_after_the_cutoff_moves_a_bit(name: str) -> None:
    ours, theirs = (tokens(split_at(shop, MIDDLE, 60)[0], 60) for shop in (SHOP, FUTURES[name]))
    assert len(ours.values) > 500
    np.testing.assert_array_equal(theirs.values, ours.values)
    np.testing.assert_array_equal(theirs.offsets, ours.offsets)


def test_the_past_does_move_them() -> None:
    earlier = SHOP.moments.ts < MIDDLE
    other = changed(SHOP, discount=np.where(earlier, 99.0, SHOP.moments.discount))
    ours, theirs = (tokens(split_at(shop, MIDDLE, 60)[0], 60) for shop in (SHOP, other))
    assert not np.array_equal(theirs.values, ours.values)


def test_some_customers_are_read_as_among_all() -> None:
    history = split_at(SHOP, MIDDLE, 60)[0]
    rows = np.array([3, 10, 11, 40])
    few, everyone = tokens(history.take(rows), 60), tokens(history, 60)
    expected = np.concatenate([everyone.values[everyone.offsets[one] : everyone.offsets[one + 1]] for one in rows])
    np.testing.assert_array_equal(few.values, expected)


def test_of_no_customers_there_are_no_tokens() -> None:
    actual = tokens(split_at(SHOP, MIDDLE, 60)[0].take(np.zeros(0, np.int64)), 60)
    assert actual.values.shape == (0, len(NAMES))
    assert actual.offsets.tolist() == [0]


@pytest.mark.parametrize("value", [None, "yesterday", SHOP])
def test_only_a_history_can_be_read(value: Any) -> None:
    with pytest.raises(TypeError, match="tokens are made from a History, got"):
        tokens(value, 60)


def test_every_number_is_finite_and_of_moderate_size() -> None:
    actual = tokens(split_at(SHOP, MIDDLE, 60)[0], 60)
    assert np.isfinite(actual.values).all()
    assert np.abs(actual.values).max() < 12


def test_a_free_order_and_one_a_minute_before_the_cutoff_are_numbers_too() -> None:
    rows = [row("a", "2024-05-31 23:59", 0.0, order_id="free", discount=20.0), row("a", "2024-05-30", 20.0)]
    actual = tokens(history_of(rows), HORIZON)
    assert np.isfinite(actual.values).all()
    assert read(actual, "discount_share") == pytest.approx([0, 1])
    assert read(actual, "log_amount") == pytest.approx([log(1.02), log(0.02)])


def test_every_moment_has_exactly_one_kind() -> None:
    actual = tokens(split_at(random_shop([50, 300], 1), 500 * DAY_US, 30)[0], 30)
    sorts = actual.values[:, : len(KINDS) + 1]
    np.testing.assert_allclose(sorts.sum(axis=1), 1, rtol=1e-6)
    assert (sorts[-1:] >= 0).all()
