"""Every sentence a person reads in the report or the console, by code, in English and 简体中文.

The catalogue lies beside this file as ``<room>.toml``; a code is ``<room>.<name>`` and holds ``en`` and ``zh`` with the
same ``{placeholders}``. ``{n:day|days}`` is the number and the noun that goes with it. This room knows no other room.
Refusals (``errors.py``) stay English: they are searched for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.resources import files
from string import Formatter
from typing import Literal, get_args

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class _Counting(Formatter):
    """Fills placeholders as `str.format` does, and writes ``{n:day|days}`` as 1 day, 2 days."""

    def format_field(self, value: object, format_spec: str) -> str:
        one, parted, many = format_spec.partition("|")
        if not parted:
            return str(super().format_field(value, format_spec))
        return f"{value} {one if str(value) == '1' else many}"


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """All sentences: ``{"report.title": {"en": ..., "zh": ...}, ...}``."""
    sentences: dict[str, dict[str, str]] = {}
    for file in sorted(files(__name__).iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            room = file.name.removesuffix(".toml")
            for name, by_language in tomllib.loads(file.read_text("utf-8")).items():
                sentences[f"{room}.{name}"] = by_language
    return sentences


def say(code: str, language: Language, /, **values: object) -> str:
    """One sentence in one language with its placeholders filled.

    Raises
    ------
    KeyError
        When the code, or a placeholder's value, is missing: a mistake of ours, never of a user.

    Examples
    --------
    >>> say("tiers.high", "en"), say("tiers.high", "zh")
    ('high', '高价值')
    >>> [say("report.expected_customers", "en", customers=customers) for customers in (1, "1,000")]
    ['about 1 customer', 'about 1,000 customers']
    """
    return _Counting().vformat(catalogue()[code][language], (), values)


def parts(code: str, language: Language) -> list[tuple[str, str, Callable[[object], str]]]:
    """One sentence taken apart, for those who say it many times: a text, the placeholder behind it, how to write that.

    The name of the placeholder is empty where only text is left.

    Examples
    --------
    >>> [(text, name, write(1)) for text, name, write in parts("report.expected_customers", "en")]
    [('about ', 'customers', '1 customer')]
    """
    formatter = _Counting()
    return [
        (text, name or "", partial(formatter.format_field, format_spec=spec or ""))
        for text, name, spec, _ in formatter.parse(catalogue()[code][language])
    ]


def say_note(note: Mapping[str, object], /, language: Language) -> str:
    """One sentence from its code and what fills it: whole numbers with a thousands mark, a member by its words.

    Examples
    --------
    >>> say_note({"code": "forecast.thin", "thin": 1200, "customers": 2400}, "en")
    'Thin evidence (fewer than two orders, or too few customers in closed windows): 1,200 of 2,400 customers.'
    >>> say_note({"code": "forecast.member_left_out", "member": "BTYD", "why": "1 + 1"}, "zh")
    '未使用 BTYD 概率模型：1 + 1。'
    """
    values = {key: f"{value:,}" if type(value) is int else value for key, value in note.items() if key != "code"}
    if "member" in values:
        named = catalogue().get(f"report.member_{values['member']}")
        values["member"] = named[language] if named else values["member"]
    return say(str(note["code"]), language, **values)
