"""Statuses in Chinese and Japanese, cut into pieces that have a meaning each.

At every place the first pattern of ``statuses.toml`` that fits takes its letters; letters that no piece takes make the
phrase unknown.
"""

from __future__ import annotations

import re

from shijin.collect.status_words import NEUTRAL, UNKNOWN, WORDS, gravest

_PIECES = {name: pattern for name, pattern in WORDS["chinese"].items() if name != "deleted"}
_PIECE = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PIECES.items()))
_DELETED = re.compile(WORDS["chinese"]["deleted"])
_LETTER = re.compile(r"[^\W_]")
_MEANINGS = {
    "none_back": NEUTRAL,
    "partly_back": NEUTRAL,
    "back_ended": NEUTRAL,
    "back_begun": NEUTRAL,
    "money_back": "refunded",
    "goods_back": "refunded",
    "exchange": NEUTRAL,
    "cancel_asked": NEUTRAL,
    "not_void": NEUTRAL,
    "delivery_failed": NEUTRAL,
    "ordered_unpaid": "unpaid",
    "pay_failed": "void",
    "on_delivery": "sale",
    "unpaid": "unpaid",
    "group_open": "unpaid",
    "paid": "sale",
    "delivery": NEUTRAL,
    "void": "void",
    "not_done": UNKNOWN,
    "open": UNKNOWN,
    "done": "sale",
}


def chinese_meaning(text: str) -> str | None:
    """What a Chinese or Japanese phrase means; `NEUTRAL` where it says nothing against a sale, None where unknown.

    Examples
    --------
    >>> [chinese_meaning(text) for text in ("已发货，退款成功", "交易成功，退款关闭", "申请取消", "红色")]
    ['refunded', 'sale', 'neutral', None]
    >>> [chinese_meaning(text) for text in ("等待卖家发货,即:买家已付款", "已下单未付款", "キャンセル済み")]
    ['sale', 'unpaid', 'void']
    """
    if _DELETED.search(text):
        return "void"
    pieces = [piece.lastgroup for piece in _PIECE.finditer(text) if piece.lastgroup]
    if _LETTER.search(_PIECE.sub("", text)):
        return None
    # Goods that came back are paid back only where nothing is awaited; an exchange gives no money back.
    if "back_begun" in pieces:
        pieces = [piece for piece in pieces if piece != "goods_back"]
    if "exchange" in pieces:
        pieces = [piece for piece in pieces if piece not in ("money_back", "goods_back")]
    if "cancel_asked" in pieces or "delivery_failed" in pieces:
        pieces = [piece for piece in pieces if piece != "pay_failed"]
    # What waits for a decision is settled by a word beside it about payment, delivery or a refund.
    if any(_MEANINGS.get(piece) for piece in pieces if piece not in ("open", "done", "filler")):
        pieces = [piece for piece in pieces if piece != "open"]
    meaning = gravest(_MEANINGS[piece] for piece in pieces if piece in _MEANINGS)
    return None if meaning == UNKNOWN else meaning
