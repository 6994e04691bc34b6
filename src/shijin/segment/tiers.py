"""Assign customers to tiers by their expected spend, and summarise each tier.

It takes expected spend and the shop's cuts, and knows nothing about models or history.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Floats
from shijin.config import TiersSection
from shijin.errors import SchemaError

SUMMARY = pa.schema(
    [
        pa.field("tier", pa.string(), nullable=False),
        pa.field("customers", pa.int64(), nullable=False),
        pa.field("customers_share", pa.float64(), nullable=False),  # of all customers, 0..1
        pa.field("expected_spend", pa.float64(), nullable=False),  # sum, shop currency
        pa.field("expected_spend_share", pa.float64(), nullable=False),  # of all expected spend, 0..1; 0 if that is 0
        pa.field("historic_spend", pa.float64(), nullable=False),  # sum, shop currency
        ("mean_p_active", pa.float64()),  # null for an empty tier
    ]
)


def assign(expected_spend: Floats, tiers: TiersSection, among: NDArray[np.bool_] | None = None) -> NDArray[np.str_]:
    """Assign a tier to every customer.

    By ``quantile`` a customer's place is the middle of their rank, ``(rank + .5) / n`` from the top, so that cuts of
    .2 and .5 make tiers of 2, 3 and 5 of ten customers. By ``share`` it is the share of expected spend of customers
    ranked *above*, so that the first customer is always in the first tier. By ``money`` a tier holds customers with
    expected spend of at least its cut. Equal customers rank in the order of their rows.

    Parameters
    ----------
    expected_spend : (n,)
        Shop currency, >= 0.
    tiers
        The shop's cuts and names.
    among : (n,)
        Which rows are ranked; all if None. Each other row, a prospect, gets the highest tier with a customer whose
        expected spend is not larger: so a large number of prospects moves no customer up.

    Returns
    -------
    (n,) names of tiers.

    Raises
    ------
    SchemaError
        When an expected spend is missing, infinite or negative.

    Examples
    --------
    >>> assign(np.array([1.0, 90.0, 9.0]), TiersSection(cuts=(0.4, 0.7))).tolist()
    ['low', 'high', 'normal']
    >>> assign(np.array([1.0, np.nan]), TiersSection())
    Traceback (most recent call last):
    shijin.errors.SchemaError: expected_spend: 1 of 2 values are missing or negative. Cure: run shop.forecast() again.
    """
    bad = int(np.sum(~(np.isfinite(expected_spend) & (expected_spend >= 0))))
    if bad:
        raise SchemaError("segment.bad_spend", "expected_spend", bad=bad, rows=len(expected_spend))
    names = np.array(tiers.names)
    if among is None or not among.any() or tiers.by == "money":
        return names[_tier_of(expected_spend, tiers)]
    tier = np.empty(len(expected_spend), dtype=np.int64)
    tier[among] = _tier_of(expected_spend[among], tiers)
    # The least spend of each tier's customers; accumulated, as a tier without customers must not block those below.
    floors = np.full(len(names), np.inf)
    np.minimum.at(floors, tier[among], expected_spend[among])
    reached = expected_spend[~among, None] >= np.minimum.accumulate(floors)
    tier[~among] = np.where(reached.any(axis=1), reached.argmax(axis=1), len(names) - 1)
    return names[tier]


def of_customers(forecast: pa.Table) -> pa.Table:
    """The rows of customers who have bought. Tiers and totals count only these; prospects are reported separately."""
    return forecast.filter(pc.invert(forecast["prospect"]))


def summarise(forecast: pa.Table, names: Sequence[str]) -> pa.Table:
    """Count customers and sum money by tier.

    Parameters
    ----------
    forecast
        A table with the columns tier, expected_spend, historic_spend and p_active of `shijin.schema.FORECAST`.
    names
        The tiers from the top; each gets a row, with zeros if it is empty. Other tiers of the forecast follow at the
        end.

    Returns
    -------
    A table of `SUMMARY`, one row per tier.

    Examples
    --------
    >>> two = {"tier": ["high", "low"], "expected_spend": [9.0, 1.0], "historic_spend": [5.0, 5.0]}
    >>> table = summarise(pa.table(two | {"p_active": [0.5, 0.1]}), ["high", "normal", "low"])
    >>> table["customers"].to_pylist(), table["expected_spend_share"].to_pylist()
    ([1, 0, 1], [0.9, 0.0, 0.1])
    >>> table["mean_p_active"].to_pylist()
    [0.5, None, 0.1]
    """
    encoded = forecast["tier"].combine_chunks().dictionary_encode()
    seen = encoded.dictionary.to_pylist()
    rows = [*names, *sorted(set(seen) - set(names))]
    place = np.array([rows.index(name) for name in seen], dtype=np.int64)  # dictionary code -> row
    code = place[encoded.indices.to_numpy(zero_copy_only=False)] if seen else np.zeros(0, dtype=np.int64)

    def total(column: str) -> Floats:
        return np.bincount(code, forecast[column].to_numpy(), len(rows)).astype(np.float64)

    customers = np.bincount(code, minlength=len(rows))
    spend = total("expected_spend")
    mean_p_active = total("p_active") / np.maximum(customers, 1)
    columns = {
        "tier": rows,
        "customers": customers,
        "customers_share": customers / max(len(code), 1),
        "expected_spend": spend,
        "expected_spend_share": spend / (spend.sum() or 1.0),
        "historic_spend": total("historic_spend"),
        "mean_p_active": pa.array(mean_p_active, mask=customers == 0),
    }
    return pa.table(columns, schema=SUMMARY)


def _tier_of(expected_spend: Floats, tiers: TiersSection) -> NDArray[np.int64]:
    """(n,) each customer's tier, 0 for the highest."""
    cuts = np.array(tiers.cuts)
    if tiers.by == "money":
        return np.searchsorted(-cuts, -expected_spend, side="left")
    place = _rank_from_top(expected_spend) if tiers.by == "quantile" else _spend_above(expected_spend)
    return np.searchsorted(cuts, place, side="left" if tiers.by == "quantile" else "right")


def _rank_from_top(values: Floats) -> Floats:
    """(n,) the middle of each customer's rank as a share of all customers."""
    place = np.empty(len(values))
    place[np.argsort(-values, kind="stable")] = (np.arange(len(values)) + 0.5) / max(len(values), 1)
    return place


def _spend_above(values: Floats) -> Floats:
    """(n,) the share of all spend that belongs to customers ranked above; 1 if nobody spends."""
    order = np.argsort(-values, kind="stable")
    total = values.sum()
    place = np.ones(len(values))
    if total > 0:
        ranked = values[order]
        # Rounded, so that two tenths are .2 and not .19999999999999998, which would be below a cut of .2.
        place[order] = np.round((np.cumsum(ranked) - ranked) / total, 12)
    return place
