import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import Row, packed, row
from shijin.errors import EmptyHistoryError
from shijin.represent.cutoff import split_at
from shijin.represent.days import as_cutoff
from shijin.represent.pack import pack
from shijin.represent.packed import DAY_US, Kind, Packed
from shijin.represent.rows import KIND_OF_TYPE, NEVER_PACKED
from shijin.simulate.events import as_events
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate

MINUTE_US = 60_000_000
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
# ts, kind, amount, quantity, discount, lines, novel, channel
Moment = tuple[int, int, float, float, float, float, float, float]
EMPTY = (10**18, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


# --- what pack must do, written down as slowly as possible -----------------------------------------------------------


def wall_clock(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone).replace(tzinfo=None)
    return (local - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # noqa: DTZ001  (a wall clock has no zone)


def grouped(rows: list[Row], zone: ZoneInfo) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for place, one in enumerate(rows):
        day = wall_clock(one["ts"], zone) // DAY_US
        if one["type"] in NEVER_PACKED:
            continue
        which = {"order": "order", "charge": "order", "return": "return"}.get(one["type"], place)
        groups[one["customer_id"], day, which, one.get("order_id") or "" if isinstance(which, str) else ""].append(one)
    return groups


def kinds(groups: dict[tuple[Any, ...], list[Row]]) -> dict[tuple[Any, ...], Kind]:
    """An order is counted on its first day; what joins it later is a charge."""
    kind_of: dict[tuple[Any, ...], Kind] = {}
    seen = set()
    for key in sorted(groups, key=lambda key: key[1]):
        customer, day, which, order = key
        if which != "order":
            kind_of[key] = KIND_OF_TYPE.get(groups[key][0]["type"], Kind.OTHER)
            continue
        bought = any(one["type"] == "order" for one in groups[key])
        same = (customer, order or day)
        kind_of[key] = Kind.ORDER if bought and same not in seen else Kind.CHARGE
        if bought:
            seen.add(same)
    return kind_of


def first_ordered(rows: list[Row], zone: ZoneInfo) -> dict[tuple[str, str], tuple[Any, ...]]:
    """The moment in which each customer ordered each item first."""
    earliest: dict[tuple[str, str], tuple[int, str]] = {}
    for one in rows:
        if one["type"] == "order" and one.get("item_id"):
            key, when = (one["customer_id"], one["item_id"]), (wall_clock(one["ts"], zone), one.get("order_id") or "")
            earliest[key] = min(earliest.get(key, when), when)
    return {
        (customer, item): (customer, ts // DAY_US, "order", order) for (customer, item), (ts, order) in earliest.items()
    }


def channel_codes(rows: list[Row], zone: ZoneInfo) -> dict[str | None, int]:
    """Channels are numbered from 1 by their first appearance in time; 0 is none."""
    first: dict[str, int] = {}
    for one in rows:
        if one["type"] not in NEVER_PACKED and one["channel"]:
            ts = wall_clock(one["ts"], zone)
            first[one["channel"]] = min(first.get(one["channel"], ts), ts)
    in_order = sorted(first, key=lambda channel: (first[channel], channel))
    return {None: 0} | {channel: number for number, channel in enumerate(in_order, 1)}


def first_line(members: list[Row], zone: ZoneInfo, codes: dict[str | None, int]) -> Row:
    """The line that gives a moment its channel: the first by kind, item and then every other column."""
    return min(
        members,
        key=lambda one: (
            KIND_OF_TYPE.get(one["type"], Kind.OTHER),
            one["item_id"] or "",
            wall_clock(one["ts"], zone),
            one["amount"] or 0.0,
            1.0 if one["quantity"] is None else one["quantity"],
            one["category"] or "",
            one["discount"] or 0.0,
            codes[one["channel"]],
        ),
    )


def packed_slowly(rows: list[Row], zone: ZoneInfo) -> dict[str, list[Moment]]:
    groups = grouped(rows, zone)
    codes = channel_codes(rows, zone)
    kind_of = kinds(groups)
    firsts = first_ordered(rows, zone)
    shop: dict[str, list[Moment]] = defaultdict(list)
    for key, members in groups.items():
        products = [one for one in members if one["type"] in ("order", "return")]
        shop[key[0]].append(
            (
                min(wall_clock(one["ts"], zone) for one in members),
                int(kind_of[key]),
                sum(one.get("amount") or 0.0 for one in members),
                sum(1.0 if one.get("quantity") is None else one["quantity"] for one in products),
                sum(one.get("discount") or 0.0 for one in members),
                float(len(products)),
                float(sum(moment == key for (customer, _), moment in firsts.items() if customer == key[0])),
                float(codes[first_line(members, zone, codes)["channel"]]),
            )
        )
    histories = {customer: sorted(moments) for customer, moments in shop.items()}
    return dict(sorted(histories.items(), key=lambda pair: ([*pair[1], EMPTY], pair[0])))


def histories(shop: Packed) -> dict[str, list[Moment]]:
    m = shop.moments
    table = list(zip(m.ts, m.kind, m.amount, m.quantity, m.discount, m.lines, m.novel, m.channel, strict=True))
    return {
        str(customer): [tuple(float(x) if place > 1 else int(x) for place, x in enumerate(one)) for one in table[a:b]]
        for customer, a, b in zip(shop.customers, shop.offsets[:-1], shop.offsets[1:], strict=True)
    }


# Around the midnights of three zones, so that days part differently; sums of quarters are exact.
START = datetime(2024, 3, 9, tzinfo=UTC)
written = st.builds(
    dict,
    customer_id=st.sampled_from(["a", "b", "c"]),
    ts=st.builds(
        lambda hour, minute: START + timedelta(0, 3600 * hour + 60 * minute), st.integers(0, 72), st.integers(0, 2)
    ),
    type=st.sampled_from(["order", "order", "order", "return", "charge", "view", "click", "void", "refund_undated"]),
    order_id=st.sampled_from([None, "o1", "o2"]),
    item_id=st.sampled_from([None, "i1", "i2"]),
    category=st.sampled_from([None, "k1", "k2"]),
    quantity=st.sampled_from([None, 1.0, 3.0]),
    amount=st.sampled_from([None, 2.0, 2.25, -1.5]),
    discount=st.sampled_from([None, 0.5]),
    channel=st.sampled_from([None, "web", "store"]),
)
ledgers = st.lists(written, min_size=1, max_size=14).filter(
    lambda rows: any(one["type"] not in NEVER_PACKED for one in rows)
)
zones = st.sampled_from([ZoneInfo("UTC"), SHANGHAI, NEW_YORK])


@settings(deadline=None)
@given(ledgers, zones)
def test_moments_equal_those_of_a_slow_dictionary(rows: list[Row], zone: ZoneInfo) -> None:
    expected = packed_slowly(rows, zone)
    actual = histories(packed(rows, zone))
    assert list(actual) == list(expected)
    assert actual == expected


@settings(deadline=None)
@given(ledgers, zones)
def test_lines_are_the_rows_of_each_moment_under_their_own_names(rows: list[Row], zone: ZoneInfo) -> None:
    shop = packed(rows, zone)
    if shop.lines is None:
        assert not any(one["item_id"] for one in rows if one["type"] not in NEVER_PACKED)
        return
    customer = np.repeat(np.repeat(shop.customers, np.diff(shop.offsets)), np.diff(shop.lines.offsets))
    item = [str(shop.items[code]) if code >= 0 else None for code in shop.lines.item]
    category = [str(shop.categories[code]) if code >= 0 else None for code in shop.lines.category]
    actual = zip(customer.tolist(), item, category, shop.lines.quantity, shop.lines.amount, strict=True)
    expected = [
        (
            one["customer_id"],
            one["item_id"],
            one["category"],
            1.0 if one["quantity"] is None else one["quantity"],
            one["amount"] or 0.0,
        )
        for one in rows
        if one["type"] not in NEVER_PACKED
    ]
    assert sorted(actual, key=str) == sorted(expected, key=str)
    totals = np.add.reduceat(shop.lines.amount, shop.lines.offsets[:-1])
    assert np.array_equal(totals, shop.moments.amount)


def assert_same_bits(a: Packed, b: Packed) -> None:
    assert np.array_equal(a.customers, b.customers)
    assert np.array_equal(a.offsets, b.offsets)
    assert (a.start, a.end, a.zone) == (b.start, b.end, b.zone)
    assert a.items.tolist() == b.items.tolist()
    assert a.categories.tolist() == b.categories.tolist()
    for part in ("moments", "lines"):
        one, other = getattr(a, part), getattr(b, part)
        if one is None:
            assert other is None
            continue
        for name in one.__dataclass_fields__:
            assert np.array_equal(getattr(one, name), getattr(other, name)), name


@settings(deadline=None)
@given(ledgers, st.randoms(use_true_random=False))
def test_shuffled_rows_give_the_same_bits(rows: list[Row], shuffle: random.Random) -> None:
    rows = [one | {"discount": one["discount"] and one["discount"] / 5} for one in rows]
    shuffled = rows.copy()
    shuffle.shuffle(shuffled)
    assert_same_bits(packed(rows), packed(shuffled))


@settings(deadline=None)
@given(ledgers, st.integers(1, 3))
def test_a_hidden_future_changes_nothing_before_it(rows: list[Row], days: int) -> None:
    shown = [one for one in rows if one["ts"] < START + timedelta(days=days)]
    cutoff = as_cutoff(START.date()) + days * DAY_US
    if not any(one["type"] == "order" for one in shown):
        return
    all_of_it, _ = split_at(packed(rows), cutoff, 30)
    past, _ = split_at(packed(shown), cutoff, 30)
    assert np.array_equal(all_of_it.offsets, past.offsets)
    for name in past.moments.__dataclass_fields__:
        assert np.array_equal(getattr(all_of_it.moments, name), getattr(past.moments, name)), name
    assert sorted(all_of_it.customers) == sorted(past.customers)
    assert (all_of_it.scale, all_of_it.span_days) == (past.scale, past.span_days)


def test_lines_that_differ_in_discount_and_channel_only_may_come_in_any_order() -> None:
    rows = [
        row("a", "2024-01-05", order_id="o", item_id="tea", discount=discount, channel=channel)
        for discount, channel in [(0.1, "web"), (0.2, "app"), (0.3, "shop")]
    ]
    assert_same_bits(packed(rows), packed([rows[2], rows[1], rows[0]]))


@pytest.mark.parametrize("differ", ["quantity", "discount", "channel"])
def test_no_future_swaps_two_customers_whose_pasts_differ(differ: str) -> None:
    values: list[Any] = ["web", "app"] if differ == "channel" else [1.0, 2.0]
    past = [row(name, "2024-01-05", **{differ: value}) for name, value in zip("ab", values, strict=True)]
    for first, second in (("a", "b"), ("b", "a")):
        future = [row(first, "2024-02-01"), row(second, "2024-02-02")]
        history, _ = split_at(packed(past + future), as_cutoff(date(2024, 1, 20)), 7)
        alone, _ = split_at(packed(past), as_cutoff(date(2024, 1, 20)), 7)
        assert history.customers.tolist() == alone.customers.tolist()
        assert np.array_equal(getattr(history.moments, differ), getattr(alone.moments, differ))


# --- the rules, one by one -------------------------------------------------------------------------------------------


def kinds_of(shop: Packed) -> list[str]:
    return [Kind(kind).name for kind in shop.moments.kind]


def test_lines_of_one_order_id_are_one_order() -> None:
    shop = packed([row("a", "2024-01-05 10:00", 3.0, order_id="o"), row("a", "2024-01-05 10:05", 4.0, order_id="o")])
    assert kinds_of(shop) == ["ORDER"]
    assert shop.moments.amount.tolist() == [7.0]
    assert shop.moments.lines.tolist() == [2.0]


def test_without_an_order_id_an_order_is_a_calendar_day_of_the_shop() -> None:
    # 15:30 and 16:30 in London are 23:30 and 00:30 in Shanghai.
    rows = [row("a", "2024-01-05 15:30", 3.0), row("a", "2024-01-05 16:30", 4.0)]
    assert packed(rows).moments.amount.tolist() == [7.0]
    assert packed(rows, SHANGHAI).moments.amount.tolist() == [3.0, 4.0]
    assert kinds_of(packed(rows, SHANGHAI)) == ["ORDER", "ORDER"]


def test_one_order_id_of_two_customers_is_two_orders() -> None:
    shop = packed([row("a", "2024-01-05 10:00", order_id="o"), row("b", "2024-01-06 10:00", order_id="o")])
    assert kinds_of(shop) == ["ORDER", "ORDER"]


def test_an_order_that_spans_midnight_counts_once_and_its_later_lines_are_a_charge() -> None:
    shop = packed(
        [row("a", "2024-01-05 23:59", 3.0, order_id="o"), row("a", "2024-01-06 00:01", 4.0, order_id="o", quantity=2.0)]
    )
    assert kinds_of(shop) == ["ORDER", "CHARGE"]
    assert shop.moments.amount.tolist() == [3.0, 4.0]
    history, outcomes = split_at(shop, as_cutoff(date(2024, 1, 6)), 1)
    assert history.historic_spend().tolist() == [3.0]
    assert outcomes is not None
    assert (outcomes.spend.tolist(), outcomes.orders.tolist()) == ([4.0], [0])


def test_postage_joins_its_order_and_is_not_counted_as_a_line() -> None:
    shop = packed(
        [
            row("a", "2024-01-05 10:00", 20.0, order_id="o", item_id="tea", quantity=2.0),
            row("a", "2024-01-05 10:00", 4.5, "charge", order_id="o"),
        ]
    )
    assert kinds_of(shop) == ["ORDER"]
    moments = shop.moments
    assert (moments.amount[0], moments.lines[0], moments.quantity[0], moments.novel[0]) == (24.5, 1.0, 2.0, 1.0)


def test_a_charge_alone_is_money_but_no_order() -> None:
    assert kinds_of(packed([row("a", "2024-01-05", 4.5, "charge", order_id="o")])) == ["CHARGE"]


def test_a_charge_on_the_day_before_does_not_take_the_order_away() -> None:
    shop = packed([row("a", "2024-01-05", 4.5, "charge", order_id="o"), row("a", "2024-01-06", 9.0, order_id="o")])
    assert kinds_of(shop) == ["CHARGE", "ORDER"]


def test_a_return_is_a_moment_of_its_own_even_with_its_orders_number() -> None:
    shop = packed(
        [
            row("a", "2024-01-05 10:00", 20.0, order_id="o", quantity=2.0),
            row("a", "2024-01-05 18:00", -10.0, "return", order_id="o", quantity=-1.0),
        ]
    )
    assert kinds_of(shop) == ["ORDER", "RETURN"]
    assert shop.moments.amount.tolist() == [20.0, -10.0]
    assert shop.moments.quantity.tolist() == [2.0, -1.0]


@pytest.mark.parametrize("kind", NEVER_PACKED)
def test_voided_orders_and_undated_refunds_are_never_packed(kind: str) -> None:
    shop = packed([row("a", "2024-01-05", 20.0), row("a", "2024-01-07", -9.0, kind), row("b", "2024-01-08", 9.0, kind)])
    assert shop.customers.tolist() == ["a"]
    assert shop.moments.amount.tolist() == [20.0]


@pytest.mark.parametrize("kind", NEVER_PACKED)
def test_a_shop_of_nothing_else_has_no_events(kind: str) -> None:
    with pytest.raises(EmptyHistoryError, match="no orders yet"):
        packed([row("a", "2024-01-05", 20.0, kind)])


def test_views_stand_alone_and_unknown_types_are_other() -> None:
    shop = packed(
        [
            row("a", "2024-01-05 10:00", None, "view", item_id="tea"),
            row("a", "2024-01-05 10:00", None, "view", item_id="cup"),
            row("a", "2024-01-05 11:00", None, "wishlist"),
        ]
    )
    assert kinds_of(shop) == ["VIEW", "VIEW", "OTHER"]
    assert shop.moments.lines.tolist() == [0.0, 0.0, 0.0]
    assert shop.moments.novel.tolist() == [0.0, 0.0, 0.0]  # only what is ordered is had


def test_an_item_is_novel_once_and_seeing_it_before_does_not_count() -> None:
    shop = packed(
        [
            row("a", "2024-01-04", None, "view", item_id="tea"),
            row("a", "2024-01-05", order_id="1", item_id="tea"),
            row("a", "2024-01-05", order_id="1", item_id="tea"),
            row("a", "2024-01-06", order_id="2", item_id="tea"),
            row("a", "2024-01-06", order_id="2", item_id="cup"),
        ]
    )
    assert shop.moments.novel.tolist() == [0.0, 1.0, 1.0]


def test_an_hour_that_comes_twice_stays_in_order_of_the_clock_on_the_wall() -> None:
    # Clocks in New York went back at 06:00 UTC on 3 November 2024: 05:30 and 06:30 UTC both read 01:30.
    shop = packed([row("a", "2024-11-03 05:30", 1.0), row("a", "2024-11-03 06:30", 2.0)], NEW_YORK)
    assert len(shop.moments) == 1
    assert shop.moments.ts[0] == as_cutoff(date(2024, 11, 3)) + 90 * MINUTE_US


def test_the_day_of_a_changing_clock_ends_at_its_own_midnight() -> None:
    # 3 November lasts 25 hours in New York: 04:00 to 05:00 UTC the next day.
    rows = [row("a", "2024-11-03 04:30"), row("a", "2024-11-04 04:30"), row("a", "2024-11-04 05:30")]
    shop = packed(rows, NEW_YORK)
    assert (shop.moments.ts // DAY_US - as_cutoff(date(2024, 11, 3)) // DAY_US).tolist() == [0, 1]
    assert shop.start == as_cutoff(date(2024, 11, 3))
    assert shop.end == as_cutoff(date(2024, 11, 5))


def test_the_data_end_at_the_midnight_after_the_last_event_or_observed_day() -> None:
    rows = [row("a", "2024-01-05 10:00"), row("a", "2024-01-09 10:00", 99.0)]
    assert packed(rows).end == as_cutoff(date(2024, 1, 10))
    assert packed(rows, observed_until=date(2024, 2, 1)).end == as_cutoff(date(2024, 2, 2))
    early = packed(rows, observed_until=date(2024, 1, 8))
    assert early.end == as_cutoff(date(2024, 1, 9))
    assert early.moments.amount.tolist() == [10.0]


def test_events_after_the_observed_days_leave_no_customer_item_or_category() -> None:
    rows = [
        row("a", "2024-01-05", item_id="tea", category="food"),
        row("b", "2024-01-09", item_id="cup", category="home"),
    ]
    shop = packed(rows, observed_until=date(2024, 1, 8))
    assert (shop.customers.tolist(), shop.items.tolist(), shop.categories.tolist()) == (["a"], ["tea"], ["food"])


def test_items_are_numbered_by_first_appearance_and_names_break_ties() -> None:
    rows = [
        row("a", "2024-01-06", item_id="b"),
        row("a", "2024-01-06", item_id="a"),
        row("b", "2024-01-05", item_id="z"),
    ]
    assert packed(rows).items.tolist() == ["z", "a", "b"]


def test_channels_are_numbered_by_first_appearance_too() -> None:
    rows = [row("a", "2024-01-05", channel="web"), row("a", "2024-01-06", channel="app"), row("a", "2024-01-07")]
    assert packed(rows).moments.channel.tolist() == [1, 2, 0]


def test_a_shop_without_items_has_no_lines() -> None:
    shop = packed([row("a", "2024-01-05")])
    assert shop.lines is None
    assert len(shop.items) == 0


def test_orders_before_1970_are_distinguished_too() -> None:
    # Days before the epoch have negative numbers: no order without an id may take another's.
    rows = [row("a", "1969-12-31", order_id=name) for name in "pqr"] + [
        row("a", f"1969-12-{day}") for day in (28, 29, 30)
    ]
    assert kinds_of(packed(rows)) == ["ORDER"] * 6


def test_a_simulated_shop_comes_back_from_its_own_events() -> None:
    shop = simulate(DEMO, seed=5)
    last = DEMO.start + timedelta(days=DEMO.days - 1)
    table = as_events(shop)
    again = pack(table.take(np.random.default_rng(0).permutation(len(table))), ZoneInfo("UTC"), last)
    assert np.array_equal(again.customers, shop.packed.customers)
    for name in ("ts", "kind", "lines", "quantity", "novel", "discount"):
        assert np.array_equal(getattr(again.moments, name), getattr(shop.packed.moments, name)), name
    assert again.moments.amount == pytest.approx(shop.packed.moments.amount)
    assert again.end == shop.packed.end
