"""The formats that Shijin reads, a file each; `shijin.collect.source` lists them. A format imports no other.

A format with one line a row declares the columns that recognise it, and what each column means; `declared` reads it.

Examples
--------
>>> from datetime import UTC, datetime
>>> import pyarrow as pa
>>> from shijin.collect.collected import CollectOptions
>>> from shijin.collect.context import Context
>>> from shijin.collect.declared import declared
>>> from shijin.collect.raw import from_arrow
>>> from shijin.config import Config
>>> COLUMNS = {"customer_id": ["Guest"], "ts": ["Table Time"], "amount": ["Bill"], "order_id": ["Bill No."]}
>>> FORMAT = declared("restaurant", "Restaurant: bills", ["Table Time", "Bill No."], COLUMNS)
>>> bills = pa.table({"Guest": ["7"], "Table time": ["2024-01-02"], "Bill": ["9.50"], "Bill no": ["1"], "Tip": ["1"]})
>>> FORMAT.recognises(bills.column_names)
True
>>> context = Context(Config(), CollectOptions(), datetime(2025, 1, 1, tzinfo=UTC))
>>> collected = FORMAT.read(from_arrow(bills, "bills", "", {}, "bills"), context)
>>> collected.events.select(["customer_id", "order_id", "amount"]).to_pylist(), collected.reading.unread
([{'customer_id': '7', 'order_id': '1', 'amount': 9.5}], ('Tip',))
"""
