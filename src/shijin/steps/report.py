"""report: everything the shop has found out, as one page; and the same numbers for the charts of a notebook."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.forecasting.behaviour import MOST_HORIZON_DAYS
from shijin.forecasting.stack import NAME as STACK
from shijin.forecasting.verdict import verdict
from shijin.metrics.value import deciles, reliability
from shijin.notes import Note
from shijin.report.data import METRICS, Backtest, Case, CustomerMap, MapMissing, Paired, ReportData, ScoreRow
from shijin.report.page import page
from shijin.represent.packed import DAY_US, Kind, Packed
from shijin.sampling import evenly
from shijin.segment.likeness import FEW
from shijin.segment.tiers import of_customers
from shijin.steps.backtest import RESULT, read_backtest, read_result, unjudged
from shijin.steps.backtest import ROWS as MEMBERS_FILE
from shijin.steps.defaults import currency_of, cutoff_of, read_packed
from shijin.steps.read import read_findings
from shijin.steps.report_lists import read_demanded, read_judged_lists, read_wanted, wanted_missing
from shijin.steps.represent import LOOKED_AT, read_places
from shijin.steps.score import latest_score, looks_back
from shijin.steps.train import read_model
from shijin.words import say_note
from shijin.workspace import Receipt, Workspace
from shijin.workspace.receipts import started

FILE = "report.html"
Judged = tuple[dict[str, Any], pa.Table]  # a backtest's figures and its rows
THIN = "forecast.thin"  # the page says it in its own place, and so it does with these
WHY_UNTRAINED = ("no_model", "zero_shot", "model_is_later", "too_young", "too_few", "too_quiet")
WHO_ANSWERS = ("behaviour_answers", "formula_answers", "btyd_answers")
UNTRAINED = tuple(f"forecast.{name}" for name in (*WHY_UNTRAINED, *WHO_ANSWERS))


def report(workspace: Workspace, now: datetime) -> tuple[Receipt, None]:
    """Write the page.

    Returns
    -------
    Receipt
        ``outputs`` names the file, ``inputs`` the score and the backtest that it shows.
    """
    data, shown = report_data(workspace, now)
    html = page(data)
    path = workspace.root / FILE
    if not path.exists() or path.read_text("utf-8") != html:
        workspace.write_text(FILE, html)
    return Receipt("report", started(now), inputs=shown, outputs=(FILE,)), None


def report_data(workspace: Workspace, now: datetime) -> tuple[ReportData, dict[str, Any]]:
    """Gather what the page shows: the newest forecast, and the newest backtest of the same horizon."""
    card, everybody = latest_score(workspace)
    forecast = of_customers(everybody)
    packed = read_packed(workspace)
    day = date.fromisoformat(card["cutoff"])
    cutoff, horizon_days = cutoff_of(packed, day), int(card["horizon_days"])
    newest = _newest_backtest(workspace, day, horizon_days)
    recent_customers, recent_spend = _recent(packed, cutoff, horizon_days)
    shown = _map(workspace, day, horizon_days, forecast)
    wanted = read_wanted(workspace, forecast)
    judged = read_judged_lists(workspace, wanted.horizon_days, wanted.cutoff) if wanted else None
    shop, back = workspace.config.shop, looks_back(workspace, card["cutoff"])
    notes = [*back, *card["notes"], *(_of_prospects(newest[1][0]) if newest else [])]
    data = ReportData(
        shop=shop.name,
        currency=currency_of(workspace),
        locale=shop.locale,
        cutoff=day,
        horizon_days=horizon_days,
        forecast=forecast,
        tiers=workspace.config.tiers.names,
        months=monthly(packed, cutoff),
        findings=read_findings(workspace, now),
        recent_customers=recent_customers,
        recent_spend=recent_spend,
        interval=tuple(card["total_interval"]) if card.get("total_interval") else None,
        backtest=_backtest(*newest[1]) if newest else None,
        case=_case(workspace, card["model"]),
        map=shown,
        map_missing=None if shown else _map_missing(forecast, horizon_days),
        wanted=wanted,
        wanted_missing=None if wanted else wanted_missing(packed),
        demanded=read_demanded(workspace),
        judged_lists=judged[1] if judged else None,
        unjudged=None if newest else unjudged(packed, cutoff, horizon_days),
        untrained=tuple(_sentences(note) for note in card["notes"] if note["code"] in UNTRAINED),
        notes=tuple(_sentences(note) for note in notes if note["code"] not in (THIN, *UNTRAINED)),
        receipts=_collected(workspace),
        version=version("shijin"),
    )
    told = {"backtest": newest[0] if newest else None, "backtest_items": judged[0] if judged else None}
    return data, {"score": card["id"], **told, "notes": back}


def monthly(packed: Packed, cutoff: int) -> pa.Table:
    """Spend, orders and customers with an order by month before a cutoff, rising and without gaps."""
    moments = packed.moments
    before = moments.ts < cutoff
    month = (moments.ts // DAY_US).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first = int(month[before].min())
    months = np.arange(first, int(month[before].max()) + 1)
    place = month - first
    money, order = before & (moments.kind <= Kind.CHARGE), before & (moments.kind == Kind.ORDER)
    customer = np.repeat(np.arange(len(packed)), np.diff(packed.offsets))
    pairs = np.unique(np.stack([place[order], customer[order]]), axis=1)[0]
    return pa.table(
        {
            "month": pa.array(months.astype("datetime64[M]").astype("datetime64[D]"), pa.date32()),
            "spend": np.bincount(place[money], moments.amount[money], len(months)),
            "orders": np.bincount(place[order], minlength=len(months)),
            "customers": np.bincount(pairs, minlength=len(months)),
        }
    )


def _recent(packed: Packed, cutoff: int, horizon_days: int) -> tuple[int, float]:
    moments = packed.moments
    inside = (moments.ts < cutoff) & (moments.ts >= cutoff - horizon_days * DAY_US)
    customer = np.repeat(np.arange(len(packed)), np.diff(packed.offsets))
    ordered = np.unique(customer[inside & (moments.kind == Kind.ORDER)])
    return len(ordered), float(moments.amount[inside & (moments.kind <= Kind.CHARGE)].sum())


def _newest_backtest(workspace: Workspace, day: date, horizon_days: int) -> tuple[str, Judged] | None:
    """The backtest that judges this forecast: of the same data and horizon, its window closed by the cutoff."""
    fingerprint = workspace.basis()
    found: list[tuple[str, str]] = []
    for folder in sorted(workspace.root.glob(f"backtests/*-{horizon_days}d-*/")):
        if not (folder / RESULT).exists() or not (folder / MEMBERS_FILE).exists():
            continue
        result = read_result(workspace, folder.name)
        closed = date.fromisoformat(result["cutoff"]) + timedelta(days=horizon_days)
        if result["fingerprint"] == fingerprint and closed <= day:
            found.append((result["cutoff"], folder.name))
    return (max(found)[1], read_backtest(workspace, max(found)[1])) if found else None


def _of_prospects(result: dict[str, Any]) -> list[Note]:
    """What a backtest says of those who had looked but not bought."""
    return [note for note in result["notes"] if str(note["code"]).startswith("forecast.prospects")]


def _case(workspace: Workspace, model: str | None) -> Case:
    stack = read_model(workspace, model).stack if model else None
    return stack.case or "untrained" if stack else "untrained"


def _map(workspace: Workspace, day: date, horizon_days: int, forecast: pa.Table) -> CustomerMap | None:
    """The map that goes with the forecast, of customers chosen evenly; None where there is none, or too few."""
    found = read_places(workspace, day, horizon_days)
    if found is None or found[1].num_rows < FEW:
        return None
    card, places = found
    places = places.filter(pc.is_in(places["customer_id"], forecast["customer_id"].combine_chunks()))
    some = places.take(evenly(places.num_rows, LOOKED_AT))
    place = pc.index_in(some["customer_id"].combine_chunks(), forecast["customer_id"].combine_chunks())
    dots = some.select(["x", "y"]).append_column("tier", forecast["tier"].take(place))
    gaps = {name: (gap["near"], gap["any_two"]) for name, gap in card["gaps"].items()}
    return CustomerMap(dots.filter(place.is_valid()), card["kept"], gaps)


def _map_missing(forecast: pa.Table, horizon_days: int) -> MapMissing:
    if forecast.num_rows < FEW:
        return "few"
    return "long" if horizon_days > MOST_HORIZON_DAYS else "unmade"


def _backtest(result: dict[str, Any], rows: pa.Table) -> Backtest:
    rows = rows.filter(pc.equal(rows["member"], STACK))
    spend, mean = rows["y_spend"].to_numpy(), rows["expected_spend"].to_numpy()
    active, p_active = rows["y_orders"].to_numpy() > 0, rows["p_active"].to_numpy()
    bins = reliability(active, p_active)
    boards = {group: _scoreboard(scores) for group, scores in result["scores"].items()}
    everyone = boards.pop("everyone")
    return Backtest(
        judged_from=date.fromisoformat(result["cutoff"]),
        customers=rows.num_rows,
        served=result["served"],
        scoreboard=everyone,
        groups=boards,
        paired=tuple(
            Paired(peer, one["metric"], one["value"], one["low"], one["high"], one["verdict"])
            for peer, differences in result["differences"].items()
            for one in differences
            if None not in (one["value"], one["low"], one["high"])
        ),
        verdict=verdict(result),
        deciles=pa.table(
            dict(
                zip(("decile", "customers", "forecast", "actual"), zip(*deciles(spend, mean), strict=True), strict=True)
            )
        ),
        reliability=pa.table(
            {
                "bin": [one[0] for one in bins],
                "customers": [round(one[1] * rows.num_rows) for one in bins],
                "forecast": [one[2] for one in bins],
                "observed": [one[3] for one in bins],
            }
        ),
    )


def _scoreboard(scores: dict[str, dict[str, float | None]]) -> tuple[ScoreRow, ...]:
    return tuple(ScoreRow(name, {metric: row[metric] for metric in METRICS}) for name, row in scores.items())


def _collected(workspace: Workspace) -> dict[str, int]:
    totals: Counter[str] = Counter()
    seen: set[str] = set()
    for receipt in workspace.receipts():
        digest = str(receipt.inputs.get("digest"))
        if receipt.verb == "collect" and digest not in seen:  # the same file again brought nothing
            seen.add(digest)
            totals.update(receipt.rows)
    return dict(totals)


def _sentences(note: Note) -> tuple[str, str]:
    return say_note(note, "en"), say_note(note, "zh")
