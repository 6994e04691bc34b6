"""Names of columns for a refusal: the likely ones first, and how many more there are."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.raw import Raw
from shijin.collect.values import as_text, share_of

_SHOWN = 20
_ROWS = 5_000
_UNIQUE = 0.98
_FRACTION = r"^-?\d+[.,]\d{1,2}$"
_ID_LIKE = re.compile(
    r"id$|no$|nr$|num|ref|code|key|name|mail|phone|customer|client|user|member|buyer|patron|account|person|people"
    r"|[号名人客会员买家]",
    re.IGNORECASE,
)


def listed(raw: Raw) -> str:
    """The names of a source's columns: those that could identify people first, and how many more there are.

    Examples
    --------
    >>> from shijin.collect.raw import from_arrow
    >>> columns = {**{f"Field {n}": ["x", "x"] for n in range(30)}, "Patron Ref": ["p1", "p2"]}
    >>> listed(from_arrow(pa.table(columns), "orders", "", {}, "orders"))[:27], listed(from_arrow(
    ...     pa.table(columns), "orders", "", {}, "orders"))[-9:]
    ('Patron Ref, Field 0, Field ', ' … (+ 11)')
    """
    names = raw.table.column_names
    if len(names) <= _SHOWN:
        return ", ".join(names)
    ordered = sorted(names, key=lambda name: -_likeliness(raw, name))
    return f"{', '.join(ordered[:_SHOWN])} … (+ {len(names) - _SHOWN})"


def shortened(names: Sequence[str]) -> str:
    """The first names of columns, and how many more there are.

    Examples
    --------
    >>> shortened(["a", "b"]), shortened([str(n) for n in range(22)])[-14:]
    ('a, b', '18, 19 … (+ 2)')
    """
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" … (+ {rest})" if rest > 0 else "")


def _likeliness(raw: Raw, name: str) -> float:
    """How likely a column identifies people: by its name, and by whether its values come again."""
    column = raw.table[name].slice(0, _ROWS)
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return 0.0
    texts = as_text(column)
    different = pc.count_distinct(texts).as_py()
    share = different / max(len(texts), 1)
    # Customers come again: their column has several values, fewer than rows. Sums and constants are nobody.
    repeats = 1.0 if different > 1 and share < _UNIQUE else 0.0 if different <= 1 else 0.5
    is_sum = share_of(pc.match_substring_regex(texts, _FRACTION))
    return repeats - is_sum + (1.0 if _ID_LIKE.search(name) else 0.0)
