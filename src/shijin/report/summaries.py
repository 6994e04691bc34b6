"""Turn results of the steps, as tables and JSON cards, into the contents of the page. Knows no workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.forecasting.behaviour import MOST_HORIZON_DAYS
from shijin.forecasting.stack import NAME as STACK
from shijin.forecasting.verdict import verdict
from shijin.metrics.value import deciles, reliability
from shijin.notes import Note
from shijin.recommend.demand.verdict import demand_verdict
from shijin.recommend.judge.verdict import chance_sentence, lists_verdict
from shijin.report.data import (
    METRICS,
    BacktestSummary,
    CustomerMap,
    DemandSummary,
    JudgedLists,
    ListsMissing,
    ListSummary,
    MapMissing,
    PairedDifference,
    ScoreRow,
)
from shijin.report.list_summary import MOST_SHOWN, example_lists, most_recommended, names_and_categories
from shijin.represent.packed import DAY_US, Kind, Packed
from shijin.sampling import evenly
from shijin.segment.likeness import FEW

THIN = "forecast.thin"
_WHY_UNTRAINED = ("no_model", "zero_shot", "model_is_later", "too_young", "too_few", "too_quiet")
_USED_UNTRAINED = ("behaviour_answers", "formula_answers", "btyd_answers")
_NOTES_OF_BACKTEST = ("forecast.prospects", "forecast.voids")
UNTRAINED = tuple(f"forecast.{name}" for name in (*_WHY_UNTRAINED, *_USED_UNTRAINED))


def monthly(packed: Packed, cutoff: int) -> pa.Table:
    """Sum spend, orders and customers with an order by month before a cutoff.

    Parameters
    ----------
    cutoff
        A midnight, microseconds.

    Returns
    -------
    Columns month (date32, its first day), spend, orders, customers; rising, without gaps.
    """
    moments = packed.moments
    before = moments.ts < cutoff
    month = (moments.ts // DAY_US).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first = int(month[before].min())
    months = np.arange(first, int(month[before].max()) + 1)
    place = month - first
    # Orders, returns and charges move money; kinds are sorted so that they come first.
    money, order = before & (moments.kind <= Kind.CHARGE), before & (moments.kind == Kind.ORDER)
    # A customer with several orders in a month counts once: distinct pairs of month and customer.
    pairs = np.unique(np.stack([place[order], _customers(packed)[order]]), axis=1)[0]
    return pa.table(
        {
            "month": pa.array(months.astype("datetime64[M]").astype("datetime64[D]"), pa.date32()),
            "spend": np.bincount(place[money], moments.amount[money], len(months)),
            "orders": np.bincount(place[order], minlength=len(months)),
            "customers": np.bincount(pairs, minlength=len(months)),
        }
    )


def recent(packed: Packed, cutoff: int, horizon_days: int) -> tuple[int, float]:
    """Count customers with an order, and sum spend, in the last `horizon_days` before a cutoff (microseconds)."""
    moments = packed.moments
    inside = (moments.ts < cutoff) & (moments.ts >= cutoff - horizon_days * DAY_US)
    ordered = np.unique(_customers(packed)[inside & (moments.kind == Kind.ORDER)])
    return len(ordered), float(moments.amount[inside & (moments.kind <= Kind.CHARGE)].sum())


def untrained_notes(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Choose the notes on why no trained model made the forecast, and on the member that made it."""
    return tuple(note for note in notes if note["code"] in UNTRAINED)


def other_notes(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Choose the notes that have no place of their own on the page."""
    return tuple(note for note in notes if note["code"] not in (THIN, *UNTRAINED))


def backtest_notes(result: Mapping[str, Any]) -> list[Note]:
    """Choose the notes of a backtest on prospects and on void orders; its others are about training."""
    return [note for note in result["notes"] if str(note["code"]).startswith(_NOTES_OF_BACKTEST)]


def summarise_backtest(result: Mapping[str, Any], rows: pa.Table) -> BacktestSummary:
    """Sum up a backtest of the forecast.

    Parameters
    ----------
    result
        `shijin.forecasting.backtest.Backtest.as_json`.
    rows
        `shijin.schema.MEMBERS`; the stack's are used.
    """
    rows = rows.filter(pc.equal(rows["member"], STACK))
    boards = {group: _scoreboard(scores) for group, scores in result["scores"].items()}
    everyone = boards.pop("everyone")
    return BacktestSummary(
        judged_from=date.fromisoformat(result["cutoff"]),
        customers=rows.num_rows,
        served=result["served"],
        scoreboard=everyone,
        groups=boards,
        paired=tuple(
            PairedDifference(peer, one["metric"], one["value"], one["low"], one["high"], one["verdict"])
            for peer, differences in result["differences"].items()
            for one in differences
            if None not in (one["value"], one["low"], one["high"])
        ),
        verdict=verdict(dict(result)),
        deciles=_deciles(rows),
        reliability=_reliability(rows),
    )


def summarise_map(card: Mapping[str, Any], places: pa.Table, forecast: pa.Table, most: int) -> CustomerMap:
    """Sum up the map that goes with a forecast.

    Parameters
    ----------
    card
        Of the representation.
    places
        Columns customer_id, x, y.
    forecast
        `shijin.schema.FORECAST`; customers without a forecast are left out.
    most
        Of more customers, so many are chosen evenly.
    """
    ids = forecast["customer_id"].combine_chunks()
    places = places.filter(pc.is_in(places["customer_id"], ids))
    some = places.take(evenly(places.num_rows, most))
    row = pc.index_in(some["customer_id"].combine_chunks(), ids)
    dots = some.select(["x", "y"]).append_column("tier", forecast["tier"].take(row))
    gaps = {name: (gap["near"], gap["any_two"]) for name, gap in card["gaps"].items()}
    return CustomerMap(dots.filter(row.is_valid()), card["explained"], gaps)


def map_missing(forecast: pa.Table, horizon_days: int) -> MapMissing:
    """Why there is no map."""
    if forecast.num_rows < FEW:
        return "few"
    return "long" if horizon_days > MOST_HORIZON_DAYS else "unmade"


def summarise_lists(
    card: Mapping[str, Any], lists: pa.Table, forecast: pa.Table, items: pa.Table, tiers: Sequence[str]
) -> ListSummary:
    """Sum up the recommendations for the customers of a forecast.

    Parameters
    ----------
    card, lists
        Of the recommendations; `shijin.schema.RECOMMENDATIONS`, at least one row.
    forecast, items
        `shijin.schema.FORECAST` and `ITEMS`.
    tiers
        Names from the top.
    """
    lists = lists.filter(pc.is_in(lists["customer_id"], forecast["customer_id"].combine_chunks()))
    return ListSummary(
        cutoff=date.fromisoformat(card["cutoff"]),
        horizon_days=int(card["horizon_days"]),
        longest=int(card["options"]["k"]),
        options=card["options"],
        customers=int(card["customers"]),
        items=int(card["items"]),
        listed=most_recommended(lists, forecast, items, tiers),
        examples=example_lists(lists, forecast, items, tiers),
        explore=float(card["explore"]),
        notes=tuple(card["notes"]),
    )


def lists_missing(packed: Packed) -> ListsMissing:
    """Why there are no recommendations."""
    return "no_items" if len(packed.items) < 2 else "unmade"


def summarise_demand(card: Mapping[str, Any], rows: pa.Table, items: pa.Table) -> DemandSummary:
    """Choose the items that will bring most money.

    Parameters
    ----------
    card, rows
        Of the demand; `shijin.schema.DEMAND`, most money first.
    items
        `shijin.schema.ITEMS`.
    """
    most = rows.slice(0, MOST_SHOWN)
    names, _ = names_and_categories(most["item_id"].combine_chunks(), items)
    return DemandSummary(
        items=most.set_column(most.column_names.index("name"), rows.schema.field("name"), names),
        cutoff=date.fromisoformat(card["cutoff"]),
        horizon_days=int(card["horizon_days"]),
        naive=str(card["naive_shape"]["name"]),
        verdict=demand_verdict(card),
    )


def summarise_judged_lists(result: Mapping[str, Any], horizon_days: int) -> JudgedLists:
    """Sum up a backtest of recommendations.

    Parameters
    ----------
    result
        The JSON of a backtest of items.
    """
    window = next(part for part in result["parts"] if part["protocol"] == "window")
    return JudgedLists(
        judged_from=date.fromisoformat(result["cutoff"]),
        horizon_days=horizon_days,
        customers=int(window["customers"]),
        scores=_window_scores(result["parts"], allow_repeat=True),
        new_scores=_window_scores(result["parts"], allow_repeat=False),
        verdict=lists_verdict(dict(result)),
        chance=chance_sentence(window),
    )


def _customers(packed: Packed) -> np.ndarray[Any, np.dtype[np.int64]]:
    """(moments,) the customer of each moment."""
    return np.repeat(np.arange(len(packed)), np.diff(packed.offsets))


def _scoreboard(scores: Mapping[str, Mapping[str, float | None]]) -> tuple[ScoreRow, ...]:
    return tuple(ScoreRow(name, {metric: row[metric] for metric in METRICS}) for name, row in scores.items())


def _deciles(rows: pa.Table) -> pa.Table:
    tenths = deciles(rows["y_spend"].to_numpy(), rows["expected_spend"].to_numpy())
    return pa.table(dict(zip(("decile", "customers", "forecast", "actual"), zip(*tenths, strict=True), strict=True)))


def _reliability(rows: pa.Table) -> pa.Table:
    bins = reliability(rows["y_orders"].to_numpy() > 0, rows["p_active"].to_numpy())
    return pa.table(
        {
            "bin": [one[0] for one in bins],
            "customers": [round(one[1] * rows.num_rows) for one in bins],  # from their share
            "forecast": [one[2] for one in bins],
            "observed": [one[3] for one in bins],
        }
    )


def _window_scores(parts: Sequence[Mapping[str, Any]], *, allow_repeat: bool) -> dict[str, dict[str, float | None]]:
    """Metrics by recommender in the window; empty where no customer was judged."""
    in_window = (part for part in parts if part["protocol"] == "window")
    return next((part["scores"] for part in in_window if part["again"] == allow_repeat), {})
