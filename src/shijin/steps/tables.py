"""A shop's customers as tables for data scientists: histories, features, outcomes, and the training table."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa

from shijin.errors import EmptyHistoryError
from shijin.forecasting.training_table import feature_table, outcome_table
from shijin.forecasting.training_table import training_table as table_of_windows
from shijin.forecasting.windows import closed_windows
from shijin.represent.cutoff import History, split_at
from shijin.steps.defaults import forecast_window, judged_window
from shijin.workspace import Workspace

Horizon = str | int | None
Day = str | date | None


def history(workspace: Workspace, horizon: Horizon, cutoff: Day, now: datetime) -> History:
    """The History as of a cutoff."""
    window = forecast_window(workspace, horizon, cutoff, now)
    return split_at(window.packed, window.cutoff, window.horizon_days)[0]


def features(workspace: Workspace, horizon: Horizon, cutoff: Day, now: datetime) -> pa.Table:
    """Every feature of every customer as of a cutoff."""
    window = forecast_window(workspace, horizon, cutoff, now)
    return feature_table(split_at(window.packed, window.cutoff, window.horizon_days)[0], window.horizon_days)


def outcomes(workspace: Workspace, horizon: Horizon, cutoff: Day, now: datetime) -> pa.Table:
    """What each customer known at a cutoff did in the window after it.

    Raises
    ------
    EmptyHistoryError
        When the window is not closed: what is not known yet is not zero.
    """
    window = judged_window(workspace, horizon, cutoff, now)
    past, after = split_at(window.packed, window.cutoff, window.horizon_days)
    if after is None:
        raise EmptyHistoryError("steps.window_not_closed", key="cutoff", day=window.day, days=window.horizon_days)
    return outcome_table(past, after)


def training_table(workspace: Workspace, horizon: Horizon, cutoff: Day, now: datetime) -> pa.Table:
    """Features and labels of all windows that are closed by a cutoff.

    Raises
    ------
    EmptyHistoryError
        When no window is closed.
    """
    window = forecast_window(workspace, horizon, cutoff, now)
    windows = closed_windows(window.packed, window.cutoff, window.horizon_days)
    if not windows:
        raise EmptyHistoryError("steps.no_closed_window", key="horizon", days=window.horizon_days)
    return table_of_windows(windows)
