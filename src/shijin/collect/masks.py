"""Values that identify nobody: masked by a platform, or words for an anonymous buyer."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.values import distinct, flagged, is_true
from shijin.prepare.clean import plain

# Two signs in a row hide something; a single one does at the end or in the middle of a short name, and before @.
_MASK = (
    r"[*＊•●×✱]{2,}|(?i:x{3,})\d{2,}|\d{2,}(?i:x{3,})|^\p{Han}{1,2}[*＊某]$|^\p{Han}[*＊]\p{Han}{1,2}$"
    r"|^[*＊]\p{Han}{1,2}$|[*＊•]+@|(?i:^\[?(redacted|masked|hidden|protected)\]?$)|脱敏|^\p{Han}某某?$|#{3,}"
)
_GUESTS = "0 -1 guest guestcheckout 游客 访客 none false"
_NOBODY = """
guest guestcheckout guestuser unknown anonymous anon walkin walkincustomer walkinguest cashsale cashcustomer cash
nocustomer notprovided notavailable notapplicable na nil undefined pos poscustomer generalcustomer defaultcustomer
retailcustomer laufkundschaft 游客 访客 匿名 匿名用户 匿名买家 匿名购买 散客 散户 零售客户 普通客户 现金客户
未知 未知用户 无 非会员 临时客户
"""
_INITIAL = re.compile(r"^[^\W\d_]\.\s*[^\W\d_]{2,}")  # "C. Ash" is somebody, whatever its letters spell
_GUEST_WORDS = frozenset(_GUESTS.split())
_NOBODY_WORDS = frozenset(_NOBODY.split())


def is_masked(texts: pa.Array) -> pa.Array:
    """Whether texts are masked, so that several people share one.

    Examples
    --------
    >>> is_masked(pa.array(["小**3", "138****1234", "张*", "j***@x.org", "C*100", "anna", None])).to_pylist()
    [True, True, True, True, False, False, False]
    """
    values, rows = distinct(texts)
    return is_true(pc.match_substring_regex(values, _MASK).take(rows))


def is_guest(texts: pa.Array) -> pa.Array:
    """Whether texts stand for a guest, as WooCommerce's customer 0.

    Examples
    --------
    >>> is_guest(pa.array(["0", "Guest", "7", None])).to_pylist()
    [True, True, False, False]
    """
    return flagged(texts, lambda text: _is_among(text, _GUEST_WORDS))


def is_nobody(texts: pa.Array) -> pa.Array:
    """Whether texts are exactly a word for an anonymous buyer.

    Examples
    --------
    >>> is_nobody(pa.array(["Walk-in", "散客", "Cash & Carry Ltd", "C. ASH", None])).to_pylist()
    [True, True, False, False, False]
    """
    return flagged(texts, lambda text: _is_among(text, _NOBODY_WORDS))


def _is_among(text: str, words: frozenset[str]) -> bool:
    return text in words or (plain(text) in words and not _INITIAL.match(text))
