"""Finds the columns of a table by their names, and by their values where a name fits several roles.

A name of ``columns.toml`` wins over a pattern of ``column_patterns.toml``; a mapping of the user wins over both. A
column whose values cannot be what its name suggests, such as a payment method in a column called Payment, gets no role.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.column_names import bare_name, by_bare_name
from shijin.collect.event_types import share_of_known
from shijin.collect.guess import ITEM_NAMES, ROLES, refuse_wrong_map
from shijin.collect.mapped import MONEY_ROLES
from shijin.collect.name_columns import with_names_of_people
from shijin.collect.paid_columns import may_be_paid, with_paid_price, with_tax
from shijin.collect.raw import Raw
from shijin.collect.statuses import is_about, meaning_of
from shijin.collect.times import DateOrder, as_time
from shijin.collect.values import Decimal, as_number, as_text, is_text, share_of
from shijin.prepare.simplified import simplified

# Roles of which a source may have several columns: what one row lacks, or says, another has.
SEVERAL = ("customer_id", "email", "phone", "person", "ts", "status", "type")
NUMBERS = (
    "amount",
    "line_total",
    "order_total",
    "price",
    "unit_price",
    "quantity",
    "discount",
    "refund",
    "order_refund",
    "shipping",
)
_PATTERNS: dict[str, dict[str, str]] = tomllib.loads(
    simplified((files("shijin.collect") / "column_patterns.toml").read_text("utf-8"))
)
_MOST_STATUSES = 40  # different words in a column of them
_LAST = 2  # the place of a name that leaves out tax
_SIGNS: tuple[Decimal, ...] = (".", ",")
_ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy")
_SAMPLE = 20_000  # rows that decide whether a column fits a role
_FITTING = 0.6  # the share of them that must
_ADDRESS = r"[^@\s]@[^@\s]"
_CLOCK = r"^\s*\d{1,2}:\d{2}(:\d{2})?\s*([AaPp]\.?[Mm]\.?)?\s*$"


def find_columns(raw: Raw, mapped: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Find the columns of each role.

    Parameters
    ----------
    mapped
        Columns by role as the user maps them.

    Returns
    -------
    Columns by role, each in one role; a role without any is left out.

    Raises
    ------
    ConfigError
        When a mapped column is not there, or a role does not exist.

    Examples
    --------
    >>> from shijin.collect.raw import from_arrow
    >>> orders = {"Contact e-mail": ["a@x.org"], "Date": ["2024-01-02"], "Payment": ["card"], "Sum paid": ["9.50"]}
    >>> find_columns(from_arrow(pa.table(orders), "orders", "", {}, "orders"), {})
    {'email': ('Contact e-mail',), 'ts': ('Date',), 'amount': ('Sum paid',)}
    """
    refuse_wrong_map(raw.table.column_names, mapped, raw.name, ROLES)
    chosen: dict[str, tuple[str, ...]] = {role: (column,) for role, column in mapped.items()}
    samples = _Samples(raw.table)
    for role in ROLES:
        if role not in chosen:
            _take(chosen, role, _named(raw.table.column_names, ROLES[role]), samples)
    _take_item(chosen, raw.table.column_names)
    for role in _PATTERNS:
        if role not in chosen and not _is_served(role, chosen):
            _take(chosen, role, _matching(raw.table.column_names, role), samples, strict=True)
    if "status" not in chosen:
        _take(chosen, "status", [*_of_known_statuses(raw), *_of_statuses_only(raw, chosen)[:1]], samples, strict=True)
    if "customer_id" not in mapped:  # further columns that could identify people, should the first not
        known = chosen.get("customer_id", ())
        _take(chosen, "customer_id", [*known, *_matching(raw.table.column_names, "customer_id")], samples, strict=True)
    for role in ("amount", "price"):  # a bad column of money is better named than left out
        if not set(MONEY_ROLES) & set(chosen) and (named := _named(raw.table.column_names, ROLES[role])):
            chosen[role] = (named[0],)
    about_money = [name for name in raw.table.column_names if may_be_paid(name)]
    numeric = [name for name in about_money if samples.fits(name, "price", strict=True)]
    chosen = with_names_of_people(chosen, raw.table, mapped)
    chosen = with_tax(with_paid_price(chosen, raw.table, mapped, numeric), raw.table, mapped, numeric)
    return {role: chosen[role] for role in ROLES if role in chosen}


@dataclass(frozen=True)
class _Samples:
    """The first values of each column, read when they are needed."""

    table: pa.Table

    def fits(self, name: str, role: str, *, strict: bool) -> bool:
        """Whether the values of a column can have a role; an empty column fits none where `strict`."""
        column = self.table[name]
        if pa.types.is_nested(column.type) or (pa.types.is_binary(column.type)):
            return not strict
        values = as_text(column.slice(0, _SAMPLE)).drop_null()
        if not len(values):
            return not strict
        if role == "status" and is_about(name) and pc.all(pc.is_in(values, pa.array(["0", "1"]))).as_py():
            return True  # yes or no, such as Cancelled
        check = _CHECKS.get(role)
        return check is None or check(column.type, values)


def _are_numbers(kind: pa.DataType, values: pa.Array) -> bool:
    if not is_text(kind):
        return not (pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_boolean(kind))
    return max(share_of(pc.is_valid(as_number(values, sign))) for sign in _SIGNS) >= _FITTING


def _are_times(kind: pa.DataType, values: pa.Array) -> bool:
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return True
    read = max(share_of(pc.is_valid(as_time(values, order, "UTC"))) for order in _ORDERS)
    return read >= _FITTING


def _are_addresses(kind: pa.DataType, values: pa.Array) -> bool:
    return is_text(kind) and share_of(pc.match_substring_regex(values, _ADDRESS)) >= _FITTING / 3


def _are_phones(kind: pa.DataType, values: pa.Array) -> bool:
    return share_of(pc.match_substring_regex(values, r"\d[\d\s*＊xX.()/+-]{3,}")) >= _FITTING / 3


def _are_words(kind: pa.DataType, values: pa.Array) -> bool:
    """Whether the values are words, or yes and no; neither numbers nor times."""
    if pa.types.is_boolean(kind):
        return True
    return is_text(kind) and not _are_times(kind, values) and share_of(pc.is_valid(as_number(values))) < 1 - _FITTING


def _are_events(kind: pa.DataType, values: pa.Array) -> bool:
    return is_text(kind) and share_of_known(values) > 0


_CHECKS: dict[str, Callable[[pa.DataType, pa.Array], bool]] = {
    **dict.fromkeys((*NUMBERS, "discount_rate", "cost", "unit_cost", "rating"), _are_numbers),
    "ts": _are_times,
    "cancelled_at": _are_times,
    "email": _are_addresses,
    "phone": _are_phones,
    "status": _are_words,
    "type": _are_events,
}


def _named(names: Sequence[str], candidates: Sequence[str]) -> list[str]:
    """Columns with a name of the list, in the order of the list."""
    columns = by_bare_name(names)
    there = [columns[name] for name in candidates if name in columns]
    return sorted(there, key=lambda name: bare_name(name)[1] == _LAST)


def _matching(names: Sequence[str], role: str) -> list[str]:
    """Columns whose name fits a role's pattern; those that fit its narrower pattern come first."""
    pattern = _PATTERNS[role]
    bare = {name: bare_name(name) for name in names}
    fitting = [
        name
        for name, (text, _) in bare.items()
        if re.search(pattern["any"], text) and not ("not" in pattern and re.search(pattern["not"], text))
    ]
    first = pattern.get("first", "$")

    def rank(name: str) -> tuple[bool, bool, int]:
        text, place = bare[name]
        return place == _LAST, not re.search(first, text), place

    return sorted(fitting, key=rank)


def _of_known_statuses(raw: Raw) -> list[str]:
    """Columns whose name means a status in some languages, and whose words are known ones."""
    names = [
        name for name in raw.table.column_names if re.search(_PATTERNS["status"]["known"], simplified(name.casefold()))
    ]
    return [name for name in names if _are_known(as_text(raw.table[name].slice(0, _SAMPLE)).drop_null())]


def _are_known(words: pa.Array) -> bool:
    counts = pc.value_counts(words).to_pylist()
    known = sum(entry["counts"] for entry in counts if meaning_of(entry["values"]) is not None)
    return known >= _FITTING * max(len(words), 1)


def _of_statuses_only(raw: Raw, chosen: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Columns of another name whose words are all known statuses, some of which say that nothing was sold."""
    taken = {name for names in chosen.values() for name in names}
    unlike = re.compile(_PATTERNS["status"]["unlike"])
    names = [name for name in raw.table.column_names if name not in taken and is_text(raw.table[name].type)]
    return [name for name in names if not unlike.search(simplified(name.casefold())) and _are_statuses(raw, name)]


def _are_statuses(raw: Raw, name: str) -> bool:
    words = pc.unique(as_text(raw.table[name].slice(0, _SAMPLE))).drop_null().to_pylist()
    if not 2 <= len(words) <= _MOST_STATUSES:
        return False
    meanings = {meaning_of(word) for word in words}
    return None not in meanings and bool(meanings & {"unpaid", "void", "refunded"}) and len(meanings) > 1


def _take(
    chosen: dict[str, tuple[str, ...]], role: str, columns: Sequence[str], samples: _Samples, *, strict: bool = False
) -> None:
    """Give a role those columns that are free and fit; a role of one column gets the first."""
    taken = {name for other, names in chosen.items() if other != role for name in names}
    free = [name for name in dict.fromkeys(columns) if name not in taken]
    fitting = [name for name in free if samples.fits(name, role, strict=strict)]
    # Without strict, a column with the very name of a role has it even where its values are bad: they are then named.
    there = fitting or ([] if strict or role in ("amount", "price", "status", "phone") else free[:1])
    if there:
        chosen[role] = tuple(there) if role in SEVERAL else (there[0],)


def _take_item(chosen: dict[str, tuple[str, ...]], names: Sequence[str]) -> None:
    """A column called product is the item's name next to one of codes, else the item itself."""
    taken = {name for columns in chosen.values() for name in columns}
    free = [name for name in _named(names, ITEM_NAMES) if name not in taken]
    role = "item_name" if "item_id" in chosen else "item_id"
    if free and role not in chosen:
        chosen[role] = (free[0],)


def _is_served(role: str, chosen: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a role needs no column found by a pattern, because others do its work."""
    has_price = bool({"price", "unit_price"} & set(chosen))
    if role == "amount":
        return bool({"amount", "line_total", "order_total"} & set(chosen)) or (has_price and "quantity" in chosen)
    if role in ("price", "unit_price"):
        return has_price
    return role == "customer_id" and bool({"customer_id", "email"} & set(chosen))


def clock_column(raw: Raw, roles: Mapping[str, tuple[str, ...]]) -> str | None:
    """The column of times of day next to one of dates; None where the dates have their own, or there is none."""
    if "ts" not in roles or not is_text(raw.table[roles["ts"][0]].type):
        return None
    dates = as_text(raw.table[roles["ts"][0]].slice(0, _SAMPLE)).drop_null()
    if pc.any(pc.match_substring_regex(dates, r"\d:\d{2}")).as_py():
        return None
    taken = {name for names in roles.values() for name in names}
    free = [name for name in raw.table.column_names if name not in taken and is_text(raw.table[name].type)]
    timely = [name for name in free if re.search(r"time|hour|clock|uhrzeit|heure|hora|时间|时刻", name.casefold())]
    return next((name for name in timely if is_clock(as_text(raw.table[name].slice(0, _SAMPLE)))), None)


def is_clock(values: pa.Array) -> bool:
    """Whether all texts are times of day without a date, as in a column next to one of dates.

    Examples
    --------
    >>> is_clock(pa.array(["10:30", "9:05 PM", None])), is_clock(pa.array(["2024-01-02 10:30"]))
    (True, False)
    """
    texts = values.drop_null()
    return bool(len(texts)) and bool(pc.all(pc.match_substring_regex(texts, _CLOCK)).as_py())
