"""Assign customers to tiers by their expected spend, and summarise each tier.

It takes expected spend and the shop's cuts, and knows nothing about models or history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Flags, Floats, Ints
from shijin.config import TiersSection
from shijin.errors import SchemaError

FIRST = -1  # position of a prospect: in the tier of a customer with the same expected spend, and before them

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


@dataclass(frozen=True)
class TierBounds:
    """The lower ends of a shop's tiers but the last; computed from all customers, they assign tiers to any of them.

    names : (T,) from the top
    spend : (T - 1,) expected spend of the last customer in each tier or a higher one; infinite where there is none
    position : (T - 1,) position of that customer in the order of the shop, which decides between equal spends
    """

    names: NDArray[np.str_]
    spend: Floats
    position: Ints

    @classmethod
    def of(cls, expected_spend: Floats, position: Ints, tiers: TiersSection) -> Self:
        """Rank customers by expected spend, equal ones by position, and find where each tier ends; see `assign`.

        Parameters
        ----------
        expected_spend : (n,)
            Of all customers of the shop, in any order.
        position : (n,)
            Of each in the order of the shop.
        """
        names, cuts = np.array(tiers.names), np.array(tiers.cuts)
        if tiers.by == "money":
            return cls(names, cuts, np.full(len(cuts), np.iinfo(np.int64).max))
        order = np.lexsort((position, -expected_spend))
        ranked = expected_spend[order]
        place = _middle_of_rank(len(ranked)) if tiers.by == "quantile" else _spend_above(ranked)
        tier = np.searchsorted(cuts, place, side="left" if tiers.by == "quantile" else "right")
        last = np.searchsorted(np.maximum.accumulate(tier), np.arange(len(cuts)), side="right") - 1
        some = last >= 0
        spend, positions = np.full(len(cuts), np.inf), np.full(len(cuts), -1)
        spend[some], positions[some] = ranked[last[some]], position[order][last[some]]
        return cls(names, spend, positions)

    def assign(self, expected_spend: Floats, position: Ints) -> NDArray[np.str_]:
        """(n,) the tier of each customer: the number of tiers that end above them."""
        tier = np.zeros(len(expected_spend), dtype=np.int64)
        for spend, last in zip(self.spend, self.position, strict=True):
            tier += (expected_spend < spend) | ((expected_spend == spend) & (position > last))
        return self.names[tier]


def assign(expected_spend: Floats, tiers: TiersSection, among: Flags | None = None) -> NDArray[np.str_]:
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
    ranked = np.ones(len(expected_spend), dtype=bool) if among is None or not among.any() else among
    position = np.where(ranked, np.arange(len(expected_spend)), FIRST)
    return TierBounds.of(expected_spend[ranked], position[ranked], tiers).assign(expected_spend, position)


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


def _middle_of_rank(n: int) -> Floats:
    """(n,) the middle of each rank from the top, as a share of all customers."""
    return (np.arange(n) + 0.5) / max(n, 1)


def _spend_above(ranked: Floats) -> Floats:
    """(n,) the share of all spend that belongs to customers ranked above; 1 if nobody spends."""
    total = ranked.sum()
    # Rounded, so that two tenths are .2 and not .19999999999999998, which would be below a cut of .2.
    return np.round((np.cumsum(ranked) - ranked) / total, 12) if total > 0 else np.ones(len(ranked))
