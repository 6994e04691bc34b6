"""The forecast that a shop gets: a model's forecast with corrections applied, and the notes for its reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from shijin.forecasting.behaviour import MOST_HORIZON_DAYS
from shijin.forecasting.behaviour import NAME as BEHAVIOUR
from shijin.forecasting.btyd.member import NAME as BTYD
from shijin.forecasting.by_type import ForecastByType
from shijin.forecasting.corrections import Corrections, Trust, corrected
from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.member import Window
from shijin.forecasting.model import LEAST_BUYERS, Model
from shijin.forecasting.prospects import about
from shijin.forecasting.windows import LEAST_CUSTOMERS, LEAST_HORIZONS, closed_windows, too_young
from shijin.notes import Note
from shijin.represent.cutoff import History
from shijin.represent.days import day_of
from shijin.represent.packed import DAY_US, Packed


def corrected_forecast(
    model: Model, history: History, corrections: Corrections | None, before: int | None
) -> tuple[ForecastByType, list[Note]]:
    """Forecast a History and apply the corrections of its customers' tiers made before an instant.

    Only customers who have bought have tiers that can be corrected: a correction of a prospect changes nothing.

    Returns
    -------
    (forecast, notes about the corrections)
    """
    forecast = model.by_type(history)
    if corrections is None:
        return forecast, []
    trust = model.trust or Trust()
    moving = corrections.pull(forecast.customers, corrections.of(history.customers_only.customers, before))
    idle = int(np.count_nonzero(corrections.of(history.prospects_only.customers, before) >= 0))
    notes: list[Note] = [{"code": "forecast.corrections_of_prospects", "rows": idle}] if idle else []
    if not len(moving.rows):
        return forecast, notes
    notes = [{"code": "forecast.corrected", "moved": len(moving.rows)}, trust_note(trust), *notes]
    return replace(forecast, customers=corrected(forecast.customers, moving, trust.weight)), notes


def trust_note(trust: Trust) -> Note:
    """How far corrections are followed, and on how many corrected customers that is based."""
    code = "forecast.trust_learnt" if trust.taught else "forecast.trust_prior"
    return {"code": code, "share": f"{trust.weight:.0%}", "taught": trust.taught}


def notes_of_model(model: Model, packed: Packed, cutoff: int) -> list[Note]:
    """Notes about a trained model that forecasts as of a cutoff."""
    notes = [*model.notes, *(model.stack.notes if model.stack else [])]
    if model.stack is None:
        notes += unchecked_note(closed_windows(packed, cutoff, model.horizon_days), model.horizon_days)
    if model.cutoff < cutoff:
        days = {"trained": day_of(model.cutoff).isoformat(), "cutoff": day_of(cutoff).isoformat()}
        notes.append({"code": "forecast.model_is_older", **days})
    return notes


def unchecked_note(windows: Sequence[Window], horizon_days: int) -> list[Note]:
    """A note if no closed window can check the forecast."""
    return [] if windows else [{"code": "forecast.unchecked", "days": horizon_days, "needs": LEAST_CUSTOMERS}]


def member_note(model: Model, history: History) -> list[Note]:
    """Which member forecasts if nothing was trained, and why this one."""
    if model.stack is not None:
        return []
    buyers = history.facts.buyers
    notes: dict[str, Note] = {
        BEHAVIOUR: {"code": "forecast.behaviour_answers"},
        BTYD: {"code": "forecast.btyd_answers", "most": MOST_HORIZON_DAYS},
        DECAYED: {"code": "forecast.formula_answers", "buyers": buyers, "needs": LEAST_BUYERS},
    }
    return [notes[model.member_name(history)]]


def prospects_note(model: Model, forecast: ForecastByType) -> list[Note]:
    """How many people looked but did not buy, how many are expected to buy, and what that is based on."""
    looked = np.count_nonzero(forecast.history.looked & ~forecast.history.bought)
    if not looked:
        return []
    prospects = model.prospects
    note: Note = {
        "code": "forecast.prospects" if prospects.taught else "forecast.prospects_guessed",
        "prospects": int(looked),
        "buyers": about(float(forecast.prospects.p_active.sum())),
        "days": model.horizon_days,
        "taught": prospects.taught,
        "bought": prospects.bought,
    }
    return [note]


def thin_note(evidence: NDArray[np.str_]) -> list[Note]:
    """How many customers have thin evidence.

    Parameters
    ----------
    evidence : (n,)
        "ample" or "thin", of the customers without the prospects.
    """
    thin = int(np.count_nonzero(evidence == "thin"))
    return [{"code": "forecast.thin", "thin": thin, "customers": len(evidence)}] if thin else []


def unjudged(packed: Packed, cutoff: int, horizon_days: int) -> Note | None:
    """Why a forecast as of a cutoff cannot be checked on the window before it; None if it can."""
    begin = cutoff - horizon_days * DAY_US
    reason = too_young(packed, begin, horizon_days, closed_windows(packed, begin, horizon_days))
    if reason is None:
        return None
    return {
        "code": str(reason["code"]).replace("forecast.", "forecast.unjudged_"),
        "needs": reason["needs"],
        "days": horizon_days,
        "whole": round((LEAST_HORIZONS + 1) * horizon_days),
        "span": int((cutoff - packed.start) // DAY_US),
    }
