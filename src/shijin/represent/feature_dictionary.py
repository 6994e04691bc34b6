"""What each feature means: name, meaning, unit and window, in the order of `features`. See docs/features.md."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from shijin.represent.features import CALENDAR_WINDOWS, HALF_LIVES, HORIZON_WINDOWS

ALL = "the whole history"
LOG_COUNT, LOG_MONEY = "log(1 + count)", "sign · log(1 + |money|), money in median orders"
LOG_DAYS, LOG_H = "log(1 + days)", "log((days + 1) / H)"
SHARE = "share, 0 to 1"


@dataclass(frozen=True)
class FeatureMeaning:
    """One feature.

    Parameters
    ----------
    name
        The column of the feature table.
    meaning
        What it measures.
    unit
        What the number is; H is the horizon in days, money is divided by the shop's median order.
    window
        Which part of the history it reads, always strictly before the cutoff.
    """

    name: str
    meaning: str
    unit: str
    window: str


def feature_dictionary() -> tuple[FeatureMeaning, ...]:
    """Every feature, in the order of the columns.

    Examples
    --------
    >>> feature_dictionary()[0]
    FeatureMeaning(name='orders', meaning='orders', unit='log(1 + count)', window='the whole history')
    """
    rows = chain(_windows(), _decays(), _year_ago(), _timing(), _gaps(), _baskets(), _contents(), _other_kinds())
    return tuple(FeatureMeaning(*row) for row in rows)


Rows = list[tuple[str, str, str, str]]


def _counts(label: str, window: str) -> Rows:
    """Orders and net spend over one window."""
    suffix = f"_{label}" if label else ""
    return [
        (f"orders{suffix}", "orders", LOG_COUNT, window),
        (f"spend{suffix}", "orders, charges and returns, summed", LOG_MONEY, window),
    ]


def _windows() -> Rows:
    rows = _counts("", ALL)
    for share in HORIZON_WINDOWS:
        rows += _counts(f"{share:g}h", f"the last {share:g} H")
    for days in CALENDAR_WINDOWS:
        rows += _counts(f"{days}d", f"the last {days} days")
    return rows


def _decays() -> Rows:
    rows: Rows = []
    for half_life in HALF_LIVES:
        faded = f"{ALL}, weights halved every {half_life:g} H"
        rows += _counts(f"decay_{half_life:g}h", faded)
    return rows


def _year_ago() -> Rows:
    window = "the H days that begin a year before the cutoff"
    known = ("year_ago_known", "whether the data reach back a year", "0 or 1", ALL)
    return [*_counts("year_ago", window), known]


def _timing() -> Rows:
    return [
        ("recency", "days since the last order; the shop's age without an order", LOG_DAYS, ALL),
        ("recency_h", "the same, relative to the horizon", LOG_H, ALL),
        ("tenure", "days since the first order; 0 without an order", LOG_DAYS, ALL),
        ("tenure_h", "the same, relative to the horizon", LOG_H, ALL),
        ("recency_of_tenure", "recency over tenure: near 1 where the last order is long ago", "ratio", ALL),
        ("tenure_of_span", "tenure over the shop's age", SHARE, ALL),
        ("expected_orders_h", "orders in a horizon at the customer's own rate", "log(orders)", ALL),
        ("single_order", "whether there is exactly one order", "0 or 1", ALL),
    ]


def _gaps() -> Rows:
    return [
        ("gap_mean", "mean days between orders", LOG_DAYS, ALL),
        ("gap_mean_h", "the same, relative to the horizon; 0 without a gap", LOG_H, ALL),
        ("gap_log_mean", "mean of log(1 + days) between orders", "log(1 + days)", ALL),
        ("gap_variation", "standard deviation of the gaps over their mean", "ratio", ALL),
        ("gap_last", "days between the last two orders", LOG_DAYS, "the last 2 orders"),
        ("gap_before_last", "days between the two orders before", LOG_DAYS, "the last 3 orders"),
        ("gap_last_to_usual", "the last gap against the usual one", "difference of logs", ALL),
        ("lateness", "days since the last order against the mean gap", "log ratio", ALL),
        ("share_of_gaps_longer", "gaps at least as long as the present silence; −1 without a gap", SHARE, ALL),
    ]


def _baskets() -> Rows:
    return [
        ("basket_mean", "mean order", LOG_MONEY, ALL),
        ("basket_log_mean", "mean of the log of orders", "log(money in median orders)", ALL),
        ("basket_log_spread", "standard deviation of the log of orders", "log", ALL),
        ("basket_last", "the last order", "log(money in median orders)", "the last order"),
        ("basket_before_last", "the order before the last", "log(money in median orders)", "the last 2 orders"),
        ("basket_last_to_usual", "the last order against the usual one", "difference of logs", ALL),
        ("basket_largest", "the largest order", "log(money in median orders)", ALL),
    ]


def _contents() -> Rows:
    return [
        ("lines_mean", "lines an order", LOG_COUNT, ALL),
        ("quantity_mean", "units an order", "sign · log(1 + |count|)", ALL),
        ("price_level", "money a unit, times 10", LOG_MONEY, ALL),
        ("discount_share", "discounts over what orders would have cost without them", SHARE, ALL),
        ("discounted_orders", "orders with a discount", SHARE, ALL),
        ("variety", "different items ordered", LOG_COUNT, ALL),
        ("novelty_share", "lines with an item that was new to the customer", SHARE, ALL),
        ("novel_last", "new items in the last order", LOG_COUNT, "the last order"),
    ]


def _other_kinds() -> Rows:
    rows: Rows = [("return_money", "money returned", LOG_MONEY, ALL)]
    for kind in ("return", "view", "cart", "review", "contact"):
        rows += [
            (f"{kind}s_1h", f"{kind}s", LOG_COUNT, "the last H"),
            (f"{kind}s_decay", f"{kind}s", LOG_COUNT, f"{ALL}, weights halved every 0.25 H"),
            (f"{kind}s", f"{kind}s", LOG_COUNT, ALL),
        ]
    return [
        *rows,
        ("return_share", "money returned over money ordered", "ratio", ALL),
        ("last_seen", "days since the last moment of any kind", LOG_DAYS, ALL),
    ]
