"""Facts of a whole shop strictly before a cutoff, on which the forecast of every customer depends.

A part of the customers alone is another shop: it has another median order, by which all money is divided. So facts are
computed over all parts, `part_facts` of each and `merged_facts` of all, and every part is split with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from shijin.arrays import Floats, per_customer
from shijin.errors import EmptyHistoryError
from shijin.represent.days import day_of
from shijin.represent.packed import Kind, Packed


@dataclass(frozen=True)
class ShopFacts:
    """Facts of a shop.

    cutoff : microseconds of the shop's wall clock; a midnight
    start : midnight of the shop's first day of data
    zone : time zone of the shop's wall clock
    scale : the median order before the cutoff, shop currency, > 0
    buyers : number of customers with an order before the cutoff
    """

    cutoff: int
    start: int
    zone: ZoneInfo
    scale: float
    buyers: int


@dataclass(frozen=True)
class PartFacts:
    """One part's contribution to the facts of its shop.

    amounts : (o,) amount of each order before the cutoff that is above 0
    cutoff, start, zone, buyers : as in `ShopFacts`
    """

    cutoff: int
    start: int
    zone: ZoneInfo
    amounts: Floats
    buyers: int


def facts_of(parts: Sequence[Packed], cutoff: int) -> ShopFacts:
    """Compute the facts of a shop from all its parts; a whole shop is one part.

    Raises
    ------
    EmptyHistoryError
        When no order lies before the cutoff.
    """
    return merged_facts([part_facts(part, cutoff) for part in parts])


def part_facts(part: Packed, cutoff: int) -> PartFacts:
    """Compute one part's contribution to the facts."""
    is_order = (part.moments.ts < cutoff) & (part.moments.kind == Kind.ORDER)
    amounts = part.moments.amount[is_order]
    buyers = np.count_nonzero(per_customer(is_order.astype(np.float64), part.offsets))
    return PartFacts(cutoff, part.start, part.zone, amounts[amounts > 0], int(buyers))


def merged_facts(parts: Sequence[PartFacts]) -> ShopFacts:
    """Merge the contributions of all parts of a shop; how the customers are divided changes nothing.

    Raises
    ------
    EmptyHistoryError
        When no order lies before the cutoff.
    ValueError
        When the parts are of several shops or cutoffs, or there are none.
    """
    if len({(part.cutoff, part.start, part.zone) for part in parts}) != 1:
        raise ValueError("the parts must be of one shop, packed with one codebook, at one cutoff")
    first = parts[0]
    buyers = sum(part.buyers for part in parts)
    if not buyers:
        raise EmptyHistoryError("represent.no_order_before", key="cutoff", day=day_of(first.cutoff).isoformat())
    amounts = np.concatenate([part.amounts for part in parts])
    scale = float(np.median(amounts)) if len(amounts) else 1.0  # nobody paid anything: any unit will do
    return ShopFacts(first.cutoff, first.start, first.zone, scale, buyers)
