"""What is learnt and forecast: train, backtest, score, represent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from shijin.cli.flags import HERE, Adapt, AsJson, Cutoff, Horizon, HowMany, LikeWhom, ScoredHorizon, Where
from shijin.console.judged import judged_lists
from shijin.console.terminal import (
    backtest_table,
    busy,
    forecast_summary,
    neighbours_table,
    out,
    print_json,
    said,
    say_notes,
    show,
    vectors_line,
    weights_table,
)
from shijin.errors import ConfigError
from shijin.segment.likeness import NEAREST
from shijin.steps.backtest import BacktestOptions, run_backtest
from shijin.steps.backtest_items import ItemsOptions, run_backtest_items
from shijin.steps.defaults import currency_of
from shijin.steps.represent import RepresentOptions, similar
from shijin.steps.represent import represent as represent_step
from shijin.steps.score import ScoreOptions, score_together
from shijin.steps.train import TrainOptions, train_model
from shijin.workspace import Workspace


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
    shop = Workspace.open(workspace)
    with busy(said, silent=as_json) as begin:
        receipt, weights = train_model(shop, TrainOptions(horizon, cutoff, adapt), datetime.now(UTC), begin("train"))
    if as_json:
        return print_json({**receipt.inputs, "weights": weights.to_pylist()})
    say_notes(receipt.inputs["notes"], shop.config.shop.locale)
    out.print(weights_table(receipt, weights, shop.config.shop.locale))
    return None


def backtest(
    workspace: Where = HERE,
    horizon: Horizon = None,
    cutoff: Cutoff = None,
    adapt: Adapt = False,
    items: Annotated[
        bool, typer.Option("--items", help="Judge lists of items instead, over 30 days where no horizon is named.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Judge every way to forecast on a past window that chose nothing, the one-line formula among them.

    Example: shijin backtest -w my-shop --horizon 60d
    """
    shop = Workspace.open(workspace)
    if items:
        if adapt:
            raise ConfigError("adapts the forecast, which makes no lists", "--adapt", "leave it out beside --items")
        return _backtest_items(shop, horizon, cutoff, as_json)
    with busy(said, silent=as_json) as begin:
        receipt, _ = run_backtest(
            shop, BacktestOptions(horizon, cutoff, adapt=adapt), datetime.now(UTC), begin("backtest")
        )
    if as_json:
        return print_json({"id": receipt.inputs["backtest"], **receipt.inputs["result"]})
    for part in backtest_table(receipt.inputs["result"], shop.config.shop.locale):
        out.print(part)
    return None


def _backtest_items(shop: Workspace, horizon: str | None, cutoff: str | None, as_json: bool) -> None:
    with busy(said, silent=as_json) as begin:
        receipt, _ = run_backtest_items(shop, ItemsOptions(horizon, cutoff), datetime.now(UTC), begin("backtest"))
    if as_json:
        return print_json({"id": receipt.inputs["backtest"], **receipt.inputs["result"]})
    for part in judged_lists(receipt.inputs["result"], shop.config.shop.locale):
        out.print(part)
    return None


def score(
    workspace: Where = HERE,
    horizon: Annotated[
        list[str] | None,
        typer.Option(
            help="How far ahead, 90d or 3m; several times for several, of which a longer one never says less."
        ),
    ] = None,
    cutoff: Cutoff = None,
    model: Annotated[str | None, typer.Option(help="A model's id.", show_default="the newest that fits")] = None,
    zero_shot: Annotated[
        bool, typer.Option("--zero-shot", help="The behaviour model alone, which needs no training.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forecast every customer and give each a tier. Without a trained model: the behaviour model, and it says so.

    Example: shijin score -w my-shop --zero-shot --horizon 30d --horizon 90d
    """
    shop = Workspace.open(workspace)
    options = ScoreOptions(None, cutoff, model, zero_shot)
    for receipt, forecast in score_together(shop, options, horizon or [None], datetime.now(UTC)):
        if as_json:
            print_json({**receipt.inputs, "customers": forecast.num_rows, "outputs": receipt.outputs})
            continue
        say_notes(receipt.inputs["notes"], shop.config.shop.locale)
        out.print(forecast_summary(forecast, shop.config, currency_of(shop)))
        out.print(str(shop.root / receipt.outputs[0]), soft_wrap=True)


def represent(
    workspace: Where = HERE,
    horizon: ScoredHorizon = None,
    cutoff: Cutoff = None,
    like: LikeWhom = None,
    k: HowMany = None,
    as_json: AsJson = False,
) -> None:
    """Write a vector for every customer, near for customers alike, and the map of them; or show who is like whom.

    Example: shijin represent -w my-shop --like 00079 --k 5
    """
    shop = Workspace.open(workspace)
    options, language = RepresentOptions(horizon, cutoff), shop.config.shop.locale
    if like is None:
        if k is not None:
            raise ConfigError("says how many customers like which one", "--k", "name one with --like ID")
        receipt = represent_step(shop, options, datetime.now(UTC))[0]
        say_notes(receipt.inputs["notes"], language)
        show(as_json, {**receipt.inputs, "outputs": receipt.outputs}, vectors_line(receipt, shop.root, language))
        return None if as_json else say_notes([{"code": "represent.next"}], language)
    receipt, neighbours = similar(shop, options, like, datetime.now(UTC), NEAREST if k is None else k)
    if as_json:
        return print_json({**receipt.inputs, "neighbours": neighbours.to_pylist()})
    say_notes(receipt.inputs["notes"], language)
    out.print(neighbours_table(receipt, neighbours, shop.config))
    return None
