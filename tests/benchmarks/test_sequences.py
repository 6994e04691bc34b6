"""Sequences and how lists are judged: splits, shuffles and figures worked out by hand."""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from recommend_fits import Given, als, ease, item_knn, popularity, repeat_last, repeat_often
from recommend_peers import Job, handed
from sequences import Sequences, last_days_cutoff, leave_last_out, load, of_table, shuffled_within_days, time_split
from shijin.represent.packed import DAY_US
from top_lists import best_of, judge

HOUR_US = DAY_US // 24


def made(rows: list[tuple[str, str, int, float]], seed: int = 0, name: str = "complete-journey") -> Sequences:
    """Rows of (user, item, basket, day)."""
    user, item, basket, day = zip(*rows, strict=True)
    ts = pa.array([int(one * DAY_US) for one in day], pa.timestamp("us"))
    return of_table(name, pa.table({"user": user, "item": item, "basket": basket, "ts": ts}), seed)


SHOP = [
    ("a", "milk", 1, 0.5),
    ("a", "bread", 1, 0.5),
    ("a", "milk", 2, 1.2),
    ("a", "eggs", 3, 1.7),
    ("a", "milk", 4, 40.0),
    ("a", "milk", 5, 41.0),
    ("a", "salt", 5, 41.0),
    ("b", "milk", 6, 3.0),
    ("b", "rice", 7, 9.0),
    ("c", "rice", 8, 41.5),
]


def told(sequences: Sequences, mask: np.ndarray) -> list[tuple[str, str, float]]:
    """Rows as people read them."""
    parts = sequences.user_names[sequences.user], sequences.item_names[sequences.item], sequences.ts / DAY_US
    return [(str(u), str(i), round(float(t), 6)) for u, i, t in zip(*(part[mask] for part in parts), strict=True)]


def test_every_row_is_there_once_by_user_and_time() -> None:
    sequences = made(SHOP)
    everything = np.ones(len(sequences), dtype=bool)
    assert sorted(told(sequences, everything)) == sorted((user, item, day) for user, item, _, day in SHOP)
    assert (np.lexsort((sequences.ts, sequences.user)) == np.arange(len(sequences))).all()
    assert (sequences.n_users, sequences.n_items) == (3, 5)


def test_codes_are_dealt_by_the_seed_and_not_by_the_order_of_the_file() -> None:
    there = made(SHOP, seed=3)
    assert made(SHOP[::-1], seed=3).item_names.tolist() == there.item_names.tolist()
    assert len({tuple(made(SHOP, seed=seed).item_names.tolist()) for seed in range(10)}) > 1


def test_what_has_one_time_stands_in_random_order_with_baskets_whole() -> None:
    tied = [("a", item, basket, 1.0) for basket in (1, 2) for item in "vwxyz"]
    orders = set()
    for seed in range(8):
        sequences = made(tied, seed)
        assert np.count_nonzero(np.diff(sequences.basket)) == 1
        orders.add(tuple(sequences.item_names[sequences.item].tolist()))
    assert len(orders) > 1


def test_the_last_row_is_asked_and_all_before_it_are_given() -> None:
    rows = [("a", item, place, float(place)) for place, item in enumerate("vwxy")]
    rows += [("b", item, 10 + place, float(place)) for place, item in enumerate("vw")]  # too few to be asked
    sequences = made(rows)
    given, target = leave_last_out(sequences)
    assert told(sequences, target) == [("a", "y", 3.0)]
    assert sorted(told(sequences, given)) == [("a", "v", 0), ("a", "w", 1), ("a", "x", 2), ("b", "v", 0), ("b", "w", 1)]
    given, target = leave_last_out(sequences, back=1)
    assert told(sequences, target) == [("a", "x", 2.0)]
    assert sorted(told(sequences, given)) == [("a", "v", 0), ("a", "w", 1), ("b", "v", 0), ("b", "w", 1)]


def test_a_window_asks_distinct_items_of_users_with_a_history() -> None:
    sequences = made(SHOP)
    cutoff = last_days_cutoff(sequences, 2)
    assert cutoff == 40 * DAY_US
    given, target = time_split(sequences, cutoff, 2)
    assert sorted(told(sequences, target)) == [("a", "milk", 40.0), ("a", "salt", 41.0)]  # c has no history
    assert given.sum() == 6
    assert sequences.ts[given].max() < cutoff
    assert last_days_cutoff(sequences, 2, windows_back=1) == 38 * DAY_US
    assert not time_split(sequences, 10 * DAY_US, 20)[1].any()


def test_a_shuffle_keeps_days_and_baskets_and_changes_orders() -> None:
    rows = [("a", f"item {basket} {line}", basket, 5 + basket / 100) for basket in range(20, 26) for line in range(3)]
    sequences, orders = made([*rows, *SHOP]), set()
    for seed in range(6):
        found = shuffled_within_days(sequences, seed)
        everything = np.ones(len(found), dtype=bool)
        days = [(user, item, int(ts)) for user, item, ts in told(found, everything)]
        assert sorted(days) == sorted((user, item, int(day)) for user, item, _, day in [*rows, *SHOP])
        moments = np.unique(np.stack([found.basket, found.ts]), axis=1)
        assert len(np.unique(moments[0])) == moments.shape[1]  # one moment a basket
        owners = np.unique(np.stack([found.user, found.basket, found.ts]), axis=1)
        assert len(np.unique(owners[[0, 2]], axis=1).T) == owners.shape[1]  # no two baskets of a user share one
        orders.add(tuple(found.basket[np.sort(np.unique(found.basket, return_index=True)[1])].tolist()))
    assert len(orders) > 1


def test_what_peers_are_handed_ends_before_what_is_judged() -> None:
    rows = [("a", f"i{day % 7}", day, float(day)) for day in range(90)] + [("b", "i1", 100, 1.0)]
    sequences = made(rows)
    given = handed(Job("complete-journey", "window"), sequences)
    assert given["end"] == 60 * DAY_US
    assert given["ts"].max() < given["end"]
    assert given["ts"][given["chosen_with"]].max() < given["chosen_end"] == 30 * DAY_US
    assert len(given["asked_item"]) == 7  # each item once


def test_two_hits_of_three_are_judged_by_hand() -> None:
    top = np.full((2, 10), -1)
    top[0, :3] = [4, 0, 2]
    ndcg, recall = judge(top, np.array([0, 0, 0]), np.array([0, 2, 3]))
    best = 1 + 1 / np.log2(3) + 1 / 2
    assert ndcg[0] == pytest.approx((1 / np.log2(3) + 1 / 2) / best)
    assert recall[0] == pytest.approx(2 / 3)
    assert np.isnan(ndcg[1])
    assert np.isnan(recall[1])


def test_a_full_list_of_hits_is_perfect_though_more_is_asked() -> None:
    ndcg, recall = judge(np.arange(10)[None], np.zeros(12, dtype=int), np.arange(12))
    assert ndcg.tolist() == [1.0]
    assert recall.tolist() == [10 / 12]


@pytest.mark.parametrize(("top", "item"), [([[3, 3]], [3]), ([[3, 4]], [5, 5])])
def test_what_stands_twice_is_refused(top: list[list[int]], item: list[int]) -> None:
    with pytest.raises(ValueError, match="twice"):
        judge(np.array(top), np.zeros(len(item), dtype=int), np.array(item))


def test_lists_are_as_long_as_what_is_open() -> None:
    scores = np.array([[1.0, 3.0, 2.0], [0.0, 0.0, -np.inf]])
    top = best_of(scores, np.array([[False, True, False], [False, True, False]]))
    assert top[:, :3].tolist() == [[2, 0, -1], [0, -1, -1]]


def taken(rows: list[tuple[int, int, int]], *, end: int = 0, repeats: bool = False, n_items: int = 6) -> Given:
    """Rows of (user, item, day), by user and time."""
    user, item, day = (np.array(column) for column in zip(*rows, strict=True))
    return Given(user, item, day * DAY_US, int(user.max()) + 1, n_items, end * DAY_US, repeats)


OFTEN = [(0, 3, 0), (0, 3, 1), (0, 3, 2), (0, 2, 3), (0, 1, 4), (0, 1, 4), (0, 4, 4), (1, 5, 0), (1, 3, 4)]


def test_repeats_are_by_recency_or_by_number() -> None:
    given = taken(OFTEN, end=5, repeats=True)
    assert repeat_last(given, {}, 0)[0, :5].tolist() == [1, 4, 2, 3, 5]  # item 5: others have it
    assert repeat_often(given, {"half_life": float("inf")}, 0)[0, :2].tolist() == [3, 1]
    assert repeat_often(given, {"half_life": 0.5}, 0)[0, :2].tolist() == [1, 4]  # 2/4, 1/4; item 3: 1/64 + less


def test_popularity_counts_users_of_recent_days() -> None:
    given = taken(OFTEN, end=5, repeats=True)
    assert popularity(given, {"days": float("inf")}, 0)[0, 0] == 3
    assert set(popularity(given, {"days": 1.5}, 0)[1, :3].tolist()) == {1, 3, 4}
    assert 3 not in popularity(taken(OFTEN, end=5), {"days": float("inf")}, 0)[1]  # known, and no repeats


def test_ages_are_days_before_the_end_or_rows_still_to_come() -> None:
    assert taken(OFTEN, end=5).age().tolist() == [5, 4, 3, 2, 1, 1, 1, 5, 1]
    assert taken(OFTEN).age().tolist() == [6, 5, 4, 3, 2, 1, 0, 1, 0]


PAIRS = [(user, user % 3 * 2 + one, day) for user in range(9) for day, one in enumerate((0, 1))] + [(9, 4, 0)]
KNN = {"half_life": float("inf"), "k": 2, "shrink": 0, "least": 1, "own": 0}
EASE = {"l2": 1.0, "log": False, "half_life": float("inf")}
ALS = {"factors": 4, "regularization": 0.01, "alpha": 1.0, "iterations": 10, "log": False, "half_life": float("inf")}


def test_neighbours_and_ease_find_the_other_of_a_pair() -> None:
    given = taken(PAIRS)
    assert item_knn(given, KNN, 0)[9, 0] == 5
    assert ease(given, EASE, 0)[9, 0] == 5


def test_ease_is_the_same_by_users_and_by_items() -> None:
    draw = np.random.default_rng(0)
    rows = sorted({(int(user), int(item), 0) for user, item in draw.integers(0, 9, (40, 2))})
    by_items = ease(taken(rows, repeats=True, n_items=9), EASE, 0)
    by_users = ease(taken(rows, repeats=True, n_items=10), EASE, 0)  # nobody took the tenth: now users are fewer
    assert by_items[:, :9].tolist() == [[item for item in row if item < 9] for row in by_users.tolist()]


def test_als_of_the_package_finds_the_other_of_a_pair() -> None:
    pytest.importorskip("implicit")
    assert als(taken(PAIRS), ALS, 0)[9, 0] == 5


def test_lines_of_beauty_become_positions(tmp_path: Path) -> None:
    (tmp_path / "amazon_beauty_5core.txt").write_text("1 10 20 30\n2 20 10\n", "utf-8")
    sequences = load("beauty", tmp_path)
    everything = np.ones(len(sequences), dtype=bool)
    first = sequences.ts.min() / DAY_US
    found = sorted((user, item, day - first) for user, item, day in told(sequences, everything))
    assert found == [("1", "10", 0), ("1", "20", 1), ("1", "30", 2), ("2", "10", 1), ("2", "20", 0)]


def test_online_retail_keeps_customers_lines_of_products(tmp_path: Path) -> None:
    kept = {"Invoice": "1", "StockCode": "85123a", "Quantity": 2, "InvoiceDate": "2009-12-01 07:45:00"}
    lines = [
        kept | {"Customer ID": 7},
        kept | {"Customer ID": None},
        kept | {"Customer ID": 7, "StockCode": "POST"},
        kept | {"Customer ID": 7, "Quantity": -1},
    ]
    pa.parquet.write_table(pa.Table.from_pylist(lines), tmp_path / "online_retail_2009_2010.parquet")
    sequences = load("online-retail", tmp_path)
    assert (sequences.user_names.tolist(), sequences.item_names.tolist()) == (["7"], ["85123A"])


def test_what_is_not_here_is_told_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="Cure: --data DIR"):
        load("beauty", tmp_path)
