"""How many threads linear algebra may take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep linear algebra to one thread.

    The optimisers' matrices have a dozen rows, so more threads only wait; and how many there are shows in the last
    bits.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        yield
