"""Moments of simulated customers, kind by kind, before they are sorted: orders, returns, views, carts, reviews."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Kind
from shijin.simulate.baskets import Catalogue, draw_lines
from shijin.simulate.knobs import Knobs
from shijin.simulate.lives import Lives

MINUTE_US = 60_000_000
_LEAD_DAYS = 2.0  # mean days from a view to its order
_LEFT_CARTS = 0.5  # abandoned carts for each cart that becomes an order
_WHOLE_RETURNS = 0.5  # share of returns of the whole order, in a shop without items


@dataclass(frozen=True)
class Part:
    """Moments of one kind and their lines; moments are not sorted.

    customer, ts, kind : (m,)
    number : (m,) the order's number; -1 where a moment belongs to none
    discount : (m,) cents
    n_lines : (m,) number of lines of each moment
    item, quantity, cents : (l,) of each line
    """

    customer: Ints
    ts: Ints
    kind: NDArray[np.uint8]
    number: Ints
    discount: Ints
    n_lines: Ints
    item: Ints
    quantity: Ints
    cents: Ints


def shop_clock(knobs: Knobs, day: Floats) -> Ints:
    """Turn days since the window's first midnight into microseconds of the shop's wall clock."""
    unit = _unit(knobs)
    latest = _end(knobs) - unit
    return np.minimum(as_cutoff(knobs.start) + np.floor(day * DAY_US / unit).astype(np.int64) * unit, latest)


def order_part(
    knobs: Knobs, catalogue: Catalogue, orders: tuple[Ints, Ints, Ints, Ints], rng: np.random.Generator
) -> Part:
    """Give orders (customer, ts, number, cents) their discounts and lines."""
    customer, ts, number, cents = orders
    off = np.where(rng.random(len(ts)) < knobs.discount_share, rng.uniform(0.1, 0.3, len(ts)), 0.0)
    discount = np.round(cents * off / (1 - off)).astype(np.int64)
    if not knobs.items:
        no_item, one = np.full(len(ts), -1), np.ones(len(ts), np.int64)
        return _part(Kind.ORDER, customer, ts, number, discount=discount, item=no_item, quantity=one, cents=cents)
    drawn = draw_lines(knobs, catalogue, customer, cents, rng)
    n_lines = np.bincount(drawn.order, minlength=len(ts))
    lines = {"n_lines": n_lines, "item": drawn.item, "quantity": drawn.quantity, "cents": drawn.cents}
    return _part(Kind.ORDER, customer, ts, number, discount=discount, **lines)


def side_parts(knobs: Knobs, orders: Part, lives: Lives, rng: np.random.Generator) -> list[Part]:
    """Draw the other moments of a shop: returns, reviews and contacts after orders, views and carts before them."""
    return [
        _returns(knobs, orders, rng),
        _visits(knobs, Kind.VIEW, (knobs.views_per_order, knobs.idle_views), orders, lives, rng),
        _visits(knobs, Kind.CART, (knobs.carts_per_order, _LEFT_CARTS * knobs.carts_per_order), orders, lives, rng),
        _after_orders(knobs, Kind.REVIEW, knobs.reviews_per_order, (3, 30), orders, rng),
        _after_orders(knobs, Kind.CONTACT, knobs.contacts_per_order, (0, 15), orders, rng),
    ]


def joined(parts: list[Part]) -> Part:
    """Put parts one after the other."""
    return Part(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Part.__dataclass_fields__})


def _part(kind: Kind, customer: Ints, ts: Ints, number: Ints, **rest: Ints) -> Part:
    full = {"discount": np.zeros(len(ts), np.int64), "n_lines": np.ones(len(ts), np.int64)} | rest
    return Part(customer, ts, np.full(len(ts), kind, np.uint8), number, **full)


def _returns(knobs: Knobs, orders: Part, rng: np.random.Generator) -> Part:
    """Return one line of some orders some days later, if the window lasts that long."""
    later = _later(knobs, orders.ts, rng.uniform(2, 20, len(orders.ts)))
    inclined = np.exp(knobs.return_spread * rng.standard_normal(knobs.customers))[orders.customer]
    odds = inclined * knobs.return_share / max(1 - knobs.return_share, 1e-9)
    back = (rng.random(len(later)) < odds / (1 + odds)) & (later < _end(knobs))
    line = _one_line_each(orders, rng)[back]
    number, cents = orders.number[back], orders.cents[line]
    if not knobs.items:
        share = np.where(rng.random(len(line)) < _WHOLE_RETURNS, 1.0, rng.random(len(line)))
        cents = np.maximum(np.round(cents * share), 1).astype(np.int64)
    content = {"item": orders.item[line], "quantity": -orders.quantity[line], "cents": -cents}
    return _part(Kind.RETURN, orders.customer[back], later[back], number, **content)


def _visits(
    knobs: Knobs, kind: Kind, means: tuple[float, float], orders: Part, lives: Lives, rng: np.random.Generator
) -> Part:
    """Draw views or carts: of the two `means` for each order, the first lead to it and the second to no order."""
    counts = [rng.poisson(mean, len(orders.ts)) for mean in means]
    # Indices of orders, each as often as it has views: those before it, and those after it while the customer lives.
    lead, idle = (np.repeat(np.arange(len(orders.ts)), count) for count in counts)
    before = np.ceil(rng.exponential(_LEAD_DAYS * DAY_US, len(lead)) / _unit(knobs)).astype(np.int64) * _unit(knobs)
    owner = orders.customer[idle]
    after = _later(knobs, orders.ts[idle], rng.exponential(1.0, len(idle)) / lives.rates[owner])
    dies, returns = (day[owner] * DAY_US + as_cutoff(knobs.start) for day in (lives.deaths, lives.returns))
    source, ts = np.concatenate([lead, idle]), np.concatenate([orders.ts[lead] - before, after])
    lives_on = np.concatenate([np.ones(len(lead), bool), (after < dies) | (after >= returns)])
    seen = (ts >= as_cutoff(knobs.start)) & (ts < _end(knobs)) & lives_on
    source, ts = source[seen], ts[seen]
    item = orders.item[_one_line_each(orders, rng)[source]]
    one, no_order = np.ones(len(ts), np.int64), np.full(len(ts), -1)
    content = {"item": item, "quantity": one, "cents": np.zeros_like(one)}
    return _part(kind, orders.customer[source], ts, no_order, **content)


def _after_orders(
    knobs: Knobs, kind: Kind, share: float, days: tuple[float, float], orders: Part, rng: np.random.Generator
) -> Part:
    """Draw reviews of, or contacts about, a share of orders within some days after them."""
    later = _later(knobs, orders.ts, rng.uniform(*days, len(orders.ts)))
    happens = (rng.random(len(later)) < share) & (later < _end(knobs))
    item = orders.item[_one_line_each(orders, rng)[happens]]
    one = np.ones(len(item), np.int64)
    content = {"item": item, "quantity": one, "cents": np.zeros_like(one)}
    return _part(kind, orders.customer[happens], later[happens], np.full(len(item), -1), **content)


def _later(knobs: Knobs, ts: Ints, days: Floats) -> Ints:
    days = np.minimum(days, 1e5)
    later = ts + np.ceil(days * DAY_US / MINUTE_US).astype(np.int64) * MINUTE_US
    return later // DAY_US * DAY_US if knobs.clock == "day" else later


def _unit(knobs: Knobs) -> int:
    return MINUTE_US if knobs.clock == "minute" else DAY_US


def _end(knobs: Knobs) -> int:
    return as_cutoff(knobs.start) + knobs.days * DAY_US


def _one_line_each(orders: Part, rng: np.random.Generator) -> Ints:
    """(m,) a random line of each order."""
    starts = np.cumsum(orders.n_lines) - orders.n_lines
    return starts + (rng.random(len(starts)) * orders.n_lines).astype(np.int64)
