"""All members by name: those that the stack combines, and those that only appear in the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from shijin.forecasting.behaviour import ADAPTED, Adapted, Behaviour
from shijin.forecasting.behaviour import NAME as BEHAVIOUR
from shijin.forecasting.boosting import NAME as BOOSTING
from shijin.forecasting.boosting import Boosting
from shijin.forecasting.btyd.member import Btyd
from shijin.forecasting.formulas import DECAYED, all_formulas
from shijin.forecasting.member import Forecaster
from shijin.notes import Progress

STACKED = (DECAYED, "decayed spend H/2", "decayed spend 2H", "BTYD", BOOSTING, BEHAVIOUR)
TABLE_ONLY = ("all zero", "last window", "RFM score", "decayed spend H, by tenure")


@dataclass(frozen=True)
class Work:
    """How the work is done; no number depends on it.

    threads : how many threads to use
    progress : called with (a note of the task, tasks done, all tasks)
    """

    threads: int = 1
    progress: Progress | None = None


QUIETLY = Work()


def stacked(*, adapt: bool = False) -> tuple[str, ...]:
    """Names of the stack's members; with `adapt` the adapted network too."""
    return (*STACKED, ADAPTED) if adapt else STACKED


def default_members(names: Sequence[str], threads: int) -> list[Forecaster]:
    """Unfitted members by name."""
    constructors: dict[str, Callable[[], Forecaster]] = {
        "BTYD": Btyd,
        BOOSTING: partial(Boosting, threads),
        BEHAVIOUR: partial(Behaviour, threads),
        ADAPTED: partial(Adapted, threads),
    }
    formulas = {formula.name: formula for formula in all_formulas()}
    return [constructors[name]() if name in constructors else formulas[name] for name in names]
