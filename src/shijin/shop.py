"""`Shop`: one shop and its verbs. Read this page first: the whole chain is here, one verb a step, in its order.

collect -> check -> train -> forecast -> backtest -> represent -> recommend -> export -> report. Each verb calls one
file of `steps`; the result lies in the workspace, and its receipt names the versions that it was made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from shijin import clock
from shijin.collect import CollectOptions
from shijin.errors import ConfigError, refusing_in
from shijin.forecasting.member import Forecaster
from shijin.frames import Kind, like, to_arrow
from shijin.notebook import BacktestView, ItemsBacktestView, Plots, Reading, TrainedModel
from shijin.represent.cutoff import History
from shijin.steps import tables
from shijin.steps.affinity import AffinityOptions, affinity
from shijin.steps.backtest import BacktestOptions, backtest
from shijin.steps.backtest_items import ItemsOptions, backtest_items
from shijin.steps.check import check
from shijin.steps.collect import SourceOptions, collect
from shijin.steps.demand import DemandOptions, demand
from shijin.steps.export import ExportOptions, export
from shijin.steps.feedback import feedback
from shijin.steps.list_request import RecommendOptions
from shijin.steps.read import last_collection, read_contacts, read_events, read_items
from shijin.steps.recommend import recommend
from shijin.steps.report import ReportOptions, report
from shijin.steps.represent import RepresentOptions, SimilarOptions, represent, similar
from shijin.steps.score import ScoreOptions, score, score_horizons
from shijin.steps.train import TrainOptions, train
from shijin.workspace import Result, Workspace

Horizon = str | int | None
Day = str | date | None
T = TypeVar("T")


class Shop:
    """One shop: a workspace on disk and the verbs that work on it.

    Parameters
    ----------
    workspace
        The folder.
    kind
        What tables come out as: "arrow", "pandas" or "polars".
    """

    def __init__(self, workspace: Workspace, kind: Kind = "arrow") -> None:
        self.workspace = workspace
        self.kind = kind

    def collect(self, source: Path | str | Any, *more: Path | str, **reading: Any) -> dict[str, int]:  # noqa: ANN401
        """Take in a file, several files or a table; gives the rows by what became of them.

        Files that belong together, such as orders and their lines, are joined. `reading`: see `CollectOptions`.
        """
        return self._do(collect, self._source(source, reading, more)).card.rows

    def feedback(self, source: Path | str | Any, **reading: Any) -> dict[str, int]:  # noqa: ANN401
        """Take in ratings, clicks, dismissals and corrections of tiers; gives the rows by what became of them.

        Recommendations follow it at once; the next forecast reads corrections. `reading`: see `CollectOptions`.
        """
        return self._do(feedback, self._source(source, reading)).card.rows

    def check(self) -> Any:  # noqa: ANN401
        """Look for what is wrong in the data; one row a finding."""
        return self._table(self._do(check, None))

    @property
    def reading(self) -> Reading:
        """How the last source was read: columns by role, what was guessed, and the columns that were left unread."""
        return Reading(self._call(last_collection))

    def events(self) -> Any:  # noqa: ANN401
        """All committed events."""
        return like(self._call(read_events), self.kind)

    def items(self) -> Any:  # noqa: ANN401
        """All items: id, name, category, brand, price."""
        return like(self._call(read_items), self.kind)

    def contacts(self) -> Any:  # noqa: ANN401
        """E-mails, phones, names and consents of customers; no model reads them."""
        return like(self._call(read_contacts), self.kind)

    def history(self, cutoff: Day = None, horizon: Horizon = None) -> History:
        """The History as of a cutoff: what a `Forecaster` reads."""
        return self._read(tables.history, horizon, cutoff)

    def features(self, cutoff: Day = None, horizon: Horizon = None) -> Any:  # noqa: ANN401
        """What is known of every customer strictly before a cutoff, as numbers without units; one row a customer."""
        return like(self._read(tables.features, horizon, cutoff), self.kind)

    def outcomes(self, cutoff: Day = None, horizon: Horizon = None) -> Any:  # noqa: ANN401
        """What each customer known at a cutoff did in the window after it: y_spend, y_orders, y_first_order_days."""
        return like(self._read(tables.outcomes, horizon, cutoff), self.kind)

    def training_table(self, cutoff: Day = None, horizon: Horizon = None) -> Any:  # noqa: ANN401
        """X and y of all windows closed by a cutoff: customer_id, cutoff, the features, then the labels ``y_...``."""
        return like(self._read(tables.training_table, horizon, cutoff), self.kind)

    def train(self, horizon: Horizon = None, cutoff: Day = None, *, adapt: bool = False) -> TrainedModel:
        """Learn from the windows closed by the cutoff; the end of the data where none is given."""
        return TrainedModel(self.workspace, self.kind, self._do(train, TrainOptions(horizon, cutoff, adapt)))

    def forecast(
        self,
        horizon: Horizon | Sequence[str | int] = None,
        cutoff: Day = None,
        model: str | None = None,
        *,
        zero_shot: bool = False,
    ) -> Any:  # noqa: ANN401
        """Forecast every customer: by the newest trained model that fits, or untrained where there is none.

        Several horizons come out one after the other, with ``horizon_days`` in each row; they agree in order: a longer
        one never expects less. `zero_shot` is the behaviour model alone.
        """
        if not isinstance(horizon, Iterable) or isinstance(horizon, str):
            return self._table(self._do(score, ScoreOptions(horizon, cutoff, model, zero_shot)))
        horizons = tuple(horizon)
        with self._speaking():
            if not horizons:
                raise ConfigError("shop.no_horizon", key="horizon")
        return self._table(self._do(score_horizons, ScoreOptions(None, cutoff, model, zero_shot, horizons)))

    def backtest(
        self, horizon: Horizon = None, cutoff: Day = None, members: Sequence[Forecaster] = (), *, adapt: bool = False
    ) -> BacktestView:
        """Judge every member, your own among them, on a closed window that chose nothing."""
        return BacktestView.of(self._do(backtest, BacktestOptions(horizon, cutoff, tuple(members), adapt)), self.kind)

    def backtest_items(self, horizon: Horizon = None, cutoff: Day = None) -> ItemsBacktestView:
        """Judge recommendations by what customers then bought, next to bestsellers and each customer's last items."""
        return ItemsBacktestView.of(self._do(backtest_items, ItemsOptions(horizon, cutoff)), self.kind)

    def represent(self, horizon: Horizon = None, cutoff: Day = None) -> Any:  # noqa: ANN401
        """Give every customer's vector of the behaviour model, and place on the map: `schema.VECTORS`."""
        return self._table(self._do(represent, RepresentOptions(horizon, cutoff)))

    def similar(self, customer: str, k: int = 10, horizon: Horizon = None, cutoff: Day = None) -> Any:  # noqa: ANN401
        """Find the k customers most similar to one, best first: similarity, and tier and expected spend if scored."""
        return self._table(self._do(similar, SimilarOptions(str(customer), k, horizon, cutoff)))

    def recommend(
        self,
        k: int | None = None,
        *,
        customer: str | None = None,
        item: str | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Recommend items to each customer, with reasons, or to one customer, or find the customers for an item.

        `options`: exclude_bought, category, in_stock, min_gap, diverse, value_aware, horizon, cutoff, as
        `RecommendOptions` has them. All customers' lists are also laid next to the newest forecast, for the report.
        """
        with self._speaking():
            request = RecommendOptions.of(k, customer, item, options)
        return self._table(self._do(recommend, request))

    def demand(self, horizon: Horizon = None, cutoff: Day = None) -> Any:  # noqa: ANN401
        """Forecast the units of every item next to a naive forecast, the most money first: `schema.DEMAND`."""
        return self._table(self._do(demand, DemandOptions(horizon, cutoff)))

    def affinity(self, horizon: Horizon = None, cutoff: Day = None) -> Any:  # noqa: ANN401
        """Give each customer's shares of interest by category and brand: `schema.AFFINITY`."""
        return self._table(self._do(affinity, AffinityOptions(horizon, cutoff)))

    def export(self, *, contacts: bool = False, to: Path | None = None) -> Path:
        """Write the newest forecast as a list to send; gives the file."""
        return Path(self._do(export, ExportOptions(contacts, to)).card.file)

    def report(self) -> Path:
        """Write the page; gives the file."""
        return Path(self._do(report, ReportOptions()).card.file)

    @property
    def plot(self) -> Plots:
        """The report's charts, one method each."""
        return self._call(Plots, clock.now())

    def __repr__(self) -> str:
        name = f"Shop({str(self.workspace.root)!r}, {self._call(read_events).num_rows} events)"
        return f"{name}\n{self.reading}" if self.reading.receipt else name

    def _do(self, step: Callable[..., Result[Any]], options: object) -> Result[Any]:
        return self._call(step, options, clock.now())

    def _read(self, read: Callable[[Workspace, Horizon, Day, datetime], Any], horizon: Horizon, cutoff: Day) -> Any:  # noqa: ANN401
        return self._call(read, horizon, cutoff, clock.now())

    def _call(self, function: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401
        with self._speaking():
            return function(self.workspace, *arguments)

    def _source(self, source: Any, reading: dict[str, Any], more: Sequence[Path | str] = ()) -> SourceOptions:  # noqa: ANN401
        with self._speaking():
            if isinstance(source, str | Path):
                return SourceOptions(tuple(Path(one) for one in (source, *more)), CollectOptions(**reading))
            return SourceOptions(to_arrow(source)[0], CollectOptions(**reading))

    def _table(self, result: Result[Any]) -> Any:  # noqa: ANN401
        return like(result.table, self.kind)

    def _speaking(self) -> AbstractContextManager[None]:
        """Refuse in the shop's language."""
        return refusing_in(self.workspace.config.shop.locale)
