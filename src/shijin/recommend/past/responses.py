"""What customers said of items: ratings, “not interested”, clicks, and what they were shown, as rows of arrays.

Lists read it beside the actions and at once: nothing is learnt from it, and it makes no moment of a History.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints
from shijin.represent.rows import wall_clock

THUMBS = 1.0
SCALES = (5.0, 10.0, 100.0)  # what the best rating may be called
_STRAY = 20  # up to one rating in so many is a slip of whoever typed it, and tells no scale


class ResponseKind(IntEnum):
    """What kind of response it is."""

    RATING = 0
    CLICK = 1
    EXPOSURE = 2
    DISMISS = 3


_KINDS = {"review": ResponseKind.RATING, "rating": ResponseKind.RATING, "click": ResponseKind.CLICK}
_KINDS |= {"exposure": ResponseKind.EXPOSURE, "dismiss": ResponseKind.DISMISS}
_OPINIONS = (ResponseKind.RATING, ResponseKind.DISMISS)


@dataclass(frozen=True)
class Responses:
    """r responses, sorted by time; what was said at once is sorted by customer, item and kind, what is worse last.

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
        What it says of the item, -1 .. 1: of a rating how much it was liked, 1 of a click, -1 of “not interested”, 0 of
        being shown.
    """

    customer: Ints
    item: Codes
    ts: Ints
    kind: NDArray[np.uint8]
    value: Floats

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Responses:
        """Keep only some rows."""
        return Responses(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def opinions(self) -> Responses:
        """What each customer thinks of an item now: the newest rating or “not interested”, which undoes older ones."""
        said = self.take(np.isin(self.kind, _OPINIONS))
        by_pair = np.lexsort((said.item, said.customer))
        customer, item = said.customer[by_pair], said.item[by_pair]
        newest = np.ones(len(by_pair), dtype=bool)
        newest[:-1] = (customer[1:] != customer[:-1]) | (item[1:] != item[:-1])
        return said.take(np.sort(by_pair[newest]))


def responses_of(
    events: pa.Table, customers: NDArray[np.str_], items: NDArray[np.str_], zone: ZoneInfo, until: int | None = None
) -> Responses:
    """Gather what was said of items by customers who are known; the rest is left out.

    Parameters
    ----------
    events
        Of `schema.EVENTS`, in any order. Of reviews those count that have a rating.
    customers : (n,) str
        The History's.
    items : (v,) str
        The Catalogue's.
    zone
        The shop's time zone.
    until
        What is said from this instant of the wall clock on is left out: the cutoff in a backtest. None: everything
        said so far, so that what somebody dismisses today changes a list whose data end last week.

    Returns
    -------
    Responses

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> said = pa.table({"customer_id": ["a", "a", "b"], "item_id": ["tea", "rum", "tea"], "rating": [4.0, None, 1.0],
    ...     "type": ["rating", "dismiss", "review"], "ts": [datetime(2025, 1, day, tzinfo=UTC) for day in (1, 2, 3)]})
    >>> found = responses_of(said, np.array(["b", "a"]), np.array(["rum", "tea"]), ZoneInfo("UTC"))
    >>> found.customer.tolist(), found.item.tolist(), found.value.tolist()
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
    """The worst and the best rating that a shop's scale has, by what it was given.

    Of up to 5, 10 or 100, whichever is the first to hold at least 95 % of them, so that a mistyped 50 makes nobody's
    five a bad one; where none does, up to the furthest given. It begins at 1, where more than 5 % are lower at 0, and
    where more than 5 % are below 0 it reaches as far down as up. Nothing above 1, and something below it, are thumbs. A
    1 and nothing else is the worst of five.

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
    poor = ratings[ratings < 1]  # where most are thumbs up, one thumb down in a hundred is no slip
    if len(poor) and not _told(size > THUMBS):
        return (-THUMBS if _told(poor < 0) else 0.0), THUMBS
    best = next((top for top in SCALES if not _told(size > top)), float(size.max(initial=0.0)))
    if _told(ratings < 0):
        return -best, best
    return (0.0 if _told(ratings < 1) else 1.0), best


def liking(ratings: Floats) -> Floats:
    """How much was liked what was rated, on the scale that the ratings tell: -1 the worst, 0 the middle, 1 the best.

    Examples
    --------
    >>> liking(np.array([5.0, 4.0, 3.0, 1.0])).tolist(), liking(np.array([10.0, 1.0, 5.5])).tolist()
    ([1.0, 0.5, 0.0, -1.0], [1.0, -1.0, 0.0])
    """
    worst, best = scale_of(ratings)
    return 2 * (np.clip(ratings, worst, best) - worst) / (best - worst) - 1


def _told(flags: NDArray[np.bool_]) -> bool:
    """Whether it holds of more ratings than may be slips."""
    return _STRAY * int(np.count_nonzero(flags)) > len(flags)


def _liking_of_both(ratings: Floats, reviews: NDArray[np.bool_]) -> Floats:
    """(r,) liking of reviews and ratings: on one scale together, but thumbs, which leave each on its own."""
    scale = np.zeros(len(ratings), dtype=np.int64)
    for own, rows in enumerate((reviews, ~reviews), start=1):
        scale[rows] = own if scale_of(ratings[rows])[1] == THUMBS else 0
    liked = np.empty(len(ratings))
    for number in range(3):
        liked[scale == number] = liking(ratings[scale == number])
    return liked


def _kinds(types: pa.ChunkedArray) -> NDArray[np.uint8]:
    place = pc.index_in(types, pa.array(list(_KINDS))).to_numpy()
    return np.array(list(_KINDS.values()), dtype=np.uint8)[place]


def _places(ids: pa.ChunkedArray, known: NDArray[np.str_]) -> Ints:
    """(r,) where ids stand among known ones, -1 where nowhere."""
    return pc.fill_null(pc.index_in(ids, pa.array(known, pa.string())), -1).to_numpy().astype(np.int64)
