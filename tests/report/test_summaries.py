"""Results of the steps turned into the contents of the page, by hand on a few customers."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import shopfront

from shijin.report.summaries import (
    backtest_notes,
    lists_missing,
    map_missing,
    monthly,
    other_notes,
    recent,
    summarise_judged_lists,
    summarise_map,
    untrained_notes,
)
from shijin.represent.pack import pack
from shijin.represent.packed import DAY_US, Packed
from shijin.schema import EVENTS, conform

ORDERS = [  # customer, day, type, amount
    ("ann", date(2024, 1, 30), "order", 10.0),
    ("ann", date(2024, 1, 31), "order", 20.0),
    ("ben", date(2024, 1, 31), "order", 5.0),
    ("ben", date(2024, 3, 2), "return", -2.0),
    ("ben", date(2024, 3, 9), "order", 40.0),
]


def midnight(day: date) -> int:
    return int(np.datetime64(day, "us").astype(np.int64))


def packed() -> Packed:
    days = [midnight(day) + DAY_US // 2 for _, day, _, _ in ORDERS]
    columns = {
        "event_id": [f"e{place}" for place in range(len(ORDERS))],
        "customer_id": [customer for customer, _, _, _ in ORDERS],
        "ts": pa.array(days, pa.timestamp("us", tz="UTC")),
        "type": [kind for _, _, kind, _ in ORDERS],
        "amount": [amount for _, _, _, amount in ORDERS],
    }
    return pack(conform(pa.table(columns), EVENTS, "events"), ZoneInfo("UTC"))


def test_months_have_no_gaps_and_count_a_customer_once() -> None:
    table = monthly(packed(), midnight(date(2024, 3, 5)))
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        (date(2024, 1, 1), 35.0, 3, 2),
        (date(2024, 2, 1), 0.0, 0, 0),
        (date(2024, 3, 1), -2.0, 0, 0),
    ]


def test_recent_customers_and_spend_end_at_the_cutoff() -> None:
    assert recent(packed(), midnight(date(2024, 3, 9)), 38) == (2, 23.0)
    assert recent(packed(), midnight(date(2024, 3, 10)), 8) == (1, 38.0)


def test_a_map_holds_only_customers_with_a_forecast() -> None:
    forecast = shopfront.forecast(3)
    ids = ["customer-2", "nobody", "customer-0"]
    places = pa.table({"customer_id": ids, "x": np.float32([1, 2, 3]), "y": np.float32([4, 5, 6])})
    card = {"explained": 0.5, "gaps": {"spend": {"near": 0.1, "any_two": 0.3}}}
    customer_map = summarise_map(card, places, forecast, 10)
    assert customer_map.dots["x"].to_pylist() == [1, 3]
    tiers = forecast["tier"].to_pylist()
    assert customer_map.dots["tier"].to_pylist() == [tiers[2], tiers[0]]
    assert (customer_map.explained_variance, customer_map.gaps) == (0.5, {"spend": (0.1, 0.3)})
    assert summarise_map(card, places, forecast, 1).dots.num_rows == 1


def test_reasons_for_a_missing_part() -> None:
    assert map_missing(shopfront.forecast(29), 60) == "few"
    assert map_missing(shopfront.forecast(30), 60) == "unmade"
    assert map_missing(shopfront.forecast(30), 401) == "long"
    assert lists_missing(packed()) == "no_items"


def test_every_note_has_one_place() -> None:
    notes = [{"code": f"forecast.{name}"} for name in ("thin", "zero_shot", "btyd_answers", "model_is_older")]
    assert untrained_notes(notes) == tuple(notes[1:3])
    assert other_notes(notes) == tuple(notes[3:])
    judged = [{"code": f"forecast.{name}"} for name in ("prospects_judged", "voids_judged", "thin")]
    assert backtest_notes({"notes": judged}) == judged[:2]


def test_recommendations_judged_only_on_repeats_have_no_scores_for_new_items() -> None:
    scores = {"lists": {"ndcg": 0.3}, "popularity": {"ndcg": 0.2}}
    part = {"protocol": "window", "again": True, "customers": 9, "best": "popularity", "scores": scores}
    part |= {"difference": {"low": None}, "chance": None}
    judged = summarise_judged_lists({"cutoff": "2024-01-01", "horizon_days": 30, "parts": [part]}, 30)
    assert (judged.scores, judged.new_scores, judged.chance, judged.customers) == (scores, {}, None, 9)
