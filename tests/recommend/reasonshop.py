"""Small shops whose reasons are recounted, for the tests of reasons and of purchases."""

import json
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse as sp
from hypothesis import strategies as st

import recount
from ledger import Row, packed, row
from shijin.config import ItemsSection
from shijin.recommend.members.neighbours import ItemNeighbours
from shijin.recommend.past.actions import Actions, actions_of
from shijin.recommend.past.catalogue import Catalogue, catalogue_of
from shijin.recommend.reasons.reason_text import reason_args, reason_codes
from shijin.recommend.reasons.reasons import Reasons, Shown, reasons_of
from shijin.represent.cutoff import split_at
from shijin.represent.days import as_cutoff

CUTOFF = date(2024, 2, 1)
HORIZON_DAYS = 10
LISTED = {
    "tea": ("Green tea", "drinks", "Hill"),
    "cup": ("Cup", "china", "Kiln"),
    "pot": (None, "china", "Kiln"),
    "jam": ("Jam", "spreads", None),
    "rum": ("Rum", "drinks", "Port"),
    "hat": ("Hat", None, None),
    "POST": ("Postage", None, None),
}
Reason = tuple[str, dict[str, Any]]


def listed() -> pd.DataFrame:
    items = pd.DataFrame.from_dict(LISTED, orient="index", columns=["name", "category", "brand"])
    return items.rename_axis("item_id")


def everything_alike(n_items: int) -> list[ItemNeighbours]:
    """A member for which all items are equally similar."""
    return [ItemNeighbours("alike", sp.csr_matrix(np.ones((n_items, n_items), np.float32)), 0.8)]


class Shop:
    """A shop of some events, as recommendations see it at the cutoff."""

    def __init__(self, rows: list[Row], similar: list[ItemNeighbours] | None = None) -> None:
        shop = packed(rows)
        self.rows = rows
        self.history = split_at(shop, as_cutoff(CUTOFF), HORIZON_DAYS)[0]
        self.actions: Actions = actions_of(self.history, len(shop.items))
        items = pa.Table.from_pandas(listed().reset_index(), preserve_index=False)
        self.catalogue: Catalogue = catalogue_of(items, shop.items, ItemsSection(), listed=True)
        self.similar = everything_alike(len(shop.items)) if similar is None else similar

    def shown(self, *pairs: tuple[str, str], explored: bool = False) -> Shown:
        customers, items = self.history.customers.tolist(), self.catalogue.items.tolist()
        places = sorted((customers.index(customer), items.index(item)) for customer, item in pairs)
        customer, item = np.array(places, dtype=np.int64).reshape(-1, 2).T
        return Shown(customer, item.astype(np.int32), np.full(len(places), explored))

    def reasons(self, shown: Shown) -> Reasons:
        return reasons_of(self.actions, self.catalogue, shown, self.similar, HORIZON_DAYS)

    def table(self, shown: Shown, reasons: Reasons) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "customer_id": self.history.customers[shown.customer],
                "item_id": self.catalogue.items[shown.item],
                "reason_code": reason_codes(reasons).to_pylist(),
                "reason_args": reason_args(reasons, self.catalogue).to_pylist(),
            }
        )

    def sheet(self) -> recount.Sheet:
        events = pd.DataFrame([{"quantity": 1.0, "item_id": None} | one for one in self.rows])
        return recount.sheet(events.assign(ts=events["ts"].dt.tz_localize(None)), listed().drop("POST"), CUTOFF)

    def reason(self, customer: str, item: str, *, explored: bool = False) -> Reason:
        """The reason of one item, recounted and found true."""
        shown = self.shown((customer, item), explored=explored)
        table = self.table(shown, self.reasons(shown))
        assert recount.untrue(self.sheet(), table) == []
        return table["reason_code"][0], json.loads(table["reason_args"][0])


def bought_on(customer: str, item: str, *days: str, kind: str = "order") -> list[Row]:
    return [row(customer, f"2024-{day} 12:00", 5.0, kind, item_id=item) for day in days]


OLD = bought_on("old", "hat", "01-01")


MANY = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.integers(1, 31),
        st.integers(0, 2),
        st.sampled_from(["order", "order", "order", "view", "cart", "return"]),
        st.sampled_from([*LISTED, None]),
    ),
    min_size=1,
    max_size=60,
)


def shop_of(many: list[tuple[Any, ...]]) -> Shop:
    first = row("z", "2024-01-01", 1.0, item_id="hat")
    return Shop(
        [first]
        + [row(who, f"2024-01-{day:02d} 0{hour}:00", 3.0, kind, item_id=item) for who, day, hour, kind, item in many]
    )
