"""`Model`: the result of training; on disk a folder of JSON, LightGBM's text files and safetensors.

A shop with enough history gets a stack. A younger one keeps the untrained forecast, and the card contains the reason.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from shijin.distribution import Distribution
from shijin.errors import ModelError
from shijin.forecasting.behaviour import MOST_HORIZON_DAYS
from shijin.forecasting.behaviour import NAME as BEHAVIOUR
from shijin.forecasting.btyd.member import NAME as BTYD
from shijin.forecasting.by_type import ForecastByType
from shijin.forecasting.corrections import Corrections, Trust
from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.member import Forecaster, Savable, Window
from shijin.forecasting.members import QUIETLY, Work, default_members, stacked
from shijin.forecasting.prospects import Prospects
from shijin.forecasting.stack import ARRAYS, Stack, StackWeights
from shijin.forecasting.stack import NAME as STACK
from shijin.forecasting.windows import closed_windows, customers_in, prospect_windows, too_young
from shijin.notes import Note
from shijin.represent.cutoff import History
from shijin.represent.facts import ShopFacts
from shijin.represent.packed import Packed
from shijin.threads import one_blas_thread

SEED = 0
LEAST_BUYERS = 30  # with fewer customers who ordered, the untrained forecast is the formula
CARD = "card.json"
FORMAT = 2


@dataclass
class Model:
    """A way to forecast one shop over one horizon.

    Parameters
    ----------
    horizon_days
        The horizon it forecasts.
    cutoff
        Training used only what lies before it (microseconds of the shop's wall clock).
    stack
        None in a shop that is too young: then `forecast` is the untrained one.
    window_customers
        Number of customers in the newest closed window; 0 without one.
    notes
        For the reader of the forecast.
    threads
        Threads for the untrained forecast.
    trust
        How far corrections of tiers are followed; None if there were none.
    prospects
        The forecaster of prospects; all else is for customers who have bought.
    untrained_member
        The untrained member after reading the whole shop, so that it forecasts parts of it; None where it reads the
        History that it forecasts.
    """

    horizon_days: int
    cutoff: int
    stack: Stack | None = None
    window_customers: int = 0
    notes: list[Note] = field(default_factory=list)
    threads: int = 1
    trust: Trust | None = None
    prospects: Prospects = field(default_factory=Prospects)
    untrained_member: Forecaster | None = None

    def forecast(self, history: History) -> Distribution:
        """Forecast everyone in a History over the model's horizon, prospects included."""
        return self.by_type(history).joined()

    @one_blas_thread()
    def by_type(self, history: History) -> ForecastByType:
        """Forecast the customers of a History by the stack or the untrained member, and its prospects separately."""
        customers, prospects = history.customers_only, history.prospects_only
        of_prospects = self.prospects.forecast(prospects, self.horizon_days)
        # A part of a shop may have no customers; members need at least one.
        of_customers = self._of_customers(customers) if len(customers) else of_prospects.take(np.zeros(0, np.int64))
        return ForecastByType(history, of_customers, of_prospects)

    def _of_customers(self, history: History) -> Distribution:
        forecaster = self.stack or self.untrained_member or untrained(history.facts, self.horizon_days, self.threads)
        return forecaster.forecast(history, self.horizon_days)

    def member_name(self, history: History) -> str:
        """Name of the member that forecasts: the stack, the formula it serves, or the untrained member."""
        return untrained(history.facts, self.horizon_days).name if self.stack is None else self.stack.served

    def save(self, folder: Path) -> None:
        """Write the model into an empty folder: the card, and the files of its members."""
        card: dict[str, Any] = {
            "format": FORMAT,
            "horizon_days": self.horizon_days,
            "cutoff": self.cutoff,
            "window_customers": self.window_customers,
            "notes": self.notes,
            "prospects": self.prospects.state(),
            "stack": None if self.stack is None else self._stack_card(self.stack, folder),
        }
        if self.trust is not None:
            card["corrections"] = asdict(self.trust)
        (folder / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model back.

        Raises
        ------
        ModelError
            When a file is missing or damaged.
        """
        try:
            card = json.loads((folder / CARD).read_text("utf-8"))
            if card["format"] != FORMAT:
                raise ValueError(f"format {card['format']}")
            parts = (card["horizon_days"], card["cutoff"])
            stack = None if card["stack"] is None else _stack_from(card["stack"], folder)
            trust = Trust(**card["corrections"]) if "corrections" in card else None
            prospects = Prospects.from_state(card["prospects"])
            return cls(*parts, stack, card["window_customers"], card["notes"], trust=trust, prospects=prospects)
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise ModelError("forecasting.model_unreadable", folder, error=error) from error

    @staticmethod
    def _stack_card(stack: Stack, folder: Path) -> dict[str, Any]:
        states: dict[str, Any] = {}
        for member in stack.members:
            if not isinstance(member, Savable):
                raise ModelError("forecasting.member_not_savable", member=member.name)
            states[member.name] = _write_files(member.state(), folder)
        return {
            "members": states,
            "case": stack.case,
            "served": stack.served,
            "notes": stack.notes,
            "weights": stack.weights.state() if stack.weights else None,
        }


@one_blas_thread()
def train(
    packed: Packed,
    horizon_days: int,
    cutoff: int,
    work: Work = QUIETLY,
    corrections: Corrections | None = None,
    *,
    adapt: bool = False,
) -> Model:
    """Train on what lies before a cutoff.

    Parameters
    ----------
    corrections
        Corrections of customers' tiers; the weight they get is learnt on the newest closed window.
    adapt
        Whether to add a member: the network adapted to the shop.

    Returns
    -------
    Model
        With a stack, or without one and with a note of the reason.
    """
    windows = closed_windows(packed, cutoff, horizon_days)
    prospects = Prospects.of(prospect_windows(packed, cutoff, horizon_days))
    model = Model(horizon_days, cutoff, window_customers=customers_in(windows), prospects=prospects)
    if corrections is not None:
        model.trust = Trust()
    reason = too_young(packed, cutoff, horizon_days, windows)
    if reason is not None:
        model.notes.append(reason)
    else:
        model.stack, model.trust = fit_ensemble(
            default_members(stacked(adapt=adapt), work.threads), windows, work, corrections
        )
    return model


def fit_ensemble(
    members: Sequence[Forecaster], windows: Sequence[Window], work: Work, corrections: Corrections | None
) -> tuple[Stack, Trust | None]:
    """Fit members and their stack on closed windows; learn the weight of corrections there as well."""
    trust: list[Trust] = []
    # The weight of corrections needs the stack's out-of-sample forecast, which exists only inside `Stack.fit`.
    unseen = None if corrections is None else lambda forecast: trust.append(corrections.learn(forecast, windows[0]))
    stack = Stack(list(members), progress=work.progress, unseen=unseen)
    stack.fit(windows, SEED)
    return stack, trust[0] if trust else None


def untrained(facts: ShopFacts, horizon_days: int, threads: int = 1) -> Forecaster:
    """Choose the member that forecasts a shop without a stack.

    With fewer than `LEAST_BUYERS` buyers it is the formula, else the behaviour model; for horizons longer than the
    behaviour model was trained on it is BTYD, fitted on the history.
    """
    member = BEHAVIOUR if horizon_days <= MOST_HORIZON_DAYS else BTYD
    return default_members([member if facts.buyers >= LEAST_BUYERS else DECAYED], threads)[0]


def untrained_model(packed: Packed, horizon_days: int, cutoff: int, threads: int = 1) -> tuple[Model, Sequence[Window]]:
    """Make the model of a shop in which nothing is trained; with the shop's closed windows, which could check it."""
    windows = closed_windows(packed, cutoff, horizon_days)
    prospects = Prospects.of(prospect_windows(packed, cutoff, horizon_days))
    model = Model(horizon_days, cutoff, window_customers=customers_in(windows), threads=threads, prospects=prospects)
    return model, windows


def _stack_from(card: dict[str, Any], folder: Path) -> Stack:
    members: list[Forecaster] = []
    for name, state in card["members"].items():
        member = default_members([name], 1)[0]
        if isinstance(member, Savable):
            member.load(_read_back(state, folder))
        members.append(member)
    weights = StackWeights.from_state(card["weights"])
    if any(len(getattr(weights, part)) != len(members) for part in ARRAYS):
        raise ValueError("weights and members do not match")
    return Stack(members, STACK, weights, card["case"], card["served"], list(card["notes"]))


def _write_files(state: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write a member's files; return its state with the SHA-256 of each file in place of the content."""
    files: dict[str, bytes] = state.get("files", {})
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return {**state, "files": sums} if files else state


def _read_back(state: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Read a member's files, checking their sums first: LightGBM ends the whole process on a damaged file."""
    if "files" not in state:
        return state
    files: dict[str, bytes] = {}
    for name, digest in state["files"].items():
        files[name] = (folder / Path(name).name).read_bytes()
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise ValueError(f"{name} is damaged")
    return {**state, "files": files}
