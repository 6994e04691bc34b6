"""The results of `value.py` as a page: counts first, then each window in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from lineup import BEHAVIOUR, NO_CONTEXT, WITHOUT
from shijin.forecasting.backtest import PEERS
from shijin.forecasting.behaviour import ADAPTED
from shijin.forecasting.stack import NAME as STACK

Result = dict[str, Any]

DEVELOPMENT = 1  # the window, counted back from the newest, on which prior and weights are chosen
MOST_PIT, P90 = 0.05, (0.87, 0.93)
KINDS = ("pit_distance", "pit_distance_at_level", "coverage_p90")
METRICS = {"auc": "AUC", "log_score": "log score", "ngini": "nG", "crps": "CRPS", "level": "level"}
SHOWN = (
    "auc",
    "log_score",
    "ece",
    "level",
    "rmse",
    "ngini",
    "spearman",
    "crps",
    "coverage_p90",
    "mae_p50",
    "pit_distance",
    "ordered_by_date",
)
LEVELLED = (BEHAVIOUR, NO_CONTEXT, ADAPTED, STACK, WITHOUT, *PEERS)
READ_WITH_CARE = """\
Read with care. These windows were seen while the stack was made (docs/model-log.md). Window 1 of each pair is the
network's development window: prior and weights were chosen there; Complete Journey's 60-day window 0 and CDNOW's
180-day window 0 reach into one. What is left, the clean windows, is counted apart; they are few. Windows overlap:
Complete Journey's 60-day windows hold its 30-day ones, CDNOW's 180-day window its 90-day ones. Intervals are over
customers, given the fitted members and one window each; a shop's season is one draw. A tie means that no difference
was shown. Nothing is corrected for the number of comparisons. Much of what is won against LightGBM is the level. The
ZILN network and the transformer that train on the shop are not tuned and their totals are far off: compare AUC and nG.
"""


def clean(results: Sequence[Result]) -> list[Result]:
    """The windows that overlap no development window of their shop."""
    chose = [(one["shop"], *_ends(one)) for one in results if one["window"] == DEVELOPMENT]

    def overlaps(one: Result) -> bool:
        begin, end = _ends(one)
        return any(shop == one["shop"] and begin < last and first < end for shop, first, last in chose)

    return [one for one in results if one["window"] < DEVELOPMENT and not overlaps(one)]


def _ends(one: Result) -> tuple[date, date]:
    begin = date.fromisoformat(one["cutoff"])
    return begin, begin + timedelta(days=one["horizon_days"])


def page(results: Sequence[Result]) -> str:
    """The results as a page."""
    lines = [
        "# Leaderboard",
        "",
        "Made by `python benchmarks/value.py`; the numbers behind it lie in `results/value/`.",
        "",
        READ_WITH_CARE,
        short(results),
    ]
    for result in results:
        lines += _window(result)
    return "\n".join(lines) + "\n"


def short(results: Sequence[Result]) -> str:
    """The counts alone, to paste."""
    lines = ["Wins / ties / losses over windows, and the mean difference (better is positive).", ""]
    lines += ["## The stack against peers named beforehand", ""]
    lines += _counted(results, "differences", [*PEERS, WITHOUT], "the stack against")
    lines += ["", "## The behaviour model, untrained, against peers", ""]
    new = [result for result in results if result.get("behaviour_differences")]
    peers = list(dict.fromkeys(peer for result in new for peer in result["behaviour_differences"]))
    lines += _counted(new, "behaviour_differences", peers, "the behaviour model against")
    untouched = clean(new)
    names = ", ".join(_title(one) for one in untouched)
    lines += ["", f"The same on the {len(untouched)} clean windows ({names}):", ""]
    lines += _counted(untouched, "behaviour_differences", peers, "the behaviour model against")
    lines += ["", "## The stack with the network against the stack without", ""]
    lines += ["| window | " + " | ".join(METRICS.values()) + " |", "|---" * (len(METRICS) + 1) + "|"]
    for result in new:
        found = {one["metric"]: one for one in result["differences"].get(WITHOUT, [])}
        if found:
            lines.append(f"| {_title(result)} | " + " | ".join(_difference(found[metric]) for metric in METRICS) + " |")
    return "\n".join([*lines, "", *_levels(new)]) + "\n"


def _counted(results: Sequence[Result], kind: str, peers: Sequence[str], head: str) -> list[str]:
    lines = [f"| {head} | " + " | ".join(METRICS.values()) + " |", "|---" * (len(METRICS) + 1) + "|"]
    for peer in peers:
        cells = []
        for metric in METRICS:
            counts = Counter(_verdicts(results, kind, peer, (metric,)))
            values = [one["value"] for one in _of(results, kind, peer, (metric,)) if one["value"] is not None]
            mean = f" ({np.mean(values):+.4f})" if values else ""
            cells.append(f"{counts['win']} / {counts['tie']} / {counts['loss']}{mean}")
        lines.append(f"| {peer} | " + " | ".join(cells) + " |")
    return lines


def _levels(results: Sequence[Result]) -> list[str]:
    """How far totals are off, and how far distributions are, once the level is divided out."""
    lines = ["## The level and the distribution", ""]
    lines += [
        "Means over windows, and on how many of them the mark is met. PIT: Kolmogorov-Smirnov distance, at most "
        f"{MOST_PIT} after the level is divided out where it is more than 10 % off; spend within p90: "
        f"{P90[0]} to {P90[1]}.",
        "",
        "| member | abs. log of total forecast / total | clean windows alone | PIT | PIT, level divided out | met "
        "| spend within p90 | met |",
        "|---" * 8 + "|",
    ]
    for name in LEVELLED:
        found = [result["calibration"][name] for result in results if name in result["calibration"]]
        means = [f"{np.mean([one[kind] for one in found]):.3f}" if found else "–" for kind in KINDS]
        met = [f"{sum(map(mark, found))} of {len(found)}" if found else "–" for mark in (_distributed, _within_p90)]
        offs = [_off(results, name), _off(clean(results), name)]
        lines.append(f"| {name} | {' | '.join([*offs, *means[:2], met[0], means[2], met[1]])} |")
    return lines


def _off(results: Sequence[Result], name: str) -> str:
    rows = [result["scores"]["everyone"].get(name) for result in results]
    levels = [abs(np.log(row["level"])) for row in rows if row and row["level"]]
    return f"{np.mean(levels):.3f}" if levels else "–"


def _distributed(one: dict[str, float]) -> bool:
    near = abs(np.log(one["level"])) <= np.log(1.1)
    return one["pit_distance" if near else "pit_distance_at_level"] <= MOST_PIT


def _within_p90(one: dict[str, float]) -> bool:
    return P90[0] <= one["coverage_p90"] <= P90[1]


def _window(result: Result) -> list[str]:
    lines = ["", f"## {_title(result)}", ""]
    rows = result["scores"]["everyone"]
    customers = next(iter(rows.values()))["customers"]
    lines += [f"{customers:,.0f} customers; weights learnt on: {result['case']}; served: {result['served']}.", ""]
    lines += ["| member | " + " | ".join(SHOWN) + " |", "|---" * (len(SHOWN) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(_figure(row[key]) for key in SHOWN) + " |" for name, row in rows.items()]
    lines += _differences(result["differences"], "the stack minus")
    return lines + _differences(result.get("behaviour_differences", {}), "the behaviour model minus")


def _differences(differences: dict[str, list[dict[str, Any]]], head: str) -> list[str]:
    if not differences:
        return []
    metrics = [one["metric"] for one in next(iter(differences.values()))]
    lines = ["", f"| {head} | " + " | ".join(metrics) + " |", "|---" * (len(metrics) + 1) + "|"]
    return lines + [f"| {peer} | " + " | ".join(map(_difference, rows)) + " |" for peer, rows in differences.items()]


def _of(results: Sequence[Result], kind: str, peer: str, metrics: Sequence[str]) -> list[dict[str, Any]]:
    return [one for result in results for one in result[kind].get(peer, []) if one["metric"] in metrics]


def _verdicts(results: Sequence[Result], kind: str, peer: str, metrics: Sequence[str]) -> list[str]:
    return [one["verdict"] for one in _of(results, kind, peer, metrics)]


def _title(result: Result) -> str:
    return f"{result['shop']}, {result['horizon_days']} days from {result['cutoff']}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}" if abs(value) >= 10 else f"{value:.4f}"


def _difference(one: dict[str, Any]) -> str:
    if None in (one["value"], one["low"], one["high"]):
        return "–"
    return f"{one['value']:+.4f} [{one['low']:+.4f}, {one['high']:+.4f}] {one['verdict']}"
