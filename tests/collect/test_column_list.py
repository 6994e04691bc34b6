"""A refusal names the columns that could be the one in question first, and how many more there are."""

from pathlib import Path

import pyarrow as pa
import pytest

from collecting import read_file
from shijin.collect.column_list import listed, shortened
from shijin.collect.raw import from_arrow
from shijin.errors import SourceError

FIELDS = {f"Field {n}": ["x", "y", "z"] if n % 2 else ["1.5", "2.5", "2.5"] for n in range(40)}


def names_of(columns: dict[str, list[str]]) -> str:
    return listed(from_arrow(pa.table(columns), "orders", "", {}, "orders"))


@pytest.mark.parametrize("name", ["Patron Ref", "Zorblax", "小主", "Kd-Nr", "Who"])
def test_a_column_whose_values_come_again_is_named_first_wherever_it_stands(name: str) -> None:
    listing = names_of({**FIELDS, name: ["k1", "k2", "k1"]})
    assert listing.startswith(name)
    assert listing.endswith("… (+ 21)")


def test_few_columns_are_named_in_their_own_order() -> None:
    assert names_of({"b": ["1"], "a": ["2"]}) == "b, a"
    assert shortened([str(n) for n in range(20)]).endswith("18, 19")


def test_the_names_and_the_number_of_the_rest_are_all_columns() -> None:
    listing = names_of(FIELDS)
    assert len(listing.split(" … ")[0].split(", ")) + 20 == len(FIELDS)
    assert listing.endswith("(+ 20)")


def test_a_refusal_shows_the_column_that_could_be_the_customer(tmp_path: Path) -> None:
    names = ["Order Date", "Order Total", *(f"Field {n}" for n in range(40)), "Patron Ref"]
    rows = [f"2024-01-0{n + 1},{n}.00,{','.join(40 * ['x'])},k{n % 3}" for n in range(9)]
    with pytest.raises(SourceError, match=r"no customer column; the columns are .*Patron Ref.*… \(\+ 23\)"):
        read_file(tmp_path, "\n".join([",".join(names), *rows]))
