"""Tasks: what was known, and what was bought next, by hand."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from ledger import Row, packed, row
from shijin.config import ItemsSection
from shijin.errors import EmptyHistoryError
from shijin.recommend.judge.tasks import Task, tasks
from shijin.recommend.past.known_past import ItemTable
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Kind
from shijin.schema import ITEMS

CUTOFF = as_cutoff(date(2024, 2, 1))
HORIZON = 20
UNTIL = date(2024, 3, 1)

SHOP = [
    row("ann", "2024-01-02", item_id="tea", order_id="1", category="drinks"),
    row("ann", "2024-01-20", item_id="cup", order_id="2", category="china"),
    row("ann", "2024-02-01 00:00", item_id="tea", order_id="3", category="drinks"),
    row("ann", "2024-02-03", item_id="tea", order_id="4", category="drinks"),
    row("ann", "2024-02-03", item_id="pot", order_id="4", category="china"),
    row("ann", "2024-02-10", -3.0, "return", item_id="cup", quantity=-1.0),
    row("ann", "2024-02-20 23:59", item_id="new", order_id="5", category="drinks"),
    row("ann", "2024-02-21", item_id="jug", order_id="6", category="china"),
    row("bob", "2024-01-05", item_id="pot", order_id="7", category="china"),
    row("bob", "2024-02-05", None, "view", item_id="cup"),
    row("bob", "2024-02-06", 5.0, item_id="POST", order_id="8"),
    row("eve", "2024-02-04", item_id="tea", order_id="9", category="drinks"),
    row("eve", "2024-02-09", item_id="cup", order_id="10", category="china"),
]


def item_table(categories: dict[str, str | None] | None = None) -> ItemTable:
    """The shop's list of items: which there are, and in which category each is today."""
    of = categories or {}
    columns = {"item_id": list(of), "category": list(of.values())}
    return ItemTable(
        pa.table({name: columns.get(name, [None] * len(of)) for name in ITEMS.names}, schema=ITEMS), ItemsSection()
    )


def both_tasks(rows: list[Row] = SHOP, horizon: int = HORIZON, cutoff: int = CUTOFF) -> tuple[Task, Task]:
    window, last, _ = tasks(packed(rows, observed_until=UNTIL), item_table(), horizon, cutoff)
    return window, last


def targets(task: Task) -> list[tuple[str, str]]:
    pairs = [divmod(int(key), len(task.items)) for key in task.targets]
    return sorted((str(task.past.customers[who]), str(task.items[what])) for who, what in pairs)


def known(task: Task) -> list[tuple[str, str, str]]:
    actions, names = task.past.actions, task.past.catalogue.items
    customers = task.past.customers[actions.customer]
    kinds = [Kind(kind).name for kind in actions.kind]
    return sorted(zip(customers.tolist(), names[actions.item].tolist(), kinds, strict=True))


def test_the_targets_of_a_window_are_its_orders_each_item_once() -> None:
    """The first instant is inside, the end is not; views, returns, postage and unknown customers have no targets."""
    window, _ = both_tasks()
    assert targets(window) == [("ann", "new"), ("ann", "pot"), ("ann", "tea")]


def test_the_past_of_a_window_has_the_actions_before_it_and_no_other_item() -> None:
    window, _ = both_tasks()
    assert known(window) == [("ann", "cup", "ORDER"), ("ann", "tea", "ORDER"), ("bob", "pot", "ORDER")]
    assert window.past.catalogue.items.tolist() == ["tea", "pot", "cup"]
    assert window.past.actions.n_items == 3
    assert window.past.actions.now == CUTOFF
    assert sorted(window.past.customers) == ["ann", "bob"]


def test_the_targets_of_last_are_the_newest_order_and_its_past_what_came_before() -> None:
    """Ann's is of the 20th, Eve's of the 9th; Bob's newest product is his first, before which nothing is known."""
    _, last = both_tasks()
    assert targets(last) == [("ann", "new"), ("eve", "cup")]
    assert [row for row in known(last) if row[0] != "ann"] == [("eve", "tea", "ORDER")]
    assert [what for who, what, _ in known(last) if who == "ann"] == ["cup", "pot", "tea", "tea", "tea"]
    assert last.past.actions.now == CUTOFF + HORIZON * DAY_US


def test_actions_at_the_moment_of_the_newest_order_are_not_known() -> None:
    rows = [
        *SHOP,
        row("bob", "2024-02-07", item_id="cup", order_id="11"),
        row("bob", "2024-02-07", None, "view", item_id="jug"),
        row("bob", "2024-02-08", None, "view", item_id="tea"),
    ]
    _, last = both_tasks(rows)
    assert ("bob", "cup") in targets(last)
    assert [row for row in known(last) if row[0] == "bob"] == [
        ("bob", "POST", "ORDER"),
        ("bob", "cup", "VIEW"),
        ("bob", "pot", "ORDER"),
    ]


def test_steps_are_the_known_moments() -> None:
    window, last = both_tasks()
    steps = dict(zip(window.past.customers.tolist(), window.steps.tolist(), strict=True))
    assert steps == {"ann": 2, "bob": 1}
    assert dict(zip(last.past.customers.tolist(), last.steps.tolist(), strict=True)) == {"ann": 4, "bob": 0, "eve": 1}
    assert last.has_past.tolist() == (last.steps > 0).tolist()


def test_items_bought_before_have_the_same_keys() -> None:
    window, _ = both_tasks()
    bought = [divmod(int(key), len(window.items)) for key in window.bought()]
    assert sorted((str(window.past.customers[who]), str(window.items[what])) for who, what in bought) == [
        ("ann", "cup"),
        ("ann", "tea"),
        ("bob", "pot"),
    ]


NO_ITEMS = [{name: value for name, value in one.items() if name != "item_id"} for one in SHOP]
ONE_ITEM = [one | {"item_id": "tea"} for one in SHOP]
STRANGERS = [one | {"customer_id": one["customer_id"] + str(one["ts"].month)} for one in SHOP]


@pytest.mark.parametrize(
    ("rows", "horizon", "words"),
    [
        (NO_ITEMS, HORIZON, "the orders name no item"),
        (ONE_ITEM, HORIZON, "the orders hold only one item"),
        (STRANGERS, HORIZON, "no customer with a history bought an item"),
        (SHOP, 31, "the judged window ends after the data"),
    ],
)
def test_an_impossible_task_is_refused(rows: list[Row], horizon: int, words: str) -> None:
    with pytest.raises(EmptyHistoryError, match=words):
        both_tasks(rows, horizon)


def test_too_short_a_past_is_refused() -> None:
    with pytest.raises(
        EmptyHistoryError, match="9 days of history before the judged window; a window of 20 days needs as many"
    ):
        both_tasks(cutoff=as_cutoff(date(2024, 1, 11)))


def test_nothing_of_the_window_changes_the_past() -> None:
    past = [one for one in SHOP if one["ts"].month == 1]
    other = [
        row("ann", "2024-02-02", item_id="zzz", order_id="z", category="aaa"),
        row("bob", "2024-02-02", item_id="aaa"),
    ]
    one, two = both_tasks()[0].past, both_tasks([*past, *other])[0].past
    assert one.customers.tolist() == two.customers.tolist()
    for name in ("offsets", "item", "ts", "kind", "quantity", "amount", "channel", "n_items", "now"):
        assert np.array_equal(getattr(one.actions, name), getattr(two.actions, name)), name
    for name in ("items", "names", "category", "categories", "brand", "product"):
        assert np.array_equal(getattr(one.catalogue, name), getattr(two.catalogue, name)), name
