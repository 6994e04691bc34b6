"""What the page shows of lists, of the demand for items, and of how lists fared; all from what was written before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shijin.recommend.demand.verdict import demand_verdict
from shijin.recommend.judge.verdict import chance_said, lists_verdict
from shijin.report.data import Demanded, JudgedLists, ListsMissing, ListSummary
from shijin.report.wanted import MOST_SHOWN, called, most_listed, samples
from shijin.represent.packed import Packed
from shijin.steps.backtest_items import KEYS, RESULT
from shijin.steps.demand import latest_demand
from shijin.steps.read import read_items
from shijin.steps.recommend import latest_lists
from shijin.words import say_note
from shijin.workspace import Workspace


def read_wanted(workspace: Workspace, forecast: pa.Table) -> ListSummary | None:
    """Sum up the lists of the customers of the newest forecast; None where there are none."""
    found = latest_lists(workspace)
    if found is None or not found[1].num_rows:
        return None
    card, lists = found
    lists = lists.filter(pc.is_in(lists["customer_id"], forecast["customer_id"].combine_chunks()))
    items, tiers = read_items(workspace), workspace.config.tiers.names
    return ListSummary(
        cutoff=date.fromisoformat(card["cutoff"]),
        horizon_days=int(card["horizon_days"]),
        longest=int(card["options"]["k"]),
        options=card["options"],
        customers=int(card["customers"]),
        items=int(card["items"]),
        listed=most_listed(lists, forecast, items, tiers),
        samples=samples(lists, forecast, items, tiers),
        explore=float(card["explore"]),
        notes=tuple((say_note(note, "en"), say_note(note, "zh")) for note in card["notes"]),
    )


def wanted_missing(packed: Packed) -> ListsMissing:
    """Why there are no lists."""
    return "no_items" if len(packed.items) < 2 else "unmade"


def read_demanded(workspace: Workspace) -> Demanded | None:
    """The items that are to bring most, and how far such a forecast was off; None where there is none."""
    found = latest_demand(workspace)
    if found is None:
        return None
    card, rows = found
    most = rows.slice(0, MOST_SHOWN)
    names, _ = called(most["item_id"].combine_chunks(), read_items(workspace))
    return Demanded(
        items=most.set_column(most.column_names.index("name"), rows.schema.field("name"), names),
        cutoff=date.fromisoformat(card["cutoff"]),
        horizon_days=int(card["horizon_days"]),
        naive=str(card["naive_shape"]["name"]),
        verdict=demand_verdict(card),
    )


def read_judged_lists(workspace: Workspace, horizon_days: int, until: date) -> tuple[str, JudgedLists] | None:
    """The backtest that judges lists of this horizon: of the same data, its window closed by the lists' cutoff."""
    basis = workspace.basis()
    found: list[tuple[str, str, dict[str, Any]]] = []
    for folder in sorted(workspace.root.glob(f"backtests/*-{horizon_days}d-*/")):
        if (folder / RESULT).exists():
            result = workspace.read_json(f"backtests/{folder.name}/{RESULT}", *KEYS)
            closed = date.fromisoformat(result["cutoff"]) + timedelta(days=horizon_days)
            if result["fingerprint"] == basis and closed <= until:
                found.append((result["cutoff"], folder.name, result))
    if not found:
        return None
    _, id, result = max(found, key=lambda one: one[:2])
    whole, new = (_scores(result["parts"], again=again) for again in (True, False))
    window = next(part for part in result["parts"] if part["protocol"] == "window")
    judged = JudgedLists(
        judged_from=date.fromisoformat(result["cutoff"]),
        horizon_days=horizon_days,
        customers=int(window["customers"]),
        scores=whole,
        new_scores=new,
        verdict=lists_verdict(result),
        chance=chance_said(window),
    )
    return id, judged


def _scores(parts: Sequence[dict[str, Any]], *, again: bool) -> dict[str, dict[str, float | None]]:
    """Figures by way to list in the window; empty where nobody was judged."""
    return next((part["scores"] for part in parts if part["protocol"] == "window" and part["again"] == again), {})
