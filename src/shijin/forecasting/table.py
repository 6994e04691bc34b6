"""A forecast as the table that people use: `schema.FORECAST`, one row per customer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shijin.arrays import Floats
from shijin.distribution import Distribution
from shijin.forecasting.by_type import ForecastByType
from shijin.forecasting.next_order import next_order_days
from shijin.represent.cutoff import History
from shijin.represent.days import as_instant
from shijin.schema import FORECAST

AMPLE_ORDERS = 2
AMPLE_WINDOW_CUSTOMERS = 200


def forecast_table(
    forecast: ForecastByType,
    horizon_days: int,
    window_customers: int,
    tier: NDArray[np.str_],
    undated_refunds: Floats | float = 0.0,
) -> pa.Table:
    """Turn a forecast into the table that people use.

    Parameters
    ----------
    window_customers
        Number of customers in the newest closed window: below 200 all evidence is thin.
    tier : (n,)
        Each customer's tier.
    undated_refunds : (n,)
        Refunds without a date in the source, shop currency, <= 0: they lower historic spend only.
    """
    history, n = forecast.history, len(forecast)
    p_active = forecast.figures(lambda one: one.p_active)
    ample = (history.n_orders() >= AMPLE_ORDERS) & (window_customers >= AMPLE_WINDOW_CUSTOMERS)
    columns = {
        "customer_id": history.customers,
        "cutoff": pa.repeat(pa.scalar(as_instant(history.cutoff, history.zone), FORECAST.field("cutoff").type), n),
        "horizon_days": np.full(n, horizon_days, dtype=np.int32),
        "expected_spend": forecast.figures(Distribution.mean),
        "expected_orders": forecast.figures(Distribution.expected_orders),
        "p_active": p_active,
        "spend_p10": forecast.figures(lambda one: one.quantile(0.1)),
        "spend_p50": forecast.figures(lambda one: one.quantile(0.5)),
        "spend_p90": forecast.figures(lambda one: one.quantile(0.9)),
        "next_order_date": _next_order_dates(history, p_active, horizon_days),
        "tier": tier,
        "evidence": np.where(ample, "ample", "thin"),
        "historic_spend": history.historic_spend() + undated_refunds,
        "prospect": ~history.bought,
    }
    return pa.table(columns, schema=FORECAST)


def _next_order_dates(history: History, p_active: Floats, horizon_days: int) -> pa.Array:
    """(n,) the day by which an order becomes more likely than not; null beyond two horizons."""
    days = next_order_days(p_active, horizon_days)
    far = days > 2 * horizon_days
    first = np.datetime64(history.cutoff_date, "D")
    dates = first + np.where(far, 0, days).astype("timedelta64[D]") - np.timedelta64(1, "D")
    return pa.array(dates, pa.date32(), mask=far)
