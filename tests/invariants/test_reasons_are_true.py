"""Every reason on a list is true: counted again from the raw file before the cutoff, by a counter of its own."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import recount
from conftest import Command
from rawfile import CONFIG, CUTOFF, HORIZON_DAYS, SMALL, raw_orders, shop_of
from shijin.words import say_note

AS_OF = ("--horizon", f"{HORIZON_DAYS}d", "--cutoff", CUTOFF.isoformat())
COUNTED = 200
ALWAYS = {"rhythm", "again", "bought", "after", "explore"}  # in the two lists together


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    """A raw file in which things are also looked at and put into carts."""
    return raw_orders(replace(SMALL, carts_per_order=0.5, views_per_order=0.8))


@pytest.fixture(scope="module")
def shop(raw: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shop_of(raw, tmp_path_factory.mktemp("raw")).workspace.root


@pytest.fixture(scope="module")
def counted(raw: pd.DataFrame) -> recount.Sheet:
    """The raw file laid out for counting; a charge is no item."""
    items = raw[raw["type"] != "charge"].dropna(subset="item_id").groupby("item_id")[["category"]].first()
    return recount.sheet(raw, items.assign(name=None, brand=None), CUTOFF)


def lists(command: Command, shop: Path, locale: str, *options: str) -> pd.DataFrame:
    """Everybody's list, a fifth of it to learn."""
    (shop / "shijin.toml").write_text(f'[shop]\nlocale = "{locale}"\n{CONFIG}[recommend]\nexplore = 0.2\n', "utf-8")
    assert command("recommend", "-w", shop, "--all", *AS_OF, *options).code == 0
    newest = json.loads((shop / "scores" / "LATEST.json").read_text("utf-8"))["id"]
    return pd.read_parquet(shop / "scores" / newest / "recommendations.parquet")


def some(rows: pd.DataFrame) -> pd.DataFrame:
    """Random rows, and a few of every code among them."""
    by_code = rows.groupby("reason_code").sample(3, replace=True, random_state=0)
    return pd.concat([rows.sample(COUNTED, random_state=0), by_code])


LISTS = (("en", ()), ("zh", ("--exclude-bought",)))


@pytest.fixture
def both(command: Command, shop: Path) -> list[tuple[str, pd.DataFrame]]:
    return [(language, lists(command, shop, language, *options)) for language, options in LISTS]


def test_every_reason_counts_out_in_both_lists_and_its_words_say_the_same(
    both: list[tuple[str, pd.DataFrame]], counted: recount.Sheet
) -> None:
    for language, rows in both:
        assert recount.untrue(counted, some(rows)) == []
        assert not (set(rows["item_id"]) | led_by(rows)) - set(counted.items.index)  # postage is none of them
        assert [in_words(one, language) for one in rows.to_dict("records")] == list(rows["reason"])
    assert set(pd.concat([rows for _, rows in both])["reason_code"]) >= ALWAYS


def led_by(rows: pd.DataFrame) -> set[str]:
    return {said["bought_item"] for said in map(json.loads, rows["reason_args"]) if "bought_item" in said}


def in_words(row: dict[str, str], language: str) -> str:
    said = json.loads(row["reason_args"])
    truth = say_note({"code": f"recommend.{said.pop('also', row['reason_code'])}"} | said, language)
    return (
        say_note({"code": "recommend.explore", "truth": truth}, language) if row["reason_code"] == "explore" else truth
    )


def test_who_wants_an_item_is_told_as_truly(command: Command, shop: Path, counted: recount.Sheet) -> None:
    item = counted.purchases["item_id"].mode()[0]
    said = json.loads(command("recommend", "-w", shop, "--item", item, *AS_OF, "--json").out)
    rows = pd.DataFrame(said["item_customers"]).assign(item_id=item)
    assert len(rows) > 50
    assert recount.untrue(counted, rows) == []


def test_the_counter_notices_each_number_that_is_off_by_one(
    both: list[tuple[str, pd.DataFrame]], counted: recount.Sheet
) -> None:
    rows = pd.concat([rows for _, rows in both]).drop_duplicates("reason_code")
    noticed = 0
    for row in rows.to_dict("records"):
        said = json.loads(row["reason_args"])
        for name in (name for name, value in said.items() if isinstance(value, int) and name != "days"):
            wrong = pd.DataFrame([row | {"reason_args": json.dumps(said | {name: said[name] + 1})}])
            assert len(recount.untrue(counted, wrong)) == 1, (row, name)
            noticed += 1
    assert noticed >= len(ALWAYS)
