from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import UTC, Row, events, row
from shijin.errors import EmptyHistoryError
from shijin.represent.codebook import appearances, by_first_appearance, codebook_of, codes_in
from shijin.represent.days import as_cutoff

NAMES = st.sampled_from([None, "tea", "cup", "pot", "jug"])
ROWS = st.lists(
    st.builds(
        lambda customer, day, item, channel: row(
            customer, f"2024-01-0{day}", item_id=item, category=item and item[0], channel=channel
        ),
        st.sampled_from("abc"),
        st.integers(1, 9),
        NAMES,
        NAMES,
    ),
    min_size=1,
    max_size=12,
)


@given(ROWS, st.integers(1, 4))
def test_a_codebook_does_not_depend_on_how_rows_are_divided(rows: list[Row], parts: int) -> None:
    table = events(rows)
    whole = codebook_of([appearances(table, UTC)], UTC)
    tables = [table.take(np.arange(part, len(rows), parts)) for part in range(parts)]  # some without rows
    divided = codebook_of([appearances(some, UTC) for some in tables], UTC)
    for name in ("start", "end", "zone", "observed_until"):
        assert getattr(divided, name) == getattr(whole, name)
    for name in ("items", "categories", "channels"):
        assert getattr(divided, name).tolist() == getattr(whole, name).tolist()


def test_names_are_in_order_of_first_appearance_and_then_of_name() -> None:
    first = [row("a", "2024-01-06", item_id="tea"), row("a", "2024-01-03", item_id="pot")]
    second = [row("b", "2024-01-03", item_id="cup"), row("b", "2024-01-02", item_id="tea")]
    codebook = codebook_of([appearances(events(part), UTC) for part in (first, second)], UTC)
    assert codebook.items.tolist() == ["tea", "cup", "pot"]
    assert (codebook.start, codebook.end) == (as_cutoff(date(2024, 1, 2)), as_cutoff(date(2024, 1, 7)))


def test_the_last_observed_day_ends_the_data_and_hides_what_comes_later() -> None:
    rows = [row("a", "2024-01-03", item_id="tea"), row("b", "2024-01-09", item_id="cup")]
    until = date(2024, 1, 5)
    parts = [appearances(events([one]), UTC, until) for one in rows]
    assert parts[1] is None
    codebook = codebook_of(parts, UTC, until)
    assert codebook.items.tolist() == ["tea"]
    assert codebook.end == as_cutoff(date(2024, 1, 6))


def test_a_shop_without_events_is_refused() -> None:
    with pytest.raises(EmptyHistoryError, match="no orders yet"):
        codebook_of([None, appearances(events([row("a", "2024-01-03")]).slice(0, 0), UTC)], UTC)


@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 5)), max_size=12))
def test_renumbered_codes_mean_the_same_names_in_order_of_first_appearance(lines: list[tuple[int, int]]) -> None:
    names = np.array(["e", "a", "d", "b", "c"])
    codes, ts = (np.array(column, dtype=np.int64) for column in (zip(*lines, strict=True) if lines else ([], [])))
    again, vocabulary = by_first_appearance(codes, ts, names)
    renamed = [vocabulary[code] if code >= 0 else None for code in again]
    assert renamed == [names[code] if code >= 0 else None for code in codes]
    firsts = {names[code]: min(at for other, at in lines if other == code) for code, _ in lines if code >= 0}
    assert vocabulary.tolist() == sorted(firsts, key=lambda name: (firsts[name], name))


@given(st.permutations(list("abcde")), st.lists(st.integers(-1, 2), max_size=8))
def test_codes_in_a_larger_vocabulary_mean_the_same_names(vocabulary: list[str], codes: list[int]) -> None:
    larger, names = np.array(vocabulary), np.array(["b", "d", "e"])
    again = codes_in(larger, names, np.array(codes, dtype=np.int32))
    assert [larger[code] if code >= 0 else None for code in again] == [
        names[code] if code >= 0 else None for code in codes
    ]


def test_codes_of_no_names_are_none() -> None:
    assert codes_in(np.array(["a"]), np.array([], dtype="<U1"), np.array([-1, -1], dtype=np.int32)).tolist() == [-1, -1]
