"""Types of events as trackers, log files and shops write them, in both languages."""

from pathlib import Path

import pyarrow as pa
import pytest

from collecting import read_file, values_of
from shijin.collect.event_types import event_types, is_log
from shijin.errors import SourceError

VOCABULARIES = {
    "ga4": {
        "view": ["view_item", "view_item_list", "select_item", "page_view"],
        "cart": ["add_to_cart"],
        "cart_removed": ["remove_from_cart"],
        "checkout": ["begin_checkout", "add_payment_info", "add_shipping_info", "view_cart"],
        "order": ["purchase"],
        "return": ["refund"],
        "search": ["search", "view_search_results"],
        "wishlist": ["add_to_wishlist"],
        "session_start": ["session_start"],
        "user_engagement": ["user_engagement"],
    },
    "segment": {
        "view": [
            "Product Viewed",
            "Product List Viewed",
            "Product Clicked",
            "Viewed Product",
            "Viewed Product Category",
        ],
        "cart": ["Product Added", "Added Product", "Wishlist Product Added to Cart"],
        "cart_removed": ["Product Removed", "Removed Product"],
        "checkout": ["Checkout Started", "Checkout Step Viewed", "Payment Info Entered", "Cart Viewed"],
        "order": ["Order Completed", "Completed Order"],
        "return": ["Order Refunded"],
        "void": ["Order Cancelled"],
        "search": ["Products Searched"],
        "review": ["Product Reviewed"],
        "coupon applied": ["Coupon Applied"],
    },
    "log files": {
        "view": ["view", "pv"],
        "cart": ["cart", "addtocart"],
        "cart_removed": ["remove_from_cart"],
        "order": ["purchase", "transaction", "buy"],
        "wishlist": ["fav"],
    },
    "shopify pixel": {
        "view": ["page_viewed", "product_viewed", "collection_viewed"],
        "cart": ["product_added_to_cart"],
        "cart_removed": ["product_removed_from_cart"],
        "checkout": ["checkout_started", "payment_info_submitted", "cart_viewed"],
        "order": ["checkout_completed"],
        "search": ["search_submitted"],
    },
    "words in another order": {
        "cart": ["basket_add", "cart_item_added", "Item Added to Bag", "trolley add"],
        "cart_removed": ["basket_remove", "remove_item_from_bag", "cart delete"],
        "wishlist": ["wishlist_add", "favorite_add", "bookmark", "save item"],
        "checkout": ["checkout_start"],
        "view": ["pdp_view", "product_click"],
    },
    "posthog": {"view": ["$pageview"], "order": ["Order Completed"], "$autocapture": ["$autocapture"]},
    "chinese": {
        "view": ["浏览", "浏览商品", "查看商品"],
        "click": ["点击"],
        "cart": ["加购", "加入购物车"],
        "cart_removed": ["移出购物车", "移除购物车", "删除购物车", "取消加购"],
        "order": ["购买", "支付成功"],
        "return": ["退款"],
        "search": ["搜索"],
        "wishlist": ["收藏"],
        "取消收藏": ["取消收藏"],
    },
}


@pytest.mark.parametrize("words", VOCABULARIES.values(), ids=VOCABULARIES)
def test_the_words_of_a_tracker_get_their_one_name(words: dict[str, list[str]]) -> None:
    pairs = [(word, name) for name, several in words.items() for word in several]
    types = event_types(pa.array([word for word, _ in pairs]), is_mapped=False)
    assert types.type.to_pylist() == [name for _, name in pairs]


@pytest.mark.parametrize("column", ["event_name", "Event", "behavior_type", "action", "type", "行为类型", "事件名称"])
def test_views_carts_and_words_nobody_knows_need_no_amount(column: str, tmp_path: Path) -> None:
    rows = [("view", ""), ("unboxing", ""), ("cart", ""), ("purchase", "9"), ("remove_from_cart", "")]
    file = f"customer_id,ts,{column},item_id,amount\n"
    file += "".join(f"a,2024-01-02 10:00,{word},p,{amount}\n" for word, amount in rows)
    collected = read_file(tmp_path, file)
    assert values_of(collected, "type", "amount") == [
        ("view", None),
        ("unboxing", None),
        ("cart", None),
        ("order", 9.0),
        ("cart_removed", None),
    ]
    assert collected.rejected.num_rows == 0


def test_a_file_without_any_money_comes_in_whatever_its_words(tmp_path: Path) -> None:
    file = "customer_id,ts,type,item_id\n" + "".join(
        f"a,2024-01-02 10:00,{word},p\n" for word in ("view", "spin", "quiz", "unboxing")
    )
    assert [kind for (kind,) in values_of(read_file(tmp_path, file), "type")] == ["view", "spin", "quiz", "unboxing"]
    unknown = file.replace("view", "draw").replace(",type,", ",event_type,")
    assert [kind for (kind,) in values_of(read_file(tmp_path, unknown), "type")] == ["draw", "spin", "quiz", "unboxing"]


@pytest.mark.parametrize(
    "words", [("retail", "wholesale"), ("VIP", "new"), ("online", "store"), ("email", "web", "app")]
)
def test_types_of_customers_or_channels_are_no_types_of_events(words: tuple[str, ...], tmp_path: Path) -> None:
    rows = "".join(f"c{n},2024-01-02,{words[n % len(words)]},9\n" for n in range(12))
    assert values_of(read_file(tmp_path, f"customer_id,ts,type,amount\n{rows}"), "type") == 12 * [("order",)]
    with pytest.raises(SourceError, match="no amount column"):
        read_file(tmp_path, f"customer_id,ts,type,sku\n{rows}")


def test_types_that_nobody_knows_and_have_amounts_are_named_with_their_money(tmp_path: Path) -> None:
    rows = "".join(f"c{n},2024-01-02,{'purchase' if n % 2 else 'renewal'},9\n" for n in range(10))
    collected = read_file(tmp_path, f"customer_id,ts,type,amount\n{rows}")
    (finding,) = [row for row in collected.findings.to_pylist() if row["code"] == "types_with_amounts"]
    assert (finding["severity"], finding["rows"], finding["examples"]) == ("warns", 5, ["renewal"])
    assert "45.00" in finding["arguments"]


@pytest.mark.parametrize(
    ("placed", "paid"), [("下单", "支付"), ("下单", "支付成功"), ("Order Placed", "Order Completed")]
)
def test_an_order_that_is_written_when_placed_and_when_paid_counts_once(placed: str, paid: str, tmp_path: Path) -> None:
    rows = "".join(f"c{n},2024-01-02,{kind},o{n},9\n" for n in range(5) for kind in (placed, paid))
    collected = read_file(tmp_path, f"customer_id,ts,event,order_id,amount\n{rows}")
    assert values_of(collected, "type") == 5 * [("checkout",), ("order",)]
    assert sum(amount for kind, amount in values_of(collected, "type", "amount") if kind == "order") == 45.0
    assert "orders_in_stages" in collected.findings["code"].to_pylist()
    alone = read_file(tmp_path, f"customer_id,ts,event,order_id,amount\n{rows}".replace(paid, "view"))
    assert [kind for (kind,) in values_of(alone, "type")] == 5 * ["order", "view"]


@pytest.mark.parametrize("word", ["Order Cancelled", "Order Refunded", "refund", "退款"])
def test_a_cancellation_without_an_amount_voids_its_order(word: str, tmp_path: Path) -> None:
    rows = "".join(f"c,2024-01-0{n + 1},purchase,o{n},p{n},9\nc,2024-01-0{n + 1},view,,p{n},\n" for n in range(4))
    collected = read_file(tmp_path, f"user_id,ts,event,order_id,sku,revenue\n{rows}c,2024-01-09,{word},o2,,\n")
    orders = [(kind, amount) for kind, amount in values_of(collected, "type", "amount") if kind != "view"]
    assert orders == [("order", 9.0), ("order", 9.0), ("void", 9.0), ("order", 9.0), (word.lower(), None)]


def test_a_refund_that_names_an_item_voids_that_item_only(tmp_path: Path) -> None:
    rows = "c,2024-01-01,purchase,o1,tea,9\nc,2024-01-01,purchase,o1,cup,4\nc,2024-01-02,view,,cup,\n"
    collected = read_file(tmp_path, f"user_id,ts,event,order_id,sku,revenue\n{rows}c,2024-01-09,refund,o1,cup,\n")
    assert values_of(collected, "type", "amount")[:2] == [("order", 9.0), ("void", 4.0)]


@pytest.mark.parametrize("word", ["transaction", "buy", "purchase", "购买"])
def test_purchases_of_a_log_without_money_are_orders_of_nothing(word: str, tmp_path: Path) -> None:
    rows = "".join(f"{n},v{n % 3},{('view', 'addtocart', word)[n % 3]},i{n}\n" for n in range(1704067200, 1704067212))
    collected = read_file(tmp_path, f"timestamp,visitorid,event,itemid\n{rows}")
    assert values_of(collected, "type", "amount").count(("order", 0.0)) == 4
    assert [row["rows"] for row in collected.findings.to_pylist() if row["code"] == "no_money"] == [4]


def test_a_file_of_sales_without_money_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no amount column"):
        read_file(tmp_path, "customer_id,ts,type,item_id\na,2024-01-02,sale,p\na,2024-01-02,return,p\n")


def test_charges_of_a_payment_provider_are_sales_and_postage_next_to_orders_is_not(tmp_path: Path) -> None:
    file = "id,type,amount,created,customer_email\n1,charge,9,2024-01-02,a@x.org\n2,{},5,2024-01-03,a@x.org\n"
    assert values_of(read_file(tmp_path, file.format("refund")), "type") == [("order",), ("return",)]
    assert values_of(read_file(tmp_path, file.format("order")), "type") == [("charge",), ("order",)]


def test_payments_are_the_sales_where_no_row_is_an_order(tmp_path: Path) -> None:
    file = "customer_id,date,type,amount\na,2024-01-02,{},9\nb,2024-01-03,{},5\nb,2024-01-04,refund,5\n"
    assert [kind for (kind,) in values_of(read_file(tmp_path, file.format("payment", "payment")), "type")] == [
        "order",
        "order",
        "return",
    ]
    with_orders = values_of(read_file(tmp_path, file.format("invoice", "payment")), "type")
    assert [kind for (kind,) in with_orders] == ["order", "payment", "return"]


def test_segments_own_column_of_calls_is_not_the_one_of_events(tmp_path: Path) -> None:
    file = "type,event,userId,timestamp,product_id,revenue\n"
    file += "track,Product Viewed,a,2024-01-02T10:00:00Z,p,\ntrack,Order Completed,a,2024-01-02T10:05:00Z,p,9\n"
    assert values_of(read_file(tmp_path, file), "type", "amount") == [("view", None), ("order", 9.0)]


def test_rows_of_a_log_without_a_type_are_actions(tmp_path: Path) -> None:
    rows = "a,2024-01-02,view,p,\na,2024-01-03,,p,\na,2024-01-04,purchase,p,9\na,2024-01-05,view,p,\n"
    collected = read_file(tmp_path, f"customer_id,ts,type,item_id,amount\n{rows}")
    assert [kind for (kind,) in values_of(collected, "type")] == ["view", "other", "order", "view"]


def test_a_log_has_actions_in_half_of_its_rows() -> None:
    assert is_log(pa.array(["view", "purchase"]))
    assert not is_log(pa.array(["purchase", "purchase", "view"]))
    assert not is_log(pa.nulls(3, pa.string()))
