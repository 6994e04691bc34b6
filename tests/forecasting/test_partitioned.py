import pickle

import numpy as np
import pytest

from ledger import packed, row
from shijin.distribution import Distribution
from shijin.forecasting.behaviour import ShopBehaviour
from shijin.forecasting.btyd.member import ShopBtyd
from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.model import Model
from shijin.forecasting.partitioned import forecast_partitions, read_in_parts
from shijin.represent.cutoff import split_at
from shijin.represent.facts import facts_of
from shijin.represent.packed import DAY_US, Packed
from shijin.represent.partitions import partition
from shijin.simulate.knobs import Knobs
from shijin.simulate.shops import simulate

SHOP = simulate(Knobs(customers=120, days=500, views_per_order=0.5), 3).packed
CUTOFF = SHOP.start + 450 * DAY_US


def part_models(horizon_days: int) -> tuple[list[Packed], Model]:
    parts = partition(SHOP, 3)
    return parts, read_in_parts(parts, facts_of(parts, CUTOFF), horizon_days)


@pytest.mark.parametrize(("horizon_days", "member"), [(60, ShopBehaviour), (420, ShopBtyd)])
def test_the_model_is_sent_to_other_processes_and_forecasts_each_part_there(horizon_days: int, member: type) -> None:
    parts, model = part_models(horizon_days)
    assert isinstance(model.untrained_member, member)
    sent: Model = pickle.loads(pickle.dumps(model))
    for part in parts:
        history, _ = split_at(part, CUTOFF, 1, facts_of(parts, CUTOFF))
        np.testing.assert_array_equal(sent.forecast(history).mean(), model.forecast(history).mean())


def test_parts_are_forecast_one_after_the_other() -> None:
    parts, model = part_models(60)
    facts = facts_of(parts, CUTOFF)
    for part, forecast in zip(parts, forecast_partitions(parts, facts, 60), strict=True):
        history, _ = split_at(part, CUTOFF, 1, facts)
        assert forecast.history.customers.tolist() == history.customers.tolist()
        np.testing.assert_array_equal(forecast.figures(Distribution.mean), model.forecast(history).mean())


def test_with_few_buyers_in_the_whole_shop_every_part_gets_the_formula() -> None:
    rows = [row(f"c{number}", f"2024-01-{number + 1:02d}") for number in range(20)]
    parts = partition(packed(rows), 3)
    model = read_in_parts(parts, facts_of(parts, parts[0].end), 30)
    assert model.untrained_member is not None
    assert model.untrained_member.name == DECAYED


def test_a_part_of_prospects_only_and_one_of_nobody_are_forecast() -> None:
    rows = [row("a", "2024-01-01"), row("b", "2024-01-02", None, "view")]
    shop = packed(rows)
    parts = [shop.take(np.array(places, dtype=np.int64)) for places in ([0], [1], [])]
    forecasts = list(forecast_partitions(parts, facts_of(parts, shop.end), 30))
    assert [(len(one.customers), len(one.prospects)) for one in forecasts] == [(1, 0), (0, 1), (0, 0)]
    assert forecasts[1].figures(Distribution.mean)[0] > 0
