from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import packed, row
from shijin.errors import EmptyHistoryError
from shijin.represent.cutoff import split_at
from shijin.represent.days import as_cutoff
from shijin.represent.facts import ShopFacts, facts_of, merged_facts, part_facts
from shijin.represent.packed import UTC
from shijin.represent.partitions import partition

CUTOFF = as_cutoff(date(2024, 2, 1))
SHOP = packed(
    [
        row("a", "2024-01-03", 10.0),
        row("a", "2024-01-09", 30.0),
        row("b", "2024-01-05", 50.0),
        row("b", "2024-01-06", 0.0),
        row("c", "2024-01-07", -8.0, "return"),
        row("d", "2024-01-08", None, "view"),
        row("d", "2024-02-01", 9.0),
        row("e", "2024-02-02", 900.0),
    ]
)


def test_facts_are_of_everything_before_the_cutoff_and_of_nothing_else() -> None:
    assert facts_of([SHOP], CUTOFF) == ShopFacts(CUTOFF, as_cutoff(date(2024, 1, 3)), UTC, scale=30.0, buyers=2)


def test_the_median_of_an_even_number_lies_between_the_middle_orders_wherever_they_are() -> None:
    cutoff = as_cutoff(date(2024, 2, 2))  # 9, 10, 30, 50
    for parts in (1, 2, 5):
        facts = facts_of(partition(SHOP, parts), cutoff)
        assert (facts.scale, facts.buyers) == (20.0, 3)


@given(st.integers(1, 9))
def test_facts_of_parts_are_those_of_the_whole_and_what_a_split_has(parts: int) -> None:
    facts = merged_facts([part_facts(part, CUTOFF) for part in partition(SHOP, parts)])
    assert facts == facts_of([SHOP], CUTOFF) == split_at(SHOP, CUTOFF, 1)[0].facts


def test_a_shop_that_gives_everything_away_counts_in_units() -> None:
    assert facts_of([packed([row("a", "2024-01-03", 0.0)])], CUTOFF).scale == 1.0


def test_a_shop_without_an_order_before_the_cutoff_is_refused_and_the_day_is_named() -> None:
    with pytest.raises(EmptyHistoryError, match="2024-01-05"):
        facts_of(
            [packed([row("c", "2024-01-03", -8.0, "return"), row("a", "2024-01-06")])], as_cutoff(date(2024, 1, 5))
        )


def test_facts_of_another_cutoff_are_refused() -> None:
    with pytest.raises(ValueError, match="another cutoff"):
        split_at(SHOP, CUTOFF, 1, facts_of([SHOP], as_cutoff(date(2024, 1, 20))))


def test_a_part_is_split_with_the_facts_of_the_whole() -> None:
    facts = facts_of([SHOP], CUTOFF)
    part = SHOP.take(np.flatnonzero(SHOP.customers == "c"))
    history, _ = split_at(part, CUTOFF, 1, facts)
    assert (history.scale, history.start, history.facts.buyers) == (30.0, as_cutoff(date(2024, 1, 3)), 2)
