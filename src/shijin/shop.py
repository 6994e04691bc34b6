"""`Shop`: one shop and its verbs. Read this page first: the whole chain is here, one verb a step, in its order.

collect -> check -> train -> forecast -> backtest -> who is like whom -> what each wants next -> tiers and the list ->
report. Each verb calls one file of `steps`; what it wrote lies in the workspace, and its receipt says from what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from shijin.collect import CollectOptions
from shijin.errors import ConfigError
from shijin.forecasting.member import Forecaster
from shijin.frames import Kind, like, to_arrow
from shijin.notebook import BacktestView, ItemsBacktestView, Plots, TrainedModel
from shijin.represent.cutoff import History, split_at
from shijin.represent.features import features
from shijin.steps.affinity import affinity
from shijin.steps.backtest import BacktestOptions, read_prospects, run_backtest
from shijin.steps.backtest_items import ItemsOptions, run_backtest_items
from shijin.steps.check import check
from shijin.steps.collect import collect
from shijin.steps.defaults import cutoff_of, horizon_of, read_packed
from shijin.steps.demand import DemandOptions, demand
from shijin.steps.export import ExportOptions, export
from shijin.steps.feedback import feedback
from shijin.steps.read import read_events
from shijin.steps.recommend import RecommendOptions, recommend, recommend_to
from shijin.steps.recommend_item import wanted_by
from shijin.steps.report import report
from shijin.steps.represent import RepresentOptions, represent, similar
from shijin.steps.score import ScoreOptions, score_together
from shijin.steps.train import TrainOptions, train_model
from shijin.workspace import Workspace


class Shop:
    """One shop: a workspace on disk and the verbs that work on it.

    Parameters
    ----------
    workspace
        Where everything lies.
    kind
        What tables come out as: "arrow", "pandas" or "polars".
    """

    def __init__(self, workspace: Workspace, kind: Kind = "arrow") -> None:
        self.workspace = workspace
        self.kind = kind

    def collect(self, source: Path | str | Any, **reading: Any) -> dict[str, int]:  # noqa: ANN401
        """Take in a file or a table; gives the rows by what became of them. `reading`: see `CollectOptions`."""
        options = CollectOptions(**reading)
        given = Path(source) if isinstance(source, str | Path) else to_arrow(source)[0]
        receipt, _ = collect(self.workspace, given, options, _now())
        return dict(receipt.rows)

    def feedback(self, source: Path | str | Any, **reading: Any) -> dict[str, int]:  # noqa: ANN401
        """Take in what was said of items, lists and tiers, a row each; gives the rows by what became of them.

        Lists follow it at once, corrections of tiers are what the next forecast reads. `reading`: see `CollectOptions`.
        """
        given = Path(source) if isinstance(source, str | Path) else to_arrow(source)[0]
        return dict(feedback(self.workspace, given, CollectOptions(**reading), _now())[0].rows)

    def check(self) -> Any:  # noqa: ANN401
        """Look for what is wrong in the data; one row a finding."""
        return like(check(self.workspace, _now())[1], self.kind)

    def events(self) -> Any:  # noqa: ANN401
        """All committed events."""
        return like(read_events(self.workspace), self.kind)

    def features(self, cutoff: str | date | None = None, horizon: str | int | None = None) -> Any:  # noqa: ANN401
        """What is known of every customer strictly before a cutoff, as numbers without units; one row a customer."""
        packed = read_packed(self.workspace)
        day = cutoff_of(packed, cutoff)
        horizon_days = horizon_of(self.workspace, packed, day, horizon)
        history, _ = split_at(packed, day, horizon_days)
        made = features(history, horizon_days)
        columns = {"customer_id": history.customers, **dict(zip(made.names, made.values.T, strict=True))}
        return like(pa.table(columns), self.kind)

    def history(self, cutoff: str | date | None = None, horizon: str | int | None = None) -> History:
        """The History as of a cutoff: what a `Forecaster` reads."""
        packed = read_packed(self.workspace)
        day = cutoff_of(packed, cutoff)
        return split_at(packed, day, horizon_of(self.workspace, packed, day, horizon))[0]

    def train(
        self, horizon: str | int | None = None, cutoff: str | date | None = None, *, adapt: bool = False
    ) -> TrainedModel:
        """Learn from the windows closed by the cutoff; the end of the data where none is given."""
        receipt, weights = train_model(self.workspace, TrainOptions(horizon, cutoff, adapt), _now())
        return TrainedModel(self.workspace, self.kind, dict(receipt.inputs), like(weights, self.kind))

    def forecast(
        self,
        horizon: str | int | Sequence[str | int] | None = None,
        cutoff: str | date | None = None,
        model: str | None = None,
        *,
        zero_shot: bool = False,
    ) -> Any:  # noqa: ANN401
        """Forecast every customer: by the newest trained model that fits, or untrained where there is none.

        Several horizons come out under each other, told apart by ``horizon_days``; they agree in order: a longer one
        never says less. `zero_shot` is the behaviour model alone.
        """
        several = isinstance(horizon, Iterable) and not isinstance(horizon, str)
        horizons: list[Any] = list(horizon) if several else [horizon]  # type: ignore[arg-type]
        if not horizons:
            raise ConfigError("none is named", "horizon", "name one such as 90d, or leave it out")
        options = ScoreOptions(None, cutoff, model, zero_shot)
        tables = [table for _, table in score_together(self.workspace, options, horizons, _now())]
        return like(pa.concat_tables(tables), self.kind)

    def backtest(
        self,
        horizon: str | int | None = None,
        cutoff: str | date | None = None,
        members: Sequence[Forecaster] = (),
        *,
        adapt: bool = False,
    ) -> BacktestView:
        """Judge every member, your own among them, on a closed window that chose nothing."""
        receipt, rows = run_backtest(self.workspace, BacktestOptions(horizon, cutoff, tuple(members), adapt), _now())
        prospects = read_prospects(self.workspace, receipt.inputs["backtest"])
        return BacktestView(receipt.inputs["result"], like(rows, self.kind), like(prospects, self.kind))

    def backtest_items(self, horizon: str | int | None = None, cutoff: str | date | None = None) -> ItemsBacktestView:
        """Judge lists of items by what customers then bought, beside what sells of late and what each bought last."""
        receipt, rows = run_backtest_items(self.workspace, ItemsOptions(horizon, cutoff), _now())
        return ItemsBacktestView(receipt.inputs["result"], like(rows, self.kind))

    def represent(self, horizon: str | int | None = None, cutoff: str | date | None = None) -> Any:  # noqa: ANN401
        """Give every customer's vector, as the behaviour model sees them, and place on the map: `schema.VECTORS`."""
        return like(represent(self.workspace, RepresentOptions(horizon, cutoff), _now())[1], self.kind)

    def similar(
        self, customer: str, k: int = 10, horizon: str | int | None = None, cutoff: str | date | None = None
    ) -> Any:  # noqa: ANN401
        """Find the k customers most like one, most alike first: similarity, and tier and expected spend if scored."""
        found = similar(self.workspace, RepresentOptions(horizon, cutoff), str(customer), _now(), k)[1]
        return like(found, self.kind)

    def recommend(
        self,
        k: int | None = None,
        *,
        customer: str | None = None,
        item: str | None = None,
        **wanted: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Say what each customer wants next and why, or what one customer does, or who wants an item most.

        `wanted`: exclude_bought, category, in_stock, min_gap, diverse, value_aware, horizon, cutoff, as
        `RecommendOptions` has them. Everybody's lists are also laid beside the newest forecast, where the report looks.
        """
        options = RecommendOptions.of(k, customer, item, wanted)
        if customer is not None:
            return like(recommend_to(self.workspace, options, str(customer), _now())[1], self.kind)
        if item is not None:
            return like(wanted_by(self.workspace, options, str(item), _now())[1], self.kind)
        return like(recommend(self.workspace, options, _now())[1], self.kind)

    def demand(self, horizon: str | int | None = None, cutoff: str | date | None = None) -> Any:  # noqa: ANN401
        """Forecast the pieces of every item beside a naive forecast, what brings most money first: `schema.DEMAND`."""
        return like(demand(self.workspace, DemandOptions(horizon, cutoff), _now())[1], self.kind)

    def affinity(self, horizon: str | int | None = None, cutoff: str | date | None = None) -> Any:  # noqa: ANN401
        """Give each customer's shares of interest by category and brand: `schema.AFFINITY`."""
        return like(affinity(self.workspace, horizon, cutoff, _now())[1], self.kind)

    def export(self, *, contacts: bool = False, to: Path | None = None) -> Path:
        """Write the newest forecast as a list to send; gives the file."""
        receipt, _ = export(self.workspace, ExportOptions(contacts, to), _now())
        return Path(receipt.outputs[0])

    def report(self) -> Path:
        """Write the page; gives the file."""
        return self.workspace.root / report(self.workspace, _now())[0].outputs[0]

    @property
    def plot(self) -> Plots:
        """The report's charts, one method each."""
        return Plots(self.workspace)

    def __repr__(self) -> str:
        return f"Shop({str(self.workspace.root)!r}, {read_events(self.workspace).num_rows} events)"


def _now() -> datetime:
    return datetime.now(UTC)
