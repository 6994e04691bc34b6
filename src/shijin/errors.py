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
    └── BusyError          another process is writing to this workspace               (RuntimeError)

Each is one line: where, the problem, and the cure. The sentences stand in ``words/refusals``, by code, in both
languages; whoever shows an error chooses the language, and how options are written. The command line prints it and
exits 2.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

from shijin.words import REFUSALS, Language, catalogue, say
from shijin.words.reader import JSON, PYTHON, Reader


class ShijinError(Exception):
    """A refusal that a person can act on.

    Parameters
    ----------
    code
        Which sentence of ``words/refusals``: ``collect.empty_file``.
    where
        File, row, column or table; empty where the key says it, or there is no place to name.
    key
        The option at fault, ``in_stock``, or the key of ``shijin.toml``, ``shop.currency``.
    values
        What fills the placeholders of the problem and of its cure.

    Examples
    --------
    >>> str(SourceError("collect.empty_file", "orders.csv"))
    'orders.csv: the file is empty. Cure: export it again.'
    """

    language: Language = "en"

    def __init__(self, code: str, where: object = "", cure: str = "", *, key: str = "", **values: Any) -> None:  # noqa: ANN401
        super().__init__(code)
        self.code, self.where, self.key, self.values, self._cure = code, str(where), key, values, cure

    def __str__(self) -> str:
        return self.line(self.language)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.code, self.where, self.key, self.values)

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
        return say(code, language, reader, **self._values(language, reader)) if code in catalogue() else self._cure

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

    def _values(self, language: Language, reader: Reader) -> dict[str, Any]:
        """The values as this reader has them: a value that is a `Phrase` is a sentence of its own."""
        return {
            name: value.text(language, reader) if isinstance(value, Phrase | Options) else value
            for name, value in self.values.items()
        }


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


def suggestion(name: str, known: Sequence[str], cutoff: float = 0.6) -> Phrase:
    """What somebody may have meant who wrote a name that does not exist: the nearest, else all there are.

    Examples
    --------
    >>> suggestion("curency", ["name", "currency"]).text("en", PYTHON), suggestion("x", ["a", "b"]).text("en", PYTHON)
    ("did you mean 'currency'?", 'known: a, b')
    """
    near = difflib.get_close_matches(name, known, 1, cutoff)
    return Phrase("shared.did_you_mean", near=near[0]) if near else Phrase("shared.known", known=", ".join(known))


def _rebuilt(kind: type[ShijinError], code: str, where: str, key: str, values: dict[str, Any]) -> ShijinError:
    return kind(code, where, key=key, **values)


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
    """Another process is writing to this workspace."""
