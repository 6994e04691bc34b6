"""What the words of an order's status mean: a sale, not paid, void, or refunded.

A phrase is understood by the meaning of its words, in English and in Chinese; other languages' words are listed. A
phrase with a word that is not understood is unknown, never a sale. The words and their sources are in
``statuses.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.values import is_true
from shijin.prepare.clean import plain
from shijin.prepare.findings import finding

Meaning = Literal["sale", "unpaid", "void", "refunded"]
MEANINGS = ("sale", "unpaid", "void", "refunded")
UNKNOWN = "unknown"
SPOILING = 0.01  # share of money under unknown statuses above which a forecast is spoilt
_NEUTRAL = "neutral"  # of delivery or of after-sales service: it says nothing against a sale, and does not prove one
_GRAVEST_FIRST = ("void", "refunded", "unpaid", UNKNOWN, "sale", _NEUTRAL)
_SHOWN = 10
_WORDS: dict[str, Any] = tomllib.loads((files("shijin.collect") / "statuses.toml").read_text("utf-8"))
_CLASSES = {name: frozenset(words.split()) for name, words in _WORDS["english"].items()}
_PHRASES = {word: meaning for meaning, words in _WORDS["phrases"].items() for word in words.split()}
_ELSEWHERE = {name: re.compile(pattern) for name, pattern in _WORDS["elsewhere"].items()}
_CHINESE = {name: re.compile(pattern) for name, pattern in _WORDS["chinese"].items()}
_HAN = re.compile(r"[\u4e00-\u9fff]")
_PREFIX = re.compile(r"^(wc|order|orderstatus|status|payment|state)[-_: ]+", re.IGNORECASE)


@dataclass(frozen=True)
class Statuses:
    """What the statuses of rows mean.

    Parameters
    ----------
    meaning : (n,) string
        One of `MEANINGS`, or ``unknown``; null where no column has a word.
    word : (n,) string
        The word that decided.
    """

    meaning: pa.Array
    word: pa.Array

    def means(self, *meanings: str) -> pa.Array:
        """(n,) whether a row has one of these meanings."""
        return is_true(pc.is_in(self.meaning, pa.array(meanings, pa.string())))


def meaning_of(word: str) -> Meaning | None:
    """What a status means; None where it is not known.

    Examples
    --------
    >>> [meaning_of(word) for word in ("wc-refunded", "Awaiting Fulfillment", "Awaiting payment", "bounced-card")]
    ['refunded', 'sale', 'unpaid', None]
    >>> [meaning_of(word) for word in ("(删除)等待付款", "付款以后用户退款成功，交易自动关闭", "未发货，退款成功")]
    ['void', 'refunded', 'refunded']
    >>> meaning_of("买家已付款，等待卖家发货"), meaning_of("partially refunded"), meaning_of("Not paid")
    ('sale', 'sale', 'unpaid')
    """
    meaning = _class_of(word)
    return "sale" if meaning == _NEUTRAL else meaning  # type: ignore[return-value]


def read_statuses(columns: Sequence[pa.Array], status_map: Mapping[str, str]) -> Statuses:
    """Read the columns of statuses together: of what they mean, the gravest counts.

    The order is void, refunded, unpaid, unknown, sale. A word about delivery or after-sales service ("unfulfilled",
    无售后) is a sale where it stands alone, and does not settle an unknown word in another column.

    Parameters
    ----------
    columns
        (n,) texts each, at least one.
    status_map
        Meanings by word as the user settles them, whatever case and punctuation; ``refund`` is ``refunded``.

    Examples
    --------
    >>> orders, payments = pa.array(["shipped", "shipped", "parked"]), pa.array(["paid", "refunded", None])
    >>> read_statuses([orders, payments], {"Parked": "void"}).meaning.to_pylist()
    ['sale', 'refunded', 'void']
    """
    settled = {plain(word): "refunded" if meaning == "refund" else meaning for word, meaning in status_map.items()}
    ranks, words = [], []
    for column in columns:
        encoded = column.dictionary_encode()
        meanings = [settled.get(plain(word)) or _class_of(word) or UNKNOWN for word in encoded.dictionary.to_pylist()]
        rank = pa.array([_GRAVEST_FIRST.index(meaning) for meaning in meanings], pa.int8())
        ranks.append(rank.take(encoded.indices))
        words.append(column)
    gravest = pc.min_element_wise(*ranks)
    word = pc.coalesce(
        *[pc.if_else(pc.equal(rank, gravest), text, None) for rank, text in zip(ranks, words, strict=True)]
    )
    names = pa.array([name if name != _NEUTRAL else "sale" for name in _GRAVEST_FIRST])
    return Statuses(names.take(gravest), word)


def findings_of_statuses(statuses: Statuses, amounts: pa.Array) -> list[dict[str, Any]]:
    """Name the statuses that are unknown, and those that make an order no sale, with rows and money.

    Parameters
    ----------
    amounts : (n,) float64
        Of the rows; null where there is none.
    """
    rows = pa.table({"meaning": statuses.meaning, "word": statuses.word, "amount": pc.abs(amounts)})
    groups = rows.group_by(["meaning", "word"]).aggregate([("amount", "sum"), ("word", "count")]).to_pylist()
    total = sum(group["amount_sum"] or 0.0 for group in groups)
    notes = []
    for code, meanings in (("unknown_status", (UNKNOWN,)), ("statuses_read", ("unpaid", "void", "refunded"))):
        chosen = [group for group in groups if group["meaning"] in meanings]
        if not chosen:
            continue
        money = sum(group["amount_sum"] or 0.0 for group in chosen)
        share = money / total if total else 1.0
        count = sum(group["word_count"] for group in chosen)
        severity = "notes" if code == "statuses_read" else "spoils" if share > SPOILING else "warns"
        notes.append(finding(code, severity, count, share, words=_listed(chosen), money=f"{money:,.2f}"))  # type: ignore[arg-type]
    return notes


def _listed(groups: list[dict[str, Any]]) -> str:
    """The most frequent words with their rows and money."""
    ordered = sorted(groups, key=lambda group: (-group["word_count"], group["word"]))
    texts = [f"{group['word']} ({group['word_count']:,}; {group['amount_sum'] or 0.0:,.2f})" for group in ordered]
    return ", ".join(texts[:_SHOWN]) + (f" … +{len(texts) - _SHOWN}" if len(texts) > _SHOWN else "")


@cache
def _class_of(word: str) -> str | None:
    text = _PREFIX.sub("", word.strip())
    letters = plain(text)
    if not letters:
        return None
    if letters in _PHRASES:
        return _PHRASES[letters]
    if _HAN.search(text):
        return _chinese(text)
    return _english(text) or next((name for name, words in _ELSEWHERE.items() if words.search(letters)), None)


def _english(text: str) -> str | None:
    words = [word for word in re.split(r"[^a-z]+", re.sub(r"n't\b", " not", text.casefold())) if word]
    classes = [{name for name, members in _CLASSES.items() if word in members} for word in words]
    if not words or not all(classes):
        return None

    def has(name: str) -> bool:
        return any(name in of_word for of_word in classes)

    if has("refunded"):
        return _NEUTRAL if has("partial") or has("negation") or has("progress") else "refunded"
    if has("void"):
        return _void(has)
    return _paid(has)


def _void(has: Any) -> str | None:  # noqa: ANN401
    """Of a phrase with a word such as cancelled or failed."""
    if has("negation"):
        return None
    # A cancellation that is requested has not happened; a delivery that failed was paid for.
    if has("waiting") or (has("fulfilment") and has("bad")):
        return _NEUTRAL
    return "void"


def _paid(has: Any) -> str | None:  # noqa: ANN401
    """Of a phrase about payment or delivery."""
    if has("payment") and (has("bad") or has("waiting") or has("negation")):
        return "unpaid"
    if has("negation"):
        return "unpaid" if has("sale") else None
    if has("unpaid"):
        return "unpaid"
    if has("fulfilment"):
        return _NEUTRAL if not has("sale") else "sale"
    if has("waiting"):
        return "unpaid"
    if has("sale"):
        return "sale"
    return None


def _chinese(text: str) -> str | None:
    def has(name: str) -> bool:
        return _CHINESE[name].search(text) is not None

    if has("deleted"):
        return "void"
    aftersales = has("none_back") or has("partly_back") or has("back_in_progress")
    if has("back") and not has("partly_back") and not has("none_back"):
        return "refunded"
    rest = text
    if aftersales:
        for name in ("none_back", "partly_back", "back_in_progress"):
            rest = _CHINESE[name].sub("", rest)
        if not _HAN.search(_CHINESE["filler"].sub("", rest)):
            return _NEUTRAL
    return _chinese_order(rest) or (_NEUTRAL if aftersales else None)


def _chinese_order(text: str) -> str | None:
    """Of a Chinese phrase without its part about refunds."""
    if _CHINESE["on_delivery"].search(text):
        return "sale"
    if _CHINESE["void"].search(text):
        return "void"
    if _CHINESE["unpaid"].search(text):
        return "unpaid"
    rest = _CHINESE["filler"].sub("", _CHINESE["sale"].sub("", text))
    if _CHINESE["sale"].search(text) and not _HAN.search(rest):
        return "sale" if re.search("付|支付|收款|完成|成功|成交|收货|签收", text) else _NEUTRAL
    return None
