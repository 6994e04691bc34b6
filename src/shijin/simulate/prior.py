"""The prior over shops: every draw is another shop, with another horizon to be forecast.

`knobs.Knobs` documents the ranges; this file decides how often each property occurs. `benchmarks/look.py` shows where
real shops lie in the prior. Real shops were used to decide how wide a range must be, never where its middle is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from shijin.simulate.knobs import Knobs

HORIZON_DAYS = (7, 365)
HISTORY_HORIZONS = (0.5, 16.0)
HISTORY_DAYS = (21, 1500)
GAP_DAYS = (1.2, 300.0)  # of the median customer
MOST_ORDERS = 220.0  # of the median customer, within the window
CUSTOMERS = (30, 1600)
CALM = 0.22  # share of calm shops; see `_calmer`
GUESTS = 0.35  # share of shops with a second crowd of customers
MOST_MOMENTS = 60_000  # expected of a whole shop: busier shops have fewer customers
_LEAST_CUSTOMERS = 100  # of such shops
_HOLIDAYS = (355.0, 330.0, 315.0, 130.0, 45.0)  # days of the year: Christmas, Black Friday, Singles' Day ...
_FIRST_DAY = date(2012, 1, 1)


@dataclass(frozen=True)
class Task:
    """A shop to be simulated, and the window to be forecast: the last `horizon_days` of it.

    guests : knobs of further crowds of customers
    """

    knobs: Knobs
    horizon_days: int
    guests: tuple[Knobs, ...] = ()

    @property
    def customers(self) -> int:
        """All customers of the shop."""
        return sum(crowd.customers for crowd in (self.knobs, *self.guests))

    @property
    def history_days(self) -> int:
        """Days before the forecast's cutoff."""
        return self.knobs.days - self.horizon_days


def draw_task(rng: np.random.Generator, customers: int | None = None, **fixed: Any) -> Task:  # noqa: ANN401
    """Draw a shop and a horizon.

    Parameters
    ----------
    customers
        How many in all; drawn too where None.
    fixed
        Knobs held at a value, for ablations.

    Examples
    --------
    >>> task = draw_task(np.random.default_rng(1))
    >>> 7 <= task.horizon_days <= 365, draw_task(np.random.default_rng(1)) == task
    (True, True)
    """
    horizon = _log_uniform(rng, *HORIZON_DAYS)
    history = float(np.clip(horizon * _log_uniform(rng, *HISTORY_HORIZONS), *HISTORY_DAYS))
    days = round(history) + round(horizon)
    gap = max(_log_uniform(rng, *GAP_DAYS), days / MOST_ORDERS)
    drawn: dict[str, Any] = {
        "days": days,
        "start": _FIRST_DAY + timedelta(days=int(rng.integers(0, 4000))),
        "items": 0,
        "clock": str(rng.choice(["minute", "day"])),
    }
    drawn |= _joining(rng, history)
    drawn |= _rates(rng, gap)
    drawn |= _gaps(rng)
    drawn |= _leaving(rng)
    drawn |= _baskets(rng)
    drawn |= _calendar(rng)
    drawn |= _around_orders(rng)
    if rng.random() < CALM:
        drawn |= _calmer(rng, drawn)
    as_many = _customers(rng, days / gap)
    drawn["customers"] = customers or as_many
    guests = [_guests(rng, drawn, gap)] if rng.random() < GUESTS else []
    for guest in guests:
        drawn["customers"] = max(drawn["customers"] - guest["customers"], 1)
    return Task(Knobs(**(drawn | fixed)), round(horizon), tuple(Knobs(**(guest | fixed)) for guest in guests))


def _guests(rng: np.random.Generator, drawn: dict[str, Any], gap: float) -> dict[str, Any]:
    """A second crowd of the same shop: it differs in some ways and has the same calendar."""
    guest = drawn | {"customers": max(round(drawn["customers"] * rng.uniform(0.05, 0.5)), 1)}
    lean = {"basket_median": _log_uniform(rng, 0.25, 4.0) * Knobs.basket_median}
    other_gap = max(gap * _log_uniform(rng, 0.25, 4.0), drawn["days"] / MOST_ORDERS)
    ways = (_rates(rng, other_gap), _gaps(rng), _leaving(rng), _baskets(rng) | lean)
    for way in ways:
        guest |= way if rng.random() < 0.7 else {}
    return guest


def _calmer(rng: np.random.Generator, drawn: dict[str, Any]) -> dict[str, Any]:
    """A mature shop of regular customers: little season, few lost customers, and none far larger than the rest."""
    calm: dict[str, Any] = {
        "season_amplitude": float(rng.uniform(0, 0.15)),
        "holiday_lift": float(rng.uniform(0, 0.3)),
        "trend": float(rng.normal(0, 0.08)),
        "promotions": 0,
        "basket_tail": 0.0,
        "bulk_share": drawn.get("bulk_share", 0.0) / 4,
        "drift_spread": drawn.get("drift_spread", 0.0) / 2,
        "rate_spread": float(rng.uniform(0.3, 1.0)),
        "rate_shape": max(drawn.get("rate_shape", 1.0), 1.0),
    }
    if drawn["dropout"] == "lifetime":
        calm["lifetime_days"] = max(drawn["lifetime_days"], _log_uniform(rng, 800, 6000))
    if rng.random() < 0.7:
        calm["one_timers"] = 0.0
    if drawn.get("rates") == "gamma":
        calm["rate_scale_days"] = drawn["rate_scale_days"] / drawn["rate_shape"] * calm["rate_shape"]
    return calm


def _customers(rng: np.random.Generator, orders_each: float) -> int:
    drawn = _log_uniform(rng, *CUSTOMERS) if rng.random() < 0.35 else _log_uniform(rng, CUSTOMERS[1] / 4, CUSTOMERS[1])
    return round(min(drawn, max(MOST_MOMENTS / (orders_each + 3), _LEAST_CUSTOMERS)))


def _joining(rng: np.random.Generator, history: float) -> dict[str, Any]:
    before = round(rng.uniform(0.2, 2.0) * history)
    growth = float(np.clip(rng.normal(0, 0.8), -4, 4))
    match rng.choice(["cohort", "panel", "new", "mixed"], p=[0.15, 0.19, 0.19, 0.47]):
        case "cohort":  # followed from their first orders on
            return {"founders": 0.0, "joining": float(rng.uniform(0.03, 0.5))}
        case "panel":  # nobody new
            return {"founders": float(rng.uniform(0.95, 1)), "before_days": before, "joining": 1.0}
        case "new":  # a shop that opens with the window
            return {"founders": 0.0, "joining": 1.0, "growth": growth}
        case _:
            share = float(rng.uniform(0.1, 0.95))
            return {"founders": share, "before_days": before, "joining": 1.0, "growth": growth}


def _rates(rng: np.random.Generator, gap: float) -> dict[str, Any]:
    drawn: dict[str, Any] = {}
    if rng.random() < 0.35:
        shape = _log_uniform(rng, 0.4, 4.0)
        drawn |= {"rates": "gamma", "rate_shape": shape, "rate_scale_days": shape * gap}
    else:
        drawn |= {"rates": "lognormal", "rate_median_days": gap, "rate_spread": float(rng.uniform(0.4, 1.5))}
    if rng.random() < 0.6:
        spread = float(np.clip(abs(rng.normal(0, 0.4)) + 0.03, 0, 0.9))
        drawn |= {"drift_spread": spread, "drift_days": _log_uniform(rng, 40, 2000)}
    if rng.random() < 0.35:
        drawn["slowing"] = float(np.clip(rng.normal(0, 0.07), -0.3, 0.3))
    return drawn


def _gaps(rng: np.random.Generator) -> dict[str, Any]:
    spread = float(rng.uniform(0, 1.0))
    match rng.choice(["even", "regular", "clumpy"], p=[0.3, 0.45, 0.25]):
        case "even":
            return {"regularity_spread": 0.7 * spread}
        case "regular":
            return {"regularity": _log_uniform(rng, 0.5, 6.0), "regularity_spread": spread}
        case _:
            return {"clumps": float(rng.uniform(0.05, 0.5))}


def _leaving(rng: np.random.Generator) -> dict[str, Any]:
    drawn: dict[str, Any] = {"one_timers": float(rng.uniform(0, 0.8)) if rng.random() < 0.6 else 0.0}
    if rng.random() < 0.5:
        drawn["busy_one_timers"] = float(np.clip(rng.normal(0.5, 0.6), -1, 2.5))
    if rng.random() < 0.4:
        drawn["late_one_timers"] = float(np.clip(rng.normal(0.2, 0.5), -1, 1.5))
    match rng.choice(["none", "at_order", "lifetime"], p=[0.38, 0.14, 0.48]):
        case "none":
            drawn["dropout"] = "none"
        case "at_order":
            drawn |= {"dropout": "at_order", "dropout_a": float(rng.uniform(0.2, 1.5))}
            drawn["dropout_b"] = _log_uniform(rng, 0.5, 30)
        case _:
            drawn |= {"dropout": "lifetime", "lifetime_days": _log_uniform(rng, 80, 6000)}
            drawn["lifetime_shape"] = float(rng.uniform(0.4, 1)) if rng.random() < 0.4 else 1.0
            drawn["lifetime_spread"] = float(rng.uniform(0, 1.2))
            drawn["lifetime_rate_tie"] = float(np.clip(rng.normal(0, 0.3), -1, 1)) if rng.random() < 0.5 else 0.0
            drawn["comeback"] = float(rng.uniform(0.02, 0.4)) if rng.random() < 0.4 else 0.0
    return drawn


def _baskets(rng: np.random.Generator) -> dict[str, Any]:
    if rng.random() < 0.08:
        p = _log_uniform(rng, 1, 15)
        return {"baskets": "gamma_gamma", "basket_p": p, "basket_q": float(rng.uniform(1.8, 8)), "basket_gamma": 20.0}
    drawn: dict[str, Any] = {
        "basket_between": float(rng.uniform(0.05, 0.85)),
        "basket_within": float(rng.uniform(0.1, 1.2)),
        "basket_within_spread": float(rng.uniform(0, 0.7) if rng.random() < 0.9 else rng.uniform(0.7, 1.6)),
        "basket_tail": float(rng.uniform(3, 10)) if rng.random() < 0.35 else 0.0,
        "basket_skew": float(np.clip(rng.normal(-0.4, 0.5), -1.6, 0.4)) if rng.random() < 0.7 else 0.0,
        "rate_basket_tie": float(np.clip(rng.normal(0.05, 0.2), -0.5, 0.8)) if rng.random() < 0.65 else 0.0,
        "staying_basket_tie": float(np.clip(rng.normal(0.1, 0.25), -0.5, 0.8)) if rng.random() < 0.5 else 0.0,
        "one_timer_basket": float(np.clip(rng.normal(-0.15, 0.35), -1, 0.8)) if rng.random() < 0.5 else 0.0,
        "basket_growth": float(np.clip(rng.normal(0, 0.07), -0.3, 0.3)) if rng.random() < 0.3 else 0.0,
        "basket_drift": float(rng.uniform(0.05, 0.5)) if rng.random() < 0.35 else 0.0,
    }
    if rng.random() < 0.25:
        drawn |= {"bulk_share": _log_uniform(rng, 0.003, 0.04), "bulk_lift": float(rng.uniform(0.8, 2.0))}
    if rng.random() < 0.06:  # one price, memberships, gifts
        drawn |= {"basket_between": 0.0, "basket_within": 0.0, "bulk_share": 0.0, "basket_drift": 0.0}
        drawn |= {"basket_growth": 0.0, "rate_basket_tie": 0.0}
        drawn |= {"staying_basket_tie": 0.0, "one_timer_basket": 0.0}
    return drawn


def _calendar(rng: np.random.Generator) -> dict[str, Any]:
    drawn: dict[str, Any] = {}
    if rng.random() < 0.6:
        drawn |= {"season_amplitude": float(rng.uniform(0.05, 0.6)), "season_peak_day": float(rng.uniform(0, 365))}
    if rng.random() < 0.5:
        usual = rng.random() < 0.6
        day = float(rng.choice(_HOLIDAYS) + rng.normal(0, 5)) if usual else float(rng.uniform(0, 365))
        drawn |= {"holiday_lift": float(rng.uniform(0.1, 1.3)), "holiday_day": float(np.clip(day, 0, 365))}
        drawn["holiday_width_days"] = _log_uniform(rng, 7, 40)
    if rng.random() < 0.4:
        drawn["trend"] = float(np.clip(rng.normal(0, 0.35), -1, 1))
    if rng.random() < 0.3:
        drawn["promotions"] = int(rng.integers(1, 4))
        drawn["promotion_lift"] = float(np.clip(rng.normal(0, 0.5), -1.5, 1.5))
        drawn["promotion_days"] = _log_uniform(rng, 3, 80)
    if rng.random() < 0.6:
        drawn["weekend"] = float(rng.uniform(-0.9, 1))
    return drawn


def _around_orders(rng: np.random.Generator) -> dict[str, Any]:
    drawn: dict[str, Any] = {}
    if rng.random() < 0.45:
        drawn |= {"return_share": _log_uniform(rng, 0.003, 0.35), "return_spread": float(rng.uniform(0, 1.5))}
    if rng.random() < 0.4:
        drawn["discount_share"] = float(rng.uniform(0.02, 0.6))
    if rng.random() < 0.25:
        drawn |= {"views_per_order": _log_uniform(rng, 0.2, 4), "idle_views": _log_uniform(rng, 0.1, 3)}
        drawn["carts_per_order"] = float(rng.uniform(0.2, 1.2)) if rng.random() < 0.6 else 0.0
    if rng.random() < 0.2:
        drawn["reviews_per_order"] = float(rng.uniform(0.02, 0.4))
    if rng.random() < 0.2:
        drawn["contacts_per_order"] = float(rng.uniform(0.01, 0.15))
    return drawn


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
