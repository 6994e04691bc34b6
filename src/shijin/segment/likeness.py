"""Similar customers: nearest neighbours by their vectors, and a flat map of all vectors.

It takes vectors, one row per customer, and knows nothing about customers or models. Vectors are standardised over the
given customers, so that each number counts relative to its variation in this shop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from shijin.arrays import Floats, Ints, Singles

BLOCK = 32_768  # customers at a time, so that a million need no second copy of their vectors
ALL_ALIKE = 1e-5  # a number with a smaller deviation counts as the same for all customers
DECIMALS = 6  # of a similarity: the precision of float32, so that equal vectors have equal similarities
NEAREST = 10
FEW = 30  # with fewer customers similarity means little: the most similar of a few need not be similar


@dataclass(frozen=True)
class Standard:
    """Means and deviations by which vectors are standardised.

    Parameters
    ----------
    mean, deviation : (d,) float32
        Of each number over all customers; the deviation is infinite for a number that is the same for all.
    """

    mean: Singles
    deviation: Singles

    def of(self, vectors: Singles) -> Singles:
        """(n, d) standardised."""
        return (vectors - self.mean) / self.deviation


@dataclass(frozen=True)
class Flat:
    """A flat map of vectors.

    Parameters
    ----------
    places : (n, 2) float32
        Each customer's position along the first two principal components.
    explained : float
        Share of the variance that the two components explain, 0..1.
    """

    places: Singles
    explained: float


@dataclass(frozen=True)
class RankGap:
    """Mean difference between two customers' ranks by one known quantity, as a share of all ranks, 0..1.

    Parameters
    ----------
    near
        Between a customer and the nearest others.
    any_two
        Between any two customers; 1/3 if no two values are equal.
    """

    near: float
    any_two: float


def standard_of(vectors: Singles) -> Standard:
    """Compute means and deviations of vectors.

    Examples
    --------
    >>> standard = standard_of(np.array([[1, 5], [3, 5]], np.float32))
    >>> standard.mean.tolist(), standard.deviation.tolist()
    ([2.0, 5.0], [1.0, inf])
    """
    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    squares = np.zeros(vectors.shape[1])
    for block in _blocks(vectors):
        squares += np.square(block - mean, dtype=np.float64).sum(axis=0)
    deviation = np.sqrt(squares / max(len(vectors), 1))
    return Standard(mean, np.where(deviation > ALL_ALIKE, deviation, np.inf).astype(np.float32))


def nearest(vectors: Singles, standard: Standard, row: int, most: int) -> tuple[Ints, Floats]:
    """Find the customers most similar to one customer, by exact search over all others.

    Parameters
    ----------
    vectors : (n, d)
    row
        The customer; not among the result.
    most
        Number of neighbours; fewer if there are fewer others.

    Returns
    -------
    (k,) rows, most similar first, equals in the order of their rows; and their (k,) similarity, the cosine of the
    standardised vectors: 1 for the same direction, 0 for orthogonal ones, -1 for opposites.

    Examples
    --------
    >>> square = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1], [2, 2]], np.float32)
    >>> rows, similarity = nearest(square, Standard(np.zeros(2, np.float32), np.ones(2, np.float32)), 0, 2)
    >>> rows.tolist(), similarity.tolist()
    ([4, 1], [1.0, 0.0])
    """
    towards = _unit(standard.of(vectors[row : row + 1]))[0]
    similarity = np.concatenate([_unit(standard.of(block)) @ towards for block in _blocks(vectors)])
    similarity = np.round(similarity.astype(np.float64), DECIMALS) + 0.0  # turns -0.0 into 0.0
    order = np.argsort(-similarity, kind="stable")
    order = order[order != row][:most]
    return order, similarity[order]


def flat_map(vectors: Singles, standard: Standard) -> Flat:
    """Project vectors on their first two principal components, with signs that make each one's largest weight positive.

    Examples
    --------
    >>> line = np.array([[0, 0], [1, 2], [2, 4]], np.float32)
    >>> flat = flat_map(line, standard_of(line))
    >>> flat.places[:, 0].astype(float).round(3).tolist(), round(flat.explained, 3)
    ([-1.732, 0.0, 1.732], 1.0)
    """
    width = vectors.shape[1]
    scatter = np.zeros((width, width))
    for block in _blocks(vectors):
        standardised = standard.of(block).astype(np.float64)
        scatter += standardised.T @ standardised
    variances, directions = np.linalg.eigh(scatter)
    two = directions[:, :-3:-1]  # eigenvalues rise: the last column is the first component
    two = two * np.sign(two[np.abs(two).argmax(axis=0), np.arange(two.shape[1])])
    places = np.concatenate([standard.of(block) @ two.astype(np.float32) for block in _blocks(vectors)])
    total = variances.sum()
    return Flat(places.astype(np.float32), float(variances[:-3:-1].sum() / total) if total > 0 else 0.0)


def rank_gaps(vectors: Singles, known: Mapping[str, Floats], nearest_few: int = NEAREST) -> dict[str, RankGap]:
    """Compare neighbours with any two customers by known quantities: this shows how much similarity means.

    Parameters
    ----------
    vectors : (n, d)
        Standardised, of at most a few thousand customers: all pairs are compared.
    known
        Quantities by name, (n,) each.
    nearest_few
        Number of neighbours per customer.

    Returns
    -------
    One `RankGap` per name; none with fewer than two customers.

    Examples
    --------
    >>> pairs = np.array([[1, 0], [0, 1], [1, 0.1], [0.1, 1]], np.float32)
    >>> rank_gaps(pairs, {"orders": np.array([1.0, 3.0, 1.0, 3.0])}, nearest_few=1)
    {'orders': RankGap(near=0.0, any_two=0.333)}
    """
    others = len(vectors) - 1
    if others < 1:
        return {}
    unit = _unit(vectors)
    similarity = np.round(unit @ unit.T, DECIMALS)
    np.fill_diagonal(similarity, -np.inf)
    near = np.argsort(-similarity, axis=1, kind="stable")[:, : min(nearest_few, others)]
    gaps = {}
    for name, values in known.items():
        rank = rankdata(values) / len(values)
        differences = np.abs(rank[:, None] - rank)
        to_near = np.take_along_axis(differences, near, axis=1)
        any_two = differences.sum() / (len(rank) * others)  # the diagonal is 0
        gaps[name] = RankGap(round(float(to_near.mean()), 3), round(float(any_two), 3))
    return gaps


def _unit(vectors: Singles) -> Singles:
    """(n, d) scaled to length one; zero vectors stay zero."""
    length = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    length[length == 0] = 1
    return vectors / length[:, None]


def _blocks(vectors: Singles) -> Iterator[Singles]:
    for start in range(0, len(vectors), BLOCK):
        yield vectors[start : start + BLOCK]
