"""Exports of marketplaces and payment services: Etsy, Amazon, eBay, Stripe and PayPal."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from platforms.shop import Files, Order, Platform, Shop, table


def etsy_orders(shop: Shop) -> Files:
    """A row an order: the value of the goods, its discount, shipping, tax and fees."""
    header = (
        "Sale Date|Order ID|Buyer User ID|Full Name|First Name|Last Name|Number of Items|Payment Method|Date Shipped|"
        "Street 1|Street 2|Ship City|Ship State|Ship Zipcode|Ship Country|Currency|Order Value|Coupon Code|"
        "Coupon Details|Discount Amount|Shipping Discount|Shipping|Sales Tax|Order Total|Status|Card Processing Fees|"
        "Order Net|Adjusted Order Total|Adjusted Card Processing Fees|Adjusted Net Order Amount|Buyer|Order Type|"
        "Payment Type|InPerson Discount|InPerson Location|SKU"
    )

    def row(one: Order) -> dict[str, object]:
        fee, nothing = one.total * Decimal("0.04"), Decimal(0)
        return {
            "Sale Date": f"{one.time:%m/%d/%y}", "Order ID": 3_000_000_000 + one.number, "Full Name": one.customer.name,
            "Buyer User ID": one.customer.login, "First Name": one.customer.first, "Last Name": one.customer.last,
            "Number of Items": one.quantity, "Payment Method": "Credit Card", "Ship Country": "United States",
            "Date Shipped": f"{one.time + timedelta(days=2):%m/%d/%Y}", "Currency": "USD", "Order Value": one.gross,
            "Coupon Code": "TENOFF" if one.discount else "", "Discount Amount": one.discount, "Order Total": one.total,
            "Coupon Details": "10% off" if one.discount else "", "Shipping Discount": nothing, "Sales Tax": nothing,
            "Shipping": one.shipping, "Card Processing Fees": fee, "Order Net": one.total - fee,
            "Adjusted Order Total": nothing, "Adjusted Card Processing Fees": nothing,
            "Adjusted Net Order Amount": nothing, "Buyer": one.customer.login, "Order Type": "online",
            "Payment Type": "online_cc", "SKU": ",".join(line.sku for line in one.lines),
        }  # fmt: skip

    return {"EtsySoldOrders2024.csv": table(header, map(row, shop)).encode()}


_ETSY_ITEMS = (
    "Sale Date|Item Name|Buyer|Quantity|Price|Coupon Code|Coupon Details|Discount Amount|Shipping Discount|"
    "Order Shipping|Order Sales Tax|Item Total|Currency|Transaction ID|Listing ID|Date Paid|Date Shipped|Ship Name|"
    "Ship Address1|Ship Address2|Ship City|Ship State|Ship Zipcode|Ship Country|Order ID|Variations|Order Type|"
    "Listings Type|Payment Type|InPerson Discount|InPerson Location|VAT Paid by Buyer|SKU"
)


def _etsy_items(shop: Shop, *, is_before_discount: bool) -> Files:
    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            for n, line in enumerate(one.lines):
                yield {
                    "Sale Date": f"{one.time:%m/%d/%y}", "Item Name": line.item, "Buyer": one.customer.login,
                    "Quantity": line.quantity, "Price": line.price, "Discount Amount": line.discount,
                    "Coupon Code": "TENOFF" if line.discount else "", "Shipping Discount": Decimal(0),
                    "Order Shipping": one.shipping, "Order Sales Tax": Decimal(0), "Currency": "USD",
                    "Item Total": line.gross if is_before_discount else line.net, "Ship Name": one.customer.name,
                    "Transaction ID": one.number * 10 + n, "Listing ID": 7_000 + int(line.sku[3:]),
                    "Date Paid": f"{one.time:%m/%d/%Y}", "Ship Country": "United States",
                    "Order ID": 3_000_000_000 + one.number, "SKU": line.sku, "Payment Type": "online_cc",
                }  # fmt: skip

    return {"EtsySoldOrderItems2024.csv": table(_ETSY_ITEMS, rows()).encode()}


def etsy_items(shop: Shop) -> Files:
    """A row a line, whose item total is after its discount."""
    return _etsy_items(shop, is_before_discount=False)


def etsy_items_gross(shop: Shop) -> Files:
    """A row a line, whose item total is before its discount, as other exports of Etsy have it."""
    return _etsy_items(shop, is_before_discount=True)


def amazon(shop: Shop) -> Files:
    """A row a line, tab-delimited; the price is of all pieces, before its promotion; void and pending have none."""
    header = (
        "amazon-order-id|merchant-order-id|purchase-date|last-updated-date|order-status|fulfillment-channel|"
        "sales-channel|order-channel|url|ship-service-level|product-name|sku|asin|item-status|quantity|currency|"
        "item-price|item-tax|shipping-price|shipping-tax|gift-wrap-price|gift-wrap-tax|item-promotion-discount|"
        "ship-promotion-discount|ship-city|ship-state|ship-postal-code|ship-country|promotion-ids|is-business-order|"
        "purchase-order-number|price-designation|buyer-email"
    )
    words = {
        "sale": ("Shipped", "Shipped", "Unshipped"),
        "unpaid": ("Pending",),
        "void": ("Cancelled",),
        "refunded": (),
    }

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            is_sale = one.status == "sale"
            for n, line in enumerate(one.lines):
                yield {
                    "amazon-order-id": f"305-{one.number:07d}-8800000",
                    "purchase-date": f"{one.time.isoformat()}+00:00",
                    "last-updated-date": f"{(one.time + timedelta(days=9)).isoformat()}+00:00",
                    "order-status": one.word(words), "item-status": one.word(words), "sales-channel": "Amazon.de",
                    "product-name": line.item, "sku": line.sku, "asin": f"B0{line.sku[3:]}",
                    "quantity": 0 if one.status == "void" else line.quantity, "currency": "EUR" if is_sale else "",
                    "item-price": line.gross if is_sale else "", "item-tax": line.gross / 6 if is_sale else "",
                    "shipping-price": one.shipping if is_sale and n == 0 and one.shipping else "",
                    "item-promotion-discount": line.discount if line.discount and is_sale else "",
                    "ship-country": "DE", "is-business-order": "false",
                    "buyer-email": f"r{one.customer.number}@marketplace.amazon.de",
                }  # fmt: skip

    return {"53241.txt": table(header, rows(), "\t").encode("cp1252")}


def ebay(shop: Shop) -> Files:
    """Empty first and third lines, notes below; an order of several items has a row of its own, then one an item."""
    header = (
        "Sales Record Number|Order Number|Buyer Username|Buyer Name|Buyer Email|Buyer Note|Buyer Address 1|Buyer City|"
        "Buyer State|Buyer Zip|Buyer Country|Buyer Tax Identifier Name|Buyer Tax Identifier Value|Ship To Name|"
        "Ship To Phone|Ship To Address 1|Ship To City|Ship To State|Ship To Zip|Ship To Country|Item Number|Item Title|"
        "Custom Label|Sold Via Promoted Listings|Quantity|Sold For|Shipping And Handling|Item Location|Item Country|"
        "eBay Collect And Remit Tax Rate|Seller Collected Tax|eBay Collected Tax|Additional Fee|Total Price|"
        "eBay Collected Tax Included in Total|Payment Method|Commitment Date|Sale Date|Paid On Date|Ship By Date|"
        "Shipped On Date|Feedback Left|My Item Note|PayPal Transaction ID|Shipping Service|Tracking Number|"
        "Transaction ID|Variation Details|Global Shipping Program|eBay Plus|Tax City|Tax Country"
    )

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            day = f"{one.time:%b-%d-%y}"
            order = {
                "Sales Record Number": one.number, "Order Number": f"24-{one.number:05d}-11000", "Sale Date": day,
                "Buyer Username": one.customer.login,
            }  # fmt: skip
            whole = {
                "Buyer Name": one.customer.name, "Buyer Country": "United States", "Ship To Name": one.customer.name,
                "Paid On Date": day if one.status == "sale" else "", "Shipping And Handling": f"${one.shipping:.2f}",
                "Seller Collected Tax": "$0.00",
                "eBay Collected Tax": "$0.00", "Total Price": f"${one.total:,.2f}", "Shipping Service": "USPS",
                "eBay Collected Tax Included in Total": "No", "Payment Method": "eBay managed payments",
            }  # fmt: skip
            if len(one.lines) > 1:
                yield order | whole | {"Quantity": one.quantity, "Sold For": f"${one.goods:,.2f}"}
            for n, line in enumerate(one.lines):
                item = order | (whole if len(one.lines) == 1 else {})
                item |= {"Item Number": f"1100{line.sku[3:]}", "Item Title": line.item, "Custom Label": line.sku}
                item |= {"Quantity": line.quantity, "Sold For": f"${line.price:,.2f}", "Item Country": "US"}
                yield item | {"Transaction ID": one.number * 10 + n, "Sold Via Promoted Listings": "No"}

    empty = "," * header.count("|")
    title, *lines = table(header, rows()).splitlines()
    note = f"{len(shop)},record(s) downloaded,from Jan-05-23 00:00:00 to Dec-01-24 10:00:00"
    text = "\n".join([empty, title, empty, *lines, "", note, "Seller ID : teashop", ""])
    return {"eBay-OrdersReport.csv": text.encode("utf-8-sig")}


def stripe(shop: Shop) -> Files:
    """A row a charge, in the customer's money and in the shop's; a charge has shipping."""
    header = (
        "id|Description|Seller Message|Created date (UTC)|Amount|Amount Refunded|Currency|Converted Amount|"
        "Converted Amount Refunded|Fee|Taxes On Fee|Converted Currency|Mode|Status|Statement Descriptor|Customer ID|"
        "Customer Description|Customer Email|Captured|Card ID|Card Last4|Card Brand|Card Funding|Card Exp Month|"
        "Card Exp Year|Card Name|Card Address Country|Card Issue Country|Card CVC Status|Disputed Amount|"
        "Dispute Status|Dispute Reason|Invoice ID|Invoice Number|Payment Source Type|Is Link|Network Transaction ID|"
        "PaymentIntent ID|Decline Reason"
    )
    words = {
        "sale": ("Paid",),
        "unpaid": ("requires_payment_method", "Uncaptured", "Pending"),
        "void": ("Failed", "canceled"),
        "refunded": ("Refunded",),
    }

    def row(one: Order) -> dict[str, object]:
        rate = Decimal("0.92")
        return {
            "id": f"ch_{one.number:06d}", "Description": f"Order {one.number}", "Seller Message": "Payment complete.",
            "Created date (UTC)": f"{one.time:%Y-%m-%d %H:%M:%S}", "Amount": one.total, "Currency": "usd",
            "Amount Refunded": one.refund, "Converted Amount": one.total * rate, "Converted Currency": "eur",
            "Converted Amount Refunded": one.refund * rate, "Fee": one.total * Decimal("0.03"), "Mode": "Live",
            "Status": one.word(words), "Customer ID": "" if one.is_guest else f"cus_{one.customer.number:04d}",
            "Customer Email": one.customer.email, "Captured": str(one.status == "sale").lower(), "Card Last4": "4242",
            "Card Name": one.customer.name, "Card Exp Year": 2029, "PaymentIntent ID": f"pi_{one.number:06d}",
        }  # fmt: skip

    return {"unified_payments.csv": table(header, map(row, shop)).encode()}


def paypal(shop: Shop) -> Files:
    """A row a movement of money, among withdrawals, fees and the shop's own purchases; a payment has shipping."""
    header = (
        "Date|Time|TimeZone|Name|Type|Status|Currency|Gross|Fee|Net|From Email Address|To Email Address|Transaction ID|"
        "Shipping Address|Address Status|Item Title|Item ID|Shipping and Handling Amount|Insurance Amount|Sales Tax|"
        "Reference Txn ID|Invoice Number|Custom Number|Quantity|Receipt ID|Balance|Country|Contact Phone Number|"
        "Subject|Note|Country Code|Balance Impact"
    )
    words = {"sale": ("Completed",), "unpaid": ("Pending",), "void": ("Denied", "Canceled"), "refunded": ("Completed",)}
    me = "pay@teashop.example"

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            kind = ("Express Checkout Payment", "Website Payment", "Mobile Payment")[one.number % 3]
            fixed = {"TimeZone": "PDT", "Currency": "USD", "Name": one.customer.name, "Quantity": 1, "Fee": Decimal(0)}
            now = {"Date": f"{one.time:%d/%m/%Y}", "Time": f"{one.time:%H:%M:%S}", "Balance": Decimal(1000)}
            paid = {"Gross": f"{one.total:,.2f}", "Fee": -one.total * Decimal("0.03"), "Balance Impact": "Credit"}
            paid |= {"From Email Address": one.customer.email, "To Email Address": me, "Invoice Number": one.number}
            items = {"Item Title": one.lines[0].item, "Shipping and Handling Amount": one.shipping}
            yield fixed | now | paid | items | {
                "Type": kind, "Status": one.word(words), "Transaction ID": f"TX{one.number:05d}"
            }  # fmt: skip
            later = one.time + timedelta(days=2)
            now = {"Date": f"{later:%d/%m/%Y}", "Time": f"{later:%H:%M:%S}", "Status": "Completed"}
            debit = fixed | now | {"Balance Impact": "Debit", "Transaction ID": f"TZ{one.number:05d}"}
            if one.refund:
                yield debit | {"Type": "Payment Refund", "Gross": f"-{one.refund:,.2f}", "From Email Address": me} | {
                    "To Email Address": one.customer.email, "Reference Txn ID": f"TX{one.number:05d}"
                }  # fmt: skip
            elif one.number % 9 == 0:
                yield debit | {"Name": "", "Type": "General Withdrawal", "Gross": "-1,234.00"}
            elif one.number % 11 < 2:
                kind = ("PreApproved Payment Bill User Payment", "Express Checkout Payment")[one.number % 2]
                bought = {"Name": "Boxes Ltd", "Type": kind, "Gross": "-31.50", "From Email Address": me}
                yield debit | bought | {"To Email Address": "sales@boxes.example"}

    return {"Download.CSV": table(header, rows()).encode("utf-8-sig")}


MARKETPLACES = (
    Platform("etsy_orders", etsy_orders, statuses=("sale",), has_times=False, has_items=False, discounts="orders"),
    Platform("etsy_items", etsy_items, statuses=("sale",), has_times=False, discounts="lines"),
    Platform("etsy_items_gross", etsy_items_gross, statuses=("sale",), has_times=False, discounts="lines"),
    Platform("amazon", amazon, statuses=("sale", "unpaid", "void"), discounts="lines"),
    Platform("ebay", ebay, "total", statuses=("sale", "unpaid"), has_times=False, has_discounts=False),
    Platform("stripe", stripe, "total", "undated", has_items=False),
    Platform(
        "paypal", paypal, "total", "dated", voids_refunded=False, has_items=False, refunded_after=timedelta(days=2)
    ),
)
