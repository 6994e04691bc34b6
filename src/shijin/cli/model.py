"""What is learnt and forecast: train, backtest, score, represent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from shijin import clock
from shijin.cli.commands import HERE, session
from shijin.cli.flags import Adapt, AsJson, Cutoff, Horizon, HowMany, LikeWhom, ScoredHorizon, Where
from shijin.console.forecast import backtest_table, forecast_summary, neighbours_table, vectors_line, weights_table
from shijin.console.judged import judged_lists
from shijin.console.terminal import busy, out, print_json, print_notes, show
from shijin.errors import ConfigError
from shijin.segment.likeness import NEAREST
from shijin.steps.backtest import BacktestOptions
from shijin.steps.backtest import backtest as backtest_step
from shijin.steps.backtest_items import ItemsOptions
from shijin.steps.backtest_items import backtest_items as backtest_items_step
from shijin.steps.cards import ForecastCard
from shijin.steps.defaults import currency_of
from shijin.steps.represent import RepresentOptions, SimilarOptions
from shijin.steps.represent import represent as represent_step
from shijin.steps.represent import similar as similar_step
from shijin.steps.score import ScoreOptions, score_horizons
from shijin.steps.score import score as score_step
from shijin.steps.train import TrainOptions
from shijin.steps.train import train as train_step
from shijin.workspace import Result, Workspace

Step = Callable[..., Result[Any]]


def train(
    workspace: Where = HERE,
    horizon: Horizon = None,
    cutoff: Cutoff = None,
    adapt: Adapt = False,
    as_json: AsJson = False,
) -> None:
    """Learn from the shop's closed windows: only what lies before the cutoff is read.

    Example: shijin train -w my-shop --horizon 90d
    """
    shop = session.open(workspace)
    with busy(shop, silent=as_json) as begin:
        result = train_step(shop, TrainOptions(horizon, cutoff, adapt), clock.now(), begin("train"))
    if as_json:
        return print_json(result.json())
    print_notes(result.notes, session.language, session.reader)
    out.print(weights_table(result, session.language))
    return None


def backtest(
    workspace: Where = HERE,
    horizon: Horizon = None,
    cutoff: Cutoff = None,
    adapt: Adapt = False,
    items: Annotated[
        bool, typer.Option("--items", help="Judge recommendations instead, over 30 days where no horizon is named.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Judge every method on a past window that chose nothing, the one-line formula among them.

    Example: shijin backtest -w my-shop --horizon 60d
    """
    shop = session.open(workspace)
    if items:
        if adapt:
            raise ConfigError("cli.adapt_with_items")
        return _backtest_items(shop, ItemsOptions(horizon, cutoff), as_json=as_json)
    with busy(shop, silent=as_json) as begin:
        options = BacktestOptions(horizon, cutoff, adapt=adapt)
        result = backtest_step(shop, options, clock.now(), begin("backtest"))
    if as_json:
        return print_json(result.json())
    for part in backtest_table(result.card, session.language, session.reader):
        out.print(part)
    return None


def _backtest_items(shop: Workspace, options: ItemsOptions, *, as_json: bool) -> None:
    with busy(shop, silent=as_json) as begin:
        result = backtest_items_step(shop, options, clock.now(), begin("backtest"))
    if as_json:
        return print_json(result.json())
    for part in judged_lists(result.card.as_json(), session.language):
        out.print(part)
    return None


def score(
    workspace: Where = HERE,
    horizon: Annotated[
        list[str] | None,
        typer.Option(help="How far ahead, 90d or 3m; repeat it for several, of which a longer one never expects less."),
    ] = None,
    cutoff: Cutoff = None,
    model: Annotated[str | None, typer.Option(help="A model's id.", show_default="the newest that fits")] = None,
    zero_shot: Annotated[
        bool, typer.Option("--zero-shot", help="The behaviour model alone, which needs no training.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forecast every customer and give each a tier. Without a trained model: the behaviour model, and a note says so.

    Example: shijin score -w my-shop --zero-shot --horizon 30d --horizon 90d
    """
    shop = session.open(workspace)
    horizons = tuple(horizon or ())
    several = len(horizons) > 1
    with busy(shop, silent=as_json) as begin:
        options = ScoreOptions(horizons[0] if len(horizons) == 1 else None, cutoff, model, zero_shot, horizons)
        step: Step = score_horizons if several else score_step
        result = step(shop, options, clock.now(), begin("score"))
    if as_json:
        return print_json(result.json())
    for one in result.parts.values() if several else [result]:
        _show_forecast(shop, one)
    return None


def _show_forecast(shop: Workspace, result: Result[ForecastCard]) -> None:
    print_notes(result.notes, session.language, session.reader)
    out.print(forecast_summary(result.table, shop.config, currency_of(shop)))
    out.print(str(shop.root / result.receipt.outputs[0]), soft_wrap=True)


def represent(
    workspace: Where = HERE,
    horizon: ScoredHorizon = None,
    cutoff: Cutoff = None,
    like: LikeWhom = None,
    k: HowMany = None,
    as_json: AsJson = False,
) -> None:
    """Write a vector for every customer, near for similar ones, and their map; or show the customers most like one.

    Example: shijin represent -w my-shop --like 00079 --k 5
    """
    shop = session.open(workspace)
    if like is not None:
        options = SimilarOptions(like, NEAREST if k is None else k, horizon, cutoff)
        return _show_neighbours(shop, options, as_json=as_json)
    if k is not None:
        raise ConfigError("cli.k_without_like")
    result = represent_step(shop, RepresentOptions(horizon, cutoff), clock.now())
    if not as_json:
        print_notes(result.notes, session.language, session.reader)
    show(result.json(), vectors_line(result, shop.root, session.language), as_json=as_json)
    return None if as_json else print_notes([{"code": "represent.next"}], session.language, session.reader)


def _show_neighbours(shop: Workspace, options: SimilarOptions, *, as_json: bool) -> None:
    result = similar_step(shop, options, clock.now())
    if as_json:
        return print_json(result.json())
    print_notes(result.notes, session.language, session.reader)
    out.print(neighbours_table(result, shop.config))
    return None
