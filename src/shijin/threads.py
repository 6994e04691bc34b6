"""Number of threads of linear algebra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit linear algebra to one thread.

    The matrices are too small for more threads to help, and the number of threads changes the last bits of results.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        yield
