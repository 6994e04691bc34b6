"""Few customers: the shop that is drawn, intervals over draws by hand, draws that are kept, and the picture."""

# ruff: noqa: E402 - benchmarks are scripts beside the package: their folder is named before they are imported

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from shijin.represent.cutoff import split_at
from shijin.represent.packed import DAY_US
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate
from shops import only
from small import _cell as cell
from small import _kept as kept
from small import interval, summary
from small_picture import picture

SHOP = simulate(replace(DEMO, customers=60), 1).packed


def row(n: int, draw: int, ours: float | None, theirs: float) -> dict:
    """One draw: log scores of the behaviour model and of BTYD, CRPS the same turned round."""
    members = {
        "behaviour model": {"log_score": ours, "crps": 2.0, "level": 0.1},
        "BTYD": {"log_score": theirs, "crps": 4.0, "level": 0.3},
    }
    return {"n": n, "draw": draw, "fell_back": draw == 0, "members": members}


def test_a_drawn_shop_has_its_customers_histories_and_nobody_elses() -> None:
    rows = np.array([2, 5, 40])
    drawn, cutoff = only(SHOP, rows), SHOP.end - 90 * DAY_US
    whole, part = split_at(SHOP, cutoff, 90), split_at(drawn, cutoff, 90)
    assert drawn.customers.tolist() == SHOP.customers[rows].tolist()
    known = np.isin(whole[0].customers, part[0].customers)
    assert part[0].historic_spend().tolist() == whole[0].historic_spend()[known].tolist()
    assert part[1].spend.tolist() == whole[1].spend[known].tolist()


def test_an_interval_is_students_over_draws_that_have_a_figure() -> None:
    found = interval([1.0, None, 3.0])
    assert found is not None
    assert (found["mean"], found["draws"], found["above"]) == (2.0, 2, 1.0)
    assert found["high"] == pytest.approx(2 + 12.7062 * np.sqrt(2) / np.sqrt(2), rel=1e-5)  # t of one degree of freedom
    assert interval([None, None]) is None
    alone = interval([0.3])
    assert alone is not None
    assert (alone["mean"], alone["low"], alone["high"]) == (0.3, None, None)  # one draw tells no interval


def test_what_is_clear_of_nothing_is_bold_and_one_draw_is_no_evidence() -> None:
    assert cell({"mean": 0.2, "low": 0.1, "high": 0.3}) == "**+0.2000 [+0.1000, +0.3000]**"
    assert cell({"mean": 0.2, "low": -0.1, "high": 0.5}) == "+0.2000 [-0.1000, +0.5000]"
    assert cell(interval([0.3])) == "–"


def test_differences_are_turned_so_that_more_is_better() -> None:
    found = summary([row(50, 0, -0.4, -0.5), row(50, 1, -0.5, -0.5), row(50, 2, None, -0.5)])
    gain = found["differences"]["BTYD"]
    assert gain["log_score"]["mean"] == pytest.approx(0.05)
    assert gain["log_score"]["draws"] == 2
    assert gain["crps"]["mean"] == pytest.approx(0.5)
    assert gain["level"]["mean"] == pytest.approx(0.2)
    assert (found["draws"], found["fell_back"]) == (3, 1)


def test_a_draw_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "draws.jsonl"
    path.write_text(json.dumps({"n": 50, "draw": 0}) + '\n{"n": 50, "dr', "utf-8")
    assert [one["draw"] for one in kept(path)] == [0]
    assert list(kept(tmp_path / "none.jsonl")) == []


def test_the_picture_has_a_panel_a_shop_and_every_size() -> None:
    sizes = {f"{n}": summary([row(n, 0, -0.4, -0.5), row(n, 1, -0.45, -0.5)]) for n in (50, 300)}
    svg = picture({"a": {"title": "First shop", "sizes": sizes}, "b": {"title": "Second shop", "sizes": sizes}})
    for said in ("First shop", "Second shop", "300", "behaviour model, untrained"):
        assert said in svg
