"""The formats that Shijin reads, a file each; `shijin.collect.source` lists them. A format imports no other.

A format with one line a row needs its columns by role, the columns that recognise it, and what reads its rows.

Examples
--------
>>> from datetime import UTC, datetime
>>> import pyarrow as pa
>>> from shijin.collect.collected import CollectOptions
>>> from shijin.collect.format import Format, by_role, has_columns
>>> from shijin.collect.mapped import settled
>>> from shijin.collect.raw import from_arrow
>>> from shijin.collect.rows import read_rows
>>> from shijin.config import Config
>>> COLUMNS = {"customer_id": ["Guest"], "ts": ["Table Time"], "amount": ["Bill"], "order_id": ["Bill No."]}
>>> def recognises(names):
...     return has_columns(names, ["Table Time", "Bill No."])
>>> def read(raw, config, options, now):
...     roles = by_role(raw.table.column_names, COLUMNS)
...     return read_rows(settled(raw, roles, config, options), FORMAT.name, now)
>>> FORMAT = Format("restaurant", recognises, read)
>>> bills = pa.table({"Guest": ["7"], "Table time": ["2024-01-02"], "Bill": ["9.50"], "Bill no": ["1"], "Tip": ["1"]})
>>> FORMAT.recognises(bills.column_names)
True
>>> raw = from_arrow(bills, "bills", "", {}, "bills")
>>> collected = FORMAT.read(raw, Config(), CollectOptions(), datetime(2025, 1, 1, tzinfo=UTC))
>>> collected.events.select(["customer_id", "order_id", "amount"]).to_pylist(), collected.reading.unread
([{'customer_id': '7', 'order_id': '1', 'amount': 9.5}], ('Tip',))
"""
