"""Candidates of small shops with their columns, for the tests of both."""

import numpy as np
from listshop import listed, past
from numpy.typing import NDArray

from shijin.recommend.members.members import Clock, Members, fit_members
from shijin.recommend.past.catalogue import Catalogue
from shijin.recommend.ranking.candidates import Candidates, Query, candidates
from shijin.recommend.ranking.columns import column_names

PASTS = ("a b a . b? c+", "b c", "a . b", "")


class Columns:
    """The columns of the candidates of some customers, by customer, letter and column."""

    def __init__(self, members: Members, query: Query) -> None:
        whole = candidates(members, query)
        self.found = of(whole, whole.eligible)
        self.names = column_names(members)

    @property
    def pairs(self) -> list[tuple[int, str]]:
        return list(zip(self.found.customer.tolist(), ("abcd"[code] for code in self.found.item), strict=True))

    def __call__(self, customer: int, letter: str, *names: str) -> list[float]:
        row = self.found.columns[self.pairs.index((customer, letter))]
        return [float(row[self.names.index(name)]) for name in names]


def columns_for(
    *pasts: str,
    catalogue: Catalogue | None = None,
    excluded: list[int] | None = None,
    allowed: str = "abcd",
    allow_repeat: bool = True,
    clock: Clock = "cutoff",
    days: int = 10,
) -> Columns:
    actions = past(*pasts, days=days)
    members = fit_members(actions, catalogue or listed(4, "xxyy"), 10, clock)
    is_allowed = np.isin(np.arange(4), ["abcd".index(letter) for letter in allowed])
    return Columns(members, Query(actions, is_allowed, np.array(excluded or [], dtype=np.int64), allow_repeat))


def of(found: Candidates, rows: NDArray[np.bool_]) -> Candidates:
    return Candidates(*(getattr(found, name)[rows] for name in Candidates.__annotations__))
