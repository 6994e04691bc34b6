"""Orders in several rows: their fields on every row, their amounts after discounts."""

import pyarrow as pa
import pytest

from shijin.collect.orders import copies_of, net_amounts, spread_over_rows
from shijin.config import EngineSection


def test_the_fields_of_an_order_reach_all_its_rows_and_its_lines_are_summed() -> None:
    ids, head = pa.array(["1", "1", "2"]), pa.array([True, False, True])
    copies = copies_of(ids, head, EngineSection())
    fields, amounts = {"country": pa.array(["DE", None, "FR"])}, {"gross": pa.array([3.0, 4.0, None])}
    spread = spread_over_rows(ids, copies, fields, amounts, EngineSection())
    assert {name: column.to_pylist() for name, column in spread.items()} == {
        "order_id": ["1", "1", "2"],
        "gross": [3.0, 4.0, None],
        "country": ["DE", "DE", "FR"],
        "order_gross": [7.0, 7.0, None],
        "broken": [False, False, True],
    }


@pytest.mark.parametrize(
    ("subtotal", "discounts", "expected"),
    [
        (80.0, None, [16.0, 64.0]),  # the subtotal, in proportion 20 : 80
        (None, 10.0, [18.0, 72.0]),  # without a subtotal the lines less the discount
        (300.0, 10.0, [18.0, 72.0]),  # a subtotal above the lines is not plausible
        (100.0, 0.0, [20.0, 80.0]),
    ],
)
def test_a_discount_of_the_order_is_spread_in_proportion(
    subtotal: float | None, discounts: float | None, expected: list[float]
) -> None:
    def of_order(value: float | None) -> pa.Array:
        return pa.array([value] * 2, pa.float64())

    order = {"gross": pa.array([20.0, 80.0]), "line_discount": of_order(0.0), "order_gross": of_order(100.0)}
    order |= {"order_line_discount": of_order(0.0), "subtotal": of_order(subtotal), "discounts": of_order(discounts)}
    assert net_amounts(order).to_pylist() == pytest.approx(expected)
