"""Every way Shijin refuses, as one tree.

::

    ShijinError(code, where, key=..., **values)
    ├── SourceError        a file or query cannot be read, or holds nothing usable    (ValueError)
    ├── SchemaError        a table lacks a column, or a column has the wrong type     (ValueError)
    ├── QuarantineError    more rows are bad than the shop can afford to set aside    (ValueError)
    ├── EmptyHistoryError  nothing lies before the cutoff, or the horizon does not fit (ValueError)
    ├── ConfigError        shijin.toml, an option or an argument has an impossible value (ValueError)
    ├── WorkspaceError     the workspace is missing, damaged or cannot be written     (RuntimeError)
    ├── ModelError         a model is missing, damaged, foreign or not fitted         (RuntimeError)
    └── BusyError          somebody else is writing to this workspace                 (RuntimeError)

Each is one line: where, the problem, and the cure. The sentences stand in ``words/refusals``, by code, in both
languages; the interface that shows an error chooses the language, and how options are written. The command line
prints it and exits 2.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from shijin.notes import Note
from shijin.words import REFUSALS, Language, catalogue, say
from shijin.words.reader import JSON, PYTHON, Reader


class ShijinError(Exception):
    """A refusal that a person can act on.

    Parameters
    ----------
    code
        Which sentence of ``words/refusals``: ``collect.empty_file``.
    where
        File, row, column or table; empty where the key names it, or there is no place to name.
    key
        The option at fault, ``in_stock``, or the key of ``shijin.toml``, ``shop.currency``.
    values
        What fills the placeholders of the problem and of its cure.

    Attributes
    ----------
    language
        The shop's language, where the shop is known by then; `refusing_in` sets it.

    Examples
    --------
    >>> str(SourceError("collect.empty_file", "orders.csv"))
    'orders.csv: the file is empty. Cure: export it again.'
    """

    language: Language | None = None

    def __init__(self, code: str, where: object = "", *, key: str = "", **values: Any) -> None:  # noqa: ANN401
        super().__init__(code)
        self.code, self.where, self.key, self.values = code, str(where), key, values

    def __str__(self) -> str:
        return self.line(self.language or "en")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.code, self.where, self.key, self.values, self.language)

    @property
    def problem(self) -> str:
        """What is wrong, in English."""
        return self.problem_in("en")

    @property
    def cure(self) -> str:
        """What to do about it, in English; empty where nothing is to be done."""
        return self.cure_in("en")

    def problem_in(self, language: Language, reader: Reader = PYTHON) -> str:
        """What is wrong, in one language, for one kind of reader."""
        code = f"{REFUSALS}.{self.code}"
        return say(code, language, reader, **self._values(language, reader)) if code in catalogue() else self.code

    def cure_in(self, language: Language, reader: Reader = PYTHON) -> str:
        """What to do about it, in one language, for one kind of reader."""
        code = f"{REFUSALS}.{self.code}.cure"
        return say(code, language, reader, **self._values(language, reader)) if code in catalogue() else ""

    def line(self, language: Language, reader: Reader = PYTHON) -> str:
        """The whole refusal in one line: where, the problem, the cure."""
        place = self.where or (reader.option(self.key) if self.key else "")
        problem = self.problem_in(language, reader).rstrip(".。")
        head = say(f"{REFUSALS}.shared.line", language, place=place, problem=problem) if place else problem
        cure = self.cure_in(language, reader).rstrip(".。")
        closing = "cure_of" if cure else "end"
        line = " ".join(say(f"{REFUSALS}.shared.{closing}", language, line=head, cure=cure).split())
        return re.sub(r"([?？])[.。]$", r"\1", line)  # a question has its mark

    def as_json(self, language: Language = "en") -> dict[str, Any]:
        """The refusal as JSON holds it: kind, code, key, where, problem and cure."""
        return {
            "error": {
                "kind": type(self).__name__,
                "code": self.code,
                "key": self.key or None,
                "where": self.where or None,
                "problem": self.problem_in(language, JSON),
                "cure": self.cure_in(language, JSON) or None,
            }
        }

    def as_note(self) -> Note | str:
        """The problem as a value of a note: rendered with the note, in the language of whoever reads it.

        A problem without a sentence in the catalogue, such as that of a member of one's own, is its text.

        Examples
        --------
        >>> ModelError("forecasting.horizon_beyond_model", most=365, days=400).as_note()
        {'code': 'refusals.forecasting.horizon_beyond_model', 'most': 365, 'days': 400}
        >>> ModelError("too few customers").as_note()
        'too few customers'
        """
        code = f"{REFUSALS}.{self.code}"
        if code not in catalogue():
            return self.code
        return {"code": code, **{name: _as_stored(value) for name, value in self.values.items()}}

    def _values(self, language: Language, reader: Reader) -> dict[str, Any]:
        """The values as this reader has them: a value that is a `Phrase` is a sentence of its own."""
        return {
            name: value.text(language, reader) if isinstance(value, Phrase | Options | Choices) else value
            for name, value in self.values.items()
        }


@contextmanager
def refusing_in(language: Language | None) -> Iterator[None]:
    """Render the refusals of a block in the language of the shop that it works on, where that is known.

    Examples
    --------
    >>> with refusing_in("zh"):
    ...     raise SourceError("collect.empty_file", "orders.csv")
    Traceback (most recent call last):
    shijin.errors.SourceError: orders.csv：文件是空的。解决办法：请重新导出。
    """
    try:
        yield
    except ShijinError as error:
        error.language = error.language or language
        raise


class Phrase:
    """A part of a refusal that is itself a sentence of the catalogue, such as a suggestion.

    Examples
    --------
    >>> Phrase("shared.did_you_mean", near="currency").text("en", PYTHON)
    "did you mean 'currency'?"
    """

    def __init__(self, code: str, **values: Any) -> None:  # noqa: ANN401
        self.code, self.values = code, values

    def text(self, language: Language, reader: Reader) -> str:
        """The phrase in one language, for one kind of reader."""
        return say(f"{REFUSALS}.{self.code}", language, reader, **self.values)


class Options:
    """Several options inside a sentence, as each reader writes them.

    Examples
    --------
    >>> Options(["in_stock", "min_gap"]).text("en", PYTHON)
    'in_stock and min_gap'
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)

    def text(self, language: Language, reader: Reader) -> str:
        """The options, joined by the language's "and"."""
        return say(f"{REFUSALS}.shared.and", language).join(map(reader.option, self.keys))


class Choices:
    """Values of which one may be chosen, inside a sentence.

    Examples
    --------
    >>> Choices(["ymd", "dmy", "mdy"]).text("en", PYTHON), Choices(["'.'", "','"]).text("zh", PYTHON)
    ('ymd, dmy or mdy', "'.' 或 ','")
    """

    def __init__(self, values: Sequence[str]) -> None:
        self.values = tuple(values)

    def text(self, language: Language, reader: Reader) -> str:
        """The values, with the language's "or" before the last."""
        del reader  # values are the same for all
        comma, last = (say(f"{REFUSALS}.shared.{name}", language) for name in ("comma", "or"))
        return last.join(part for part in (comma.join(self.values[:-1]), self.values[-1]) if part)


def suggestion(name: str, known: Sequence[str], cutoff: float = 0.6) -> Phrase:
    """What somebody may have meant who wrote a name that does not exist: the nearest, else all there are.

    Examples
    --------
    >>> suggestion("curency", ["name", "currency"]).text("en", PYTHON), suggestion("x", ["a", "b"]).text("en", PYTHON)
    ("did you mean 'currency'?", 'choose one of: a, b')
    """
    near = difflib.get_close_matches(name, known, 1, cutoff)
    return Phrase("shared.did_you_mean", near=near[0]) if near else Phrase("shared.known", known=", ".join(known))


def _rebuilt(
    kind: type[ShijinError], code: str, where: str, key: str, values: dict[str, Any], language: Language | None
) -> ShijinError:
    error = kind(code, where, key=key, **values)
    error.language = language
    return error


def _as_stored(value: object) -> object:
    """A value as JSON holds it: a `Phrase` as a note of its own, anything that is no plain value as its text."""
    if isinstance(value, Phrase):
        return {"code": f"{REFUSALS}.{value.code}", **value.values}
    if isinstance(value, Options | Choices):
        return value.text("en", PYTHON)
    return value if value is None or isinstance(value, str | int | float) else str(value)


class SourceError(ShijinError, ValueError):
    """A file or query cannot be read, or holds nothing usable."""


class SchemaError(ShijinError, ValueError):
    """A table lacks a column, or a column has the wrong type."""


class QuarantineError(ShijinError, ValueError):
    """More rows are bad than the shop can afford to set aside."""


class EmptyHistoryError(ShijinError, ValueError):
    """Nothing lies before the cutoff, or the horizon does not fit the history."""


class ConfigError(ShijinError, ValueError):
    """``shijin.toml``, an option or an argument has an impossible value."""


class WorkspaceError(ShijinError, RuntimeError):
    """The workspace is missing, damaged or cannot be written."""


class ModelError(ShijinError, RuntimeError):
    """A model is missing, damaged, foreign or not fitted."""


class BusyError(ShijinError, RuntimeError):
    """Another process, or another thread of this one, is writing to this workspace."""
