"""A shop in the shape of a platform's export has the forecast of the same shop as a plain table."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from platforms import PLATFORMS
from platforms.plain import plain_table
from platforms.shop import Platform
from shijin.shop import Shop
from shijin.workspace import Workspace

HORIZON = "90d"
COLUMNS = ("expected_spend", "p_active", "expected_orders", "spend_p90")


def forecast_of(folder: Path, files: dict[str, bytes]) -> NDArray[np.float64]:
    """The forecast of each customer, sorted: customers have other names in each file."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    shop = Shop(Workspace.create(folder / "shop"))
    shop.collect(*(folder / name for name in files))
    forecast = shop.forecast(HORIZON)
    rows = np.column_stack([forecast[name].to_numpy() for name in COLUMNS])
    return rows[np.lexsort(rows.T)]


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS.keys())
def test_a_platforms_export_gives_the_forecast_of_a_plain_table(platform: Platform, tmp_path: Path) -> None:
    shop = platform.shop(1)
    of_export = forecast_of(tmp_path / "export", dict(platform.files(shop)))
    of_table = forecast_of(tmp_path / "plain", {"plain.csv": plain_table(platform, shop)})
    assert len(of_export) == len({one.customer for one in platform.sales(shop)})
    np.testing.assert_allclose(of_export, of_table, rtol=1e-9)  # an order's money is divided among its lines apart
