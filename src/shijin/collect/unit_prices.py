"""Whether a price is of one piece or of all pieces of a line, by the same items at other quantities."""

from __future__ import annotations

import numpy as np

from shijin.arrays import Floats, Ints

_MOST_PIECES = 1_000
_STEADY = 1.1  # the largest price of an item divided by its smallest
_AGREEING = 0.8


def is_price_of_line(price: Floats, quantity: Floats, item: Ints) -> bool | None:
    """Whether prices rise with the quantity, item by item; None where no item has two quantities.

    Examples
    --------
    >>> items, pieces = np.array([0, 0, 1, 1]), np.array([1.0, 3.0, 1.0, 2.0])
    >>> is_price_of_line(np.array([4.0, 12.0, 7.0, 14.0]), pieces, items)
    True
    >>> is_price_of_line(np.array([4.0, 4.0, 7.0, 7.0]), pieces, items)
    False
    """
    steady_price, steady_piece = _steady_items(price, quantity, item)
    deciding = steady_price != steady_piece
    if not deciding.any():
        return None
    share = float(steady_piece[deciding].mean())
    return share >= 0.5 if share >= _AGREEING or share <= 1 - _AGREEING else _by_trend(price, quantity, item)


def is_pieces(amount: Floats, price: Floats) -> bool:
    """Whether a column called amount holds pieces: small whole numbers, smaller than the price next to them.

    Examples
    --------
    >>> is_pieces(np.array([1.0, 2.0, 3.0]), np.array([45.0, 90.0, 135.0]))
    True
    >>> is_pieces(np.array([9.0, 18.0, 45.0]), np.array([9.0, 9.0, 15.0]))
    False
    """
    there = ~np.isnan(amount) & ~np.isnan(price) & (price != 0)
    amount, price = np.abs(amount[there]), np.abs(price[there])
    if not len(amount) or not (amount == np.floor(amount)).all() or amount.max() > _MOST_PIECES:
        return False
    # A line's money is never less than the price of one piece.
    return float((amount < price).mean()) >= _AGREEING and float((amount == price).mean()) < 1 - _AGREEING


def _steady_items(price: Floats, quantity: Floats, item: Ints) -> tuple[np.ndarray, np.ndarray]:
    """For each item with two quantities: whether its price, and its price divided by the quantity, stay the same."""
    there = (item >= 0) & (quantity > 0) & (price > 0)
    price, quantity, item = price[there], quantity[there], item[there]
    order = np.argsort(item, kind="stable")
    price, quantity, item = price[order], quantity[order], item[order]
    if not len(item):
        return np.empty(0, bool), np.empty(0, bool)
    begins = np.flatnonzero(np.r_[True, item[1:] != item[:-1]])

    def ratio(values: Floats) -> Floats:
        return np.asarray(np.maximum.reduceat(values, begins) / np.minimum.reduceat(values, begins))

    several = ratio(quantity) > _STEADY
    return (ratio(price) <= _STEADY)[several], (ratio(price / quantity) <= _STEADY)[several]


def _by_trend(price: Floats, quantity: Floats, item: Ints) -> bool | None:
    """Where prices also changed over time: whether an item's price rises as its quantity does, on average."""
    there = (item >= 0) & (quantity > 0) & (price > 0)
    log_price, log_quantity, item = np.log(price[there]), np.log(quantity[there]), item[there]
    counts = np.maximum(np.bincount(item), 1)
    x = log_quantity - (np.bincount(item, log_quantity) / counts)[item]
    y = log_price - (np.bincount(item, log_price) / counts)[item]
    slope = float((x * y).sum() / (x * x).sum())
    return True if slope > 0.75 else False if slope < 0.25 else None
