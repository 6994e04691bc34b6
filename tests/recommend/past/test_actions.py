"""Actions: which rows count, in which order, their age in steps, and that nothing of the future is among them."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import Row, packed, row
from shijin.recommend.past.actions import WEIGHTS, Actions, actions_of
from shijin.represent.cutoff import split_at
from shijin.represent.days import as_cutoff
from shijin.represent.packed import Kind

CUTOFF = as_cutoff(date(2024, 2, 1))
COLUMNS = ("offsets", "item", "ts", "kind", "quantity", "amount", "channel")


def acted(rows: list[Row], cutoff: int = CUTOFF) -> tuple[Actions, list[str]]:
    """The actions of some events, and the items by code."""
    shop = packed(rows)
    return actions_of(split_at(shop, cutoff, 10)[0], len(shop.items)), shop.items.tolist()


def written(actions: Actions, items: list[str]) -> list[tuple[Any, ...]]:
    """Rows as people would write them: customer, item, kind, pieces, money."""
    names = [items[code] for code in actions.item]
    kinds = [Kind(kind).name for kind in actions.kind]
    return list(zip(actions.customer, names, kinds, actions.quantity, actions.amount, strict=True))


def same(one: Actions, other: Actions) -> bool:
    return one.now == other.now and all(
        np.array_equal(getattr(one, name), getattr(other, name))
        and getattr(one, name).dtype == getattr(other, name).dtype
        for name in COLUMNS
    )


SHOP = [
    row("a", "2024-01-02 10:00", 4.0, item_id="tea", quantity=2.0, order_id="1", channel="web"),
    row("a", "2024-01-02 10:00", 3.0, item_id="tea", quantity=1.0, order_id="1", channel="web"),
    row("a", "2024-01-02 10:00", 5.0, item_id="cup", quantity=1.0, order_id="1", channel="web"),
    row("a", "2024-01-05 12:00", None, "view", item_id="pot"),
    row("a", "2024-01-09 12:00", 8.0, item_id="tea", order_id="2"),
    row("b", "2024-01-03", 7.0, item_id="pot", order_id="3", channel="shop"),
    row("b", "2024-01-04", None, "cart", item_id="cup"),
    row("b", "2024-01-05", None, "review", item_id="pot"),
    row("c", "2024-01-08", 9.0, order_id="4"),
]


def test_rows_are_by_customer_time_and_item_and_equal_ones_are_summed() -> None:
    actions, items = acted(SHOP)
    assert items == ["cup", "tea", "pot"]
    assert written(actions, items) == [
        (0, "cup", "ORDER", 1.0, 5.0),
        (0, "tea", "ORDER", 3.0, 7.0),
        (0, "pot", "VIEW", 1.0, 0.0),
        (0, "tea", "ORDER", 1.0, 8.0),
        (1, "pot", "ORDER", 1.0, 7.0),
        (1, "cup", "CART", 1.0, 0.0),
        (1, "pot", "REVIEW", 1.0, 0.0),
    ]
    assert actions.offsets.tolist() == [0, 4, 7, 7]
    assert len(actions) == 3
    assert actions.n_items == 3


def test_two_kinds_of_action_with_an_item_at_once_are_two_rows() -> None:
    at = "2024-01-02 10:00"
    actions, items = acted([row("a", at, 4.0, item_id="tea"), row("a", at, None, "view", item_id="tea")])
    assert written(actions, items) == [(0, "tea", "ORDER", 1.0, 4.0), (0, "tea", "VIEW", 1.0, 0.0)]


@pytest.mark.parametrize(
    "other",
    [
        row("a", "2024-01-03", -4.0, "return", item_id="tea", quantity=-1.0),
        row("a", "2024-01-03", 3.0, "charge", order_id="1"),
        row("a", "2024-01-02", 3.0, "charge", order_id="1"),
        row("a", "2024-01-03", None, "contact", item_id="tea"),
        row("a", "2024-01-03", None, "unboxing", item_id="tea"),
        row("a", "2024-01-03", 3.0, order_id="2"),
        row("a", "2024-01-03", 3.0, order_id="2", item_id="tea", quantity=0.0),
        row("a", "2024-01-03", -3.0, order_id="2", item_id="tea", quantity=-1.0),
        row("a", "2024-01-03", None, "dismiss", item_id="tea"),
        row("a", "2024-01-03", None, "rating", item_id="tea", rating=5.0),
        row("a", "2024-02-01", 3.0, item_id="tea"),
    ],
    ids=lambda other: f"{other['type']} {other['amount']}",
)
def test_no_return_charge_or_contact_counts_and_nothing_at_the_cutoff(other: Row) -> None:
    alone = row("a", "2024-01-02", 4.0, item_id="tea", order_id="1")
    assert written(*acted([alone, other])) == written(*acted([alone])) == [(0, "tea", "ORDER", 1.0, 4.0)]


def test_an_item_added_to_its_order_on_a_later_day_is_bought_too() -> None:
    first = row("a", "2024-01-02", 4.0, item_id="tea", order_id="1")
    joined = row("a", "2024-01-03", 6.0, item_id="cup", order_id="1", quantity=2.0)
    assert written(*acted([first, joined])) == [(0, "tea", "ORDER", 1.0, 4.0), (0, "cup", "ORDER", 2.0, 6.0)]


def test_a_step_is_one_moment_and_the_newest_has_age_0() -> None:
    actions, _ = acted(SHOP)
    assert actions.step.tolist() == [2, 2, 1, 0, 2, 1, 0]
    assert (actions.newest - as_cutoff(date(2024, 1, 1))).tolist() == [
        int(8.5 * 86_400_000_000),
        4 * 86_400_000_000,
        31 * 86_400_000_000,  # never did anything with an item
    ]


def test_lines_of_one_day_without_an_order_id_are_separate_steps() -> None:
    actions, items = acted([row("a", "2024-01-02 09:00", item_id="tea"), row("a", "2024-01-02 17:00", item_id="cup")])
    assert [items[code] for code in actions.item] == ["tea", "cup"]
    assert actions.step.tolist() == [1, 0]


def test_every_kind_has_its_weight() -> None:
    actions, _ = acted(SHOP)
    assert actions.weight.tolist() == [WEIGHTS[Kind(kind)] for kind in actions.kind]
    assert actions.weight.tolist() == [1.0, 1.0, 0.3, 1.0, 1.0, 0.6, 0.6]
    assert actions.ordered.tolist() == [True, True, False, True, True, False, False]


def test_channels_are_known_by_their_number_and_0_where_unknown() -> None:
    assert acted(SHOP)[0].channel.tolist() == [1, 1, 0, 0, 2, 0, 0]


def test_a_shop_without_items_has_no_actions_and_all_its_customers() -> None:
    actions, _ = acted([row("a", "2024-01-02"), row("b", "2024-01-03")])
    assert (len(actions), len(actions.item), actions.n_items) == (2, 0, 0)
    assert actions.newest.tolist() == [CUTOFF, CUTOFF]
    assert actions.step.tolist() == actions.weight.tolist() == []
    assert same(actions, actions.take(np.zeros(0, bool)))


def test_customers_who_came_but_touched_no_item_leave_no_rows() -> None:
    actions, _ = acted([row("a", "2024-01-02"), row("b", "2024-02-03", item_id="tea")])
    assert (len(actions), len(actions.item), actions.n_items) == (1, 0, 1)


MANY = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.integers(1, 28),
        st.sampled_from(["order", "view", "cart", "return", "review"]),
        st.sampled_from(["tea", "cup", "pot", None]),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=25,
)


def rows_of(many: list[tuple[Any, ...]]) -> list[Row]:
    first = row("z", "2024-01-01", 1.0, item_id="first")
    return [first] + [
        row(who, f"2024-01-{day:02d}", float(n), kind, item_id=item, quantity=float(n))
        for who, day, kind, item, n in many
    ]


@given(MANY, st.randoms())
def test_the_order_of_rows_in_the_file_changes_nothing(many: list[tuple[Any, ...]], dice: Any) -> None:
    rows = rows_of(many)
    shuffled = dice.sample(rows, len(rows))
    assert same(acted(rows)[0], acted(shuffled)[0])


@given(MANY, st.integers(2, 28))
def test_cutting_to_an_earlier_cutoff_is_the_same_as_splitting_there(many: list[tuple[Any, ...]], day: int) -> None:
    rows, earlier = rows_of(many), as_cutoff(date(2024, 1, day))
    shop = packed(rows)
    whole = split_at(shop, CUTOFF, 10)[0]
    then = split_at(shop, earlier, 10)[0]
    cut = actions_of(whole, len(shop.items)).before(earlier)
    assert cut.now == earlier
    place = {name: at for at, name in enumerate(whole.customers)}
    for at, name in enumerate(then.customers):
        known = actions_of(then, len(shop.items)).of(np.array([at]))
        assert same(known, cut.of(np.array([place[name]])))
    assert len(cut.item) == len(actions_of(then, len(shop.items)).item)


def test_a_later_cutoff_adds_nothing() -> None:
    actions, _ = acted(SHOP)
    assert same(actions.before(CUTOFF + 1), actions)


@given(MANY, st.data())
def test_parts_of_the_customers_add_up_to_the_whole(many: list[tuple[Any, ...]], data: st.DataObject) -> None:
    actions, _ = acted(rows_of(many))
    cut = data.draw(st.integers(0, len(actions)))
    left, right = actions.of(np.arange(cut)), actions.of(np.arange(cut, len(actions)))
    assert len(left) + len(right) == len(actions)
    assert np.concatenate([left.item, right.item]).tolist() == actions.item.tolist()
    assert np.concatenate([left.step, right.step]).tolist() == actions.step.tolist()
    assert np.concatenate([left.newest, right.newest]).tolist() == actions.newest.tolist()
    assert left.ordered.sum() + right.ordered.sum() == actions.ordered.sum()


@given(MANY, st.data())
def test_some_customers_come_in_the_requested_order(many: list[tuple[Any, ...]], data: st.DataObject) -> None:
    actions, _ = acted(rows_of(many))
    asked = data.draw(st.lists(st.integers(0, len(actions) - 1), max_size=6))
    some = actions.of(np.array(asked, dtype=np.int64))
    assert len(some) == len(asked)
    for place, customer in enumerate(asked):
        own = actions.customer == customer
        assert some.item[some.customer == place].tolist() == actions.item[own].tolist()
        assert some.ts[some.customer == place].tolist() == actions.ts[own].tolist()


@given(MANY)
def test_taking_rows_keeps_every_customers_place(many: list[tuple[Any, ...]]) -> None:
    actions, _ = acted(rows_of(many))
    part = actions.take(actions.ordered)
    assert len(part) == len(actions)
    assert part.customer.tolist() == actions.customer[actions.ordered].tolist()
    assert part.ordered.all()


def in_cart(rows: list[Row], cutoff: int = CUTOFF) -> list[tuple[str, str]]:
    """Customer and item of the carts of two customers that are open at a cutoff."""
    shop = packed([*(row(who, "2023-12-01", 5.0, item_id="pot", order_id=who) for who in "ab"), *rows])
    history = split_at(shop, cutoff, 10)[0]
    actions = actions_of(history, len(shop.items))
    places = np.flatnonzero(actions.in_cart)
    who, what = history.customers[actions.customer[places]], shop.items[actions.item[places]]
    return sorted(zip(who.tolist(), what.tolist(), strict=True))


def cart(at: str, kind: str = "cart", item: str | None = "tea", customer: str = "a") -> Row:
    return row(customer, at, None, kind, item_id=item)


def test_an_item_that_left_the_cart_is_not_in_it_and_one_put_back_is() -> None:
    assert in_cart([cart("2024-01-02 09:00")]) == [("a", "tea")]
    out = [cart("2024-01-02 09:00"), cart("2024-01-02 09:20", "cart_removed")]
    assert in_cart(out) == []
    assert in_cart([*out, cart("2024-01-02 09:30")]) == [("a", "tea")]
    assert in_cart([*out, cart("2024-01-02 09:30"), cart("2024-01-05", "cart_removed")]) == []


def test_a_removal_ends_the_cart_of_its_customer_and_item_only() -> None:
    rows = [cart("2024-01-02"), cart("2024-01-02", item="cup"), cart("2024-01-02", customer="b")]
    assert in_cart([*rows, cart("2024-01-03", "cart_removed")]) == [("a", "cup"), ("b", "tea")]
    assert in_cart([*rows, cart("2024-01-03", "cart_removed", item=None)]) == [("b", "tea")]


def test_a_removal_at_the_same_time_follows_the_cart_and_one_after_the_cutoff_is_not_known() -> None:
    rows = [cart("2024-01-02"), cart("2024-01-02", "cart_removed")]
    assert in_cart(rows) == []
    later = [cart("2024-01-02"), cart("2024-01-20", "cart_removed")]
    assert in_cart(later, as_cutoff(date(2024, 1, 10))) == [("a", "tea")]
    assert in_cart(later) == []
    past = acted([row("a", "2024-01-01"), *later])[0].before(as_cutoff(date(2024, 1, 10)))
    assert past.in_cart.tolist() == [True]  # cut from a later moment, the past is the same


EVENTS_OF_CARTS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["tea", "cup"]), st.booleans(), st.integers(1, 20)),
    max_size=12,
    unique_by=lambda event: event[3],
)


@given(EVENTS_OF_CARTS)
def test_a_cart_is_open_where_no_later_event_removed_its_item(drawn: list[tuple[str, str, bool, int]]) -> None:
    rows = [cart(f"2024-01-{day:02d}", "cart" if put else "cart_removed", item, who) for who, item, put, day in drawn]
    by_hand = sorted(
        (who, item)
        for who, item, put, day in drawn
        if put and not any((w, i) == (who, item) and not p and d > day for w, i, p, d in drawn)
    )
    assert in_cart(rows) == by_hand
