"""The findings of a check; the data of an honest shop is never spoilt."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from shijin.config import Config
from shijin.prepare import findings as findings_module
from shijin.prepare.findings import findings_table, verdict
from shijin.prepare.quality import check
from shijin.schema import EVENTS, QUARANTINE, REJECT_REASONS, conform
from shijin.words import LANGUAGES, catalogue, say

START = datetime(2024, 1, 1, 12, tzinfo=UTC)
NOW = datetime(2025, 6, 1, tzinfo=UTC)
NONE_REJECTED = QUARANTINE.empty_table()


def events(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Events from rows of day, customer and other columns; by default an order of its own number."""
    filled = [
        {
            "customer_id": str(row.get("customer", place)),
            "ts": START + timedelta(days=row.get("day", 0)),
            "type": row.get("type", "order"),
            "event_id": f"e{place}",
            "order_id": row.get("order", f"o{place}"),
            "item_id": row.get("item", f"i{place % 7}"),
            "quantity": row.get("quantity", 1.0),
            "amount": float(row.get("amount", 10 + place % 13)),
            "currency": row.get("currency"),
        }
        for place, row in enumerate(rows)
    ]
    schema = pa.schema([field for field in EVENTS if field.name in filled[0]])
    return conform(pa.Table.from_pylist(filled, schema=schema), EVENTS, "test")


def steady(days: int = 140, a_day: int = 10) -> list[dict[str, Any]]:
    return [{"day": n // a_day, "customer": n % 97} for n in range(days * a_day)]


def findings_of(rows: Sequence[dict[str, Any]], rejected: pa.Table = NONE_REJECTED) -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in check(events(rows), rejected, Config(), NOW).to_pylist()}


def test_a_steady_shop_has_no_findings() -> None:
    assert findings_of(steady()) == {}


@pytest.mark.parametrize("seed", range(4))
def test_a_small_honest_shop_is_warned_but_never_spoilt(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [
        {"day": int(day), "customer": int(rng.integers(0, 12)), "amount": float(rng.choice([5.0, 10.0])), "order": None}
        for day in np.sort(rng.integers(0, 300, 60))
    ]
    severities = {row["severity"] for row in findings_of(rows).values()}
    assert "spoils" not in severities
    assert "few_customers" in findings_of(rows)


def test_a_seasonal_shop_that_closes_half_the_year_is_not_spoilt() -> None:
    rows = [row for row in steady(360) if row["day"] % 180 < 90]
    codes = findings_of(rows)
    assert codes["gap_days"]["severity"] == "warns"
    assert "spoils" not in {row["severity"] for row in codes.values()}


def test_days_without_any_order_are_found_with_their_dates() -> None:
    rows = [row for row in steady() if row["day"] not in (50, 51, 52)]
    gap = findings_of(rows)["gap_days"]
    assert (gap["rows"], gap["examples"]) == (3, ["2024-02-20", "2024-02-21", "2024-02-22"])


def test_a_shop_closed_on_sundays_has_no_gaps() -> None:
    assert "gap_days" not in findings_of([row for row in steady(280, 20) if row["day"] % 7 != 6])


def test_a_week_far_from_those_around_it_is_found() -> None:
    rows = steady() + [{"day": 70 + n % 7, "customer": n % 97} for n in range(300)]
    assert findings_of(rows)["level_weeks"]["examples"] == ["2024-03-11"]


def test_a_lasting_change_of_level_is_found_with_its_factor() -> None:
    rows = steady(280) + [{"day": 140 + n % 140, "customer": n % 97} for n in range(140 * 40)]
    arguments = json.loads(findings_of(rows)["level_shift"]["arguments"])
    assert (arguments["day"], arguments["factor"]) == ("2024-05-20", "5")


def test_rows_that_repeat_another_are_counted_and_spoil_where_most_do() -> None:
    rows = [row | {"order": f"o{place}", "item": "i", "amount": 5} for place, row in enumerate(steady(100, 1))]
    few = findings_of([*rows, *rows[:20]])["repeated_rows"]
    assert (few["rows"], few["severity"]) == (20, "warns")
    assert findings_of([*rows, *rows])["repeated_rows"]["severity"] == "spoils"


def test_an_order_total_repeated_on_each_line_spoils() -> None:
    rows = [{"order": f"o{n // 2}", "customer": n // 2, "day": n, "amount": 10 + n // 2} for n in range(100)]
    repeated = [row | {"item": f"i{place % 2}"} for place, row in enumerate(rows)]
    assert findings_of(repeated)["totals_repeated"]["severity"] == "spoils"
    assert "totals_repeated" not in findings_of([row | {"amount": 5} for row in repeated])  # a shop of one price


def test_several_currencies_spoil() -> None:
    rows = [row | {"currency": "EUR" if n % 2 else "USD"} for n, row in enumerate(steady())]
    assert json.loads(findings_of(rows)["currencies_mixed"]["arguments"])["currencies"] == "EUR, USD"


def test_one_mistyped_amount_that_outweighs_the_shop_spoils_and_a_large_order_warns() -> None:
    huge = findings_of([*steady(), {"amount": 1e6, "customer": 5, "day": 3}])["extreme_amounts"]
    assert (huge["severity"], huge["rows"]) == ("spoils", 1)
    assert (
        findings_of([*steady(), {"amount": 6000.0, "customer": 5, "day": 3}])["extreme_amounts"]["severity"] == "warns"
    )


def test_one_customer_with_a_large_share_is_named() -> None:
    rows = [row | {"customer": "till" if n % 3 == 0 else row["customer"]} for n, row in enumerate(steady())]
    assert findings_of(rows)["large_customer"]["examples"] == ["till"]


def test_refunds_without_a_date_are_a_finding_with_their_share_of_money() -> None:
    rows = [{"amount": 100.0, "customer": n, "day": n} for n in range(100)]
    refunds = [{"type": "refund_undated", "amount": -50.0, "customer": n, "day": n} for n in range(4)]
    undated = findings_of(rows + refunds)["undated_refunds"]
    assert (undated["rows"], undated["share"], undated["severity"]) == (4, 200 / 10_000, "notes")
    assert findings_of(rows + refunds * 2)["undated_refunds"]["severity"] == "warns"


@pytest.mark.parametrize("kind", ["order", "return", "view"])
def test_a_lone_row_dated_decades_before_the_others_is_a_finding_and_hides_nothing_else(kind: str) -> None:
    lone = {"day": -54 * 365, "customer": 5, "type": kind, "amount": -1.0 if kind == "return" else 10.0}
    early = findings_of([lone, *steady()])
    assert set(early) == {"lone_early_rows"}
    early_rows = early["lone_early_rows"]
    assert (early_rows["severity"], early_rows["rows"], early_rows["share"]) == ("warns", 1, 1 / 1401)
    assert early_rows["examples"] == ["e0"]
    assert json.loads(early_rows["arguments"])["day"] == "1970-01-14"
    assert json.loads(early_rows["arguments"])["begins"] == "2024-01-01"


@pytest.mark.parametrize(("rows", "days"), [(8, 54 * 365), (1, 700)])
def test_many_early_rows_or_a_shorter_pause_are_the_shops_own_past(rows: int, days: int) -> None:
    assert "lone_early_rows" not in findings_of([{"day": -days, "customer": n} for n in range(rows)] + steady())


def test_early_rows_are_lone_up_to_the_last_long_pause() -> None:
    lone = [{"day": -day, "customer": day} for day in (40_000, 20_000, 1_000)]
    assert findings_of([*lone, *steady()])["lone_early_rows"]["rows"] == 3


def test_other_untidiness_is_a_finding() -> None:
    rows = steady()
    rows[0] |= {"quantity": 0.0}
    rows[1] |= {"amount": 0.0}
    rows[2] |= {"order": "same", "customer": "a"}
    rows[3] |= {"order": "same", "customer": "b"}
    rows[4] |= {"order": None}
    rows[5] |= {"type": "unboxing"}
    rows[6] |= {"day": 900, "type": "view"}
    codes = findings_of(rows)
    assert set(codes) == {
        "impossible_quantity",
        "zero_amounts",
        "orders_shared",
        "no_order_ids",
        "own_types",
        "future_events",
    }
    assert codes["impossible_quantity"]["examples"] == ["e0"]
    assert codes["orders_shared"]["examples"] == ["same"]


def test_all_orders_on_one_day_and_a_short_history_are_findings() -> None:
    assert "one_day" in findings_of([{"customer": n} for n in range(40)])
    assert "short_history" in findings_of([{"customer": n, "day": n} for n in range(40)])


def test_many_returns_are_a_finding() -> None:
    rows = [*steady(), *({"type": "return", "amount": -60.0, "customer": n, "day": 3} for n in range(300))]
    assert "many_returns" in findings_of(rows)


def test_rows_set_aside_are_a_finding_with_their_share_and_row_numbers() -> None:
    rows = [{"reason": "no_customer", "source_row": n} for n in range(1, 2001)]
    rejected = conform(pa.Table.from_pylist(rows), QUARANTINE, "test")
    finding = findings_of(steady(), rejected)["no_customer"]
    assert (finding["severity"], finding["rows"], finding["share"]) == ("warns", 2000, 2000 / 3400)
    assert finding["examples"][:2] == ["1", "2"]


def test_no_orders_spoil() -> None:
    assert findings_of([{"type": "view"}])["no_orders"]["severity"] == "spoils"


def test_every_finding_has_its_words_with_the_same_placeholders_in_both_languages() -> None:
    root = Path(findings_module.__file__).parents[1]
    sources = [path for package in ("prepare", "collect") for path in root.glob(f"{package}/**/*.py")]
    codes = {code for path in sources for code in re.findall(r'finding\(\s*"(\w+)"', path.read_text("utf-8"))}
    assert len(codes) > 20
    for code in codes | set(REJECT_REASONS):
        words = catalogue()[f"findings.{code}"]
        fields = {language: set(re.findall(r"{(\w+)}", words[language])) for language in LANGUAGES}
        assert fields["en"] == fields["zh"], code


def test_every_finding_has_a_sentence_in_both_languages() -> None:
    rows = [*steady(), {"amount": 1e6, "customer": 5, "day": 3}, *({"day": 70, "customer": 1} for _ in range(300))]
    for row in findings_of(rows).values():
        for language in LANGUAGES:
            assert "{" not in say(f"findings.{row['code']}", language, **json.loads(row["arguments"]))


def test_the_verdict_is_that_of_the_most_severe_finding() -> None:
    code, counts = verdict(check(events([*steady(), {"amount": 1e6, "day": 3}]), NONE_REJECTED, Config(), NOW))
    assert code == "check.verdict_spoils"
    assert say(code, "en", **counts) == "The data would spoil a forecast; findings to correct first: 1."
    assert verdict(findings_table([]))[0] == "check.verdict_fine"
