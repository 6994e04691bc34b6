"""Adapting: a little further training on one shop's closed windows, held near the starting weights.

Every step forecasts customers of one closed window with older windows as context, as pre-training does; a penalty on
the distance from the starting weights preserves what pre-training learned. Needs torch (the extra ``train``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from shijin.network.architecture import BehaviourModel, Size
from shijin.network.context import Window
from shijin.network.objective import loss_of
from shijin.network.tasks import TRAINING_CONTEXT, example_of
from shijin.network.weights import Weights

STEPS = 80
RATE = 1e-4
PULL = 0.1  # penalty on the squared distance from the starting weights


def adapt(weights: Weights, windows: Sequence[Window], seed: int) -> Weights:
    """Train weights further on closed windows.

    Parameters
    ----------
    windows
        Of one shop, all with the same horizon; at least one.

    Returns
    -------
    New weights with the card of the starting ones; the same bits for the same input and seed.
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
    start = [parameter.detach().clone() for parameter in model.parameters()]
    optimiser = torch.optim.AdamW(model.parameters(), RATE, (0.9, 0.98), weight_decay=0.0)
    for _ in range(STEPS):
        optimiser.zero_grad()
        distance = torch.stack(
            [((now - before) ** 2).sum() for now, before in zip(model.parameters(), start, strict=True)]
        ).sum()
        one = example_of(windows[int(rng.integers(len(windows)))], _context_size, rng)
        torch.autograd.backward(loss_of(model, one, torch.device("cpu")).total + PULL * distance)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    # Rounded to half precision, as they will be stored, so that a model read back forecasts the same.
    tensors = {name: value.numpy().astype(np.float16).astype(np.float32) for name, value in model.state_dict().items()}
    return Weights(tensors, weights.card)


def _context_size(rng: np.random.Generator) -> int:
    """Draw how many customers of context are shown."""
    return int(TRAINING_CONTEXT * np.sqrt(rng.random()))
