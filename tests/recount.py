"""Reasons recounted from the raw events before the cutoff alone, as somebody with a spreadsheet would do.

This file shares no code with Shijin. It is slow: one row at a time.
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
    """The tables to count from.

    Parameters
    ----------
    purchases
        customer_id, item_id, ts, day; one row a customer, item and day, the last ts of it.
    carts, views
        The same columns, a row an event.
    items
        By item_id: name, category, brand; without charges.
    cutoff : Timestamp
        A midnight.
    """

    purchases: pd.DataFrame
    carts: pd.DataFrame
    views: pd.DataFrame
    items: pd.DataFrame
    cutoff: pd.Timestamp

    def days(self, customer: str, item: str) -> list[pd.Timestamp]:
        """The days on which a customer bought an item."""
        purchases = self.purchases
        return sorted(purchases.loc[(purchases["customer_id"] == customer) & (purchases["item_id"] == item), "day"])

    def since(self, done: pd.DataFrame, customer: str, item: str) -> pd.Series[Any]:
        """The times of a customer's actions with an item after the last purchase of it."""
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
    """Prepare the tables to count from.

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


def untrue(tables: Sheet, rows: pd.DataFrame) -> list[str]:
    """The reasons whose numbers are wrong: customer, item, the reason's numbers and the counted ones.

    Parameters
    ----------
    rows
        customer_id, item_id, reason_code, reason_args (JSON).
    """
    wrong = []
    for row in rows.itertuples():
        claim = json.loads(row.reason_args)
        code = claim.pop("also") if row.reason_code == "explore" else row.reason_code
        counted = COUNTED[code](tables, row.customer_id, row.item_id, claim)
        if counted != claim:
            wrong.append(f"{row.customer_id} {row.item_id} {code}: claimed {claim}, counted {counted}")
    return wrong


def _rhythm(tables: Sheet, customer: str, item: str, claim: Facts) -> Facts:
    days = tables.days(customer, item)
    gaps = [(later - day).days for day, later in pairwise(days)]
    if len(days) < 3 or max(gaps) > Fraction(2, 3) * sum(gaps):
        return {"bought_days": len(days)}
    gap = Fraction((days[-1] - days[0]).days, len(days) - 1)
    return {"gap_days": floor(gap + Fraction(1, 2)), "ago_days": tables.ago(days[-1]), "bought_days": len(days)}


def _again(tables: Sheet, customer: str, item: str, claim: Facts) -> Facts:
    days = tables.days(customer, item)
    return {"bought_days": len(days), "ago_days": tables.ago(days[-1])} if len(days) > 1 else {}


def _bought(tables: Sheet, customer: str, item: str, claim: Facts) -> Facts:
    days = tables.days(customer, item)
    return {"ago_days": tables.ago(days[0])} if len(days) == 1 else {}


def _cart(tables: Sheet, customer: str, item: str, claim: Facts) -> Facts:
    carts = tables.since(tables.carts, customer, item)
    return {"ago_days": tables.ago(carts.max())} if len(carts) else {}


def _viewed(tables: Sheet, customer: str, item: str, claim: Facts) -> Facts:
    views = tables.since(tables.views, customer, item)
    if not len(views):
        return {}
    return {"look_days": views.dt.normalize().nunique(), "ago_days": tables.ago(views.max())}


def _antecedent(tables: Sheet, customer: str, claim: Facts, others: int) -> Facts:
    antecedent = claim["bought_item"]
    days = tables.days(customer, antecedent)
    name = tables.items["name"].get(antecedent)
    if not days or others < 2:
        return {"others": others, "days": len(days)}
    named = {"bought_item": antecedent, "bought_name": antecedent if pd.isna(name) else name}
    return {"others": others, "ago_days": tables.ago(days[-1])} | named


def _after(tables: Sheet, customer: str, item: str, claim: Facts) -> Facts:
    others = tables.purchases[tables.purchases["customer_id"] != customer]
    first = others[others["item_id"] == claim["bought_item"]].groupby("customer_id")["day"].min()
    last = others[others["item_id"] == item].groupby("customer_id")["day"].max()
    return _antecedent(tables, customer, claim, int((first < last.reindex(first.index)).sum()))


def _with(tables: Sheet, customer: str, item: str, claim: Facts) -> Facts:
    others = tables.purchases[tables.purchases["customer_id"] != customer]
    antecedent = others.loc[others["item_id"] == claim["bought_item"], ["customer_id", "day"]]
    both = antecedent.merge(others.loc[others["item_id"] == item, ["customer_id", "day"]])
    return _antecedent(tables, customer, claim, both["customer_id"].nunique())


def _share(name: str) -> Callable[[Sheet, str, str, Facts], Facts]:
    def share(tables: Sheet, customer: str, item: str, claim: Facts) -> Facts:
        of_all = tables.column(name)[tables.purchases["customer_id"] == customer]
        value = tables.items[name].get(item)
        purchases = int((of_all == value).sum())
        percent = floor(Fraction(100 * purchases, max(len(of_all), 1)) + Fraction(1, 2))
        return {"share": percent, "purchases": purchases, "all_purchases": len(of_all), name: value}

    return share


def _new(tables: Sheet, customer: str, item: str, claim: Facts) -> Facts:
    first = tables.purchases.loc[tables.purchases["item_id"] == item, "day"].min()
    share = _share("category")(tables, customer, item, claim)
    return {"sold_ago_days": tables.ago(first), "share": share["share"], "category": share["category"]}


def _popular(tables: Sheet, customer: str, item: str, claim: Facts) -> Facts:
    recent = tables.purchases[tables.purchases["day"] >= tables.cutoff - pd.Timedelta(days=claim["days"])]
    return {"customers": recent.loc[recent["item_id"] == item, "customer_id"].nunique(), "days": claim["days"]}


def _sold(tables: Sheet, customer: str, item: str, claim: Facts) -> Facts:
    ever = tables.purchases
    return {"customers": ever.loc[ever["item_id"] == item, "customer_id"].nunique()}


def _listed(tables: Sheet, customer: str, item: str, claim: Facts) -> Facts:
    return {} if _sold(tables, customer, item, claim)["customers"] == 0 else {"sold": True}


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
