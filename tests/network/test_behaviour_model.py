from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tinynetworks import context_of, drawn, torch_outputs
from tinyshops import HORIZON, by_hand, day, history_of, simulated, split

from shijin.distribution import ORDER_STARTS
from shijin.network.architecture import BehaviourModel, Outputs, Size
from shijin.network.context import Context
from shijin.network.inputs import RELATIVE_BINS, TIME_BINS, Customers, Targets, read_customers, read_shop
from shijin.represent.tokens import NEWEST, Tokens

SHOP = history_of(simulated())
QUERY, OF_SHOP = read_customers(SHOP, HORIZON), read_shop(SHOP, HORIZON)
CONTEXT, NO_CONTEXT = context_of(SHOP, HORIZON), context_of(SHOP, HORIZON, most=0)
PARTS = ("active", "relative_spend", "orders", "time")


@pytest.fixture(scope="module")
def model() -> BehaviourModel:
    return drawn(SHOP, HORIZON)


def farthest(a: Outputs, b: Outputs, rows: np.ndarray | slice = slice(None)) -> float:
    """The largest difference of any forecast."""
    return max(float((getattr(a, name)[rows] - getattr(b, name)).abs().max()) for name in PARTS)


def in_order(customers: Customers, order: np.ndarray) -> Customers:
    """The same customers in another order."""
    offsets = customers.tokens.offsets
    values = np.concatenate([customers.tokens.values[offsets[place] : offsets[place + 1]] for place in order])
    counts = np.diff(offsets)[order]
    tokens = Tokens(values, np.concatenate([[0], np.cumsum(counts)]))
    return Customers(customers.features[order], tokens, customers.base_bin[order])


def context_in_order(context: Context, order: np.ndarray) -> Context:
    targets = Targets(*(getattr(context.targets, name)[order] for name in Targets.__annotations__))
    customers, window, guesses = in_order(context.customers, order), context.window[order], context.guesses[order]
    return replace(context, customers=customers, targets=targets, window=window, guesses=guesses)


def test_a_forecast_does_not_depend_on_the_other_customers_of_the_query(model: BehaviourModel) -> None:
    everybody = torch_outputs(model, QUERY, OF_SHOP, CONTEXT)
    rows = np.array([3, 50, 51, 200])
    few = torch_outputs(model, read_customers(SHOP.take(rows), HORIZON), OF_SHOP, CONTEXT)
    assert farthest(everybody, few, rows) < 1e-5
    assert farthest(everybody, few, rows + 1) > 0.1  # another customer's is another
    assert float((everybody.level - few.level).abs().max()) < 1e-5


def test_the_order_of_the_context_means_nothing(model: BehaviourModel) -> None:
    order = np.random.default_rng(5).permutation(len(CONTEXT))
    one = torch_outputs(model, QUERY, OF_SHOP, CONTEXT)
    assert farthest(one, torch_outputs(model, QUERY, OF_SHOP, context_in_order(CONTEXT, order))) < 1e-4


def shuffled_targets(context: Context) -> Context:
    order = np.random.default_rng(6).permutation(len(context))
    return replace(context, targets=context_in_order(context, order).targets)


def other_customers(context: Context) -> Context:
    return replace(context, customers=in_order(context.customers, np.arange(len(context))[::-1]))


def other_guesses(context: Context) -> Context:
    return replace(context, guesses=context.guesses[::-1].copy())


def no_first_guess(context: Context) -> Context:
    return replace(context, first_guess=None)


def other_levels(context: Context) -> Context:
    return replace(context, levels=context.levels + 1)


def other_lags(context: Context) -> Context:
    return replace(context, lags=context.lags + 1)


def other_shops(context: Context) -> Context:
    return replace(context, shops=context.shops + 1)


CHANGES = [
    shuffled_targets,
    other_customers,
    other_guesses,
    no_first_guess,
    other_levels,
    other_lags,
    other_shops,
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_part_of_the_context_changes_the_outputs(
    model: BehaviourModel, change: Callable[[Context], Context]
) -> None:
    one = torch_outputs(model, QUERY, OF_SHOP, CONTEXT)
    assert farthest(one, torch_outputs(model, QUERY, OF_SHOP, change(CONTEXT))) > 1e-3


def test_every_input_of_a_customer_and_of_the_shop_changes_the_outputs(model: BehaviourModel) -> None:
    one = torch_outputs(model, QUERY, OF_SHOP, CONTEXT)
    tokens = Tokens(QUERY.tokens.values[::-1].copy(), QUERY.tokens.offsets)
    assert farthest(one, torch_outputs(model, replace(QUERY, tokens=tokens), OF_SHOP, CONTEXT)) > 1e-3
    features = QUERY.features[::-1].copy()
    assert farthest(one, torch_outputs(model, replace(QUERY, features=features), OF_SHOP, CONTEXT)) > 1e-3
    assert farthest(one, torch_outputs(model, QUERY, OF_SHOP + 1, CONTEXT)) > 1e-3


def test_the_order_of_a_customers_tokens_means_nothing(model: BehaviourModel) -> None:
    offsets = QUERY.tokens.offsets
    backwards = np.concatenate([np.arange(b - 1, a - 1, -1) for a, b in pairwise(offsets)])
    other = replace(QUERY, tokens=Tokens(QUERY.tokens.values[backwards], offsets))
    assert farthest(torch_outputs(model, QUERY, OF_SHOP, CONTEXT), torch_outputs(model, other, OF_SHOP, CONTEXT)) < 1e-4


def test_a_shop_without_a_closed_window_is_forecast_too(model: BehaviourModel) -> None:
    assert len(NO_CONTEXT) == 0
    one = torch_outputs(model, QUERY, OF_SHOP, NO_CONTEXT)
    shapes = {name: tuple(getattr(one, name).shape) for name in (*PARTS, "level")}
    n = len(QUERY)
    assert shapes == {
        "active": (n,),
        "relative_spend": (n, RELATIVE_BINS),
        "orders": (n, len(ORDER_STARTS)),
        "time": (n, TIME_BINS),
        "level": (4,),
    }
    assert all(bool(getattr(one, name).isfinite().all()) for name in PARTS)
    assert farthest(one, torch_outputs(model, QUERY, OF_SHOP, CONTEXT)) > 1e-3


def test_a_customer_with_hundreds_of_moments_is_read_in_a_bounded_number_of_tokens(model: BehaviourModel) -> None:
    busy = [(number / 4, 10.0 + number % 7) for number in range(1200)]
    history, _ = split(by_hand([busy, *([(300.0 + place, 10.0)] for place in range(20))], 400), day(330), HORIZON)
    query = read_customers(history, HORIZON)
    assert len(history.moments) == 1220
    assert query.tokens.offsets[1] <= NEWEST + 4 * 5
    one = torch_outputs(model, query, read_shop(history, HORIZON), NO_CONTEXT)
    assert all(bool(getattr(one, name).isfinite().all()) for name in PARTS)


def test_inputs_far_out_are_clipped(model: BehaviourModel) -> None:
    far, farther = (replace(QUERY, features=QUERY.features + shift) for shift in (np.float32(1e4), np.float32(1e7)))
    assert farthest(torch_outputs(model, far, OF_SHOP, CONTEXT), torch_outputs(model, farther, OF_SHOP, CONTEXT)) == 0


def test_one_dial_sets_the_size() -> None:
    sizes = [Size(79, 47, 21, width) for width in (32, 64, 128)]
    assert [(size.depth, size.heads, size.token_width) for size in sizes] == [(1, 1, 16), (2, 2, 32), (4, 4, 64)]
    assert len({size.n_outputs for size in sizes}) == 1
    parameters = [sum(value.numel() for value in BehaviourModel(size).parameters()) for size in sizes]
    assert parameters[0] < parameters[1] / 2 < parameters[2] / 4
    assert Size(**sizes[0].as_json()) == sizes[0]
