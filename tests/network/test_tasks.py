import numpy as np
import pytest
from test_inputs import arrays

from shijin.distribution import ORDER_STARTS, SPEND_BINS
from shijin.network.inputs import OWN_BINS, TIME_BINS
from shijin.network.tasks import LEAST_CUSTOMERS, MOST_ASKED, MOST_TOLD, Example, by_moments, example
from shijin.represent.tokens import NAMES


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return [example(3, number) for number in range(40)]


def differing(a: Example, b: Example) -> list[str]:
    ours, theirs = arrays(a), arrays(b)
    return [name for name in ours if not np.array_equal(ours[name], theirs[name])]


def test_a_seed_and_a_number_make_one_example_whatever_was_made_before(examples: list[Example]) -> None:
    assert differing(example(3, 7), examples[7]) == []
    assert ".asked.features" in differing(example(3, 8), examples[7])
    assert ".asked.features" in differing(example(4, 7), examples[7])


def test_examples_are_of_different_shops(examples: list[Example]) -> None:
    assert len({one.shop.tobytes() for one in examples}) == len(examples)
    assert len({len(one.asked) for one in examples}) > 10


def test_everything_lies_in_its_range(examples: list[Example]) -> None:
    for one in examples:
        assert LEAST_CUSTOMERS <= len(one.asked) <= MOST_ASKED
        assert len(one.context) <= MOST_TOLD
        assert all(np.isfinite(value).all() for value in arrays(one).values())
        for customers, answers in ((one.asked, one.answers), (one.context.customers, one.context.answers)):
            assert set(answers.active.tolist()) <= {0.0, 1.0}
            for bins, most in (
                (answers.own_spend, OWN_BINS),
                (answers.order_bin, len(ORDER_STARTS)),
                (answers.time_bin, TIME_BINS),
                (customers.own_bin, SPEND_BINS),
            ):
                assert len(bins) == len(customers)
                assert ((bins >= 0) & (bins < most)).all()


def test_some_are_told_nothing_some_a_little_and_some_all(examples: list[Example]) -> None:
    told = np.array([len(one.context) for one in examples])
    assert np.count_nonzero(told == 0) >= 3
    assert np.count_nonzero((told > 0) & (told < 100)) >= 3
    assert np.count_nonzero(told > MOST_TOLD / 2) >= 10


def test_every_example_has_customers_who_order_and_who_do_not(examples: list[Example]) -> None:
    shares = np.array([one.answers.active.mean() for one in examples])
    assert 0.1 < shares.mean() < 0.9
    assert shares.std() > 0.1


def test_a_knob_that_is_fixed_stays(examples: list[Example]) -> None:
    is_return = NAMES.index("is_return")

    def returns(one: Example) -> float:
        return float(one.asked.tokens.values[:, is_return].sum())

    assert any(returns(one) for one in examples)
    for number in range(8):
        one = example(3, number, {"return_share": 0.0, "customers": 60})
        assert returns(one) == 0
        assert len(one.asked) <= 60


def test_of_a_share_of_shops_moments_alone_are_shown_and_the_others_are_as_they_were(examples: list[Example]) -> None:
    found = [example(3, number, blanked=0.5) for number in range(12)]
    plain = [example(3, number) for number in range(12)]
    blank = [not one.asked.features.any() for one in found]
    assert 2 <= sum(blank) <= 10
    for one, as_it_was, is_blank in zip(found, plain, blank, strict=True):
        expected = by_moments(as_it_was) if is_blank else as_it_was
        ours, theirs = arrays(one), arrays(expected)
        assert ours.keys() == theirs.keys()
        assert all(map(np.array_equal, ours.values(), theirs.values()))
        assert np.array_equal(one.asked.tokens.values, as_it_was.asked.tokens.values)
        assert np.array_equal(one.asked.own_bin, as_it_was.asked.own_bin)


def test_by_moments_nobody_has_a_feature_or_a_guess(examples: list[Example]) -> None:
    for one in map(by_moments, examples):
        assert not one.asked.features.any()
        assert not one.context.customers.features.any()
        assert not one.context.guess(one.asked).any()
        assert not one.context.guesses.any()
