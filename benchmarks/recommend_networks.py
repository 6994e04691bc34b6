"""SASRec and eSASRec of RecTools, for `recommend_fits.py`: settings as published, epochs chosen, three seeds.

eSASRec is SASRec's objective with LiGR layers and sampled softmax (blondered/transformer_benchmark); SASRec has its own
layers. Both are trained in steps of a few epochs; how many is chosen where settings are, then everything given is
trained on as long.
"""

from __future__ import annotations

import json
import logging
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pytorch_lightning import Trainer, seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel
from rectools.models.nn.transformers.lightning import TransformerLightningModule
from rectools.models.nn.transformers.ligr import LiGRLayers
from scipy import sparse
from torch.nn import functional

from recommend_fits import DAY_US, PADDING, SEEDS, Given, Settings, lists, read, unfinished, write
from top_lists import TOP, Ints, judge

PATIENCE = 3  # steps without better lists
# By protocol: the next row, a window. The first is as published for MovieLens-1M, but for sessions (200 there, shorter
# histories here, and all pieces of a history are learnt from) and smaller batches, which need fewer epochs. The second
# is what a core bears where there are 68,000 items: the newest 91 days, and items that 20 users have. Half a year,
# sessions of 100, all items, batches of 64 or 128 came to no better lists than these where settings are chosen: .21.
SETTINGS: tuple[Settings, Settings] = (
    {
        "n_factors": 64,
        "n_blocks": 2,
        "n_heads": 1,
        "session_max_len": 50,
        "dropout_rate": 0.1,
        "batch_size": 32,
        "lr": 1e-3,
        "least": 1,
        "step": 5,
        "most_epochs": 60,
    },
    {
        "n_factors": 64,
        "n_blocks": 1,
        "n_heads": 1,
        "session_max_len": 50,
        "dropout_rate": 0.1,
        "batch_size": 16,
        "lr": 2e-3,
        "least": 20,
        "days": 91,
        "step": 2,
        "most_epochs": 16,
    },
)
SHARED = {"sasrec": (0, 512), "esasrec": (256, 512)}  # by protocol; 0: the softmax is over all items


class SameLossSooner(TransformerLightningModule):
    """RecTools' softmax and sampled softmax at the places that are not padding alone.

    `n_shared` random items stand beside every row of a batch (0: all items): RecTools draws them for each row of its
    own, which costs a core five times the time.
    """

    def __init__(self, n_shared: int = 0, **told: Any) -> None:  # noqa: ANN401 - as RecTools says
        super().__init__(**told)
        self.n_shared = n_shared

    def training_step(self, batch: dict[str, torch.Tensor], _: int) -> torch.Tensor:
        """Cross-entropy of the next items."""
        items = self.torch_model.item_model.get_all_embeddings()
        asked = batch["y"] != 0
        found, target = self.torch_model.encode_sessions(batch, items)[asked], batch["y"][asked]
        if not self.n_shared:
            return functional.cross_entropy(found @ items.T, target)
        drawn = torch.randint(1, len(items), (self.n_shared,))  # 0 is padding
        own = (found * items[target]).sum(-1, keepdim=True)
        return functional.cross_entropy(torch.cat([own, found @ items[drawn].T], dim=1), torch.zeros_like(target))


def rows(given: Given) -> pd.DataFrame:
    """Rows as RecTools reads them."""
    moments = pd.to_datetime(given.ts, unit="us")
    named = {Columns.User: given.user, Columns.Item: given.item, Columns.Weight: 1.0, Columns.Datetime: moments}
    return pd.DataFrame(named)


def learnable(given: Given, told: Settings) -> pd.DataFrame:
    """Rows of recent days and of items that so many users have; long histories in pieces: all of them is learnt."""
    pairs = np.unique(given.user * given.n_items + given.item)
    users = np.bincount(pairs % given.n_items, minlength=given.n_items)
    kept = users[given.item] >= told["least"]
    if given.end:
        kept &= given.ts >= given.end - told["days"] * DAY_US
    counts = np.bincount(given.user[kept], minlength=given.n_users)
    left = np.repeat(np.cumsum(counts), counts) - 1 - np.arange(counts.sum())
    found = rows(given)[kept]
    found[Columns.User] += given.n_users * (left // (told["session_max_len"] + 1))
    return found


def model(name: str, told: Settings) -> SASRecModel:
    """The network, not trained yet."""
    shape = ("n_factors", "n_blocks", "n_heads", "session_max_len", "dropout_rate", "batch_size", "lr")
    layers = {"transformer_layers_type": LiGRLayers, "use_key_padding_mask": True} if name == "esasrec" else {}
    return SASRecModel(
        **{one: told[one] for one in shape},
        **layers,
        get_trainer_func=_trainer,
        recommend_torch_device="cpu",
        lightning_module_type=SameLossSooner,
        lightning_module_kwargs={"n_shared": told["n_shared"]},
    )


def _trainer() -> Trainer:
    quiet = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    return Trainer(max_epochs=1, accelerator="cpu", **dict.fromkeys(quiet, False))


def listed(network: SASRecModel, given: Given) -> Ints:
    """The network's lists; the most popular fill what it leaves empty, of users it knows nothing of."""
    everything = rows(given)
    known = everything[everything[Columns.Item].isin(network.data_preparator.get_known_item_ids())]
    users = known[Columns.User].unique()
    found = network.recommend(users, Dataset.construct(known), k=TOP, filter_viewed=not given.repeats)
    places = (found[Columns.User], found[Columns.Item])
    ranked = sparse.csr_matrix((TOP + 1.0 - found[Columns.Rank], places), shape=(given.n_users, given.n_items))
    fill = PADDING * given.popularity()
    return lists(given, lambda some: ranked[some].toarray() + fill)


def curve(name: str, told: Settings, given: Given, asked: tuple[Ints, Ints]) -> Iterator[tuple[int, float]]:
    """Epochs and NDCG@10, until lists have not become better for a while."""
    seed_everything(SEEDS[0], verbose=False)
    network, learnt_from = model(name, told), Dataset.construct(learnable(given, told))
    best, best_at = 0.0, 0
    for epochs in range(told["step"], told["most_epochs"] + 1, told["step"]):
        network.fit_partial(learnt_from, min_epochs=told["step"], max_epochs=told["step"])
        ndcg, _ = judge(listed(network, given), *asked)
        score = float(np.nanmean(ndcg))
        print(name, epochs, round(score, 4), flush=True)
        yield epochs, score
        if score > best:
            best, best_at = score, epochs
        if epochs - best_at >= PATIENCE * told["step"]:
            return


def fit(path: Path, folder: Path, name: str) -> None:
    """Choose how many epochs, then learn everything given as long, for every seed."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    given, part, asked = read(path)
    told = SETTINGS[bool(given.end)] | {"n_shared": SHARED[name][bool(given.end)]}
    began, chosen_at = time.perf_counter(), folder / f"{name}-chosen.json"
    if not chosen_at.exists():
        trials = list(curve(name, told, part, asked))
        epochs, score = max(trials, key=lambda trial: trial[1])
        chosen = {"settings": told | {"epochs": epochs}, "validation_ndcg": score}
        chosen["choosing_seconds"] = round(time.perf_counter() - began, 1)
        chosen["trials"] = [{"epochs": one, "validation_ndcg": round(at, 5)} for one, at in trials]
        chosen_at.write_text(json.dumps(chosen, indent=1))
    chosen = json.loads(chosen_at.read_text())
    card = {key: value for key, value in chosen.items() if key != "trials"}
    for seed in unfinished(folder, name):
        began, epochs = time.perf_counter(), chosen["settings"]["epochs"]
        seed_everything(seed, verbose=False)
        network = model(name, told)
        network.fit_partial(Dataset.construct(learnable(given, told)), min_epochs=epochs, max_epochs=epochs)
        top = listed(network, given)
        write(folder, name, seed, top, card | {"fit_seconds": round(time.perf_counter() - began, 1)})
