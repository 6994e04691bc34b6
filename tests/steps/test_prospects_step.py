"""A shop with a crowd who only look: customers are told of as without it, and the crowd apart, on every face."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pytest
from rich.console import Console

import shijin
from shijin import Shop
from shijin.console.forecast import forecast_summary
from shijin.errors import ConfigError, WorkspaceError
from shijin.report.totals import sum_up
from shijin.steps.export import ExportOptions, export
from shijin.steps.gather import report_data
from shijin.words import say_note
from shijin.workspace import Workspace

NOW = datetime(2024, 12, 1, tzinfo=UTC)
FIRST = datetime(2023, 1, 1, 12, tzinfo=UTC)
DAYS, H = 360, 30


def orders() -> pa.Table:
    draw = np.random.default_rng(1)
    rows = []
    for number in range(120):
        apart = draw.uniform(8, 60)
        for day in np.arange(draw.uniform(1, 60), DAYS - 1, apart)[: draw.integers(1, 15)]:
            amount = round(float(draw.lognormal(3, 0.5)), 2)
            rows.append((f"buyer {number}", FIRST + timedelta(days=int(day)), "order", amount))
    rows.append(("buyer 0", FIRST, "order", 20.0))
    rows.append(("buyer 0", FIRST + timedelta(days=DAYS - 1), "order", 20.0))
    return table_of(rows)


def crowd(n: int = 800) -> pa.Table:
    draw = np.random.default_rng(2)
    rows = []
    for number in range(n):
        day = int(draw.integers(2, DAYS - 2))
        rows.append((f"looker {number}", FIRST + timedelta(days=day), "view", None))
        if number % 8 == 0 and day < DAYS - 21:
            rows.append((f"looker {number}", FIRST + timedelta(days=day + 20), "order", 20.0))
    return table_of(rows)


def table_of(rows: list[tuple[str, datetime, str, float | None]]) -> pa.Table:
    names = ("customer_id", "ts", "type", "amount")
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def opened(folder: Path, *tables: pa.Table) -> Shop:
    shop = Shop(Workspace.create(folder / "shop"))
    for table in tables:
        shop.collect(table)
    return shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = opened(tmp_path_factory.mktemp("crowded"), orders(), crowd())
    made.train(f"{H}d")
    made.forecast(f"{H}d")
    made.backtest(f"{H}d")
    made.represent(f"{H}d")
    return made


def only_lookers(shop: Shop) -> set[str]:
    events = shop.events()
    kinds = events.group_by("customer_id").aggregate([("type", "list")])
    return {one["customer_id"] for one in kinds.to_pylist() if set(one["type_list"]) == {"view"}}


def card_of(shop: Shop) -> dict:
    return json.loads((shop.workspace.root / "scores" / "LATEST.json").read_text("utf-8"))


def test_the_forecast_says_who_has_not_bought(shop: Shop) -> None:
    table = shop.forecast(f"{H}d")
    prospects = table.filter(table["prospect"])
    assert set(prospects["customer_id"].to_pylist()) == only_lookers(shop)
    assert table.num_rows > prospects.num_rows > 700
    assert pc.max(prospects["historic_spend"]).as_py() == 0
    assert set(prospects["evidence"].to_pylist()) == {"thin"}


def test_notes_say_how_many_look_what_is_expected_of_them_and_from_what(shop: Shop) -> None:
    (note,) = [one for one in card_of(shop)["notes"] if one["code"] == "forecast.prospects"]
    table = shop.forecast(f"{H}d")
    prospects = table.filter(table["prospect"])
    assert note["prospects"] == prospects.num_rows
    assert note["buyers"] == f"{sum(prospects['p_active'].to_pylist()):,.0f}"
    window = (FIRST + timedelta(days=DAYS - H)).replace(hour=0)
    events = shop.events()
    before = events.filter(pc.less(events["ts"], window))
    known = set(before["customer_id"].to_pylist()) - set(
        before.filter(pc.equal(before["type"], "order"))["customer_id"].to_pylist()
    )
    later = events.filter(pc.and_(pc.greater_equal(events["ts"], window), pc.equal(events["type"], "order")))
    assert note["taught"] == len(known)
    assert note["bought"] == len(known & set(later["customer_id"].to_pylist()))
    assert f"{note['bought']} bought in it" in say_note(note, "en")
    assert f"其中 {note['bought']} 位" in say_note(note, "zh")
    (thin,) = [one for one in card_of(shop)["notes"] if one["code"] == "forecast.thin"]
    assert thin["customers"] == table.num_rows - prospects.num_rows


def test_page_and_console_count_customers_only(shop: Shop) -> None:
    table = shop.forecast(f"{H}d")
    customers = table.filter(pc.invert(table["prospect"]))
    totals = sum_up(report_data(shop.workspace, NOW).data)
    assert totals.customers == customers.num_rows == sum(totals.tiers["customers"].to_pylist())
    assert totals.expected_spend == pytest.approx(sum(customers["expected_spend"].to_pylist()))
    assert max(totals.tiers["customers_share"].to_pylist()) == pytest.approx(0.5, abs=0.01)
    told = Console(width=100, record=True, file=io.StringIO())
    told.print(forecast_summary(table, shop.workspace.config, "EUR"))
    assert f"{customers.num_rows} customers" in told.export_text()
    low, high = card_of(shop)["total_interval"]
    assert low < totals.expected_spend < high


def test_the_page_tells_of_them_apart_and_of_how_such_a_forecast_fared(shop: Shop) -> None:
    shop.report()
    html = (shop.workspace.root / "report.html").read_text("utf-8")
    result = shop.backtest(f"{H}d").result["prospects"]
    assert "looked but never bought" in html
    assert f"and {result['ordered']:.0f} did" in html


def test_the_map_and_vectors_are_of_customers(shop: Shop) -> None:
    assert set(shop.represent(f"{H}d")["customer_id"].to_pylist()).isdisjoint(only_lookers(shop))
    data = report_data(shop.workspace, NOW).data
    assert data.map is not None
    assert data.map.dots.num_rows == data.forecast.num_rows
    with pytest.raises(ConfigError, match="no customer 'looker 1' has bought"):
        shop.similar("looker 1", horizon=f"{H}d")


def test_a_backtest_gives_their_rows_and_a_damaged_file_is_said_in_one_line(shop: Shop) -> None:
    found = shop.backtest(f"{H}d")
    assert found.prospects.num_rows == found.result["prospects"]["customers"]
    assert sum(found.prospects["y_orders"].to_pylist()) >= found.result["prospects"]["ordered"] > 0
    (file,) = shop.workspace.root.glob("backtests/*/prospects.parquet")
    kept = file.read_bytes()
    try:
        file.write_bytes(kept[:100])
        with pytest.raises(WorkspaceError, match=r"prospects\.parquet"):
            shop.backtest(f"{H}d")
    finally:
        file.write_bytes(kept)


def test_the_list_to_send_says_who_has_not_bought(shop: Shop) -> None:
    table = csv.read_csv(shop.export())
    assert sum(table["prospect"].to_pylist()) == len(only_lookers(shop))
    result = export(shop.workspace, ExportOptions(), NOW)
    assert result.notes == ({"code": "forecast.prospects_listed", "prospects": len(only_lookers(shop))},)


def test_several_horizons_agree_for_them_too(shop: Shop) -> None:
    table = shop.forecast(["15d", f"{H}d"])
    by_days = {days: table.filter(pc.equal(table["horizon_days"], days)) for days in (15, H)}
    assert by_days[15]["customer_id"].equals(by_days[H]["customer_id"])
    for column in ("p_active", "expected_spend"):
        assert (by_days[H][column].to_numpy() >= by_days[15][column].to_numpy() - 1e-9).all()


def test_a_correction_has_the_same_effect_with_a_crowd_and_moves_no_prospect(tmp_path: Path) -> None:
    expected = {}
    never = pc.invert(
        pc.is_in(crowd()["customer_id"], crowd().filter(pc.equal(crowd()["type"], "order"))["customer_id"])
    )
    for name, tables in {"alone": (orders(),), "crowded": (orders(), crowd().filter(never))}.items():
        shop = opened(tmp_path / name, *tables)
        best = (
            shop.forecast(f"{H}d", zero_shot=True).sort_by([("expected_spend", "descending")])["customer_id"][0].as_py()
        )
        said = {
            "customer": [best, "looker 1"],
            "type": ["correction"] * 2,
            "value": ["low", "high"],
            "date": ["2023-12-20"] * 2,
        }
        shop.feedback(pa.table(said if name == "crowded" else {key: value[:1] for key, value in said.items()}))
        table = shop.forecast(f"{H}d", zero_shot=True)
        place = table["customer_id"].index(best).as_py()
        expected[name] = (best, table["expected_spend"][place].as_py(), table["tier"][place].as_py())
        notes = {note["code"]: note for note in card_of(shop)["notes"]}
        assert notes["forecast.corrected"]["moved"] == 1
        assert ("forecast.corrections_of_prospects" in notes) == (name == "crowded")
    assert expected["alone"] == expected["crowded"]


def test_a_forecast_of_a_table_tells_prospects_too() -> None:
    table = shijin.forecast(pa.concat_tables([orders(), crowd(50)]), f"{H}d")
    assert 30 < sum(table["prospect"].to_pylist()) < 50
