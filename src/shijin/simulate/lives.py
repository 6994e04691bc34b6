"""Order times of simulated customers: personal rates, gaps, dropout and return. Knows no money and no items.

Orders are a renewal process in personal time. Personal time runs faster when the shop is busy and when the customer's
interest is high; it is mapped back to the calendar. So a rate may drift for years while gaps stay regular.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints
from shijin.simulate.calendar import Calendar
from shijin.simulate.knobs import Knobs

_BLOCK = 8  # orders drawn at once for every customer still active
_NEVER = np.inf
_DRIFT_STEPS = 48  # pieces of the window in each of which interest is constant
_SHORTEST_PIECE = 7.0  # days
_CLUMP = (0.02, 0.2)  # range of a gap inside a clump, as a share of the usual gap
_MOST_ORDERS = 2000  # of one customer
_MOST_EXPECTED = 0.6 * _MOST_ORDERS  # in the whole window, so that the best customers do not stop at the limit
_LONGEST_ABSENCE = 1.5  # mean absence of a returning customer, in mean lifetimes


@dataclass(frozen=True)
class People:
    """The traits of n customers; days count from the window's first midnight.

    rates : (n,) orders a day of operational time while alive, before drift
    drop_chances : (n,) probability of dropping out at a repeat order; 0 where dropout is of another kind
    births, deaths : (n,) days; births may lie before the window, deaths are inf where they lie after it
    returns : (n,) day from which a lost customer orders again; inf where they never do
    regularity : (n,) shape of each customer's gaps
    staying : (n,) tendency to stay longer than others, in standard deviations; 0 where all are equal
    one_timer : (n,) bool, whether the first order is the only one
    """

    rates: Floats
    drop_chances: Floats
    births: Floats
    deaths: Floats
    returns: Floats
    regularity: Floats
    staying: Floats
    one_timer: NDArray[np.bool_]


@dataclass(frozen=True)
class Lives(People):
    """The m orders of n customers inside the window.

    customer : (m,) rising
    day : (m,) >= 0, rising within a customer
    calendar : the shop's
    """

    customer: Ints
    day: Floats
    calendar: Calendar


@dataclass(frozen=True)
class PersonalTime:
    """Each customer's personal clock: the calendar's, sped up and slowed down as interest drifts.

    calendar : the shop's
    knots : (g + 1,) operational times between which interest is constant
    lived : (n, g + 1) personal time at the knots, or None where interest does not drift
    """

    calendar: Calendar
    knots: Floats
    lived: Floats | None

    @classmethod
    def of(cls, knobs: Knobs, calendar: Calendar, rng: np.random.Generator) -> Self:
        """Draw each customer's drift of interest: an Ornstein-Uhlenbeck process on the log that keeps the mean rate."""
        first, last = calendar.elapsed_at[0], calendar.elapsed_at[-1]
        pieces = int(np.clip((last - first) / _SHORTEST_PIECE, 1, _DRIFT_STEPS))
        knots = np.linspace(first, last, pieces + 1)
        if not knobs.drift_spread:
            return cls(calendar, knots, None)
        width = knots[1] - knots[0]
        # An autoregression of variance 1: the first piece is drawn from it, later ones have shocks of variance 1 - a^2.
        memory = np.exp(-width / knobs.drift_days)
        shocks = rng.standard_normal((pieces, knobs.customers)) * np.sqrt(1 - memory**2)
        shocks[0] /= np.sqrt(1 - memory**2)
        for piece in range(1, pieces):
            shocks[piece] += memory * shocks[piece - 1]
        # Minus half the variance keeps the mean of exp at 1.
        speed = np.exp(knobs.drift_spread * shocks - knobs.drift_spread**2 / 2)
        lived = np.zeros((knobs.customers, pieces + 1))
        np.cumsum(speed.T * width, axis=1, out=lived[:, 1:])
        return cls(calendar, knots, lived)

    def elapsed(self, day: Floats, customer: Ints) -> Floats:
        """Personal time of a day of each customer."""
        shop = self.calendar.elapsed(day)
        if self.lived is None:
            return shop
        width = self.knots[1] - self.knots[0]
        place = np.clip(((shop - self.knots[0]) / width).astype(np.int64), 0, len(self.knots) - 2)
        low, high = self.lived[customer, place], self.lived[customer, place + 1]
        return low + (high - low) * (shop - self.knots[place]) / width

    def day_at(self, elapsed: Floats, customer: Ints) -> Floats:
        """Day of personal times (r, b) of r customers; inf after the window."""
        if self.lived is None:
            return self.calendar.day_at(elapsed)
        lived = self.lived[customer]
        end = lived[:, -1:]
        # One search serves all customers: each clock is shifted beyond the clock before it.
        shift = np.arange(len(customer))[:, None] * (end.max() + 1.0)
        place = np.searchsorted((lived + shift).ravel(), (np.minimum(elapsed, end) + shift).ravel(), side="right") - 1
        pieces = lived.shape[1]
        row = np.repeat(np.arange(len(customer)), elapsed.shape[1])
        place = np.clip(place - row * pieces, 0, pieces - 2)
        low, high = lived[row, place], lived[row, place + 1]
        part = (elapsed.ravel() - low) / np.maximum(high - low, 1e-12)
        shop = self.knots[place] + part * (self.knots[1] - self.knots[0])
        return np.where(elapsed >= end, _NEVER, self.calendar.day_at(shop).reshape(elapsed.shape))


def simulate_lives(knobs: Knobs, rng: np.random.Generator) -> Lives:
    """Draw the order times of every customer inside the window."""
    calendar = Calendar.of(knobs, rng)
    people = _people(knobs, calendar, rng)
    customer, day = _orders(knobs, rng, people, PersonalTime.of(knobs, calendar, rng))
    people.deaths[people.deaths >= knobs.days] = _NEVER  # deaths after the window have not happened yet
    seen = np.flatnonzero((day >= 0) & (day < knobs.days))
    by_customer = seen[np.lexsort((day[seen], customer[seen]))]
    return Lives(**vars(people), customer=customer[by_customer], day=day[by_customer], calendar=calendar)


def _people(knobs: Knobs, calendar: Calendar, rng: np.random.Generator) -> People:
    """Draw the traits of customers; deaths at an order are decided later, with the orders."""
    n = knobs.customers
    rates = np.minimum(_rates(knobs, rng), _MOST_EXPECTED / (calendar.elapsed_at[-1] - calendar.elapsed_at[0]))
    at_order = knobs.dropout == "at_order"
    drop_chances = rng.beta(knobs.dropout_a, knobs.dropout_b, n) if at_order else np.zeros(n)
    births = _births(knobs, calendar, rng)
    usual = _usual_lifetimes(knobs, rates, rng)
    lifetimes = usual * rng.weibull(knobs.lifetime_shape, n) if knobs.dropout == "lifetime" else np.full(n, _NEVER)
    one_timer = rng.random(n) < _one_timer_chances(knobs, calendar, births)
    deaths = np.where(one_timer, births, births + lifetimes)
    absent = rng.exponential(_LONGEST_ABSENCE * knobs.lifetime_days, n)
    returns = np.where(rng.random(n) < knobs.comeback, deaths + absent, _NEVER)
    regularity = knobs.regularity * np.exp(knobs.regularity_spread * rng.standard_normal(n))
    staying = _standardised(np.log(usual) - np.log(np.maximum(drop_chances, 1e-6)))
    return People(rates, drop_chances, births, deaths, returns, regularity, staying, one_timer)


def _rates(knobs: Knobs, rng: np.random.Generator) -> Floats:
    if knobs.rates == "gamma":
        return np.maximum(rng.gamma(knobs.rate_shape, 1 / knobs.rate_scale_days, knobs.customers), 1e-9)
    return np.exp(knobs.rate_spread * rng.standard_normal(knobs.customers)) / knobs.rate_median_days


def _usual_lifetimes(knobs: Knobs, rates: Floats, rng: np.random.Generator) -> Floats:
    """Scale of each customer's Weibull lifetime, which may depend on their rate."""
    usual = np.log(np.maximum(rates, 1e-9))
    tie = np.clip(knobs.lifetime_rate_tie * (usual - usual.mean()), -2, 2)
    return knobs.lifetime_days * np.exp(knobs.lifetime_spread * rng.standard_normal(knobs.customers) + tie)


def _standardised(values: Floats) -> Floats:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros(len(values))


def _births(knobs: Knobs, calendar: Calendar, rng: np.random.Generator) -> Floats:
    """Days of first orders: founders before the window, newcomers within it, ever more of them where the shop grows."""
    n, first, last = knobs.customers, -float(knobs.before_days), max(knobs.joining * knobs.days, min(1.0, knobs.days))
    place = rng.random(n)
    place = place ** (1 / (1 + knobs.growth)) if knobs.growth >= 0 else 1 - (1 - place) ** (1 / (1 - knobs.growth))
    low, middle, high = calendar.elapsed(np.array([first, 0.0, last]))
    if knobs.founders is None:
        return calendar.day_at(low + (high - low) * place)
    founder = rng.random(n) < knobs.founders
    return calendar.day_at(np.where(founder, low + (middle - low) * rng.random(n), middle + (high - middle) * place))


def _one_timer_chances(knobs: Knobs, calendar: Calendar, births: Floats) -> Floats:
    """(n,) probability that each customer never orders again, by the day of joining."""
    length = np.clip(births / knobs.days, -1, 1) - 0.5
    odds = np.exp(knobs.busy_one_timers * calendar.log_busy(births) + knobs.late_one_timers * length)
    return knobs.one_timers * odds / (1 - knobs.one_timers + knobs.one_timers * odds)


def _gaps(knobs: Knobs, shape: tuple[int, int], regularity: Floats, rng: np.random.Generator) -> Floats:
    """Gaps of mean 1: gamma with each customer's regularity, or short ones within clumps and longer ones between."""
    if not knobs.clumps:
        return rng.standard_gamma(np.broadcast_to(regularity, shape)) / regularity
    within = rng.random(shape) < knobs.clumps
    short = rng.uniform(*_CLUMP, shape)
    between = (1 - knobs.clumps * sum(_CLUMP) / 2) / (1 - knobs.clumps)
    return np.where(within, short, between) * rng.exponential(1.0, shape)


def _orders(knobs: Knobs, rng: np.random.Generator, people: People, clock: PersonalTime) -> tuple[Ints, Floats]:
    """All orders, the first at birth. Writes the deaths of those who drop out at an order into `people.deaths`."""
    customers, days = [np.arange(knobs.customers)], [people.births]
    active = np.flatnonzero((people.deaths > people.births) | (people.returns < knobs.days))
    elapsed = clock.elapsed(people.births[active], active)
    # Orders are drawn in blocks, (active customers, _BLOCK) at a time, until every customer is past the window or gone.
    for number in range(0, _MOST_ORDERS, _BLOCK):
        if not len(active):
            break
        shape = (len(active), _BLOCK)
        slower = np.exp(knobs.slowing * np.log1p(number + np.arange(_BLOCK)))
        steps = _gaps(knobs, shape, people.regularity[active, None], rng) * slower / people.rates[active, None]
        elapsed_at = elapsed[:, None] + np.cumsum(steps, axis=1)
        day_at = clock.day_at(elapsed_at, active)
        drops = rng.random(shape) < people.drop_chances[active][:, None]
        # An order at which a customer drops out still happens; the ones after it do not.
        dropped_before = np.cumsum(drops, axis=1) - drops > 0
        alive = (day_at < people.deaths[active, None]) | (day_at >= people.returns[active, None])
        happened = ~dropped_before & alive & (day_at < knobs.days)
        dropped, column = np.nonzero(happened & drops)
        people.deaths[active[dropped]] = day_at[dropped, column]
        row, column = np.nonzero(happened)
        customers.append(active[row])
        days.append(day_at[row, column])
        may_return = people.returns[active] < knobs.days
        goes_on = (day_at[:, -1] < knobs.days) & ((day_at[:, -1] < people.deaths[active]) | may_return)
        goes_on[dropped] = False
        active, elapsed = active[goes_on], elapsed_at[goes_on, -1]
    return np.concatenate(customers), np.concatenate(days)
