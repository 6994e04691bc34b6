"""The schemas of all tables: name, type and meaning of every column that Shijin stores or returns.

Amounts are in the shop's currency, instants in UTC with microseconds. In EVENTS all columns but the first four may be
null. Contacts are a table of their own, which ``represent`` and the models cannot read.
"""

from __future__ import annotations

import pyarrow as pa

from shijin.errors import SchemaError

UTC = pa.timestamp("us", tz="UTC")

EVENTS = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),  # never an address
        pa.field("ts", UTC, nullable=False),
        pa.field("type", pa.string(), nullable=False),  # EVENT_TYPES, or a shop's own
        pa.field("event_id", pa.string(), nullable=False),  # the same row has the same id in every file
        ("order_id", pa.string()),
        ("item_id", pa.string()),
        ("category", pa.string()),
        ("quantity", pa.float64()),
        ("amount", pa.float64()),  # line total after discounts, tax as the source has it; negative for returns
        ("discount", pa.float64()),  # amount taken off, >= 0
        ("cost", pa.float64()),
        ("currency", pa.string()),
        ("rating", pa.float64()),
        ("channel", pa.string()),
        ("session_id", pa.string()),
        ("text", pa.string()),
        ("duration_s", pa.float64()),
        ("position", pa.int32()),
        ("propensity", pa.float64()),
        ("policy_id", pa.string()),
        ("campaign_id", pa.string()),
        ("arm", pa.string()),
        ("source", pa.string()),
        ("source_row", pa.int64()),  # 1 = the first row after the header
        ("collected_at", UTC),
    ]
)
PROVENANCE = ("source", "source_row", "collected_at")  # two tables are equal whatever these hold

ITEMS = pa.schema(
    [
        pa.field("item_id", pa.string(), nullable=False),
        ("name", pa.string()),
        ("category", pa.string()),
        ("brand", pa.string()),
        ("price", pa.float64()),
    ]
)

CONTACTS = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        ("email", pa.string()),
        ("phone", pa.string()),
        ("first_name", pa.string()),
        ("last_name", pa.string()),
        ("country", pa.string()),
        ("email_consent", pa.bool_()),
        ("sms_consent", pa.bool_()),
    ]
)

# Types whose amounts count as spend; only an "order" counts as an order.
MONEY_TYPES = ("order", "return", "charge")
# "void": lines of a voided, fully refunded or cancelled order; stored so that nothing is lost, read by no model.
# "withdrawn": lines that a newer export of their order no longer has; likewise.
# "refund_undated": money that was returned on a day that the source does not have, negative; read by no model.

# Feedback on items, lists and tiers. Recommendations read it at once; forecasts read corrections only.
FEEDBACK_TYPES = (
    "rating",  # of an item, in `rating`, on the scale of the source
    "dismiss",  # not interested in an item
    "click",  # on an item or a campaign that was shown
    "exposure",  # an item or a campaign was shown, with `position`, `propensity`, `policy_id`, `campaign_id`, `arm`
    "conversion",  # it followed from an exposure; `amount` is what it brought, where known, and does not count as spend
    "correction",  # the right tier of the customer, in `text`, by its name in [tiers]
)
# Actions without money. "cart_removed" ends a "cart"; "search", "wishlist" and "checkout" are read by no forecast.
ACTION_TYPES = ("view", "cart", "cart_removed", "wishlist", "search", "checkout", "review", "contact")
EVENT_TYPES = (*MONEY_TYPES, *ACTION_TYPES, *FEEDBACK_TYPES, "void", "withdrawn", "refund_undated")

QUARANTINE = pa.schema(
    [
        ("source", pa.string()),
        ("source_row", pa.int64()),
        ("reason", pa.string()),  # REJECT_REASONS
        ("detail", pa.string()),
        ("amount", pa.float64()),  # null where it is not a number
        ("row", pa.string()),  # the row as it came, as JSON
    ]
)
# Bad rows count towards [collect] max_bad_share; the other reasons are of readable rows that are no purchase.
BAD_READINGS = ("bad_time", "bad_amount", "bad_quantity", "future_date", "bad_row")
BAD_FEEDBACK = (
    *("unknown_kind", "unknown_customer", "unknown_item", "no_item"),
    *("bad_rating", "unknown_tier", "bad_propensity", "bad_position"),
)
BAD_REASONS = (*BAD_READINGS, *BAD_FEEDBACK)
SET_ASIDE_REASONS = (
    *("no_customer", "masked_customer", "test_code", "test_order"),
    *("unpaid", "void_without_time", "other_currency", "total_row"),
)
REJECT_REASONS = (*BAD_REASONS, *SET_ASIDE_REASONS)

FINDINGS = pa.schema(
    [
        ("code", pa.string()),  # its sentence is findings.<code>
        ("severity", pa.string()),  # "spoils" a forecast | "warns" | "notes"
        ("rows", pa.int64()),  # how many rows it hit
        ("share", pa.float64()),  # of all rows, or of money where the sentence has it, 0..1
        ("examples", pa.list_(pa.string())),  # a few event_ids or row numbers
        ("arguments", pa.string()),  # JSON, fills the placeholders of the sentence
    ]
)

FORECAST = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("cutoff", UTC, nullable=False),
        pa.field("horizon_days", pa.int32(), nullable=False),
        pa.field("expected_spend", pa.float64(), nullable=False),
        pa.field("expected_orders", pa.float64(), nullable=False),
        pa.field("p_active", pa.float64(), nullable=False),  # >= 1 order in the horizon; churn risk = 1 - p_active
        pa.field("spend_p10", pa.float64(), nullable=False),
        pa.field("spend_p50", pa.float64(), nullable=False),
        pa.field("spend_p90", pa.float64(), nullable=False),
        ("next_order_date", pa.date32()),  # null where no order is expected within two horizons
        pa.field("tier", pa.string(), nullable=False),
        pa.field("evidence", pa.string(), nullable=False),  # "thin" | "ample"
        pa.field("historic_spend", pa.float64(), nullable=False),
        pa.field("prospect", pa.bool_(), nullable=False),  # has not bought: viewed, carted, or only returned
    ]
)

QUANTILES = tuple(round(0.05 * step, 2) for step in range(1, 20))  # q05 ... q95

MEMBERS = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("cutoff", UTC, nullable=False),
        pa.field("horizon_days", pa.int32(), nullable=False),
        pa.field("member", pa.string(), nullable=False),
        ("expected_spend", pa.float64()),
        ("p_active", pa.float64()),
        *((f"q{round(100 * level):02d}", pa.float64()) for level in QUANTILES),
        ("crps", pa.float64()),
        ("pit", pa.float64()),
        pa.field("y_spend", pa.float64(), nullable=False),
        pa.field("y_orders", pa.int32(), nullable=False),
        ("y_first_days", pa.float64()),  # days from the cutoff to the first order in the window
        ("orders_before", pa.int32()),
        ("tenure_days", pa.float64()),  # from the first order to the cutoff
    ]
)

VECTOR_WIDTH = 128  # width of the behaviour model's vectors

VECTORS = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("cutoff", UTC, nullable=False),
        pa.field("horizon_days", pa.int32(), nullable=False),
        pa.field("vector", pa.list_(pa.float32(), VECTOR_WIDTH), nullable=False),  # similar customers have near vectors
        pa.field("x", pa.float32(), nullable=False),  # coordinates on the map of the shop's customers, without unit
        pa.field("y", pa.float32(), nullable=False),
    ]
)

NEIGHBOURS = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("similarity", pa.float64(), nullable=False),  # cosine of standardised vectors, -1..1
        ("tier", pa.string()),  # of the newest forecast; null where it does not contain the customer
        ("expected_spend", pa.float64()),
    ]
)


RECOMMENDATIONS = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("rank", pa.int32(), nullable=False),  # from 1
        pa.field("item_id", pa.string(), nullable=False),
        # Probability that the customer takes it within the horizon or, for a model trained on last purchases, that it
        # is the next one bought; value-aware: times what it brings.
        pa.field("score", pa.float64(), nullable=False),
        pa.field("propensity", pa.float64(), nullable=False),  # probability of this rank to show it, given those before
        pa.field("reason_code", pa.string(), nullable=False),  # its sentence is recommend.<code>
        pa.field("reason_args", pa.string(), nullable=False),  # JSON, fills the placeholders of the sentence
        pa.field("reason", pa.string(), nullable=False),  # in the shop's language
    ]
)

WANTED_BY = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("rank", pa.int32(), nullable=False),  # from 1
        pa.field("score", pa.float64(), nullable=False),  # as in RECOMMENDATIONS, never value-aware
        pa.field("place", pa.int32(), nullable=False),  # rank of the item among all candidates of the customer, from 1
        pa.field("reason_code", pa.string(), nullable=False),
        pa.field("reason_args", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)

ITEMS_JUDGED = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("protocol", pa.string(), nullable=False),  # "window" | "last": the task
        pa.field("again", pa.bool_(), nullable=False),  # whether items that the customer bought before were allowed
        pa.field("way", pa.string(), nullable=False),  # "lists", a baseline, or "asked": the true purchases
        ("rank", pa.int32()),  # from 1; null for "asked"
        pa.field("item_id", pa.string(), nullable=False),
        ("score", pa.float64()),  # for "lists" only
        ("chance", pa.float64()),
        pa.field("taken", pa.bool_(), nullable=False),  # whether it was bought afterwards
        pa.field("steps", pa.int32(), nullable=False),  # how many steps of the customer are known
    ]
)

AFFINITY = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # "category" | "brand"
        pa.field("name", pa.string(), nullable=False),
        pa.field("share", pa.float64(), nullable=False),  # of the customer's interest that has a name, 0..1
        pa.field("interest", pa.float64(), nullable=False),  # sum of actions, decayed: 1 is an order today
        pa.field("last", pa.date32(), nullable=False),  # the day of the newest action, shop time
    ]
)

DEMAND = pa.schema(
    [
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),  # its id where it has no name
        ("category", pa.string()),
        pa.field("expected_units", pa.float64(), nullable=False),  # ordered in the horizon, returns not subtracted
        pa.field("naive_units", pa.float64(), nullable=False),  # ordered a year earlier, else in the last horizon
        pa.field("recent_units", pa.float64(), nullable=False),  # ordered in the last horizon
        pa.field("price", pa.float64(), nullable=False),  # mean price of a piece so far, shop currency
    ]
)


def conform(table: pa.Table, schema: pa.Schema, where: str) -> pa.Table:
    """Cast a table to a schema: its columns in the schema's order, missing nullable ones as nulls, others dropped.

    Raises
    ------
    SchemaError
        When a column that may not be null is missing or has a null, or a column cannot be cast.

    Examples
    --------
    >>> conform(pa.table({"item_id": ["a"]}), ITEMS, "items").column_names
    ['item_id', 'name', 'category', 'brand', 'price']
    >>> conform(pa.table({"name": ["a"]}), ITEMS, "items")
    Traceback (most recent call last):
    shijin.errors.SchemaError: items: the column item_id is missing; the columns are name. Cure: name it with
    map={'item_id': 'COLUMN'}.
    """
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            if not field.nullable:
                columns_there = ", ".join(table.column_names)
                raise SchemaError("schema.column_missing", where, column=field.name, columns=columns_there)
            columns.append(pa.nulls(table.num_rows, field.type))
            continue
        column = table[field.name]
        try:
            column = column.cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            types = {"type": column.type, "needed": field.type}
            raise SchemaError("schema.column_type", where, column=field.name, **types, error=error) from error
        if not field.nullable and column.null_count:
            raise SchemaError("schema.column_empty", where, column=field.name, rows=column.null_count)
        columns.append(column)
    return pa.table(columns, schema=schema)
