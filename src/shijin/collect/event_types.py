"""The type of each row: an order, a return, a view and so on, by a column of types where the source has one."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from shijin.prepare.clean import KNOWN_TYPES, OTHER_EVENTS, canonical_types, plain
from shijin.schema import MONEY_TYPES

_CANONICAL_NAMES = frozenset(KNOWN_TYPES.values())
_MONEY = pa.array([*MONEY_TYPES, "void"])


@dataclass(frozen=True)
class EventTypes:
    """The types of n rows.

    Parameters
    ----------
    type : (n,) string
        Null where the source does not say; a type that is not known stays the shop's own.
    is_money : (n,) bool
        Rows that may be about money: those without a type, and orders, returns and charges.
    """

    type: pa.Array
    is_money: pa.Array


def event_types(words: pa.Array, *, is_mapped: bool) -> EventTypes:
    """Read a column of types; one in which most words are unknown has another meaning, such as the customer's type.

    Parameters
    ----------
    words : (n,) string
        All null where the source has no such column.
    is_mapped
        Whether the user named the column.

    Examples
    --------
    >>> event_types(pa.array(["pv", "buy", "unboxing", "view"]), is_mapped=False).type.to_pylist()
    ['view', 'order', 'unboxing', 'view']
    >>> event_types(pa.array(["retail", "wholesale"]), is_mapped=False).is_money.to_pylist()
    [True, True]
    """
    types = canonical_types(words)
    if not is_mapped and not _are_types(types):
        types = pa.nulls(len(types), pa.string())
    return EventTypes(types, pc.or_(pc.is_null(types), pc.is_in(types, _MONEY)))


def without_money(words: pa.Array) -> bool:
    """Whether a column of types shows that no row is about money.

    Examples
    --------
    >>> without_money(pa.array(["view", "unboxing", "cart"])), without_money(pa.array(["view", "purchase"]))
    (True, False)
    """
    types = canonical_types(words)
    return _are_types(types) and not pc.any(pc.is_in(types, _MONEY)).as_py() and types.null_count == 0


def _are_types(types: pa.Array) -> bool:
    """Whether words are types of events: most rows have a known one, or half of the words are known."""
    there = types.drop_null()
    if not len(there):
        return False
    encoded = there.dictionary_encode()
    names = encoded.dictionary.to_pylist()
    known = pa.array([name in _CANONICAL_NAMES or plain(name) in OTHER_EVENTS for name in names], pa.float64())
    rows = pc.mean(known.take(encoded.indices)).as_py()
    return bool(rows > 0.5 or pc.mean(known).as_py() >= 0.5)
