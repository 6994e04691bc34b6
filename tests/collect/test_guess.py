"""Encodings, delimiters, columns, dates and decimal signs are guessed, or chosen by the user."""

from pathlib import Path

import pytest

from collecting import PLAIN, read_file, utc, values_of
from shijin.errors import ConfigError, SourceError


def test_utf8_with_a_byte_order_mark_semicolons_and_decimal_commas_goes_in(tmp_path: Path) -> None:
    file = "\ufeffKunde;customer;order date;amount\n1;0815;05.03.2024;1.234,50\n2;0816;25.03.2024;7,5\n"
    assert values_of(read_file(tmp_path, file), "customer_id", "ts", "amount") == [
        ("0815", utc(2024, 3, 5), 1234.5),
        ("0816", utc(2024, 3, 25), 7.5),
    ]


def test_days_come_first_where_a_date_can_mean_nothing_else(tmp_path: Path) -> None:
    file = PLAIN + "a,05/03/2024,1\na,25/03/2024,1\n"
    collected = read_file(tmp_path, file)
    assert values_of(collected, "ts") == [(utc(2024, 3, 5),), (utc(2024, 3, 25),)]
    assert collected.findings.num_rows == 0


def test_an_unknown_or_wrong_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no encoding 'klingon'"):
        read_file(tmp_path, PLAIN + "a,2024-01-01,3\n", encoding="klingon")
    with pytest.raises(SourceError, match="byte 22 is not ascii text"):
        read_file(tmp_path, PLAIN + "é,2024-01-01,3\n", encoding="ascii")


def test_a_map_to_a_column_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column 'who' for customer_id; the columns are customer_id, ts, amount"):
        read_file(tmp_path, PLAIN + "a,2024-01-01,3\n", map={"customer_id": "who"})
    with pytest.raises(ConfigError, match="did you mean 'amount'"):
        read_file(tmp_path, PLAIN + "a,2024-01-01,3\n", map={"amout": "amount"})
