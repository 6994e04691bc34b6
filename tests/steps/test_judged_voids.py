"""Orders refunded in full later: what they take from the past that a backtest judges, and that no figure reads them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from shijin import Shop
from shijin.config import Config
from shijin.report.summaries import backtest_notes
from shijin.represent.days import as_cutoff
from shijin.represent.pack import pack
from shijin.represent.packed import UTC as ZONE
from shijin.schema import EVENTS, MEMBERS, conform
from shijin.steps.defaults import Window
from shijin.steps.judged_voids import judged_voids
from shijin.words import LANGUAGES, say_note
from shijin.workspace import Workspace

FIRST = datetime(2023, 1, 1, 12, tzinfo=UTC)
DAYS, H = 300, 30
CUTOFF = DAYS - H


def orders(refunded_share: float = 0.2) -> pa.Table:
    """Orders with a status; some are refunded in full, and a few customers have no other order."""
    draw = np.random.default_rng(5)
    rows = []
    for number in range(120):
        for day in np.arange(draw.uniform(1, 60), DAYS - 1, draw.uniform(8, 60))[: draw.integers(1, 15)]:
            amount = round(float(draw.lognormal(3, 0.5)), 2)
            status = "refunded" if draw.random() < refunded_share else "paid"
            rows.append((f"buyer {number}", int(day), status, amount))
    rows += [(f"gone {number}", 30 + number, "refunded", 50.0) for number in range(5)]
    rows += [("buyer 0", 0, "paid", 20.0), ("buyer 0", DAYS - 1, "paid", 20.0)]
    names = ("customer_id", "day", "status", "amount")
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    ts = pa.array([FIRST + timedelta(days=day) for day in table["day"].to_pylist()])
    number = pa.array([f"o{place}" for place in range(len(table))])
    return table.append_column("ts", ts).append_column("order_id", number)


def collected(folder: Path, table: pa.Table) -> Shop:
    shop = Shop(Workspace.create(folder))
    shop.collect(table.drop_columns(["day"]))
    return shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return collected(tmp_path_factory.mktemp("voids") / "shop", orders())


def between(table: pa.Table, first: int, end: int) -> pa.Table:
    return table.filter(pc.and_(pc.greater_equal(table["day"], first), pc.less(table["day"], end)))


def sums(table: pa.Table) -> tuple[int, float]:
    return table.num_rows, pc.sum(table["amount"]).as_py() or 0.0


def test_a_backtest_says_what_void_orders_take_from_its_window(shop: Shop) -> None:
    """Recomputed from the rows of the source."""
    judged = shop.backtest(f"{H}d")
    table, stack = orders(), judged.members.filter(pc.equal(judged.members["member"], "stack"))
    voids = table.filter(pc.equal(table["status"], "refunded"))
    for name, first, end in (("before", 0, CUTOFF), ("window", CUTOFF, DAYS)):
        (n, money), (all_n, all_money) = (sums(between(one, first, end)) for one in (voids, table))
        assert judged.result["voids"][name] == pytest.approx(
            {"orders": n, "order_share": n / all_n, "money": money, "money_share": money / all_money}
        )
    of_judged = voids.filter(pc.is_in(voids["customer_id"], value_set=stack["customer_id"].combine_chunks()))
    gain, spend = sums(between(of_judged, CUTOFF, DAYS))[1], pc.sum(stack["y_spend"]).as_py()
    assert gain > 0
    assert judged.result["voids"]["gain"] == pytest.approx({"money": gain, "share": gain / spend})


def test_the_terminal_and_the_page_have_the_sentence(shop: Shop) -> None:
    judged = shop.backtest(f"{H}d")
    (note,) = [note for note in judged.result["notes"] if note["code"] == "forecast.voids_judged"]
    assert backtest_notes(judged.result) == [note]
    for language in LANGUAGES:
        sentence = say_note(note, language)
        assert f"{judged.result['voids']['gain']['money']:,.2f}" in sentence
        assert str(note["window_order"]) in sentence


def test_no_figure_reads_a_void_order(shop: Shop, tmp_path: Path) -> None:
    """The same to the last bit as of a file that lacks them; but for the figures about them."""
    table = orders()
    clean = collected(tmp_path / "clean", table.filter(pc.equal(table["status"], "paid")))
    with_voids, without = (one.backtest(f"{H}d") for one in (shop, clean))
    assert with_voids.members.equals(without.members)
    for one in (with_voids, without):
        notes = [note for note in one.result.pop("notes") if note["code"].startswith("forecast.voids")]
        assert bool(one.result.pop("voids", {})) == bool(notes) == (one is with_voids)
    same = set(with_voids.result) - {"fingerprint", "id", "outputs", "new"}
    assert {key: with_voids.result[key] for key in same} == {key: without.result[key] for key in same}
    assert shop.forecast(f"{H}d", zero_shot=True).equals(clean.forecast(f"{H}d", zero_shot=True))


def test_where_the_judged_customers_spent_nothing_the_gain_has_no_share() -> None:
    rows = {"customer_id": ["a", "a", "b"], "type": ["order", "void", "void"], "amount": [5.0, 7.0, 9.0]}
    ts = [FIRST, FIRST + timedelta(days=12), FIRST + timedelta(days=12)]
    events = conform(pa.table(rows | {"ts": ts, "event_id": ["1", "2", "3"]}), EVENTS, "test")
    window = Window(pack(events, ZONE), as_cutoff((FIRST + timedelta(days=10)).date()), 10)
    blank = {name: [0.0] for name in ("expected_spend", "p_active", "y_spend", "crps", "pit")}
    row = {"customer_id": ["a"], "member": ["stack"]} | blank
    members = pa.table({field.name: pa.array(row.get(field.name, [None]), field.type) for field in MEMBERS})
    figures, (note,) = judged_voids(events, Config(), window, members)
    assert figures["gain"] == {"money": 7.0, "share": 0.0}
    assert figures["window"] == {"orders": 2, "order_share": 1.0, "money": 16.0, "money_share": 1.0}
    assert note["gain"] == "7.00"
