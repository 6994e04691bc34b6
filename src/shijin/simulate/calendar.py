"""The calendar of a shop: season, holidays, trend, promotions and weekdays, as one clock for all customers.

Customers order in operational time, which runs faster when the shop is busy; the calendar maps it to days and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np

from shijin.arrays import Floats
from shijin.simulate.knobs import Knobs

YEAR_DAYS = 365.25
_NEVER = np.inf
_WEEK = 7.0
_STEEPEST_TREND = 1.5  # change of the log over the whole window: a steeper trend is clipped


@dataclass(frozen=True)
class Calendar:
    """Operational time against days since the window's first midnight, linear within a day.

    days : (g,) rising, whole days from before the window to its end
    elapsed_at : (g,) operational time since day 0
    """

    days: Floats
    elapsed_at: Floats

    @classmethod
    def of(cls, knobs: Knobs, rng: np.random.Generator) -> Self:
        """Build a shop's calendar; only the days of its promotions are random."""
        days = np.arange(-np.ceil(knobs.before_days) - 1, knobs.days + 2, dtype=np.float64)
        middle = days[:-1] + 0.5
        busy = _season(knobs, middle) * _holiday(knobs, middle) * _weekday(knobs, middle)
        span = max(knobs.days / YEAR_DAYS, 1e-9)
        trend = np.clip(knobs.trend, -_STEEPEST_TREND / span, _STEEPEST_TREND / span)
        busy *= np.exp(trend * np.clip(middle, 0, None) / YEAR_DAYS)
        busy *= _promotions(knobs, middle, rng)
        elapsed = np.concatenate([[0.0], np.cumsum(busy)])
        return cls(days, elapsed - np.interp(0.0, days, elapsed))

    def elapsed(self, day: Floats) -> Floats:
        """Operational time of days."""
        return np.interp(day, self.days, self.elapsed_at)

    def day_at(self, elapsed: Floats) -> Floats:
        """Day of operational times; inf after the window."""
        return np.interp(elapsed, self.elapsed_at, self.days, right=_NEVER)

    def log_busy(self, day: Floats) -> Floats:
        """Log of the shop's activity in the week around each day, compared with all its days."""
        first, last = self.days[0], self.days[-1]
        start = np.clip(day - _WEEK / 2, first, max(last - _WEEK, first))
        end = np.minimum(start + _WEEK, last)
        speed = (self.elapsed(end) - self.elapsed(start)) / (end - start)
        usual = (self.elapsed_at[-1] - self.elapsed_at[0]) / (last - first)
        return np.log(np.maximum(speed, 1e-9) / usual)


def _season(knobs: Knobs, day: Floats) -> Floats:
    since_peak = _day_of_year(knobs, day) - knobs.season_peak_day
    return 1 + knobs.season_amplitude * np.cos(2 * np.pi / YEAR_DAYS * since_peak)


def _holiday(knobs: Knobs, day: Floats) -> Floats:
    """A peak once a year that is steeper than a season: Christmas, Singles' Day, Mother's Day."""
    half = YEAR_DAYS / 2
    away = np.abs((_day_of_year(knobs, day) - knobs.holiday_day + half) % YEAR_DAYS - half)
    return 1 + np.expm1(knobs.holiday_lift) * np.exp(-((away / knobs.holiday_width_days) ** 2))


def _weekday(knobs: Knobs, day: Floats) -> Floats:
    weekday = (np.floor(day).astype(np.int64) + knobs.start.weekday()) % 7
    return np.where(weekday >= 5, 1 + knobs.weekend, 1.0)


def _promotions(knobs: Knobs, day: Floats, rng: np.random.Generator) -> Floats:
    starts = rng.uniform(0, knobs.days, knobs.promotions)
    running = np.zeros(len(day))
    for start in starts:
        running += (day >= start) & (day < start + knobs.promotion_days)
    return np.exp(knobs.promotion_lift * np.minimum(running, 1))


def _day_of_year(knobs: Knobs, day: Floats) -> Floats:
    first = (knobs.start - date(knobs.start.year, 1, 1)).days
    return day + first
