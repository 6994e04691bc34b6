"""Log odds: what probabilities are pooled, shifted and corrected on."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from shijin.arrays import Floats


def logit(p: Floats) -> Floats:
    """Log odds of probabilities within 0..1, both excluded.

    Examples
    --------
    >>> logit(np.array([0.5, 0.8])).round(3)
    array([0.   , 1.386])
    """
    return np.log(p / (1 - p))


def logistic(log_odds: Floats) -> Floats:
    """Probabilities of log odds."""
    return 1 / (1 + np.exp(-log_odds))


def shift_to(log_odds: Floats, share: float) -> float:
    """What must be added to log odds so that their probabilities average `share`.

    Examples
    --------
    >>> round(shift_to(np.zeros(3), 0.8), 3), round(shift_to(np.full(2, -37.0), 0.5), 3)
    (1.386, 37.0)
    """
    wanted = float(logit(np.array(share)))
    low, high = min(-20.0, wanted - log_odds.max() - 1), max(20.0, wanted - log_odds.min() + 1)
    return float(brentq(lambda shift: logistic(log_odds + shift).mean() - share, low, high))
