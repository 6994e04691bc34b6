"""Amounts of simulated orders, and their lines from a catalogue by each customer's taste. Knows no dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, polygamma

from shijin.arrays import Floats, Ints
from shijin.simulate.knobs import Knobs
from shijin.simulate.lives import Lives

_FARTHEST = (-5.0, 6.0)  # deviations that a customer's usual basket may lie from the median
_WALK_ORDERS = 50  # number of orders after which the random walk of a basket has the deviation `basket_drift`
_MOST_VARIABLE = 2.0  # standard deviation of the log of a customer's baskets, unless all are so
_LARGEST_LOG = 25.0
_NO_SKEW = 0.05
_FAVOURITES = 4  # items that a customer buys again and again
_NAMES = ("kitchen", "bath", "garden", "lighting", "textiles", "candles", "stationery", "toys", "tea", "gifts")


@dataclass(frozen=True)
class Catalogue:
    """Items sorted by category: ids, category of each, price and the popularity summed up to each."""

    items: NDArray[np.str_]
    categories: NDArray[np.str_]
    category: Ints
    price: Floats
    popularity: Floats  # (v + 1,) cumulative shares, 0 .. 1


@dataclass(frozen=True)
class BasketLines:
    """Lines of m orders, sorted by order and item. cents : (l,) whole cents that sum to the order's."""

    order: Ints
    item: Ints
    quantity: Ints
    cents: Ints


def draw_amounts(knobs: Knobs, customer: Ints, shift: Floats, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Draw the amount of each order.

    Parameters
    ----------
    customer : (m,) rising
        Customer of each order; a customer's orders are in the order of time.
    shift : (n,)
        Added to the log of each customer's usual lognormal basket; see `log_basket_shift`.

    Returns
    -------
    cents : (m,)
        At least 1.
    mean_baskets : (n,)
        Each customer's true mean order, shop currency; exact where no knob of growth, drift or bulk is set.
    """
    n, m = knobs.customers, len(customer)
    if knobs.baskets == "gamma_gamma":
        scales = 1 / rng.gamma(knobs.basket_q, 1 / knobs.basket_gamma, n)
        means = knobs.basket_p * scales
        amounts = rng.standard_gamma(knobs.basket_p, m) * scales[customer]
    else:
        amounts, means = _lognormal_amounts(knobs, customer, shift, rng)
    return np.maximum(np.round(100 * amounts), 1).astype(np.int64), means


def log_basket_shift(knobs: Knobs, lives: Lives) -> Floats:
    """(n,) shift of the log of the usual basket by how often and how long customers order."""
    log_rates = np.log(np.maximum(lives.rates, 1e-9))
    by_rate = knobs.rate_basket_tie * np.clip(log_rates - np.median(log_rates), -4, 4)
    return by_rate + knobs.staying_basket_tie * lives.staying + knobs.one_timer_basket * lives.one_timer


def _lognormal_amounts(knobs: Knobs, customer: Ints, shift: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    n, m = knobs.customers, len(customer)
    tail = knobs.basket_tail
    personal = np.clip(rng.standard_t(tail, n), *_FARTHEST) if tail else rng.standard_normal(n)
    centres = np.log(knobs.basket_median) + knobs.basket_between * personal + shift
    personal = np.exp(knobs.basket_within_spread * rng.standard_normal(n))
    within = np.minimum(knobs.basket_within * personal, max(_MOST_VARIABLE, knobs.basket_within))
    logs = centres[customer] + within[customer] * _skewed(knobs.basket_skew, m, rng)
    if m:
        first = np.searchsorted(customer, np.arange(n))
        number = np.arange(m) - first[customer]
        logs += knobs.basket_growth * np.log1p(number)
        if knobs.basket_drift:
            walk = np.cumsum(rng.standard_normal(m))
            logs += knobs.basket_drift / np.sqrt(_WALK_ORDERS) * (walk - walk[np.minimum(first, m - 1)][customer])
    logs += knobs.bulk_lift * (rng.random(m) < knobs.bulk_share)
    return np.exp(np.clip(logs, -_LARGEST_LOG, _LARGEST_LOG)), np.exp(centres + _log_mean(knobs.basket_skew, within))


def _skewed(skew: float, m: int, rng: np.random.Generator) -> Floats:
    """(m,) noise of mean 0 and variance 1: normal, or the log of a gamma, mirrored for positive skewness.

    The log of a gamma of shape k has skewness near -1 / sqrt(k).
    """
    if abs(skew) < _NO_SKEW:
        return rng.standard_normal(m)
    shape = 1 / skew**2
    noise = np.log(np.maximum(rng.standard_gamma(shape, m), 1e-300)) - digamma(shape)
    return -np.sign(skew) * noise / np.sqrt(polygamma(1, shape))


def _log_mean(skew: float, within: Floats) -> Floats:
    """(n,) log of the mean of exp(within * noise)."""
    if abs(skew) < _NO_SKEW:
        return within**2 / 2
    shape = 1 / skew**2
    power = -np.sign(skew) * within / np.sqrt(polygamma(1, shape))
    return gammaln(np.maximum(shape + power, 1e-3)) - gammaln(shape) - power * digamma(shape)


def make_catalogue(knobs: Knobs, rng: np.random.Generator) -> Catalogue:
    """Make items ``sku-0001`` ... whose popularity follows Zipf's law, in random categories."""
    count = knobs.items
    category = np.sort(rng.integers(0, knobs.categories, count))
    weight = rng.permutation(1 / (np.arange(count) + 3.0) ** knobs.popularity)
    price = knobs.basket_median / knobs.lines_per_order * np.exp(0.6 * rng.standard_normal(count))
    items = np.array([f"sku-{number:04d}" for number in range(1, count + 1)], dtype=np.str_)
    names = [_NAMES[i] if i < len(_NAMES) else f"category-{i + 1:03d}" for i in range(knobs.categories)]
    popularity = np.concatenate([[0.0], np.cumsum(weight)]) / max(weight.sum(), 1e-300)
    return Catalogue(items, np.array(names, dtype=np.str_), category, price, popularity)


def draw_lines(
    knobs: Knobs, catalogue: Catalogue, customer: Ints, cents: Ints, rng: np.random.Generator
) -> BasketLines:
    """Fill each order with items to its customer's taste; line amounts follow list prices and sum to the order's."""
    counts = 1 + rng.poisson(knobs.lines_per_order - 1, len(customer))
    order = np.repeat(np.arange(len(customer)), counts)
    item = _draw_items(knobs, catalogue, customer[order], rng)
    quantity = rng.geometric(0.75, len(order))
    # The same item twice in one order is one line.
    key, place = np.unique(order * len(catalogue.items) + item, return_inverse=True)
    order, item = np.divmod(key, len(catalogue.items))
    quantity = np.bincount(place, weights=quantity).astype(np.int64)
    return BasketLines(order, item, quantity, _split_cents(order, catalogue.price[item] * quantity, cents))


def _draw_items(knobs: Knobs, catalogue: Catalogue, customer: Ints, rng: np.random.Generator) -> Ints:
    everywhere = _pick(catalogue, rng.random(len(customer)))
    favourite_category = catalogue.category[_pick(catalogue, rng.random(knobs.customers))]
    favourites = _pick_within(catalogue, np.repeat(favourite_category, _FAVOURITES), rng).reshape(-1, _FAVOURITES)
    favourite = favourites[customer, rng.integers(0, _FAVOURITES, len(customer))]
    in_category = _pick_within(catalogue, favourite_category[customer], rng)
    which = rng.random(len(customer))
    middle = (1 + knobs.loyalty) / 2
    return np.where(which < knobs.loyalty, favourite, np.where(which < middle, in_category, everywhere))


def _pick(catalogue: Catalogue, uniform: Floats) -> Ints:
    """Draw items by popularity: the inverse of the cumulative shares at uniform numbers."""
    item = np.searchsorted(catalogue.popularity, uniform, side="right") - 1
    return np.clip(item, 0, len(catalogue.items) - 1)


def _pick_within(catalogue: Catalogue, category: Ints, rng: np.random.Generator) -> Ints:
    first = np.searchsorted(catalogue.category, category, side="left")
    last = np.searchsorted(catalogue.category, category, side="right")
    # Items are sorted by category, so a category is one stretch of the cumulative shares.
    low, high = catalogue.popularity[first], catalogue.popularity[last]
    return np.clip(_pick(catalogue, low + (high - low) * rng.random(len(category))), first, last - 1)


def _split_cents(order: Ints, weight: Floats, cents: Ints) -> Ints:
    """Split each order's cents by weight; rounding the running sum keeps the total exact."""
    # Each line ends at its share of the order's cents, rounded; a line is the difference of two ends.
    running = np.cumsum(weight)
    starts = np.searchsorted(order, np.arange(len(cents)))
    before = np.concatenate([[0.0], running])[starts]
    total = np.add.reduceat(weight, starts) if len(order) else np.zeros(0)
    last = np.concatenate([order[1:] != order[:-1], [True]]) if len(order) else np.zeros(0, bool)
    share = np.where(last, 1.0, (running - before[order]) / total[order])
    until = np.round(share * cents[order]).astype(np.int64)
    # At the first line of an order the end of the order before it is added back.
    return np.diff(until, prepend=0) + np.concatenate([[0], np.where(last, cents[order], 0)[:-1]])
