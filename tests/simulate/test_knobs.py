"""Knobs refuse impossible values, and the docstring describes each of them."""

import re
from dataclasses import fields
from datetime import date

import pytest

from shijin.errors import ConfigError
from shijin.simulate.knobs import BGNBD_GAMMA, DEMO, Knobs
from shijin.simulate.ranges import CHOICES, RANGES


def described() -> set[str]:
    """Names with a line of their own among the docstring's parameters."""
    assert Knobs.__doc__
    parameters = Knobs.__doc__.split("Parameters\n")[1].split("Raises\n")[0]
    heads = re.findall(r"^ {4}(\w+(?:, \w+)*)$", parameters, re.MULTILINE)
    return {name for head in heads for name in head.split(", ")}


def test_every_knob_has_its_line_in_the_docstring_and_no_line_lacks_a_knob() -> None:
    assert described() == {knob.name for knob in fields(Knobs)}


def test_every_knob_but_the_first_day_has_a_range_or_a_choice() -> None:
    assert RANGES.keys() | CHOICES.keys() | {"start"} == {knob.name for knob in fields(Knobs)}
    assert not RANGES.keys() & CHOICES.keys()


@pytest.mark.parametrize("name", RANGES)
def test_a_knob_may_be_at_either_end_of_its_range_and_not_beyond(name: str) -> None:
    low, high = RANGES[name]
    for value in (low, high):
        assert getattr(Knobs(**{name: value}), name) == value
    for value in (low - 0.01, high * 1.01 + 0.01, float("nan")):
        with pytest.raises(ConfigError, match=rf"^Knobs\.{name}: .* out of range"):
            Knobs(**{name: value})


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_one_of_those_named(name: str) -> None:
    for choice in CHOICES[name]:
        assert getattr(Knobs(**{name: choice}), name) == choice  # type: ignore[arg-type]
    with pytest.raises(
        ConfigError, match=rf"^Knobs\.{name}: 'other' is unknown\. Cure: choose one of: {', '.join(CHOICES[name])}\."
    ):
        Knobs(**{name: "other"})  # type: ignore[arg-type]


def test_knobs_at_their_defaults_make_a_plain_shop() -> None:
    plain = Knobs()
    assert plain.founders is None
    turned = {
        *("drift_spread", "slowing", "regularity_spread", "clumps", "lifetime_spread", "comeback", "one_timers"),
        *("basket_within_spread", "basket_tail", "basket_growth", "basket_drift", "bulk_share", "rate_basket_tie"),
        *("season_amplitude", "holiday_lift", "trend", "promotions", "weekend", "return_share", "discount_share"),
        *("views_per_order", "idle_views", "carts_per_order", "reviews_per_order", "contacts_per_order"),
    }
    assert {name: getattr(plain, name) for name in turned} == dict.fromkeys(turned, 0)


def test_presets_start_on_the_same_day_and_the_second_is_bgnbd() -> None:
    assert {preset.start for preset in (DEMO, BGNBD_GAMMA)} == {date(2023, 1, 2)}
    assert (BGNBD_GAMMA.rates, BGNBD_GAMMA.dropout, BGNBD_GAMMA.baskets) == ("gamma", "at_order", "gamma_gamma")
