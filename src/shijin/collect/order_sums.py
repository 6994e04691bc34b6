"""Sums over the lines of orders, and an order's total spread over its lines to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints
from shijin.collect.values import distinct

Flags = NDArray[np.bool_]
PROOF = 0.95  # share of the deciding orders or lines that must agree
_PER_LINE, _SHARE = 0.011, 0.005  # amounts are equal within a cent a line, or half a per cent


@dataclass(frozen=True)
class Orders:
    """Which order each row belongs to.

    Parameters
    ----------
    code : (n,) int64
        Equal numbers are one order, from 0; -1 for rows of no order, or that are no evidence.
    item : (n,) int64
        Equal numbers are one item; -1 where a row has none.
    """

    code: Ints
    item: Ints

    @cached_property
    def n(self) -> int:
        """How many orders there are."""
        return int(self.code.max(initial=-1)) + 1

    @cached_property
    def lines(self) -> Ints:
        """(orders,) how many lines each has."""
        return np.bincount(self.code[self.code >= 0], minlength=self.n).astype(np.int64)

    @cached_property
    def several(self) -> Flags:
        """(orders,) which have several lines."""
        return self.lines > 1

    @cached_property
    def are_single(self) -> Flags:
        """(n,) which rows are the only line of their order, or of no order."""
        return np.asarray(np.r_[self.lines, 1][self.code] == 1)  # rows of no order, -1, take the last

    @cached_property
    def varied(self) -> Flags:
        """(orders,) which have several lines, all of different items."""
        inside = (self.code >= 0) & (self.item >= 0)
        pairs = np.unique(np.stack([self.code[inside], self.item[inside]]), axis=1)
        return self.several & (np.bincount(pairs[0], minlength=self.n) == self.lines)

    def sums(self, values: Floats) -> Floats:
        """(orders,) sums of (n,) values; what is not a number counts as 0."""
        inside = self.code >= 0
        sums: Floats = np.bincount(self.code[inside], np.nan_to_num(values[inside]), self.n).astype(float)
        return sums

    def least(self, values: Floats) -> Floats:
        """(orders,) smallest values; infinite for an order without any."""
        return self._extreme(values, np.inf, np.minimum)

    def most(self, values: Floats) -> Floats:
        """(orders,) largest values; minus infinite for an order without any."""
        return self._extreme(values, -np.inf, np.maximum)

    def counts(self, flags: Flags) -> Ints:
        """(orders,) how many lines are flagged."""
        return np.bincount(self.code[flags & (self.code >= 0)], minlength=self.n).astype(np.int64)

    def _extreme(self, values: Floats, start: float, function: np.ufunc) -> Floats:
        result = np.full(self.n, start)
        inside = (self.code >= 0) & ~np.isnan(values)
        function.at(result, self.code[inside], values[inside])
        return result

    def repeats(self, values: Floats) -> bool:
        """Whether each order of several lines has one value on all of them, in at least two such orders."""
        least, most = self.least(values), self.most(values)
        deciding = self.several & (most > 0)
        return int(deciding.sum()) >= 2 and float(close(least, most)[deciding].mean()) >= PROOF

    def are_on_one_line(self, values: Floats) -> bool:
        """Whether an amount stands on one line of each order, and the others have none or 0."""
        filled = self.counts(np.nan_to_num(values) != 0)
        return int(self.several.sum()) >= 2 and float((filled <= 1)[self.several].mean()) >= PROOF

    def of_rows(self, values: Floats) -> Floats:
        """(n,) the value of each row's order; 0 for rows of no order."""
        return np.append(values, 0.0)[self.code]

    def first_rows(self, flags: Flags) -> Flags:
        """(n,) the first flagged row of each order."""
        rows = np.flatnonzero(flags & (self.code >= 0))
        _, first = np.unique(self.code[rows], return_index=True)
        result = np.zeros(len(self.code), dtype=bool)
        result[rows[first]] = True
        return result

    def spread(self, totals: Floats, weights: Floats) -> Floats:
        """Spread totals over the lines of their orders, in proportion to weights, exact to the cent.

        Parameters
        ----------
        totals : (orders,)
        weights : (n,)
            Not negative; where those of an order are all 0, its lines share equally.

        Returns
        -------
        (n,), not a number for rows of no order. Lines of an order sum to its total, whose hundredths stay whole.
        """
        result = np.full(len(self.code), np.nan)
        rows = np.flatnonzero(self.code >= 0)
        if not len(rows):
            return result
        # Lines of an order in an order of their own, so that a shuffled file gives each the same cents.
        rows = rows[np.lexsort((weights[rows], self.item[rows], self.code[rows]))]
        code, weight = self.code[rows], np.nan_to_num(weights[rows])
        sums = np.bincount(code, weight, self.n)
        weight = np.where(sums[code] > 0, weight, 1.0)
        sums = np.bincount(code, weight, self.n)
        begins = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
        running = np.cumsum(weight)
        before = np.repeat(running[begins] - weight[begins], np.diff(np.r_[begins, len(code)]))
        last = np.r_[code[1:] != code[:-1], True]
        part = np.where(last, 1.0, (running - before) / sums[code])
        cents = np.round(totals[code] * part, 2)
        cents = np.where(last, totals[code], cents)
        previous = np.r_[0.0, cents[:-1]]
        previous[begins] = 0.0
        result[rows] = np.round(cents - previous, 6)
        return result


def orders_of(order_id: pa.Array | None, item: pa.Array | None, counts: Flags) -> Orders:
    """Number the orders and items of rows.

    Parameters
    ----------
    order_id, item : (n,) string
        None where the source has none.
    counts : (n,) bool
        Rows that are evidence.

    Examples
    --------
    >>> orders = orders_of(pa.array(["a", "a", "b"]), pa.array(["x", "y", "x"]), np.array([True, True, True]))
    >>> orders.spread(np.array([10.0, 3.0]), np.array([1.0, 2.0, 1.0])).tolist()
    [3.33, 6.67, 3.0]
    """
    return Orders(_numbered(order_id, counts), _numbered(item, np.ones_like(counts)))


def close(a: Floats, b: Floats, lines: Ints | int = 1) -> Flags:
    """Whether amounts are equal, but for the rounding of each line."""
    with np.errstate(invalid="ignore"):
        size = np.minimum(np.abs(a), np.abs(b))
        return np.abs(a - b) <= np.maximum(_PER_LINE * np.asarray(lines), _SHARE * size)


def _numbered(texts: pa.Array | None, counts: Flags) -> Ints:
    if texts is None:
        return np.full(len(counts), -1, np.int64)
    _, rows = distinct(texts)
    numbers = pc.fill_null(rows.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    numbers = np.where(counts, numbers, -1)
    inside = numbers >= 0
    dense = np.full(len(numbers), -1, np.int64)
    dense[inside] = np.unique(numbers[inside], return_inverse=True)[1]
    return dense
