"""Examples for pre-training: a simulated shop, its closed windows as context, and the customers to be forecast.

An example is a function of seed and number alone, whoever makes it and however often training was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shijin.errors import ShijinError
from shijin.network.first_guess import no_guess
from shijin.network.inputs import (
    Answers,
    Context,
    Customers,
    Past,
    Window,
    read_answers,
    read_customers,
)
from shijin.represent.cutoff import only, split_at
from shijin.represent.packed import DAY_US
from shijin.simulate.prior import draw_task
from shijin.simulate.shops import simulate

MOST_ASKED = 512  # customers to be forecast of a shop
MOST_TOLD = 768  # customers of its context
LEAST_CUSTOMERS = 30
NO_CONTEXT, FEW_CONTEXT = 0.12, 0.3  # how often nothing, or a part, of the context is shown


@dataclass(frozen=True)
class Example:
    """One shop: who is asked about, what their shop is like, what is told beside, and what came."""

    asked: Customers
    shop: NDArray[np.float32]
    context: Context
    answers: Answers


def example(seed: int, number: int, fixed: Mapping[str, Any] | None = None, blanked: float = 0.0) -> Example:
    """Make the example of a number; shops that nobody would forecast are drawn again.

    Parameters
    ----------
    fixed
        Knobs held at a value.
    blanked
        Share of shops of which moments alone are shown; see `by_moments`.
    """
    rng = np.random.default_rng([seed, number])
    while True:
        made = _example(rng, dict(fixed or {}))
        if made is not None:
            return by_moments(made) if rng.random() < blanked else made


def by_moments(one: Example) -> Example:
    """Blank the as-of features, and the first guess that is made of them; own bins stay the unit of money.

    Features are what a simulator gets right only nearly; who must do without them now and then leans on them less.
    """
    asked, told = (replace(of, features=np.zeros_like(of.features)) for of in (one.asked, one.context.customers))
    context = replace(one.context, customers=told, first_guess=None, guesses=no_guess(len(one.context)))
    return replace(one, asked=asked, context=context)


def example_of(window: Window, told: Callable[[np.random.Generator], int], rng: np.random.Generator) -> Example:
    """Ask about customers of a window, drawn by chance, with a context of their shop's past.

    Parameters
    ----------
    told
        Draws how many customers of context are shown.
    """
    history, outcomes = window
    rows = np.sort(rng.permutation(len(history))[:MOST_ASKED])
    asked = read_customers(history.take(rows), outcomes.horizon_days)
    past = Past.of(history, outcomes.horizon_days)
    context = past.context(told(rng), rng, asked.features.shape[1])
    return Example(asked, past.shop, context, read_answers(asked, outcomes.take(rows), history.scale))


def _example(rng: np.random.Generator, fixed: dict[str, Any]) -> Example | None:
    task = draw_task(rng, **fixed)
    horizon = task.horizon_days
    try:
        packed = simulate(task.knobs, int(rng.integers(2**62)), task.guests).packed
        history, outcomes = split_at(packed, packed.end - horizon * DAY_US, horizon)
    except ShijinError:
        return None
    if outcomes is None:
        return None
    window = only(history, outcomes, history.bought)
    return example_of(window, _told, rng) if len(window[0]) >= LEAST_CUSTOMERS else None


def _told(rng: np.random.Generator) -> int:
    """How many customers of context are shown."""
    which = rng.random()
    if which < NO_CONTEXT:
        return 0
    return int(rng.uniform(0.02, 1) ** 2 * MOST_TOLD) if which < NO_CONTEXT + FEW_CONTEXT else MOST_TOLD
