import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shijin.distribution import Distribution
from shijin.errors import ModelError
from shijin.forecasting.behaviour import MOST_HORIZON_DAYS
from shijin.forecasting.behaviour import NAME as BEHAVIOUR
from shijin.forecasting.corrections import Trust
from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.members import STACKED, default_members
from shijin.forecasting.model import CARD, LEAST_BUYERS, Model, train, untrained
from shijin.forecasting.stack import Stack
from shijin.represent.cutoff import History, split_at
from shijin.represent.packed import DAY_US, Packed
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate
from shijin.words import say

H = 60
SHOP = simulate(replace(DEMO, customers=250, days=400, joining=0.6), seed=8).packed
CUTOFF = SHOP.end


def history_of(shop: Packed = SHOP, cutoff: int = CUTOFF) -> History:
    return split_at(shop, cutoff, H)[0]


@pytest.fixture(scope="module")
def trained() -> Model:
    return train(SHOP, H, CUTOFF)


@pytest.fixture(scope="module")
def saved(trained: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    trained.save(folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy of the saved model, to be damaged."""
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def assert_same_bits(a: Distribution, b: Distribution) -> None:
    for part in ("p_active", "spend", "orders"):
        assert np.array_equal(getattr(a, part), getattr(b, part)), part


def test_the_weight_of_corrections_is_saved_and_restored_and_left_out_if_there_is_none(
    trained: Model, saved: Path, tmp_path: Path
) -> None:
    assert "corrections" not in json.loads((saved / CARD).read_text())
    assert Model.load(saved).trust is None
    replace(trained, trust=Trust(0.71, 42)).save(tmp_path)
    assert json.loads((tmp_path / CARD).read_text())["corrections"] == {"weight": 0.71, "taught": 42}
    assert Model.load(tmp_path).trust == Trust(0.71, 42)


def test_a_shop_with_enough_history_gets_the_stack(trained: Model) -> None:
    assert trained.stack is not None
    assert [member.name for member in trained.stack.members] == list(STACKED)
    assert trained.stack.case == "later window"
    assert trained.window_customers == len(history_of(cutoff=CUTOFF - H * DAY_US))
    assert trained.member_name(history_of()) == trained.stack.served
    assert trained.notes == []


def test_a_model_read_back_forecasts_the_same_bits(trained: Model, saved: Path) -> None:
    again = Model.load(saved)
    assert_same_bits(trained.forecast(history_of()), again.forecast(history_of()))
    assert (again.horizon_days, again.cutoff, again.window_customers) == (H, CUTOFF, trained.window_customers)
    assert again.stack is not None
    assert trained.stack is not None
    assert (again.stack.case, again.stack.served, again.stack.notes, again.stack.shares()) == (
        trained.stack.case,
        trained.stack.served,
        trained.stack.notes,
        trained.stack.shares(),
    )


def test_saving_what_was_read_writes_the_same_files(saved: Path, tmp_path: Path) -> None:
    Model.load(saved).save(tmp_path)
    files = sorted(path.name for path in saved.iterdir())
    assert files == sorted(path.name for path in tmp_path.iterdir())
    assert (saved / CARD).read_bytes() == (tmp_path / CARD).read_bytes()


def test_a_model_is_text_that_a_person_can_read(saved: Path) -> None:
    assert {path.suffix for path in saved.iterdir()} == {".json", ".txt"}
    card = json.loads((saved / CARD).read_text("utf-8"))
    assert list(card["stack"]["members"]) == list(STACKED)


def test_training_again_gives_the_same_bits(trained: Model) -> None:
    assert_same_bits(trained.forecast(history_of()), train(SHOP, H, CUTOFF).forecast(history_of()))


def test_what_happens_from_the_cutoff_on_teaches_nothing(trained: Model) -> None:
    cutoff = CUTOFF - 100 * DAY_US
    later = SHOP.moments.ts >= cutoff
    changed = replace(SHOP, moments=replace(SHOP.moments, amount=np.where(later, 1e6, SHOP.moments.amount)))
    one, other = (train(shop, H, cutoff).forecast(history_of(cutoff=cutoff)) for shop in (SHOP, changed))
    assert_same_bits(one, other)


# --- damage ----------------------------------------------------------------------------------------------------------


def edit(card: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split("/")
    for name in parents:
        card = card[name]
    card[last] = value


def drop(path: str) -> Callable[[dict[str, Any]], None]:
    *parents, last = path.split("/")

    def without(card: dict[str, Any]) -> None:
        for name in parents:
            card = card[name]
        del card[last]

    return without


def put(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda card: edit(card, path, value)


@pytest.mark.parametrize(
    "damage",
    [
        drop("horizon_days"),
        drop("format"),
        drop("stack"),
        drop("stack/weights"),
        drop("stack/weights/activity"),
        drop("stack/members/BTYD"),
        put("format", 99),
        put("stack", []),
        put("stack", "stack"),
        put("stack/members", []),
        put("stack/members/BTYD", 7),
        put("stack/members/of another program", {}),
        put("stack/weights/activity", ["much"]),
        put("stack/weights/activity", [1.0]),
        put("stack/members/LightGBM/files/gone.txt", "0"),
        put("stack/members/LightGBM/spread", None),
    ],
)
def test_a_damaged_card_is_refused_in_one_line(folder: Path, damage: Callable[[dict[str, Any]], None]) -> None:
    card = json.loads((folder / CARD).read_text("utf-8"))
    damage(card)
    (folder / CARD).write_text(json.dumps(card), "utf-8")
    with pytest.raises(ModelError, match=r"cannot be read .* Cure: run shop\.train\(\) again") as refusal:
        Model.load(folder)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"format": 1', b"\xff\xfe", b"card"])
def test_a_file_that_is_not_a_card_is_refused(folder: Path, content: bytes) -> None:
    (folder / CARD).write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read"):
        Model.load(folder)


@pytest.mark.parametrize("name", [CARD, "lightgbm-activity.txt"])
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        Model.load(folder)


@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.999])
def test_a_truncated_booster_is_refused(folder: Path, keep: float) -> None:
    path = folder / "lightgbm-spend.txt"
    text = path.read_text("utf-8")
    path.write_text(text[: int(keep if keep >= 1 else keep * len(text))], "utf-8")
    with pytest.raises(ModelError, match="cannot be read"):
        Model.load(folder)


class Unsavable:
    """A user's own member without state() and load()."""

    name = "mine"

    def fit(self, windows: object, seed: int) -> None:
        pass

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        raise NotImplementedError


def test_a_member_that_cannot_be_saved_is_refused_by_name(tmp_path: Path) -> None:
    stack = Stack([*default_members([DECAYED], 1), Unsavable()])
    with pytest.raises(ModelError, match="mine cannot be saved"):
        Model(H, CUTOFF, stack).save(tmp_path)


# --- young and small shops -------------------------------------------------------------------------------------------


def assert_untrained(model: Model, history: History, member: str) -> None:
    assert model.stack is None
    assert model.member_name(history) == member
    rows = np.flatnonzero(history.bought)
    history, forecast = history.take(rows), model.forecast(history).take(rows)
    expected = untrained(history.facts, model.horizon_days).forecast(history, model.horizon_days)
    assert_same_bits(forecast, expected)
    assert np.isfinite(forecast.mean()).all()


def test_ten_customers_keep_the_untrained_forecast_with_a_note(tmp_path: Path) -> None:
    ten = simulate(replace(DEMO, customers=10, joining=0.0, one_timers=0.0), seed=9).packed
    assert len(ten) == 10
    model = train(ten, H, ten.end)
    history = history_of(ten, ten.end)
    assert_untrained(model, history, DECAYED)
    assert [note["code"] for note in model.notes] == ["forecast.too_few"]
    note = dict(model.notes[0])
    assert "the forecast stays untrained" in say(note.pop("code"), "en", **note)
    model.save(tmp_path)
    again = Model.load(tmp_path)
    assert again == model
    assert_same_bits(again.forecast(history), model.forecast(history))


def test_a_shop_too_young_keeps_the_untrained_forecast_with_a_note() -> None:
    cutoff = SHOP.start + (2 * H - 1) * DAY_US
    model = train(SHOP, H, cutoff)
    assert_untrained(model, history_of(cutoff=cutoff), BEHAVIOUR)
    assert [note["code"] for note in model.notes] == ["forecast.too_young"]
    assert (model.notes[0]["horizons"], model.notes[0]["needs"]) == ("1.9", "2")  # 119 of 120 days


def test_one_day_more_makes_it_old_enough() -> None:
    assert train(SHOP, H, SHOP.start + 2 * H * DAY_US).stack is not None


def test_the_untrained_member_depends_on_the_number_of_buyers() -> None:
    enough = replace(history_of().facts, buyers=LEAST_BUYERS)
    assert untrained(enough, 90).name == BEHAVIOUR
    assert untrained(enough, MOST_HORIZON_DAYS + 1).name == "BTYD"
    assert untrained(replace(enough, buyers=LEAST_BUYERS - 1), 90).name == DECAYED


def test_everything_given_away_is_forecast_too() -> None:
    gifts = replace(SHOP, moments=replace(SHOP.moments, amount=np.zeros(len(SHOP.moments))))
    model = train(gifts, H, CUTOFF)
    history, outcomes = split_at(gifts, CUTOFF - H * DAY_US, H)
    assert outcomes is not None
    forecast = model.forecast(history)
    assert np.isfinite(forecast.mean()).all()
    assert forecast.p_active.mean() == pytest.approx((outcomes.orders > 0).mean(), abs=0.1)
