"""Rewrites dates with words, in the languages of shops, as dates in figures: ``3. März 2024`` as ``2024-03-3``."""

from __future__ import annotations

import tomllib
import unicodedata
from importlib.resources import files

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.values import distinct, in_western_figures, is_true

_TABLE = tomllib.loads((files("shijin.collect") / "date_words.toml").read_text("utf-8"))


def _words(line: str) -> list[str]:
    """The words of a line, without accents."""
    decomposed = unicodedata.normalize("NFKD", line)
    return "".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn").split()


# Each word with what stands for it: M and two figures for a month, nothing for a weekday, an offset for a zone.
_MEANINGS: dict[str, str] = {word: "" for line in _TABLE["left_out"].values() for word in _words(line)}
_MEANINGS |= {word: f"M{number}" for number, line in _TABLE["months"].items() for word in _words(line)}
_MEANINGS |= {"am": "AM", "pm": "PM", "t": "T", "z": "Z"}
_ZONES: dict[str, str] = _TABLE["zones"]
_MOST_WORDS = 9  # of a date: "mercoledì 3 de janeiro de 2024 a las 2:30 PM CET"

_IN_FIGURES = r"^[\d\s:.,/+-]*T?[\d\s:.,+-]*Z?$"
_CLOCK, _MARK = r"\d{1,2}(?::\d{2}){1,2}(?:[.,]\d+)?", "77:77"  # a time of day, and what stands for any
_EAST_ASIAN = (
    (r"[(（]?(?:星期|周|礼拜)[一二三四五六日天][)）]?", " "),
    (r"[(（]?[月火水木金土日](?:曜日?|[)）])|[(（][日一二三四五六月火水木金土][)）]?", " "),
    (r"[(（]?[월화수목금토일]요일[)）]?|[(（][월화수목금토일][)）]", " "),
    (r"\s*[年月년월]\s*", "-"),
    ("[日号號일]", " "),
    (r"(?:点|時|时|시)整?\s*$", ":00"),
    (r"[点時时]半", ":30"),
    (r"[点時时시]\s*", ":"),
    (r"[分분]\s*(\d)", r":\1"),
    (r"[分秒분초]", ""),
    (r"(?:上午|早上|早晨|凌晨|清晨|午前|오전)\s*(\d[\d:.]*)", r" \1 AM"),
    (r"(?:晚上|夜间|晚)\s*12[\d:.]*", "?"),  # of this day or the next
    (r"(?:下午|晚上|傍晚|夜间|晚|午後|오후)\s*(\d[\d:.]*)", r" \1 PM"),
    (r"中午\s*(1[0-2][\d:.]*)", r" \1"),
    (r"中午\s*(\d[\d:.]*)", r" \1 PM"),
)
_BEFORE_WORDS = (
    (r"\[[\w/+-]+\]$", ""),  # the name of a zone after its offset
    (r"(\d)\s*([ap])\.?\s?m\b\.?", r"\1 \2m"),
    (r"(:\d{2})\s*([ap])\.?(\s|$)", r"\1 \2m\3"),
    (r"(\s)(\d{1,2}) ([ap]m)", r"\1\2:00 \3"),
    (r"(\d)\s?h\s?(\d{2})\b", r"\1:\2"),
    (r"\b(utc|gmt)\s?([+-])(\d)(\D|$)", r"\1\20\3\4"),
    (r"^((?:\p{L}+[.,]?\s+)*\d{1,2})(?:st|nd|rd|th|er|re|o|e|a)\b", r"\1"),
)
_SHAPES = (
    (r"^[\s,.-]+", ""),
    (r"\s*,\s*|\s+", " "),
    (r"^M\d\d[. ]+(\d{1,2}[./ -]*M\d\d)", r"\1"),  # "mar 5 mar 2024": the first is a Tuesday
    (r"^M(\d\d)[./ -]*(\d{1,2}) (\d{1,2}:[\d:.]+(?: [AP]M)?)((?: [+-][\d:]+)?) (\d{4})$", r"\5-\1-\2 \3\4"),
    (r"^(\d{1,2}:[\d:.]+(?: [AP]M)?) ((?:\d{1,2}[. /-]*)?M.*)$", r"\2 @\1"),
    (r"^(\d{1,2})[./ -]*M(\d\d)[./ -]*'?(\d{4})(\D|$)", r"\3-\2-\1\4"),
    (r"^(\d{1,2})[./ -]*M(\d\d)[./ -]*'?([0-6]\d)(\D|$)", r"20\3-\2-\1\4"),
    (r"^(\d{1,2})[./ -]*M(\d\d)[./ -]*'?([7-9]\d)(\D|$)", r"19\3-\2-\1\4"),
    (r"^M(\d\d)[./ -]*(\d{1,2})[. /-]+(\d{4})(\D|$)", r"\3-\1-\2\4"),
    (r"^M(\d\d)[./ -]*(\d{1,2})[. /-]+'?([0-6]\d)(\s|$)", r"20\3-\1-\2\4"),
    (r"^M(\d\d)[./ -]*(\d{1,2})[. /-]+'?([7-9]\d)(\s|$)", r"19\3-\1-\2\4"),
    (r"^(\d{4})[./ -]*M(\d\d)[./ -]*(\d{1,2})(\D|$)", r"\1-\2-\3\4"),
    (r"^(\d{4}-\d\d-\d{1,2})((?: [+-][\d:]+)?) @(.*)$", r"\1 \3\2"),
    (r"[\s.]+$", ""),
)


def in_figures(values: pa.Array, timezone: str = "UTC") -> pa.Array:
    """Rewrite months, weekdays, halves of the day and zones as figures; other words stay, and make no date.

    Parameters
    ----------
    values : (n,) string
        Distinct texts.
    timezone
        The shop's; in Asia, CST is the time of China.

    Examples
    --------
    >>> texts = ["3. März 2024", "Wed, Jan 3, 2024 2:30 PM PST", "2024年3月5日 下午2时30分", "３／１／２０２４", "soon"]
    >>> in_figures(pa.array(texts)).to_pylist()
    ['2024-03-3', '2024-01-3 2:30 PM -08:00', '2024-3-5 2:30 PM', '3/1/2024', 'soon']
    """
    values = in_western_figures(values)
    if pc.any(pc.match_substring_regex(values, r"[\p{Han}\p{Hangul}]")).as_py():
        for pattern, instead in _EAST_ASIAN:
            values = pc.replace_substring_regex(values, pattern, instead)
        values = pc.utf8_trim_whitespace(pc.replace_substring_regex(values, r"[\s,]+", " "))
    worded = is_true(pc.invert(pc.match_substring_regex(values, _IN_FIGURES)))
    if not pc.any(worded).as_py():
        return values
    return pc.replace_with_mask(values, worded, _by_date(values.filter(worded), timezone))


def _by_date(values: pa.Array, timezone: str) -> pa.Array:
    """Rewrite each date once, whatever its time of day: there are more times than dates."""
    values = pc.replace_substring_regex(values, r"^(\d{1,2}/\p{L}+/\d{4}):(\d)", r"\1 \2")  # logs of servers
    clock = pc.struct_field(pc.extract_regex(values, f"(?P<clock>{_CLOCK})"), "clock")
    texts, rows = distinct(pc.replace_substring_regex(values, _CLOCK, _MARK, max_replacements=1))
    texts = _without_words(texts, timezone)
    halves = pc.extract_regex(texts, rf"^(?P<before>.*){_MARK}(?P<after>.*)$")
    before, after = (pc.struct_field(halves, name).take(rows) for name in ("before", "after"))
    return pc.coalesce(pc.binary_join_element_wise(before, clock, after, ""), texts.take(rows))


def _without_words(values: pa.Array, timezone: str) -> pa.Array:
    small = pc.utf8_lower(pc.replace_substring_regex(pc.utf8_normalize(values, "NFKD"), r"\p{Mn}", ""))
    small = pc.replace_substring_regex(small, r"\s*\([\p{L} ./:+-]+\)$", "")
    for pattern, instead in _BEFORE_WORDS:
        small = pc.replace_substring_regex(small, pattern, instead)
    small = _by_word(small, timezone)
    for pattern, instead in _SHAPES:
        small = pc.replace_substring_regex(small, pattern, instead)
    return small


def _by_word(rest: pa.Array, timezone: str) -> pa.Array:
    """Replace word after word by its meaning."""
    pattern = r"^(?P<before>[^\p{L}]*)(?P<word>\p{L}+)(?P<after>(?s:.*))$"
    meanings = {**_MEANINGS, **_ZONES} | ({"cst": "+08:00"} if timezone.startswith("Asia/") else {})
    read: pa.Array | None = None
    for _ in range(_MOST_WORDS):
        parts = pc.extract_regex(rest, pattern)
        if parts.null_count == len(parts):
            break
        before, word, after = (pc.struct_field(parts, name) for name in ("before", "word", "after"))
        words, rows = distinct(word)
        instead = pa.array([_spaced(meanings.get(one, one)) for one in words.to_pylist()], pa.string()).take(rows)
        # An offset after the name of a zone says more than the name: "GMT+0200".
        is_offset = pc.and_(
            pc.match_substring_regex(instead, r"^ [+-]"), pc.match_substring_regex(after, r"^\s?[+-]\d")
        )
        done = pc.binary_join_element_wise(before, pc.if_else(is_offset, " ", instead), "")
        done = pc.coalesce(done, rest)  # texts without a further word
        rest = pc.if_else(pc.is_valid(parts), after, "")
        read = done if read is None else pc.binary_join_element_wise(read, done, "")
    return rest if read is None else pc.binary_join_element_wise(read, rest, "")


def _spaced(meaning: str) -> str:
    """A meaning with what parts it from its neighbours; T and Z stand between figures."""
    return meaning if meaning in ("T", "Z") else f" {meaning} " if meaning.startswith("M") else f" {meaning}"
