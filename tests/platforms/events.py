"""Event files: Google Analytics 4, Segment, REES46 and Olist's tables of orders."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from platforms.shop import Files, Line, Order, Platform, Shop, table


def _lines(rows: Iterator[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def ga4(shop: Shop) -> Files:
    """Rows of BigQuery; purchase_revenue is the goods after discounts; some were sent twice; refunds are events."""

    def event(one: Order, name: str, micros: int, ecommerce: object, items: list[object]) -> dict[str, object]:
        stamp = int(one.time.timestamp() * 1e6) + micros
        params = [
            {"key": "ga_session_id", "value": {"string_value": None, "int_value": one.number + 1700000000}},
            {"key": "page_location", "value": {"string_value": "https://tea.example/", "int_value": None}},
            {"key": "currency", "value": {"string_value": "EUR", "int_value": None}},
        ]
        return {
            "event_date": f"{one.time:%Y%m%d}", "event_timestamp": stamp, "event_name": name, "event_params": params,
            "user_id": f"u{one.customer.number}", "user_pseudo_id": f"{one.customer.number}.170", "platform": "WEB",
            "device": {"category": "mobile"}, "geo": {"country": "Germany"},
            "traffic_source": {"name": "(direct)", "medium": "(none)", "source": "(direct)"},
            "ecommerce": ecommerce, "items": items,
        }  # fmt: skip

    def item(line: Line) -> dict[str, object]:
        return {"item_id": line.sku, "item_name": line.item, "item_brand": "(not set)", "item_category": "Tea"} | {
            "price": float(line.price), "quantity": line.quantity, "item_revenue": float(line.net)
        }  # fmt: skip

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            yield event(one, "session_start", 0, None, [])
            yield event(one, "view_item", 1_000_000, None, [item(one.lines[0])])
            yield event(one, "add_to_cart", 2_000_000, {"transaction_id": None}, [item(one.lines[0])])
            money = {"transaction_id": f"T{one.number}", "purchase_revenue": float(one.goods), "unique_items": 1}
            money |= {"total_item_quantity": one.quantity, "shipping_value": float(one.shipping), "tax_value": 0.0}
            for again in range(2 if one.number % 17 == 0 else 1):
                yield event(one, "purchase", 3_000_000 + again, money, [item(line) for line in one.lines])
            if one.refund:
                back = {"transaction_id": f"T{one.number}", "refund_value": float(min(one.refund, one.goods))}
                yield event(one, "refund", 900_000_000, back, [])

    return {"events_2024.jsonl": _lines(rows())}


def segment(shop: Shop) -> Files:
    """Calls of track, page and identify; revenue is the goods after discounts; refunds and cancellations are events."""

    def call(one: Order, kind: str, seconds: int, **more: object) -> dict[str, object]:
        stamp = (one.time + timedelta(seconds=seconds)).isoformat() + "Z"
        return {
            "type": kind, "userId": one.customer.login, "anonymousId": f"anon-{one.customer.number}", "version": 2,
            "messageId": f"{one.number}-{seconds}", "timestamp": stamp, "sentAt": stamp, "receivedAt": stamp,
            "context": {"ip": "192.0.2.7", "locale": "de-DE", "library": {"name": "analytics.js"}}, **more,
        }  # fmt: skip

    def product(line: Line) -> dict[str, object]:
        return {"product_id": line.sku, "sku": line.sku, "name": line.item, "category": "Tea"} | {
            "price": float(line.price), "quantity": line.quantity
        }  # fmt: skip

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            yield call(one, "page", 0, name="Home", properties={"path": "/", "title": "Tea"})
            yield call(one, "track", 5, event="Product Viewed", properties=product(one.lines[0]))
            yield call(one, "track", 9, event="Product Added", properties=product(one.lines[0]) | {"cart_id": "c1"})
            money = {"checkout_id": f"ck{one.number}", "order_id": f"o{one.number}", "subtotal": float(one.goods)}
            money |= {"revenue": float(one.goods), "shipping": float(one.shipping), "tax": 0.0, "currency": "EUR"}
            money |= {"total": float(one.total), "discount": float(one.discount), "coupon": ""}
            products = {"products": [product(line) for line in one.lines]}
            yield call(one, "track", 60, event="Order Completed", properties=money | products)
            again = {"order_id": f"o{one.number}", "currency": "EUR"}
            if one.status == "void":
                yield call(one, "track", 900, event="Order Cancelled", properties=money | products)
            elif one.refund:
                back = {"total": float(min(one.refund, one.goods))}
                yield call(one, "track", 900, event="Order Refunded", properties=again | back)

    return {"segment-events.jsonl": _lines(rows())}


def rees46(shop: Shop) -> Files:
    """A row a piece that was bought, among views and carts; no order numbers."""
    header = "event_time|event_type|product_id|category_id|category_code|brand|price|user_id|user_session"

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            for line in one.lines:
                row = {"event_time": f"{one.time:%Y-%m-%d %H:%M:%S} UTC", "product_id": 100_000 + int(line.sku[3:])}
                row |= {"category_id": 2053013555631882655, "category_code": "tea.green", "brand": "leaf"}
                row |= {"price": line.price, "user_id": 512_000_000 + one.customer.number}
                row |= {"user_session": f"26dd6e6e-4dac-4778-8d2c-{one.number:012d}"}
                for kind in ("view", "cart", *(["purchase"] * line.quantity)):
                    yield row | {"event_type": kind}

    return {"2019-Nov.csv": table(header, rows()).encode()}


def olist(shop: Shop) -> Files:
    """Orders, their items (a row a piece) and customers, whose id is new with every order beside one that is not."""
    words = {
        "sale": ("delivered", "delivered", "shipped", "processing", "invoiced", "approved"),
        "unpaid": ("created",),
        "void": ("canceled", "unavailable"),
        "refunded": (),
    }

    def key(text: str) -> str:
        return f"{text:0>32}"

    def order(one: Order) -> dict[str, object]:
        return {
            "order_id": key(f"a{one.number}"), "customer_id": key(f"c{one.number}"), "order_status": one.word(words),
            "order_purchase_timestamp": one.time, "order_approved_at": one.time + timedelta(minutes=20),
            "order_delivered_carrier_date": one.time + timedelta(days=1),
            "order_delivered_customer_date": one.time + timedelta(days=5) if one.status == "sale" else "",
            "order_estimated_delivery_date": one.time + timedelta(days=9),
        }  # fmt: skip

    def items() -> Iterator[dict[str, object]]:
        for one in shop:
            pieces = [line for line in one.lines for _ in range(line.quantity)]
            for n, line in enumerate(pieces, 1):
                yield {
                    "order_id": key(f"a{one.number}"), "order_item_id": n, "product_id": key(f"d{line.sku[3:]}"),
                    "seller_id": key("e1"), "shipping_limit_date": one.time + timedelta(days=4), "price": line.price,
                    "freight_value": Decimal("7.78"),
                }  # fmt: skip

    def customer(one: Order) -> dict[str, object]:
        return {
            "customer_id": key(f"c{one.number}"), "customer_unique_id": key(f"f{one.customer.number}"),
            "customer_zip_code_prefix": 14409, "customer_city": "franca", "customer_state": "SP",
        }  # fmt: skip

    orders = (
        "order_id|customer_id|order_status|order_purchase_timestamp|order_approved_at|order_delivered_carrier_date|"
        "order_delivered_customer_date|order_estimated_delivery_date"
    )
    lines = "order_id|order_item_id|product_id|seller_id|shipping_limit_date|price|freight_value"
    people = "customer_id|customer_unique_id|customer_zip_code_prefix|customer_city|customer_state"
    return {
        "olist_orders_dataset.csv": table(orders, map(order, shop)).encode(),
        "olist_order_items_dataset.csv": table(lines, items()).encode(),
        "olist_customers_dataset.csv": table(people, map(customer, shop)).encode(),
    }


EVENTS = (
    Platform(
        "ga4",
        ga4,
        refunds="dated",
        statuses=("sale", "refunded"),
        voids_refunded=False,
        looks={"session_start": (0, 0), "view": (1, 1), "cart": (2, 1)},
        bought_after=timedelta(seconds=3),
        refunded_after=timedelta(minutes=15),
    ),
    Platform(
        "segment",
        segment,
        refunds="dated",
        statuses=("sale", "void", "refunded"),
        voids_refunded=False,
        looks={"page": (0, 0), "view": (5, 1), "cart": (9, 1)},
        bought_after=timedelta(minutes=1),
        refunded_after=timedelta(minutes=15),
        cancelled="order cancelled",
    ),
    Platform(
        "rees46",
        rees46,
        statuses=("sale",),
        has_discounts=False,
        has_orders=False,
        looks={"view": (0, 3), "cart": (0, 3)},
    ),
    Platform("olist", olist, statuses=("sale", "unpaid", "void"), has_discounts=False),
)
