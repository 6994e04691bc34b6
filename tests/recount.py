"""Reasons counted again by hand, from the raw events before the cutoff alone, as somebody with a spreadsheet would.

It knows nothing of how Shijin counts. Slow, a row at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

import pandas as pd

Facts = dict[str, Any]


@dataclass(frozen=True)
class Sheet:
    """What somebody counts from.

    Parameters
    ----------
    purchases
        customer_id, item_id, ts, day; one row a customer, item and day, the last ts of it.
    carts, views
        The same columns, a row an event.
    items
        By item_id: name, category, brand; none of a charge.
    cutoff : Timestamp
        A midnight.
    """

    purchases: pd.DataFrame
    carts: pd.DataFrame
    views: pd.DataFrame
    items: pd.DataFrame
    cutoff: pd.Timestamp

    def days(self, customer: str, item: str) -> list[pd.Timestamp]:
        """On which days a customer bought an item."""
        mine = self.purchases
        return sorted(mine.loc[(mine["customer_id"] == customer) & (mine["item_id"] == item), "day"])

    def since(self, done: pd.DataFrame, customer: str, item: str) -> pd.Series[Any]:
        """When a customer did something with an item after buying it last."""
        bought = self.purchases[(self.purchases["customer_id"] == customer) & (self.purchases["item_id"] == item)]
        ts = done.loc[(done["customer_id"] == customer) & (done["item_id"] == item), "ts"]
        return ts[ts > bought["ts"].max()] if len(bought) else ts

    def ago(self, moment: pd.Timestamp) -> int:
        """Days of the calendar from a moment to the cutoff."""
        return int((self.cutoff - moment.normalize()).days)

    def column(self, name: str) -> pd.Series[Any]:
        """The category or brand of each purchase's item."""
        return self.purchases["item_id"].map(self.items[name])


def sheet(events: pd.DataFrame, items: pd.DataFrame, cutoff: Any) -> Sheet:
    """Lay out what is counted.

    Parameters
    ----------
    events
        customer_id, ts (shop time, without a zone), type, item_id, quantity.
    items
        By item_id: name, category, brand.
    """
    cutoff = pd.Timestamp(cutoff)
    before = events[(events["ts"] < cutoff) & events["item_id"].isin(items.index)]
    before = before[before["quantity"].fillna(1.0) > 0]
    before = before.assign(day=before["ts"].dt.normalize())[["customer_id", "item_id", "ts", "day", "type"]]
    orders = before[before["type"] == "order"].sort_values("ts", kind="stable")
    purchases = orders.drop_duplicates(["customer_id", "item_id", "day"], keep="last")
    carts, views = (before[before["type"] == kind] for kind in ("cart", "view"))
    return Sheet(purchases, carts, views, items, cutoff)


def untrue(found: Sheet, rows: pd.DataFrame) -> list[str]:
    """Which reasons do not count out: customer, item, what was said and what is so.

    Parameters
    ----------
    rows
        customer_id, item_id, reason_code, reason_args (JSON).
    """
    wrong = []
    for row in rows.itertuples():
        said = json.loads(row.reason_args)
        code = said.pop("also") if row.reason_code == "explore" else row.reason_code
        so = COUNTED[code](found, row.customer_id, row.item_id, said)
        if so != said:
            wrong.append(f"{row.customer_id} {row.item_id} {code}: said {said}, is {so}")
    return wrong


def _rhythm(found: Sheet, customer: str, item: str, said: Facts) -> Facts:
    days = found.days(customer, item)
    gaps = [(later - day).days for day, later in pairwise(days)]
    if len(days) < 3 or max(gaps) > Fraction(2, 3) * sum(gaps):
        return {"bought_days": len(days)}
    gap = Fraction((days[-1] - days[0]).days, len(days) - 1)
    return {"gap_days": floor(gap + Fraction(1, 2)), "ago_days": found.ago(days[-1]), "bought_days": len(days)}


def _again(found: Sheet, customer: str, item: str, said: Facts) -> Facts:
    days = found.days(customer, item)
    return {"bought_days": len(days), "ago_days": found.ago(days[-1])} if len(days) > 1 else {}


def _bought(found: Sheet, customer: str, item: str, said: Facts) -> Facts:
    days = found.days(customer, item)
    return {"ago_days": found.ago(days[0])} if len(days) == 1 else {}


def _cart(found: Sheet, customer: str, item: str, said: Facts) -> Facts:
    carts = found.since(found.carts, customer, item)
    return {"ago_days": found.ago(carts.max())} if len(carts) else {}


def _viewed(found: Sheet, customer: str, item: str, said: Facts) -> Facts:
    views = found.since(found.views, customer, item)
    if not len(views):
        return {}
    return {"look_days": views.dt.normalize().nunique(), "ago_days": found.ago(views.max())}


def _led(found: Sheet, customer: str, said: Facts, others: int) -> Facts:
    lead = said["bought_item"]
    days = found.days(customer, lead)
    name = found.items["name"].get(lead)
    if not days or others < 2:
        return {"others": others, "days": len(days)}
    named = {"bought_item": lead, "bought_name": lead if pd.isna(name) else name}
    return {"others": others, "ago_days": found.ago(days[-1])} | named


def _after(found: Sheet, customer: str, item: str, said: Facts) -> Facts:
    others = found.purchases[found.purchases["customer_id"] != customer]
    first = others[others["item_id"] == said["bought_item"]].groupby("customer_id")["day"].min()
    last = others[others["item_id"] == item].groupby("customer_id")["day"].max()
    return _led(found, customer, said, int((first < last.reindex(first.index)).sum()))


def _with(found: Sheet, customer: str, item: str, said: Facts) -> Facts:
    others = found.purchases[found.purchases["customer_id"] != customer]
    lead = others.loc[others["item_id"] == said["bought_item"], ["customer_id", "day"]]
    both = lead.merge(others.loc[others["item_id"] == item, ["customer_id", "day"]])
    return _led(found, customer, said, both["customer_id"].nunique())


def _share(name: str) -> Callable[[Sheet, str, str, Facts], Facts]:
    def share(found: Sheet, customer: str, item: str, said: Facts) -> Facts:
        of_all = found.column(name)[found.purchases["customer_id"] == customer]
        value = found.items[name].get(item)
        purchases = int((of_all == value).sum())
        percent = floor(Fraction(100 * purchases, max(len(of_all), 1)) + Fraction(1, 2))
        return {"share": percent, "purchases": purchases, "all_purchases": len(of_all), name: value}

    return share


def _new(found: Sheet, customer: str, item: str, said: Facts) -> Facts:
    first = found.purchases.loc[found.purchases["item_id"] == item, "day"].min()
    share = _share("category")(found, customer, item, said)
    return {"sold_ago_days": found.ago(first), "share": share["share"], "category": share["category"]}


def _popular(found: Sheet, customer: str, item: str, said: Facts) -> Facts:
    lately = found.purchases[found.purchases["day"] >= found.cutoff - pd.Timedelta(days=said["days"])]
    return {"customers": lately.loc[lately["item_id"] == item, "customer_id"].nunique(), "days": said["days"]}


def _sold(found: Sheet, customer: str, item: str, said: Facts) -> Facts:
    ever = found.purchases
    return {"customers": ever.loc[ever["item_id"] == item, "customer_id"].nunique()}


def _listed(found: Sheet, customer: str, item: str, said: Facts) -> Facts:
    return {} if _sold(found, customer, item, said)["customers"] == 0 else {"sold": True}


COUNTED: dict[str, Callable[[Sheet, str, str, Facts], Facts]] = {
    "rhythm": _rhythm,
    "cart": _cart,
    "again": _again,
    "viewed": _viewed,
    "bought": _bought,
    "after": _after,
    "with": _with,
    "category": _share("category"),
    "brand": _share("brand"),
    "new": _new,
    "popular": _popular,
    "sold": _sold,
    "listed": _listed,
}
