"""How a shop begins: from a workspace that is there, from a table in memory, or for one forecast only."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shijin.collect import CollectOptions
from shijin.errors import ShijinError
from shijin.frames import to_arrow
from shijin.shop import Shop
from shijin.steps.collect import collect
from shijin.workspace import Workspace


def open_shop(root: Path | str) -> Shop:
    """Open a workspace that is there.

    Raises
    ------
    WorkspaceError
        When there is none.
    """
    return Shop(Workspace.open(Path(root)))


def from_dataframe(
    orders: Any,  # noqa: ANN401
    workspace: Path | str | None = None,
    *,
    customer: str | None = None,
    time: str | None = None,
    amount: str | None = None,
    **columns: str,
) -> Shop:
    """Make a shop of a table of orders, pandas, polars or Arrow; tables come out as the same kind.

    Parameters
    ----------
    workspace
        Where to keep it; a temporary folder that goes with the Shop where None.
    customer, time, amount, columns
        Which columns hold what (``order_id="order"``, ``item_id="sku"`` ...); guessed where not said.
    """
    table, kind = to_arrow(orders)
    told = {"customer_id": customer, "ts": time, "amount": amount, **columns}
    root = Path(workspace) if workspace is not None else Path(tempfile.mkdtemp(prefix="shijin-"))
    fresh = not (root / "shijin.toml").exists()
    shop = Shop(Workspace.create(root), kind)
    if workspace is None:
        weakref.finalize(shop, shutil.rmtree, root, ignore_errors=True)
    options = CollectOptions(map={role: column for role, column in told.items() if column is not None})
    try:
        collect(shop.workspace, table, options, datetime.now(UTC))
    except ShijinError:
        if fresh:
            shop.workspace.discard()
        raise
    return shop


def forecast(orders: Any, horizon: str | int | Sequence[str | int] | None = None, **columns: str) -> Any:  # noqa: ANN401
    """Forecast the customers of a table of orders in one call: nothing is trained, nothing is kept.

    Parameters
    ----------
    orders
        pandas, polars or Arrow; the forecast is the same kind.
    horizon
        Such as "90d"; several give as many rows a customer.
    columns
        Which columns hold what (``customer="user_id", time="paid_at", amount="total"``); guessed where not said.
    """
    return from_dataframe(orders, **columns).forecast(horizon, zero_shot=True)
