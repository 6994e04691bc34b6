"""A simulated shop as packed arrays, with the truth behind it. Joins lives and baskets; knows no file, no forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

from shijin.arrays import Floats, Ints, pieces
from shijin.errors import ConfigError
from shijin.represent.codebook import by_first_appearance
from shijin.represent.cutoff import History
from shijin.represent.days import as_cutoff
from shijin.represent.order import history_order
from shijin.represent.packed import DAY_US, Kind, Lines, Moments, Packed
from shijin.simulate.baskets import Catalogue, draw_amounts, log_basket_shift, make_catalogue
from shijin.simulate.calendar import Calendar
from shijin.simulate.knobs import Knobs
from shijin.simulate.lives import Lives, simulate_lives
from shijin.simulate.parts import Part, joined, order_part, shop_clock, side_parts


@dataclass(frozen=True)
class Truth:
    """Properties of customers that a real shop cannot observe; (n,) arrays in the order of the packed customers.

    rates : orders a day (of operational time) while alive
    drop_chances : probability of dropping out at each repeat order
    births, deaths : days since the window's first midnight; deaths are inf for customers alive at its end
    returns : day from which a lost customer orders again; inf where they never do
    mean_baskets : mean order, shop currency, before returns
    regularity : shape of the gamma gaps
    """

    rates: Floats
    drop_chances: Floats
    births: Floats
    deaths: Floats
    returns: Floats
    mean_baskets: Floats
    regularity: Floats

    @property
    def alive(self) -> NDArray[np.bool_]:
        """(n,) whether a customer may still order when the window ends."""
        return np.isinf(self.deaths) | np.isfinite(self.returns)


_TRUTH = [one.name for one in fields(Truth)]
_OF_THE_SHOP = ("days", "start", "clock", "items", "categories", "popularity")


@dataclass(frozen=True)
class Shop:
    """One simulated shop.

    order_numbers : (m,) number of the order that a moment belongs to, counted in time; -1 where it belongs to none
    lines : items of every moment, one line without an item where the shop has no catalogue
    calendar : activity of the shop by day
    guests : knobs of further crowds of its customers
    """

    knobs: Knobs
    seed: int
    packed: Packed
    truth: Truth
    order_numbers: Ints
    lines: Lines
    calendar: Calendar
    guests: tuple[Knobs, ...] = ()

    def true_p_active(self, history: History, horizon_days: float) -> Floats:
        """Probability that each customer of a History orders within the horizon, given their true rate and death.

        Raises
        ------
        ConfigError
            Where this has no closed form: rates that drift, clumps, lifetimes with regular gaps or a season.
        """
        self._refuse_open_forms(regular_matters=True)
        n = len(history)
        k = self.truth.regularity[:n]
        rates, alive, since_last, ahead = self._as_of(history, horizon_days)
        if self.knobs.dropout == "lifetime":
            leaving = 1 / self.knobs.lifetime_days
            p = rates / (rates + leaving) * -np.expm1(-(rates + leaving) * ahead)
        else:
            stays = gammaincc(k, k * rates * (since_last + ahead)) / np.maximum(
                gammaincc(k, k * rates * since_last), 1e-300
            )
            p = 1 - stays
        joins = self.truth.births[:n] < self._day(history) + horizon_days
        return np.where(np.isnan(since_last), joins.astype(float), alive * p)

    def true_orders(self, history: History, horizon_days: float) -> Floats:
        """Expected orders of each customer of a History within the horizon, given their true rate and death.

        Raises
        ------
        ConfigError
            Where this has no closed form: rates that drift, regular gaps, lifetimes with a season.
        """
        self._refuse_open_forms(regular_matters=False)
        for name, needed in (("regularity", 1), ("regularity_spread", 0)):
            if getattr(self.knobs, name) != needed:
                raise ConfigError("simulate.no_closed_form", f"Knobs.{name}", needed=needed)
        n = len(history)
        rates, alive, _, ahead = self._as_of(history, horizon_days)
        if self.knobs.dropout == "lifetime":
            leaving = 1 / self.knobs.lifetime_days
            expected = rates / leaving * -np.expm1(-leaving * ahead)
        else:
            p = np.maximum(self.truth.drop_chances[:n], 1e-12)
            expected = -np.expm1(-rates * p * ahead) / p
        return alive * expected

    def true_spend(self, history: History, horizon_days: float) -> Floats:
        """Expected spend of each customer of a History within the horizon, before returns; see `true_orders`."""
        return self.true_orders(history, horizon_days) * self.truth.mean_baskets[: len(history)]

    def _refuse_open_forms(self, *, regular_matters: bool) -> None:
        knobs = self.knobs
        if self.guests:
            raise ConfigError("simulate.no_closed_form_with_guests", "guests")
        for name in ("drift_spread", "slowing", "clumps", "comeback", "lifetime_spread"):
            if getattr(knobs, name):
                raise ConfigError("simulate.no_closed_form", f"Knobs.{name}", needed=0)
        busy = knobs.season_amplitude or knobs.holiday_lift or knobs.trend or knobs.promotions or knobs.weekend
        regular = knobs.regularity != 1 or knobs.regularity_spread
        no_formula = busy or knobs.lifetime_shape != 1 or (regular_matters and regular)
        if knobs.dropout == "lifetime" and no_formula:
            raise ConfigError("simulate.no_closed_form_for_lifetimes", "Knobs.dropout", choices="at_order, none")

    def _day(self, history: History) -> float:
        return history.cutoff / DAY_US - as_cutoff(self.knobs.start) / DAY_US

    def _as_of(self, history: History, horizon_days: float) -> tuple[Floats, NDArray[np.bool_], Floats, float]:
        """Rates, whether each customer is alive, operational time since the last order, and that of the horizon."""
        n, day, calendar = len(history), self._day(history), self.calendar
        is_order = history.moments.kind == Kind.ORDER
        last = np.full(n, np.nan)
        last[history.customer[is_order]] = day - history.age_days[is_order]
        now = calendar.elapsed(np.array([day, day + horizon_days]))
        since_last = now[0] - calendar.elapsed(last)
        return self.truth.rates[:n], self.truth.deaths[:n] >= day, since_last, float(now[1] - now[0])


def simulate(knobs: Knobs, seed: int, guests: Sequence[Knobs] = ()) -> Shop:
    """Make a shop; the same knobs and seed make the same shop.

    Parameters
    ----------
    guests
        Further crowds of customers with other knobs, such as the business clients of a shop with walk-in customers. The
        window, the clock and the catalogue are the shop's.

    Raises
    ------
    ConfigError
        When nobody ordered inside the window.

    Examples
    --------
    >>> shop = simulate(Knobs(customers=50, days=200), seed=1)
    >>> len(shop.packed), len(shop.packed.moments) >= 50
    (50, True)
    >>> len(simulate(Knobs(customers=50), seed=1, guests=[Knobs(customers=20)]).packed)
    70
    >>> simulate(Knobs(customers=3, days=1, before_days=9999, rate_scale_days=1e5), seed=0)
    Traceback (most recent call last):
    shijin.errors.ConfigError: Knobs: nobody ordered inside the window.
    Cure: simulate more customers, or raise their order rate.
    """
    rng = np.random.default_rng(seed)
    window = {name: getattr(knobs, name) for name in _OF_THE_SHOP}
    crowds = [_crowd(one, rng) for one in (knobs, *(replace(guest, **window) for guest in guests))]
    if not any(len(crowd.lives.day) for crowd in crowds):
        raise ConfigError("simulate.nobody_ordered", "Knobs")
    catalogue = make_catalogue(knobs, rng)
    parts: list[Part] = []
    people = orders = 0
    for crowd in crowds:
        parts += [_renumbered(part, people, orders) for part in crowd.parts(catalogue, rng)]
        people, orders = people + crowd.knobs.customers, orders + len(crowd.ts)
    shown, packed, numbers, lines = _packed(knobs, catalogue, joined(parts))
    truth = Truth(**{name: np.concatenate([crowd.truth(name) for crowd in crowds])[shown] for name in _TRUTH})
    return Shop(knobs, seed, packed, truth, numbers, lines, crowds[0].lives.calendar, tuple(guests))


def _packed(knobs: Knobs, catalogue: Catalogue, part: Part) -> tuple[Ints, Packed, Ints, Lines]:
    """Pack all moments; give the index of each packed customer among all people, order numbers and lines too."""
    shown, offsets, moments, numbers, lines = _assemble(part)
    lines, items, categories = _named(catalogue, lines)
    packed = Packed(
        np.char.add("c", np.char.zfill(shown.astype(np.str_), 6)),
        offsets,
        moments,
        int(moments.ts.min()) // DAY_US * DAY_US,
        as_cutoff(knobs.start) + knobs.days * DAY_US,
        lines if knobs.items else None,
        items=items,
        categories=categories,
    )
    return shown, packed, numbers, lines


@dataclass(frozen=True)
class _Crowd:
    """Customers of one set of knobs, and their orders as (m,) arrays; orders are numbered in time."""

    knobs: Knobs
    lives: Lives
    ts: Ints
    number: Ints
    cents: Ints
    mean_baskets: Floats

    def parts(self, catalogue: Catalogue, rng: np.random.Generator) -> list[Part]:
        """Draw all their moments."""
        orders = order_part(self.knobs, catalogue, (self.lives.customer, self.ts, self.number, self.cents), rng)
        return [orders, *side_parts(self.knobs, orders, self.lives, rng)]

    def truth(self, name: str) -> Floats:
        """(n,) one of the fields of `Truth`."""
        return self.mean_baskets if name == "mean_baskets" else getattr(self.lives, name)


def _crowd(knobs: Knobs, rng: np.random.Generator) -> _Crowd:
    lives = simulate_lives(knobs, rng)
    cents, mean_baskets = draw_amounts(knobs, lives.customer, log_basket_shift(knobs, lives), rng)
    ts = shop_clock(knobs, lives.day)
    number = np.empty(len(ts), dtype=np.int64)
    number[np.lexsort((lives.customer, ts))] = np.arange(len(ts))
    return _Crowd(knobs, lives, ts, number, cents, mean_baskets)


def _renumbered(part: Part, people: int, orders: int) -> Part:
    """Number a crowd's customers and orders after those of earlier crowds."""
    number = np.where(part.number >= 0, part.number + orders, part.number)
    return replace(part, customer=part.customer + people, number=number)


def _assemble(part: Part) -> tuple[Ints, Ints, Moments, Ints, Lines]:
    """Sort moments by customer and time, and customers by their histories; customers without a moment drop out.

    Returns
    -------
    people : (n,) index of each packed customer among all people
    offsets : (n + 1,)
    moments : m of them
    numbers : (m,) order numbers
    lines
    """
    starts = np.cumsum(part.n_lines) - part.n_lines
    amount = np.add.reduceat(part.cents / 100, starts)
    quantity = np.add.reduceat(part.quantity, starts).astype(float)
    people, customer = np.unique(part.customer, return_inverse=True)
    # The same sort keys as `pack` uses, so that a shop packed from its events has the same arrays.
    keys = (part.item[starts], part.number, part.discount, quantity, amount, part.kind, part.ts, customer)
    by_time = np.lexsort(keys)
    kind = part.kind[by_time]
    product = kind <= Kind.RETURN
    more = (quantity[by_time] * product, part.discount[by_time], part.n_lines[by_time] * product)
    order = history_order(customer[by_time], part.ts[by_time], kind, amount[by_time], len(people), more)
    place = np.empty(len(people), dtype=np.int64)
    place[order] = np.arange(len(people))
    final = by_time[np.argsort(place[customer[by_time]], kind="stable")]
    owner, kind, n_lines = place[customer[final]], part.kind[final], part.n_lines[final]
    lines = _gathered_lines(part, starts[final], n_lines, part.ts[final])
    product = kind <= Kind.RETURN
    number = part.number[final]
    ordered = np.repeat(np.where(kind == Kind.ORDER, number, -1), n_lines)
    moments = Moments(
        ts=part.ts[final],
        kind=kind,
        amount=amount[final],
        lines=n_lines * product.astype(float),
        quantity=quantity[final] * product,
        discount=part.discount[final] / 100,
        novel=_novel(np.repeat(owner, n_lines), lines.item, ordered, lines.offsets),
        channel=np.zeros(len(final), np.int32),
    )
    customer_offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(people)))])
    return people[order], customer_offsets, moments, number, lines


def _gathered_lines(part: Part, starts: Ints, n_lines: Ints, ts: Ints) -> Lines:
    offsets = np.concatenate([[0], np.cumsum(n_lines)])
    source = pieces(starts, n_lines)
    item = part.item[source].astype(np.int32)
    quantity, amount = part.quantity[source].astype(float), part.cents[source] / 100
    return Lines(offsets, item, item, quantity, amount, np.repeat(ts, n_lines))


def _novel(owner: Ints, item: NDArray[np.int32], number: Ints, offsets: Ints) -> Floats:
    """(m,) number of items in each order that its customer had in no earlier one; orders are numbered in time."""
    ordered = np.flatnonzero((number >= 0) & (item >= 0))
    by_number = ordered[np.argsort(number[ordered], kind="stable")]
    _, first = np.unique(owner[by_number] * (1 + int(item.max())) + item[by_number], return_index=True)
    new = np.zeros(len(item))
    new[by_number[first]] = 1.0
    return np.add.reduceat(new, offsets[:-1])


def _named(catalogue: Catalogue, lines: Lines) -> tuple[Lines, NDArray[np.str_], NDArray[np.str_]]:
    """Number items and categories by first appearance in time, names breaking ties."""
    if not len(catalogue.items):
        return lines, catalogue.items, catalogue.items
    item, items = by_first_appearance(lines.item, lines.ts, catalogue.items)
    category, categories = by_first_appearance(catalogue.category[lines.item], lines.ts, catalogue.categories)
    return replace(lines, item=item, category=category), items, categories
