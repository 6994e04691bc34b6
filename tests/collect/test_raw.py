"""Columns whose bytes are not text."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collecting import read_file, values_of
from shijin.errors import SourceError


def parquet_of(**columns: pa.Array) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


NOT_TEXT = pa.array([b"a", b"\xff\xfe\x80"])


NOT_TEXT_OF_TYPE_STRING = pa.Array.from_buffers(pa.string(), 2, NOT_TEXT.buffers())


@pytest.mark.parametrize("customers", [NOT_TEXT, NOT_TEXT_OF_TYPE_STRING, NOT_TEXT.dictionary_encode()])
def test_customers_in_bytes_that_are_not_text_are_refused(customers: pa.Array, tmp_path: Path) -> None:
    table = {"ts": pa.array(["2024-01-01"] * 2), "amount": pa.array([1.0, 2.0])}
    with pytest.raises(SourceError, match="the column customer_id is not UTF-8 text"):
        read_file(tmp_path, parquet_of(customer_id=customers, **table), "x.parquet")


def test_bytes_that_are_text_are_read_and_columns_without_a_role_may_hold_any_bytes(tmp_path: Path) -> None:
    table = {"ts": pa.array(["2024-01-01", "2024-01-02"]), "amount": pa.array([1.0, 2.0]), "picture": NOT_TEXT}
    customers = pa.array([b"a", None])
    collected = read_file(tmp_path, parquet_of(customer_id=customers, **table), "x.parquet")
    assert values_of(collected, "customer_id") == [("a",)]
    assert collected.rejected["reason"].to_pylist() == ["no_customer"]
