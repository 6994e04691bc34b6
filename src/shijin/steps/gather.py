"""What the page shows, gathered from the workspace: the newest forecast and everything that goes with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version

import pyarrow as pa

from shijin.forecasting.served import unjudged
from shijin.notes import Note
from shijin.report import summaries
from shijin.report.data import BacktestSummary, Case, CustomerMap, DemandSummary, JudgedLists, ListSummary, ReportData
from shijin.segment.likeness import FEW
from shijin.segment.tiers import of_customers
from shijin.steps.cards import BacktestCard, DemandCard, ForecastCard, ListsCard
from shijin.steps.defaults import Window, currency_of, cutoff_of, read_packed
from shijin.steps.kinds import (
    BACKTEST,
    DEMAND_ROWS,
    DEMANDED,
    FORECAST_ROWS,
    ITEMS_BACKTEST,
    LIST_ROWS,
    LISTS,
    MEMBER_ROWS,
    SCORE,
    artifacts_of,
)
from shijin.steps.read import read_findings, read_items
from shijin.steps.represent import LOOKED_AT, read_places
from shijin.steps.score import latest_score, looks_back
from shijin.steps.train import read_model
from shijin.workspace import Content, Workspace


@dataclass(frozen=True)
class Gathered:
    """The contents of the page, and where they are from.

    Parameters
    ----------
    data
        The contents.
    score, backtest, backtest_items
        Ids of the forecast, of its backtest and of the backtest of recommendations; None where there is none.
    looks_back
        A note where the data go on after the forecast's cutoff.
    """

    data: ReportData
    score: str
    backtest: str | None
    backtest_items: str | None
    looks_back: list[Note]


@dataclass(frozen=True)
class _Related:
    """What lies in the workspace and goes with the forecast; None where there is none.

    backtest, judged : with their ids
    outdated : notes on what is shown although its data or settings have changed, and on what is not shown
    """

    backtest: tuple[str, Content[BacktestCard]] | None
    lists: ListSummary | None
    judged: tuple[str, JudgedLists] | None
    demand: DemandSummary | None
    outdated: list[Note]


def report_data(workspace: Workspace, now: datetime) -> Gathered:
    """Gather the contents of the page: the newest forecast, and the newest backtest of the same horizon.

    Raises
    ------
    ModelError
        When nothing is scored yet.
    """
    latest = latest_score(workspace)
    card, forecast = latest.card, of_customers(latest.tables[FORECAST_ROWS])
    packed = read_packed(workspace)
    window = Window(packed, cutoff_of(packed, date.fromisoformat(card.cutoff), now), card.horizon_days)
    back = looks_back(workspace, card.cutoff)
    related = _related(workspace, window, card, forecast, newer_data=bool(back))
    backtest, judged = related.backtest, related.judged
    of_backtest = summaries.backtest_notes(backtest[1].card.as_json()) if backtest else []
    notes = [*back, *related.outdated, *card.notes, *of_backtest]
    data = _page_data(workspace, window, card, forecast, now, related, notes)
    return Gathered(data, card.score, backtest[0] if backtest else None, judged[0] if judged else None, back)


def _page_data(
    workspace: Workspace,
    window: Window,
    card: ForecastCard,
    forecast: pa.Table,
    now: datetime,
    related: _Related,
    notes: list[Note],
) -> ReportData:
    shop, packed, horizon_days = workspace.config.shop, window.packed, window.horizon_days
    recent_customers, recent_spend = summaries.recent(packed, window.cutoff, horizon_days)
    shown = _map(workspace, window, forecast)
    return ReportData(
        shop=shop.name,
        currency=currency_of(workspace),
        locale=shop.locale,
        cutoff=window.day,
        horizon_days=horizon_days,
        forecast=forecast,
        tiers=workspace.config.tiers.names,
        months=summaries.monthly(packed, window.cutoff),
        findings=read_findings(workspace, now),
        recent_customers=recent_customers,
        recent_spend=recent_spend,
        interval=card.total_interval,
        backtest=_summary_of(related.backtest[1]) if related.backtest else None,
        case=_case(workspace, card.model),
        map=shown,
        map_missing=None if shown else summaries.map_missing(forecast, horizon_days),
        lists=related.lists,
        lists_missing=None if related.lists else summaries.lists_missing(packed),
        demand=related.demand,
        judged_lists=related.judged[1] if related.judged else None,
        unjudged=None if related.backtest else unjudged(packed, window.cutoff, horizon_days),
        untrained=summaries.untrained_notes(card.notes),
        notes=summaries.other_notes(notes),
        receipts=_collected(workspace),
        version=version("shijin"),
    )


def _related(
    workspace: Workspace, window: Window, card: ForecastCard, forecast: pa.Table, *, newer_data: bool
) -> _Related:
    artifacts = artifacts_of(workspace)
    backtest = _backtest_of(workspace, window, card)
    stored, demand = artifacts.attached(LISTS, card.score), artifacts.attached(DEMANDED, card.score)
    lists = _lists(workspace, stored, forecast) if stored else None
    outdated: list[Note] = []
    if not newer_data and not artifacts.is_current(SCORE, card):  # of newer days the page has a note already
        outdated.append({"code": "report.forecast_outdated"})
    if backtest is None and artifacts.judged(BACKTEST, window.horizon_days, window.day):
        outdated.append(
            {"code": "report.backtest_outdated", "days": window.horizon_days, "horizon": f"{window.horizon_days}d"}
        )
    if lists and stored and not artifacts.is_current(LISTS, stored.card):
        outdated.append({"code": "report.lists_outdated"})
    if demand and not artifacts.is_current(DEMANDED, demand.card):
        outdated.append({"code": "report.demand_outdated"})
    return _Related(
        backtest,
        lists,
        _judged_lists(workspace, lists, stored.card) if lists and stored else None,
        _demand(workspace, demand) if demand else None,
        outdated,
    )


def _backtest_of(
    workspace: Workspace, window: Window, forecast: ForecastCard
) -> tuple[str, Content[BacktestCard]] | None:
    """The backtest that judges a forecast: of the same data and horizon, its window closed by the cutoff."""
    artifacts = artifacts_of(workspace)
    id = artifacts.related(BACKTEST, forecast, window.horizon_days, window.day)
    return None if id is None else (id, artifacts.read(BACKTEST, id))


def _summary_of(backtest: Content[BacktestCard]) -> BacktestSummary:
    return summaries.summarise_backtest(backtest.card.as_json(), backtest.tables[MEMBER_ROWS])


def _case(workspace: Workspace, model: str | None) -> Case:
    stack = read_model(workspace, model).stack if model else None
    return stack.case or "untrained" if stack else "untrained"


def _map(workspace: Workspace, window: Window, forecast: pa.Table) -> CustomerMap | None:
    """The map that goes with the forecast; None where there is none, or too few customers."""
    stored = read_places(workspace, window.day, window.horizon_days)
    if stored is None or stored[1].num_rows < FEW:
        return None
    card, places = stored
    return summaries.summarise_map(card.as_json(), places, forecast, LOOKED_AT)


def _lists(workspace: Workspace, stored: Content[ListsCard], forecast: pa.Table) -> ListSummary | None:
    """Sum up the recommendations for the customers of the newest forecast; None where there are none."""
    if not stored.tables[LIST_ROWS].num_rows:
        return None
    card, rows, tiers = stored.card.as_json(), stored.tables[LIST_ROWS], workspace.config.tiers.names
    return summaries.summarise_lists(card, rows, forecast, read_items(workspace), tiers)


def _demand(workspace: Workspace, stored: Content[DemandCard]) -> DemandSummary | None:
    """Sum up the demand that goes with the newest forecast."""
    return summaries.summarise_demand(stored.card.as_json(), stored.tables[DEMAND_ROWS], read_items(workspace))


def _judged_lists(workspace: Workspace, lists: ListSummary, card: ListsCard) -> tuple[str, JudgedLists] | None:
    """The backtest of recommendations of this horizon: of the same data, its window closed by their cutoff."""
    artifacts = artifacts_of(workspace)
    id = artifacts.related(ITEMS_BACKTEST, card, lists.horizon_days, lists.cutoff)
    if id is None:
        return None
    judged = ITEMS_BACKTEST.read_card(artifacts.place(ITEMS_BACKTEST, id))
    return id, summaries.summarise_judged_lists(judged.as_json(), lists.horizon_days)


def _collected(workspace: Workspace) -> dict[str, int]:
    """What became of all rows that were collected, each source counted once."""
    totals: Counter[str] = Counter()
    seen: set[str] = set()
    for receipt in workspace.receipts():
        digest = str({**receipt.inputs, **receipt.card}.get("digest"))  # of earlier versions, among the inputs
        if receipt.verb == "collect" and digest not in seen:  # the same file again added nothing
            seen.add(digest)
            totals.update(receipt.rows)
    return dict(totals)
