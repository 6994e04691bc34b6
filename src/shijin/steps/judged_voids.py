"""What orders that were cancelled or refunded in full take away from the past that a backtest judges."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shijin.config import Config
from shijin.forecasting.stack import NAME as STACK
from shijin.notes import Note
from shijin.prepare.findings import percent
from shijin.prepare.voids import has_voids, voids_between
from shijin.represent.days import day_of
from shijin.steps.defaults import Window


def judged_voids(
    events: pa.Table, config: Config, window: Window, members: pa.Table
) -> tuple[dict[str, dict[str, float]], list[Note]]:
    """Measure void orders before and in a judged window; nothing where there are none.

    Parameters
    ----------
    events
        EVENTS, of the whole shop.
    members
        MEMBERS, of the judged customers.

    Returns
    -------
    "before" the cutoff and in the "window": void orders, and their shares of orders and money; "gain": what the judged
    customers' spend in the window would have been more in an export that still had these orders. And the note of it.
    """
    if not has_voids(events):
        return {}, []
    first, begin = day_of(window.packed.start), window.day
    end = begin + timedelta(days=window.horizon_days)
    before, inside = voids_between(events, config, first, begin), voids_between(events, config, begin, end)
    stack = members.filter(pc.equal(members["member"], STACK))
    of_judged = events.filter(pc.is_in(events["customer_id"], value_set=stack["customer_id"].combine_chunks()))
    gain, spend = voids_between(of_judged, config, begin, end).money, pc.sum(stack["y_spend"]).as_py() or 0.0
    share = gain / spend if spend > 0 else 0.0
    figures = {
        "before": before.as_json(),
        "window": inside.as_json(),
        "gain": {"money": gain, "share": share},
    }
    shares: dict[str, Any] = {
        f"{name}_{of}": percent(one[f"{of}_share"])
        for name, one in (("before", figures["before"]), ("window", figures["window"]))
        for of in ("order", "money")
    }
    note: Note = {"code": "forecast.voids_judged", "gain": f"{gain:,.2f}", "share": percent(share), **shares}
    return figures, [note]
