"""A shop divided by customers gives the same bits as the whole: arrays, features, untrained forecasts and tiers.

Each part is packed and split without the others, with the codebook and the facts of the whole shop.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ledger import UTC, events, row
from rawfile import COARSE, HORIZON_DAYS, SMALL, raw_orders
from shijin.collect import CollectOptions
from shijin.config import TiersSection
from shijin.distribution import Distribution, total_interval
from shijin.forecasting.by_type import ForecastByType
from shijin.forecasting.model import Model, untrained_model
from shijin.forecasting.partitioned import forecast_partitions, read_in_parts
from shijin.forecasting.prospects import Prospects
from shijin.forecasting.table import forecast_table
from shijin.forecasting.windows import prospect_windows
from shijin.represent.codebook import appearances, codebook_of
from shijin.represent.cutoff import History, merged, split_at
from shijin.represent.days import as_cutoff
from shijin.represent.facts import ShopFacts, facts_of
from shijin.represent.features import features
from shijin.represent.pack import pack, pack_part
from shijin.represent.packed import DAY_US, Packed
from shijin.represent.partitions import partition, partition_events, positions
from shijin.represent.tokens import tokens
from shijin.schema import EVENTS, conform
from shijin.segment.tiers import FIRST, TierBounds, assign
from shijin.simulate.events import as_events
from shijin.simulate.knobs import DEMO
from shijin.simulate.prior import draw_task
from shijin.simulate.shops import simulate
from shijin.steps.collect import SourceOptions, collect
from shijin.steps.demo import REAL_PACKAGE, complete_journey
from shijin.steps.score import forecast_of
from shijin.workspace import Workspace


@dataclass(frozen=True)
class Case:
    """A shop's events, and a forecast to be made of them."""

    events: pa.Table
    cutoff: int
    horizon_days: int
    zone: ZoneInfo = UTC


# --- shops ------------------------------------------------------------------------------------------------------------


def from_file(coarse: bool) -> Case:
    """The shop of the raw file, with channels, prospects, a refund without a date and a void order."""
    frame = raw_orders(COARSE if coarse else SMALL)
    lookers = frame["customer_id"].isin(sorted(frame["customer_id"].unique())[::9])
    frame = frame[~(lookers & (frame["type"] != "view"))].drop(columns="Total Spent")
    extra = frame[frame["type"] == "order"].iloc[[5, 80]].assign(type=["refund_undated", "void"])
    table = pa.Table.from_pandas(pa_ready(frame, extra), preserve_index=False)
    channel = pa.array([[None, "web", "app", "store"][place % 4] for place in range(len(table))])
    table = table.append_column("channel", channel)
    cutoff = as_cutoff(SMALL.start + timedelta(days=SMALL.days - HORIZON_DAYS))
    return Case(canonical(table), cutoff, HORIZON_DAYS, ZoneInfo("Europe/Berlin"))


def pa_ready(frame: Any, extra: Any) -> Any:
    import pandas as pd

    frame = pd.concat([frame, extra], ignore_index=True)
    return frame.assign(ts=frame["ts"].dt.tz_localize("UTC"), event_id=[f"e{place}" for place in range(len(frame))])


def canonical(table: pa.Table) -> pa.Table:
    return conform(table, EVENTS, "test")


def simulated(seed: int) -> Case:
    """A shop of the prior, with guests where it has some."""
    task = draw_task(np.random.default_rng(seed), customers=260)
    shop = simulate(task.knobs, seed, task.guests)
    return Case(as_events(shop), shop.packed.end - task.horizon_days * DAY_US, task.horizon_days)


def demo(horizon_days: int, cutoff_days: int) -> Case:
    shop = simulate(replace(DEMO, customers=300, views_per_order=0.7, carts_per_order=0.3), 5)
    return Case(as_events(shop), shop.packed.start + cutoff_days * DAY_US, horizon_days)


def handful() -> Case:
    """Five customers, two of them with equal pasts, and a prospect: most parts of seven are empty."""
    past = [row(name, day, 10.0, item_id=f"i-{name}") for name in "ab" for day in ("2024-01-03", "2024-01-20")]
    others = [row("c", "2024-01-05", 7.0), row("d", "2024-01-06", 12.0), row("e", "2024-01-07", None, "view")]
    later = [row("b", "2024-02-10", 99.0), row("f", "2024-02-11", 5.0)]
    return Case(events([*past, *others, *later]), as_cutoff(date(2024, 2, 1)), 14)


def cdnow(every: int = 1) -> Case:
    """Customers of a music shop: 18 months of orders, the first ones all within 12 weeks."""
    spec = find_spec("lifetimes")
    if spec is None or spec.origin is None:
        pytest.skip("lifetimes, which contains CDNOW, is not installed (extra bench)")
    text = (Path(spec.origin).parent / "datasets" / "CDNOW_master.txt").read_text("utf-8")
    lines = [line.split() for line in text.splitlines()[1:]]
    some = [cells for cells in lines if int(cells[0]) % every == 0]
    customer, day, quantity, amount = zip(*some, strict=True)
    days = [f"{one[:4]}-{one[4:6]}-{one[6:]}" for one in day]
    table = pa.table({"customer_id": customer, "date": days, "quantity": quantity, "amount": amount})
    return real(table, CollectOptions(), 90)


def grocer(every: int = 1) -> Case:
    """Households of The Complete Journey: a year of orders with items, categories and discounts."""
    if find_spec(REAL_PACKAGE) is None:
        pytest.skip(f"{REAL_PACKAGE}, which contains The Complete Journey, is not installed (extra demo)")
    shop = complete_journey()
    number = pc.cast(shop.table["household_id"], pa.int64())
    some = pc.equal(pc.subtract(number, pc.multiply(pc.divide(number, every), every)), 0)
    return real(shop.table.filter(some), shop.reading, 60)


def real(table: pa.Table, reading: CollectOptions, horizon_days: int) -> Case:
    """Orders read as a user's, to be forecast over their last days."""
    with TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "shop")
        collect(workspace, SourceOptions(table, reading), datetime(2024, 12, 1, tzinfo=UTC))
        table = workspace.read("events")
    return Case(table, pack(table, UTC).end - horizon_days * DAY_US, horizon_days)


CASES: dict[str, Callable[[], Case]] = {
    "from a file": lambda: from_file(coarse=False),
    "from a file, whole days": lambda: from_file(coarse=True),
    "demo": lambda: demo(60, 600),
    "a long horizon, by BTYD": lambda: demo(420, 700),
    "a young shop": lambda: demo(30, 45),
    "a handful": handful,
    **{f"simulated {seed}": lambda seed=seed: simulated(seed) for seed in range(6)},  # type: ignore[misc]
    "real: CDNOW, a tenth": lambda: cdnow(every=10),
    "real: a grocer, a tenth": lambda: grocer(every=10),
    "real: CDNOW": cdnow,
    "real: a grocer": grocer,
}
LONG = ("real: CDNOW", "real: a grocer")


# --- the whole, and the same from parts -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Whole:
    """Everything as the package computes it of a whole shop."""

    case: Case
    packed: Packed
    history: History
    model: Model
    forecast: ForecastByType


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=[pytest.mark.proof] * (name in LONG)) for name in CASES]
)
def whole(request: pytest.FixtureRequest) -> Whole:
    case = CASES[request.param]()
    packed = pack(case.events, case.zone)
    history, _ = split_at(packed, case.cutoff, 1)
    model, _ = untrained_model(packed, case.horizon_days, case.cutoff)  # as the step `score` makes it
    return Whole(case, packed, history, model, model.by_type(history))


@dataclass(frozen=True)
class Divided:
    """The same shop in parts, each packed from its own events."""

    parts: list[Packed]
    facts: ShopFacts
    forecasts: list[ForecastByType]

    @property
    def histories(self) -> list[History]:
        return [forecast.history for forecast in self.forecasts]

    @property
    def positions(self) -> list[np.ndarray]:
        return positions(self.histories)

    def in_order(self, columns: list[np.ndarray]) -> np.ndarray:
        """Rows of all parts, in the order of the whole."""
        return np.concatenate(columns)[np.argsort(np.concatenate(self.positions))]


@pytest.fixture(scope="module", params=[1, 2, 7])
def divided(whole: Whole, request: pytest.FixtureRequest) -> Divided:
    case = whole.case
    tables = partition_events(case.events, request.param)
    codebook = codebook_of([appearances(table, case.zone) for table in tables], case.zone)
    parts = [pack_part(table, codebook) for table in tables]
    facts = facts_of(parts, case.cutoff)
    return Divided(parts, facts, list(forecast_partitions(parts, facts, case.horizon_days)))


def arrays(value: Any) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    return [array for part in fields(value) if part.name != "grid" for array in arrays(getattr(value, part.name))]


def assert_equal(ours: Any, theirs: Any) -> None:
    for one, other in zip(arrays(ours), arrays(theirs), strict=True):
        np.testing.assert_array_equal(one, other)


def test_histories_and_features_of_parts_are_those_of_the_whole(whole: Whole, divided: Divided) -> None:
    assert divided.facts == whole.history.facts
    together = merged(divided.histories, divided.positions)
    assert together.customers.tolist() == whole.history.customers.tolist()
    assert_equal(together.moments, whole.history.moments)
    assert (together.lines is None) == (whole.history.lines is None)
    if together.lines is not None:
        assert_equal(together.lines, whole.history.lines)
    expected = features(whole.history, whole.case.horizon_days)
    actual = [features(history, whole.case.horizon_days) for history in divided.histories]
    assert {one.names for one in actual} == {expected.names}
    np.testing.assert_array_equal(divided.in_order([one.values for one in actual]), expected.values)


def test_tokens_of_parts_are_those_of_the_whole(whole: Whole, divided: Divided) -> None:
    expected = tokens_of(whole.history, whole.case.horizon_days)
    for history in divided.histories:
        for name, values in tokens_of(history, whole.case.horizon_days).items():
            np.testing.assert_array_equal(values, expected.pop(name))
    assert not expected


def tokens_of(history: History, horizon_days: int) -> dict[str, np.ndarray]:
    read = tokens(history, horizon_days)
    pieces = [read.values[first:last] for first, last in pairwise(read.offsets.tolist())]
    return dict(zip(history.customers.tolist(), pieces, strict=True))


def test_a_packed_shop_that_is_divided_has_the_parts_that_are_packed_from_divided_events(
    whole: Whole, divided: Divided
) -> None:
    for one, other in zip(partition(whole.packed, len(divided.parts)), divided.parts, strict=True):
        assert one.customers.tolist() == other.customers.tolist()
        assert (one.start, one.end, one.zone) == (other.start, other.end, other.zone)
        for part in ("offsets", "items", "categories"):
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
        assert_equal(one.moments, other.moments)
        if one.lines is not None:
            assert_equal(one.lines, other.lines)


def test_untrained_forecasts_of_parts_are_those_of_the_whole(whole: Whole, divided: Divided) -> None:
    model = read_in_parts(divided.parts, divided.facts, whole.case.horizon_days)
    assert model.window_customers == whole.model.window_customers
    assert model.prospects == whole.model.prospects
    assert_same_forecasts(divided, whole.forecast.joined())
    assert total_interval([forecast.customers for forecast in divided.forecasts]) == (
        whole.forecast.customers.total_interval()
    )


def assert_same_forecasts(divided: Divided, expected: Distribution) -> None:
    forecasts = [forecast.joined() for forecast in divided.forecasts]
    for name in ("p_active", "spend", "orders"):
        actual = divided.in_order([getattr(forecast, name) for forecast in forecasts])
        np.testing.assert_array_equal(actual, getattr(expected, name), name)
    for compute in (Distribution.mean, Distribution.expected_orders, low, high):
        actual = divided.in_order([compute(forecast) for forecast in forecasts])
        np.testing.assert_array_equal(actual, compute(expected))


def low(forecast: Distribution) -> np.ndarray:
    return forecast.quantile(0.1)


def high(forecast: Distribution) -> np.ndarray:
    return forecast.quantile(0.9)


def test_so_they_are_where_the_shop_is_read_from_a_sample(
    whole: Whole, divided: Divided, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shijin.network.context.MOST_SAMPLED", 90)
    monkeypatch.setattr("shijin.forecasting.behaviour.Behaviour.most_sampled", 90)
    monkeypatch.setattr("shijin.forecasting.prospects.MOST_PROSPECTS", 11)
    case = whole.case
    prospects = Prospects.of(prospect_windows(whole.packed, case.cutoff, case.horizon_days))
    sampled = list(forecast_partitions(divided.parts, divided.facts, case.horizon_days))
    expected = replace(whole.model, prospects=prospects).forecast(whole.history)
    assert_same_forecasts(replace(divided, forecasts=sampled), expected)


def test_tables_of_parts_are_that_of_the_step_that_scores(whole: Whole, divided: Divided) -> None:
    expected = forecast_of(whole.model, whole.history, TiersSection()).drop_columns("tier")
    tables = [
        forecast_table(forecast, whole.case.horizon_days, whole.model.window_customers, np.full(len(forecast), "high"))
        for forecast in divided.forecasts
    ]
    together = pa.concat_tables(tables).take(np.argsort(np.concatenate(divided.positions)))
    assert together.drop_columns("tier").equals(expected)


TIERS = [
    TiersSection(),
    TiersSection(by="share", cuts=(0.5, 0.8)),
    TiersSection(by="money", cuts=(60.0, 5.0)),
    TiersSection(by="quantile", cuts=(0.001, 0.3)),
]


@pytest.mark.parametrize("tiers", TIERS)
def test_tiers_of_parts_are_those_of_the_whole(whole: Whole, divided: Divided, tiers: TiersSection) -> None:
    places = positions([history.customers_only for history in divided.histories])
    spend = [forecast.customers.mean() for forecast in divided.forecasts]
    bounds = TierBounds.of(np.concatenate(spend), np.concatenate(places), tiers)
    names = []
    for forecast, place in zip(divided.forecasts, places, strict=True):
        position = np.full(len(forecast), FIRST)
        position[forecast.history.bought] = place
        names.append(bounds.assign(forecast.figures(Distribution.mean), position))
    expected = assign(whole.forecast.figures(Distribution.mean), tiers, whole.history.bought)
    assert divided.in_order(names).tolist() == expected.tolist()
