"""Orders that were cancelled or refunded in full later: how many, how much money, and how long ago.

Such an order is stored, but counts neither as an order nor as spend, on any day. An export made on its day would have
had it, so the past as read today differs from the past as it was; these figures measure by how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from shijin.config import Config
from shijin.engine.duckdb import connect
from shijin.prepare.findings import EXAMPLES, finding, percent

VOID = "void"
RECENT_DAYS = 90
# A basket is an order, or a customer's day where there is no order number. One of which a line stands is no void order.
_BASKETS = """CREATE TEMP TABLE baskets AS
    SELECT min(day) AS day, bool_or(type = 'order') AS stands, bool_or(type = 'void') AS has_void,
        coalesce(sum(amount), 0) AS money, coalesce(sum(amount) FILTER (WHERE type = 'void'), 0) AS void_money,
        min(event_id) FILTER (WHERE type = 'void') AS example
    FROM (SELECT *, (ts AT TIME ZONE $zone)::DATE AS day FROM events WHERE type IN ('order', 'charge', 'void'))
    GROUP BY coalesce(order_id, customer_id || chr(31) || day)"""


@dataclass(frozen=True)
class Voids:
    """Orders of a period, and those of them that are void.

    Parameters
    ----------
    orders
        Number of orders whose lines are all void.
    all_orders
        Number of orders, void or not.
    money, all_money
        Amounts of void lines, and of all lines of orders, charges included; shop currency.

    Examples
    --------
    >>> one = Voids(orders=1, all_orders=4, money=50.0, all_money=100.0)
    >>> one.as_json()
    {'orders': 1, 'order_share': 0.25, 'money': 50.0, 'money_share': 0.5}
    """

    orders: int
    all_orders: int
    money: float
    all_money: float

    @property
    def order_share(self) -> float:
        """Void orders by all orders, 0 .. 1; 0 where there is no order."""
        return self.orders / max(self.all_orders, 1)

    @property
    def money_share(self) -> float:
        """Their money by all money, 0 .. 1; 0 where there is no money."""
        return min(max(self.money / self.all_money, 0.0), 1.0) if self.all_money > 0 else 0.0

    def as_json(self) -> dict[str, float]:
        """The figures of a card."""
        return {
            "orders": self.orders,
            "order_share": self.order_share,
            "money": self.money,
            "money_share": self.money_share,
        }


def has_voids(events: pa.Table) -> bool:
    """Whether an event is a line of a void order."""
    return bool(pc.any(pc.equal(events["type"], VOID)).as_py())


def voids_between(events: pa.Table, config: Config, begin: date, end: date) -> Voids:
    """Void orders from a day of the shop on, up to and without another day.

    Parameters
    ----------
    events
        EVENTS.
    """
    with connect(config.engine) as connection:
        _make_baskets(connection, events, config)
        return _voids(connection, "WHERE day >= $begin AND day < $end", begin=begin, end=end)


def void_orders(events: pa.Table, config: Config) -> list[dict[str, Any]]:
    """The finding about void orders, in all and by age; none where no order is void.

    Recent orders are those of the last 90 days before the newest order, or of the later half of a shorter history.
    """
    if not has_voids(events):
        return []
    with connect(config.engine) as connection:
        _make_baskets(connection, events, config)
        ((first, last),) = connection.execute("SELECT min(day), max(day) FROM baskets").fetchall()
        since = last - timedelta(days=max(min(RECENT_DAYS, ((last - first).days + 1) // 2), 1) - 1)
        total = _voids(connection)
        recent = _voids(connection, "WHERE day >= $since", since=since)
        before = _voids(connection, "WHERE day < $since", since=since)
        examples = "SELECT example FROM baskets WHERE has_void ORDER BY day DESC, example LIMIT $limit"
        rows = connection.execute(examples, {"limit": EXAMPLES}).fetchall()
    ids, shares = [example for (example,) in rows], {"money": percent(total.money_share)}
    shares |= {"since": str(since), "recent": percent(recent.order_share), "before": percent(before.order_share)}
    return [finding("void_orders", "notes", total.orders, total.order_share, ids, **shares)]


def _make_baskets(connection: duckdb.DuckDBPyConnection, events: pa.Table, config: Config) -> None:
    connection.register("events", events)
    connection.execute(_BASKETS, {"zone": config.shop.timezone})


def _voids(connection: duckdb.DuckDBPyConnection, where: str = "", **parameters: object) -> Voids:
    query = f"""SELECT count(*) FILTER (WHERE has_void AND NOT stands), count(*) FILTER (WHERE has_void OR stands),
        coalesce(sum(void_money), 0), coalesce(sum(money), 0) FROM baskets {where}"""
    ((orders, all_orders, money, all_money),) = connection.execute(query, parameters or None).fetchall()
    return Voids(orders, all_orders, float(money), float(all_money))
