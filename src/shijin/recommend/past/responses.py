"""Responses of customers to items: ratings, “not interested”, clicks and exposures, as rows of arrays.

They change recommendations at once: they are applied to the histories, nothing is trained on them, and they are no
moments of a History.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Codes, Flags, Floats, Ints
from shijin.represent.rows import wall_clock

THUMBS = 1.0  # the best rating of a scale of thumbs
SCALES = (5.0, 10.0, 100.0)  # the best rating of the other scales
_SLIPS = 20  # up to one rating in 20 may be a typing error, which is no evidence of the scale


class ResponseKind(IntEnum):
    """The kind of a response."""

    RATING = 0
    CLICK = 1
    EXPOSURE = 2
    DISMISS = 3


COLUMNS = ("customer_id", "item_id", "ts", "type", "rating")  # of `schema.EVENTS`, that are read here
_KINDS = {"review": ResponseKind.RATING, "rating": ResponseKind.RATING, "click": ResponseKind.CLICK}
_KINDS |= {"exposure": ResponseKind.EXPOSURE, "dismiss": ResponseKind.DISMISS}
_OPINIONS = (ResponseKind.RATING, ResponseKind.DISMISS)


@dataclass(frozen=True)
class Responses:
    """r responses, sorted by time; those of one moment by customer, item and kind, the most negative last.

    Parameters
    ----------
    customer : (r,) int64
        Position in the History.
    item : (r,) int32
        Code in the Catalogue.
    ts : (r,) int64
        Microseconds of the shop's wall clock; may lie after the last action.
    kind : (r,) uint8
        A `ResponseKind`.
    value : (r,) float64
        Opinion of the item, -1 .. 1: a rating on its scale (`liking`), 1 for a click, -1 for “not interested”, 0 for an
        exposure.
    """

    customer: Ints
    item: Codes
    ts: Ints
    kind: NDArray[np.uint8]
    value: Floats

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, rows: NDArray[np.integer] | Flags) -> Responses:
        """Keep only some rows."""
        return Responses(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def opinions(self) -> Responses:
        """Each customer's present opinion of an item: the newest rating or “not interested”; it replaces older ones."""
        opinions = self.take(np.isin(self.kind, _OPINIONS))
        # lexsort is stable: the rows of a pair stay in order of time, so that the last one of a run is the newest.
        by_pair = np.lexsort((opinions.item, opinions.customer))
        customer, item = opinions.customer[by_pair], opinions.item[by_pair]
        newest = np.ones(len(by_pair), dtype=bool)
        newest[:-1] = (customer[1:] != customer[:-1]) | (item[1:] != item[:-1])
        return opinions.take(np.sort(by_pair[newest]))


def responses_of(
    events: pa.Table, customers: NDArray[np.str_], items: NDArray[np.str_], zone: ZoneInfo, until: int | None = None
) -> Responses:
    """Gather the responses of known customers to known items; other rows are left out.

    Parameters
    ----------
    events
        Of `schema.EVENTS`, in any order. Reviews count where they have a rating.
    customers : (n,) str
        The History's.
    items : (v,) str
        The Catalogue's.
    zone
        The shop's time zone.
    until
        Responses from this instant of the wall clock on are left out: the cutoff in a backtest. None: all responses, so
        that an item dismissed today disappears from a list whose orders end last week.

    Returns
    -------
    Responses

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> events = pa.table({"customer_id": ["a", "a", "b"], "item_id": ["tea", "rum", "tea"], "rating": [4.0, None, 1.0],
    ...     "type": ["rating", "dismiss", "review"], "ts": [datetime(2025, 1, day, tzinfo=UTC) for day in (1, 2, 3)]})
    >>> responses = responses_of(events, np.array(["b", "a"]), np.array(["rum", "tea"]), ZoneInfo("UTC"))
    >>> responses.customer.tolist(), responses.item.tolist(), responses.value.tolist()
    ([1, 1, 0], [1, 0, 1], [0.5, -1.0, -1.0])
    """
    rated = pc.is_in(events["type"], pa.array(["review", "rating"]))
    can_count = pc.or_(pc.invert(rated), pc.fill_null(pc.is_finite(events["rating"]), fill_value=False))
    events = events.filter(pc.and_(pc.is_in(events["type"], pa.array(list(_KINDS))), can_count))
    ts = wall_clock(events["ts"], zone)
    if until is not None:
        events, ts = events.filter(pa.array(ts < until)), ts[ts < until]
    kind = _kinds(events["type"])
    value = np.array([0.0, 1.0, 0.0, -1.0])[kind]
    ratings = kind == ResponseKind.RATING
    reviews = pc.equal(events["type"], "review").to_numpy()[ratings]
    value[ratings] = _liking_of_both(pc.fill_null(events["rating"], 0.0).to_numpy()[ratings], reviews)
    customer, item = _places(events["customer_id"], customers), _places(events["item_id"], items)
    known = np.flatnonzero((customer >= 0) & (item >= 0))
    order = known[np.lexsort((-value[known], kind[known], item[known], customer[known], ts[known]))]
    return Responses(customer[order], item[order].astype(np.int32), ts[order], kind[order], value[order])


def scale_of(ratings: Floats) -> tuple[float, float]:
    """Infer the worst and the best rating of a shop's scale from its ratings.

    The best is 5, 10 or 100: the first that at most 5 % of the ratings exceed, so that a mistyped 50 does not make
    every 5 a bad rating; where all three are exceeded, the largest absolute rating. The worst is 1; 0 where more than
    5 % are below 1; minus the best where more than 5 % are below 0. Ratings of at most 1, some of them below 1, are
    thumbs. If every rating is 1, it is the worst of five.

    Examples
    --------
    >>> scale_of(np.array([3.0, 4.5])), scale_of(np.array([0.5, 7.0])), scale_of(np.array([0.0, 1.0]))
    ((1.0, 5.0), (0.0, 10.0), (0.0, 1.0))
    >>> scale_of(np.array([-1.0, 1.0])), scale_of(np.array([1.0])), scale_of(np.array([80.0, 240.0]))
    ((-1.0, 1.0), (1.0, 5.0), (1.0, 240.0))
    >>> scale_of(np.array([*np.full(19, 4.0), 50.0]))
    (1.0, 5.0)
    """
    size = np.abs(ratings)
    poor = ratings[ratings < 1]  # one is enough: among many thumbs up, a single thumb down is no typing error
    if len(poor) and not _frequent(size > THUMBS):
        return (-THUMBS if _frequent(poor < 0) else 0.0), THUMBS
    best = next((top for top in SCALES if not _frequent(size > top)), float(size.max(initial=0.0)))
    if _frequent(ratings < 0):
        return -best, best
    return (0.0 if _frequent(ratings < 1) else 1.0), best


def liking(ratings: Floats) -> Floats:
    """Ratings on the scale that they show (`scale_of`): -1 for the worst, 0 for the middle, 1 for the best.

    Examples
    --------
    >>> liking(np.array([5.0, 4.0, 3.0, 1.0])).tolist(), liking(np.array([10.0, 1.0, 5.5])).tolist()
    ([1.0, 0.5, 0.0, -1.0], [1.0, -1.0, 0.0])
    """
    worst, best = scale_of(ratings)
    return 2 * (np.clip(ratings, worst, best) - worst) / (best - worst) - 1


def _frequent(flags: Flags) -> bool:
    """Whether a flag holds for more ratings than may be typing errors."""
    return _SLIPS * int(np.count_nonzero(flags)) > len(flags)


def _liking_of_both(ratings: Floats, reviews: Flags) -> Floats:
    """(r,) liking of reviews and ratings: on one scale together, except thumbs, which keep a scale of their own."""
    scale = np.zeros(len(ratings), dtype=np.int64)
    for number, rows in enumerate((reviews, ~reviews), start=1):
        scale[rows] = number if scale_of(ratings[rows])[1] == THUMBS else 0
    liked = np.empty(len(ratings))
    for number in range(3):
        liked[scale == number] = liking(ratings[scale == number])
    return liked


def _kinds(types: pa.ChunkedArray) -> NDArray[np.uint8]:
    place = pc.index_in(types, pa.array(list(_KINDS))).to_numpy()
    return np.array(list(_KINDS.values()), dtype=np.uint8)[place]


def _places(ids: pa.ChunkedArray, known: NDArray[np.str_]) -> Ints:
    """(r,) position of ids among known ones, -1 for others."""
    return pc.fill_null(pc.index_in(ids, pa.array(known, pa.string())), -1).to_numpy().astype(np.int64)
