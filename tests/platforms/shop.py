"""The shop that is written: customers with orders, their lines, discounts, shipping, refunds and statuses."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Literal

Status = Literal["sale", "unpaid", "void", "refunded"]
_CENT = Decimal("0.01")
_FIRST = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gwen", "Hugo")
_LAST = ("Ash", "Birch", "Cedar", "Elm", "Hazel")
_START = datetime(2023, 1, 5, 8)  # noqa: DTZ001


@dataclass(frozen=True)
class Customer:
    """Somebody who buys; `number` counts from 1."""

    number: int
    first: str
    last: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    @property
    def email(self) -> str:
        """An address of one's own."""
        return f"{self.first}.{self.last}@example.com".lower()

    @property
    def phone(self) -> str:
        """A whole number of a mobile in China."""
        return f"1390000{self.number:04d}"

    @property
    def login(self) -> str:
        """An account's name."""
        return f"buyer_{self.number}"


@dataclass(frozen=True)
class Line:
    """One item of an order: `quantity` pieces at `price` each, less `discount` for all of them."""

    sku: str
    item: str
    price: Decimal
    quantity: int
    discount: Decimal

    @property
    def gross(self) -> Decimal:
        """Before the discount."""
        return self.price * self.quantity

    @property
    def net(self) -> Decimal:
        """What was paid."""
        return self.gross - self.discount


@dataclass(frozen=True)
class Order:
    """An order; `refund` is what was given back of it, all of `total` where its status is refunded."""

    number: int
    customer: Customer
    time: datetime
    lines: tuple[Line, ...]
    shipping: Decimal
    refund: Decimal
    status: Status
    is_guest: bool

    @property
    def gross(self) -> Decimal:
        """The goods before discounts."""
        return sum((line.gross for line in self.lines), Decimal(0))

    @property
    def discount(self) -> Decimal:
        """Of all lines."""
        return sum((line.discount for line in self.lines), Decimal(0))

    @property
    def goods(self) -> Decimal:
        """What was paid for the goods."""
        return self.gross - self.discount

    @property
    def total(self) -> Decimal:
        """The goods and their shipping."""
        return self.goods + self.shipping

    @property
    def quantity(self) -> int:
        """Pieces."""
        return sum(line.quantity for line in self.lines)

    def word(self, words: Mapping[Status, Sequence[str]]) -> str:
        """One of the platform's words for its status."""
        return words[self.status][self.number % len(words[self.status])]


Shop = Sequence[Order]
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Platform:
    """How a platform's export is written, and what a reader can know from it.

    Parameters
    ----------
    name
        Of the export.
    files
        Writes a shop: bytes by file name.
    money
        What an order's money is in these files: its goods, or its total with shipping.
    refunds
        Whether refunds stand in a column (undated), in rows of their own (dated), or nowhere.
    statuses
        The orders that the export lists.
    has_discounts, has_shipping
        Whether the export shows them, so that the shop may have some.
    has_single_lines
        Whether an order has one product only.
    has_orders, has_items
        Whether it has numbers of orders, and a row an item.
    voids_refunded
        Whether a whole refund makes the order void; else it stays a sale with a return.
    discounts
        Whether the discounts that it shows are those of lines or of whole orders.
    looks
        Events around an order by type: the seconds after its time, and of how many of its lines, 0 for one without a
        product.
    bought_after, refunded_after
        From an order's time to its purchase, and to its refund.
    cancelled
        The type of the event that ends an order.
    has_times
        Whether it shows the time of day.
    has_charges
        Whether shipping is an event of its own.
    """

    name: str
    files: Callable[[Shop], Files]
    money: Literal["goods", "total"] = "goods"
    refunds: Literal["undated", "dated", "none"] = "none"
    statuses: tuple[Status, ...] = ("sale", "unpaid", "void", "refunded")
    has_discounts: bool = True
    has_shipping: bool = True
    has_single_lines: bool = False
    has_orders: bool = True
    has_items: bool = True
    voids_refunded: bool = True
    discounts: Literal["lines", "orders", "none"] = "none"
    looks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    bought_after: timedelta = timedelta(0)
    refunded_after: timedelta = timedelta(0)
    cancelled: str | None = None
    has_times: bool = True
    has_charges: bool = False

    def shop(self, seed: int) -> Shop:
        """The shop as far as this export can show it."""
        orders = make_shop(seed, has_discounts=self.has_discounts, has_shipping=self.has_shipping)
        nothing = Decimal(0)
        if self.has_single_lines:
            orders = [replace(one, lines=one.lines[:1]) for one in orders]
        orders = [one if self.refunds != "none" else replace(one, refund=nothing) for one in orders]
        return [one for one in orders if one.status in self.statuses]

    def sales(self, shop: Shop) -> Shop:
        """The orders that count."""
        counted = ("sale",) if self.voids_refunded else ("sale", "refunded")
        return [one for one in shop if one.status in counted]

    def paid(self, order: Order) -> Decimal:
        """What a reader should take for an order's money."""
        return order.goods if self.money == "goods" else order.total


def make_shop(seed: int, *, has_discounts: bool = True, has_shipping: bool = True) -> Shop:
    """Forty customers with two hundred orders."""
    random = Random(seed)
    people = [Customer(n + 1, _FIRST[n % 8], _LAST[n // 8]) for n in range(40)]
    prices = {f"SK-{n:02d}": Decimal(random.randint(450, 9900)) * _CENT for n in range(12)}
    orders, time = [], _START
    for number in range(200):
        time += timedelta(minutes=random.randint(600, 8000))
        customer = people[number] if number < 40 else random.choice(people)
        skus = random.sample(sorted(prices), random.choice((1, 1, 2, 2, 3)))
        has_discount = has_discounts and random.random() < 0.3
        lines = tuple(_line(random, sku, prices[sku], has_discount=has_discount) for sku in skus)
        shipping = Decimal("4.90") if has_shipping and random.random() < 0.4 else Decimal(0)
        status: Status = random.choices(("sale", "unpaid", "void", "refunded"), (82, 6, 6, 6))[0]
        is_guest = customer.number % 4 == 0 and random.random() < 0.5
        order = Order(number + 1, customer, time, lines, shipping, Decimal(0), status, is_guest)
        if status == "refunded":
            order = replace(order, refund=order.total)
        elif status == "sale" and random.random() < 0.1:
            order = replace(order, refund=(order.goods / 3).quantize(_CENT))
        orders.append(order)
    return orders


def _line(random: Random, sku: str, price: Decimal, *, has_discount: bool) -> Line:
    quantity = random.choice((1, 1, 1, 2, 3))
    share = Decimal("0.1") if has_discount else Decimal(0)
    return Line(sku, f"Tea no. {sku[3:]}", price, quantity, (price * quantity * share).quantize(_CENT))


def table(header: str, rows: Iterable[Mapping[str, object]], delimiter: str = ",") -> str:
    """A text table; a row names only the columns that it fills, and amounts have two decimals."""
    names = header.split("|")
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        if unknown := set(row) - set(names):
            raise KeyError(unknown)
        writer.writerow([cell(row.get(name, "")) for name in names])
    return out.getvalue()


def cell(value: object) -> str:
    """A cell's text."""
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)
