"""How a shop begins: from a workspace that is there, from a table in memory, or for one forecast only."""

from __future__ import annotations

import inspect
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from shijin.collect.guess import ROLES
from shijin.errors import ConfigError, ShijinError, refusing_in, suggestion
from shijin.frames import to_arrow
from shijin.shop import Shop
from shijin.workspace import Workspace
from shijin.workspace.folder import CONFIG_FILE


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
    map: Mapping[str, str] | None = None,
    **columns: Any,  # noqa: ANN401
) -> Shop:
    """Make a shop of a table of orders, pandas, polars or Arrow; tables come out as the same kind.

    Parameters
    ----------
    workspace
        Where to keep it; a temporary folder that goes with the Shop where None.
    customer, time, amount, columns
        Which columns hold what (``order_id="order"``, ``item_id="sku"`` ...); guessed where not given.
        ``statuses={"parked": "unpaid"}`` says what words for statuses mean: sale, void, unpaid or refund.
    map
        The same by role, as `Shop.collect` takes it: ``{"customer_id": "user", "ts": "paid_at"}``.
    """
    there = Workspace.open(Path(workspace)) if workspace and (Path(workspace) / CONFIG_FILE).exists() else None
    with refusing_in(there.config.shop.locale if there else "en"):
        _refuse_unknown(from_dataframe, columns)
        table, kind = to_arrow(orders)
    root = Path(workspace) if workspace is not None else Path(tempfile.mkdtemp(prefix="shijin-"))
    shop = Shop(there or Workspace.create(root), kind)
    if workspace is None:
        weakref.finalize(shop, shutil.rmtree, root, ignore_errors=True)
    statuses = columns.pop("statuses", None) or {}
    roles = {"customer_id": customer, "ts": time, "amount": amount, **(map or {}), **columns}
    try:
        shop.collect(
            table,
            map={role: column for role, column in roles.items() if column is not None},
            statuses=statuses,
        )
    except ShijinError:
        if not there:
            shop.workspace.discard()
        raise
    return shop


def forecast(
    orders: Any,  # noqa: ANN401
    horizon: str | int | Sequence[str | int] | None = None,
    cutoff: str | date | None = None,
    *,
    customer: str | None = None,
    time: str | None = None,
    amount: str | None = None,
    **columns: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Forecast the customers of a table of orders in one call; nothing is trained, nothing is stored.

    Parameters
    ----------
    orders
        pandas, polars or Arrow; the forecast is the same kind.
    horizon
        Such as "90d"; 90 days, or a third of a shorter history, where None. Several, such as ``["30d", "90d"]``, give a
        row a customer each; ``horizon_days`` names the horizon. They agree in order: a longer one never has less, so
        the figure for 90 days depends slightly on which other horizons are requested.
    cutoff
        Read only what is before this day, such as "2024-06-01"; all where None.
    customer, time, amount, columns
        Which columns hold what (``customer="user_id", time="paid_at", order_id="order"`` ...), or the same by role
        (``map={"customer_id": "user_id"}``); guessed where not given.
        ``statuses={"parked": "unpaid"}`` says what words for statuses mean.

    Returns
    -------
    A row a customer and horizon: `schema.FORECAST`, docs/formats.md.

    Raises
    ------
    ShijinError
        When an argument, a column or a horizon does not exist, or the orders do not suffice.

    Examples
    --------
    >>> import shijin
    >>> shijin.forecast(None, horizons="90d")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    shijin.errors.ConfigError: shijin.forecast has no argument 'horizons'. Cure: did you mean 'horizon'?
    """
    _refuse_unknown(forecast, columns)
    shop = from_dataframe(orders, customer=customer, time=time, amount=amount, **columns)
    return shop.forecast(horizon, cutoff, zero_shot=True)


def _refuse_unknown(verb: Callable[..., Any], columns: Mapping[str, str]) -> None:
    """Refuse an argument that is neither one of the verb's own nor a column that orders may have."""
    known = [name for name in inspect.signature(verb).parameters if name not in ("orders", "columns")]
    known += [role for role in ROLES if role not in ("customer_id", "ts", "amount")]
    for name in columns:
        if name not in (*ROLES, "map", "statuses"):
            called, instead = f"shijin.{verb.__name__}", suggestion(name, known)
            raise ConfigError("shop.unknown_argument", verb=called, name=name, suggestion=instead)
