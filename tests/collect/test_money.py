"""The same lines, written in every shape in which shops write money, are read to the same amounts, to the cent."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from collecting import read_file
from shijin.collect.money import money_of
from shijin.collect.money_types import Money, MoneyColumns

Column = np.ndarray


@dataclass(frozen=True)
class Lines:
    """What was sold: n lines of orders, with the price of a piece and what was taken off the line."""

    order: Column
    item: Column
    quantity: Column
    price: Column
    off: Column

    @property
    def gross(self) -> Column:
        return np.round(self.price * self.quantity, 2)

    @property
    def paid(self) -> Column:
        return np.round(self.gross - self.off, 2)

    def of_order(self, values: Column) -> Column:
        """(n,) the sum over each row's order."""
        return np.round(np.bincount(self.order, values)[self.order], 2)

    @property
    def first(self) -> Column:
        """(n,) the first line of each order."""
        result = np.zeros(len(self.order), bool)
        result[np.unique(self.order, return_index=True)[1]] = True
        return result


def sold(seed: int = 0, orders: int = 30, discounts: bool = True) -> Lines:
    rng = np.random.default_rng(seed)
    order = np.repeat(np.arange(orders), rng.integers(1, 4, orders))
    n = len(order)
    start = np.searchsorted(order, order)
    item = (order * 3 + np.arange(n) - start) % 11  # the lines of an order are of different items
    quantity = rng.integers(1, 4, n).astype(float)
    price = np.round(4.15 + 2.35 * item, 2)
    off = np.where(rng.random(n) < 0.4, np.round(0.1 * price * quantity, 2), 0.0) if discounts else np.zeros(n)
    return Lines(order, item, quantity, price, off)


def read(lines: Lines, counts: Column | None = None, order: Column | None = None, **numbers: Column) -> Money:
    """Read lines whose file has some columns of money."""
    n = len(lines.order)
    return money_of(
        MoneyColumns(
            order_id=pa.array([f"o{number}" for number in (lines.order if order is None else order)]),
            item=pa.array([f"i{number}" for number in lines.item]),
            counts=pa.array(np.ones(n, bool) if counts is None else counts),
            numbers={role: pa.array(values, mask=np.isnan(values)) for role, values in numbers.items()},
            names={role: role for role in numbers},
        )
    )


SHAPES: dict[str, Callable[[Lines], dict[str, Column]]] = {
    "paid amount of the line": lambda x: {"amount": x.paid},
    "line total": lambda x: {"line_total": x.paid, "order_total": x.of_order(x.paid), "price": x.price},
    "amount after the discount": lambda x: {
        "amount": x.paid, "price": x.price, "quantity": x.quantity, "discount": x.off,
    },
    "amount before the discount": lambda x: {
        "amount": x.gross, "price": x.price, "quantity": x.quantity, "discount": x.off,
    },
    "price of a piece, and a discount": lambda x: {"price": x.price, "quantity": x.quantity, "discount": x.off},
    "price of the line, and a discount": lambda x: {"price": x.gross, "quantity": x.quantity, "discount": -x.off},
    "unit price, and a discount": lambda x: {"unit_price": x.price, "quantity": x.quantity, "discount": x.off},
    "line before its discount": lambda x: {"line_gross": x.gross, "discount": x.off, "quantity": x.quantity},
}  # fmt: skip
WITHOUT_DISCOUNT: dict[str, Callable[[Lines], dict[str, Column]]] = {
    "price of a piece": lambda x: {"price": x.price, "quantity": x.quantity},
    "price of the line": lambda x: {"price": x.gross, "quantity": x.quantity},
    "amount is pieces, price of a piece": lambda x: {"amount": x.quantity, "price": x.price},
    "amount is pieces, price of the line": lambda x: {"amount": x.quantity, "price": x.gross},
    "order's total on each line, prices": lambda x: {
        "amount": x.of_order(x.gross), "price": x.price, "quantity": x.quantity,
    },
    "order's total on its first line, prices": lambda x: {
        "order_total": np.where(x.first, x.of_order(x.gross), np.nan), "price": x.price, "quantity": x.quantity,
    },
    "order's total on its first line, 0 on others": lambda x: {
        "amount": np.where(x.first, x.of_order(x.gross), 0.0), "unit_price": x.price, "quantity": x.quantity,
    },
}  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_gives_the_paid_amount_of_each_line(shape: str, seed: int) -> None:
    lines = sold(seed)
    assert np.allclose(read(lines, **SHAPES[shape](lines)).amount.to_numpy(), lines.paid, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", WITHOUT_DISCOUNT)
def test_each_shape_without_discounts_gives_price_times_quantity(shape: str, seed: int) -> None:
    lines = sold(seed, discounts=False)
    assert np.allclose(read(lines, **WITHOUT_DISCOUNT[shape](lines)).amount.to_numpy(), lines.gross, atol=1e-9)


@pytest.mark.parametrize("shape", [*SHAPES, *WITHOUT_DISCOUNT])
def test_the_order_of_rows_and_the_names_of_orders_change_nothing(shape: str) -> None:
    lines = sold(7, discounts=shape in SHAPES)
    columns = {**SHAPES, **WITHOUT_DISCOUNT}[shape](lines)
    amount = read(lines, **columns).amount.to_numpy()
    by = np.random.default_rng(1).permutation(len(lines.order))
    shuffled = Lines(*(values[by] for values in (lines.order, lines.item, lines.quantity, lines.price, lines.off)))
    again = read(shuffled, order=shuffled.order + 500, **{role: values[by] for role, values in columns.items()})
    assert np.allclose(again.amount.to_numpy(), amount[by], atol=1e-9)


def test_a_few_wrong_rows_do_not_change_how_the_others_are_read() -> None:
    lines = sold(3, orders=100, discounts=False)
    total = lines.of_order(lines.gross)
    total[:2] += 5.0
    amount = read(lines, amount=total, price=lines.price, quantity=lines.quantity).amount.to_numpy()
    right = np.abs(amount - lines.gross) < 1e-9
    assert right.mean() > 0.95


def test_an_orders_total_with_shipping_is_divided_among_its_lines_to_the_cent() -> None:
    lines = sold(2, discounts=False)
    total = lines.of_order(lines.gross) + 3.99
    amount = read(lines, order_total=total, price=lines.price, quantity=lines.quantity).amount.to_numpy()
    assert np.allclose(np.bincount(lines.order, amount), total[lines.first])
    assert np.allclose(amount * 100, np.round(amount * 100))


def test_a_total_that_different_items_repeat_counts_once_and_is_said_with_both_sums() -> None:
    lines = sold(4)
    money = read(lines, amount=lines.of_order(lines.paid))
    assert money.amount.to_numpy().sum() == pytest.approx(lines.paid.sum())
    [found] = [one for one in money.findings if one["code"] == "total_once"]
    assert found["severity"] == "warns"
    assert f"{lines.paid.sum():,.2f}" in found["arguments"]
    assert f"{lines.of_order(lines.paid).sum():,.2f}" in found["arguments"]


def test_an_order_of_two_equal_tickets_is_two_tickets() -> None:
    order = np.arange(24)
    order[5] = 4
    lines = Lines(order, np.zeros(24, int), np.ones(24), np.full(24, 12.0), np.zeros(24))
    assert read(lines, amount=lines.price).amount.to_pylist() == [12.0] * 24


def test_a_shop_of_one_price_sells_lines_not_orders() -> None:
    lines = sold(5, orders=40, discounts=False)
    one_euro = np.ones(len(lines.order))
    assert read(lines, amount=one_euro).amount.to_pylist() == [1.0] * len(lines.order)


@pytest.mark.parametrize("rate", [[0.1, 0.25, 0.0, 0.5], [0.2, 0.0, 0.15, 0.05]])
def test_discounts_below_one_are_rates(rate: list[float]) -> None:
    n = 24
    rates = np.resize(rate, n)
    lines = Lines(np.arange(n), np.arange(n) % 4, np.full(n, 2.0), np.full(n, 10.0), np.zeros(n))
    amount = read(lines, price=lines.price, quantity=lines.quantity, discount=rates).amount.to_numpy()
    assert np.allclose(amount, 20.0 * (1 - rates))


def test_a_discount_of_the_order_on_each_line_is_taken_off_once() -> None:
    lines = sold(6, discounts=False)
    off = np.round(0.1 * lines.of_order(lines.gross), 2)
    amount = read(lines, price=lines.price, quantity=lines.quantity, discount=off).amount.to_numpy()
    assert np.allclose(np.bincount(lines.order, amount), (lines.of_order(lines.gross) - off)[lines.first], atol=0.02)


def test_a_price_that_nothing_decides_is_asked_with_both_sums() -> None:
    n = 20
    lines = Lines(np.arange(n), np.arange(n), np.full(n, 2.0), np.full(n, 5.0), np.zeros(n))
    money = read(lines, price=lines.price, quantity=lines.quantity)
    assert money.amount.to_pylist() == [10.0] * n
    [found] = money.findings
    assert found["code"] == "price_open"
    assert "100.00" in found["arguments"]
    assert "200.00" in found["arguments"]


def test_refunds_count_once_and_never_exceed_their_order() -> None:
    lines = sold(8)
    refund = np.where(lines.order % 3 == 0, 2.0, 0.0)
    money = read(lines, amount=lines.paid, refund=-refund)
    assert money.refund.to_numpy().sum() == pytest.approx(2.0 * len(np.unique(lines.order[refund > 0])))
    over = read(lines, amount=lines.paid, refund=np.where(lines.first, 1e6, 0.0))
    assert over.refund.to_numpy().sum() == pytest.approx(lines.paid.sum())
    assert [one["code"] for one in over.findings] == ["refund_above_order"]


def test_rows_that_do_not_count_are_no_evidence() -> None:
    lines = sold(9, discounts=False)
    counts = np.ones(len(lines.order), bool)
    counts[lines.order % 5 == 0] = False
    price = np.where(counts, lines.price, 0.0)
    amount = read(lines, counts=counts, price=price, quantity=lines.quantity).amount.to_numpy()
    assert np.allclose(amount[counts], lines.gross[counts])


def test_orders_of_nothing_beside_returns_are_read(tmp_path: Path) -> None:
    rows = "a,2024-01-01,2,-2.25\n" * 4 + "a,2024-01-01,2,0\n" * 2 + "b,2024-01-01,1,-2.25\n" + "b,2024-01-01,1,0\n" * 2
    collected = read_file(tmp_path, "customer_id,ts,order_id,amount\n" + rows)
    assert collected.events.num_rows + collected.rejected.num_rows == 9
