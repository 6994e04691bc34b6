"""What a source means when it does not say: its encoding, delimiter, columns, order of dates, decimal sign.

Each guess looks at all distinct values, never at their order, so that a shuffled file is guessed alike. What the user
says wins, and every guess is shown.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from charset_normalizer import from_bytes

from shijin.collect.values import DateOrder, Decimal, bare_number, distinct
from shijin.errors import ConfigError, SourceError
from shijin.prepare.clean import plain

ROLES: dict[str, list[str]] = tomllib.loads((files("shijin.collect") / "columns.toml").read_text("utf-8"))
_PEOPLE = ROLES.pop("people")
_TIME_WORDS = ("date", "time", "日期", "时间")
# What shops' programs write today; left to itself the guesser takes German for a Baltic DOS code page.
_ENCODINGS = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874"]
_ENCODINGS += ["gb18030", "big5", "cp932", "euc_jp", "cp949", "koi8_r"]
_DELIMITERS = (",", "\t", ";", "|")
_DAY_FIRST_CURRENCIES = {"EUR", "GBP", "AUD", "NZD", "INR", "BRL", "CHF", "DKK", "NOK", "PLN", "£", "€", "₹"}


def decode(data: bytes, encoding: str | None, where: str) -> tuple[str, str]:
    r"""Read bytes as text: the encoding said, a byte-order mark, UTF-8, GB18030, or the likeliest.

    Returns
    -------
    (text, name of the encoding)

    Raises
    ------
    SourceError
        When it is no text in the encoding said, or no text at all.
    ConfigError
        When there is no encoding of that name.

    Examples
    --------
    >>> decode("用户ID,金额".encode("gb18030"), None, "orders.csv")
    ('用户ID,金额', 'gb18030')
    >>> decode(b"a\x00\x01\x02" * 9, None, "orders.csv")
    Traceback (most recent call last):
    shijin.errors.SourceError: orders.csv: not readable as text. Cure: export it as CSV in UTF-8, or say --encoding.
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
        if _is_text(text):
            return text, name
    raise SourceError("not readable as text", where, "export it as CSV in UTF-8, or say --encoding")


def delimiter_of(text: str) -> str:
    r"""The sign that parts columns: the one that parts the first lines into most columns alike.

    Examples
    --------
    >>> delimiter_of("user;paid at;total\nx;2024-01-01;3,50\n")
    ';'
    """
    lines = [line for line in text[:20_000].splitlines()[:20] if line.strip()]

    def parted(delimiter: str) -> tuple[int, int]:
        widths = [len(first_row(line, delimiter)) for line in lines]
        width = widths[0] if widths and widths[0] > 1 else 0
        return width, widths.count(width)

    return max(_DELIMITERS, key=parted)


def first_row(text: str, delimiter: str) -> list[str]:
    r"""The cells of a text's first row, which quotes may spread over several lines.

    Examples
    --------
    >>> first_row('id,"paid\nat"\n1,2', ",")
    ['id', 'paid\nat']
    """
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:  # a cell without end
        return []


def columns_of(
    found: Sequence[str], said: Mapping[str, str], where: str, roles: Mapping[str, Sequence[str]] = ROLES
) -> dict[str, str]:
    """Which column plays which role; what is said wins.

    Parameters
    ----------
    roles
        The names that each role goes by, as `plain` leaves them.

    Raises
    ------
    ConfigError
        When a column that is said is not there, or a role is none.

    Examples
    --------
    >>> columns_of(["User ID", "paid_at", "实付金额", "colour"], {}, "orders.csv")
    {'customer_id': 'User ID', 'ts': 'paid_at', 'amount': '实付金额'}
    >>> columns_of(["a", "b"], {"ts": "when"}, "orders.csv")
    Traceback (most recent call last):
    shijin.errors.ConfigError: orders.csv: no column 'when' for ts, found a, b. Cure: correct --map or [collect] map.
    """
    for role, column in said.items():
        if role not in roles:
            near = difflib.get_close_matches(role, roles, 1)
            cure = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(roles)}"
            raise ConfigError(f"{role!r} is no column Shijin knows", "--map", cure)
        if column not in found:
            raise ConfigError(
                f"no column {column!r} for {role}, found {', '.join(found)}", where, "correct --map or [collect] map"
            )
    by_plain = {plain(name): name for name in reversed(found)}
    chosen = dict(said)
    for role, names in roles.items():
        free = [by_plain[name] for name in names if name in by_plain and by_plain[name] not in chosen.values()]
        if role not in chosen and free:
            chosen[role] = free[0]
    if not {"customer_id", "email", "phone"} & set(chosen):
        named = [by_plain[name] for name in _PEOPLE if name in by_plain and by_plain[name] not in chosen.values()]
        chosen |= {"customer_id": named[0]} if named else {}
    if "ts" not in chosen:
        timely = [name for name in found if any(word in name.casefold() for word in _TIME_WORDS)]
        chosen |= {"ts": timely[0]} if timely else {}
    return {role: chosen[role] for role in roles if role in chosen}


def decimal_of(texts: pa.Array) -> Decimal:
    """Comma or point, by the numbers that can mean only one of them; a point where none can.

    Examples
    --------
    >>> decimal_of(pa.array(["1.234,50", "12"])), decimal_of(pa.array(["1,234", "12"]))
    (',', '.')
    """
    if not pa.types.is_string(texts.type):
        return "."
    values, rows = distinct(texts)
    counts = np.bincount(pc.drop_null(rows).to_numpy(zero_copy_only=False), minlength=len(values))
    bare = bare_number(values)

    def told(pattern: str) -> int:
        matched = pc.fill_null(pc.match_substring_regex(bare, pattern), fill_value=False)
        return int(counts[matched.to_numpy(zero_copy_only=False)].sum())

    comma = told(r"^-?[\d.]*,(\d{1,2}|\d{4,})$") + told(r"^-?\d{1,3}(\.\d{3})+,\d*$")
    point = told(r"^-?[\d,]*\.(\d{1,2}|\d{4,})$") + told(r"^-?\d{1,3}(,\d{3})+\.\d*$")
    return "," if comma > point else "."


def date_order_of(texts: pa.Array, currency: str | None) -> tuple[DateOrder, bool]:
    """The order of day, month and year, and whether the dates leave another possible.

    Where every date can be read both ways, dots, dashes and the currencies of day-first countries speak for the day
    first, a slash for the month first.

    Examples
    --------
    >>> date_order_of(pa.array(["3/4/2024", "25/4/2024"]), None), date_order_of(pa.array(["3/4/2024"]), None)
    (('dmy', False), ('mdy', True))
    """
    if not pa.types.is_string(texts.type):
        return "ymd", False
    parts = pc.extract_regex(pc.unique(texts), r"^\s*(?P<a>\d{1,2})(?P<by>[-/.])(?P<b>\d{1,2})[-/.]\d{2,4}\b")
    parts = parts.drop_null()
    if not len(parts):
        return "ymd", False
    first, second = (pc.struct_field(parts, name).cast(pa.int64()).to_numpy() for name in "ab")
    day_first, month_first = int((first > 12).sum()), int((second > 12).sum())
    if day_first or month_first:
        return ("dmy" if day_first >= month_first else "mdy"), bool(day_first and month_first)
    slashes = pc.all(pc.equal(pc.struct_field(parts, "by"), "/")).as_py()
    return ("mdy" if slashes and currency not in _DAY_FIRST_CURRENCIES else "dmy"), True


def _decode_as(data: bytes, encoding: str, where: str) -> str:
    try:
        text = data.decode(encoding)
    except LookupError as error:
        raise ConfigError(f"unknown encoding {encoding!r}", "--encoding", "say utf-8, gb18030, cp1252 ...") from error
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is no {encoding} text"
        raise SourceError(problem, where, "say another --encoding, or leave it out to have it guessed") from error
    if b"\0" not in data and codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        # Any bytes can be read so, but a delimiter or a line break has an empty byte in these, and this file has none.
        problem = f"no {encoding} text"
        raise SourceError(problem, where, "say another --encoding, or leave it out to have it guessed")
    if not _is_text(text):
        raise SourceError("not readable as text", where, "export it as CSV in UTF-8, or say --encoding")
    return text.removeprefix("\ufeff")


def _without_mark(data: bytes) -> Iterator[str]:
    if b"\0" not in data:
        yield "utf-8"
        yield _likeliest(data)
    elif data[1::2].count(0) > len(data) / 4:  # text in which every other byte is empty
        yield "utf-16-le"


def _is_text(text: str) -> bool:
    sample = text[:100_000]
    strange = sum((letter < " " and letter not in "\t\r\n\f") or "\x7f" <= letter <= "\x9f" for letter in sample)
    return "\0" not in sample and strange <= len(sample) / 500


def _likeliest(data: bytes) -> str:
    cut = data[:200_000]
    sample = cut[: cut.rfind(b"\n") + 1] or cut
    try:
        header = data.decode("gb18030").split("\n", 1)[:1]
        known = {name for names in ROLES.values() for name in names if not name.isascii() and len(name) > 1}
        if header and any(name in plain(header[0]) for name in known):
            return "gb18030"
    except UnicodeDecodeError:
        pass
    best = from_bytes(sample, cp_isolation=_ENCODINGS).best()
    if best is None:
        return "cp1252"
    chinese = best.encoding in {"gb2312", "gbk", "gb18030", "hz", "cp936"} or "Chinese" in best.language
    return "gb18030" if chinese and best.encoding != "big5" else best.encoding
