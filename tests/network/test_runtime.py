from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from threadpoolctl import threadpool_limits
from tinynetworks import context_of, drawn, tensors_of, torch_outputs, weights_of
from tinyshops import HORIZON, by_hand, day, history_of, simulated, split

from shijin.distribution import Distribution
from shijin.errors import ModelError
from shijin.network.architecture import BehaviourModel
from shijin.network.context import context_windows
from shijin.network.inputs import RELATIVE_CENTRE, read_customers, read_shop
from shijin.network.runtime import BATCH, Network, checked_weights, forecast, read_past, vectors
from shijin.network.weights import Tensors, Weights, load_weights, save_weights

SHOP = history_of(simulated(knobs={"customers": 1600}))
QUERY, OF_SHOP = read_customers(SHOP, HORIZON), read_shop(SHOP, HORIZON)


@pytest.fixture(scope="module")
def model() -> BehaviourModel:
    return drawn(SHOP, HORIZON)


@pytest.fixture(scope="module")
def network(model: BehaviourModel) -> Network:
    return Network(weights_of(model))


@pytest.mark.parametrize("most", [0, 1, 150])
@pytest.mark.parametrize("width", [32, 128])
def test_numpy_computes_the_same_outputs_as_torch(most: int, width: int) -> None:
    model = drawn(SHOP, HORIZON, width, seed=width + most)
    context = context_of(SHOP, HORIZON, most)
    network = Network(weights_of(model))
    read = network.read(OF_SHOP, context)
    ours, theirs = network.forward(QUERY, read), torch_outputs(model, QUERY, OF_SHOP, context)
    for name in ("active", "relative_spend", "orders", "time"):
        expected = getattr(theirs, name).numpy()
        assert expected.std() > 0.1
        np.testing.assert_allclose(getattr(ours, name), expected, atol=1e-4, err_msg=name)
    np.testing.assert_allclose(read.level, theirs.level.numpy(), atol=1e-4)


def test_numpy_computes_the_same_outputs_as_torch_for_hundreds_of_moments(
    network: Network, model: BehaviourModel
) -> None:
    busy = [(number / 4, 10.0 + number % 7) for number in range(1200)]
    history, _ = split(by_hand([busy, *([(300.0 + place, 10.0)] for place in range(20))], 400), day(330), HORIZON)
    customers, shop, context = (
        read_customers(history, HORIZON),
        read_shop(history, HORIZON),
        context_of(history, HORIZON, 0),
    )
    ours = network.forward(customers, network.read(shop, context))
    np.testing.assert_allclose(ours.active, torch_outputs(model, customers, shop, context).active.numpy(), atol=1e-4)


def bits(one: Distribution) -> bytes:
    return b"".join(np.ascontiguousarray(part).tobytes() for part in (one.p_active, one.spend, one.orders))


def test_a_forecast_is_the_same_bits_again_and_with_more_threads(network: Network) -> None:
    assert len(SHOP) > BATCH
    past = read_past(network, SHOP, HORIZON)
    one = forecast(network, SHOP, HORIZON, past)
    assert bits(forecast(network, SHOP, HORIZON, read_past(network, SHOP, HORIZON))) == bits(one)
    assert bits(forecast(network, SHOP, HORIZON, past, threads=2)) == bits(one)


def test_a_forecast_is_the_same_bits_however_many_threads_linear_algebra_has(network: Network) -> None:
    one, two = (_with_threads(network, number) for number in (1, 2))
    assert one == two


def _with_threads(network: Network, number: int) -> bytes:
    with threadpool_limits(number):
        return bits(forecast(network, SHOP, HORIZON, read_past(network, SHOP, HORIZON)))


def test_a_customer_has_the_same_bits_whatever_the_slabs_and_whoever_else_is_forecast(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = read_past(network, SHOP, HORIZON)
    one, one_vectors = forecast(network, SHOP, HORIZON, past), vectors(network, SHOP, HORIZON, past)
    assert one_vectors.shape == (len(SHOP), network.width)
    monkeypatch.setattr("shijin.network.runtime.BATCH", 100)
    assert bits(forecast(network, SHOP, HORIZON, past)) == bits(one)
    for rows in (np.array([], dtype=np.int64), np.array([7]), np.arange(3, len(SHOP), 5)):
        some = SHOP.take(rows)
        assert bits(forecast(network, some, HORIZON, past)) == bits(one.take(rows))
        np.testing.assert_array_equal(vectors(network, some, HORIZON, past), one_vectors[rows])


def test_probabilities_sum_to_one(network: Network) -> None:
    one = forecast(network, SHOP, HORIZON, read_past(network, SHOP, HORIZON))
    assert len(one) == len(SHOP)
    assert ((one.p_active > 0) & (one.p_active < 1)).all()
    for part in (one.spend, one.orders):
        assert (part >= 0).all()
        np.testing.assert_allclose(part.sum(axis=1), 1, rtol=1e-12)
    assert one.grid.spend_edges[1] == pytest.approx(SHOP.scale * (1e4 / 0.01) ** (1 / 63) * 0.01)


def constant(model: BehaviourModel, relative: int) -> Network:
    """A network that forecasts for every customer the same bin relative to the base bin."""
    tensors = tensors_of(model)
    tensors["head.second.weight"] = np.zeros_like(tensors["head.second.weight"])
    bias = np.zeros_like(tensors["head.second.bias"])
    bias[1 + relative] = 100
    tensors["head.second.bias"] = bias
    return Network(Weights(tensors, {"sha256": "0" * 64}))


@pytest.mark.parametrize("distance", [0, 3, -24, 19])
def test_spend_is_forecast_relative_to_the_base_bin(model: BehaviourModel, distance: int) -> None:
    network = constant(model, RELATIVE_CENTRE + distance)
    one = forecast(network, SHOP, HORIZON, read_past(network, SHOP, HORIZON))
    expected = np.clip(QUERY.base_bin + distance, 0, 63)
    assert len(set(expected.tolist())) >= (1 if distance == -24 else 5)
    np.testing.assert_array_equal(one.spend.argmax(axis=1), expected)
    np.testing.assert_allclose(one.spend.max(axis=1), 1)
    np.testing.assert_array_equal(one.p_active, 0.5)


def test_the_past_is_read_and_can_be_left_unread(network: Network) -> None:
    assert context_windows(SHOP, HORIZON)
    read, unread = (read_past(network, SHOP, HORIZON, most) for most in (300, 0))
    assert [keys.shape[1] for keys in read.keys] == [1 + 300] * network.depth
    assert [keys.shape[1] for keys in unread.keys] == [1] * network.depth
    with_past, without = (forecast(network, SHOP, HORIZON, past).p_active for past in (read, unread))
    assert np.abs(with_past - without).max() > 1e-3


def test_permuting_the_tensors_ruins_the_forecast(network: Network, model: BehaviourModel) -> None:
    tensors = tensors_of(model)
    rows = np.random.default_rng(0).permutation(len(tensors["row.first.weight"]))
    tensors["row.first.weight"] = tensors["row.first.weight"][rows]
    other = Network(Weights(tensors, {"sha256": "0" * 64}))
    one = forecast(network, SHOP, HORIZON, read_past(network, SHOP, HORIZON)).p_active
    two = forecast(other, SHOP, HORIZON, read_past(other, SHOP, HORIZON)).p_active
    assert np.abs(one - two).max() > 0.01


# --- foreign weights --------------------------------------------------------------------------------------------------


def renamed(tensors: Tensors) -> Tensors:
    return {f"other.{name}": value for name, value in tensors.items()}


def one_feature_less(tensors: Tensors) -> Tensors:
    return {name: value[:-1] if name.startswith("standardise_features") else value for name, value in tensors.items()}


def one_missing(tensors: Tensors) -> Tensors:
    return {name: value for name, value in tensors.items() if name != "head.first.bias"}


def one_row_missing(tensors: Tensors) -> Tensors:
    return tensors | {"head.second.weight": tensors["head.second.weight"][:-3]}


def not_a_number(tensors: Tensors) -> Tensors:
    return tensors | {"head.first.bias": np.full_like(tensors["head.first.bias"], np.nan)}


@pytest.mark.parametrize(
    "harm", [renamed, one_feature_less, one_missing, one_row_missing, not_a_number, lambda tensors: {}]
)
def test_foreign_weights_are_refused_in_one_line_though_their_card_matches(
    model: BehaviourModel, harm: Callable[[Tensors], Tensors], tmp_path: Path
) -> None:
    save_weights(harm(tensors_of(model)), {}, tmp_path)
    with pytest.raises(ModelError, match="weights") as refused:
        checked_weights(load_weights(tmp_path))
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith("Cure: install shijin again.")


def test_good_weights_come_back_as_they_were(model: BehaviourModel) -> None:
    weights = weights_of(model)
    assert checked_weights(weights) is weights


def test_the_cards_factor_multiplies_the_scale_of_the_level(model: BehaviourModel) -> None:
    plain = weights_of(model)
    halved = Weights(plain.tensors, plain.card | {"level_factor": 0.5})
    scales = [
        forecast(one, SHOP, HORIZON, read_past(one, SHOP, HORIZON)).level_scale for one in map(Network, (plain, halved))
    ]
    assert scales[0] is not None
    assert scales[1] == pytest.approx(scales[0] / 2)
