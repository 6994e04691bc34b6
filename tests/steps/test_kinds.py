"""A setting of shijin.toml gives another id to what depends on it, and to nothing else."""

import re
from datetime import date
from pathlib import Path

import pytest

from shijin.config import Config, Section
from shijin.steps import kinds
from shijin.steps.kinds import artifacts_of
from shijin.workspace import Kind, Workspace

# Every setting, with a value that is not its default.
CHANGED = {
    "schema_version": None,  # only 1 is possible
    "shop.name": '"tea house"',
    "shop.currency": '"EUR"',
    "shop.timezone": '"Asia/Shanghai"',
    "shop.week_start": '"sunday"',
    "shop.rates": '{ USD = 0.5 }\nshop.currency = "EUR"',
    "shop.rates_file": '"rates.csv"\nshop.currency = "EUR"',
    "shop.locale": '"zh"',
    "shop.observed_until": "2030-01-01",
    "entity.name": '"patient"',
    "outcome.kind": None,  # only spend is possible
    "outcome.horizon": '"30d"',
    "collect.map": '{ ts = "paid_at" }',
    "collect.decimal": '","',
    "collect.date_order": '"dmy"',
    "collect.encoding": '"gb18030"',
    "collect.max_bad_share": "0.1",
    "collect.salt": '"other"',
    "collect.statuses": '{ parked = "void" }',
    "collect.join_keys": "false",
    "profiles.static": '["birth_year"]',
    "items.charges": '["POST"]',
    "items.tests": '["test"]',
    "tiers.by": '"share"',
    "tiers.cuts": "[0.3, 0.6]",
    "tiers.names": '["gold", "silver", "rest"]',
    "export.holdout": "0.2",
    "export.salt": '"other"',
    "recommend.explore": "0.1",
    "fairness.groups": '["region"]',
    "engine.kind": None,  # only DuckDB is possible
    "engine.memory": '"1GB"',
    "engine.threads": "1",
    "engine.lock_wait_s": "1.0",
}
SHOP = {"shop.timezone", "shop.observed_until"}  # what turns events into a shop of arrays
TIERS, ITEMS = {"tiers.by", "tiers.cuts", "tiers.names"}, {"items.charges", "items.tests"}
DEPENDS = {
    "model": SHOP,
    "forecast": SHOP | TIERS,
    "backtest": SHOP,
    "items_backtest": SHOP | ITEMS,
    "representation": SHOP,
    "recommender": SHOP | ITEMS,
    # These lie in the folder of a forecast; where their settings have changed, the page says so.
    "recommendations": SHOP | ITEMS | {"recommend.explore", "shop.locale"},
    "affinity": SHOP | ITEMS,
    "demand": SHOP | ITEMS,
}
KINDS = {kind.name: kind for kind in vars(kinds).values() if isinstance(kind, Kind)}


def ids(root: Path) -> dict[str, str]:
    artifacts = artifacts_of(Workspace.open(root))
    return {name: artifacts.id(kind, date(2024, 1, 1), 30) for name, kind in KINDS.items()}


def test_every_kind_and_every_setting_is_here() -> None:
    settings = {
        f"{table}.{name}" if isinstance(section, Section) else table
        for table, section in Config()
        for name in (type(section).model_fields if isinstance(section, Section) else [""])
    }
    assert set(DEPENDS) == set(KINDS)
    assert set(CHANGED) == settings


@pytest.mark.parametrize("key", [key for key, value in CHANGED.items() if value is not None])
def test_a_setting_changes_the_ids_of_what_depends_on_it_and_of_nothing_else(tmp_path: Path, key: str) -> None:
    Workspace.create(tmp_path, "")
    before = ids(tmp_path)
    (tmp_path / "shijin.toml").write_text(f"{key} = {CHANGED[key]}", "utf-8")
    after = ids(tmp_path)
    changed = {name for name in KINDS if before[name] != after[name]}
    assert changed == {name for name, keys in DEPENDS.items() if key in keys}


def test_ids_differ_by_kind_cutoff_horizon_and_options(tmp_path: Path) -> None:
    artifacts = artifacts_of(Workspace.create(tmp_path, ""))
    day = date(2024, 1, 1)
    made = [artifacts.id(kind, day, 30) for kind in KINDS.values()]
    made += [
        artifacts.id(kinds.MODEL, date(2024, 1, 2), 30),
        artifacts.id(kinds.MODEL, day, 31),
        artifacts.id(kinds.MODEL, day, 30, True),
    ]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"2024-01-0\d-3\dd-[0-9a-f]{8}", id) for id in made)
