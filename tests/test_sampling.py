from hypothesis import given
from hypothesis import strategies as st

from shijin.sampling import stride


@given(st.integers(0, 500), st.integers(1, 60))
def test_the_stride_is_the_least_that_draws_at_most_so_many(customers: int, most: int) -> None:
    step = stride(customers, most)
    assert len(range(0, customers, step)) <= most
    assert step == 1 or len(range(0, customers, step - 1)) > most
