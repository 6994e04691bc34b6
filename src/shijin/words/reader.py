"""Who reads a sentence: somebody at a terminal, in Python, or a program that reads JSON.

A sentence of the catalogue names an option by its flag, ``{--horizon}``, and a verb by its command,
``{shijin train --horizon $horizon}``. A `Reader` writes both in the way that its readers call them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

_METHODS = {"score": "forecast", "run": "report"}  # verbs that Python calls otherwise
_WITHOUT_SHOP = {"init": 'shijin.from_dataframe(orders, workspace="my-shop")', "demo": "shijin.from_dataframe(orders)"}


class Reader(Protocol):
    """How options and verbs are written for those who read a sentence."""

    def option(self, key: str, value: str | None = None) -> str:
        """Write an option, such as ``in_stock``, with a value where there is one.

        A key with a dot, such as ``shop.currency``, is of ``shijin.toml``.
        """
        ...

    def command(self, words: Sequence[str]) -> str:
        """Write a call of a verb: its name, then its arguments and flags as a terminal has them."""
        ...


class InPython:
    """Options are arguments, verbs are methods of `Shop`.

    Examples
    --------
    >>> InPython().option("in_stock"), InPython().option("shop.currency")
    ('in_stock=', '[shop] currency')
    >>> InPython().option("horizon", "90d"), InPython().option("map", "ts=paid_at")
    ("horizon='90d'", "map={'ts': 'paid_at'}")
    >>> InPython().command(["score", "--horizon", "30d"]), InPython().command(["collect", "orders.csv"])
    ("shop.forecast(horizon='30d')", "shop.collect('orders.csv')")
    """

    def option(self, key: str, value: str | None = None) -> str:
        """Write an argument, or a key of the config."""
        if "." in key:
            return config_key(key)
        if value is None:
            return f"{key}="
        name, is_pair, column = value.partition("=")
        return f"{key}={ {name: column} if is_pair else value!r}"

    def command(self, words: Sequence[str]) -> str:
        """Write a method of `Shop`."""
        verb, *rest = words
        if verb in _WITHOUT_SHOP:
            return _WITHOUT_SHOP[verb]
        arguments: list[str] = []
        while rest:
            word = rest.pop(0)
            if word.startswith("-"):
                has_value = bool(rest) and not rest[0].startswith("-")
                arguments.append(f"{_argument(word)}={repr(rest.pop(0)) if has_value else True}")
            else:
                arguments.append(repr(word))
        return f"shop.{_METHODS.get(verb, verb)}({', '.join(arguments)})"


class InJson:
    """Options are keys, verbs are their names.

    Examples
    --------
    >>> InJson().option("in_stock"), InJson().command(["score", "--horizon", "30d"])
    ('in_stock', 'score')
    """

    def option(self, key: str, value: str | None = None) -> str:
        """Write the key itself, and its value."""
        return key if value is None else f"{key} {value}"

    def command(self, words: Sequence[str]) -> str:
        """Write the verb."""
        return words[0]


def config_key(key: str) -> str:
    """Write a key as ``shijin.toml`` has it.

    Examples
    --------
    >>> config_key("shop.currency")
    '[shop] currency'
    """
    table, _, name = key.partition(".")
    return f"[{table}] {name}"


def filled_value(text: str, values: Mapping[str, object]) -> str:
    """Replace each ``$name`` in the value of an option.

    Examples
    --------
    >>> filled_value("$column=COLUMN", {"column": "cutoff"})
    'cutoff=COLUMN'
    """
    parts = text.split("=")
    return "=".join(str(values[part[1:]]) if part.startswith("$") else part for part in parts)


def filled_words(text: str, values: Mapping[str, object]) -> list[str]:
    """Take a command of the catalogue apart, with ``$name`` replaced by its value; ``shijin`` itself is left out.

    Examples
    --------
    >>> filled_words("shijin train --horizon $horizon", {"horizon": "90d"})
    ['train', '--horizon', '90d']
    """
    words = text.split()[1:]
    return [str(values[word[1:]]) if word.startswith("$") else word for word in words]


def _argument(flag: str) -> str:
    return flag.lstrip("-").replace("-", "_")


PYTHON: Reader = InPython()
JSON: Reader = InJson()
