"""Affinity: each customer's shares of interest by category and by brand, from recent actions and responses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from shijin.arrays import Codes, Flags, Floats, Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue
from shijin.recommend.past.responses import ResponseKind, Responses
from shijin.represent.packed import DAY_US, Kind
from shijin.schema import AFFINITY

# Weights of responses; actions weigh `actions.WEIGHTS`. An exposure is no evidence of the customer's interest.
RESPONSE_WEIGHTS = {ResponseKind.RATING: 1.0, ResponseKind.CLICK: 0.3, ResponseKind.DISMISS: 0.3}
# Of .25 to 8 horizons or no decay, the best predictor of the shares of a household's next orders by category. The
# Complete Journey, 30 and 60 days: overlap .374 and .436 at 2 to 4, .369 and .434 without decay, .316 and .385 at .25.
HALF_LIFE_HORIZONS = 3.0


@dataclass(frozen=True)
class _Interest:
    """One row for each customer and name (category or brand) with interest above 0, sorted by both."""

    customer: Ints
    name: Ints
    interest: Floats
    share: Floats
    last: Ints


def half_life(horizon_days: float) -> float:
    """The default half-life of interest, in days.

    Examples
    --------
    >>> half_life(30)
    90.0
    """
    return HALF_LIFE_HORIZONS * horizon_days


def affinities(
    actions: Actions, codes: Codes, n_names: int, half_life_days: float, responses: Responses | None = None
) -> sp.csr_matrix:
    """Each customer's shares of interest, as a matrix.

    Parameters
    ----------
    codes : (v,) int32
        The name of each item, `Catalogue.category` or `Catalogue.brand`; -1 where it has none.
    n_names
        Number of names.
    half_life_days
        Half-life of interest; inf: no decay.
    responses
        A click counts as much as a view; a rating as much as an order, for or against the item; “not interested” as
        much as a view, against it. A review with a rating counts once, by its rating. Interest is at least 0.

    Returns
    -------
    (n, n_names) float64; a row sums to 1, or is empty where the customer has no interest. Names sorted within a row.
    """
    interest = _interest(actions, codes, n_names, half_life_days, responses)
    offsets = np.searchsorted(interest.customer, np.arange(len(actions) + 1))
    return sp.csr_matrix((interest.share, interest.name, offsets), shape=(len(actions), n_names))


def affinity_table(
    actions: Actions,
    catalogue: Catalogue,
    customers: NDArray[np.str_],
    half_life_days: float,
    responses: Responses | None = None,
) -> pa.Table:
    """Lay out `affinities` of categories and of brands as rows, for people and for rules.

    Parameters
    ----------
    customers : (n,) str
        The History's.

    Returns
    -------
    `schema.AFFINITY`: customers in the order of the History, categories before brands, the largest share first, equal
    ones by name; shares sum to 1 within a customer and kind. Only products count; names without interest have no row.
    """
    of_kind = ((catalogue.category, catalogue.categories), (catalogue.brand, catalogue.brands))
    interests = [
        _interest(actions, np.where(catalogue.product, codes, -1), len(names), half_life_days, responses)
        for codes, names in of_kind
    ]
    brand = np.repeat([0, 1], [len(one.customer) for one in interests])
    customer, share = (np.concatenate([getattr(one, name) for one in interests]) for name in ("customer", "share"))
    order = np.lexsort((-share, 2 * customer + brand))
    names = np.concatenate([names for _, names in of_kind])
    name = np.concatenate([interests[0].name, interests[1].name + len(catalogue.categories)])
    last = np.concatenate([one.last for one in interests]) // DAY_US
    columns = {
        "customer_id": pa.array(customers, pa.string()).take(pa.array(customer[order])),
        "kind": pa.array(["category", "brand"]).take(pa.array(brand[order])),
        "name": pa.array(names, pa.string()).take(pa.array(name[order])),
        "share": share[order],
        "interest": np.concatenate([one.interest for one in interests])[order],
        "last": pa.array(last[order].astype(np.int32)).cast(pa.date32()),
    }
    return pa.table(columns, schema=AFFINITY)


def _interest(
    actions: Actions, codes: Codes, n_names: int, half_life_days: float, responses: Responses | None
) -> _Interest:
    customer, item, ts, weight = _evidence(actions, responses)
    name = codes[item]
    rows = np.flatnonzero((name >= 0) & (weight != 0))
    key = customer[rows] * n_names + name[rows]
    order = np.argsort(key, kind="stable")
    rows, key = rows[order], key[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))  # where the run of rows of each customer and name begins
    if not len(starts):
        nothing = np.zeros(0)
        return _Interest(key, key, nothing, nothing, key)
    faded = weight[rows] * np.exp2(-np.maximum(actions.now - ts[rows], 0) / (half_life_days * DAY_US))
    interest = np.add.reduceat(faded, starts)
    # Only evidence for a name counts as its last date, not “not interested”.
    last = np.maximum.reduceat(np.where(weight[rows] > 0, ts[rows], np.iinfo(np.int64).min), starts)
    some = interest > 0
    customer, interest = key[starts[some]] // n_names, interest[some]
    total = np.bincount(customer, interest, len(actions))
    return _Interest(customer, key[starts[some]] % n_names, interest, interest / total[customer], last[some])


def _evidence(actions: Actions, responses: Responses | None) -> tuple[Ints, Codes, Ints, Floats]:
    """Customer, item, time and weight of every action and response."""
    customer, item, ts, weight = actions.customer, actions.item, actions.ts, actions.weight
    if responses is None:
        return customer, item, ts, weight
    weight = np.where(_rated(actions, responses), 0.0, weight)
    parts = [responses.opinions(), responses.take(responses.kind == ResponseKind.CLICK)]
    return (
        np.concatenate([customer, *(part.customer for part in parts)]),
        np.concatenate([item, *(part.item for part in parts)]),
        np.concatenate([ts, *(part.ts for part in parts)]),
        np.concatenate([weight, *(_response_weight(part) for part in parts)]),
    )


def _rated(actions: Actions, responses: Responses) -> Flags:
    """(a,) whether a row is a review of an item that the customer rated: the rating counts instead."""
    ratings = responses.take(responses.kind == ResponseKind.RATING)
    width = max(actions.n_items, int(ratings.item.max(initial=0)) + 1)
    rated = ratings.customer * width + ratings.item
    return (actions.kind == Kind.REVIEW) & np.isin(actions.customer * width + actions.item, rated)


def _response_weight(responses: Responses) -> Floats:
    """(r,) evidence of interest of each response; below 0 it is evidence against the item."""
    by_kind = np.zeros(max(ResponseKind) + 1)
    by_kind[list(RESPONSE_WEIGHTS)] = list(RESPONSE_WEIGHTS.values())
    return by_kind[responses.kind] * responses.value
