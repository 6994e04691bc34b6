"""Write the order file of docs/tutorial.md: semicolons, decimal commas, days first, leading zeros, and some odd rows.

    python examples/write_orders.py orders.csv

The orders are simulated, equal in every run, with the standard library only.
"""

from __future__ import annotations

import random
import sys
from datetime import date, timedelta
from pathlib import Path

HEADER = "Customer no;Order no;Order date;Article;Pieces;Line;Total"
ARTICLES = [(f"A-{number:03d}", 4 + (number * 37) % 60) for number in range(40)]
CUSTOMERS, DAYS, FIRST_DAY = 400, 540, date(2023, 1, 2)


def days_of_orders(dice: random.Random) -> list[int]:
    """Days on which one customer orders: from a first day on, at the customer's own rate, until the customer leaves."""
    day, mean_gap, leaves = dice.randrange(DAYS), dice.gammavariate(2.0, 25.0) + 5, dice.random() * 0.3
    days = []
    while day < DAYS:
        days.append(day)
        if dice.random() < leaves:
            break
        day += 1 + int(dice.expovariate(1 / mean_gap))
    return days


def lines_of_order(dice: random.Random, customer: str, order: int, day: int) -> list[str]:
    """Rows of one order, one for each article, with the order's total on each row."""
    basket = [(*dice.choice(ARTICLES), dice.choice((1, 1, 1, 2, 3))) for _ in range(dice.choice((1, 1, 2, 3)))]
    total = sum(price * pieces for _, price, pieces in basket)
    head = f"{customer};{order};{FIRST_DAY + timedelta(days=day):%d.%m.%Y}"
    return [f"{head};{name};{pieces};{price * pieces},50;{total},{len(basket)}0" for name, price, pieces in basket]


def orders() -> list[str]:
    """All rows, oldest order first; the last three are a guest, a return, and a date that does not exist."""
    dice = random.Random(20)
    order_days = [(day, f"{customer:05d}") for customer in range(CUSTOMERS) for day in days_of_orders(dice)]
    rows = [
        row
        for order, (day, customer) in enumerate(sorted(order_days), 70001)
        for row in lines_of_order(dice, customer, order, day)
    ]
    odd_rows = [
        ";79001;03.06.2024;A-003;1;59,50;59,50",
        "00007;79002;05.06.2024;A-002;-1;-22,50;-22,50",
        "00008;79003;31.02.2024;A-001;1;41,50;41,50",
    ]
    return rows + odd_rows


def main() -> None:
    """Write the file."""
    to = Path(sys.argv[1] if len(sys.argv) > 1 else "orders.csv")
    to.write_text("\n".join([HEADER, *orders()]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
