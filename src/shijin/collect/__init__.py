"""Files of a shop become events, items and contacts; what cannot is set aside with its reason, never dropped.

The doors are `read_source` and `from_table`.
"""

from shijin.collect.collected import Collected, CollectOptions
from shijin.collect.source import from_table, read_source

__all__ = ["CollectOptions", "Collected", "from_table", "read_source"]
