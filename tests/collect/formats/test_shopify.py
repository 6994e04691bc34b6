"""Shopify's order export, in both generations of its header."""

import csv
import io
import random
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from shijin.collect import Collected, CollectOptions, Context, read_sources
from shijin.config import Config, ShopSection
from shijin.errors import QuarantineError, SourceError
from shijin.schema import PROVENANCE

NOW = datetime(2025, 12, 1, tzinfo=UTC)
HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Phone,Receipt Number,Duties,Payment ID,Payment References"
)
CLASSIC = next(csv.reader([HEADER]))
NEWER = [
    {
        "Lineitem compare at price": "Lineitem compare-at price",
        "Lineitem sku": "Lineitem SKU",
        "Cancelled at": "Canceled at",
        "Payment Reference": "Payment Reference (deprecated)",
    }.get(name, name)
    for name in ["Name", "Phone", *(name for name in CLASSIC[1:] if name != "Phone")]
]

ANN = {"Email": "Ann@Example.com", "Billing Name": "Ann van Lee", "Billing Zip": "'01067", "Billing Country": "DE"}
ANN |= {"Accepts Marketing": "yes", "Phone": ""}
PAID = {"Financial Status": "paid", "Currency": "EUR", "Taxes": "0.00", "Refunded Amount": "0.00", "Source": "web"}
PAID |= {"Payment Method": "Shopify Payments", "Shipping": "0.00", "Discount Amount": "0.00"}


def line(sku: str, price: str, quantity: int = 1, title: str = "Cup - Blue", **more: str) -> dict[str, str]:
    cells = {"Lineitem sku": sku, "Lineitem price": price, "Lineitem quantity": str(quantity), "Lineitem name": title}
    return cells | {"Vendor": "Potters", "Lineitem discount": "0.00"} | more


def order(name: str, day: str, lines: list[dict[str, str]], **fields: str) -> list[dict[str, str]]:
    """Rows of an order: its own fields on the first row only."""
    spaced = {key.replace("_", " "): value for key, value in fields.items()}
    gross = sum(float(cells["Lineitem price"]) * int(cells["Lineitem quantity"]) for cells in lines)
    subtotal = gross - float(spaced.get("Discount Amount", 0))
    total = subtotal + float(spaced.get("Shipping", 0))
    head = {"Created at": f"{day} 09:50:26 +0200", "Subtotal": f"{subtotal:.2f}", "Total": f"{total:.2f}"}
    rows = [{"Name": name, **cells} for cells in lines]
    rows[0] |= PAID | ANN | head | spaced
    return rows


def export(rows: list[dict[str, str]], header: list[str] = CLASSIC) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(header)
    classic = dict(zip(NEWER, ["Name", "Phone", *(name for name in CLASSIC[1:] if name != "Phone")], strict=True))
    for row in rows:
        writer.writerow([row.get(name, row.get(classic.get(name, name), "")) for name in header])
    return stream.getvalue().encode()


def read_export(folder: Path, rows: list[dict[str, str]], header: list[str] = CLASSIC, **shop: str) -> Collected:
    path = folder / "orders_export.csv"
    path.write_bytes(export(rows, header))
    return read_sources([path], Context(Config(shop=ShopSection(**shop)), CollectOptions(), NOW))[0]  # type: ignore[arg-type]


def values_of(collected: Collected, *columns: str) -> list[tuple[object, ...]]:
    return list(zip(*(collected.events[name].to_pylist() for name in columns), strict=True))


FIRST = order("#1001", "2025-10-07", [line("001", "20.00", 2), line("002", "10.00", title="Bowl")])
DISCOUNTED = order(
    "#1002",
    "2025-10-08",
    [line("001", "20.00"), line("003", "60.00")],
    Discount_Code="TEN",
    Discount_Amount="8.00",
    Shipping="4.90",
)


@pytest.mark.parametrize("header", [CLASSIC, NEWER, [name.upper() for name in CLASSIC]], ids=["old", "new", "case"])
def test_an_order_of_two_lines_is_two_events_in_either_header(header: list[str], tmp_path: Path) -> None:
    rows = FIRST if header[1] != "EMAIL" else [{key.upper(): value for key, value in row.items()} for row in FIRST]
    collected = read_export(tmp_path, rows, header)
    when = datetime(2025, 10, 7, 7, 50, 26, tzinfo=UTC)
    assert values_of(collected, "ts", "type", "order_id", "item_id", "quantity", "amount", "currency", "channel") == [
        (when, "order", "#1001", "001", 2.0, 40.0, "EUR", "web"),
        (when, "order", "#1001", "002", 1.0, 10.0, "EUR", "web"),
    ]
    assert collected.guess["format"] == "shopify"
    assert (collected.rows_in, collected.money_in, collected.derived) == (2, 50.0, 0)
    assert collected.items.select(["item_id", "name", "brand"]).to_pylist() == [
        {"item_id": "001", "name": "Cup - Blue", "brand": "Potters"},
        {"item_id": "002", "name": "Bowl", "brand": "Potters"},
    ]


def test_discounts_are_spread_in_proportion_and_postage_is_a_charge(tmp_path: Path) -> None:
    collected = read_export(tmp_path, DISCOUNTED)
    assert values_of(collected, "type", "item_id", "order_id", "discount") == [
        ("order", "001", "#1002", pytest.approx(2.0)),
        ("order", "003", "#1002", pytest.approx(6.0)),
        ("charge", None, "#1002", None),
    ]
    assert collected.events["amount"].to_pylist() == pytest.approx([18.0, 54.0, 4.9])
    assert collected.derived == 1
    assert collected.money_in == pytest.approx(76.9)


def test_contacts_hold_the_address_and_events_its_hash(tmp_path: Path) -> None:
    collected = read_export(tmp_path, FIRST)
    contact = collected.contacts.to_pylist()[0]
    assert contact["customer_id"] == collected.events["customer_id"][0].as_py()
    assert contact["customer_id"].startswith("c_")
    assert {name: contact[name] for name in ("email", "first_name", "last_name", "country", "email_consent")} == {
        "email": "ann@example.com",
        "first_name": "Ann van",
        "last_name": "Lee",
        "country": "DE",
        "email_consent": True,
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"Financial_Status": "refunded", "Refunded_Amount": "54.90"},
        {"Financial_Status": "voided"},
        {"Cancelled_at": "2025-10-09 10:00:00 +0200"},
        {"Financial_Status": "partially_refunded", "Refunded_Amount": "54.90"},
    ],
)
def test_refunded_voided_and_cancelled_orders_are_no_orders(fields: dict[str, str], tmp_path: Path) -> None:
    rows = order("#1", "2025-10-07", [line("001", "50.00")], Shipping="4.90", **fields)
    collected = read_export(tmp_path, rows)
    assert values_of(collected, "type", "amount") == [("void", 50.0), ("void", 4.9)]
    assert collected.findings.num_rows == 0


@pytest.mark.parametrize("blank", ["-", "0000-00-00 00:00:00", "N/A", "never"])
def test_a_cancellation_without_a_date_is_none(blank: str, tmp_path: Path) -> None:
    collected = read_export(tmp_path, order("#1", "2025-10-07", [line("001", "50.00")], Cancelled_at=blank))
    assert values_of(collected, "type", "amount") == [("order", 50.0)]


def test_a_partial_refund_lowers_no_order_and_is_an_event_of_its_own(tmp_path: Path) -> None:
    fields = {"Financial_Status": "partially_refunded", "Refunded_Amount": "15.00"}
    collected = read_export(tmp_path, order("#1", "2025-10-07", [line("001", "50.00")], **fields))
    assert values_of(collected, "type", "amount") == [("order", 50.0), ("refund_undated", -15.0)]
    assert collected.money_in == 35.0


def test_test_orders_and_unpaid_orders_are_set_aside_with_their_postage(tmp_path: Path) -> None:
    rows = order("#1", "2025-10-07", [line("001", "50.00"), line("002", "5.00")], Payment_Method="(for testing) Bogus")
    rows += order("#2", "2025-10-07", [line("001", "50.00")], Financial_Status="pending", Shipping="4.90")
    rows += order("#3", "2025-10-07", [line("001", "50.00")], Financial_Status="authorized")
    rows += order("#4", "2025-10-07", [line("001", "50.00")], Financial_Status="partially_paid")
    collected = read_export(tmp_path, rows)
    assert values_of(collected, "order_id", "type") == [("#4", "order")]
    assert collected.rejected.select(["reason", "amount"]).to_pylist() == [
        {"reason": "test_order", "amount": 50.0},
        {"reason": "test_order", "amount": 5.0},
        {"reason": "unpaid", "amount": 54.9},
        {"reason": "unpaid", "amount": 50.0},
    ]


def test_guests_are_known_by_phone_then_by_name_and_zip(tmp_path: Path) -> None:
    guest = {"Email": "", "Billing_Name": "Bo Berg", "Billing_Zip": "'0815"}
    rows = order("#1", "2025-10-07", [line("001", "1.00")], **guest, Phone="'+49 170 1234567")
    rows += order("#2", "2025-10-08", [line("001", "1.00")], **guest, Billing_Phone="0049 170 1234567")
    rows += order("#3", "2025-10-09", [line("001", "1.00")], **guest)
    rows += order("#4", "2025-10-10", [line("001", "1.00")], **guest | {"Billing_Name": "bo  berg"})
    rows += order("#5", "2025-10-11", [line("001", "1.00")], Email="", Billing_Name="", Billing_Zip="")
    collected = read_export(tmp_path, rows)
    ids = collected.events["customer_id"].to_pylist()
    assert (ids[0] == ids[1], ids[2] == ids[3], ids[0] == ids[2]) == (True, True, False)
    assert collected.rejected["reason"].to_pylist() == ["no_customer"]


def test_of_an_order_that_a_file_contains_twice_the_last_copy_counts(tmp_path: Path) -> None:
    later = order("#1001", "2025-10-07", [line("001", "20.00", 2), line("002", "10.00")], Financial_Status="refunded")
    collected = read_export(tmp_path, FIRST + DISCOUNTED + later)
    assert values_of(collected, "order_id", "type")[-3:] == [("#1001", "void"), ("#1001", "void"), ("#1002", "charge")]
    assert (collected.rows_in, collected.events.num_rows - collected.derived, collected.repeated) == (6, 4, 2)
    assert collected.repeated_money == 50.0


def test_a_shuffled_export_gives_the_same_events(tmp_path: Path) -> None:
    rows = FIRST + DISCOUNTED + order("#7", "2025-10-09", [line("001", "3.00"), line("001", "4.00")])
    shuffled = rows.copy()
    random.Random(3).shuffle(shuffled)
    assert shuffled != rows

    def content(rows: list[dict[str, str]]) -> pa.Table:
        events = read_export(tmp_path, rows).events
        return events.drop(list(PROVENANCE)).sort_by("event_id")

    assert content(rows).equals(content(shuffled))


def test_bad_dates_and_prices_are_bad_rows_of_the_whole_order(tmp_path: Path) -> None:
    rows = [row for n in range(60) for row in order(f"#{n}", "2025-10-07", [line("001", "1.00")])]
    bad = order("#99", "2025-10-07", [line("001", "1.00"), line("002", "1.00")])
    bad[1]["Lineitem price"] = "abc"
    collected = read_export(tmp_path, rows + bad)
    assert collected.rejected["reason"].to_pylist() == ["bad_amount", "bad_amount"]
    with pytest.raises(QuarantineError, match="or that of another line of the order, is not a number"):
        read_export(tmp_path, bad)


def test_a_row_without_an_item_is_no_line(tmp_path: Path) -> None:
    second_payment = {"Name": "#1001", "Payment Reference": "c123"}
    collected = read_export(tmp_path, [*FIRST, second_payment])
    assert collected.events["amount"].to_pylist() == [40.0, 10.0]
    assert (collected.rows_in, collected.repeated) == (3, 1)


def test_a_subtotal_that_differs_from_its_lines_is_a_finding(tmp_path: Path) -> None:
    collected = read_export(tmp_path, order("#1", "2025-10-07", [line("001", "50.00")], Subtotal="30.00"))
    assert collected.findings["code"].to_pylist() == ["totals_differ"]
    assert pc.sum(collected.events["amount"]).as_py() == 30.0


def test_two_currencies_are_refused_or_filtered(tmp_path: Path) -> None:
    rows = FIRST + order("#2", "2025-10-07", [line("001", "1.00")], Currency="USD")
    with pytest.raises(SourceError, match="the amounts are in several currencies"):
        read_export(tmp_path, rows)
    assert read_export(tmp_path, rows, currency="EUR").rejected["reason"].to_pylist() == ["other_currency"]


def test_another_file_is_refused_as_shopify(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("customer_id,ts,amount\na,2024-01-01,3\n")
    with pytest.raises(SourceError, match="not an export of the format shopify: it lacks the columns Name, Created at"):
        read_sources([path], Context(Config(), CollectOptions(format="shopify"), NOW))[0]
