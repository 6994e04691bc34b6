"""Every kind of result has one JSON shape: the command line prints what a step gives, with documented fields."""

import ast
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import shijin
from conftest import Command
from rawfile import HORIZON_DAYS, write
from shijin import clock
from shijin.steps.backtest import BacktestOptions, backtest
from shijin.steps.backtest_items import ItemsOptions, backtest_items
from shijin.steps.check import check
from shijin.steps.collect import SourceOptions, collect
from shijin.steps.demand import DemandOptions, demand
from shijin.steps.export import ExportOptions, export
from shijin.steps.feedback import feedback
from shijin.steps.init import init
from shijin.steps.list_request import RecommendOptions
from shijin.steps.recommend import recommend
from shijin.steps.report import ReportOptions, report
from shijin.steps.represent import RepresentOptions, SimilarOptions, represent, similar
from shijin.steps.score import ScoreOptions, score, score_horizons
from shijin.steps.train import TrainOptions, train
from shijin.workspace import Result, Workspace

ENVELOPE = {"kind", "id", "new", "notes", "tables", "outputs"}
H = f"{HORIZON_DAYS}d"
ITEM = "sku-0001"


@dataclass(frozen=True)
class Call:
    """One verb, as the command line and as a step; its JSON has these keys beyond those of every result.

    {customer}, {orders} and {feedback} are a customer of the shop and files.
    """

    keys: str
    arguments: tuple[str, ...]
    step: Callable[..., Result[Any]]
    options: Callable[[dict[str, str]], Any] = lambda names: None
    optional: str = ""  # documented, but not there in this shop


COLLECTION = "source digest guess columns unread rows money findings"
CALLS = {
    "workspace": Call("workspace", ("init",), init),
    "collect": Call(
        COLLECTION,
        ("collect", "{orders}"),
        collect,
        lambda names: SourceOptions(Path(names["orders"])),
        "kinds",
    ),
    "feedback": Call(
        f"{COLLECTION} kinds",
        ("feedback", "{feedback}"),
        feedback,
        lambda names: SourceOptions(Path(names["feedback"])),
    ),
    "check": Call("fingerprint spoils rows findings", ("check",), check),
    "model": Call(
        "case cutoff horizon_days served trained weights",
        ("train", "--horizon", H),
        train,
        lambda names: TrainOptions(H),
        "corrections",
    ),
    "forecast": Call(
        "cutoff fingerprint horizon_days judged_by made_by member model score total_interval",
        ("score", "--horizon", H),
        score,
        lambda names: ScoreOptions(H),
    ),
    "forecasts": Call(
        "forecasts",
        ("score", "--zero-shot", "--horizon", "20d", "--horizon", "30d"),
        score_horizons,
        lambda names: ScoreOptions(zero_shot=True, horizons=("20d", "30d")),
    ),
    "backtest": Call(
        "case cutoff differences fingerprint horizon_days made_by scores served weights",
        ("backtest", "--horizon", H),
        backtest,
        lambda names: BacktestOptions(H),
        "corrections prospects voids",
    ),
    "items_backtest": Call(
        "cutoff fingerprint horizon_days k made_by parts views",
        ("backtest", "--items"),
        backtest_items,
        lambda names: ItemsOptions(),
    ),
    "representation": Call(
        "customers cutoff explained gaps horizon_days representation weights",
        ("represent", "--horizon", H),
        represent,
        lambda names: RepresentOptions(H),
    ),
    "neighbours": Call(
        "customer cutoff horizon_days like neighbours representation score",
        ("represent", "--horizon", H, "--like", "{customer}", "--k", "3"),
        similar,
        lambda names: SimilarOptions(names["customer"], 3, H),
    ),
    "recommendations": Call(
        "customers cutoff explore explored fingerprint horizon_days items judged_by made_by options reasons "
        "recommender score training",
        ("recommend", "--all"),
        recommend,
        lambda names: RecommendOptions(),
    ),
    "customer_recommendations": Call(
        "customer customers cutoff entries explore explored horizon_days items "
        "names options reasons recommendations recommender training",
        ("recommend", "--customer", "{customer}"),
        recommend,
        lambda names: RecommendOptions(customer=names["customer"]),
    ),
    "item_customers": Call(
        "cutoff explore horizon_days item item_customers name options recommender training",
        ("recommend", "--item", ITEM, "--k", "5"),
        recommend,
        lambda names: RecommendOptions(5, item=ITEM),
    ),
    "demand": Call(
        "cutoff fingerprint horizon_days items judged made_by naive_shape orders orders_forecast score shape top",
        ("recommend", "--demand", "--k", "2"),
        demand,
        lambda names: DemandOptions(k=2),
    ),
    "export": Call(
        "contacts customers file held_out holdout score", ("export",), export, lambda names: ExportOptions()
    ),
    "report": Call("backtest backtest_items file score", ("report",), report, lambda names: ReportOptions()),
}


@pytest.fixture
def names(workspace: Path, orders: pd.DataFrame, tmp_path: Path) -> dict[str, str]:
    """What a call may name: a customer, and files of orders and of feedback that the shop has not read yet."""
    customer = Workspace.open(workspace).read("events", ["customer_id"])["customer_id"][0].as_py()
    more = write(orders.iloc[:50].assign(order_id=lambda table: "more-" + table["order_id"]), tmp_path / "more.csv")
    reactions = tmp_path / "feedback.csv"
    reactions.write_text(f"customer_id,item_id,rating,ts\n{customer},{ITEM},5,2023-01-01\n", "utf-8")
    return {"customer": customer, "orders": str(more), "feedback": str(reactions)}


@pytest.mark.parametrize("kind", CALLS)
def test_the_command_line_prints_what_the_step_gives(
    workspace: Path, command: Command, names: dict[str, str], tmp_path: Path, kind: str
) -> None:
    call = CALLS[kind]
    other = Path(shutil.copytree(workspace, tmp_path / "other"))
    done = command(*(word.format(**names) for word in call.arguments), "-w", workspace, "--json")
    printed = json.loads(done.out)
    result = call.step(Workspace.open(other), call.options(names), clock.now())
    expected = json.dumps(result.json(), default=str).replace(str(other), str(workspace))
    assert printed == json.loads(expected)
    assert printed["kind"] == kind
    assert set(printed) == ENVELOPE | set(call.keys.split())


@pytest.mark.parametrize("kind", CALLS)
def test_every_key_is_a_described_field_of_the_card_or_a_small_table(
    workspace: Path, names: dict[str, str], kind: str
) -> None:
    call = CALLS[kind]
    result = call.step(Workspace.open(workspace), call.options(names), clock.now())
    fields = type(result.card).model_fields
    keys = {*call.keys.split(), *call.optional.split()}
    assert result.kind == kind
    assert keys == set(result.shown) | set(fields) - {"notes"}  # notes are in every result
    assert all(field.description for field in fields.values())


def test_a_run_holds_the_result_of_every_step_in_its_own_shape(workspace: Path, command: Command) -> None:
    printed = json.loads(command("run", "-w", workspace, "--horizon", H, "--json").out)
    assert printed["kind"] == "run"
    assert set(printed) == ENVELOPE | {"steps", "rows"}
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
    for one in printed["steps"].values():
        assert set(one) == ENVELOPE | set(CALLS[one["kind"]].keys.split())


def test_every_kind_of_result_is_among_these(workspace: Path) -> None:
    """A kind is what a step names in `Result(...)`; affinity has a table and no verb of the command line."""
    source = Path(shijin.__file__).parent / "steps"
    named = {
        call.args[0].value
        for path in source.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Result" and isinstance(call.args[0], ast.Constant)
    }
    assert named - {"run", "affinity", "recommendations_export"} <= set(CALLS)  # these have no JSON on the command line
