"""Demand: how many pieces of each item the horizon will take, beside a seasonal-naive forecast, and how far off it was.

An item's pieces an order, of late, times the orders that are expected. Each item stands alone, so that a shop that
sells petrol by the millilitre forecasts its bread no worse. Pieces that come back were ordered all the same.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue
from shijin.represent.cutoff import History
from shijin.represent.packed import DAY_US, Kind
from shijin.schema import DEMAND

YEAR_DAYS = 364  # whole weeks, so that Mondays meet Mondays
LAST_HORIZON, YEAR_AGO, FADED = "last_horizon", "year_ago", "faded"
DEFAULT_HALF_LIFE = 0.5  # horizons
HALF_LIVES = (DEFAULT_HALF_LIFE, 0.25, 1.0, 2.0, 4.0, np.inf)  # horizons; inf: all history counts the same
# A choice needs this many horizons before the window it is made on: below them long half-lives cannot be told apart.
LEAST_HORIZONS_TO_CHOOSE = 3
ROUNDING = 1e-9  # of the money that came: misses that differ by less are equal, and the first stands


@dataclass(frozen=True)
class Sold:
    """What was ordered before a cutoff.

    Parameters
    ----------
    item : (a,) int32
    ts : (a,) int64
        Microseconds of the shop's wall clock.
    pieces, amount : (a,) float64
        Pieces, and money in the shop's currency.
    order_ts, customer_since : (o,) int64
        When each order was placed, whatever it held, and when its customer was first seen.
    n_items : int
    start, now : int
        The first midnight of the data, and the cutoff.
    """

    item: Codes
    ts: Ints
    pieces: Floats
    amount: Floats
    order_ts: Ints
    customer_since: Ints
    n_items: int
    start: int
    now: int

    def before(self, cutoff: int) -> Sold:
        """What was known at an earlier cutoff."""
        rows, orders = self.ts < cutoff, self.order_ts < cutoff
        of_lines = {name: getattr(self, name)[rows] for name in ("item", "ts", "pieces", "amount")}
        of_orders = {name: getattr(self, name)[orders] for name in ("order_ts", "customer_since")}
        return replace(self, now=min(cutoff, self.now), **of_lines, **of_orders)

    def per_item(self, values: Floats) -> Floats:
        """(v,) sums of what lines hold."""
        return np.bincount(self.item, values, self.n_items).astype(np.float64)

    def units(self, first: int, last: int) -> Floats:
        """(v,) pieces of each item ordered in [first, last)."""
        return self.per_item(self.pieces * ((self.ts >= first) & (self.ts < last)))

    def faded(self, half_life_days: float) -> Floats:
        """(v,) pieces of each item an order, both faded by age; 0 where nobody ordered."""
        newest = self.order_ts.max(initial=self.start)  # what passed since then fades both alike
        orders = _fading(newest - self.order_ts, half_life_days).sum()
        return self.per_item(self.pieces * _fading(newest - self.ts, half_life_days)) / (orders or 1.0)

    def prices(self) -> Floats:
        """(v,) what a piece cost on average; 0 where none was ordered."""
        pieces = self.per_item(self.pieces)
        return np.divide(self.per_item(self.amount), pieces, out=np.zeros(self.n_items), where=pieces > 0)


@dataclass(frozen=True)
class Shape:
    """A way to forecast: pieces of the last horizon or of a year ago as they are, or pieces an order, faded.

    Parameters
    ----------
    name : "last_horizon" | "year_ago" | "faded"
    half_life_days
        Of "faded": inf where all history counts the same.
    """

    name: str
    half_life_days: float | None = None


@dataclass(frozen=True)
class Misses:
    """How far a forecast of the judged window was off.

    Parameters
    ----------
    wape
        Missed pieces a piece ordered, all items summed; 0 is perfect, forecasting nothing has 1.
    money_wape
        The same with each piece at its item's price before the window: no unit of measure can swamp it.
    mae
        Missed pieces an item.
    total
        All pieces forecast over all ordered, less 1: below 0 too few.
    """

    wape: float
    money_wape: float
    mae: float
    total: float


@dataclass(frozen=True)
class Judged:
    """How the same way to forecast, a horizon earlier, met what then was ordered.

    Parameters
    ----------
    cutoff : int
        Where the judged window begins.
    shape, naive_shape : Shape
        Chosen by what was known at that cutoff; and the naive one.
    ours, naive : Misses
        Over the items ordered before.
    items : int
        How many these are.
    new_share : float
        Share of the window's pieces that fell on items never ordered before, which nobody could forecast, 0..1.
    """

    cutoff: int
    shape: Shape
    naive_shape: Shape
    ours: Misses
    naive: Misses
    items: int
    new_share: float


@dataclass(frozen=True)
class Demand:
    """What is expected of v items over the horizon.

    Parameters
    ----------
    expected, naive, recent : (v,) float64
        Pieces: our forecast, the naive one, and what was ordered in the last horizon.
    price : (v,) float64
        What a piece cost on average so far; 0 where none was ordered.
    known : (v,) bool
        Whether it was ever ordered; of other items nothing can be said.
    orders : float
        How many orders our forecast counts on.
    told : bool
        Whether these were told; else they are those of the last horizon.
    shape, naive_shape : Shape
    judged : Judged or None
        None where history is too short to judge, or nothing known was ordered in the window.
    """

    expected: Floats
    naive: Floats
    recent: Floats
    price: Floats
    known: NDArray[np.bool_]
    orders: float
    told: bool
    shape: Shape
    naive_shape: Shape
    judged: Judged | None

    def card(self) -> dict[str, Any]:
        """All but the items, as plain values; a half-life without end is null."""
        plain = {
            "orders": self.orders,
            "told": self.told,
            "shape": asdict(self.shape),
            "naive_shape": asdict(self.naive_shape),
            "judged": asdict(self.judged) if self.judged else None,
        }
        return _finite(plain)


def sold_of(history: History, actions: Actions, product: NDArray[np.bool_]) -> Sold:
    """Gather what was ordered before the cutoff.

    Parameters
    ----------
    product : (v,) bool
        `Catalogue.product`; charges and test codes are left out.
    """
    rows = actions.ordered & product[actions.item]
    orders = history.moments.kind == Kind.ORDER
    return Sold(
        item=actions.item[rows],
        ts=actions.ts[rows],
        pieces=actions.quantity[rows],
        amount=actions.amount[rows],
        order_ts=history.moments.ts[orders],
        customer_since=history.moments.ts[history.offsets[:-1]][history.customer[orders]],
        n_items=len(product),
        start=history.start,
        now=history.cutoff,
    )


def demand(
    sold: Sold, horizon_days: int, expected_orders: float | None = None, expected_before: float | None = None
) -> Demand:
    """Forecast the pieces of each item over the horizon from the cutoff on.

    The half-life is chosen on the newest closed window, from `HALF_LIVES` and both naive forecasts, by missed money;
    half a horizon where history is too short to choose. The judged window repeats all of this a horizon earlier, so
    that what it tells has chosen nothing it is judged by.

    Parameters
    ----------
    expected_orders
        Orders in the horizon of all customers known, as the forecast table sums them up; those of new customers, as
        many as in the last horizon, are added. None: as many orders as in the last horizon, which on Online Retail and
        The Complete Journey missed by less than what the untrained forecast told.
    expected_before
        What the same forecast said a horizon earlier, for the judged window; None as above.
    """
    horizon = horizon_days * DAY_US
    orders = _orders(sold, horizon, expected_orders)
    shape, naive_shape = _choose(sold, horizon), _naive_shape(sold, horizon)
    return Demand(
        expected=_forecast(sold, horizon, shape, orders),
        naive=_forecast(sold, horizon, naive_shape, orders),
        recent=sold.units(sold.now - horizon, sold.now),
        price=sold.prices(),
        known=_known(sold),
        orders=orders,
        told=expected_orders is not None,
        shape=shape,
        naive_shape=naive_shape,
        judged=_judge(sold, horizon, expected_before),
    )


def demand_table(found: Demand, catalogue: Catalogue) -> pa.Table:
    """Lay out what is expected of every item that was ever ordered: `schema.DEMAND`.

    What is to bring most money comes first, since pieces of one item, such as millilitres, are not those of another.
    """
    code = np.flatnonzero(found.known)
    money = found.expected * found.price
    code = code[np.lexsort((-found.expected[code], -money[code]))]
    category = np.append(catalogue.category, -1)[code]
    columns = {
        "item_id": catalogue.items[code],
        "name": catalogue.names[code],
        "category": pa.array(catalogue.categories, pa.string()).take(pa.array(category, mask=category < 0)),
        "expected_units": found.expected[code],
        "naive_units": found.naive[code],
        "recent_units": found.recent[code],
        "price": found.price[code],
    }
    return pa.table(columns, schema=DEMAND)


def _fading(age: Ints, half_life_days: float) -> Floats:
    return np.exp2(-age / (half_life_days * DAY_US))


def _orders(sold: Sold, horizon: int, expected: float | None) -> float:
    lately = sold.order_ts >= sold.now - horizon
    if expected is None:
        return float(lately.sum())
    return expected + float((lately & (sold.customer_since >= sold.now - horizon)).sum())


def _year_ago(sold: Sold, horizon: int) -> int:
    """How long before the cutoff the window of a year ago begins: whole years, so that it ends by the cutoff."""
    year = YEAR_DAYS * DAY_US
    return -(-horizon // year) * year


def _naive_shape(sold: Sold, horizon: int) -> Shape:
    return Shape(YEAR_AGO if sold.now - _year_ago(sold, horizon) >= sold.start else LAST_HORIZON)


def _forecast(sold: Sold, horizon: int, shape: Shape, orders: float) -> Floats:
    if shape.half_life_days is not None:
        return sold.faded(shape.half_life_days) * orders
    begins = sold.now - (_year_ago(sold, horizon) if shape.name == YEAR_AGO else horizon)
    return sold.units(begins, begins + horizon)


def _choose(sold: Sold, horizon: int) -> Shape:
    days = horizon / DAY_US
    shapes = [Shape(FADED, share * days) for share in HALF_LIVES]
    before = sold.before(sold.now - horizon)
    if before.now - LEAST_HORIZONS_TO_CHOOSE * horizon < sold.start:
        return shapes[0]
    shapes += dict.fromkeys([Shape(LAST_HORIZON), _naive_shape(before, horizon)])
    came, prices, orders = sold.units(before.now, sold.now), before.prices(), _orders(before, horizon, None)
    missed = [(prices * np.abs(_forecast(before, horizon, shape, orders) - came)).sum() for shape in shapes]
    equal = ROUNDING * (prices * came).sum()
    return shapes[int(np.argmax(np.array(missed) <= min(missed) + equal))]


def _known(sold: Sold) -> NDArray[np.bool_]:
    return sold.per_item(sold.pieces) > 0


def _judge(sold: Sold, horizon: int, expected_orders: float | None) -> Judged | None:
    before = sold.before(sold.now - horizon)
    if before.now - horizon < sold.start:
        return None
    came, known = sold.units(before.now, sold.now), _known(before)
    if not came[known].sum() > 0:
        return None
    shape, naive_shape = _choose(before, horizon), _naive_shape(before, horizon)
    orders, prices = _orders(before, horizon, expected_orders), before.prices()
    ours, naive = (
        _misses(_forecast(before, horizon, one, orders)[known], came[known], prices[known])
        for one in (shape, naive_shape)
    )
    new_share = float(came[~known].sum() / came.sum())
    return Judged(before.now, shape, naive_shape, ours, naive, int(known.sum()), new_share)


def _misses(forecast: Floats, came: Floats, prices: Floats) -> Misses:
    missed = np.abs(forecast - came)
    money = (prices * came).sum()
    return Misses(
        wape=float(missed.sum() / came.sum()),
        money_wape=float((prices * missed).sum() / money) if money > 0 else 0.0,
        mae=float(missed.mean()),
        total=float(forecast.sum() / came.sum() - 1),
    )


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """Values with null for what has no end."""
    return {
        name: _finite(value) if isinstance(value, dict) else None if value == np.inf else value
        for name, value in values.items()
    }
