"""Tables in, Altair charts out: the page and ``shop.plot`` draw with the same functions.

Gold is the forecast, blue is what happened, grey counts customers. Altair takes a second to import, so only code that
draws charts imports this package.
"""

from shijin.report.charts.backtest import deciles, reliability
from shijin.report.charts.customer_map import customer_map
from shijin.report.charts.forecast import activity, concentration, history, tiers
from shijin.report.charts.items import demand, recommended

__all__ = [
    "activity",
    "concentration",
    "customer_map",
    "deciles",
    "demand",
    "history",
    "recommended",
    "reliability",
    "tiers",
]
