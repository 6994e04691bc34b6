"""How results show themselves in a notebook or at a prompt: views of the results of steps, which compute nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib import import_module
from types import ModuleType
from typing import Any, Self

import numpy as np

from shijin import clock
from shijin.errors import ModelError
from shijin.forecasting.verdict import verdict
from shijin.frames import Kind, like
from shijin.recommend.judge.verdict import lists_verdict
from shijin.report.data import BacktestSummary
from shijin.report.totals import ACTIVITY_BINS
from shijin.represent.cutoff import History
from shijin.segment.likeness import FEW
from shijin.segment.tiers import summarise
from shijin.steps.cards import BacktestCard, ItemsBacktestCard, ModelCard
from shijin.steps.corrections import read_corrections
from shijin.steps.gather import report_data
from shijin.steps.score import ScoreOptions, forecast_of, score
from shijin.steps.train import read_model
from shijin.words import Language
from shijin.workspace import Receipt, Result, Workspace

SHOWN = ("auc", "log_score", "level", "ngini", "spearman", "crps", "coverage_p90")
LISTS_SHOWN = ("ndcg", "recall", "coverage", "novelty")


@dataclass(frozen=True)
class Reading:
    """How a source was read, to be looked at: its columns by role, the guesses, and the columns left unread.

    receipt : the receipt of the collection; None where nothing was collected yet
    """

    receipt: Receipt | None

    @property
    def columns(self) -> dict[str, list[str]]:
        """Role to the columns of the source that play it; the first with a value counts, row by row."""
        return dict(self._card.get("columns", {}))

    @property
    def guesses(self) -> dict[str, Any]:
        """Everything that was detected or guessed: format, encoding, decimal sign, order of dates ..."""
        return {name: value for name, value in self._card.get("guess", {}).items() if name != "columns"}

    @property
    def unread(self) -> list[str]:
        """Columns of the source that nothing was read from."""
        return list(self._card.get("unread", ()))

    @property
    def _card(self) -> dict[str, Any]:
        return {} if self.receipt is None else {**self.receipt.inputs, **self.receipt.card}

    def __repr__(self) -> str:
        rows = self._rows()
        return "\n".join(f"{name:>12}: {value}" for name, value in rows.items())

    def _repr_html_(self) -> str:
        cells = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in self._rows().items())
        return f"<table>{''.join(cells)}</table>"

    def _rows(self) -> dict[str, str]:
        """Everything that is shown: guesses, columns by role, columns left unread."""
        guesses = {name: str(value) for name, value in self.guesses.items()}
        columns = {role: ", ".join(names) for role, names in self.columns.items()}
        return {**guesses, **columns, "unread": ", ".join(self.unread) or "-"}


@dataclass(frozen=True)
class BacktestView:
    """A backtest: all figures in `result`, all rows in `members`.

    result : as the command line's JSON
    members : one row a customer and member, `schema.MEMBERS`
    prospects : the same of customers who had looked but not bought, no rows where there were none
    """

    result: dict[str, Any]
    members: Any
    prospects: Any

    @classmethod
    def of(cls, result: Result[BacktestCard], kind: Kind) -> Self:
        """The view of a step's result."""
        return cls(result.card.as_json(), *(like(result.tables[name], kind) for name in ("members", "prospects")))

    @property
    def scores(self) -> dict[str, dict[str, float]]:
        """Member to metric to figure, over all customers."""
        return dict(self.result["scores"]["everyone"])

    def verdict(self, language: Language = "en") -> str:
        """The finding, in one sentence."""
        return verdict(self.result)[language]

    def __repr__(self) -> str:
        return _as_text(self.scores, SHOWN, self.verdict())

    def _repr_html_(self) -> str:
        return _as_html(self.scores, SHOWN, self.verdict())


@dataclass(frozen=True)
class ItemsBacktestView:
    """A backtest of recommendations: all figures in `result`, all rows in `rows`.

    result : as the command line's JSON
    rows : one row an entry of a list, and one an item that was then bought, `schema.ITEMS_JUDGED`
    """

    result: dict[str, Any]
    rows: Any

    @classmethod
    def of(cls, result: Result[ItemsBacktestCard], kind: Kind) -> Self:
        """The view of a step's result."""
        return cls(result.card.as_json(), like(result.table, kind))

    @property
    def scores(self) -> dict[str, dict[str, float]]:
        """Method to figure: purchases in the window, repeat purchases included."""
        return dict(self.result["parts"][0]["scores"])

    def verdict(self, language: Language = "en") -> str:
        """The finding, in one sentence."""
        return lists_verdict(self.result)[language]

    def __repr__(self) -> str:
        return _as_text(self.scores, LISTS_SHOWN, self.verdict())

    def _repr_html_(self) -> str:
        return _as_html(self.scores, LISTS_SHOWN, self.verdict())


@dataclass(frozen=True)
class TrainedModel:
    """A model bound to its shop.

    result : id, cutoff, horizon, case and notes of the training
    """

    workspace: Workspace
    kind: Kind
    result: Result[ModelCard]

    @property
    def id(self) -> str:
        """The model's id."""
        return str(self.result.id)

    @property
    def card(self) -> dict[str, Any]:
        """The training's figures and notes, as the command line's JSON."""
        return {**self.result.json(), "model": self.id}

    @property
    def weights(self) -> Any:  # noqa: ANN401
        """How the ensemble combines its members: part, member, weight."""
        return like(self.result.table, self.kind)

    def forecast(self, history: History | None = None) -> Any:  # noqa: ANN401
        """Forecast the shop's customers at the end of its data, or those of a History you hold."""
        if history is None:
            return like(score(self.workspace, ScoreOptions(model=self.id), clock.now()).table, self.kind)
        tiers, corrections = self.workspace.config.tiers, read_corrections(self.workspace)
        return like(forecast_of(read_model(self.workspace, self.id), history, tiers, corrections), self.kind)

    def __repr__(self) -> str:
        return f"TrainedModel({self.id}: {self.result.card.served}, {self.result.card.case})"


def _as_text(scores: dict[str, dict[str, float]], shown: tuple[str, ...], closing: str) -> str:
    width = max(map(len, scores))
    head = " " * width + "".join(f"{name:>13}" for name in shown)
    rows = [f"{name:<{width}}" + "".join(f"{_cell(row[key]):>13}" for key in shown) for name, row in scores.items()]
    return "\n".join([head, *rows, closing])


def _as_html(scores: dict[str, dict[str, float]], shown: tuple[str, ...], closing: str) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("", *shown))
    body = "".join(
        f"<tr><td>{escape(name)}</td>" + "".join(f"<td>{_cell(row[key])}</td>" for key in shown) + "</tr>"
        for name, row in scores.items()
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{escape(closing)}</p>"


def _cell(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.3f}"


class Plots:
    """The report's charts, one method each, in the shop's language: Altair charts that show themselves.

    Parameters
    ----------
    workspace
        A shop that is scored; the charts of how the forecast fared need a backtest too, those of
        recommendations and demand need these.
    """

    def __init__(self, workspace: Workspace, now: datetime) -> None:
        self._data = report_data(workspace, now).data
        self._language: Language = workspace.config.shop.locale

    def history(self) -> Any:  # noqa: ANN401  (an Altair chart)
        """Spend by month, and the months that are expected."""
        data = self._data
        expected = sum(data.forecast["expected_spend"].to_pylist())
        when = (data.cutoff, data.horizon_days)
        return charts().history(data.months, expected, *when, self._language, data.currency)

    def concentration(self) -> Any:  # noqa: ANN401
        """How much of spend the best customers hold."""
        forecast = self._data.forecast
        expected, historic = forecast["expected_spend"].to_numpy(), forecast["historic_spend"].to_numpy()
        return charts().concentration(expected, historic, self._language)

    def tiers(self) -> Any:  # noqa: ANN401
        """Customers and expected spend by tier."""
        return charts().tiers(summarise(self._data.forecast, self._data.tiers), self._language)

    def map(self) -> Any:  # noqa: ANN401
        """Customers where their vectors lie, coloured by tier: near ones are alike."""
        if self._data.map is None:
            raise ModelError("shop.no_map", "plot", few=FEW)
        return charts().customer_map(self._data.map.dots, self._data.tiers, self._language)

    def recommended(self) -> Any:  # noqa: ANN401
        """The items on most customers' lists, by tier."""
        summary = self._data.lists
        if summary is None:
            raise ModelError("shop.no_recommendations", "plot")
        return charts().recommended(summary.listed, self._data.tiers, self._language)

    def demand(self) -> Any:  # noqa: ANN401
        """What the items that bring most will sell, next to a naive forecast."""
        summary = self._data.demand
        if summary is None:
            raise ModelError("shop.no_demand", "plot")
        return charts().demand(summary.items, summary.naive, summary.horizon_days, self._language, self._data.currency)

    def activity(self) -> Any:  # noqa: ANN401
        """How many customers are how likely to order."""
        p_active = self._data.forecast["p_active"].to_numpy()
        counts, _ = np.histogram(p_active, ACTIVITY_BINS, (0.0, 1.0))
        return charts().activity(counts.tolist(), self._language)

    def deciles(self) -> Any:  # noqa: ANN401
        """Forecast against actual spend, by tenths of customers."""
        return charts().deciles(self._judged().deciles, self._language, self._data.currency)

    def reliability(self) -> Any:  # noqa: ANN401
        """Forecast against observed share of customers who order."""
        return charts().reliability(self._judged().reliability, self._language)

    def __repr__(self) -> str:
        return "Plots: history, concentration, tiers, map, recommended, demand, activity, deciles, reliability"

    def _judged(self) -> BacktestSummary:
        if self._data.backtest is None:
            raise ModelError("shop.no_backtest", "plot")
        return self._data.backtest


def charts() -> ModuleType:
    """The report's charts, imported when the first is drawn: Altair takes a second."""
    return import_module("shijin.report.charts")
