"""Every kind of result has one JSON shape: the command line prints what a step gives, with documented fields."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Command
from rawfile import HORIZON_DAYS
from shijin import clock
from shijin.steps.backtest import BacktestOptions, backtest
from shijin.steps.backtest_items import ItemsOptions, backtest_items
from shijin.steps.check import check
from shijin.steps.demand import DemandOptions, demand
from shijin.steps.export import ExportOptions, export
from shijin.steps.list_request import RecommendOptions
from shijin.steps.recommend import recommend
from shijin.steps.report import ReportOptions, report
from shijin.steps.represent import RepresentOptions, SimilarOptions, represent, similar
from shijin.steps.score import ScoreOptions, score, score_horizons
from shijin.steps.train import TrainOptions, train
from shijin.workspace import Card, Result, Workspace

ENVELOPE = {"kind", "id", "new", "notes", "tables", "outputs"}
H = f"{HORIZON_DAYS}d"
ITEM = "sku-0001"
Step = Callable[..., Result[Any]]
# Command, step, options; {customer} is a customer of the shop.
CALLS: dict[str, tuple[tuple[str, ...], Step, Callable[[str], Any]]] = {
    "check": (("check",), check, lambda customer: None),
    "model": (("train", "--horizon", H), train, lambda customer: TrainOptions(H)),
    "forecast": (("score", "--horizon", H), score, lambda customer: ScoreOptions(H)),
    "forecasts": (
        ("score", "--zero-shot", "--horizon", "20d", "--horizon", "30d"),
        score_horizons,
        lambda customer: ScoreOptions(zero_shot=True, horizons=("20d", "30d")),
    ),
    "backtest": (("backtest", "--horizon", H), backtest, lambda customer: BacktestOptions(H)),
    "items_backtest": (("backtest", "--items"), backtest_items, lambda customer: ItemsOptions()),
    "representation": (("represent", "--horizon", H), represent, lambda customer: RepresentOptions(H)),
    "neighbours": (
        ("represent", "--horizon", H, "--like", "{customer}", "--k", "3"),
        similar,
        lambda customer: SimilarOptions(customer, 3, H),
    ),
    "recommendations": (("recommend", "--all"), recommend, lambda customer: RecommendOptions()),
    "customer_recommendations": (
        ("recommend", "--customer", "{customer}"),
        recommend,
        lambda customer: RecommendOptions(customer=customer),
    ),
    "item_customers": (
        ("recommend", "--item", ITEM, "--k", "5"),
        recommend,
        lambda customer: RecommendOptions(5, item=ITEM),
    ),
    "export": (("export",), export, lambda customer: ExportOptions()),
}


@pytest.mark.parametrize("kind", CALLS)
def test_the_command_line_prints_what_the_step_gives(workspace: Path, command: Command, kind: str) -> None:
    arguments, step, options = CALLS[kind]
    shop = Workspace.open(workspace)
    customer = shop.read("events", ["customer_id"])["customer_id"][0].as_py()
    done = command(*(word.format(customer=customer) for word in arguments), "-w", workspace, "--json")
    printed = json.loads(done.out)
    result = step(shop, options(customer), clock.now())
    expected = json.loads(json.dumps(result.json(), default=str))
    for answer in (printed, expected):  # the second of two same questions finds what the first had made
        for made in (answer, *answer.get("forecasts", [])):
            made.pop("new")
    assert printed["kind"] == kind
    assert printed == expected


@pytest.mark.parametrize("kind", CALLS)
def test_the_fields_are_those_of_the_card_and_each_is_described(workspace: Path, kind: str) -> None:
    _, step, options = CALLS[kind]
    shop = Workspace.open(workspace)
    customer = shop.read("events", ["customer_id"])["customer_id"][0].as_py()
    result = step(shop, options(customer), clock.now())
    assert result.kind == kind
    assert set(result.json()) <= ENVELOPE | set(type(result.card).model_fields) | set(result.shown)
    assert all(field.description for field in type(result.card).model_fields.values())


def test_the_page_and_the_demand_have_theirs_too(workspace: Path, command: Command) -> None:
    shop = Workspace.open(workspace)
    for step, options, arguments in (
        (report, ReportOptions(), ("report",)),
        (demand, DemandOptions(), ("recommend", "--demand", "--k", "2")),
    ):
        printed = json.loads(command(*arguments, "-w", workspace, "--json").out)
        result: Result[Card] = step(shop, options, clock.now())  # type: ignore[operator]
        assert set(result.json()) <= set(printed)
        assert printed["kind"] == result.kind


def test_a_run_holds_the_result_of_every_step_in_its_own_shape(workspace: Path, command: Command) -> None:
    printed = json.loads(command("run", "-w", workspace, "--horizon", H, "--json").out)
    assert printed["kind"] == "run"
    kinds = {verb: one["kind"] for verb, one in printed["steps"].items()}
    assert kinds == {
        "check": "check",
        "train": "model",
        "backtest": "backtest",
        "score": "forecast",
        "represent": "representation",
        "recommend": "recommendations",
        "report": "report",
        "export": "export",
    }
    assert all(set(one) >= ENVELOPE for one in printed["steps"].values())
