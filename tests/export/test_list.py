"""The list: sorted, held out by a hash that nothing shifts, safe in a spreadsheet, without contacts unless asked."""

import csv
import hashlib
import io
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.config import Config, ExportSection
from shijin.errors import SchemaError
from shijin.export.list import FIRST_COLUMNS, export_list, to_csv
from shijin.schema import FORECAST


def forecast(ids: list[str], expected_spend: list[float] | None = None) -> pa.Table:
    n = len(ids)
    spend = np.array(expected_spend if expected_spend else np.arange(n), dtype=float)
    columns = {
        "customer_id": ids,
        "cutoff": pa.array([datetime(2024, 5, 1, tzinfo=UTC)] * n, pa.timestamp("us", tz="UTC")),
        "horizon_days": pa.array([60] * n, pa.int32()),
        "expected_spend": spend,
        "expected_orders": spend / 10,
        "p_active": np.full(n, 0.25),
        "spend_p10": np.zeros(n),
        "spend_p50": spend / 2,
        "spend_p90": spend * 2,
        "next_order_date": pa.array([date(2024, 6, 3)] + [None] * (n - 1), pa.date32()),
        "tier": ["high"] * n,
        "evidence": ["thin"] * n,
        "prospect": [False] * n,
        "historic_spend": spend * 3,
    }
    return pa.table(columns, schema=FORECAST)


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def with_export(**values: object) -> Config:
    return Config(export=ExportSection(**values))


def test_best_customers_come_first_and_equals_by_their_id() -> None:
    table = export_list(forecast(["b", "c", "a", "d"], [1, 5, 1, 2]), Config())
    assert table["customer_id"].to_pylist() == ["c", "d", "a", "b"]


def test_columns_are_those_of_the_contract_in_its_order() -> None:
    table = export_list(forecast(["a"]), Config())
    assert tuple(table.column_names) == FIRST_COLUMNS
    assert table["churn_risk"].to_pylist() == [0.75]


def test_money_has_two_decimals_and_other_numbers_four() -> None:
    row = export_list(forecast(["a"], [12.34567]), Config()).to_pylist()[0]
    money = ("expected_spend", "spend_p10", "spend_p50", "spend_p90", "historic_spend")
    assert [row[name] for name in money] == [12.35, 0.0, 6.17, 24.69, 37.04]
    assert row["expected_orders"] == 1.2346


def test_an_amount_with_a_tiny_error_of_its_bits_is_written_with_two_decimals() -> None:
    table = forecast(["a"])
    place = table.column_names.index("historic_spend")
    table = table.set_column(place, "historic_spend", pa.array([2740.2999999999997]))
    assert read(to_csv(export_list(table, Config())))[0]["historic_spend"] == "2740.3"


def test_the_same_customers_are_held_out_when_others_come() -> None:
    few = export_list(forecast([f"c{i}" for i in range(300)]), with_export(holdout=0.3))
    many = export_list(forecast([f"c{i}" for i in range(200, 2000)]), with_export(holdout=0.3))
    side = dict(zip(many["customer_id"].to_pylist(), many["holdout"].to_pylist(), strict=True))
    both = [
        (held, side[customer])
        for customer, held in zip(few["customer_id"].to_pylist(), few["holdout"].to_pylist(), strict=True)
        if customer in side
    ]
    assert len(both) == 100
    assert all(before == after for before, after in both)


def test_the_held_out_share_is_the_configured_one() -> None:
    ids = [f"c{i}" for i in range(20_000)]
    share = np.mean(export_list(forecast(ids), with_export(holdout=0.1))["holdout"].to_pylist())
    assert share == pytest.approx(0.1, abs=5 * np.sqrt(0.1 * 0.9 / 20_000))
    assert not any(export_list(forecast(ids), with_export(holdout=0.0))["holdout"].to_pylist())


def test_a_new_salt_draws_anew_and_a_larger_share_keeps_who_was_held_out() -> None:
    ids = [f"c{i}" for i in range(2000)]

    def held(**values: object) -> set[str]:
        table = export_list(forecast(ids), with_export(**values))
        return set(table.filter(table["holdout"])["customer_id"].to_pylist())

    small, large, other = held(holdout=0.1), held(holdout=0.2), held(holdout=0.1, salt="spring")
    assert small < large
    assert 0 < len(small & other) < len(small)


def test_the_hash_is_the_one_other_tools_compute() -> None:
    upper = int(hashlib.md5(b"shijin:c1").hexdigest()[:12], 16) / 16**12
    just_in, just_out = upper + 1e-9, upper - 1e-9
    assert export_list(forecast(["c1"]), with_export(holdout=just_in))["holdout"].to_pylist() == [True]
    assert export_list(forecast(["c1"]), with_export(holdout=just_out))["holdout"].to_pylist() == [False]


def test_contacts_are_there_only_when_handed_in() -> None:
    contacts = pa.table({"customer_id": ["b", "x"], "email": ["b@shop.example", "x@shop.example"]})
    table = export_list(forecast(["a", "b"]), Config(), contacts)
    assert table["customer_id"].to_pylist() == ["b", "a"]
    assert table["email"].to_pylist() == ["b@shop.example", None]
    assert "email" not in export_list(forecast(["a"]), Config()).column_names


def test_two_rows_of_contacts_for_a_customer_are_refused() -> None:
    contacts = pa.table({"customer_id": ["a", "a"], "email": ["1@shop.example", "2@shop.example"]})
    with pytest.raises(SchemaError, match="more than one row of contacts"):
        export_list(forecast(["a"]), Config(), contacts)


@pytest.mark.parametrize("dangerous", ["=1+1", "+44 20", "-5", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(dangerous: str) -> None:
    rows = read(to_csv(export_list(forecast([dangerous]), Config())))
    assert rows[0]["customer_id"].replace("\r", "\n") == ("'" + dangerous).replace("\r", "\n")


def test_numbers_dates_and_truth_values_are_left_alone() -> None:
    table = pa.table({"amount": [-5.5], "day": pa.array([date(2024, 6, 3)]), "holdout": [True], "text": ["plain-text"]})
    assert to_csv(table) == b'\xef\xbb\xbf"amount","day","holdout","text"\n-5.5,2024-06-03,"True","plain-text"\n'


def test_missing_values_are_empty_cells() -> None:
    rows = read(to_csv(export_list(forecast(["a", "b"], [2, 1]), Config())))
    assert [row["next_order_date"] for row in rows] == ["2024-06-03", ""]


def test_chinese_and_quotes_survive() -> None:
    rows = read(to_csv(export_list(forecast(['张 "三", 李']), Config())))
    assert rows[0]["customer_id"] == '张 "三", 李'


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1, max_size=20, unique=True))
def test_every_id_comes_back_with_at_most_an_apostrophe_and_no_formula(ids: list[str]) -> None:
    back = [row["customer_id"] for row in read(to_csv(export_list(forecast(ids), Config())))]
    assert sorted(cell.removeprefix("'") for cell in back) == sorted(cell.removeprefix("'") for cell in ids)
    assert not any(cell.startswith(tuple("=+-@")) for cell in back)
