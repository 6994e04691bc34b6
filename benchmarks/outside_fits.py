"""What runs inside the virtual environments of `outside_peers.py`: arrays in, arrays out. It needs nothing of Shijin.

PYTHON outside_fits.py pymc|coles GIVEN.npz FOUND.npz
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np

WEEK_DAYS = 7
EPOCHS, HIDDEN, BATCH, RATE = 10, 64, 64, 2e-3
LEAST_EVENTS, SLICES, MOST_SLICE = 5, 5, 40
EMBEDDED_AT_ONCE = 512
EVENT = ("kind", "event_time", "amount", "gap", "age")  # what is known of an event; numbers from the third on


def pymc(given: Path, into: Path) -> None:
    """BG/NBD and Gamma-Gamma: n customers in, chance of an order and expected spend in median orders out."""
    import pandas as pd
    from pymc_marketing import __version__, clv

    with np.load(given) as read:
        weeks = float(read["horizon_days"]) / WEEK_DAYS
        names = ("frequency", "recency", "T", "monetary_value")
        table = pd.DataFrame({name: read[name] for name in names})
    table["customer_id"] = np.arange(len(table))
    orders = clv.BetaGeoModel()
    orders.fit(data=table[["customer_id", "frequency", "recency", "T"]], method="map", progressbar=False)
    repeated = table[(table["frequency"] > 0) & (table["monetary_value"] > 0)]  # others tell of no money
    baskets = clv.GammaGammaModel()
    baskets.fit(data=repeated[["customer_id", "frequency", "monetary_value"]], method="map", progressbar=False)
    none = orders.expected_probability_no_purchase(t=weeks, data=table)
    count = orders.expected_purchases(data=table, future_t=weeks)
    basket = baskets.expected_customer_spend(data=table)
    found = [np.asarray(part).reshape(-1, len(table)).mean(axis=0) for part in (none, count, basket)]
    np.savez(into, p_active=1 - found[0], mean=found[1] * found[2], version=np.array(__version__))


def coles(given: Path, into: Path) -> None:
    """CoLES: learn from the events of the newest history, then embed every customer of every history."""
    from importlib.metadata import version

    import pytorch_lightning as lightning
    import torch
    from ptls.data_load.datasets import MemoryMapDataset
    from ptls.data_load.iterable_processing import SeqLenFilter
    from ptls.data_load.utils import collate_feature_dict
    from ptls.frames import PtlsDataModule
    from ptls.frames.coles import ColesDataset, CoLESModule
    from ptls.frames.coles.split_strategy import SampleSlices
    from ptls.nn import RnnSeqEncoder, TrxEncoder

    lightning.seed_everything(0)
    torch.set_num_threads(1)
    with np.load(given) as read:
        histories = [
            _sequences({name: read[f"{name}{place}"] for name in ("offsets", *EVENT)})
            for place in range(int(read["histories"]))
        ]
    # event_time enters no network in ptls: when an event was must be a number of its own, its age.
    numbers = dict.fromkeys(EVENT[2:], "identity")
    read_events = TrxEncoder(embeddings={"kind": {"in": 10, "out": 4}}, numeric_values=numbers)
    encoder = RnnSeqEncoder(trx_encoder=read_events, hidden_size=HIDDEN, type="gru")
    model = CoLESModule(
        seq_encoder=encoder,
        optimizer_partial=partial(torch.optim.Adam, lr=RATE),
        lr_scheduler_partial=partial(torch.optim.lr_scheduler.StepLR, step_size=5, gamma=0.5),
    )
    slices = SampleSlices(split_count=SLICES, cnt_min=LEAST_EVENTS - 2, cnt_max=MOST_SLICE)
    learnt_from = MemoryMapDataset(data=histories[0], i_filters=[SeqLenFilter(min_seq_len=LEAST_EVENTS)])
    data = PtlsDataModule(
        train_data=ColesDataset(learnt_from, splitter=slices), train_num_workers=0, train_batch_size=BATCH
    )
    trainer = lightning.Trainer(
        max_epochs=EPOCHS, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False
    )
    trainer.fit(model, data)
    model.eval()
    found = {"version": np.array(version("pytorch-lifestream"))}
    with torch.no_grad():
        for place, history in enumerate(histories):
            parts = [
                encoder(collate_feature_dict(history[first : first + EMBEDDED_AT_ONCE])).numpy()
                for first in range(0, len(history), EMBEDDED_AT_ONCE)
            ]
            found[f"vectors{place}"] = np.concatenate(parts)
    np.savez(into, **found)


def _sequences(columns: dict[str, np.ndarray]) -> list[dict[str, object]]:
    import torch

    offsets = columns.pop("offsets")
    tensors = {name: torch.as_tensor(column) for name, column in columns.items()}
    ends = zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    return [{name: column[first:last] for name, column in tensors.items()} for first, last in ends]


if __name__ == "__main__":
    {"pymc": pymc, "coles": coles}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
