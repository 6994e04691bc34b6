"""What the words of an order's status mean: a sale, not paid, void, or refunded.

A phrase is understood by the meaning of its words (`latin_statuses`, `chinese_statuses`); a phrase with a word that is
not understood is unknown, never a sale. The words and their sources are in ``statuses.toml``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.chinese_statuses import chinese_meaning
from shijin.collect.latin_statuses import latin_meaning
from shijin.collect.status_words import NEUTRAL, UNKNOWN, WORDS
from shijin.collect.values import is_true
from shijin.prepare.clean import plain
from shijin.prepare.findings import finding
from shijin.prepare.simplified import simplified

Meaning = Literal["sale", "unpaid", "void", "refunded"]
MEANINGS = ("sale", "unpaid", "void", "refunded")
SPOILING = 0.01  # share of money under unknown statuses above which a forecast is spoilt
_GRAVEST_FIRST = ("void", "refunded", "unpaid", UNKNOWN, "sale", NEUTRAL)
_SHOWN = 10
_PHRASES = {word: meaning for meaning, words in WORDS["phrases"].items() for word in words.split()}
# What a column may be about, and the nouns that its name leaves out of its words.
_HEADS = {
    "refund": ("refund", "退款"),
    "return": ("return", "退货"),
    "cancel": ("cancellation", "取消"),
    "delivery": ("delivery", "发货"),
    "payment": ("payment", "支付"),
}
_KINDS = {kind: re.compile(WORDS["columns"][kind]) for kind in _HEADS}
_ANSWERS = {name: frozenset(WORDS["columns"][name].split()) for name in ("none", "yes", "full")}
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_CODE = re.compile(r"^\d+\s*[-_.:、)]\s*(?=\D)")  # "3 - Shipped"
_PREFIX = re.compile(
    r"^(?:https?://schema\.org/(?=order)|(?:wc|order|order[-_ ]?status|status|payment[-_ ]?status|state)[-_: ]+)", re.I
)
_YES = {"refund": "refunded", "return": "refunded", "cancel": "void", "payment": "sale"}
_NO = {"payment": "unpaid"}


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
    return "sale" if meaning == NEUTRAL else meaning  # type: ignore[return-value]


def read_statuses(
    columns: Sequence[pa.Array], status_map: Mapping[str, str], names: Sequence[str] | None = None
) -> Statuses:
    """Read the columns of statuses together: of what they mean, the gravest counts.

    The order is void, refunded, unpaid, unknown, sale. A word about delivery or after-sales service ("unfulfilled",
    无售后) is a sale where it stands alone, and does not settle an unknown word in another column.

    A column's name completes its words: "completed" under ``refund_status`` is a refund that is done, "pending" under
    ``fulfillment_status`` says nothing about the payment. Beside another column, an unknown word about delivery says
    nothing. "closed" and "open" are understood only in a column with another word for a sale; where orders are open
    until they are closed, closed orders were not refunded.

    Parameters
    ----------
    columns
        (n,) texts each, at least one.
    status_map
        Meanings by word as the user settles them, whatever case and punctuation; ``refund`` is ``refunded``.
    names
        Of the columns, where they are known.

    Examples
    --------
    >>> orders, payments = pa.array(["shipped", "shipped", "parked"]), pa.array(["paid", "refunded", None])
    >>> read_statuses([orders, payments], {"Parked": "void"}).meaning.to_pylist()
    ['sale', 'refunded', 'void']
    >>> refunds = pa.array(["none", "completed", "requested"])
    >>> read_statuses([orders, refunds], {"Parked": "sale"}, ["status", "Refund Status"]).meaning.to_pylist()
    ['sale', 'refunded', 'sale']
    """
    settled = {plain(word): "refunded" if meaning == "refund" else meaning for word, meaning in status_map.items()}
    ranks = []
    for column, name in zip(columns, names or [""] * len(columns), strict=True):
        encoded = column.dictionary_encode()
        meanings = _column_meanings(encoded.dictionary.to_pylist(), settled, _kind_of(name), alone=len(columns) == 1)
        rank = pa.array([None if one is None else _GRAVEST_FIRST.index(one) for one in meanings], pa.int8())
        ranks.append(rank.take(encoded.indices))
    gravest = pc.min_element_wise(*ranks)
    word = pc.coalesce(
        *[pc.if_else(pc.equal(rank, gravest), text, None) for rank, text in zip(ranks, columns, strict=True)]
    )
    meanings = pa.array([name if name != NEUTRAL else "sale" for name in _GRAVEST_FIRST])
    return Statuses(meanings.take(gravest), word)


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


def findings_of_status_map(columns: Sequence[pa.Array], status_map: Mapping[str, str]) -> list[dict[str, Any]]:
    """Name the words that the user settled and that no column of statuses has.

    Examples
    --------
    >>> [found] = findings_of_status_map([pa.array(["parked"])], {"Parked": "void", "posted": "sale"})
    >>> found["code"], "posted" in found["arguments"], "Parked" in found["arguments"]
    ('status_map_unused', True, False)
    """
    there = {plain(word) for column in columns for word in column.dictionary_encode().dictionary.to_pylist()}
    unused = [word for word in status_map if plain(word) not in there]
    return [finding("status_map_unused", "warns", len(unused), 0.0, words=", ".join(unused))] if unused else []


def _listed(groups: list[dict[str, Any]]) -> str:
    """The most frequent words with their rows and money."""
    ordered = sorted(groups, key=lambda group: (-group["word_count"], group["word"]))
    texts = [f"{group['word']} ({group['word_count']:,}; {group['amount_sum'] or 0.0:,.2f})" for group in ordered]
    return ", ".join(texts[:_SHOWN]) + (f" … +{len(texts) - _SHOWN}" if len(texts) > _SHOWN else "")


def is_about(name: str) -> bool:
    """Whether a column's name says what its words are about, so that yes and no suffice, as under Cancelled.

    Examples
    --------
    >>> is_about("Cancelled"), is_about("是否退款"), is_about("Status")
    (True, True, False)
    """
    return _kind_of(simplified(name)) is not None


def _kind_of(name: str) -> str | None:
    """What a column of statuses is about, by its name; None where it is about the order."""
    folded = re.sub(r"[\W_]+", " ", name).casefold()
    return next((kind for kind, pattern in _KINDS.items() if pattern.search(folded)), None)


def _column_meanings(
    words: list[str], settled: Mapping[str, str], kind: str | None, *, alone: bool
) -> list[str | None]:
    """The meanings of a column's distinct words; None for a word that is no answer, such as ``-``."""
    own = [None if _is_blank(word) else _in_column(word, kind, alone=alone) for word in words]
    if "sale" not in own and NEUTRAL not in own:  # open and closed are the only states of such an order
        own = [UNKNOWN if _is_open_or_closed(word) else one for word, one in zip(words, own, strict=True)]
    return [settled.get(plain(word), one) for word, one in zip(words, own, strict=True)]


def _is_open_or_closed(word: str) -> bool:
    return plain(word) in ("open", "closed")


def _is_blank(word: str) -> bool:
    return plain(word) in ("", "na", "nan", "null")


def _in_column(word: str, kind: str | None, *, alone: bool) -> str:
    """What a word means in a column of this kind."""
    if kind is None:
        return _class_of(word) or UNKNOWN
    letters = plain(word)
    if letters in _ANSWERS["none"] | _ANSWERS["yes"]:
        return (_NO if letters in _ANSWERS["none"] else _YES).get(kind, NEUTRAL)
    if kind in ("refund", "return") and letters in _ANSWERS["full"]:
        return "refunded"
    if kind == "payment" and _is_open_or_closed(word):
        return "unpaid" if letters == "open" else UNKNOWN
    meaning = _completed(word, kind)
    if kind == "delivery" and (meaning == "unpaid" or (meaning is None and not alone)):
        return NEUTRAL
    return meaning or UNKNOWN


def _completed(word: str, kind: str) -> str | None:
    """What a word means behind the noun that its column's name gives."""
    own = _class_of(word)
    if kind in ("refund", "return") and re.search("refund|return|退|售后|返金|返品|换货", word, re.IGNORECASE):
        return own
    english, chinese = _HEADS[kind]
    return _class_of(f"{chinese}{word}" if _EAST_ASIAN.search(word) else f"{english} {word}") or own


@cache
def _class_of(word: str) -> str | None:
    text = _CODE.sub("", simplified(unicodedata.normalize("NFKC", word).strip()))
    text = _PREFIX.sub("", text)
    meaning = _PHRASES.get(plain(text))
    if meaning is not None:
        return None if meaning == UNKNOWN else meaning
    return chinese_meaning(text) if _EAST_ASIAN.search(text) else latin_meaning(text)
