import numpy as np
import pytest
from comparing import arrays

from shijin.distribution import ORDER_STARTS, SPEND_BINS
from shijin.network.inputs import RELATIVE_BINS, TIME_BINS
from shijin.network.tasks import LEAST_CUSTOMERS, MOST_QUERY, TRAINING_CONTEXT, Example, by_moments, example
from shijin.represent.tokens import NAMES


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return [example(3, number) for number in range(40)]


def differing(a: Example, b: Example) -> list[str]:
    ours, theirs = arrays(a), arrays(b)
    return [name for name in ours if not np.array_equal(ours[name], theirs[name])]


def test_a_seed_and_a_number_make_one_example_whichever_were_made_before(examples: list[Example]) -> None:
    assert differing(example(3, 7), examples[7]) == []
    assert ".query.features" in differing(example(3, 8), examples[7])
    assert ".query.features" in differing(example(4, 7), examples[7])


def test_examples_are_of_different_shops(examples: list[Example]) -> None:
    assert len({one.shop.tobytes() for one in examples}) == len(examples)
    assert len({len(one.query) for one in examples}) > 10


def test_everything_lies_in_its_range(examples: list[Example]) -> None:
    for one in examples:
        assert LEAST_CUSTOMERS <= len(one.query) <= MOST_QUERY
        assert len(one.context) <= TRAINING_CONTEXT
        assert all(np.isfinite(value).all() for value in arrays(one).values())
        for customers, targets in ((one.query, one.targets), (one.context.customers, one.context.targets)):
            assert set(targets.active.tolist()) <= {0.0, 1.0}
            for bins, most in (
                (targets.relative_spend, RELATIVE_BINS),
                (targets.order_bin, len(ORDER_STARTS)),
                (targets.time_bin, TIME_BINS),
                (customers.base_bin, SPEND_BINS),
            ):
                assert len(bins) == len(customers)
                assert ((bins >= 0) & (bins < most)).all()


def test_some_examples_have_no_context_some_a_little_and_some_all(examples: list[Example]) -> None:
    sizes = np.array([len(one.context) for one in examples])
    assert np.count_nonzero(sizes == 0) >= 3
    assert np.count_nonzero((sizes > 0) & (sizes < 100)) >= 3
    assert np.count_nonzero(sizes > TRAINING_CONTEXT / 2) >= 10


def test_examples_have_customers_who_order_and_customers_who_do_not(examples: list[Example]) -> None:
    shares = np.array([one.targets.active.mean() for one in examples])
    assert 0.1 < shares.mean() < 0.9
    assert shares.std() > 0.1


def test_a_knob_that_is_fixed_stays(examples: list[Example]) -> None:
    is_return = NAMES.index("is_return")

    def returns(one: Example) -> float:
        return float(one.query.tokens.values[:, is_return].sum())

    assert any(returns(one) for one in examples)
    for number in range(8):
        one = example(3, number, {"return_share": 0.0, "customers": 60})
        assert returns(one) == 0
        assert len(one.query) <= 60


def test_a_share_of_shops_is_shown_by_moments_alone_and_the_others_are_as_they_were(examples: list[Example]) -> None:
    blanked = [example(3, number, blanked=0.5) for number in range(12)]
    plain = [example(3, number) for number in range(12)]
    blank = [not one.query.features.any() for one in blanked]
    assert 2 <= sum(blank) <= 10
    for one, as_it_was, is_blank in zip(blanked, plain, blank, strict=True):
        expected = by_moments(as_it_was) if is_blank else as_it_was
        ours, theirs = arrays(one), arrays(expected)
        assert ours.keys() == theirs.keys()
        assert all(map(np.array_equal, ours.values(), theirs.values()))
        assert np.array_equal(one.query.tokens.values, as_it_was.query.tokens.values)
        assert np.array_equal(one.query.base_bin, as_it_was.query.base_bin)


def test_by_moments_no_customer_has_a_feature_or_a_guess(examples: list[Example]) -> None:
    for one in map(by_moments, examples):
        assert not one.query.features.any()
        assert not one.context.customers.features.any()
        assert not one.context.guess(one.query).any()
        assert not one.context.guesses.any()
