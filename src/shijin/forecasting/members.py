"""Which members there are: those the stack combines, and those that only stand in the tables."""

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
    """How the work is done: no number depends on it.

    threads : how many may be used
    tell : called with (what, done, of how many) as it goes on
    """

    threads: int = 1
    progress: Progress | None = None


QUIETLY = Work()


def stacked(*, adapt: bool = False) -> tuple[str, ...]:
    """Name the members of the stack; an adapted network stands beside the shipped one where it is asked for."""
    return (*STACKED, ADAPTED) if adapt else STACKED


def default_members(names: Sequence[str], threads: int) -> list[Forecaster]:
    """Make fresh, unfitted members by name."""
    made: dict[str, Callable[[], Forecaster]] = {
        "BTYD": Btyd,
        BOOSTING: partial(Boosting, threads),
        BEHAVIOUR: partial(Behaviour, threads),
        ADAPTED: partial(Adapted, threads),
    }
    formulas = {formula.name: formula for formula in all_formulas()}
    return [made[name]() if name in made else formulas[name] for name in names]
