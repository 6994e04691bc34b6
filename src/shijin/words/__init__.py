"""Every sentence that a person reads, by code, in English and 简体中文.

The catalogue lies next to this file: ``<topic>.toml`` holds the sentences of results, ``refusals/<topic>.toml`` those
of errors, each with its cure. A code is ``<topic>.<name>`` or ``refusals.<topic>.<name>``; it has ``en`` and ``zh``,
with the same placeholders. ``{n:day|days}`` is a number and the noun that goes with it. ``{--horizon}``,
``{--map ts=COLUMN}`` and ``{shijin score}`` are options and a verb, which a `Reader` writes as its readers call them.
This package imports no other package.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from string import Formatter
from typing import Any, Literal, get_args

from shijin.words.reader import PYTHON, Reader, filled_value, filled_words

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
UNSPACED: tuple[Language, ...] = ("zh",)  # languages that put no space between sentences
REFUSALS = "refusals"


class _Filling(Formatter):
    """Fills placeholders as `str.format` does, counts ``{n:day|days}``, writes options and commands for a reader."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        if field_name.startswith("--"):
            flag, _, value = field_name.partition(" ")
            key = flag[2:].replace("-", "_")
            return self.reader.option(key, filled_value(value, kwargs) if value else None), field_name
        if field_name.startswith("shijin "):
            return self.reader.command(filled_words(field_name, kwargs)), field_name
        field, used = super().get_field(field_name, args, kwargs)
        return field, str(used)

    def format_field(self, value: object, format_spec: str) -> str:
        one, is_count, many = format_spec.partition("|")
        if not is_count:
            return str(super().format_field(value, format_spec))
        return f"{value} {one if str(value) == '1' else many}"


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """All sentences: ``{"report.title": {"en": ..., "zh": ...}, ...}``; a refusal's cure has the code ``... .cure``."""
    sentences: dict[str, dict[str, str]] = {}
    for topic, name, entry in (*_entries(""), *_entries(REFUSALS)):
        cure = entry.pop("cure", None)
        sentences[f"{topic}.{name}"] = entry
        if cure is not None:
            sentences[f"{topic}.{name}.cure"] = cure
    return sentences


def _entries(folder: str) -> list[tuple[str, str, dict[str, Any]]]:
    place = files(__name__) / folder if folder else files(__name__)
    found: list[tuple[str, str, dict[str, Any]]] = []
    for file in sorted(place.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            topic = ".".join(filter(None, (folder, file.name.removesuffix(".toml"))))
            found += [(topic, name, entry) for name, entry in tomllib.loads(file.read_text("utf-8")).items()]
    return found


def say(code: str, language: Language, reader: Reader = PYTHON, /, **values: object) -> str:
    """One sentence in one language with its placeholders filled.

    Parameters
    ----------
    reader
        Who reads it: decides how options and verbs are written.

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
    return _Filling(reader).vformat(catalogue()[code][language], (), values)


def parts(code: str, language: Language) -> list[tuple[str, str, Callable[[object], str]]]:
    """One sentence taken apart, for code that writes it many times: a text, the placeholder after it, how to write it.

    The name of the placeholder is empty where only text is left.

    Examples
    --------
    >>> [(text, name, write(1)) for text, name, write in parts("report.expected_customers", "en")]
    [('about ', 'customers', '1 customer')]
    """
    formatter = _Filling(PYTHON)
    return [
        (text, name or "", partial(formatter.format_field, format_spec=spec or ""))
        for text, name, spec, _ in formatter.parse(catalogue()[code][language])
    ]


def joined(sentences: Iterable[str], language: Language) -> str:
    """Sentences one after the other, with a space between them where the language has one.

    Examples
    --------
    >>> joined(["One.", "Two."], "en"), joined(["一。", "二。"], "zh")
    ('One. Two.', '一。二。')
    """
    return ("" if language in UNSPACED else " ").join(sentences)


def say_note(note: Mapping[str, object], /, language: Language, reader: Reader = PYTHON) -> str:
    """One sentence from its code and what fills it: whole numbers with a thousands mark, a member by its words.

    A value may be a note itself, such as the refusal for which a member is left out.

    Examples
    --------
    >>> say_note({"code": "forecast.thin", "thin": 1200, "customers": 2400}, "en")
    'Thin evidence (fewer than two orders, or too few customers in closed windows): 1,200 of 2,400 customers.'
    >>> say_note({"code": "forecast.member_left_out", "member": "BTYD", "why": "1 + 1"}, "zh")
    '未使用 BTYD 概率模型：1 + 1。'
    >>> say_note({"code": "run.no_map", "why": {"code": "refusals.forecasting.not_fitted"}}, "zh")
    '没有顾客分布图：该方法尚未训练。'
    """
    values = {key: _note_value(value, language, reader) for key, value in note.items() if key != "code"}
    if "member" in values:
        named = catalogue().get(f"report.member_{values['member']}")
        values["member"] = named[language] if named else values["member"]
    return say(str(note["code"]), language, reader, **values)


def _note_value(value: object, language: Language, reader: Reader) -> object:
    if isinstance(value, Mapping):
        return say_note(value, language, reader)
    return f"{value:,}" if type(value) is int else value
