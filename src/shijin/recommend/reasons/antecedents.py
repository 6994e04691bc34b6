"""What in a customer's own past leads to an item: the product bought that speaks most for it, and what others did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from shijin.arrays import Codes, Ints, pieces
from shijin.recommend.members.neighbours import Neighbours, faded_past, largest
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.purchases import Purchases, meetings_of

TRIED = 3  # products of a customer's past, for each item, whose other customers are counted
LEAST_OTHERS = 2  # one other customer is no evidence, and could be told apart
AT_ONCE = 100_000  # rows


@dataclass(frozen=True)
class Antecedents:
    """The products bought that led to an item, for the rows that have one.

    Parameters
    ----------
    row : (q,) int64
        Which row it is.
    item : (q,) int32
        The product that led there.
    others : (q,) int64
        How many other customers bought both.
    later : (q,) bool
        Whether they bought the row's item on a later day than the lead; else on the same day.
    """

    row: Ints
    item: Codes
    others: Ints
    later: NDArray[np.bool_]


def antecedents_of(
    actions: Actions, bought: Purchases, customer: Ints, item: Codes, similar: Sequence[Neighbours]
) -> Antecedents:
    """Find what led to some items that the customers never bought.

    The lead is the product of the customer's newest purchases with the largest share of what `similar` says for the
    item, added up over its members; where fewer than `LEAST_OTHERS` others bought both, the next one, `TRIED` at most.

    Parameters
    ----------
    actions
        What may be named: of it what was bought.
    customer : (r,) int64
    item : (r,) int32
        Codes of the Actions.
    similar
        What the lists were made from, or the best of it. None: no leads.
    """
    row, x, rank = _speaking(actions, bought, customer, item, similar)
    found: list[Antecedents] = []
    without = np.ones(len(item), dtype=bool)
    for nth in range(TRIED):
        tried = (rank == nth) & without[row]
        one = _with_others(bought, row[tried], x[tried], item[row[tried]])
        without[one.row] = False
        found.append(one)
    columns = ("row", "item", "others", "later")
    return Antecedents(*(np.concatenate([getattr(one, name) for one in found]) for name in columns))


def _with_others(bought: Purchases, row: Ints, x: Codes, item: Codes) -> Antecedents:
    """Those of some leads that enough others followed."""
    pairs, place = np.unique(x.astype(np.int64) * bought.n_items + item, return_inverse=True)
    met = meetings_of(bought, *(codes.astype(np.int32) for codes in np.divmod(pairs, max(bought.n_items, 1))))
    others, later = np.maximum(met.after, met.same_day)[place], (met.after >= met.same_day)[place]
    holds = others >= LEAST_OTHERS
    return Antecedents(row[holds], x[holds], others[holds], later[holds])


def _speaking(
    actions: Actions, bought: Purchases, customer: Ints, item: Codes, similar: Sequence[Neighbours]
) -> tuple[Ints, Codes, NDArray[np.int8]]:
    """Row, product bought and rank, 0 = what speaks most, of the products that speak for each row's item."""
    asked = np.zeros(len(actions), dtype=bool)
    asked[customer] = True
    product = np.zeros(actions.n_items, dtype=bool)
    product[bought.item] = True
    orders = actions.take(actions.ordered & asked[actions.customer] & product[actions.item])
    pasts = [faded_past(orders, one.decay, np.ones(len(orders.item))) for one in similar]
    rows_of, items_of, ranks_of = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)], [np.zeros(0, np.int8)]
    for begin in range(0, len(item), AT_ONCE):
        rows = slice(begin, begin + AT_ONCE)
        shares = sp.csr_matrix((len(item[rows]), actions.n_items), dtype=np.float32)
        for past, one in zip(pasts, similar, strict=True):
            shares = shares + _shares(past, one.similar, customer[rows], item[rows])
        row, x, _, rank = largest(sp.csr_matrix(shares), TRIED)
        rows_of.append(row + begin)
        items_of.append(x)
        ranks_of.append(rank.astype(np.int8))
    return np.concatenate(rows_of), np.concatenate(items_of), np.concatenate(ranks_of)


def _shares(past: sp.csr_matrix, similar: sp.csr_matrix, customer: Ints, item: Codes) -> sp.csr_matrix:
    """(r, items) which share of what one member says for each row's item each product of the past has said."""
    counts = np.diff(past.indptr)[customer]
    entries = pieces(past.indptr[:-1][customer], counts)
    row = np.repeat(np.arange(len(item)), counts)
    x = past.indices[entries]
    value = past.data[entries] * np.asarray(similar[x, item[row]]).ravel()
    some = value > 0
    row, x, value = row[some], x[some], value[some]
    total = np.bincount(row, value, len(item))
    offsets = np.searchsorted(row, np.arange(len(item) + 1))
    return sp.csr_matrix(((value / total[row]).astype(np.float32), x, offsets), shape=(len(item), past.shape[1]))
