"""A whole shop in the shape of each platform's export: customers, orders and money are exact, without a mapping."""

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from collecting import NOW, read_file
from platforms import PLATFORMS
from platforms.shop import Platform, Shop
from shijin.collect import Collected, CollectOptions, Context, read_sources
from shijin.config import Config

_CENT = Decimal("0.01")
_BACK = ("return", "refund_undated")


def read(platform: Platform, shop: Shop, folder: Path) -> list[Collected]:
    """Write the files of a platform, and read them together."""
    paths = [folder / name for name in platform.files(shop)]
    for path, content in zip(paths, platform.files(shop).values(), strict=True):
        path.write_bytes(content)
    return read_sources(paths, Context(Config(), CollectOptions(), NOW))


def summed(pairs: Iterable[tuple[object, Decimal]]) -> list[Decimal]:
    """Sums by key, to the cent, in order: equal whatever the keys are called."""
    sums: Counter[object] = Counter()
    for key, money in pairs:
        sums[key] += money  # type: ignore[assignment]
    return sorted(Decimal(money).quantize(_CENT) for money in sums.values())


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS.keys())
def test_a_shop_is_read_to_the_cent(platform: Platform, seed: int, tmp_path: Path) -> None:
    shop = platform.shop(seed)
    sales = platform.sales(shop)
    [collected] = read(platform, shop, tmp_path)
    events = collected.events
    rows = events.filter(pc.equal(events["type"], "order")).to_pylist()
    orders = [(row["customer_id"], row["order_id"], Decimal(str(row["amount"]))) for row in rows]
    back = events.filter(pc.is_in(events["type"], value_set=pa.array(_BACK)))["amount"]

    assert summed((who, money) for who, _, money in orders) == summed(
        (one.customer, platform.paid(one)) for one in sales
    ), "money of each customer"
    if platform.has_orders:
        assert summed((number, money) for _, number, money in orders) == summed(
            (one.number, platform.paid(one)) for one in sales
        ), "money of each order"
    days = {(row["order_id"], row["ts"].date()) for row in rows}
    if platform.has_orders:
        assert sorted(day for _, day in days) == sorted(one.time.date() for one in sales), "days of the orders"
    if platform.has_items:
        assert summed((row["item_id"], Decimal(str(row["quantity"] or 1))) for row in rows) == summed(
            (line.sku, Decimal(line.quantity)) for one in sales for line in one.lines
        ), "pieces of each item"
    if platform.has_items and platform.money == "goods":  # an order's money may be spread over its lines
        read_sums = summed((row["item_id"], Decimal(str(row["amount"]))) for row in rows)
        sums = summed((line.sku, line.net) for one in sales for line in one.lines)
        assert all(abs(one - other) < Decimal("0.05") for one, other in zip(read_sums, sums, strict=True))
    assert not [one for one in collected.findings.to_pylist() if one["severity"] == "spoils"]
    refunds = sum((min(one.refund, platform.paid(one)) for one in sales), Decimal(0))
    assert Decimal(str(pc.sum(back).as_py() or 0)).quantize(_CENT) == -refunds, "money given back"


def test_a_platform_in_another_language_is_read_as_a_table(tmp_path: Path) -> None:
    words = {
        "Payment accepted": "Paiement accepté",
        "Processing in progress": "En cours de préparation",
        "Remote payment accepted": "Paiement à distance accepté",
        "Awaiting check payment": "En attente du paiement par chèque",
        "Awaiting bank wire payment": "En attente de virement bancaire",
        "On backorder (not paid)": "En attente de réapprovisionnement (non payé)",
        "Payment error": "Erreur de paiement",
        "Shipped": "Expédié",
        "Delivered": "Livré",
        "Canceled": "Annulé",
        "Refunded": "Remboursé",
        "ID;Reference;New client;Delivery;Customer;Total;Payment;Status;Date": "ID;Référence;Nouveau client;Livraison;"
        "Client;Total;Paiement;État;Date",
    }
    platform = PLATFORMS["prestashop"]
    shop = platform.shop(3)
    [content] = platform.files(shop).values()
    text = content.decode()
    for word, other in words.items():
        text = text.replace(word, other)
    text = re.sub(r"€([\d,]+)\.(\d\d)", lambda money: f"{money[1].replace(',', ' ')},{money[2]} €", text)
    collected = read_file(tmp_path, text)
    orders = collected.events.filter(pc.equal(collected.events["type"], "order"))
    assert sorted(Decimal(str(money)) for money in orders["amount"].to_pylist()) == sorted(
        one.total for one in platform.sales(shop)
    )
    assert "spoils" not in collected.findings["severity"].to_pylist()
