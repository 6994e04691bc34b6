"""What to do next, in one language: each action with its grounds and the command that begins it."""

from __future__ import annotations

from datetime import date, timedelta

from shijin.report.data import ReportData
from shijin.report.layout import Action
from shijin.report.localiser import Localiser
from shijin.report.totals import Totals


def actions(data: ReportData, totals: Totals, localiser: Localiser) -> tuple[Action, ...]:
    """All actions that this shop needs, in their order."""
    return tuple(
        action
        for action in (
            _mend(data, localiser),
            _win_back(data, totals, localiser),
            _look_after_the_best(totals, localiser),
            _second_orders(totals, localiser),
            *recommendation_actions(data, localiser),
            _measure(data, localiser),
            _check(data, localiser),
        )
        if action is not None
    )


def recommendation_actions(data: ReportData, localiser: Localiser) -> tuple[Action, ...]:
    """Send recommendations, and find the customers for an item; or make recommendations where there are none."""
    text = localiser.text
    if data.lists is None:
        if data.lists_missing != "unmade":
            return ()
        make = Action(
            text("report.action_lists_unmade"),
            text("report.action_lists_unmade_text"),
            text("report.command_recommend"),
        )
        return (make,)
    send = Action(
        text("report.action_lists", customers=localiser.count(data.lists.customers)),
        text("report.action_lists_text"),
        text("report.command_recommend_to_file"),
        text("report.action_lists_how"),
    )
    find = [
        Action(
            text("report.action_who"),
            text("report.action_who_text", item=first["item"]),
            text("report.command_recommend_item", item=first["item_id"]),
        )
        for first in data.lists.listed.slice(0, 1).to_pylist()
    ]
    return (send, *find)


def backtest_command(data: ReportData, localiser: Localiser) -> str:
    """The command that judges this forecast: on the window that ends at its cutoff."""
    return with_cutoff("backtest", data.horizon_days, data.cutoff - timedelta(days=data.horizon_days), localiser)


def with_cutoff(verb: str, horizon_days: int, cutoff: date, localiser: Localiser) -> str:
    """The command of a verb for the forecast shown, which may be older than the newest data."""
    return localiser.text(f"report.command_{verb}", horizon=f"{horizon_days}d", cutoff=cutoff)


def why_unjudged(data: ReportData, localiser: Localiser) -> str:
    """Why the forecast cannot be judged; empty where it was, or could be."""
    return localiser.note(data.unjudged) if data.unjudged else ""


def _mend(data: ReportData, localiser: Localiser) -> Action | None:
    spoiled = data.findings["severity"].to_pylist().count("spoils") if data.findings is not None else 0
    if not spoiled:
        return None
    text = localiser.text("report.action_mend_text", findings=localiser.count(spoiled))
    return Action(localiser.text("report.action_mend"), text, localiser.text("report.command_check"))


def _win_back(data: ReportData, totals: Totals, localiser: Localiser) -> Action | None:
    if not totals.best_at_risk:
        return None
    customers = localiser.count(totals.best_at_risk)
    values = {
        "days": localiser.count(data.horizon_days),
        "historic": localiser.money(totals.at_risk_historic),
        "worth": localiser.money(totals.at_risk_spend),
    }
    return Action(
        localiser.text("report.action_win_back", customers=customers),
        localiser.text("report.action_win_back_text", **values),
        localiser.text("report.command_export"),
        localiser.text("report.action_win_back_how", customers=customers),
    )


def _look_after_the_best(totals: Totals, localiser: Localiser) -> Action:
    best = next(row for row in totals.tiers.to_pylist() if row["customers"])
    text = localiser.text(
        "report.action_best_text",
        tier=localiser.tier(best["tier"]),
        customers_share=localiser.share(best["customers_share"]),
        spend_share=localiser.share(best["expected_spend_share"]),
        spend=localiser.money(best["expected_spend"]),
    )
    title = localiser.text("report.action_best", customers=localiser.count(best["customers"]))
    how = localiser.text("report.action_best_how", tier=best["tier"])
    return Action(title, text, localiser.text("report.command_export"), how)


def _second_orders(totals: Totals, localiser: Localiser) -> Action | None:
    if not 0 < totals.thin < totals.customers:  # thin for all means a small shop: this advice does not fit
        return None
    share = localiser.share(totals.thin / totals.customers)
    text = localiser.text("report.action_thin_text", customers=localiser.count(totals.thin), share=share)
    how = localiser.text("report.action_thin_how")
    return Action(localiser.text("report.action_thin"), text, localiser.text("report.command_export"), how)


def _measure(data: ReportData, localiser: Localiser) -> Action:
    text = localiser.text("report.action_measure_text", last=localiser.day(data.last_day))
    how = localiser.text("report.action_measure_how")
    return Action(localiser.text("report.action_measure"), text, localiser.text("report.command_export"), how)


def _check(data: ReportData, localiser: Localiser) -> Action | None:
    """Check the forecast, now or when there are more data; None where it was checked."""
    if data.unjudged is not None:
        young = data.unjudged["code"] == "forecast.unjudged_too_young"
        code = "report.action_later_shorter" if young else "report.action_later_text"
        text = localiser.text(code, why=why_unjudged(data, localiser))
        command = localiser.text("report.command_run", file=localiser.text("report.file"))
        return Action(localiser.text("report.action_later"), text, command)
    if data.backtest is None:
        text = localiser.text("report.action_check_text")
        return Action(localiser.text("report.action_check"), text, backtest_command(data, localiser))
    return None
