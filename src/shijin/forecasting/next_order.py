"""The day by which an order becomes more likely than not."""

from __future__ import annotations

import numpy as np

from shijin.arrays import Floats


def next_order_days(p_active: Floats, horizon_days: Floats | int) -> Floats:
    """(n,) whole days by which an order becomes more likely than not, under a constant hazard.

    ``H ln(1/2) / ln(1 - p)``, rounded up to whole days.
    """
    return np.ceil(horizon_days * np.log(0.5) / np.log1p(-p_active))
