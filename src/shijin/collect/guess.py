"""Guesses what a source does not state: its encoding, columns, order of dates and decimal sign.

Each guess depends on all distinct values and never on their order, so a shuffled file gives the same guesses. An option
of the user wins over a guess, and every guess is shown.
"""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from charset_normalizer import from_bytes
from numpy.typing import NDArray

from shijin.collect.column_list import shortened
from shijin.collect.currency_names import NO_DECIMALS, THREE_DECIMALS
from shijin.collect.date_words import in_figures
from shijin.collect.times import DateOrder
from shijin.collect.values import Decimal, bare_number, distinct, is_true
from shijin.errors import ConfigError, SourceError, suggestion
from shijin.prepare.clean import by_plain, plain
from shijin.prepare.simplified import simplified

ROLES: dict[str, list[str]] = tomllib.loads(simplified((files("shijin.collect") / "columns.toml").read_text("utf-8")))
ITEM_NAMES = ROLES.pop("item")
_TIME_WORDS = ("date", "time", "日期", "时间")
# Encodings that shop software writes today: among all that exist, German text is taken for a Baltic DOS code page.
_ENCODINGS = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874"]
_ENCODINGS += ["gb18030", "big5", "cp932", "euc_jp", "cp949", "koi8_r"]
_EAST_ASIAN = ("gb18030", "big5", "cp932", "euc_jp")  # GB18030 first: it wins where several read as much
_MISTYPED = 0.01  # share of dates in the other order that may be errors of typing
_DAY_MONTH = r"^\s*(?P<a>\d{1,2})(?P<by>[-/.]|\s)\s?(?P<b>\d{1,2})(?:[-/.]|\s)\s?(?P<c>\d{4}|\d{1,2})\b"
_DAY_FIRST_CURRENCIES = {"EUR", "GBP", "AUD", "NZD", "INR", "BRL", "CHF", "DKK", "NOK", "PLN", "£", "€", "₹"}


def decode(data: bytes, encoding: str | None, where: str) -> tuple[str, str]:
    r"""Decode bytes: in the given encoding, else by byte-order mark, as UTF-8, as GB18030, or in the likeliest one.

    Returns
    -------
    (text, name of the encoding)

    Raises
    ------
    SourceError
        When the bytes are not text in the given encoding, or in any.
    ConfigError
        When no encoding has that name.

    Examples
    --------
    >>> decode("用户ID,金额".encode("gb18030"), None, "orders.csv")
    ('用户ID,金额', 'gb18030')
    >>> decode(b"a\x00\x01\x02" * 9, None, "orders.csv")
    Traceback (most recent call last):
    shijin.errors.SourceError: orders.csv: the file cannot be read as text. Cure: export it as CSV in UTF-8, or name its
    encoding with encoding.
    """
    if encoding:
        return _decode_as(data, encoding, where), encoding
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    for mark, name in marks.items():
        if data.startswith(mark):
            return _decode_as(data, name, where), name
    for name in _without_mark(data):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if _is_text(text, name):
            return text, name
    raise SourceError("collect.not_text", where)


def columns_of(
    names: Sequence[str], mapped: Mapping[str, str], where: str, roles: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Find the column of each role.

    Parameters
    ----------
    names
        The source's columns.
    mapped
        Columns by role as the user maps them; they win over the names.
    roles
        The names that a column of each role may have, as `plain` writes them.

    Raises
    ------
    ConfigError
        When a mapped column is not there, or a role does not exist.

    Examples
    --------
    >>> columns_of(["User ID", "paid_at", "实付金额", "colour"], {}, "orders.csv", ROLES)
    {'customer_id': 'User ID', 'ts': 'paid_at', 'amount': '实付金额'}
    >>> columns_of(["a", "b"], {"ts": "when"}, "orders.csv", ROLES)
    Traceback (most recent call last):
    shijin.errors.ConfigError: orders.csv: there is no column 'when' for ts; the columns are a, b. Cure: correct map,
    or map in the table [collect] of shijin.toml.
    """
    refuse_wrong_map(names, mapped, where, roles)
    columns = by_plain(names)
    chosen = dict(mapped)

    def free(candidates: Sequence[str]) -> list[str]:
        """Columns with one of these names that no role has yet."""
        there = [columns[name] for name in candidates if name in columns]
        return [name for name in there if name not in chosen.values()]

    for role, candidates in roles.items():
        if role not in chosen and (there := free(candidates)):
            chosen[role] = there[0]
    if "ts" not in chosen:
        timely = [name for name in names if any(word in name.casefold() for word in _TIME_WORDS)]
        chosen |= {"ts": timely[0]} if timely else {}
    return {role: chosen[role] for role in roles if role in chosen}


def refuse_wrong_map(names: Sequence[str], mapped: Mapping[str, str], where: str, roles: Iterable[str]) -> None:
    """Refuse a mapping of the user that names a column or a role which does not exist.

    Raises
    ------
    ConfigError
        Names the columns, or the most similar role.
    """
    roles = list(roles)
    for role, column in mapped.items():
        if role not in roles:
            raise ConfigError("collect.unknown_role", key="map", role=role, suggestion=suggestion(role, roles))
        if column not in names:
            raise ConfigError("collect.no_such_column", where, column=column, role=role, columns=shortened(names))


def decimal_of(texts: pa.Array, currency: str | None = None) -> Decimal:
    """Guess the decimal sign from the numbers that allow only one of them; a point where no number does.

    Parameters
    ----------
    currency
        Its decimals, three or none, decide where no number does.

    Examples
    --------
    >>> decimal_of(pa.array(["1.234,50", "12"])), decimal_of(pa.array(["1,234", "12"]))
    (',', '.')
    >>> decimal_of(pa.array(["1.280.000", "89.990"])), decimal_of(pa.array(["1.500", "990"]))
    (',', ',')
    >>> decimal_of(pa.array(["89.990"]), "CLP"), decimal_of(pa.array(["89.990"]), "KWD")
    (',', '.')
    """
    comma, point, _ = _decimal_votes(texts, currency)
    return "," if comma > point else "."


def decimal_is_open(texts: pa.Array, currency: str | None = None) -> bool:
    """Whether numbers have a sign, and all of them allow it to be a decimal sign as well as one of thousands.

    Examples
    --------
    >>> decimal_is_open(pa.array(["89.990", "145.000"])), decimal_is_open(pa.array(["89.990", "0.500"]))
    (True, False)
    """
    comma, point, both = _decimal_votes(texts, currency)
    return both > 0 and not comma and not point


def _decimal_votes(texts: pa.Array, currency: str | None) -> tuple[int, int, int]:
    """How many rows allow a decimal comma only, a decimal point only, and both."""
    if not pa.types.is_string(texts.type):
        return 0, 0, 0
    values, rows = distinct(texts)
    counts = np.bincount(pc.drop_null(rows).to_numpy(zero_copy_only=False), minlength=len(values))
    bare = pc.replace_substring(bare_number(values), "'", "")

    def rows_like(pattern: str) -> int:
        matched = is_true(pc.match_substring_regex(bare, pattern))
        return int(counts[matched.to_numpy(zero_copy_only=False)].sum())

    votes = []
    for sign, other in ((",", r"\."), (r"\.", ",")):
        # Three digits after a sign may be thousands; other counts of digits, a sign after thousands, thousands that
        # follow each other or stand after 0 or four digits decide.
        fraction = rows_like(rf"^-?[\d{other}]*{sign}(\d{{1,2}}|\d{{4,}})$")
        after_thousands = rows_like(rf"^-?\d{{1,3}}({other}\d{{2,3}})*{other}\d{{3}}{sign}\d{{3}}$")
        repeated = rows_like(rf"^-?\d{{1,3}}({other}\d{{2,3}})+{other}\d{{3}}$")
        small = rows_like(rf"^-?(0|\d{{4,}})?{sign}\d{{3}}$")
        votes.append(fraction + after_thousands + repeated + small)
    comma, point = votes
    dotted, with_comma = (rows_like(rf"^-?[1-9]\d{{0,2}}{sign}\d{{3}}$") for sign in (r"\.", ","))
    if comma or point or (dotted > 0) == (with_comma > 0):
        return comma, point, dotted + with_comma
    if currency in THREE_DECIMALS:
        return with_comma, dotted, 0
    # Nobody writes 7.250 with a zero at its end and 12 without zeros: next to whole numbers below a thousand, the sign
    # parts thousands.
    sign = r"\." if dotted else ","
    is_whole = rows_like(r"^-?[1-9]\d{0,2}$") > 0 and rows_like(rf"^-?\d{{1,3}}{sign}\d{{2}}0$") > 0
    return (dotted, with_comma, 0) if is_whole or currency in NO_DECIMALS else (0, 0, dotted + with_comma)


def date_order_of(texts: pa.Array, currency: str | None) -> tuple[DateOrder, bool]:
    """Guess the order of day, month and year, and whether the dates also allow another.

    Where every date allows both, the day comes first with dots, dashes or the currency of a day-first country, and the
    month with a slash.

    Examples
    --------
    >>> date_order_of(pa.array(["3/4/2024", "25/4/2024"]), None), date_order_of(pa.array(["3/4/2024"]), None)
    (('dmy', False), ('mdy', True))
    >>> date_order_of(pa.array(["25/4/2024", "32/13/2024"]), None), date_order_of(pa.array(["24-01-03"]), None)
    (('dmy', False), ('ymd', False))
    """
    if not pa.types.is_string(texts.type):
        return "ymd", False
    parts = pc.extract_regex(in_figures(pc.unique(texts)), _DAY_MONTH).drop_null()
    if not len(parts):
        return "ymd", False
    first, second, third = (pc.struct_field(parts, name).cast(pa.int64()).to_numpy() for name in "abc")
    if _year_comes_first(first, second, third):
        return "ymd", False
    # A date such as 32/13/2024 is neither.
    day_first = int(((first > 12) & (first <= 31) & (second <= 12)).sum())
    month_first = int(((second > 12) & (second <= 31) & (first <= 12)).sum())
    if day_first or month_first:
        # A few dates of the other order are errors of typing; they are set aside as no dates.
        mixed = min(day_first, month_first) > _MISTYPED * (day_first + month_first)
        return ("dmy" if day_first >= month_first else "mdy"), mixed
    slashes = pc.all(pc.equal(pc.struct_field(parts, "by"), "/")).as_py()
    return ("mdy" if slashes and currency not in _DAY_FIRST_CURRENCIES else "dmy"), True


def _year_comes_first(first: NDArray[np.int64], second: NDArray[np.int64], third: NDArray[np.int64]) -> bool:
    """Whether dates of two digits each begin with the year.

    Days from 1 to 12 turn up in last place and never in first, and the last number of each is a day.
    """
    if not (first.max() < 100 and first.min() > 12 and second.max() <= 12 and third.min() <= 12):
        return False
    return bool(third.max() <= 31 and first.max() - first.min() <= third.max() - third.min())


def _decode_as(data: bytes, encoding: str, where: str) -> str:
    try:
        text = data.decode(encoding)
    except LookupError as error:
        raise ConfigError("collect.unknown_encoding", key="encoding", encoding=encoding) from error
    except UnicodeDecodeError as error:
        raise SourceError("collect.byte_not_in_encoding", where, byte=error.start, encoding=encoding) from error
    if b"\0" not in data and codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        # Any bytes decode so, but line breaks and delimiters have zero bytes in these encodings; this file has none.
        raise SourceError("collect.not_in_encoding", where, encoding=encoding)
    if not _is_text(text, encoding):
        raise SourceError("collect.not_text", where)
    return text.removeprefix("\ufeff")


def _without_mark(data: bytes) -> Iterator[str]:
    """The encodings to try for bytes without a byte-order mark."""
    if b"\0" not in data:
        yield "utf-8"
        yield _likeliest(data)
    elif data[1::2].count(0) > len(data) / 4:  # ASCII letters in UTF-16: every other byte is zero
        yield "utf-16-le"


def _is_text(text: str, encoding: str) -> bool:
    """Whether hardly any letter of a text is a control character; bytes that are UTF-8 are text by that alone."""
    most = 0.1 if codecs.lookup(encoding).name.startswith("utf-8") else 0.002
    sample = text[:100_000]
    strange = sum((letter < " " and letter not in "\t\r\n\f") or "\x7f" <= letter <= "\x9f" for letter in sample)
    return "\0" not in sample and strange <= most * len(sample)


def _known_names(header: bytes, encoding: str) -> int:
    """How many names of columns a header has in an encoding, those in Latin letters left out."""
    try:
        text = plain(header.decode(encoding))
    except UnicodeDecodeError:
        return 0
    return sum(name in text for names in ROLES.values() for name in names if not name.isascii() and len(name) > 1)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _likeliest(data: bytes) -> str:
    """The encoding of a text that is not UTF-8: that in which its header has most names of columns, else a guess."""
    cut = data[:200_000]
    sample = cut[: cut.rfind(b"\n") + 1] or cut
    header = data.split(b"\n", 1)[0]
    named = {encoding: _known_names(header, encoding) for encoding in _EAST_ASIAN}
    most = max(named, key=lambda encoding: named[encoding])
    if named[most] and _decodes(data, most):
        return most
    best = from_bytes(sample, cp_isolation=_ENCODINGS).best()
    if best is None:
        return "cp1252"
    # Shorter Chinese encodings are parts of GB18030, so that it reads whatever they read.
    chinese = best.encoding in {"gb2312", "gbk", "gb18030", "hz", "cp936"} or "Chinese" in best.language
    return "gb18030" if chinese and best.encoding != "big5" else best.encoding
