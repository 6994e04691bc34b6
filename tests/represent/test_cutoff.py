from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import packed, row
from shijin.errors import ConfigError, EmptyHistoryError
from shijin.represent.cutoff import History, customers_of, prospects_of, split_at
from shijin.represent.days import as_cutoff
from shijin.represent.packed import Packed

CUTOFF = as_cutoff(date(2024, 2, 1))


def split(shop: Packed, horizon_days: int = 10) -> History:
    return split_at(shop, CUTOFF, horizon_days)[0]


def test_an_event_at_the_cutoff_is_outcome_and_one_a_moment_before_is_history() -> None:
    shop = packed(
        [
            row("a", "2024-01-31 23:59:59.999999", 3.0, order_id="1"),
            row("a", "2024-02-01 00:00:00", 5.0, order_id="2"),
            row("a", "2024-02-10 23:59:59.999999", 7.0, order_id="3"),
            row("a", "2024-02-11 00:00:00", 11.0, order_id="4"),
        ]
    )
    history, outcomes = split_at(shop, CUTOFF, 10)
    assert history.moments.amount.tolist() == [3.0]
    assert outcomes is not None
    assert (outcomes.spend.tolist(), outcomes.orders.tolist(), outcomes.first_days.tolist()) == ([12.0], [2], [0.0])


def test_a_window_that_is_not_closed_has_no_outcomes() -> None:
    shop = packed([row("a", "2024-01-05"), row("a", "2024-02-05")])  # data end on 6 February
    assert split_at(shop, CUTOFF, 5)[1] is not None
    assert split_at(shop, CUTOFF, 6)[1] is None


def test_days_observed_without_an_event_close_a_window() -> None:
    shop = packed([row("a", "2024-01-05")], observed_until=date(2024, 2, 10))
    outcomes = split_at(shop, CUTOFF, 10)[1]
    assert outcomes is not None
    assert (outcomes.spend.tolist(), outcomes.first_days.tolist()) == ([0.0], [np.inf])
    assert split_at(shop, CUTOFF, 11)[1] is None


def test_a_cutoff_after_the_last_event_is_allowed() -> None:
    shop = packed([row("a", "2024-01-05")])
    history, outcomes = split_at(shop, as_cutoff(date(2025, 1, 5)), 30)
    assert outcomes is None
    assert history.age_days.tolist() == [366.0]
    assert history.span_days == 366.0


def test_returns_before_and_after_the_cutoff_fall_on_their_own_side() -> None:
    shop = packed(
        [
            row("a", "2024-01-05", 20.0),
            row("a", "2024-01-20", -5.0, "return"),
            row("a", "2024-02-03", -8.0, "return"),
            row("a", "2024-02-04", 10.0),
            row("b", "2024-01-06", 4.0),
            row("b", "2024-02-03", -4.0, "return"),
            row("c", "2024-01-07", 4.0),
            row("c", "2024-01-09", -9.0, "return"),
            row("c", "2024-02-11", 1.0),
        ]
    )
    history, outcomes = split_at(shop, CUTOFF, 10)
    assert history.customers.tolist() == ["a", "b", "c"]
    assert history.historic_spend().tolist() == [15.0, 4.0, -5.0]  # not floored
    assert history.n_orders().tolist() == [1.0, 1.0, 1.0]
    assert outcomes is not None
    assert outcomes.spend.tolist() == [2.0, 0.0, 0.0]  # floored
    assert outcomes.orders.tolist() == [1, 0, 0]


def test_a_return_does_not_uncount_its_order() -> None:
    shop = packed(
        [
            row("a", "2024-01-05", 20.0),
            row("a", "2024-02-03", 9.0, order_id="x"),
            row("a", "2024-02-04", -9.0, "return", order_id="x"),
        ]
    )
    outcomes = split_at(shop, CUTOFF, 4)[1]
    assert outcomes is not None
    assert (outcomes.spend.tolist(), outcomes.orders.tolist(), outcomes.first_days.tolist()) == ([0.0], [1], [2.0])


def test_charges_are_spend_and_historic_spend_and_views_are_neither() -> None:
    shop = packed(
        [
            row("a", "2024-01-05", 20.0),
            row("a", "2024-01-06", 3.0, "charge", order_id="p"),
            row("a", "2024-01-07", 99.0, "view"),
            row("a", "2024-02-02", 2.5, "charge", order_id="q"),
            row("a", "2024-02-03", 99.0, "view"),
        ]
    )
    history, outcomes = split_at(shop, CUTOFF, 2)
    assert history.historic_spend().tolist() == [23.0]
    assert outcomes is not None
    assert (outcomes.spend.tolist(), outcomes.orders.tolist()) == ([2.5], [0])


def test_customers_new_in_the_window_are_in_neither_part() -> None:
    shop = packed([row("a", "2024-01-05"), row("new", "2024-02-02", 50.0)])
    history, outcomes = split_at(shop, CUTOFF, 1)
    assert history.customers.tolist() == ["a"]
    assert outcomes is not None
    assert outcomes.spend.tolist() == [0.0]


def test_customers_who_only_looked_are_there_without_orders() -> None:
    shop = packed(
        [row("a", "2024-01-05"), row("looker", "2024-01-10", None, "view"), row("looker", "2024-02-05", 30.0)]
    )
    history, outcomes = split_at(shop, CUTOFF, 5)
    assert history.customers.tolist() == ["a", "looker"]
    assert history.n_orders().tolist() == [1.0, 0.0]
    assert history.scale == 10.0
    assert outcomes is not None
    assert outcomes.spend.tolist() == [0.0, 30.0]


def test_the_scale_is_the_median_order_before_the_cutoff() -> None:
    amounts = [1.0, 3.0, 10.0]
    rows = [row("a", f"2024-01-0{day}", amount) for day, amount in enumerate(amounts, 1)]
    rows += [row("a", "2024-01-09", -5.0, "return"), row("a", "2024-01-09", 0.0), row("a", "2024-02-05", 1000.0)]
    assert split(packed(rows)).scale == 3.0


def test_a_shop_that_gives_everything_away_counts_in_units() -> None:
    assert split(packed([row("a", "2024-01-05", 0.0)])).scale == 1.0


@pytest.mark.parametrize("kind", ["view", "return", "charge"])
def test_a_cutoff_before_the_first_order_is_refused(kind: str) -> None:
    shop = packed([row("a", "2024-01-05", 1.0, kind), row("a", "2024-02-05")])
    with pytest.raises(EmptyHistoryError, match="no order before 2024-02-01"):
        split_at(shop, CUTOFF, 1)


def test_a_cutoff_within_a_day_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^cutoff: 2024-02-01 00:00:00\.000001 lies within a day"):
        split_at(packed([row("a", "2024-01-05")]), CUTOFF + 1, 10)


def test_nothing_but_split_at_makes_a_history() -> None:
    history = split(packed([row("a", "2024-01-05")]))
    parts = {field.name: getattr(history, field.name) for field in fields(history)}
    with pytest.raises(TypeError, match="split_at"):
        History(**parts)
    with pytest.raises(TypeError, match="split_at"):
        replace(history, facts=replace(history.facts, scale=1.0))


def test_ages_are_days_to_the_cutoff() -> None:
    history = split(packed([row("a", "2024-01-30 12:00"), row("b", "2024-01-31 18:00")]))
    assert history.age_days.tolist() == [1.5, 0.25]
    assert history.customer.tolist() == [0, 1]
    assert history.cutoff_date == date(2024, 2, 1)
    assert history.span_days == 2.0  # from the midnight of the first day


SHOP = packed(
    [
        row("a", "2024-01-02", 1.0, item_id="tea"),
        row("b", "2024-01-03", 2.0, item_id="cup"),
        row("b", "2024-01-04", 3.0, item_id="tea"),
        row("c", "2024-01-05", 4.0),
        row("c", "2024-02-02", 4.0),
        row("d", "2024-01-06", 5.0, item_id="pot"),
    ]
)


@given(st.lists(st.booleans(), min_size=4, max_size=4))
def test_taking_customers_keeps_their_moments_lines_and_outcomes(keep: list[bool]) -> None:
    history, outcomes = split_at(SHOP, CUTOFF, 2)
    assert outcomes is not None
    assert history.lines is not None
    chosen = np.flatnonzero(keep)
    for rows in (np.array(keep), chosen, chosen[::-1]):  # always in the shop's order
        part, later = history.take(rows), outcomes.take(rows)
        assert part.customers.tolist() == history.customers[chosen].tolist()
        assert part.historic_spend().tolist() == history.historic_spend()[chosen].tolist()
        assert part.scale == history.scale
        assert later.spend.tolist() == outcomes.spend[chosen].tolist()
        assert later.first_days.tolist() == outcomes.first_days[chosen].tolist()
        assert part.lines is not None
        of_customer = np.repeat(history.customer, np.diff(history.lines.offsets))
        assert part.lines.item.tolist() == history.lines.item[np.isin(of_customer, chosen)].tolist()


def test_a_customer_taken_twice_is_there_once() -> None:
    history, outcomes = split_at(SHOP, CUTOFF, 2)
    assert outcomes is not None
    rows = np.array([1, 1, 2])
    part, later = history.take(rows), outcomes.take(rows)
    assert part.customers.tolist() == ["b", "c"]
    assert part.historic_spend().tolist() == [5.0, 4.0]
    assert later.orders.tolist() == [0, 1]


@given(st.integers(0, 4), st.integers(0, 4))
def test_a_range_of_customers_is_what_taking_them_gives(first: int, last: int) -> None:
    history, _ = split_at(SHOP, CUTOFF, 2)
    first, last = min(first, last, len(history)), min(max(first, last), len(history))
    part, same = history.between(first, last), history.take(np.arange(first, last))
    assert part.customers.tolist() == same.customers.tolist()
    assert (part.offsets.tolist(), part.place.tolist()) == (same.offsets.tolist(), same.place.tolist())
    assert part.moments.amount.tolist() == same.moments.amount.tolist()
    assert part.lines is not None
    assert same.lines is not None
    assert part.lines.offsets.tolist() == same.lines.offsets.tolist()
    assert part.lines.item.tolist() == same.lines.item.tolist()


def test_customers_and_prospects_are_divided_once_and_a_shop_of_one_type_is_not_copied() -> None:
    rows = [row("buyer", "2024-01-03"), row("looker", "2024-01-04", None, "view"), row("looker", "2024-02-01", 7.0)]
    history, outcomes = split_at(packed([*rows, row("sent back", "2024-01-05", -5.0, "return")]), CUTOFF, 1)
    assert outcomes is not None
    assert history.customers_only.customers.tolist() == ["buyer"]
    assert history.prospects_only.customers.tolist() == ["looker", "sent back"]
    assert history.customers_only is history.customers_only
    assert history.customers_only.customers_only is history.customers_only
    assert history.prospects_only.prospects_only is history.prospects_only
    assert len(history.customers_only.prospects_only) == len(history.prospects_only.customers_only) == 0
    assert customers_of(history, outcomes)[1].spend.tolist() == [0.0]
    lookers, spent = prospects_of(history, outcomes)
    assert (lookers.customers.tolist(), spent.spend.tolist()) == (["looker"], [7.0])  # a return alone is no look


# --- who is alike before the cutoff -----------------------------------------------------------------------------------


def alike(buyers: str) -> Packed:
    """Five customers with one past, who differ in what they bought by name only, and two others around them."""
    past = [row(name, "2024-01-10", 10.0, item_id=f"item-{name}") for name in "abcde"]
    others = [row("x", "2024-01-01", 1.0, item_id="tea"), row("y", "2024-01-20", 1.0, item_id="tea")]
    return packed([*past, *others, *(row(name, "2024-02-02", 5.0, item_id="tea") for name in buyers)])


@pytest.mark.parametrize("buyers", ["", "e", "ca", "edb", "abcde"])
def test_customers_with_equal_pasts_are_ordered_by_id_whoever_will_buy(buyers: str) -> None:
    shop = alike(buyers)
    history, outcomes = split_at(shop, CUTOFF, 2)
    assert history.customers.tolist() == ["x", "a", "b", "c", "d", "e", "y"]
    assert history.lines is not None
    names = shop.items[history.lines.item].tolist()
    assert names == ["tea", "item-a", "item-b", "item-c", "item-d", "item-e", "tea"]
    if outcomes is not None:
        later = {name for name, orders in zip(history.customers, outcomes.orders, strict=True) if orders}
        assert later == set(buyers)
        assert outcomes.spend[outcomes.orders > 0].tolist() == [5.0] * len(buyers)


def test_customers_whose_pasts_differ_are_ordered_by_their_pasts() -> None:
    shop = packed([row("b", "2024-01-10", 10.0), row("a", "2024-01-10", 11.0), row("a", "2024-02-03", 5.0)])
    assert split(shop, 1).customers.tolist() == ["b", "a"]
    assert split(packed([row("b", "2024-01-10", 10.0), row("a", "2024-01-10", 11.0)]), 1).customers.tolist() == [
        "b",
        "a",
    ]


def test_a_shop_known_at_a_cutoff_ends_there() -> None:
    assert split(SHOP).as_shop().end == CUTOFF
