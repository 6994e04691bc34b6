from collections.abc import Iterator

import numpy as np
import pytest

from shijin.arrays import Singles
from shijin.network import products
from shijin.network.products import ROWS, WAYS, Product, by_block, plain, product, rows_alike, transposed


@pytest.fixture(params=WAYS, ids=["plain", "transposed"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    """Each way of multiplying as the one that is chosen."""
    monkeypatch.setattr(products, "WAYS", (request.param,))
    product.cache_clear()
    yield request.param
    product.cache_clear()


def by_position(rows: Singles, weights: Singles) -> Singles:
    """A product whose last rows have other bits, as on some processors."""
    out = plain(rows, weights)
    out[-3:] = np.nextafter(out[-3:], np.float32(np.inf))
    return out


def test_a_way_that_computes_rows_differently_is_noticed() -> None:
    assert not rows_alike(Product(by_position, 0))
    assert rows_alike(Product(by_position, 4)) == rows_alike(Product(plain, 4))  # guarded, the difference is not used


def test_the_first_way_that_treats_rows_alike_is_chosen_and_without_any_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad, good = Product(by_position, 0), next(one for one in WAYS if rows_alike(one))
    for ways, expected in (((bad, good), good), ((bad,), bad)):
        monkeypatch.setattr(products, "WAYS", ways)
        product.cache_clear()
        assert product() is expected
    product.cache_clear()


def test_transposed_products_are_the_plain_ones_for_matrices_and_stacks_of_them() -> None:
    rng = np.random.default_rng(1)
    for shapes in (((5, 7), (7, 3)), ((2, 5, 7), (2, 7, 3))):
        rows, weights = (rng.standard_normal(shape).astype(np.float32) for shape in shapes)
        out = transposed(rows, weights)
        assert out.flags.c_contiguous
        np.testing.assert_allclose(out, plain(rows, weights), atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, ROWS - 1, ROWS, ROWS + 1, 3 * ROWS + 5])
def test_blocks_give_every_row_its_own_results(way: Product, n: int) -> None:
    one, other = np.arange(n, dtype=np.float32)[:, None], np.ones((n, 3), dtype=np.float32)

    def compute(rows: Singles, more: Singles) -> tuple[Singles, Singles]:
        assert len(rows) == len(more) == ROWS + 2 * way.guard
        return 2 * rows, rows + more

    doubled, added = by_block(compute, one, other)
    np.testing.assert_array_equal(doubled, 2 * one)
    np.testing.assert_array_equal(added, one + other)


def test_a_row_has_the_same_bits_in_every_position(way: Product) -> None:
    if not rows_alike(way):
        pytest.skip("this machine's BLAS computes rows differently this way")
    rng = np.random.default_rng(2)
    table = rng.standard_normal((2 * ROWS + 9, 128)).astype(np.float32)
    weights = rng.standard_normal((128, 256)).astype(np.float32)

    def times(rows: Singles) -> tuple[Singles]:
        return (way.times(rows, weights),)

    (whole,) = by_block(times, table)
    for some in (slice(3, 4), slice(100, 300), slice(None, None, 7), slice(None, None, -1)):
        np.testing.assert_array_equal(by_block(times, table[some])[0], whole[some])
