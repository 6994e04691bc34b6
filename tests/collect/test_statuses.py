"""Statuses are understood by what they mean, in the words of each platform; what is not understood is no sale."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.collect.statuses import MEANINGS, findings_of_statuses, meaning_of, read_statuses

VOCABULARIES = {
    "sale": {
        "Shopify": "paid|partially_paid|partially_refunded|fulfilled|unfulfilled|partial",
        "WooCommerce": "wc-completed|wc-processing|completed|Processing|wc-shipped",
        "Magento": "complete|processing",
        "BigCommerce": "Awaiting Fulfillment|Awaiting Shipment|Awaiting Pickup|Partially Shipped|Shipped|Completed",
        "PrestaShop": "Payment accepted|Processing in progress|Delivered|On backorder (paid)|Remote payment accepted",
        "OpenCart": "Canceled Reversal|Processed|Complete",
        "Amazon": "Shipped|Unshipped|Shipped - Delivered to Buyer",
        "Stripe and PayPal": "succeeded|Paid|Completed|captured|Partially refunded",
        "refunds under way": "Refund requested|refund pending|refund declined|Cancellation requested",
        "淘宝": "交易成功|买家已付款，等待卖家发货|卖家已发货，等待买家确认|卖家部分发货",
        "京东": "完成|等待出库|等待确认收货",
        "拼多多": "待发货|已发货，待收货|已收货|无售后或售后取消|售后处理中",
        "抖店": "已完成|备货中|已支付|部分发货",
        "其他": "订单完成|配送中|退款中|部分退款|退款关闭|货到付款|已签收|待评价|已核销|退款失败",
        "other languages": "Bezahlt|Abgeschlossen|Livré|Paiement accepté|Entregado|Spedito|Betaald",
    },
    "unpaid": {
        "English": "pending|Pending payment|pending_payment|payment_review|Awaiting Payment|authorized|On hold|OPEN",
        "more": "Awaiting check payment|requires_payment_method|uncaptured|Not paid|checkout-draft|DRAFT|wc-on-hold",
        "yet more": "unpaid|Held",
        "中文": "等待买家付款|等待付款|待支付|待付款|未付款|未支付|(锁定)等待付款",
    },
    "void": {
        "English": "wc-cancelled|cancelled|Canceled|Incomplete|Declined|voided|Denied|Failed|Expired|trash|Fraud",
        "more": "wc-failed|Payment error|Payment failed|storniert|annulé|Cancelado",
        "淘宝": "交易关闭|付款以前，卖家或买家主动关闭交易",
        "中文": "已取消|(删除)等待付款|(删除)等待出库|已关闭|用户取消|商家拒单|支付超时",
    },
    "refunded": {
        "English": "wc-refunded|Refunded|closed|returned|Chargeback|Reversed|Fully refunded|Refund issued",
        "more": "Shipped - Returned to Seller|erstattet|Remboursé",
        "淘宝": "付款以后用户退款成功，交易自动关闭",
        "中文": "已发货，退款成功|未发货，退款成功|退款成功|已退款|已退货|全额退款|退货退款成功",
    },
}
WORDS = [
    (word, meaning)
    for meaning, platforms in VOCABULARIES.items()
    for words in platforms.values()
    for word in words.split("|")
]


@pytest.mark.parametrize(("word", "meaning"), WORDS)
def test_the_words_of_each_platform_are_understood(word: str, meaning: str) -> None:
    assert meaning_of(word) == meaning


@pytest.mark.parametrize("word", ["bounced-card", "parked by till", "VIP", "Total", "待审核乙", "paidish", "42"])
def test_words_that_nobody_can_know_are_unknown(word: str) -> None:
    assert meaning_of(word) is None


@pytest.mark.parametrize(("word", "meaning"), [(word, meaning) for word, meaning in WORDS if word.isascii()])
def test_case_spaces_and_punctuation_change_no_meaning(word: str, meaning: str) -> None:
    for other in (word.upper(), word.lower(), f"  {word} ", word.replace(" ", "_"), word.replace("_", "-")):
        assert meaning_of(other) == meaning, other


@pytest.mark.parametrize("word", ["paid", "completed", "captured", "approved", "payment received"])
def test_a_negation_never_leaves_a_sale(word: str) -> None:
    assert meaning_of(f"not {word}") != "sale"


@given(st.text())
def test_any_text_has_a_known_meaning_or_none(word: str) -> None:
    assert meaning_of(word) in (*MEANINGS, None)


def test_of_several_columns_the_gravest_counts() -> None:
    orders = pa.array(["completed", "completed", "completed", "parked", "parked", None])
    payments = pa.array(["paid", "refunded", "pending", "paid", None, "paid"])
    meanings = read_statuses([orders, payments], {}).meaning.to_pylist()
    assert meanings == ["sale", "refunded", "unpaid", "unknown", "unknown", "sale"]


def test_a_word_about_delivery_does_not_settle_an_unknown_one() -> None:
    assert read_statuses([pa.array(["parked"]), pa.array(["unfulfilled"])], {}).meaning.to_pylist() == ["unknown"]


def test_the_user_settles_words_whatever_their_case() -> None:
    words = pa.array(["Parked by till", "completed", "bounced-card"])
    statuses = read_statuses([words], {"parked BY till": "unpaid", "Bounced Card": "refund", "Completed": "void"})
    assert statuses.meaning.to_pylist() == ["unpaid", "void", "refunded"]


@pytest.mark.parametrize(("unknown", "severity"), [(0.5, "warns"), (2.0, "spoils")])
def test_unknown_words_are_named_with_rows_and_money_and_spoil_above_one_percent(unknown: float, severity: str) -> None:
    words = pa.array(["completed"] * 99 + ["bounced-card"])
    amounts = pa.array([1.0] * 99 + [unknown])
    [found] = findings_of_statuses(read_statuses([words], {}), amounts)
    assert (found["code"], found["severity"], found["rows"]) == ("unknown_status", severity, 1)
    assert f"bounced-card (1; {unknown:.2f})" in found["arguments"]
