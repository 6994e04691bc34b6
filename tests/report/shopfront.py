"""Shops to make a page of: one with everything, one with hardly anything. Numbers are drawn, not real."""

import json
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa

from shijin.cli.commands import HERE, AtTerminal
from shijin.config import TiersSection
from shijin.report.data import CustomerMap, DemandSummary, ExampleList, JudgedLists, ListEntry, ListSummary
from shijin.report.page import METRICS, BacktestSummary, PairedDifference, ReportData, ScoreRow
from shijin.schema import DEMAND, FINDINGS, FORECAST
from shijin.segment.tiers import assign

CUTOFF = date(2024, 5, 17)
TIERS = TiersSection()
MEMBERS = ("stack", "LightGBM", "BTYD", "decayed spend H", "decayed spend H/2", "RFM score", "last window", "all zero")
PEERS = ("decayed spend H", "BTYD", "LightGBM")


TERMINAL = AtTerminal(HERE)


def forecast(n: int, seed: int = 7) -> pa.Table:
    """Customers with unequal rates, some of them long gone."""
    dice = np.random.default_rng(seed)
    p_active = dice.beta(0.5, 1.1, n)
    spend = p_active * dice.lognormal(4.3, 0.8, n)
    historic = spend * dice.lognormal(1.6, 1.0, n)
    columns = {
        "customer_id": [f"customer-{i}" for i in range(n)],
        "cutoff": pa.array([datetime(2024, 5, 17, tzinfo=UTC)] * n, pa.timestamp("us", tz="UTC")),
        "horizon_days": pa.array([60] * n, pa.int32()),
        "expected_spend": spend,
        "expected_orders": p_active * 1.4,
        "p_active": p_active,
        "spend_p10": np.zeros(n),
        "spend_p50": spend * 0.6,
        "spend_p90": spend * 2.5,
        "next_order_date": pa.nulls(n, pa.date32()),
        "tier": assign(spend, TIERS),
        "evidence": np.where(dice.random(n) < 0.31, "thin", "ample"),
        "prospect": np.zeros(n, dtype=bool),
        "historic_spend": historic,
    }
    return pa.table(columns, schema=FORECAST)


def months(n: int) -> pa.Table:
    """The n months up to May 2024, the last one cut off by the cutoff."""
    dice = np.random.default_rng(3)
    days = [date(2024 + (4 - back) // 12, (4 - back) % 12 + 1, 1) for back in range(n - 1, -1, -1)]
    spend = 150_000 * (1 + 0.3 * np.sin(np.arange(n) / 12 * 6.28)) * dice.lognormal(0, 0.08, n)
    spend[-1] /= 2
    orders = (spend / 52).astype(int)
    columns = {"month": pa.array(days, pa.date32()), "spend": spend, "orders": orders, "customers": orders * 3 // 4}
    return pa.table(columns)


def findings() -> pa.Table:
    """One of each weight."""
    rows = [
        ("gap_in_days", "spoils", 0, 0.02, {"rows": 0, "share": "2 %", "first": "2023-11-03", "last": "2023-11-12"}),
        ("duplicates", "warns", 1234, 0.004, {"rows": 1234, "share": "0.4 %"}),
        ("large_customer", "warns", 900, 0.31, {"rows": 900, "share": "31 %", "customer": "customer-7"}),
        ("no_such_code_yet", "notes", 12, 0.0001, {"rows": 12}),
    ]
    names = ("code", "severity", "rows", "share", "arguments")
    listed = [dict(zip(names, (*row[:4], json.dumps(row[4])), strict=True)) | {"examples": []} for row in rows]
    return pa.Table.from_pylist(listed, schema=FINDINGS)


def scores(shift: float = 0.0) -> tuple[ScoreRow, ...]:
    """Members from good to hopeless; some lack a figure."""
    rows = []
    for place, member in enumerate(MEMBERS):
        figures = (0.89, -0.402, 0.012, 0.87, 0.71, 0.97, 318.2, 41.37, 0.912, 37.9)
        worse = [figure * (1 - 0.02 * place) + shift for figure in figures]
        rows.append(ScoreRow(member, dict(zip(METRICS, worse, strict=True))))
    nothing = {"auc": 0.5, "level": 0.0, "rmse": 402.0, "log_score": None, "ngini": float("nan"), "mae_p50": 33.1}
    return (*rows[:-1], ScoreRow("all zero", nothing))


def backtest() -> BacktestSummary:
    """Wins, ties and one loss."""
    wide = {"auc": 0.021, "log_score": 0.031, "ngini": 0.002, "crps": 0.018, "level": 0.05}
    pairs = [
        PairedDifference(peer, metric, value, value - 0.004, value + 0.004, "tie" if metric == "ngini" else "win")
        for peer in PEERS
        for metric, value in wide.items()
    ]
    pairs[-3] = PairedDifference("LightGBM", "ngini", -0.021, -0.029, -0.013, "loss")
    p = np.linspace(0.05, 0.95, 10)
    size = np.linspace(900, 120, 10).astype(int)
    means = 400 * np.exp(-np.arange(10) / 1.7)
    return BacktestSummary(
        judged_from=date(2024, 3, 18),
        customers=2310,
        scoreboard=scores(),
        groups={"one-time buyers": scores(-0.02), "customers for over a year": scores(0.01)},
        paired=tuple(pairs),
        verdict={
            "en": "At predicting who will order, the forecast is better than the formula, by 0.021 ± 0.004 AUC; "
            "at ranking spend, both are equal. The forecast total was 3% below actual spend.",
            "zh": "在判断哪些顾客会下单上，预测优于公式，AUC 高 0.021（±0.004）；在消费额排序上，两者相当。"
            "预测总额比顾客实际消费低 3%。",
        },
        deciles=pa.table({"decile": range(1, 11), "forecast": means, "actual": means * 1.06, "customers": [231] * 10}),
        reliability=pa.table({"bin": range(10), "forecast": p, "observed": p**1.1, "customers": size}),
    )


def customer_map(table: pa.Table, most: int = 2000) -> CustomerMap:
    """Customers along a bent line by what they are expected to spend, as many as a page draws."""
    dice = np.random.default_rng(5)
    some = table.slice(0, most)
    along = np.log1p(some["expected_spend"].to_numpy())
    places = {"x": along + dice.normal(0, 0.5, len(along)), "y": along**2 / 5 + dice.normal(0, 0.7, len(along))}
    dots = pa.table({**{name: place.astype(np.float32) for name, place in places.items()}, "tier": some["tier"]})
    gaps = {"last_seen": (0.062, 0.334), "orders": (0.047, 0.316), "spend": (0.081, 0.333)}
    return CustomerMap(dots, 0.531, gaps)


GOODS = {f"t{number}": f"Tea of the {number}th garden" for number in range(12)}
REASONS: tuple[tuple[str, dict[str, object]], ...] = (
    ("rhythm", {"gap_days": 24, "ago_days": 22, "bought_days": 5}),
    ("after", {"others": 1204, "ago_days": 3, "bought_item": "t9", "bought_name": "Tea of the 9th garden"}),
    ("category", {"share": 62, "purchases": 8, "all_purchases": 13, "category": "Green tea"}),
    ("explore", {"also": "popular", "customers": 77, "days": 28}),
    ("sold", {"customers": 1}),
)


def lists() -> ListSummary:
    """Recommendations for all customers; those of the best differ from those of the others."""
    rows = [
        {"tier": tier, "item_id": item, "item": name, "category": "Green tea" if place % 2 else None, "customers": n}
        | {"share": n / 500}
        for depth, tier in enumerate(TIERS.names)
        for place, (item, name) in enumerate(GOODS.items())
        if (n := 480 - 35 * ((place + 3 * depth) % 12)) > 100
    ]
    rows.sort(key=lambda row: (TIERS.names.index(str(row["tier"])), -int(str(row["customers"]))))
    entries = tuple(
        ListEntry(name, "Green tea", *reason) for name, reason in zip(GOODS.values(), REASONS, strict=False)
    )
    return ListSummary(
        cutoff=CUTOFF,
        horizon_days=30,
        longest=10,
        customers=2469,
        items=812,
        listed=pa.Table.from_pylist(rows),
        examples=tuple(ExampleList(tier, entries) for tier in TIERS.names),
        explore=0.05,
        notes=({"code": "lists.taught_window", "lists": 3849, "days": 30},),
    )


def demand() -> DemandSummary:
    """Dear items that sell less than cheap ones."""
    rows = [
        {"item_id": item, "name": name, "category": None, "expected_units": 4.0 * 1.6**place, "price": 900 / 2**place}
        | {"naive_units": 5.0 * 1.5**place, "recent_units": 3.0 * 1.6**place}
        for place, (item, name) in enumerate(GOODS.items())
    ]
    verdict = {"en": "The naive forecast missed 63.6%, this one 58.5%.", "zh": "简单预测误差为 63.6%，本预测为 58.5%。"}
    return DemandSummary(pa.Table.from_pylist(rows, DEMAND), CUTOFF, 30, "year_ago", verdict)


def judged_lists() -> JudgedLists:
    """Better than the simple lists where it was bought before, worse with what was new."""
    scores = {
        "lists": {"ndcg": 0.312, "recall": 0.151, "coverage": 0.207, "novelty": 6.1},
        "popularity": {"ndcg": 0.101, "recall": 0.038, "coverage": 0.001, "novelty": 2.2},
        "repeat-often": {"ndcg": 0.301, "recall": 0.149, "coverage": 0.31, "novelty": None},
    }
    new = {"lists": {"ndcg": 0.031}, "popularity": {"ndcg": 0.044}}
    verdict = {"en": "Recommendations do better than repeat-often.", "zh": "推荐优于最常购买。"}
    return JudgedLists(date(2024, 4, 17), 30, 2104, scores, new, verdict)


def full() -> ReportData:
    """A shop with everything to show."""
    table = forecast(2469)
    total = sum(table["expected_spend"].to_pylist())
    return ReportData(
        shop="Hillside Tea House",
        currency="USD",
        locale="en",
        cutoff=CUTOFF,
        horizon_days=60,
        forecast=table,
        tiers=TIERS.names,
        months=months(29),
        findings=findings(),
        recent_customers=1104,
        recent_spend=total * 0.94,
        interval=(total * 0.91, total * 1.08),
        backtest=backtest(),
        case="later window",
        map=customer_map(table),
        lists=lists(),
        demand=demand(),
        judged_lists=judged_lists(),
        notes=({"code": "forecast.corrections_later", "rows": 3},),
        receipts={"in": 1_469_307, "accepted": 1_466_020, "duplicates": 1234, "quarantined": 2053, "withdrawn": 0},
        version="0.1.0",
    )


def young() -> ReportData:
    """Ten customers, one month, nothing checked, no currency."""
    return ReportData(
        shop="Corner shop",
        currency=None,
        locale="en",
        cutoff=CUTOFF,
        horizon_days=30,
        forecast=forecast(10),
        tiers=TIERS.names,
        unjudged={"code": "forecast.unjudged_too_young", "needs": "2", "days": 30, "whole": 90, "span": 41},
        map_missing="few",
        lists_missing="no_items",
    )
