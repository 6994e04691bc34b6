"""The type of each row: an order, a return, a view and so on, by a column of types where the source has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.values import all_false, flagged, is_true, share_of
from shijin.prepare.clean import KNOWN_TYPES, OTHER_EVENTS, canonical_types, plain
from shijin.prepare.findings import Severity, finding
from shijin.schema import ACTION_TYPES, EVENT_TYPES, MONEY_TYPES

# Where a log has both, a placed order is a stage of the one that is paid for later.
_PLACED = frozenset(["orderplaced", "placedorder", "ordercreated", "ordersubmitted", "下单", "下单成功", "提交订单"])
_NAMES = frozenset(
    [
        "eventtype",
        "behaviortype",
        "behaviourtype",
        "actiontype",
        "activitytype",
        "interactiontype",
        "useraction",
        "eventaction",
        "行为类型",
        "事件类型",
        "操作类型",
        "用户行为",
    ]
)
_PAYMENTS = frozenset(
    [
        "payment",
        "paymentreceived",
        "paymentcompleted",
        "paymentsucceeded",
        "paymentsuccess",
        "paymentsuccessful",
        "paysuccess",
        "orderpayment",
        "paid",
        "chargesucceeded",
        "收款",
    ]
)
_PROVIDER = frozenset(
    ["refund", "payout", "stripefee", "transfer", "paymentrefund", "adjustment", "withdrawal", "payment"]
)
_CANONICAL_NAMES = frozenset(KNOWN_TYPES.values())
_ACTIONS_OF_A_LOG = 0.5  # the share of its rows that are actions without money
_ACTIONS = ("view", "cart", "cart_removed", "wishlist", "checkout")  # no other column has these words
_SOME_ACTIONS = 0.05
_MUCH = 0.01  # of the money of a source
_NAMED = 5
_MONEY = pa.array([*MONEY_TYPES, "void"])


@dataclass(frozen=True)
class EventTypes:
    """The types of n rows.

    Parameters
    ----------
    type : (n,) string
        Null where the source does not say; a type that is not known stays the shop's own.
    is_money : (n,) bool
        Rows that may be about money: those without a type, and orders, returns and charges.
    ends_elsewhere : (n,) bool
        Returns without money, each of an order of another source.
    """

    type: pa.Array
    is_money: pa.Array
    ends_elsewhere: pa.Array


def event_types(words: pa.Array, *, is_mapped: bool) -> EventTypes:
    """Read a column of types; one in which most words are unknown has another meaning, such as the customer's type.

    Parameters
    ----------
    words : (n,) string
        All null where the source has no such column.
    is_mapped
        Whether the user named the column.

    Examples
    --------
    >>> event_types(pa.array(["pv", "buy", "unboxing", "view"]), is_mapped=False).type.to_pylist()
    ['view', 'order', 'unboxing', 'view']
    >>> event_types(pa.array(["retail", "wholesale"]), is_mapped=False).is_money.to_pylist()
    [True, True]
    """
    types = canonical_types(words)
    if not is_mapped and not _are_types(words):
        return _typed(pa.nulls(len(types), pa.string()))
    if not pc.any(is_true(pc.equal(types, "order"))).as_py():
        types = pc.if_else(_are_payments(words), "order", types)
    return _typed(pc.if_else(_are_stages(words, types), "checkout", types))


def without_lost_amounts(
    types: EventTypes, words: pa.Array, order_id: pa.Array, item: pa.Array, lacks_money: pa.Array
) -> EventTypes:
    """Settle the rows without money of which an amount would be expected.

    A cancellation or a refund of an order of the same source voids it: all of it, or the item that it names. That of an
    order of another source is a return of nothing, and voids the order there. A row without a type in a log of actions
    is one more action.

    Parameters
    ----------
    words, order_id, item : (n,) string
        Null where the source does not say.
    lacks_money : (n,) bool

    Examples
    --------
    >>> words = pa.array(["purchase", "purchase", "refund"])
    >>> nothing, orders = pa.nulls(3, pa.string()), pa.array(["1", "2", "1"])
    >>> without_lost_amounts(
    ...     event_types(words, is_mapped=False), words, orders, nothing, pa.array([False, False, True])
    ... ).type.to_pylist()
    ['void', 'order', 'refund']
    """
    order = is_true(pc.equal(types.type, "order"))
    ends = pc.and_(
        is_true(pc.is_in(types.type, pa.array(["return", "void"]))), pc.and_(lacks_money, pc.is_valid(order_id))
    )
    whole = pc.filter(order_id, pc.and_(ends, pc.is_null(item)))
    pair = pc.binary_join_element_wise(order_id, item, "\x1f")
    ended = pc.or_(_among(order_id, whole), _among(pair, pc.filter(pair, ends)))
    sold = pc.or_(_among(order_id, pc.filter(order_id, order)), all_false(len(order)))
    result = pc.if_else(pc.and_(order, ended), "void", types.type)
    result = pc.if_else(ends, pc.if_else(sold, pc.utf8_lower(words), "return"), result)
    if pc.any(pc.is_valid(types.type)).as_py() and is_log(words):
        result = pc.if_else(pc.and_(pc.is_null(result), lacks_money), "other", result)
    return _typed(result, pc.and_(ends, pc.invert(sold)))


def _among(texts: pa.Array, those: pa.Array) -> pa.Array:
    return pc.and_(pc.is_valid(texts), pc.is_in(texts, value_set=those.drop_null()))


def _typed(types: pa.Array, ends_elsewhere: pa.Array | None = None) -> EventTypes:
    is_money = pc.or_(pc.is_null(types), pc.is_in(types, _MONEY))
    return EventTypes(types, is_money, all_false(len(types)) if ends_elsewhere is None else ends_elsewhere)


def without_money(words: pa.Array, column: str = "") -> bool:
    """Whether a column of types shows that no row is about money.

    A column called event type or the like holds types of events even where no word of it is known.

    Examples
    --------
    >>> without_money(pa.array(["view", "unboxing", "cart"])), without_money(pa.array(["view", "purchase"]))
    (True, False)
    """
    types = canonical_types(words)
    are_types = _are_types(words) or is_named_so(column)
    return are_types and not pc.any(pc.is_in(types, _MONEY)).as_py() and types.null_count == 0


def is_named_so(column: str) -> bool:
    """Whether a column's name is that of types of events and of nothing else.

    Examples
    --------
    >>> is_named_so("Event Type"), is_named_so("type"), is_named_so("event")
    (True, False, False)
    """
    return plain(column) in _NAMES


def is_log(words: pa.Array) -> bool:
    """Whether a column of types is that of a log of actions, such as views, among which are a few purchases.

    Examples
    --------
    >>> is_log(pa.array(["view", "addtocart", "transaction"])), is_log(pa.array(["sale", "sale", "return"]))
    (True, False)
    """
    is_action = pc.is_in(canonical_types(words.drop_null()), pa.array(ACTION_TYPES))
    return _are_types(words) and share_of(is_action) >= _ACTIONS_OF_A_LOG


def findings_of_types(words: pa.Array, types: pa.Array, amount: pa.Array) -> list[dict[str, Any]]:
    """What was noticed about the types of a source's rows.

    Parameters
    ----------
    words, types : (n,) string
        As the source has them, and as they are stored.
    amount : (n,) float64
        As it is stored.

    Returns
    -------
    Rows of FINDINGS: types that nobody knows and have amounts, which no forecast counts as spend, and placed orders of
    a log that has the paid ones too.
    """
    notes = []
    paid = pc.and_(pc.is_valid(amount), is_true(pc.not_equal(amount, 0.0)))
    known = pa.array([*EVENT_TYPES])
    unknown = is_true(pc.and_(paid, pc.invert(pc.is_in(types, known))))
    stage = pc.and_(paid, pc.and_(is_true(pc.equal(types, "checkout")), _are_words(words, _PLACED)))
    money = max(float(pc.sum(pc.abs(pc.filter(amount, paid))).as_py() or 0.0), 1e-9)
    for code, rows in (("types_with_amounts", unknown), ("orders_in_stages", stage)):
        if not pc.any(rows).as_py():
            continue
        names = sorted(pc.unique(pc.filter(words, rows)).to_pylist())
        held = float(pc.sum(pc.filter(amount, rows)).as_py() or 0.0)
        severity: Severity = "warns" if code == "types_with_amounts" and abs(held) > _MUCH * money else "notes"
        facts = {"types": ", ".join(names[:_NAMED]), "money": f"{held:,.2f}"}
        notes.append(
            finding(code, severity, int(pc.sum(rows).as_py()), min(abs(held) / money, 1.0), names[:_NAMED], **facts)
        )
    return notes


def _are_stages(words: pa.Array, types: pa.Array) -> pa.Array:
    """Placed orders of a log that has paid or completed ones too."""
    placed = _are_words(words, _PLACED)
    later = pc.and_(is_true(pc.equal(types, "order")), pc.invert(placed))
    return placed if pc.any(later).as_py() else all_false(len(words))


def _are_payments(words: pa.Array) -> pa.Array:
    """Payments; charges are too where the column has words that only payment providers use."""
    is_provider = pc.any(_are_words(words, _PROVIDER)).as_py()
    return _are_words(words, _PAYMENTS | {"charge"} if is_provider else _PAYMENTS)


def _are_words(words: pa.Array, plain_words: frozenset[str]) -> pa.Array:
    return flagged(words, lambda word: plain(word) in plain_words)


def _are_types(words: pa.Array) -> bool:
    """Whether words are types of events: most rows have a known one, half of the words are, or one is an action."""
    there = words.drop_null()
    if not len(there):
        return False
    if share_of_known(there) >= 0.5 or share_of_known(there, of_rows=True) > 0.5:
        return True
    actions = pc.is_in(canonical_types(there), pa.array(_ACTIONS))
    return share_of(actions) >= _SOME_ACTIONS


def share_of_known(words: pa.Array, *, of_rows: bool = False) -> float:
    """The share of the words, or of the rows, that are known types of events; null rows do not count.

    Examples
    --------
    >>> share_of_known(pa.array(["view", "view", "view", "retail"])), share_of_known(pa.array(["retail"]))
    (0.5, 0.0)
    """
    encoded = words.drop_null().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    known = pa.array([_is_known(name) for name in names], pa.float64())
    share = pc.mean(known.take(encoded.indices) if of_rows else known).as_py()
    return float(share or 0.0)


def _is_known(word: str) -> bool:
    name = plain(word)
    return name in KNOWN_TYPES or name in OTHER_EVENTS or name in _PAYMENTS or word in _CANONICAL_NAMES
