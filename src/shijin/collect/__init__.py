"""Files of a shop become events, items and contacts; a row that cannot is set aside with its reason, never dropped.

`read_sources` reads files, `from_table` a table in memory; both return `Collected`.
"""

from shijin.collect.collected import Collected, CollectOptions, SourceReading
from shijin.collect.context import Context
from shijin.collect.source import FORMAT_NAMES, from_table, read_sources

__all__ = ["FORMAT_NAMES", "CollectOptions", "Collected", "Context", "SourceReading", "from_table", "read_sources"]
