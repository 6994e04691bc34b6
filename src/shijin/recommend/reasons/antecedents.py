"""Antecedents of an item: the product of a customer's own purchases that speaks most for it, and what others did.

As in association rules: those who bought the antecedent also bought the item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from shijin.arrays import Codes, Flags, Ints, pieces
from shijin.recommend.members.neighbours import ItemNeighbours, faded_past, largest
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.co_purchases import co_purchases_of
from shijin.recommend.past.purchases import Purchases

TRIED = 3  # products of a customer's past that are tried as antecedent of an item
LEAST_OTHERS = 2  # one other customer is no evidence, and could be identified
AT_ONCE = 100_000  # rows


@dataclass(frozen=True)
class Antecedents:
    """The antecedents of the rows that have one.

    Parameters
    ----------
    row : (q,) int64
        Position of the row.
    item : (q,) int32
        The antecedent: a product that the customer bought.
    others : (q,) int64
        Number of other customers who bought both.
    later : (q,) bool
        Whether they bought the row's item on a later day than the antecedent; else on the same day.
    """

    row: Ints
    item: Codes
    others: Ints
    later: Flags


def antecedents_of(
    actions: Actions, bought: Purchases, customer: Ints, item: Codes, similar: Sequence[ItemNeighbours]
) -> Antecedents:
    """Find the antecedents of some items that the customers never bought.

    The antecedent is the product of the customer's newest purchases with the largest share of the item's score, added
    up over the members `similar`; where fewer than `LEAST_OTHERS` others bought both, the next one, `TRIED` at most.

    Parameters
    ----------
    actions
        Actions whose purchases may be named as antecedents.
    customer : (r,) int64
    item : (r,) int32
        Codes of the Actions.
    similar
        The members from which the lists were made, or the best of them. With none there are no antecedents.
    """
    row, x, rank = _speaking(actions, bought, customer, item, similar)
    parts: list[Antecedents] = []
    without = np.ones(len(item), dtype=bool)  # rows that have no antecedent yet
    for nth in range(TRIED):
        tried = (rank == nth) & without[row]
        part = _with_others(bought, row[tried], x[tried], item[row[tried]])
        without[part.row] = False
        parts.append(part)
    columns = ("row", "item", "others", "later")
    return Antecedents(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


def _with_others(bought: Purchases, row: Ints, x: Codes, item: Codes) -> Antecedents:
    """The possible antecedents of which enough others bought both."""
    pairs, place = np.unique(x.astype(np.int64) * bought.n_items + item, return_inverse=True)
    both = co_purchases_of(bought, *(codes.astype(np.int32) for codes in np.divmod(pairs, max(bought.n_items, 1))))
    others, later = np.maximum(both.after, both.same_day)[place], (both.after >= both.same_day)[place]
    holds = others >= LEAST_OTHERS
    return Antecedents(row[holds], x[holds], others[holds], later[holds])


def _speaking(
    actions: Actions, bought: Purchases, customer: Ints, item: Codes, similar: Sequence[ItemNeighbours]
) -> tuple[Ints, Codes, NDArray[np.int8]]:
    """Row, product and rank (0 = largest share) of the bought products with the largest shares of each row's score."""
    is_requested = np.zeros(len(actions), dtype=bool)
    is_requested[customer] = True
    product = np.zeros(actions.n_items, dtype=bool)
    product[bought.item] = True
    orders = actions.take(actions.ordered & is_requested[actions.customer] & product[actions.item])
    pasts = [faded_past(orders, member.decay, np.ones(len(orders.item))) for member in similar]
    rows_of, items_of, ranks_of = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)], [np.zeros(0, np.int8)]
    for begin in range(0, len(item), AT_ONCE):
        rows = slice(begin, begin + AT_ONCE)
        shares = sp.csr_matrix((len(item[rows]), actions.n_items), dtype=np.float32)
        for past, member in zip(pasts, similar, strict=True):
            shares = shares + _shares(past, member.similar, customer[rows], item[rows])
        row, x, _, rank = largest(sp.csr_matrix(shares), TRIED)
        rows_of.append(row + begin)
        items_of.append(x)
        ranks_of.append(rank.astype(np.int8))
    return np.concatenate(rows_of), np.concatenate(items_of), np.concatenate(ranks_of)


def _shares(past: sp.csr_matrix, similar: sp.csr_matrix, customer: Ints, item: Codes) -> sp.csr_matrix:
    """(r, items) share of one member's score of each row's item that comes from each product of the past."""
    # One entry for each row and product of its customer's past, with the product's contribution to the item's score.
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
