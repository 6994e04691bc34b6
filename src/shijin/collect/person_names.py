"""Names of people: recognised in a column of customers, and split into first and last names."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.values import distinct
from shijin.prepare.clean import plain

_NAME = r"^[\p{L}'’.-]+(?:,? [\p{L}'’.&-]+){1,4}$"
_SHORT_NAME = r"^(?:\p{Latin}\.? )?\p{Latin}[\p{Latin}'’-]+$|^\p{Latin}[\p{Latin}'’-]+ \p{Latin}\.?$"
_HAN_NAME = r"^\p{Han}{2,4}$"
_PEOPLE_COLUMNS = {"customer", "buyer", "client", "member", "patron", "patient", "客户", "顾客", "会员", "买家", "用户"}


def names_of(people: pa.Array) -> dict[str, pa.Array]:
    """Split whole names into first and last names; a Chinese name begins with the family's.

    Examples
    --------
    >>> split = names_of(pa.array(["Ada M. Birch", "Birch, Ada", "王小明"]))
    >>> {role: names.to_pylist() for role, names in split.items()}
    {'first_name': ['Ada M.', 'Ada', '小明'], 'last_name': ['Birch', 'Birch', '王']}
    """
    values, rows = distinct(people)
    western = pc.extract_regex(values, r"^(?P<first>.*?)\s*(?P<last>\S+)$")
    comma = pc.extract_regex(values, r"^(?P<last>[^,]+),\s*(?P<first>.+)$")
    han = pc.extract_regex(values, r"^(?P<last>\p{Han})(?P<first>\p{Han}{1,3})$")
    parts = {
        name: pc.coalesce(*(pc.struct_field(one, name) for one in (han, comma, western))) for name in ("first", "last")
    }
    return {f"{name}_name": pc.if_else(pc.equal(part, ""), None, part).take(rows) for name, part in parts.items()}


def are_names(column: str, texts: pa.Array) -> bool:
    """Whether a column of customers holds names of people.

    Examples
    --------
    >>> are_names("Customer", pa.array(["Ada Birch", "A. Ash"])), are_names("Customer", pa.array(["c1", "c2"]))
    (True, False)
    """
    if plain(column) not in _PEOPLE_COLUMNS:
        return False
    values = pc.unique(texts).drop_null()
    matches = pc.or_(pc.match_substring_regex(values, _NAME), pc.match_substring_regex(values, _HAN_NAME))
    return len(values) > 0 and (pc.sum(matches).as_py() or 0) >= 0.8 * len(values)


def are_short(names: pa.Array) -> pa.Array:
    """Whether names are an initial and a surname, or one word, so that many people share them."""
    return pc.match_substring_regex(names, _SHORT_NAME)
