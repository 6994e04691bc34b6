"""The feature dictionary names every feature, in the order of the columns."""

import pytest

from shijin.represent.cutoff import split_at
from shijin.represent.feature_dictionary import feature_dictionary
from shijin.represent.features import features
from shijin.simulate.knobs import Knobs
from shijin.simulate.shops import simulate


@pytest.mark.parametrize("horizon_days", [7, 90])
def test_the_dictionary_has_the_columns_of_the_feature_table_in_their_order(horizon_days: int) -> None:
    packed = simulate(Knobs(customers=20, days=200), seed=1).packed
    history, _ = split_at(packed, packed.end, horizon_days)
    assert tuple(one.name for one in feature_dictionary()) == features(history, horizon_days).names


def test_every_feature_has_a_meaning_a_unit_and_a_window() -> None:
    assert all(one.meaning and one.unit and one.window for one in feature_dictionary())
