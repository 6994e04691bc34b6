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
    "growth": (-5, 5),
    "founders": (0, 1),
    "rate_shape": (0.05, 100),
    "rate_scale_days": (0.1, 1e5),
    "rate_median_days": (0.1, 1e5),
    "rate_spread": (0, 4),
    "drift_spread": (0, 3),
    "drift_days": (1, 1e5),
    "slowing": (-1, 1),
    "regularity": (0.2, 50),
    "regularity_spread": (0, 2),
    "clumps": (0, 0.9),
    "dropout_a": (0.01, 1000),
    "dropout_b": (0.01, 1000),
    "lifetime_days": (1, 1e6),
    "lifetime_shape": (0.2, 10),
    "lifetime_spread": (0, 3),
    "lifetime_rate_tie": (-2, 2),
    "comeback": (0, 1),
    "one_timers": (0, 1),
    "busy_one_timers": (-5, 5),
    "late_one_timers": (-5, 5),
    "basket_p": (0.1, 1000),
    "basket_q": (1.01, 1000),
    "basket_gamma": (1e-3, 1e6),
    "basket_median": (0.1, 1e6),
    "basket_between": (0, 3),
    "basket_within": (0, 3),
    "basket_within_spread": (0, 2),
    "basket_tail": (0, 100),
    "basket_skew": (-5, 5),
    "rate_basket_tie": (-2, 2),
    "staying_basket_tie": (-2, 2),
    "one_timer_basket": (-3, 3),
    "basket_growth": (-1, 1),
    "basket_drift": (0, 2),
    "bulk_share": (0, 1),
    "bulk_lift": (0, 5),
    "season_amplitude": (0, 0.95),
    "season_peak_day": (0, 366),
    "holiday_lift": (-2, 3),
    "holiday_day": (0, 366),
    "holiday_width_days": (1, 100),
    "trend": (-5, 5),
    "promotions": (0, 100),
    "promotion_lift": (-2, 2),
    "promotion_days": (1, 400),
    "weekend": (-1, 3),
    "return_share": (0, 1),
    "return_spread": (0, 5),
    "discount_share": (0, 1),
    "views_per_order": (0, 100),
    "idle_views": (0, 100),
    "carts_per_order": (0, 10),
    "reviews_per_order": (0, 1),
    "contacts_per_order": (0, 1),
    "items": (0, 100_000),
    "categories": (1, 1000),
    "lines_per_order": (1, 100),
    "popularity": (0, 3),
    "loyalty": (0, 1),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "rates": ("gamma", "lognormal"),
    "dropout": ("none", "at_order", "lifetime"),
    "baskets": ("gamma_gamma", "lognormal"),
    "clock": ("minute", "day"),
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
        Newcomers' first orders are spread (by the calendar) over this share of the window; 0: all on its first day.
    growth
        0: as many join early as late. g > 0: the share who have joined after a part x of the time is x^(1 + g); g < 0
        mirrors it, a shop that wins ever fewer. Shops at hand -.6 (Online Retail) to 1.
    founders
        Share of customers who joined before the window, evenly over `before_days`; None: joining is even over both.
        Complete Journey 1 (a panel), CDNOW 0 (a cohort).
    rates
        How order rates differ: ``gamma`` or ``lognormal``.
    rate_shape, rate_scale_days
        Gamma rates: mean shape / scale orders a day. Fitted to real shops: r .2 to 4, alpha 4 (CDNOW, in weeks) to 200
        days (Fader, Hardie and Lee 2005, section 4).
    rate_median_days, rate_spread
        Lognormal rates: days between orders of the median customer, and the standard deviation of the log. 1.2 to 300
        days; .5 to 1.6 (Abe 2009, table 3: 1.2 for CDNOW; Complete Journey .8).
    drift_spread, drift_days
        A rate wanders as an Ornstein-Uhlenbeck process on its log: how far, and how many days it remembers. 0: constant
        rates, as BTYD has them; .1 to .9 and 40 to 2,000 days cover how counts of two halves of a life correlate.
    slowing
        The n-th gap is n^slowing times the first: interest that fades or grows with use. -.3 to .3, a guess.
    regularity
        Shape k of the gamma gaps between orders: 1 is Poisson; below 1 clumpy; 2 and more like clockwork. Grocery
        panels 1 to 4 (Platzer and Reutterer 2016, table 3).
    regularity_spread
        Standard deviation of the log of each customer's own k. 0 to .7 (Platzer and Reutterer 2016: k is gamma, with a
        coefficient of variation near .5).
    clumps
        Share of gaps that are within a clump of orders, a tenth as long; gaps are then not gamma but mixed exponential.
        0 to .5 (Zhang, Bradlow and Small 2015 find clumpiness in media and grocery).
    dropout
        ``none``; ``at_order``: after each repeat order with a personal probability (BG/NBD); ``lifetime``: after a
        personal time whatever they do (Pareto/NBD).
    dropout_a, dropout_b
        Beta distribution of the personal dropout probability. CDNOW .79, 2.43 (Fader, Hardie and Lee 2005).
    lifetime_days, lifetime_shape, lifetime_spread
        Weibull lifetimes: their scale, which is the mean where the shape is 1 (exponential; below 1 many leave early),
        and the standard deviation of the log of each customer's own scale. 80 to 6,000 days, .4 to 1, 0 to 1.2.
    lifetime_rate_tie
        Lifetimes grow with the rate to this power. -.5 to .5 (Abe 2009: weak and of either sign).
    comeback
        Share of those who left who come back for good, after 1.5 `lifetime_days` on average; nobody does who dropped
        out at an order. 0 to .4, a guess.
    one_timers
        Share who leave after their first order whatever their rate; they too may come back. Web shops .2 to .7.
    busy_one_timers, late_one_timers
        The log odds of being one grow by this for each unit of the log of how busy the shop is when they join (gifts
        and bargains bring people who do not stay), and over the length of the window (who was there early is a friend
        of the shop). -.5 to 2 (Online Retail's December: .7), -.7 to 1.3, a guess.
    baskets
        How order amounts differ: ``gamma_gamma`` or ``lognormal``.
    basket_p, basket_q, basket_gamma
        Gamma amounts of shape p, whose scale is gamma / Gamma(q) for each customer. CDNOW 6.25, 3.74, 15.4 (Fader and
        Hardie 2013); p 1 to 15, q 1.8 to 8.
    basket_median, basket_between, basket_within
        Lognormal amounts: median, and the standard deviations of the log between and within customers. .1 to .73 and
        .3 to 1.2 in nine real shops.
    basket_within_spread
        Standard deviation of the log of each customer's own variability. .26 to .67, one shop 3.3.
    basket_tail
        Degrees of freedom of a Student's t between customers instead of the normal: a few are far larger. 0: normal;
        2.5 to 8 where the top hundredth brings .3 of the money (Online Retail).
    basket_skew
        Skewness of the log of a customer's orders: below 0 there are many small ones among usual ones, as where top-ups
        stand beside the weekly shop; 0 is lognormal. -1.6 to .4 (CDNOW -.1, Complete Journey -.3, Online Retail -1.2).
    rate_basket_tie
        Log basket grows by this for each unit of log rate. -.3 to .5.
    staying_basket_tie
        Log basket grows by this for each standard deviation by which a customer tends to stay longer than others.
        -.3 to .6: large customers stay (Online Retail).
    one_timer_basket
        Log of how many times larger the baskets of those are who never come again. -.8 to .4.
    basket_growth
        Log basket grows by this for each unit of log order number. -.1 to .1.
    basket_drift
        How far a customer's log basket has wandered by a random walk after 50 orders, standard deviation. 0 to .5.
    bulk_share, bulk_lift
        Share of orders that are exp(lift) times larger: a stock-up, a gift to the firm. 0 to .05; 1 to 2.5.
    season_amplitude, season_peak_day
        The order rate swings by +- this share over the year, highest on this day of it (340: early December).
    holiday_lift, holiday_day, holiday_width_days
        A steeper peak once a year: log of how many times busier, on which day of the year, half width. 0 to 1.5; 7 to
        35 days (Online Retail: .9 around 11 November).
    trend
        Change of the log of all rates a year within the window. -.5 to .5.
    promotions, promotion_lift, promotion_days
        How many times something lifts (or, negative, disturbs) the whole shop, log of how much, for how long. 0 to 3;
        -.6 to .6; 3 to 80 days.
    weekend
        How much busier Saturdays and Sundays are: -.9 (wholesale) to 1.
    return_share, return_spread
        Share of orders of which one line comes back, 2 to 20 days later, and the standard deviation of each customer's
        own log odds, whose median the share then is. Grocery .005, fashion .3 and more; 0 to 1.5.
    discount_share
        Share of orders bought 10 to 30 % off. 0 to .6.
    views_per_order, idle_views
        Mean number of views in the days before an order; and of views that lead to none, later on, for each order.
        .2 to 4 and .1 to 3, a guess: no public shop at hand tells.
    carts_per_order
        Mean number of carts in the days before an order; half as many are filled and left. 0 to 1.2, a guess.
    reviews_per_order, contacts_per_order
        Share of orders reviewed, and asked about, some days later. 0 to .4; 0 to .15, a guess.
    items, categories
        Size of the catalogue; 0 items: orders have one line without an item.
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
        When a knob is out of range, or a choice unknown.

    Examples
    --------
    >>> Knobs(customers=10).regularity
    1.0
    >>> Knobs(season_amplitude=2.0)
    Traceback (most recent call last):
    shijin.errors.ConfigError: knob season_amplitude: 2.0 is out of range. Cure: choose 0 to 0.95.
    >>> Knobs(clock="hour")
    Traceback (most recent call last):
    shijin.errors.ConfigError: knob clock: 'hour' is unknown. Cure: choose minute or day.
    """

    customers: int = 1000
    days: int = 730
    start: date = date(2023, 1, 2)
    before_days: int = 0
    joining: float = 0.5
    growth: float = 0.0
    founders: float | None = None
    rates: Literal["gamma", "lognormal"] = "gamma"
    rate_shape: float = 0.8
    rate_scale_days: float = 60.0
    rate_median_days: float = 60.0
    rate_spread: float = 1.0
    drift_spread: float = 0.0
    drift_days: float = 400.0
    slowing: float = 0.0
    regularity: float = 1.0
    regularity_spread: float = 0.0
    clumps: float = 0.0
    dropout: Literal["none", "at_order", "lifetime"] = "at_order"
    dropout_a: float = 0.8
    dropout_b: float = 2.5
    lifetime_days: float = 500.0
    lifetime_shape: float = 1.0
    lifetime_spread: float = 0.0
    lifetime_rate_tie: float = 0.0
    comeback: float = 0.0
    one_timers: float = 0.0
    busy_one_timers: float = 0.0
    late_one_timers: float = 0.0
    baskets: Literal["gamma_gamma", "lognormal"] = "lognormal"
    basket_p: float = 6.25
    basket_q: float = 3.74
    basket_gamma: float = 15.4
    basket_median: float = 40.0
    basket_between: float = 0.5
    basket_within: float = 0.5
    basket_within_spread: float = 0.0
    basket_tail: float = 0.0
    basket_skew: float = 0.0
    rate_basket_tie: float = 0.0
    staying_basket_tie: float = 0.0
    one_timer_basket: float = 0.0
    basket_growth: float = 0.0
    basket_drift: float = 0.0
    bulk_share: float = 0.0
    bulk_lift: float = 1.5
    season_amplitude: float = 0.0
    season_peak_day: float = 340.0
    holiday_lift: float = 0.0
    holiday_day: float = 355.0
    holiday_width_days: float = 15.0
    trend: float = 0.0
    promotions: int = 0
    promotion_lift: float = 0.3
    promotion_days: float = 14.0
    weekend: float = 0.0
    return_share: float = 0.0
    return_spread: float = 0.0
    discount_share: float = 0.0
    views_per_order: float = 0.0
    idle_views: float = 0.0
    carts_per_order: float = 0.0
    reviews_per_order: float = 0.0
    contacts_per_order: float = 0.0
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
            if knob.name in _RANGES and value is not None and not low <= value <= high:
                problem = f"{value} is out of range"
                raise ConfigError(problem, f"knob {knob.name}", f"choose {low:g} to {high:g}")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                problem = f"{getattr(self, name)!r} is unknown"
                raise ConfigError(problem, f"knob {name}", f"choose {' or '.join(choices)}")


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
