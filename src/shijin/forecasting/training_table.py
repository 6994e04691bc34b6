"""X and y for data scientists: features of customers at a cutoff, and their outcomes in the window after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from shijin.forecasting.member import Window
from shijin.represent.cutoff import History, Outcomes
from shijin.represent.features import features

LABELS = ("y_spend", "y_orders", "y_first_order_days")


def feature_table(history: History, horizon_days: int) -> pa.Table:
    """Every feature of every customer: customer_id, then one float32 column per feature (docs/features.md)."""
    values = features(history, horizon_days)
    columns = dict(zip(values.names, values.values.T, strict=True))
    return pa.table({"customer_id": history.customers, **columns})


def outcome_table(history: History, outcomes: Outcomes) -> pa.Table:
    """Each customer's outcome in the window [cutoff, cutoff + horizon).

    Returns
    -------
    customer_id, y_spend (shop currency, net of returns, floored at 0), y_orders, and y_first_order_days: days from the
    cutoff to the first order, null without one.
    """
    days = outcomes.first_days
    return pa.table(
        {
            "customer_id": history.customers,
            "y_spend": outcomes.spend,
            "y_orders": outcomes.orders,
            "y_first_order_days": pa.array(days, pa.float64(), mask=~np.isfinite(days)),
        }
    )


def training_table(windows: Sequence[Window]) -> pa.Table:
    """Features and labels of closed windows, one row per customer and window, the newest window first.

    Parameters
    ----------
    windows
        From `closed_windows`: each customer's features are computed from before the window, the labels from within.

    Returns
    -------
    customer_id, cutoff (date), the features, then y_spend, y_orders, y_first_order_days.
    """
    parts = []
    for history, outcomes in windows:
        table = feature_table(history, outcomes.horizon_days)
        day = pa.repeat(pa.scalar(history.cutoff_date, pa.date32()), len(history))
        table = table.add_column(1, "cutoff", day)
        labels = outcome_table(history, outcomes)
        for name in LABELS:
            table = table.append_column(name, labels[name])
        parts.append(table)
    return pa.concat_tables(parts)
