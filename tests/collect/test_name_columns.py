"""A column called just "Name" is that of the customer or of the product, by what it goes with."""

from pathlib import Path

import pytest

from collecting import read_file, values_of

PEOPLE, ITEMS = ["Ann Lee", "Bob Kim", "Cleo May"], ["Green Tea", "Blue Mug", "Tea Pot", "Rice Bowl"]


def rows(*columns: str) -> str:
    """Twelve orders; a column is written by what it holds: who, e-mail, person, product or sku."""
    lines = []
    for n in range(12):
        cells = {"who": f"c{n % 3}", "mail": f"{n % 3}@x.org", "person": PEOPLE[n % 3]}
        cells |= {"product": ITEMS[n % 4], "sku": f"s{n % 4}"}
        lines.append(",".join([f"{n}", f"2024-01-{n + 1:02d}", f"{n + 10}", *(cells[name] for name in columns)]))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", ["Name", "NAME", "Nom", "Nombre", "name"])
@pytest.mark.parametrize("who", ["Customer ID,who", "Email,mail"])
def test_a_name_that_goes_with_the_customer_is_a_contact(name: str, who: str, tmp_path: Path) -> None:
    column, kind = who.split(",")
    collected = read_file(tmp_path, f"order,date,total,{column},{name}\n{rows(kind, 'person')}")
    assert collected.items.num_rows == 0
    assert sorted(collected.contacts["last_name"].to_pylist()) == ["Kim", "Lee", "May"]


def test_a_name_that_goes_with_the_code_is_the_products(tmp_path: Path) -> None:
    collected = read_file(tmp_path, f"order,date,total,Customer ID,SKU,Name\n{rows('who', 'sku', 'product')}")
    assert sorted(collected.items["name"].to_pylist()) == sorted(ITEMS)


def test_a_name_that_varies_within_a_customer_is_the_item(tmp_path: Path) -> None:
    collected = read_file(tmp_path, f"order,date,total,Customer ID,Name\n{rows('who', 'product')}")
    assert {item for (item,) in values_of(collected, "item_id")} == set(ITEMS)


@pytest.mark.parametrize("name", ["Name", "姓名"])
def test_a_name_is_the_customer_where_nothing_else_is(name: str, tmp_path: Path) -> None:
    collected = read_file(tmp_path, f"order,date,total,{name}\n{rows('person')}")
    assert {who for (who,) in values_of(collected, "customer_id")} == set(PEOPLE)
    assert "names_as_customers" in collected.findings["code"].to_pylist()
