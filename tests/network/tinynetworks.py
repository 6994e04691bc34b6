"""Networks for tests: random weights, inputs standardised on a shop, and no parameter at 0 or 1."""

import numpy as np
import torch

from shijin.network.architecture import BehaviourModel, ContextInputs, Inputs, Outputs, Size
from shijin.network.context import Context, context_windows, read_context
from shijin.network.inputs import Customers, read_customers, read_shop
from shijin.network.weights import Tensors, Weights
from shijin.represent.cutoff import History


def drawn(history: History, horizon_days: int, width: int = 64, seed: int = 0) -> BehaviourModel:
    """A network whose sizes fit the inputs of a shop."""
    torch.manual_seed(seed)
    customers, shop = read_customers(history, horizon_days), read_shop(history, horizon_days)
    tokens = customers.tokens.values
    model = BehaviourModel(Size(customers.features.shape[1], len(shop), tokens.shape[1], width)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
        for part, values in ((model.standardise_features, customers.features), (model.events.standardise, tokens)):
            part.mean.copy_(torch.as_tensor(values.mean(axis=0)))
            part.deviation.copy_(torch.as_tensor(values.std(axis=0) + 0.05))
    return model


def context_of(history: History, horizon_days: int, most: int = 150) -> Context:
    """The shop's own closed windows; empty where `most` is 0."""
    windows = context_windows(history, horizon_days)
    context = read_context(windows, history.cutoff, most, np.random.default_rng(0))
    n_features = read_customers(history.take(np.arange(1)), horizon_days).features.shape[1]
    return context or Context.empty(n_features, len(read_shop(history, horizon_days)))


def torch_outputs(model: BehaviourModel, customers: Customers, shop: np.ndarray, context: Context) -> Outputs:
    """Outputs of the network in torch."""
    with torch.no_grad():
        return model(Inputs.of(customers, shop, context.guess(customers)), ContextInputs.of(context))


def tensors_of(model: BehaviourModel) -> Tensors:
    """A network's tensors as NumPy arrays."""
    return {name: value.numpy().copy() for name, value in model.state_dict().items()}


def weights_of(model: BehaviourModel) -> Weights:
    """A network's tensors as weights, in full precision."""
    return Weights(tensors_of(model), {"sha256": "0" * 64})
