"""What a simulated shop is made of. A knob changes one thing; presets are shops worth having at hand."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Literal

from shijin.errors import ConfigError

_RANGES: dict[str, tuple[float, float]] = {
    "customers": (1, 10_000_000),
    "days": (1, 10_000),
    "before_days": (0, 10_000),
    "joining": (0, 1),
    "rate_shape": (0.05, 100),
    "rate_scale_days": (0.1, 1e5),
    "regularity": (0.2, 50),
    "dropout_a": (0.01, 1000),
    "dropout_b": (0.01, 1000),
    "lifetime_days": (1, 1e6),
    "one_timers": (0, 1),
    "basket_p": (0.1, 1000),
    "basket_q": (1.01, 1000),
    "basket_gamma": (1e-3, 1e6),
    "basket_median": (0.1, 1e6),
    "basket_between": (0, 3),
    "basket_within": (0, 3),
    "season_amplitude": (0, 0.95),
    "season_peak_day": (0, 366),
    "return_share": (0, 1),
    "discount_share": (0, 1),
    "views_per_order": (0, 100),
    "items": (0, 100_000),
    "categories": (1, 1000),
    "lines_per_order": (1, 100),
    "popularity": (0, 3),
    "loyalty": (0, 1),
}


@dataclass(frozen=True)
class Knobs:
    """Everything that can be turned on a simulated shop; days are the unit of time.

    Parameters
    ----------
    customers
        How many people ever join; those without a moment inside the window do not show.
    days
        Length of the observed window. Shops bring 0.5 to 4 years.
    start
        First day of the window.
    before_days
        How long the shop had been running before the window: people who joined then are seen from the window's first
        day on only (left truncation). 0 for a cohort whose first orders are all seen.
    joining
        First orders are spread evenly (by the season) over this share of the window; 0: all on its first day.
    rate_shape, rate_scale_days
        Individual order rates are gamma: mean shape / scale orders a day. Fitted to real shops: r .2 to 4, alpha 4
        (CDNOW, in weeks) to 200 days (Fader, Hardie and Lee 2005, section 4).
    regularity
        Shape k of the gamma gaps between orders: 1 is Poisson; below 1 clumpy; 2 and more like clockwork. Grocery
        panels 1 to 4 (Platzer and Reutterer 2016, table 3).
    dropout
        ``none``; ``at_order``: after each repeat order with a personal probability (BG/NBD); ``lifetime``: after a
        personal time whatever they do (Pareto/NBD).
    dropout_a, dropout_b
        Beta distribution of the personal dropout probability. CDNOW .79, 2.43 (Fader, Hardie and Lee 2005).
    lifetime_days
        Mean of the exponential lifetimes.
    one_timers
        Share who never come again whatever their rate. Web shops .2 to .7.
    baskets
        ``gamma_gamma``: order amounts gamma with shape ``basket_p``, whose scale differs between customers (q, gamma:
        CDNOW 6.25, 3.74, 15.4; Fader and Hardie 2013); ``lognormal``: median and the standard deviations of the log
        between and within customers (.1 to .7 and .3 to 1 in nine real shops).
    season_amplitude, season_peak_day
        The order rate swings by +- this share over the year, highest on this day of it (340: early December).
    return_share
        Share of orders of which one line comes back, 2 to 20 days later. Grocery .005, fashion .3 and more.
    discount_share
        Share of orders bought 10 to 30 % off.
    views_per_order
        Mean number of item views in the days before an order.
    items, categories
        Size of the catalogue; 0 items: orders have no lines.
    lines_per_order
        Mean number of lines drawn for an order; equal items merge into one.
    popularity
        Exponent of the Zipf law of item popularity. Retail .6 to 1.1.
    loyalty
        Share of lines picked from a customer's few favourite items; half of the rest come from a favourite category.
    clock
        ``minute``, or ``day``: every moment at midnight, as in files that hold dates only.

    Raises
    ------
    ConfigError
        When a knob is out of range.

    Examples
    --------
    >>> Knobs(customers=10).regularity
    1.0
    >>> Knobs(season_amplitude=2.0)
    Traceback (most recent call last):
    shijin.errors.ConfigError: knob season_amplitude: 2.0 is out of range. Cure: choose 0 to 0.95.
    """

    customers: int = 1000
    days: int = 730
    start: date = date(2023, 1, 2)
    before_days: int = 0
    joining: float = 0.5
    rate_shape: float = 0.8
    rate_scale_days: float = 60.0
    regularity: float = 1.0
    dropout: Literal["none", "at_order", "lifetime"] = "at_order"
    dropout_a: float = 0.8
    dropout_b: float = 2.5
    lifetime_days: float = 500.0
    one_timers: float = 0.0
    baskets: Literal["gamma_gamma", "lognormal"] = "lognormal"
    basket_p: float = 6.25
    basket_q: float = 3.74
    basket_gamma: float = 15.4
    basket_median: float = 40.0
    basket_between: float = 0.5
    basket_within: float = 0.5
    season_amplitude: float = 0.0
    season_peak_day: float = 340.0
    return_share: float = 0.0
    discount_share: float = 0.0
    views_per_order: float = 0.0
    items: int = 200
    categories: int = 8
    lines_per_order: float = 2.5
    popularity: float = 0.9
    loyalty: float = 0.35
    clock: Literal["minute", "day"] = "minute"

    def __post_init__(self) -> None:
        for knob in fields(self):
            value = getattr(self, knob.name)
            low, high = _RANGES.get(knob.name, (0, 0))
            if knob.name in _RANGES and not low <= value <= high:
                problem = f"{value} is out of range"
                raise ConfigError(problem, f"knob {knob.name}", f"choose {low:g} to {high:g}")


# A small web shop of home goods: two years, customers joining all along, a strong Christmas, many who come once.
DEMO = Knobs(
    customers=3000,
    joining=0.95,
    rate_shape=1.2,
    rate_scale_days=70.0,
    regularity=1.4,
    dropout_a=0.7,
    dropout_b=3.5,
    one_timers=0.25,
    basket_median=38.0,
    basket_between=0.45,
    basket_within=0.6,
    season_amplitude=0.35,
    return_share=0.05,
    discount_share=0.15,
    views_per_order=1.5,
    items=240,
    categories=10,
    lines_per_order=2.8,
)

# Obeys BG/NBD and Gamma-Gamma to the letter; rates low enough that two orders on one day are rare.
BGNBD_GAMMA = Knobs(
    customers=4000,
    days=900,
    joining=0.3,
    rate_shape=0.9,
    rate_scale_days=80.0,
    dropout_a=0.8,
    dropout_b=2.4,
    baskets="gamma_gamma",
    items=0,
)
