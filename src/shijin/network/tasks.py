"""Examples for pre-training: a simulated shop, its closed windows as context, and the customers to be forecast.

An example depends on its seed and number alone: not on the process that makes it, nor on interruptions of the training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shijin.arrays import Singles
from shijin.errors import ShijinError
from shijin.network.context import Context, Past, Window
from shijin.network.first_guess import no_guess
from shijin.network.inputs import Customers, Targets, read_customers, read_targets
from shijin.represent.cutoff import customers_of, split_at
from shijin.represent.packed import DAY_US
from shijin.simulate.prior import draw_task
from shijin.simulate.shops import simulate

MOST_QUERY = 512  # customers to be forecast of a shop
TRAINING_CONTEXT = 768  # customers of its context
LEAST_CUSTOMERS = 30
NO_CONTEXT, FEW_CONTEXT = 0.12, 0.3  # how often nothing, or a part, of the context is shown


@dataclass(frozen=True)
class Example:
    """One shop of a training step.

    query : customers to be forecast
    shop : (S,) float32, the shop as of the cutoff
    context : customers of the shop's closed windows
    targets : what the customers of `query` did
    """

    query: Customers
    shop: Singles
    context: Context
    targets: Targets


def example(seed: int, number: int, fixed: Mapping[str, Any] | None = None, blanked: float = 0.0) -> Example:
    """Make the example of a number; shops too small to be forecast are drawn again.

    Parameters
    ----------
    fixed
        Knobs held at a value.
    blanked
        Share of shops whose customers are shown by their moments alone; see `by_moments`.
    """
    rng = np.random.default_rng([seed, number])
    while True:
        one = _example(rng, dict(fixed or {}))
        if one is not None:
            return by_moments(one) if rng.random() < blanked else one


def by_moments(one: Example) -> Example:
    """Blank the features and the first guess that is made of them; base bins stay, as the unit of money.

    A simulator gets features only nearly right; a network trained without them now and then relies on them less.
    """
    query, shown = (replace(part, features=np.zeros_like(part.features)) for part in (one.query, one.context.customers))
    context = replace(one.context, customers=shown, first_guess=None, guesses=no_guess(len(one.context)))
    return replace(one, query=query, context=context)


def example_of(window: Window, draw_size: Callable[[np.random.Generator], int], rng: np.random.Generator) -> Example:
    """Make customers of a window, drawn at random, the query, with a context of their shop's past.

    Parameters
    ----------
    draw_size
        Draws how many customers of context are shown.
    """
    history, outcomes = window
    rows = np.sort(rng.permutation(len(history))[:MOST_QUERY])
    query = read_customers(history.take(rows), outcomes.horizon_days)
    past = Past.of(history, outcomes.horizon_days)
    context = past.context(draw_size(rng), rng, query.features.shape[1])
    return Example(query, past.shop, context, read_targets(query, outcomes.take(rows), history.scale))


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
    window = customers_of(history, outcomes)
    return example_of(window, _context_size, rng) if len(window[0]) >= LEAST_CUSTOMERS else None


def _context_size(rng: np.random.Generator) -> int:
    """Draw how many customers of context are shown: none, a part, or all."""
    which = rng.random()
    if which < NO_CONTEXT:
        return 0
    return int(rng.uniform(0.02, 1) ** 2 * TRAINING_CONTEXT) if which < NO_CONTEXT + FEW_CONTEXT else TRAINING_CONTEXT
