"""Shijin（试金）: what every customer is worth, why, and what to do next.

``shijin.forecast(orders, "90d")`` is one call. Or begin with ``shop = shijin.from_dataframe(orders)`` or
``shijin.open("my-shop")``; then ``shop.forecast("90d")``, ``shop.train()``, ``shop.backtest()``, ``shop.report()``.
A way to forecast of your own is a `Forecaster`. Names are loaded when they are first used, so that importing Shijin
costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shijin.distribution import Distribution, Grid
    from shijin.entry import forecast, from_dataframe
    from shijin.entry import open_shop as open
    from shijin.errors import ShijinError
    from shijin.forecasting.member import Forecaster
    from shijin.represent.cutoff import History, Outcomes
    from shijin.shop import Shop

__version__ = "0.1.0"
__all__ = [
    "Distribution",
    "Forecaster",
    "Grid",
    "History",
    "Outcomes",
    "ShijinError",
    "Shop",
    "forecast",
    "from_dataframe",
    "open",
]

_WHERE = {
    "Distribution": ("shijin.distribution", "Distribution"),
    "Forecaster": ("shijin.forecasting.member", "Forecaster"),
    "Grid": ("shijin.distribution", "Grid"),
    "History": ("shijin.represent.cutoff", "History"),
    "Outcomes": ("shijin.represent.cutoff", "Outcomes"),
    "ShijinError": ("shijin.errors", "ShijinError"),
    "Shop": ("shijin.shop", "Shop"),
    "forecast": ("shijin.entry", "forecast"),
    "from_dataframe": ("shijin.entry", "from_dataframe"),
    "open": ("shijin.entry", "open_shop"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _WHERE:
        raise AttributeError(f"module 'shijin' has no attribute {name!r}")
    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
