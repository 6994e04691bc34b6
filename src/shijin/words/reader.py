"""Who reads a sentence: somebody at a terminal, in Python, or a program that reads JSON.

A sentence of the catalogue names an option by its flag, ``{--horizon}``, and a verb by its command,
``{shijin train --horizon $horizon}``. A `Reader` writes both in the way that its readers call them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

# Verbs that Python calls otherwise; where a flag makes the difference, it is left out.
_METHODS = {
    ("score", ""): "forecast",
    ("recommend", "--demand"): "demand",
    ("backtest", "--items"): "backtest_items",
    ("represent", "--like"): "similar",
}
_WITHOUT_SHOP = {
    "init": 'shijin.from_dataframe(orders, workspace="my-shop")',
    "run": 'shijin.from_dataframe(orders, workspace="my-shop")',
    "demo": "shijin.from_dataframe(orders)",
}
_ARGUMENTS = {"like": "customer"}  # flags that are called otherwise in Python
_TERMINAL_ONLY = ("--all", "--to")  # Python gives all lists unasked, as a table


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
    ('in_stock', '[shop] currency')
    >>> InPython().option("horizon", "90d"), InPython().option("map", "ts=paid_at")
    ("horizon='90d'", "map={'ts': 'paid_at'}")
    >>> InPython().command(["score", "--horizon", "30d"]), InPython().command(["collect", "orders.csv"])
    ("shop.forecast(horizon='30d')", "shop.collect('orders.csv')")
    >>> InPython().command(["represent", "--like", "c1"]), InPython().command(["recommend", "--all", "--to", "my.csv"])
    ("shop.similar('c1')", 'shop.recommend()')
    """

    def option(self, key: str, value: str | None = None) -> str:
        """Write an argument, or a key of the config."""
        if "." in key:
            return config_key(key)
        argument = _ARGUMENTS.get(key, key)
        if value is None:
            return argument
        name, is_pair, column = value.partition("=")
        return f"{argument}={ {name: column} if is_pair else value!r}"

    def command(self, words: Sequence[str]) -> str:
        """Write a method of `Shop`."""
        verb, *rest = words
        if verb in _WITHOUT_SHOP:
            return _WITHOUT_SHOP[verb]
        known = [(name, flag) for name, flag in _METHODS if name == verb and (not flag or flag in rest)]
        method, naming_flag = (_METHODS[known[0]], known[0][1]) if known else (verb, "")
        arguments = [
            repr(value) if flag in ("", naming_flag) else f"{_argument(flag)}={value or True!r}"
            for flag, value in _flags(rest)
            if flag not in _TERMINAL_ONLY and (value or flag != naming_flag)
        ]
        return f"shop.{method}({', '.join(arguments)})"


class InJson:
    """Options are keys, verbs are their names.

    Examples
    --------
    >>> InJson().option("in_stock"), InJson().command(["score", "--horizon", "30d"])
    ('in_stock', 'score horizon=30d')
    """

    def option(self, key: str, value: str | None = None) -> str:
        """Write the key itself, and its value; only a command line has ``--help``."""
        if key == "help":
            return "--help"
        return key if value is None else f"{key} {value}"

    def command(self, words: Sequence[str]) -> str:
        """Write the verb and its arguments."""
        flags = [f"{_argument(flag)}={value}".strip("=") for flag, value in _flags(words[1:])]
        return " ".join([words[0], *flags])


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


def _flags(words: Sequence[str]) -> list[tuple[str, str]]:
    """Take the words after a verb apart: flags with their values, and values without a flag."""
    pairs: list[tuple[str, str]] = []
    for word in words:
        is_value = not word.startswith("-")
        if is_value and pairs and pairs[-1][0] and not pairs[-1][1]:
            pairs[-1] = (pairs[-1][0], word)
        else:
            pairs.append(("", word) if is_value else (word, ""))
    return pairs


def _argument(flag: str) -> str:
    return flag.lstrip("-").replace("-", "_")


PYTHON: Reader = InPython()
JSON: Reader = InJson()
