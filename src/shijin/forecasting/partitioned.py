"""The untrained forecast of a shop in parts: every customer gets the forecast that they have within the whole shop.

The whole shop is read once, from facts and samples of its parts (`read_in_parts`); then each part is forecast without
the others. The model can be sent to other processes. Of a trained model this does not hold: its stack sets
the level of all customers together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shijin.forecasting.by_type import ForecastByType
from shijin.forecasting.member import ShopReader
from shijin.forecasting.model import Model, untrained
from shijin.forecasting.prospects import Prospects
from shijin.forecasting.windows import closed_windows_of, customers_of_parts, prospect_windows_of
from shijin.represent.cutoff import split_at
from shijin.represent.facts import ShopFacts
from shijin.represent.packed import Packed
from shijin.represent.partitions import sample
from shijin.threads import one_blas_thread


@one_blas_thread()
def read_in_parts(parts: Sequence[Packed], facts: ShopFacts, horizon_days: int, threads: int = 1) -> Model:
    """Read a shop in parts; the model forecasts customers of any of them.

    Parameters
    ----------
    parts
        All parts of the shop, packed with one codebook.
    facts
        Of the whole shop at the cutoff of the forecast.
    """
    newest = next(closed_windows_of(parts, facts.cutoff, horizon_days), [])
    prospects = Prospects.of_parts(prospect_windows_of(parts, facts.cutoff, horizon_days))
    member = untrained(facts, horizon_days, threads)
    if isinstance(member, ShopReader):
        customers = [split_at(part, facts.cutoff, 1, facts)[0].customers_only for part in parts]
        member = member.read(sample(customers, member.most_sampled), horizon_days)
    return Model(
        horizon_days,
        facts.cutoff,
        window_customers=customers_of_parts(newest),
        threads=threads,
        prospects=prospects,
        untrained_member=member,
    )


def forecast_partitions(
    parts: Sequence[Packed], facts: ShopFacts, horizon_days: int, threads: int = 1
) -> Iterator[ForecastByType]:
    """Read a shop, then forecast one part after the other; for arguments see `read_in_parts`."""
    model = read_in_parts(parts, facts, horizon_days, threads)
    for part in parts:
        yield model.by_type(split_at(part, facts.cutoff, 1, facts)[0])
