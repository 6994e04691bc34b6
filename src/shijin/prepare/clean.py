"""Distinguishes products from postage, fees, tests and corrections by their codes, and unifies names of event types.

It does not know which kind of source a row came from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.config import ItemsSection
from shijin.prepare.simplified import simplified

PRODUCT, CHARGE, TEST = "product", "charge", "test"

_WORDS = tomllib.loads((files("shijin.prepare") / "event_words.toml").read_text("utf-8"))
_CORRECTION = r"(manual|adjust(ment)?|correction|discount|samples?|bank charges|bad debt|write.?off|test)\b.*"
OTHER_EVENTS = frozenset(_WORDS["other"]["words"].split())
KNOWN_TYPES = {word: name for name, words in _WORDS["types"].items() for word in words.split()}
FEEDBACK_WORDS = {word: name for name, words in _WORDS["feedback"].items() for word in words.split()}
TIER_WORDS = {word: name for name, words in _WORDS["tiers"].items() for word in words.split()}


def kinds_of_items(codes: pa.Array, names: pa.Array, items: ItemsSection, unsold: pa.Array | None = None) -> pa.Array:
    """Distinguish products, charges and tests by their code or name.

    A one-letter code such as Online Retail's ``M`` is a correction only where its own row confirms it: by its name, or
    by having no name and no sale. A shop whose products are called A, B and C sells B. Each row is judged by itself, so
    later rows of a file never change earlier ones.

    Parameters
    ----------
    codes, names : (n,) string, nullable
    unsold : (n,) bool
        Rows without a customer, or with an amount of zero or less.

    Returns
    -------
    (n,) string: ``product``, ``charge`` or ``test``.

    Examples
    --------
    >>> codes = pa.array(["85048", "POST", "TEST001", "M", "M", None, None])
    >>> names = pa.array([None, None, None, "Manual", None, "Shipping fee", "Postage stamp album"])
    >>> kinds_of_items(codes, names, ItemsSection()).to_pylist()
    ['product', 'charge', 'test', 'test', 'product', 'charge', 'product']
    """
    charge = pc.or_(_matches(codes, items.charges), _matches(names, items.charges))
    test = _matches(codes, items.tests)
    # A test that the row itself does not confirm is a product: the default patterns contain one-letter codes.
    if items.tests == ItemsSection().tests:  # the patterns that a shop configures need no confirmation
        confirmed = _matches(names, (_CORRECTION,))
        if unsold is not None:
            confirmed = pc.or_(confirmed, pc.and_(pc.is_null(names), unsold))
        test = pc.and_(test, pc.or_(confirmed, _is_longer_than_a_letter(codes)))
    test = pc.or_(test, pc.and_(_matches(names, items.tests), _is_longer_than_a_letter(names)))
    return pc.if_else(test, TEST, pc.if_else(charge, CHARGE, PRODUCT))


def canonical_types(types: pa.Array, known: Mapping[str, str] = KNOWN_TYPES) -> pa.Array:
    """Replace known words for types by their one name; a shop's own types stay as they are, in lower case.

    Examples
    --------
    >>> canonical_types(pa.array(["Not interested", "曝光"]), FEEDBACK_WORDS).to_pylist()
    ['dismiss', 'exposure']
    >>> canonical_types(pa.array(["Purchase", "add-to-cart", "退款", "unboxing", None])).to_pylist()
    ['order', 'cart', 'return', 'unboxing', None]
    """
    encoded = types.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    named = [known.get(plain(word), word.strip().lower()) for word in words]
    return pa.array(named, pa.string()).take(encoded.indices)


def plain(name: str) -> str:
    """Reduce a name to letters and digits without case, so that ``Customer_ID`` is ``customerid``.

    Traditional Chinese becomes simplified, so that ``訂單號`` is ``订单号``.
    """
    return "".join(letter for letter in simplified(name.casefold()) if letter.isalnum())


def by_plain(names: Iterable[str]) -> dict[str, str]:
    """Names by their `plain` forms; of several with one form the first.

    Examples
    --------
    >>> by_plain(["Order ID", "order_id", "Total"])
    {'total': 'Total', 'orderid': 'Order ID'}
    """
    return {plain(name): name for name in reversed([*names])}


def _is_longer_than_a_letter(texts: pa.Array) -> pa.Array:
    return pc.greater(pc.fill_null(pc.utf8_length(texts), 0), 1)


def _matches(texts: pa.Array, patterns: tuple[str, ...]) -> pa.Array:
    """Whether a whole text matches one of the patterns, whatever its case; each distinct text is matched once."""
    if not patterns:
        return pa.array(np.zeros(len(texts), dtype=bool))
    encoded = texts.dictionary_encode()
    whole = "(?i)^(?:" + "|".join(f"(?:{pattern})" for pattern in patterns) + ")$"
    matches = pc.match_substring_regex(encoded.dictionary, whole).take(encoded.indices)
    return pc.fill_null(matches, fill_value=False)
