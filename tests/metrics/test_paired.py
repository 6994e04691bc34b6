from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.metrics import paired, value
from shijin.metrics.paired import MARGINS, RESAMPLES, Difference, MemberForecast, compare

Floats = np.ndarray


def shop(n: int, seed: int) -> tuple[Floats, Floats, MemberForecast]:
    """Outcomes that a forecast foretells, with ties in the forecast and customers who came for nothing."""
    rng = np.random.default_rng(seed)
    p_active = np.round(rng.uniform(0.05, 0.95, n), 1).clip(0.05, 0.95)
    active = rng.random(n) < p_active
    active[:2] = True, False
    spend = np.where(active, np.round(rng.gamma(0.5, 40.0, n)), 0.0)
    spend[:2] = 30.0, 0.0
    return spend, active, MemberForecast(p_active, 20 * p_active, rng.gamma(2, 5, n))


def measured_directly(spend: Floats, active: Floats, member: MemberForecast) -> dict[str, float]:
    return {
        "log_score": value.log_scores(active, member.p_active).mean(),
        "auc": value.auc(active, member.p_active),
        "ngini": value.normalised_gini(spend, member.mean),
        "crps": member.crps.mean(),
        "level": value.level(spend, member.mean),
    }


@given(st.integers(2, 30), st.integers(0, 10_000))
def test_measures_under_weights_are_those_of_the_customers_repeated(n: int, seed: int) -> None:
    spend, active, member = shop(n, seed)
    weights = np.random.default_rng(seed + 1).multinomial(n, np.full(n, 1 / n))
    weights[:2] += 1  # both outcomes are drawn, so that every measure is defined
    rows = np.repeat(np.arange(n), weights)
    differences = paired._measures(spend, active, member)(weights[None, :].astype(float))[0]
    again = MemberForecast(member.p_active[rows], member.mean[rows], member.crps[rows])
    expected = measured_directly(spend[rows], active[rows], again)
    assert differences == pytest.approx([expected[metric] for metric in MARGINS], nan_ok=True)


def test_differences_are_turned_so_that_more_is_better() -> None:
    spend, active, good = shop(400, seed=1)
    bad = MemberForecast(np.full(400, 0.5), 3 * good.mean[::-1], 2 * good.crps)
    of_good, of_bad = measured_directly(spend, active, good), measured_directly(spend, active, bad)
    differences = {one.metric: one for one in compare(spend, active, good, {"bad": bad})["bad"]}
    assert differences["auc"].value == pytest.approx(of_good["auc"] - of_bad["auc"])
    assert differences["log_score"].value == pytest.approx(of_good["log_score"] - of_bad["log_score"])
    assert differences["ngini"].value == pytest.approx(of_good["ngini"] - of_bad["ngini"])
    assert differences["crps"].value == pytest.approx(1 / 2)  # half of the peer's
    assert differences["level"].value == pytest.approx(abs(log(of_bad["level"])) - abs(log(of_good["level"])))
    assert {one.verdict for one in differences.values()} == {"win"}
    back = {one.metric: one for one in compare(spend, active, bad, {"good": good})["good"]}
    assert {one.verdict for one in back.values()} == {"loss"}


def test_a_member_ties_with_itself_at_nothing() -> None:
    spend, active, member = shop(200, seed=2)
    for one in compare(spend, active, member, {"itself": member})["itself"]:
        assert (one.value, one.low, one.high, one.verdict) == (0.0, 0.0, 0.0, "tie")


def test_the_interval_is_that_of_resampled_customers() -> None:
    # The mean of n log scores has a standard error that is known: the interval is 2 * 1.96 of these wide.
    spend, active, member = shop(900, seed=3)
    flat = MemberForecast(np.full(900, active.mean()), member.mean, member.crps)
    gain = value.log_scores(active, member.p_active) - value.log_scores(active, flat.p_active)
    differences = compare(spend, active, member, {"flat": flat})["flat"][0]
    assert differences.metric == "log_score"
    assert differences.high - differences.low == pytest.approx(2 * 1.96 * gain.std() / 30, rel=0.08)
    assert differences.low < differences.value < differences.high


def test_the_same_seed_draws_the_same_customers() -> None:
    spend, active, member = shop(150, seed=4)
    other = MemberForecast(member.p_active[::-1], member.mean[::-1], member.crps[::-1])
    alone = compare(spend, active, member, {"other": other})
    both = compare(spend, active, member, {"itself": member, "other": other})
    assert both["other"] == alone["other"]
    one, two = (compare(spend, active, member, {"other": other}, seed) for seed in (0, 1))
    assert one == compare(spend, active, member, {"other": other}, 0)
    assert one != two


@pytest.mark.parametrize("at_once", [1, 7, RESAMPLES])
def test_how_many_resamples_are_held_at_once_changes_nothing(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    spend, active, member = shop(50, seed=5)
    other = MemberForecast(member.p_active[::-1], member.mean[::-1], member.crps[::-1])
    expected = compare(spend, active, member, {"other": other})
    monkeypatch.setattr(paired, "CHUNK_CELLS", at_once * 50)
    differences = compare(spend, active, member, {"other": other})
    for one, same in zip(differences["other"], expected["other"], strict=True):
        assert (one.value, one.low, one.high) == pytest.approx((same.value, same.low, same.high))


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.0031, 0.02, "win"),
        (0.0029, 0.02, "tie"),  # better, but perhaps by less than the margin
        (-0.01, 0.01, "tie"),
        (-0.02, -0.0029, "tie"),
        (-0.02, -0.0031, "loss"),
        (np.nan, np.nan, "tie"),
    ],
)
def test_a_win_or_a_loss_lies_wholly_beyond_the_margin(low: float, high: float, verdict: str) -> None:
    assert MARGINS["auc"] == 0.003
    assert Difference("auc", (low + high) / 2, low, high).verdict == verdict


def test_a_measure_that_is_never_defined_has_no_interval() -> None:
    everyone = np.ones(20, dtype=bool)
    member = MemberForecast(np.linspace(0.1, 0.9, 20), np.linspace(1, 5, 20), np.ones(20))
    differences = {one.metric: one for one in compare(np.full(20, 3.0), everyone, member, {"itself": member})["itself"]}
    for metric in ("auc", "ngini"):
        assert np.isnan([differences[metric].value, differences[metric].low, differences[metric].high]).all()
        assert differences[metric].verdict == "tie"
    assert differences["log_score"].verdict == "tie"
