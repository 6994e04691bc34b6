"""A source is read by the first format that recognises it, or by the one that is named."""

from pathlib import Path

import pytest

from collecting import PLAIN, read_file
from shijin.collect.source import FORMAT_NAMES, FORMATS
from shijin.errors import ConfigError

SHOPIFY = "Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem price\n#1,a@x.org,2024-01-02,1,Cup,5\n"


def test_the_plain_table_comes_last_and_recognises_any_columns() -> None:
    assert FORMATS[-1].name == "table"
    assert FORMATS[-1].recognises(["x"])
    assert not any(one.recognises(["x"]) for one in FORMATS[:-1])


def test_each_format_has_a_name_that_an_option_may_choose() -> None:
    assert set(FORMAT_NAMES) == {"auto", *(one.name for one in FORMATS)}
    assert len(FORMAT_NAMES) == len(FORMATS) + 1


def test_a_file_is_read_by_the_format_that_recognises_it(tmp_path: Path) -> None:
    assert read_file(tmp_path, SHOPIFY).reading.format == "shopify"
    assert read_file(tmp_path, PLAIN + "a,2024-01-02,5\n").reading.format == "table"


def test_a_named_format_wins(tmp_path: Path) -> None:
    columns = {"customer_id": "Email", "ts": "Created at", "amount": "Lineitem price"}
    assert read_file(tmp_path, SHOPIFY, format="table", map=columns).reading.format == "table"


def test_an_unknown_format_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    names = ", ".join(FORMAT_NAMES)
    with pytest.raises(ConfigError, match=rf"does not read a format 'bazaar'. Cure: choose {names}"):
        read_file(tmp_path, SHOPIFY, format="bazaar")
