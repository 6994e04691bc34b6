"""What each line of a source brought, decided by arithmetic on the source itself.

A header seldom says whether money is of a line or of its order, of one piece or of all, before or after a discount. The
numbers do: lines sum to totals, a price times a quantity is an amount. Where two readings fit and differ, the usual one
is taken and a finding names both sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from shijin.arrays import Floats
from shijin.collect.amounts import are_rates, as_column, less_discount, share_of, sum_of
from shijin.collect.money_types import Money, MoneyColumns
from shijin.collect.order_sums import PROOF, Flags, Orders, close, orders_of
from shijin.collect.undated_refunds import undated_refunds
from shijin.collect.unit_prices import is_pieces, is_price_of_line
from shijin.prepare.findings import finding

_ENOUGH = 5  # orders of several lines that repeat an amount
_OPEN = 0.01  # readings whose sums differ by less are one
_EITHER_SIGN = ("discount", "refund", "order_refund")  # some sources write them negative
_PLAUSIBLE = (0.4, 2.5)  # an order's total divided by its lines, where shipping and discounts lie between


def money_of(columns: MoneyColumns) -> Money:
    """Decide what each line brought.

    Examples
    --------
    >>> rows = {"amount": [10.0, 24.0, 24.0], "price": [10.0, 10.0, 7.0], "quantity": [1.0, 1.0, 2.0]}
    >>> numbers = {role: pa.array(values) for role, values in rows.items()}
    >>> sold, ids = pa.array([True, True, True]), pa.array(["1", "2", "2"])
    >>> money = money_of(MoneyColumns(ids, pa.array(["a", "b", "c"]), sold, numbers, {"amount": "Total"}))
    >>> money.amount.to_pylist(), money.rule
    ([10.0, 10.0, 14.0], 'order_total_once')
    """
    return _Deciding.of(columns).money()


@dataclass
class _Deciding:
    """The columns as arrays, and the findings so far."""

    numbers: dict[str, Floats]
    names: Mapping[str, str]
    counts: Flags
    orders: Orders  # of all rows
    evidence: Orders  # of the rows that count
    is_declared: bool = False
    notes: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, columns: MoneyColumns) -> _Deciding:
        counts = columns.counts.to_numpy(zero_copy_only=False)
        numbers = {
            role: values.cast(pa.float64()).to_numpy(zero_copy_only=False)
            for role, values in columns.numbers.items()
            if values.null_count < len(values)
        }
        everything = np.ones_like(counts)
        orders = orders_of(columns.order_id, columns.item, everything)
        # A return in an order is no evidence about its total.
        signed = [np.nan_to_num(numbers[role]) < 0 for role in numbers if role not in _EITHER_SIGN]
        sold = counts & ~np.any([*signed, ~everything], axis=0)
        return cls(
            numbers, columns.names, sold, orders, orders_of(columns.order_id, columns.item, sold), columns.is_declared
        )

    def money(self) -> Money:
        self._find_pieces()
        quantity = self.numbers.get("quantity", np.full(len(self.counts), np.nan))
        gross = self._gross()
        off = self._discounts(gross)
        amount, rule = self._amounts(gross, off)
        return Money(
            amount=as_column(amount),
            quantity=as_column(quantity),
            discount=as_column(np.where(off > 0, off, np.nan)),
            refund=as_column(self._refunds(amount)),
            rule=rule,
            findings=tuple(self.notes),
        )

    def _find_pieces(self) -> None:
        """A column called amount may hold the number of pieces."""
        price = self._price()
        amount = self.numbers.get("amount")
        if amount is None or price is None or "quantity" in self.numbers:
            return
        if is_pieces(amount[self.counts], price[self.counts]):
            self.numbers["quantity"] = self.numbers.pop("amount")

    def _price(self) -> Floats | None:
        return self.numbers.get("unit_price", self.numbers.get("price"))

    def _gross(self) -> Floats | None:
        """What each line came to before discounts, by price and quantity; None where the source has no price."""
        if "line_gross" in self.numbers:
            return self.numbers["line_gross"]
        price = self._price()
        if price is None:
            return None
        if "quantity" not in self.numbers:
            return price
        product = price * np.nan_to_num(self.numbers["quantity"], nan=1.0)
        if "unit_price" in self.numbers:
            return product
        of_line = self._is_price_of_line(price, product)
        if of_line is None:
            self._ask("price_open", price, product)
            return product
        return price if of_line else product

    def _is_price_of_line(self, price: Floats, product: Floats) -> bool | None:
        """Whether a price is of all pieces of its line; None where nothing decides."""
        sold, quantity = self.counts, self.numbers["quantity"]
        for role in ("line_total", "amount"):
            if role in self.numbers:
                several = sold & (quantity > 1)
                fits = [share_of(close(self.numbers[role], reading), several) for reading in (product, price)]
                if max(fits) >= PROOF and fits[0] != fits[1]:
                    return fits[1] > fits[0]
        for role in ("order_total", "amount"):
            total = self._repeated_total(role)
            if total is not None:
                fits = [self._adds_up(reading, total) for reading in (product, price)]
                if max(fits) >= PROOF and fits[0] != fits[1]:
                    return fits[1] > fits[0]
        return is_price_of_line(price[sold], quantity[sold], self.orders.item[sold])

    def _repeated_total(self, role: str) -> Floats | None:
        """(orders,) the total of each order, where a column has one value an order; None where it varies."""
        if role not in self.numbers or not self.evidence.several.any():
            return None
        values, orders = self.numbers[role], self.evidence
        most = orders.most(values)
        is_constant = share_of(close(orders.least(values), most), orders.several) >= PROOF
        return most if is_constant or orders.are_on_one_line(values) else None

    def _adds_up(self, lines: Floats, totals: Floats) -> float:
        """Share of the orders of several lines whose lines sum to their totals."""
        orders = self.evidence
        return share_of(close(orders.sums(lines), totals, orders.lines), orders.several)

    def _discounts(self, gross: Floats | None) -> Floats:
        """(n,) what was taken off each line; 0 where nothing."""
        nothing = np.zeros(len(self.counts))
        rate = self.numbers.get("discount_rate")
        discount = np.abs(self.numbers["discount"]) if "discount" in self.numbers else None
        base = gross if gross is not None else self.numbers.get("amount", nothing)
        if rate is not None:  # each cell has an amount or a share
            shares = np.nan_to_num(rate) * np.nan_to_num(base)
            return shares if discount is None else np.where(np.isnan(discount), shares, discount)
        if discount is None:
            return nothing
        discount = np.nan_to_num(discount)
        if are_rates(discount[self.counts], np.nan_to_num(base)[self.counts]):
            return discount * np.nan_to_num(base)
        if gross is not None and self.evidence.repeats(discount):
            once = self.orders.most(discount)
            within = self.orders.code >= 0
            return np.where(within, np.nan_to_num(self.orders.spread(once, np.abs(np.nan_to_num(gross)))), discount)
        return discount

    def _amounts(self, gross: Floats | None, off: Floats) -> tuple[Floats, str]:
        """(n,) amounts, and the code of the reading."""
        net = None if gross is None else less_discount(gross, off)
        if "line_total" in self.numbers:
            return self._of_lines("line_total", gross, net, off)
        if "amount" in self.numbers and self._repeated_total("amount") is None:
            return self._of_lines("amount", gross, net, off)
        role = next((role for role in ("amount", "order_total") if role in self.numbers), None)
        if role is None:
            return self._of_prices(gross, net, off)
        return self._of_orders(role, gross, net, off)

    def _of_lines(self, role: str, gross: Floats | None, net: Floats | None, off: Floats) -> tuple[Floats, str]:
        """Amounts that are of the line, unless they are an order's total or before a discount."""
        amount = self.numbers[role]
        if role == "line_total" and net is not None:
            total = self._repeated_total(role)
            if total is not None and self._adds_up(amount, total) < PROOF <= self._adds_up(net, total):
                return self._once(role, net), "order_total_once"
        if not (off > 0).any():
            return amount, "as_it_is"
        if self._is_before_discount(amount, gross, net, off):
            return less_discount(amount, off), "amount_less_discount"
        return amount, "as_it_is"

    def _is_before_discount(self, amount: Floats, gross: Floats | None, net: Floats | None, off: Floats) -> bool:
        """Whether a discount still has to be taken off a line's amount."""
        reduced, less = self.counts & (off > 0), less_discount(amount, off)
        total, values = self._repeated_total("order_total"), self.numbers.get("order_total")
        readings: list[tuple[float, float]] = []  # how far the lines are before, and after, their discount
        if gross is not None and net is not None and "quantity" in self.numbers:
            readings.append((share_of(close(amount, gross), reduced), share_of(close(amount, net), reduced)))
        if total is not None:
            readings.append((self._adds_up(less, total), self._adds_up(amount, total)))
        if values is not None:  # an order of one line has its total there
            single = reduced & self.evidence.are_single
            readings.append((share_of(close(less, values), single), share_of(close(amount, values), single)))
        for before, after in readings:
            if max(before, after) >= PROOF and before != after:
                return before > after
        self._ask("discount_after", amount, less, severity="notes")
        return False

    def _of_prices(self, gross: Floats | None, net: Floats | None, off: Floats) -> tuple[Floats, str]:
        """Amounts of a source that has prices only."""
        if gross is None or net is None:
            return np.full(len(self.counts), np.nan), "none"
        if (off > 0).any():
            self._ask("discount_open", net, gross)
            return net, "price_less_discount"
        return gross, "price_times_quantity" if "quantity" in self.numbers else "as_it_is"

    def _of_orders(self, role: str, gross: Floats | None, net: Floats | None, off: Floats) -> tuple[Floats, str]:
        """Amounts that may be an order's, on each of its lines or on one."""
        amount, total = self.numbers[role], self._repeated_total(role)
        if total is None:
            return amount, "as_it_is"
        for lines in (net, gross):
            if lines is not None and self._adds_up(lines, total) >= PROOF > self._adds_up(amount, total):
                self._note_repeated(role, amount, total, proven=True)
                return self._once(role, lines), "order_total_once"
        if net is not None and share_of(close(amount, net), self.counts) >= PROOF:
            return amount, "as_it_is"
        certain = role == "order_total" or self.evidence.are_on_one_line(amount)
        if certain or self._is_likely_total(net, total):
            self._note_repeated(role, amount, total, proven=certain or net is not None)
            return self._once(role, net), "order_total_once"
        if self._adds_up(amount, total) < PROOF and self.evidence.varied.sum() >= 2:
            self._ask("money_open", amount, self._once(role, net), role)
        return amount, "as_it_is"

    def _is_likely_total(self, net: Floats | None, total: Floats) -> bool:
        """Whether an amount that all lines of an order share is its total, where the lines do not sum to it exactly."""
        orders = self.evidence
        varied = orders.varied if orders.varied.any() else orders.several
        if net is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = total / orders.sums(net)
            return int(varied.sum()) >= 2 and share_of((ratio > _PLAUSIBLE[0]) & (ratio < _PLAUSIBLE[1]), varied) >= 0.9
        # Different items with one amount in nearly every order, and another amount in another order.
        amounts = np.round(total[varied], 2)
        differ = len(np.unique(amounts)) >= max(3, len(amounts) / 4)
        return int(varied.sum()) >= _ENOUGH and differ

    def _once(self, role: str, lines: Floats | None) -> Floats:
        """(n,) an order's total, spread over its lines; rows of no order keep their amount."""
        values = self.numbers[role]
        weights = np.ones(len(values)) if lines is None else np.maximum(np.nan_to_num(lines), 0.0)
        total = self.orders.most(values)
        negative = self.orders.least(values)
        total = np.where(np.isfinite(total), np.where(total > 0, total, negative), np.nan)
        return np.where(self.orders.code >= 0, self.orders.spread(total, weights), values)

    def _refunds(self, amount: Floats) -> Floats:
        """(n,) what was given back without a date; an order's refund stands on its first line."""
        of_order = "order_refund" in self.numbers
        column = self.numbers.get("order_refund", self.numbers.get("refund"))
        if column is None:
            return np.zeros(len(amount))
        refund, over = undated_refunds(column, amount, self.orders, self.evidence, of_order=of_order)
        if rows := int(over[self.counts].sum()):
            self.notes.append(finding("refund_above_order", "warns", rows, rows / len(refund)))
        return refund

    def _note_repeated(self, role: str, amount: Floats, total: Floats, *, proven: bool) -> None:
        """Say that an order's total stands on each of its lines and counts once."""
        once, repeated = sum_of(self._once(role, None), self.counts), sum_of(amount, self.counts)
        if abs(once - repeated) <= _OPEN * abs(repeated):
            return
        sums = {"column": self.names.get(role, role), "once": f"{once:,.2f}", "repeated": f"{repeated:,.2f}"}
        orders, share = int(self.evidence.several.sum()), abs(repeated - once) / max(abs(repeated), abs(once))
        self.notes.append(finding("total_once", "notes" if proven else "warns", orders, share, **sums))

    def _ask(
        self, code: str, first: Floats, second: Floats, role: str | None = None, severity: str | None = None
    ) -> None:
        """Name the sums of two readings where they differ."""
        if self.is_declared:
            return
        sums = [sum_of(reading, self.counts) for reading in (first, second)]
        share = abs(sums[0] - sums[1]) / max(*map(abs, sums), 1e-9)
        if share <= _OPEN:
            return
        named = (self.names.get(name) for name in (role or "", "unit_price", "price", "amount"))
        column = next((name for name in named if name), "")
        arguments = {
            "column": column,
            "discount": self.names.get("discount", self.names.get("discount_rate", "")),
            "first": f"{sums[0]:,.2f}",
            "second": f"{sums[1]:,.2f}",
        }
        grave = severity or ("spoils" if code == "money_open" and share > 0.25 else "warns")
        self.notes.append(finding(code, grave, int(self.counts.sum()), share, **arguments))  # type: ignore[arg-type]
