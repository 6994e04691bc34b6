"""Customers in batches, so that memory stays bounded however many customers and items a shop has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from shijin.arrays import Ints
from shijin.recommend.past.actions import Actions

AT_ONCE = 5_000_000  # customers times items of one batch: what a processor's cache bears
Batch = tuple[Ints, Actions]  # positions of some customers, and their pasts
Output = TypeVar("Output")


def batches(actions: Actions, rows: Ints | None = None) -> Iterator[Batch]:
    """Batches of some customers, or of all."""
    chosen = np.arange(len(actions)) if rows is None else rows
    size = max(64, min(4096, AT_ONCE // max(actions.n_items, 1)))
    for first in range(0, len(chosen), size):
        some = chosen[first : first + size]
        yield some, actions.of(some)


def map_batches(work: Callable[[Batch], Output], actions: Actions, rows: Ints | None, threads: int) -> Iterator[Output]:
    """Apply a function to every batch, in so many threads; results come in the order of the batches."""
    with ThreadPoolExecutor(threads) as pool:
        waiting = []
        for batch in batches(actions, rows):
            waiting.append(pool.submit(work, batch))
            if len(waiting) > threads:  # no more batches are in memory than threads can work on
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
