"""What to do next: which actions a shop gets, with their numbers and commands, and columns of the list on a click."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import shopfront

from shijin.cli.commands import AtTerminal
from shijin.report.actions import actions
from shijin.report.data import ReportData
from shijin.report.layout import Action
from shijin.report.localiser import Localiser
from shijin.report.totals import sum_up
from shijin.words import LANGUAGES, Language
from shijin.words.reader import PYTHON, Reader


def actions_of(data: ReportData, language: Language = "en", reader: Reader = shopfront.TERMINAL) -> tuple[Action, ...]:
    return actions(data, sum_up(data), Localiser(language, "USD", reader))


def test_a_shop_with_everything_gets_its_actions_in_order() -> None:
    assert [action.title for action in actions_of(shopfront.full())] == [
        "Fix your data first",
        "Win back your best customers at risk of churn: 193",
        "Look after your most valuable customers: 494",
        "Turn first orders into second orders",
        "Send customers their recommendations: 2,469 customers",
        "Find the customers for an item before you advertise it to all",
        "Measure what your campaign earns",
    ]


def test_a_young_shop_gets_no_recommendations_and_comes_back_later() -> None:
    titles = [action.title for action in actions_of(shopfront.young())]
    assert titles[-1] == "Come back when you have more data"
    assert not any("recommend" in title for title in titles)


@pytest.mark.parametrize(("language", "command"), [("en", "shijin run -w tea FILE"), ("zh", "shijin run -w tea 文件")])
def test_to_come_back_is_to_run_again_with_a_file_of_new_orders(language: Language, command: str) -> None:
    last = actions_of(shopfront.young(), language, AtTerminal(Path("tea"), is_there=True))[-1]
    assert last.command == command


@pytest.mark.parametrize("language", LANGUAGES)
def test_columns_of_the_list_are_named_only_on_a_click(language: Language) -> None:
    for action in actions_of(shopfront.full(), language):
        shown = action.title + action.text
        assert not re.search(r"\w_\w|\bTrue\b|\bFalse\b| = |--\w|\bAUC\b|\bCRPS\b", shown), shown
    columns = " ".join(action.how for action in actions_of(shopfront.full(), language))
    for column in ("churn_risk", "historic_spend", "tier = high", "evidence = thin", "holdout = False"):
        assert column in columns


@pytest.mark.parametrize(
    ("language", "title", "how"),
    [
        ("en", r"at risk of churn: ([\d,]+)", r"take the first ([\d,]+)\."),
        ("zh", r"优质老客：([\d,]+) 位", r"取前 ([\d,]+) 位"),
    ],
)
def test_the_filter_for_customers_at_risk_takes_as_many_as_its_title_names(
    language: Language, title: str, how: str
) -> None:
    (action,) = [action for action in actions_of(shopfront.full(), language) if re.search(title, action.title)]
    assert re.findall(how, action.how) == re.findall(title, action.title)


def test_the_hold_out_is_named_among_the_chosen_customers() -> None:
    assert "Among the customers you choose to contact" in actions_of(shopfront.full())[-1].text
    assert "在您选定要联系的顾客中" in actions_of(shopfront.full(), "zh")[-1].text


def test_commands_are_written_for_the_reader() -> None:
    unchecked = replace(shopfront.young(), unjudged=None)
    assert actions_of(unchecked)[-1].command == "shijin backtest --horizon 30d --cutoff 2024-04-17"
    in_python = actions_of(unchecked, reader=PYTHON)[-1].command
    assert in_python == "shop.backtest(horizon='30d', cutoff='2024-04-17')"
    assert not any("shijin" in action.command for action in actions_of(shopfront.full(), reader=PYTHON))
