"""What each customer cares for: shares of interest by category and by brand, from what was done and said of late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue
from shijin.recommend.past.responses import ResponseKind, Responses
from shijin.represent.packed import DAY_US, Kind
from shijin.schema import AFFINITY

# What is done is worth `actions.WEIGHTS`; being shown something says nothing of the one who sees it.
SAID_WEIGHTS = {ResponseKind.RATING: 1.0, ResponseKind.CLICK: 0.3, ResponseKind.DISMISS: 0.3}
# Of .25 to 8 horizons or no fading at all, that foretell by what share of a household's next orders fall on which
# category; The Complete Journey, 30 and 60 days: overlap .374 and .436 at 2 to 4, .369 and .434 unfaded, .316 and .385
# at .25.
HALF_LIFE_HORIZONS = 3.0


@dataclass(frozen=True)
class _Interest:
    """One row a customer and name with some interest left, sorted by both."""

    customer: Ints
    name: Ints
    interest: Floats
    share: Floats
    last: Ints


def half_life(horizon_days: float) -> float:
    """The days in which interest fades by half, where nobody says otherwise.

    Examples
    --------
    >>> half_life(30)
    90.0
    """
    return HALF_LIFE_HORIZONS * horizon_days


def affinities(
    actions: Actions, codes: Codes, n_names: int, half_life_days: float, responses: Responses | None = None
) -> sp.csr_matrix:
    """Each customer's shares of interest, for a recommender.

    Parameters
    ----------
    codes : (v,) int32
        The name of each item, `Catalogue.category` or `Catalogue.brand`; -1 where it has none.
    n_names
        How many names there are.
    half_life_days
        After how many days something counts half; inf: nothing fades.
    responses
        A click speaks for what it is on as a view does; a rating as an order does, for or against, and “not
        interested” against. A review with a rating counts once, by its rating. Interest does not fall below none.

    Returns
    -------
    (n, n_names) float64; a row sums to 1, or is empty where nothing is known. Names sorted within a row.
    """
    found = _interest(actions, codes, n_names, half_life_days, responses)
    offsets = np.searchsorted(found.customer, np.arange(len(actions) + 1))
    return sp.csr_matrix((found.share, found.name, offsets), shape=(len(actions), n_names))


def affinity_table(
    actions: Actions,
    catalogue: Catalogue,
    customers: NDArray[np.str_],
    half_life_days: float,
    responses: Responses | None = None,
) -> pa.Table:
    """Lay out each customer's interest for people and for rules: `affinities` of categories and of brands as rows.

    Parameters
    ----------
    customers : (n,) str
        The History's.

    Returns
    -------
    `schema.AFFINITY`: customers as they stand in the History, categories before brands, the largest share first, equal
    ones by alphabet; shares sum to 1 within a customer and kind. No row where there is no interest, and none of what is
    no product.
    """
    of_kind = ((catalogue.category, catalogue.categories), (catalogue.brand, catalogue.brands))
    found = [
        _interest(actions, np.where(catalogue.product, codes, -1), len(names), half_life_days, responses)
        for codes, names in of_kind
    ]
    brand = np.repeat([0, 1], [len(one.customer) for one in found])
    customer, share = (np.concatenate([getattr(one, name) for one in found]) for name in ("customer", "share"))
    order = np.lexsort((-share, 2 * customer + brand))
    names = np.concatenate([names for _, names in of_kind])
    name = np.concatenate([found[0].name, found[1].name + len(catalogue.categories)])
    last = np.concatenate([one.last for one in found]) // DAY_US
    columns = {
        "customer_id": pa.array(customers, pa.string()).take(pa.array(customer[order])),
        "kind": pa.array(["category", "brand"]).take(pa.array(brand[order])),
        "name": pa.array(names, pa.string()).take(pa.array(name[order])),
        "share": share[order],
        "interest": np.concatenate([one.interest for one in found])[order],
        "last": pa.array(last[order].astype(np.int32)).cast(pa.date32()),
    }
    return pa.table(columns, schema=AFFINITY)


def _interest(
    actions: Actions, codes: Codes, n_names: int, half_life_days: float, responses: Responses | None
) -> _Interest:
    customer, item, ts, weight = actions.customer, actions.item, actions.ts, actions.weight
    if responses is not None:
        weight = np.where(_rated(actions, responses), 0.0, weight)
        said = [responses.opinions(), responses.take(responses.kind == ResponseKind.CLICK)]
        customer = np.concatenate([customer, *(one.customer for one in said)])
        item = np.concatenate([item, *(one.item for one in said)])
        ts = np.concatenate([ts, *(one.ts for one in said)])
        weight = np.concatenate([weight, *(_said_weight(one) for one in said)])
    name = codes[item]
    rows = np.flatnonzero((name >= 0) & (weight != 0))
    key = customer[rows] * n_names + name[rows]
    order = np.argsort(key, kind="stable")
    rows, key = rows[order], key[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    if not len(starts):
        nothing = np.zeros(0)
        return _Interest(key, key, nothing, nothing, key)
    faded = weight[rows] * np.exp2(-np.maximum(actions.now - ts[rows], 0) / (half_life_days * DAY_US))
    interest = np.add.reduceat(faded, starts)
    last = np.maximum.reduceat(np.where(weight[rows] > 0, ts[rows], np.iinfo(np.int64).min), starts)
    some = interest > 0
    customer, interest = key[starts[some]] // n_names, interest[some]
    total = np.bincount(customer, interest, len(actions))
    return _Interest(customer, key[starts[some]] % n_names, interest, interest / total[customer], last[some])


def _rated(actions: Actions, responses: Responses) -> NDArray[np.bool_]:
    """(a,) whether a row is a review of an item that the customer rated: the rating says it all."""
    ratings = responses.take(responses.kind == ResponseKind.RATING)
    width = max(actions.n_items, int(ratings.item.max(initial=0)) + 1)
    rated = ratings.customer * width + ratings.item
    return (actions.kind == Kind.REVIEW) & np.isin(actions.customer * width + actions.item, rated)


def _said_weight(said: Responses) -> Floats:
    """(r,) how much a response says of what is wanted, against it below 0."""
    by_kind = np.zeros(max(ResponseKind) + 1)
    by_kind[list(SAID_WEIGHTS)] = list(SAID_WEIGHTS.values())
    return by_kind[said.kind] * said.value
