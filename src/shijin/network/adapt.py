"""Adapting: a little further training on one shop's closed windows, held near the weights it starts from.

Every step asks about customers of one closed window with older windows as context, as pre-training does; a pull towards
the starting weights keeps what was learnt from all other shops. Needs torch (the extra ``train``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from shijin.network.architecture import BehaviourModel, Size
from shijin.network.inputs import Window
from shijin.network.objective import loss_of
from shijin.network.tasks import MOST_TOLD, example_of
from shijin.network.weights import Weights

STEPS = 80
RATE = 1e-4
PULL = 0.1  # of the squared distance from the starting weights


def adapt(weights: Weights, windows: Sequence[Window], seed: int) -> Weights:
    """Train weights further on closed windows.

    Parameters
    ----------
    windows
        Of one shop, all with the same horizon; at least one.

    Returns
    -------
    New weights with the card they began with; the same bits for the same input and seed.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _adapted(weights, windows, np.random.default_rng(seed))
    finally:
        torch.set_num_threads(threads)


def _adapted(weights: Weights, windows: Sequence[Window], rng: np.random.Generator) -> Weights:
    model = BehaviourModel(Size(**weights.card["size"]))
    model.load_state_dict({name: torch.as_tensor(value) for name, value in weights.tensors.items()})
    began = [parameter.detach().clone() for parameter in model.parameters()]
    optimiser = torch.optim.AdamW(model.parameters(), RATE, (0.9, 0.98), weight_decay=0.0)
    for _ in range(STEPS):
        optimiser.zero_grad()
        far = torch.stack(
            [((now - then) ** 2).sum() for now, then in zip(model.parameters(), began, strict=True)]
        ).sum()
        one = example_of(windows[int(rng.integers(len(windows)))], _told, rng)
        torch.autograd.backward(loss_of(model, one, torch.device("cpu")).total + PULL * far)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    # Rounded as they will be kept, so that a model read back forecasts the same.
    tensors = {name: value.numpy().astype(np.float16).astype(np.float32) for name, value in model.state_dict().items()}
    return Weights(tensors, weights.card)


def _told(rng: np.random.Generator) -> int:
    """How many customers of context are shown."""
    return int(MOST_TOLD * np.sqrt(rng.random()))
