"""Exports of shop software: WooCommerce, Magento, BigCommerce, PrestaShop and Square."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from platforms.shop import Files, Order, Platform, Shop, table

_WOO = {
    "sale": ("completed", "processing"),
    "unpaid": ("pending", "on-hold"),
    "void": ("cancelled", "failed"),
    "refunded": ("refunded",),
}


def _id(order: Order) -> int:
    """The account's number; guests have 0."""
    return 0 if order.is_guest else order.customer.number + 500


def shopify(shop: Shop) -> Files:
    """The fields of an order on its first row; the subtotal is the goods after discounts; shipping is apart."""
    header = (
        "Name|Email|Financial Status|Paid at|Fulfillment Status|Fulfilled at|Accepts Marketing|Currency|Subtotal|"
        "Shipping|Taxes|Total|Discount Code|Discount Amount|Shipping Method|Created at|Lineitem quantity|Lineitem name|"
        "Lineitem price|Lineitem compare at price|Lineitem sku|Lineitem requires shipping|Lineitem taxable|"
        "Lineitem fulfillment status|Billing Name|Billing Street|Billing City|Billing Zip|Billing Country|"
        "Cancelled at|Payment Method|Refunded Amount|Vendor|Outstanding Balance|Id|Tags|Source|Lineitem discount"
    )
    words = {
        "sale": ("paid", "partially_refunded"),
        "unpaid": ("pending", "authorized"),
        "void": ("voided", "paid"),
        "refunded": ("refunded",),
    }

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            status = one.word(words)  # type: ignore[arg-type]
            if one.status == "sale":
                status = words["sale"][1 if one.refund else 0]
            head = {
                "Email": one.customer.email, "Financial Status": status, "Accepts Marketing": "no", "Currency": "EUR",
                "Subtotal": one.goods, "Shipping": one.shipping, "Taxes": Decimal(0), "Total": one.total,
                "Discount Amount": one.discount, "Created at": f"{one.time:%Y-%m-%d %H:%M:%S} +0000",
                "Billing Name": one.customer.name, "Billing Country": "DE", "Refunded Amount": one.refund,
                "Cancelled at": f"{one.time:%Y-%m-%d} 23:59:00 +0000" if one.status == "void" else "",
            }  # fmt: skip
            for n, line in enumerate(one.lines):
                row = {"Name": f"#{one.number}", "Lineitem name": line.item, "Lineitem sku": line.sku, "Vendor": "Leaf"}
                row |= {"Lineitem price": line.price, "Lineitem quantity": line.quantity}
                yield row | {"Lineitem discount": Decimal(0)} | (head if n == 0 else {})

    return {"orders_export.csv": table(header, rows()).encode()}


def woocommerce_analytics(shop: Shop) -> Files:
    """Net sales are the goods after discounts; a refund is a negative row of its own on the day of the refund."""
    header = (
        "Date|Order #|Status|Customer|Customer type|Payment method|Product(s)|Items sold|Coupon(s)|Net sales|"
        "Attribution"
    )

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            products = ", ".join(f"{line.quantity}× {line.item}" for line in one.lines)
            row = {
                "Order #": one.number,
                "Status": one.word(_WOO),
                "Customer": one.customer.name,
                "Product(s)": products,
            }
            row |= {"Items sold": one.quantity, "Coupon(s)": "spring" if one.discount else "", "Attribution": "Direct"}
            yield row | {"Date": one.time, "Customer type": "returning", "Net sales": one.goods}
            if one.refund:
                back = min(one.refund, one.goods)
                yield row | {"Date": one.time + timedelta(days=4), "Items sold": 0, "Net sales": -back}

    return {"woocommerce-orders.csv": table(header, rows()).encode()}


def woocommerce_rest(shop: Shop) -> Files:
    """An array of orders; a line's total is after discounts; money is text."""

    def entry(one: Order) -> dict[str, object]:
        address = {"first_name": one.customer.first, "last_name": one.customer.last, "company": "", "city": "Bern"}
        lines = [
            {"id": one.number * 10 + n, "name": line.item, "product_id": int(line.sku[3:]), "variation_id": 0}
            | {"quantity": line.quantity, "tax_class": "", "subtotal": f"{line.gross:.2f}", "subtotal_tax": "0.00"}
            | {"total": f"{line.net:.2f}", "total_tax": "0.00", "taxes": [], "meta_data": [], "sku": line.sku}
            | {"price": float(line.net / line.quantity)}
            for n, line in enumerate(one.lines)
        ]
        return {
            "id": one.number + 9000, "parent_id": 0, "number": str(one.number), "order_key": f"wc_order_{one.number}",
            "created_via": "checkout", "version": "9.1.2", "status": one.word(_WOO), "currency": "EUR",
            "date_created": one.time.isoformat(), "date_created_gmt": one.time.isoformat(),
            "discount_total": f"{one.discount:.2f}", "discount_tax": "0.00", "shipping_total": f"{one.shipping:.2f}",
            "shipping_tax": "0.00", "cart_tax": "0.00", "total": f"{one.total:.2f}", "total_tax": "0.00",
            "prices_include_tax": True, "customer_id": _id(one), "customer_note": "",
            "billing": address | {"country": "CH", "email": one.customer.email, "phone": ""},
            "shipping": address | {"country": "CH"}, "payment_method": "stripe", "transaction_id": f"ch_{one.number}",
            "date_paid": one.time.isoformat() if one.status == "sale" else None, "meta_data": [{"id": 1, "key": "a",
            "value": "b"}], "line_items": lines, "tax_lines": [],
            "shipping_lines": [{"id": 5, "method_title": "Post", "total": f"{one.shipping:.2f}"}], "fee_lines": [],
            "coupon_lines": [{"id": 6, "code": "spring", "discount": f"{one.discount:.2f}"}] if one.discount else [],
            "refunds": [{"id": 7, "reason": "", "total": f"-{one.refund:.2f}"}] if one.refund else [],
        }  # fmt: skip

    return {"orders.json": json.dumps([entry(one) for one in shop]).encode()}


def woocommerce_advanced(shop: Shop) -> Files:
    """A row a line with the order's columns repeated; Order Total Amount has shipping, so that it is the money."""
    header = (
        "Order Number|Order Status|Order Date|Customer Note|First Name (Billing)|Last Name (Billing)|"
        "Company (Billing)|Address 1&2 (Billing)|City (Billing)|State Code (Billing)|Postcode (Billing)|"
        "Country Code (Billing)|Email (Billing)|Phone (Billing)|First Name (Shipping)|Last Name (Shipping)|"
        "Address 1&2 (Shipping)|City (Shipping)|State Code (Shipping)|Postcode (Shipping)|Country Code (Shipping)|"
        "Payment Method Title|Cart Discount Amount|Order Subtotal Amount|Shipping Method Title|Order Shipping Amount|"
        "Order Refund Amount|Order Total Amount|Order Total Tax Amount|SKU|Item #|Item Name|Quantity (- Refund)|"
        "Item Cost|Coupon Code|Discount Amount|Discount Amount Tax"
    )
    words = {
        "sale": ("Completed", "Processing"),
        "unpaid": ("Pending payment", "On hold"),
        "void": ("Cancelled", "Failed"),
        "refunded": ("Refunded",),
    }

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            order = {
                "Order Number": one.number, "Order Status": one.word(words), "Order Date": f"{one.time:%Y-%m-%d %H:%M}",
                "First Name (Billing)": one.customer.first, "Last Name (Billing)": one.customer.last,
                "Country Code (Billing)": "DE", "Email (Billing)": one.customer.email, "Payment Method Title": "Card",
                "Cart Discount Amount": one.discount, "Order Subtotal Amount": one.gross,
                "Order Shipping Amount": one.shipping, "Order Refund Amount": one.refund,
                "Order Total Amount": one.total, "Order Total Tax Amount": Decimal(0),
                "Coupon Code": "spring" if one.discount else "", "Discount Amount": one.discount or "",
            }  # fmt: skip
            for n, line in enumerate(one.lines, 1):
                yield (
                    order
                    | {"SKU": line.sku, "Item #": n, "Item Name": line.item, "Item Cost": line.price}
                    | {"Quantity (- Refund)": line.quantity}
                )

    return {"orders-2024.csv": table(header, rows()).encode("utf-8-sig")}


def woocommerce_webtoffee(shop: Shop) -> Files:
    """A row an order, its lines as text in as many columns as the longest order has; the total has shipping."""
    header = (
        "order_id|order_number|order_date|paid_date|status|shipping_total|shipping_tax_total|fee_total|fee_tax_total|"
        "tax_total|cart_discount|order_discount|discount_total|order_total|order_subtotal|order_currency|"
        "payment_method|payment_method_title|transaction_id|customer_ip_address|customer_user_agent|shipping_method|"
        "customer_id|customer_user|customer_email|billing_first_name|billing_last_name|billing_company|billing_email|"
        "billing_phone|billing_address_1|billing_city|billing_country|shipping_first_name|shipping_country|"
        "customer_note|shipping_items|fee_items|tax_items|coupon_items|refund_items|order_notes|line_item_1|"
        "line_item_2|line_item_3"
    )

    def row(one: Order) -> dict[str, object]:
        items = {
            f"line_item_{n}": f"name:{line.item}|sku:{line.sku}|quantity:{line.quantity}|total:{line.net:.2f}"
            for n, line in enumerate(one.lines, 1)
        }
        return items | {
            "order_id": one.number + 40, "order_number": one.number + 40, "order_date": one.time,
            "paid_date": one.time if one.status == "sale" else "", "status": one.word(_WOO),
            "shipping_total": one.shipping, "tax_total": Decimal(0), "cart_discount": one.discount,
            "order_discount": one.discount, "discount_total": one.discount, "order_total": one.total,
            "order_subtotal": one.gross, "order_currency": "EUR", "payment_method": "stripe",
            "customer_id": _id(one), "customer_user": _id(one), "customer_email": one.customer.email,
            "billing_first_name": one.customer.first, "billing_last_name": one.customer.last,
            "billing_email": one.customer.email, "billing_country": "DE",
        }  # fmt: skip

    return {"order_export.csv": table(header, map(row, shop)).encode()}


def magento(shop: Shop) -> Files:
    """The grid, a row an order; the grand total has shipping, in the shop's currency and in that of the purchase."""
    header = (
        "ID|Purchase Point|Purchase Date|Bill-to Name|Ship-to Name|Grand Total (Base)|Grand Total (Purchased)|Status|"
        "Billing Address|Shipping Address|Shipping Information|Customer Email|Customer Group|Subtotal|"
        "Shipping and Handling|Customer Name|Payment Method|Total Refunded|Allocated sources"
    )
    words = {
        "sale": ("Complete", "Processing"),
        "unpaid": ("Pending", "Pending Payment", "Payment Review"),
        "void": ("Canceled", "Suspected Fraud"),
        "refunded": ("Closed",),
    }

    def row(one: Order) -> dict[str, object]:
        return {
            "ID": f"{one.number:09d}", "Purchase Point": "Main Website\n   Main Store\n      Default",
            "Purchase Date": f"{one.time:%b %-d, %Y %-I:%M:%S %p}", "Bill-to Name": one.customer.name,
            "Ship-to Name": one.customer.name, "Grand Total (Base)": f"{one.total:.4f}",
            "Grand Total (Purchased)": f"{one.total:.4f}", "Status": one.word(words), "Customer Group": "General",
            "Customer Email": one.customer.email, "Subtotal": f"{one.gross:.4f}",
            "Shipping and Handling": f"{one.shipping:.4f}", "Customer Name": one.customer.name,
            "Payment Method": "Check / Money order", "Total Refunded": f"{one.refund:.4f}" if one.refund else "",
        }  # fmt: skip

    return {"export.csv": table(header, map(row, shop)).encode()}


def bigcommerce(shop: Shop) -> Files:
    """A row an order, with and without tax; the total has shipping and tax."""
    header = (
        "Order ID|Order Status|Order Date|Order Time|Subtotal (inc tax)|Subtotal (ex tax)|Tax Total|"
        "Shipping Cost (inc tax)|Shipping Cost (ex tax)|Handling Cost (inc tax)|Handling Cost (ex tax)|"
        "Coupon Details|Order Total (inc tax)|Order Total (ex tax)|Refund Amount|Customer ID|Customer Name|"
        "Customer Email|Customer Phone|Ship Method|Payment Method|Store Credit Redeemed|"
        "Gift Certificate Amount Redeemed|Total Quantity|Total Shipped|Date Shipped|Order Currency Code|Exchange Rate|"
        "Order Notes|Customer Message|Billing Name|Billing Country|Product Details"
    )
    words = {
        "sale": ("Completed", "Shipped", "Awaiting Fulfillment", "Awaiting Shipment", "Partially Shipped"),
        "unpaid": ("Pending", "Awaiting Payment", "Manual Verification Required"),
        "void": ("Cancelled", "Declined", "Incomplete"),
        "refunded": ("Refunded",),
    }

    def row(one: Order) -> dict[str, object]:
        return {
            "Order ID": one.number + 100, "Order Status": one.word(words), "Order Date": f"{one.time:%d/%m/%Y}",
            "Order Time": f"{one.time:%H:%M:%S}", "Subtotal (inc tax)": one.gross,
            "Subtotal (ex tax)": one.gross / Decimal("1.2"), "Tax Total": one.total - one.total / Decimal("1.2"),
            "Shipping Cost (inc tax)": one.shipping, "Shipping Cost (ex tax)": one.shipping / Decimal("1.2"),
            "Handling Cost (inc tax)": Decimal(0), "Handling Cost (ex tax)": Decimal(0),
            "Order Total (inc tax)": one.total, "Order Total (ex tax)": one.total / Decimal("1.2"),
            "Refund Amount": one.refund, "Customer ID": _id(one), "Customer Name": one.customer.name,
            "Customer Email": one.customer.email, "Total Quantity": one.quantity, "Order Currency Code": "GBP",
            "Exchange Rate": "1.0000000000", "Billing Country": "United Kingdom",
            "Product Details": "|".join(
                f"Product Qty: {line.quantity}, Product SKU: {line.sku}" for line in one.lines
            ),
        }  # fmt: skip

    return {"orders.csv": table(header, map(row, shop)).encode()}


def prestashop(shop: Shop) -> Files:
    """The list of orders; the total has shipping, and people are an initial and a surname."""
    words = {
        "sale": ("Payment accepted", "Processing in progress", "Shipped", "Delivered", "Remote payment accepted"),
        "unpaid": ("Awaiting check payment", "Awaiting bank wire payment", "On backorder (not paid)"),
        "void": ("Canceled", "Payment error"),
        "refunded": ("Refunded",),
    }

    def row(one: Order) -> dict[str, object]:
        return {
            "ID": one.number, "Reference": f"QW{one.number:07d}", "New client": 0, "Delivery": "France",
            "Customer": f"{one.customer.first[0]}. {one.customer.last.upper()}", "Total": f"€{one.total:,.2f}",
            "Payment": "Bank transfer", "Status": one.word(words), "Date": one.time,
        }  # fmt: skip

    header = "ID|Reference|New client|Delivery|Customer|Total|Payment|Status|Date"
    return {"order_2024-12-01.csv": table(header, map(row, shop), ";").encode()}


def square(shop: Shop) -> Files:
    """A row a line; net sales are after discounts and before tax; a refund is a negative row on its own day."""
    header = (
        "Date|Time|Time Zone|Category|Item|Qty|Price Point Name|SKU|Modifiers Applied|Gross Sales|Discounts|Net Sales|"
        "Tax|Transaction ID|Payment ID|Device Name|Notes|Details|Event Type|Location|Dining Option|Customer ID|"
        "Customer Name|Customer Reference ID|Unit|Count|GTIN|Itemization Type|Commission|Employee|Fulfillment Note|"
        "Channel|Token|Card Brand|PAN Suffix"
    )

    def money(value: Decimal) -> str:
        return f"-${-value:,.2f}" if value < 0 else f"${value:,.2f}"

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            person = {"Customer ID": f"CST{one.customer.number:04d}", "Customer Name": one.customer.name}
            fixed = person | {"Time Zone": "Eastern Time (US & Canada)", "Location": "Main", "Category": "Tea"}
            fixed |= {"Itemization Type": "Physical Good", "Commission": "$0.00", "Card Brand": "Visa", "Unit": "ea"}
            day = {"Date": f"{one.time:%Y-%m-%d}", "Time": f"{one.time:%H:%M:%S}"}
            for line in one.lines:
                tax = line.net * Decimal("0.07")
                sold = {"Item": line.item, "Qty": f"{line.quantity}.0", "SKU": line.sku, "Event Type": "Payment"}
                sold |= {"Gross Sales": money(line.gross), "Discounts": money(-line.discount), "Tax": money(tax)}
                yield fixed | day | sold | {"Net Sales": money(line.net), "Transaction ID": f"TX{one.number}"}
            if one.refund:
                back = min(one.refund, one.goods)
                later = one.time + timedelta(days=3)
                day = {"Date": f"{later:%Y-%m-%d}", "Time": f"{later:%H:%M:%S}", "Event Type": "Refund"}
                day |= {"Item": one.lines[0].item, "Qty": "-1.0", "Gross Sales": money(-back), "Discounts": "$0.00"}
                yield fixed | day | {"Net Sales": money(-back), "Tax": "$0.00", "Transaction ID": f"RF{one.number}"}

    return {"items-2024.csv": table(header, rows()).encode()}


_PAID = ("sale", "refunded")
SHOPS = (
    Platform("shopify", shopify, refunds="undated", discounts="lines", has_charges=True),
    Platform(
        "woocommerce_analytics",
        woocommerce_analytics,
        refunds="dated",
        has_items=False,
        refunded_after=timedelta(days=4),
    ),
    Platform("woocommerce_rest", woocommerce_rest, refunds="undated"),
    Platform("woocommerce_advanced", woocommerce_advanced, "total", "undated"),
    Platform("woocommerce_webtoffee", woocommerce_webtoffee, "total", has_items=False),
    Platform("magento", magento, "total", "undated", has_items=False),
    Platform("bigcommerce", bigcommerce, "total", "undated", has_items=False),
    Platform("prestashop", prestashop, "total", has_items=False),
    Platform("square", square, refunds="dated", statuses=_PAID, voids_refunded=False, refunded_after=timedelta(days=3)),
)
