"""The same shop as a plain table: what a platform's export shows of it, in columns that nobody has to guess."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from platforms.shop import Line, Order, Platform, Shop, table

_HEADER = "customer_id|ts|type|item_id|item_name|quantity|line_total|discount|order_id"


def plain_table(platform: Platform, shop: Shop) -> bytes:
    """Write a row for each line of an order, for each refund that has a day, and for each look."""

    def rows() -> Iterator[dict[str, object]]:
        for one in shop:
            yield from _looks(platform, one)
            if one in platform.sales(shop) or platform.cancelled:
                yield from _sale(platform, one)

    return table(_HEADER, rows()).encode()


def _row(platform: Platform, one: Order, kind: str, time: datetime) -> dict[str, object]:
    row = {"customer_id": one.customer.login, "ts": _time(platform, time), "type": kind}
    return row | {"order_id": one.number if platform.has_orders else ""}


def _time(platform: Platform, time: datetime) -> str:
    return time.isoformat() if platform.has_times else time.date().isoformat()


def _looks(platform: Platform, one: Order) -> Iterator[dict[str, object]]:
    """Views and carts of the event files, and cancellations, each at its second."""
    for kind, (seconds, lines) in platform.looks.items():
        row = _row(platform, one, kind, one.time + timedelta(seconds=seconds)) | {"order_id": ""}
        yield from [row | _item(line) for line in one.lines[:lines]] or [row]
    if platform.cancelled and one.status == "void":
        for line in one.lines:
            yield _row(platform, one, platform.cancelled, one.time + platform.refunded_after) | _item(line)


def _sale(platform: Platform, one: Order) -> Iterator[dict[str, object]]:
    bought = one.time + platform.bought_after
    row, paid = _row(platform, one, "order", bought), platform.paid(one)
    if platform.has_items:
        for line in one.lines:
            share = line.net / one.goods
            yield (
                row
                | _item(line)
                | {"quantity": line.quantity, "line_total": repr(float(share * paid))}
                | ({"discount": line.discount} if platform.discounts == "lines" else {})
            )
    else:
        discount = {"discount": one.discount} if platform.discounts == "orders" else {}
        yield row | {"quantity": one.quantity, "line_total": paid} | discount
    if platform.has_charges and one.shipping:
        yield _row(platform, one, "charge", bought) | {"line_total": one.shipping}
    if platform.refunds == "dated" and one.refund and one.status != "void":
        back = _row(platform, one, "return", one.time + platform.refunded_after)
        yield back | {"line_total": -min(one.refund, paid)}


def _item(line: Line) -> dict[str, object]:
    return {"item_id": line.sku, "item_name": line.item}
