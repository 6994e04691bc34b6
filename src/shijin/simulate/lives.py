"""When simulated customers order: personal rates, gaps, dropout and the season. Knows no money and no items.

Orders are a renewal process in operational time, which runs faster in season; it is mapped back to the calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from shijin.simulate.knobs import Knobs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

YEAR_DAYS = 365.25
_BLOCK = 8  # orders drawn at once for everybody still active
_NEVER = np.inf


@dataclass(frozen=True)
class Lives:
    """m orders of n customers; days count from the window's first midnight.

    customer : (m,) rising
    day : (m,) >= 0, rising within a customer
    rates : (n,) orders a day of operational time while alive
    drop_chances : (n,) probability of dropping out at a repeat order; 0 where dropout is not of that kind
    births, deaths : (n,) days; births may lie before the window, deaths are inf where none fell into it
    """

    customer: Ints
    day: Floats
    rates: Floats
    drop_chances: Floats
    births: Floats
    deaths: Floats


@dataclass(frozen=True)
class Season:
    """The map between calendar days and operational time for one shop."""

    amplitude: float
    phase_days: float  # of the first peak after the window's first day

    @classmethod
    def of(cls, knobs: Knobs) -> Season:
        """Build the season of a shop that starts on its knobs' day."""
        first = (knobs.start - date(knobs.start.year, 1, 1)).days
        return cls(knobs.season_amplitude, knobs.season_peak_day - first)

    def elapsed(self, day: Floats) -> Floats:
        """Operational time since day 0: the integral of ``1 + A cos(2 pi (t - phase) / year)``."""
        turn = 2 * np.pi / YEAR_DAYS
        swing = np.sin(turn * (day - self.phase_days)) - np.sin(-turn * self.phase_days)
        return np.asarray(day + self.amplitude / turn * swing)

    def day_at(self, elapsed: Floats, first: float, last: float) -> Floats:
        """Invert `elapsed` between two days by interpolation on a grid of quarter days."""
        if not self.amplitude:
            return elapsed
        grid = np.linspace(first, last, int(4 * (last - first)) + 2)
        return np.interp(elapsed, self.elapsed(grid), grid, right=_NEVER)


def simulate_lives(knobs: Knobs, rng: np.random.Generator) -> Lives:
    """Draw the order times of every customer inside the window."""
    n, season = knobs.customers, Season.of(knobs)
    rates = np.maximum(rng.gamma(knobs.rate_shape, 1 / knobs.rate_scale_days, n), 1e-9)
    at_order = knobs.dropout == "at_order"
    drop_chances = rng.beta(knobs.dropout_a, knobs.dropout_b, n) if at_order else np.zeros(n)
    births = _births(knobs, season, rng)
    lifetimes = rng.exponential(knobs.lifetime_days, n) if knobs.dropout == "lifetime" else np.full(n, _NEVER)
    deaths = np.where(rng.random(n) < knobs.one_timers, births, births + lifetimes)
    customer, day = _orders(knobs, rng, (rates, drop_chances, births), deaths)
    deaths[deaths >= knobs.days] = _NEVER  # what comes after the window has not happened yet
    seen = (day >= 0) & (day < knobs.days)
    by_customer = np.lexsort((day[seen], customer[seen]))
    return Lives(customer[seen][by_customer], day[seen][by_customer], rates, drop_chances, births, deaths)


def _births(knobs: Knobs, season: Season, rng: np.random.Generator) -> Floats:
    first, last = -float(knobs.before_days), max(knobs.joining * knobs.days, min(1.0, knobs.days))
    low, high = season.elapsed(np.array([first, last]))
    return season.day_at(rng.uniform(low, high, knobs.customers), first, last)


def _orders(
    knobs: Knobs, rng: np.random.Generator, people: tuple[Floats, Floats, Floats], deaths: Floats
) -> tuple[Ints, Floats]:
    """All orders, the first at birth. Writes the deaths of those who drop out at an order into `deaths`."""
    rates, drop_chances, births = people
    season, window = Season.of(knobs), (-float(knobs.before_days), float(knobs.days))
    customers, days = [np.arange(len(rates))], [births]
    active = np.flatnonzero(deaths > births)
    elapsed = season.elapsed(births[active])
    while len(active):
        shape = (len(active), _BLOCK)
        scale = 1 / (knobs.regularity * rates[active])
        steps = rng.standard_gamma(knobs.regularity, shape) * scale[:, None]
        elapsed_at = elapsed[:, None] + np.cumsum(steps, axis=1)
        day_at = season.day_at(elapsed_at, *window)
        drops = rng.random(shape) < drop_chances[active][:, None]
        dropped_before = np.cumsum(drops, axis=1) - drops > 0
        happened = ~dropped_before & (day_at < np.minimum(deaths[active], knobs.days)[:, None])
        row, column = np.nonzero(happened & drops)
        deaths[active[row]] = day_at[row, column]
        row, column = np.nonzero(happened)
        customers.append(active[row])
        days.append(day_at[row, column])
        goes_on = happened[:, -1] & ~drops[:, -1]
        active, elapsed = active[goes_on], elapsed_at[goes_on, -1]
    return np.concatenate(customers), np.concatenate(days)
