"""Statuses are understood by what they mean, in the words of each platform; what is not understood is no sale.

``status_words.toml`` has about 1,500 statuses by what they mean.
"""

import tomllib
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collecting import read_file
from shijin.collect import CollectOptions
from shijin.collect.statuses import MEANINGS, findings_of_status_map, findings_of_statuses, meaning_of, read_statuses
from shijin.errors import ConfigError

MEANT = {
    meaning: [word for words in groups.values() for line in words.split("\n") for word in line.split("|") if word]
    for meaning, groups in tomllib.loads((Path(__file__).parent / "status_words.toml").read_text("utf-8")).items()
}
LATIN = [(word, meaning) for meaning in MEANINGS for word in MEANT[meaning] if word.isascii() and word[0].isalpha()]


def wrong(meanings: dict[str, str | None]) -> dict[str, str | None]:
    """Of statuses with their right meanings those that are read wrongly, as they are read."""
    return {word: meaning_of(word) for word, meaning in meanings.items() if meaning_of(word) != meaning}


@pytest.mark.parametrize("meaning", MEANINGS)
def test_the_words_of_platforms_and_what_is_composed_of_them_are_understood(meaning: str) -> None:
    assert len(MEANT[meaning]) > 180
    assert wrong(dict.fromkeys(MEANT[meaning], meaning)) == {}


def test_words_that_nobody_can_know_are_unknown() -> None:
    assert wrong(dict.fromkeys(MEANT["unknown"], None)) == {}


@pytest.mark.parametrize("other", ["xyzzy", "Müller", "оплачен", "甲乙", "17"])
def test_a_word_that_is_not_understood_makes_a_phrase_unknown(other: str) -> None:
    words = ("Paid", "Completed", "Shipped", "Refunded", "交易成功", "已付款", "等待付款")
    assert wrong({f"{word} {other}": None for word in words}) == {}


def test_case_spaces_and_punctuation_change_no_meaning() -> None:
    spellings = (str.upper, str.lower, str.title, lambda word: f"  {word}\t", lambda word: word.replace(" ", "_"))
    for change in spellings:
        assert wrong({change(word): meaning for word, meaning in LATIN if "'" not in word}) == {}
    hyphens = {word.replace("_", "-").replace(" ", "-"): meaning for word, meaning in LATIN if " - " not in word}
    assert wrong(hyphens) == {}


def test_a_prefix_changes_no_meaning() -> None:
    plain_words = [(word, meaning) for word, meaning in LATIN if word.replace(" ", "").isalpha()]
    for prefix in ("wc-", "order-", "Order ", "status: ", "1 - "):
        assert wrong({prefix + word: meaning for word, meaning in plain_words}) == {}


@pytest.mark.parametrize("negation", ["not", "not yet", "never", "isn't", "has not been", "nicht", "no"])
@pytest.mark.parametrize("word", ["paid", "completed", "captured", "approved", "settled", "Payment received", "pagado"])
def test_a_negation_never_leaves_a_sale(negation: str, word: str) -> None:
    assert meaning_of(f"{negation} {word}") != "sale"


@pytest.mark.parametrize("word", ["付款", "支付", "付清", "完成付款", "到账", "成功支付"])
@pytest.mark.parametrize("negation", ["未", "没有", "尚未", "等待", "还未", "待"])
def test_a_chinese_negation_never_leaves_a_sale(negation: str, word: str) -> None:
    assert meaning_of(f"{negation}{word}") == "unpaid"


@pytest.mark.parametrize("separator", ["，", ",", "、", " ", "/", "；", " - ", ""])
def test_the_separator_between_two_chinese_clauses_changes_no_meaning(separator: str) -> None:
    pairs = {("已发货", "退款成功"): "refunded", ("已付款", "待发货"): "sale", ("已下单", "未付款"): "unpaid"}
    pairs |= {("交易成功", "退款关闭"): "sale", ("超时未支付", "已取消"): "void", ("已收货", "部分退款"): "sale"}
    assert wrong({separator.join(clauses): meaning for clauses, meaning in pairs.items()}) == {}


@given(st.text() | st.text(alphabet="退款成功未已待付发货取消中关闭paid refunded not-_/()，"))
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


COLUMNS = {
    "Refund Status": "none=sale|No=sale|requested=sale|pending=sale|rejected=sale|partial=sale|completed=refunded|"
    "approved=refunded|Yes=refunded|full=refunded|Refunded=refunded|closed=sale|gold=unknown",
    "return_status": "none=sale|requested=sale|in transit=sale|received=refunded|completed=refunded|false=sale",
    "售后状态": "无=sale|处理中=sale|已完成=refunded|已关闭=sale|退款成功=refunded|无售后或售后取消=sale|成功=refunded",
    "退款状态": "没有申请退款=sale|申请中=sale|已取消=sale|完成=refunded|部分退款=sale|否=sale|是=refunded",
    "Fulfillment Status": "pending=sale|open=sale|on hold=sale|failed=sale|fulfilled=sale|cancelled=void|"
    "returned=refunded|at bay nine=sale|NOT_STARTED=sale|draft=sale",
    "发货状态": "待处理=sale|未发货=sale|失败=sale|已发货=sale",
    "payment_status": "pending=unpaid|open=unpaid|processing=unpaid|completed=sale|success=sale|failed=void|no=unpaid|"
    "partially_refunded=sale|refunded=refunded|yes=sale|closed=unknown|partial=sale",
    "支付状态": "成功=sale|失败=void|已完成=sale|处理中=unpaid|否=unpaid|未支付=unpaid",
    "Cancelled": "true=void|False=sale|Yes=void|no=sale|requested=sale|rejected=sale",
    "是否取消": "是=void|否=sale",
    "Paid": "True=sale|false=unpaid",
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_s_name_completes_its_words(name: str) -> None:
    words, meanings = zip(*(pair.split("=") for pair in COLUMNS[name].split("|")), strict=True)
    orders = pa.array(["completed"] * len(words))
    statuses = read_statuses([orders, pa.array(words)], {}, ["Order Status", name])
    assert dict(zip(words, statuses.meaning.to_pylist(), strict=True)) == dict(zip(words, meanings, strict=True))


def test_a_dash_is_no_status() -> None:
    assert read_statuses([pa.array(["-", "N/A", "paid"])], {}).meaning.to_pylist() == [None, None, "sale"]


@pytest.mark.parametrize(
    ("words", "meanings"),
    [
        (["open", "closed", "cancelled"], ["unknown", "unknown", "void"]),  # open until it is closed
        (["complete", "closed", "canceled"], ["sale", "refunded", "void"]),  # Magento
        (["COMPLETED", "OPEN"], ["sale", "unpaid"]),  # Square
    ],
)
def test_closed_is_refunded_only_where_another_word_says_that_an_order_is_done(
    words: list[str], meanings: list[str]
) -> None:
    assert read_statuses([pa.array(words)], {}).meaning.to_pylist() == meanings


def test_words_of_the_map_that_the_file_lacks_are_named() -> None:
    [found] = findings_of_status_map([pa.array(["parked"])], {"PARKED": "void", "posted": "sale"})
    assert (found["code"], "posted" in found["arguments"], "PARKED" in found["arguments"]) == (
        "status_map_unused",
        True,
        False,
    )
    assert findings_of_status_map([pa.array(["parked"])], {"Parked": "void"}) == []


def test_a_meaning_that_no_status_has_is_refused() -> None:
    with pytest.raises(ConfigError, match="'parked' cannot mean 'maybe'"):
        CollectOptions(statuses={"parked": "maybe"})


FILE = "order,customer,date,total,{header}\n1,a,2024-01-02,1,{0}\n2,b,2024-01-03,2,{1}\n3,a,2024-01-04,4,{2}\n"


@pytest.mark.parametrize(
    ("header", "cells", "sold"),
    [
        ("Status", ("paid", "wc-refunded", "Awaiting Payment"), [1]),
        ("Cancelled", ("no", "yes", "no"), [1, 4]),
        ("is_cancelled", ("FALSE", "TRUE", "FALSE"), [1, 4]),
        ("Paid", ("Yes", "No", "Yes"), [1, 4]),
        ("是否退款", ("否", "是", "否"), [1, 4]),
        ("payment status,fulfillment status", ("paid,pending", "paid,fulfilled", "pending,pending"), [1, 2]),
        ("status,refund status", ("completed,none", "completed,completed", "completed,requested"), [1, 4]),
    ],
)
def test_only_sales_of_a_file_are_orders(
    tmp_path: Path, header: str, cells: tuple[str, str, str], sold: list[float]
) -> None:
    collected = read_file(tmp_path, FILE.format(*cells, header=header))
    events = collected.events.filter(pa.compute.equal(collected.events["type"], "order"))
    assert sorted(events["amount"].to_pylist()) == sold


def test_the_map_settles_what_is_unknown(tmp_path: Path) -> None:
    file = FILE.format("completed", "bounced-card", "parked by till", header="status")
    open_ = read_file(tmp_path, file)
    assert [row["code"] for row in open_.findings.to_pylist() if "status" in row["code"]] == ["unknown_status"]
    settled = read_file(tmp_path, file, statuses={"Bounced Card": "void", "parked by till": "unpaid"})
    assert sorted(settled.events["type"].to_pylist()) == ["order", "void"]
    assert "unknown_status" not in settled.findings["code"].to_pylist()


@pytest.mark.parametrize("meaning", MEANINGS)
def test_traditional_characters_mean_what_simplified_ones_do(meaning: str) -> None:
    traditional = str.maketrans({"关": "關", "闭": "閉", "单": "單", "订": "訂", "发": "發", "货": "貨", "买": "買"})
    traditional |= str.maketrans({"卖": "賣", "额": "額", "时": "時", "处": "處", "认": "認", "达": "達", "运": "運"})
    words = [word for word in MEANT[meaning] if word.translate(traditional) != word]
    assert len(words) > 10
    assert wrong({word.translate(traditional): meaning for word in words}) == {}


@pytest.mark.parametrize("name", ["Voided", "is_void", "Cancelled", "作废", "是否取消"])
@pytest.mark.parametrize("yes", [("1", "0"), ("Yes", "No"), ("TRUE", "FALSE"), ("是", "否")])
def test_a_flag_voids(name: str, yes: tuple[str, str], tmp_path: Path) -> None:
    rows = "".join(f"c{n},2024-01-0{n + 1},{n + 10},{n},{yes[n % 2]}\n" for n in range(4))
    events = read_file(tmp_path, f"customer_id,date,total,order_id,{name}\n{rows}").events.sort_by("source_row")
    assert events["type"].to_pylist() == ["void", "order", "void", "order"]
