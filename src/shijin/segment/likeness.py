"""Who is like whom: how near customers' vectors are to each other, and a flat map of where they lie.

Knows vectors, a row a customer; knows neither where they come from nor whose they are. Vectors are standardised over
the customers at hand, so that a number counts by how much it differs in this shop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from shijin.arrays import Floats, Ints, Singles

BLOCK = 32_768  # customers at a time: a million need no second copy of their vectors
ALL_ALIKE = 1e-5  # a number whose deviation is below this says the same of everybody
DECIMALS = 6  # of a similarity: what float32 can tell; beyond them equals are equal
NEAREST = 10
FEW = 30  # customers below whom likeness says little: the most alike of a few need not be alike


@dataclass(frozen=True)
class Standard:
    """What vectors are standardised by.

    Parameters
    ----------
    mean, deviation : (d,) float32
        Of each number over all customers; a number that is the same for all counts for nothing.
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
        Where each customer lies: along the direction in which customers differ most, and along the next.
    kept : float
        The share of all differences between customers that the two directions hold, 0..1.
    """

    places: Singles
    kept: float


@dataclass(frozen=True)
class Gap:
    """How far apart two customers are in something known of them, as a mean difference of ranks, 0..1.

    Parameters
    ----------
    near
        Between a customer and the nearest others.
    any_two
        Between any two customers; 1/3 where no two are equal.
    """

    near: float
    any_two: float


def standard_of(vectors: Singles) -> Standard:
    """Find what to standardise vectors by.

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
    """Find the customers whose vectors point the same way as one customer's: exact, all others are looked at.

    Parameters
    ----------
    vectors : (n, d)
    row
        Whose neighbours; never among them.
    most
        How many to give; fewer where there are fewer others.

    Returns
    -------
    (k,) rows, most alike first, equals in the order of their rows; and their (k,) similarity, the cosine of the
    standardised vectors: 1 for the same direction, 0 for nothing in common, -1 for opposites.

    Examples
    --------
    >>> square = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1], [2, 2]], np.float32)
    >>> rows, similarity = nearest(square, Standard(np.zeros(2, np.float32), np.ones(2, np.float32)), 0, 2)
    >>> rows.tolist(), similarity.tolist()
    ([4, 1], [1.0, 0.0])
    """
    towards = _unit(standard.of(vectors[row : row + 1]))[0]
    similarity = np.concatenate([_unit(standard.of(block)) @ towards for block in _blocks(vectors)])
    similarity = np.round(similarity.astype(np.float64), DECIMALS) + 0.0  # no -0
    order = np.argsort(-similarity, kind="stable")
    order = order[order != row][:most]
    return order, similarity[order]


def flat_map(vectors: Singles, standard: Standard) -> Flat:
    """Lay vectors out flat by their two principal directions, each turned so that its largest weight is positive.

    Examples
    --------
    >>> line = np.array([[0, 0], [1, 2], [2, 4]], np.float32)
    >>> flat = flat_map(line, standard_of(line))
    >>> flat.places[:, 0].astype(float).round(3).tolist(), round(flat.kept, 3)
    ([-1.732, 0.0, 1.732], 1.0)
    """
    width = vectors.shape[1]
    together = np.zeros((width, width))
    for block in _blocks(vectors):
        standardised = standard.of(block).astype(np.float64)
        together += standardised.T @ standardised
    sizes, directions = np.linalg.eigh(together)
    two = directions[:, :-3:-1]
    two = two * np.sign(two[np.abs(two).argmax(axis=0), np.arange(two.shape[1])])
    places = np.concatenate([standard.of(block) @ two.astype(np.float32) for block in _blocks(vectors)])
    total = sizes.sum()
    return Flat(places.astype(np.float32), float(sizes[:-3:-1].sum() / total) if total > 0 else 0.0)


def gaps(vectors: Singles, known: Mapping[str, Floats], nearest_few: int = NEAREST) -> dict[str, Gap]:
    """Compare neighbours with any two customers in what is known of them: what it means to be near.

    Parameters
    ----------
    vectors : (n, d)
        Standardised, of at most a few thousand customers: all pairs are looked at.
    known
        By name, (n,) of anything that can be ranked.
    nearest_few
        How many neighbours of each are looked at.

    Returns
    -------
    A gap for each name; none where there are fewer than two customers.

    Examples
    --------
    >>> pairs = np.array([[1, 0], [0, 1], [1, 0.1], [0.1, 1]], np.float32)
    >>> gaps(pairs, {"orders": np.array([1.0, 3.0, 1.0, 3.0])}, nearest_few=1)
    {'orders': Gap(near=0.0, any_two=0.333)}
    """
    others = len(vectors) - 1
    if others < 1:
        return {}
    unit = _unit(vectors)
    similarity = np.round(unit @ unit.T, DECIMALS)
    np.fill_diagonal(similarity, -np.inf)
    near = np.argsort(-similarity, axis=1, kind="stable")[:, : min(nearest_few, others)]
    gaps_of = {}
    for name, values in known.items():
        rank = rankdata(values) / len(values)
        differences = np.abs(rank[:, None] - rank)
        to_near = np.take_along_axis(differences, near, axis=1)
        gaps_of[name] = Gap(round(float(to_near.mean()), 3), round(float(differences.sum() / (len(rank) * others)), 3))
    return gaps_of


def _unit(vectors: Singles) -> Singles:
    """(n, d) of length one; what has no length stays as it is."""
    length = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    length[length == 0] = 1
    return vectors / length[:, None]


def _blocks(vectors: Singles) -> Iterator[Singles]:
    for start in range(0, len(vectors), BLOCK):
        yield vectors[start : start + BLOCK]
