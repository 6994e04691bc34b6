"""The public names are these; whoever adds or takes one away changes this page, and the changelog."""

import inspect

import pytest

import shijin
from shijin.shop import Shop

PUBLIC = [
    "Distribution",
    "Forecaster",
    "Grid",
    "History",
    "Outcomes",
    "ShijinError",
    "Shop",
    "forecast",
    "from_dataframe",
    "open",
]
VERBS = [
    "affinity",
    "backtest",
    "backtest_items",
    "check",
    "collect",
    "contacts",
    "demand",
    "events",
    "export",
    "features",
    "feedback",
    "forecast",
    "history",
    "items",
    "outcomes",
    "plot",
    "reading",
    "recommend",
    "report",
    "represent",
    "similar",
    "train",
    "training_table",
]


def test_the_public_names_are_these() -> None:
    assert sorted(shijin.__all__) == PUBLIC
    assert set(dir(shijin)) == {*PUBLIC, "__version__"}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_and_says_what_it_is_for(name: str) -> None:
    thing = getattr(shijin, name)
    assert inspect.getdoc(thing)


def test_the_verbs_of_a_shop_are_these() -> None:
    assert [name for name in sorted(vars(Shop)) if not name.startswith("_")] == VERBS
    assert all(inspect.getdoc(getattr(Shop, name)) for name in VERBS)


def test_another_name_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="module 'shijin' has no attribute 'frobnicate'"):
        shijin.frobnicate  # noqa: B018
