"""The knobs of a simulated shop, of which each changes one thing, and presets that tests and the demo use."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Literal

from shijin.errors import ConfigError
from shijin.simulate.ranges import CHOICES, RANGES


@dataclass(frozen=True)
class Knobs:
    """All parameters of a simulated shop; days are the unit of time.

    Parameters
    ----------
    customers
        Number of people who ever join; those without a moment inside the window are not in the shop.
    days
        Length of the observed window. Shops bring 0.5 to 4 years.
    start
        First day of the window.
    before_days
        How long the shop had been running before the window: the window shows only the later part of the lives of
        people who joined then (left truncation). 0 for a cohort whose first orders are all seen.
    joining
        Newcomers' first orders are spread (by the calendar) over this share of the window; 0: all on its first day.
    growth
        0: as many join early as late. g > 0: after a part x of the time a share x^(1 + g) has joined; g < 0 mirrors
        this: ever fewer join. Measured on real shops: -.6 (Online Retail) to 1.
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
        The log of a rate is an Ornstein-Uhlenbeck process: its standard deviation, and its memory in days. 0: constant
        rates, as BTYD assumes; .1 to .9 and 40 to 2,000 days cover the measured correlations of two halves of a life.
    slowing
        The n-th gap is n^slowing times the first: interest fades or grows with use. -.3 to .3, a guess.
    regularity
        Shape k of the gamma gaps between orders: 1 is Poisson; below 1 clumpy; 2 and more like clockwork. Grocery
        panels 1 to 4 (Platzer and Reutterer 2016, table 3).
    regularity_spread
        Standard deviation of the log of each customer's own k. 0 to .7 (Platzer and Reutterer 2016: k is gamma, with a
        coefficient of variation near .5).
    clumps
        Share of gaps inside a clump of orders, a tenth as long; gaps are then mixed exponential instead of gamma. 0 to
        .5 (Zhang, Bradlow and Small 2015 find clumpiness in media and grocery).
    dropout
        ``none``; ``at_order``: after each repeat order with a personal probability (BG/NBD); ``lifetime``: after a
        personal time that does not depend on orders (Pareto/NBD).
    dropout_a, dropout_b
        Beta distribution of the personal dropout probability. CDNOW .79, 2.43 (Fader, Hardie and Lee 2005).
    lifetime_days, lifetime_shape, lifetime_spread
        Weibull lifetimes: their scale, which is the mean where the shape is 1 (exponential; below 1 many leave early),
        and the standard deviation of the log of each customer's own scale. 80 to 6,000 days, .4 to 1, 0 to 1.2.
    lifetime_rate_tie
        Lifetimes grow with the rate to this power. -.5 to .5 (Abe 2009: weak and of either sign).
    comeback
        Share of lost customers who come back for good, after 1.5 `lifetime_days` on average. Customers who dropped out
        at an order never come back. 0 to .4, a guess.
    one_timers
        Share of customers who leave after their first order, whatever their rate; they too may come back. Web shops .2
        to .7.
    busy_one_timers, late_one_timers
        The log odds of being a one-timer grow by the first for each unit of log activity of the shop at the time of
        joining (gifts and bargains bring people who do not stay), and by the second over the length of the window
        (early customers are more loyal). -.5 to 2 (Online Retail's December: .7), -.7 to 1.3, a guess.
    baskets
        How order amounts differ: ``gamma_gamma`` or ``lognormal``.
    basket_p, basket_q, basket_gamma
        Gamma amounts of shape p, whose scale is gamma / Gamma(q) for each customer. CDNOW 6.25, 3.74, 15.4 (Fader and
        Hardie 2013); p 1 to 15, q 1.8 to 8.
    basket_median, basket_between, basket_within
        Lognormal amounts: median, and the standard deviations of the log between and within customers. .1 to .73 and .3
        to 1.2 in nine real shops.
    basket_within_spread
        Standard deviation of the log of each customer's own variability. .26 to .67, one shop 3.3.
    basket_tail
        Degrees of freedom of a Student's t between customers, instead of the normal: a few are far larger. 0: normal;
        2.5 to 8 where the top hundredth of customers brings .3 of the money (Online Retail).
    basket_skew
        Skewness of the log of a customer's orders: below 0 there are many small orders among usual ones, such as
        top-ups between weekly shops; 0 is lognormal. -1.6 to .4 (CDNOW -.1, Complete Journey -.3, Online Retail -1.2).
    rate_basket_tie
        Log basket grows by this for each unit of log rate. -.3 to .5.
    staying_basket_tie
        Log basket grows by this for each standard deviation of a customer's tendency to stay. -.3 to .6: large
        customers stay (Online Retail).
    one_timer_basket
        Log of the ratio of one-timers' baskets to other customers'. -.8 to .4.
    basket_growth
        Log basket grows by this for each unit of log order number. -.1 to .1.
    basket_drift
        A customer's log basket is a random walk: its standard deviation after 50 orders. 0 to .5.
    bulk_share, bulk_lift
        Share of orders that are exp(lift) times larger: a stock-up, a company gift. 0 to .05; 1 to 2.5.
    season_amplitude, season_peak_day
        The order rate swings by +- this share over the year, highest on this day of it (340: early December).
    holiday_lift, holiday_day, holiday_width_days
        A steeper peak once a year: log of the factor on the order rate, day of the year, half width. 0 to 1.5; 7 to 35
        days (Online Retail: .9 around 11 November).
    trend
        Change of the log of all rates a year within the window. -.5 to .5.
    promotions, promotion_lift, promotion_days
        Number of promotions (or, where the lift is negative, disturbances) of the whole shop, the log of their factor
        on the order rate, their length. 0 to 3; -.6 to .6; 3 to 80 days.
    weekend
        Extra order rate on Saturdays and Sundays, as a share: -.9 (wholesale) to 1.
    return_share, return_spread
        Share of orders of which one line is returned, 2 to 20 days later, and the standard deviation of the log odds
        between customers; the share is then the median customer's. Grocery .005, fashion .3 and more; 0 to 1.5.
    discount_share
        Share of orders bought 10 to 30 % off. 0 to .6.
    views_per_order, idle_views
        Mean number of views in the days before an order; and, for each order, of later views that lead to no order. .2
        to 4 and .1 to 3, a guess: no public data set has them.
    carts_per_order
        Mean number of carts in the days before an order; half as many more are filled and abandoned. 0 to 1.2, a guess.
    reviews_per_order, contacts_per_order
        Share of orders that are followed, some days later, by a review or by a contact. 0 to .4; 0 to .15, a guess.
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
    shijin.errors.ConfigError: Knobs.season_amplitude: 2.0 is out of range. Cure: choose 0 to 0.95.
    >>> Knobs(clock="hour")
    Traceback (most recent call last):
    shijin.errors.ConfigError: Knobs.clock: 'hour' is unknown. Cure: choose one of: minute, day.
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
            low, high = RANGES.get(knob.name, (0, 0))
            if knob.name in RANGES and value is not None and not low <= value <= high:
                raise ConfigError("simulate.knob_out_of_range", f"Knobs.{knob.name}", value=value, low=low, high=high)
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                value, known = getattr(self, name), ", ".join(choices)
                raise ConfigError("simulate.unknown_choice", f"Knobs.{name}", value=value, choices=known)


# A small web shop of home goods: two years, customers join all along, a strong Christmas, many one-timers.
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

# Exactly BG/NBD and Gamma-Gamma; rates are so low that two orders on one day are rare.
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
