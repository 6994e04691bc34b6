"""Rates of exchange: what one unit of a currency is in the shop's, on each day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.collect.context import Context
from shijin.collect.currency import names_of
from shijin.collect.currency_names import CODES
from shijin.collect.files import read_raw
from shijin.collect.guess import columns_of, date_order_of, decimal_of
from shijin.collect.money_types import Money
from shijin.collect.times import as_time
from shijin.collect.values import Decimal, as_array, as_number, as_text, is_true
from shijin.config import Config, EngineSection
from shijin.engine.duckdb import connect
from shijin.errors import ConfigError, SourceError
from shijin.prepare.findings import finding
from shijin.schema import UTC

_END = 2**62  # microseconds since 1970, later than all times
_ROLES = {
    "date": ["date", "day", "from", "validfrom", "日期"],
    "currency": ["currency", "code", "currencycode", "币种", "货币"],
    "rate": ["rate", "value", "exchangerate", "汇率"],
}


@dataclass(frozen=True)
class Rates:
    """Rates of exchange into the shop's currency.

    Parameters
    ----------
    shop
        The shop's currency.
    table
        ``currency``, ``since`` (UTC) and ``rate``: valid from that instant until the next one of the currency.
    """

    shop: str
    table: pa.Table
    engine: EngineSection

    def to_shop(self, currency: pa.Array, ts: pa.Array) -> pa.Array:
        """(n,) the factor of each row: 1 in the shop's currency, null where no rate is known on its day.

        Examples
        --------
        >>> table = pa.table({"currency": ["USD"], "since": pa.array([0], UTC), "rate": [0.9]})
        >>> rates = Rates("EUR", table, EngineSection())
        >>> rates.to_shop(pa.array(["USD", "EUR", "GBP", None]), pa.array([5, 5, 5, 5], UTC)).to_pylist()
        [0.9, 1.0, None, 1.0]
        """
        times = pc.fill_null(ts, pa.scalar(_END, pa.int64()).cast(UTC))  # without a time, the newest rate
        rows = pa.table({"place": np.arange(len(currency)), "currency": currency, "ts": times})
        with connect(self.engine) as connection:
            connection.register("rows", rows)
            connection.register("rates", self.table)
            query = """SELECT rate FROM rows ASOF LEFT JOIN rates
                ON rows.currency = rates.currency AND rows.ts >= rates.since ORDER BY place"""
            rate = as_array(connection.sql(query).to_arrow_table()["rate"])
        own = pc.or_(pc.is_null(currency), is_true(pc.equal(currency, self.shop)))
        return pc.if_else(own, 1.0, rate.cast(pa.float64()))


def rates_of(context: Context) -> Rates | None:
    """The shop's rates of exchange; None where its settings have none.

    Raises
    ------
    ConfigError
        When a currency of the settings does not exist.
    SourceError
        When the file of rates cannot be read, lacks a column, or has a row that is no rate.
    """
    shop = context.config.shop
    if shop.currency is None or not (shop.rates or shop.rates_file):
        return None
    if shop.rates_file is not None:
        path = (context.root or Path()) / shop.rates_file
        return Rates(shop.currency, _rates_in(path, context.config), context.config.engine)
    for code, rate in shop.rates.items():
        if code not in CODES or (code == shop.currency and rate != 1):
            raise ConfigError("config.not_a_rate", key="shop.rates", currency=code, rate=rate)
    always = pa.array([-_END] * len(shop.rates), pa.int64()).cast(UTC)
    columns = {"currency": list(shop.rates), "since": always, "rate": list(shop.rates.values())}
    return Rates(shop.currency, pa.table(columns), context.config.engine)


def _rates_in(path: Path, config: Config) -> pa.Table:
    """Read a file of rates: `currency`, `since` and `rate`, each currency once a day."""
    raw = read_raw(path, config.collect.encoding)
    roles = columns_of(raw.table.column_names, {}, raw.name, _ROLES)
    if missing := [role for role in _ROLES if role not in roles]:
        raise SourceError("collect.not_rates", path, columns=", ".join(missing))
    texts = {role: as_text(raw.table[roles[role]]) for role in _ROLES}
    order, _ = date_order_of(texts["date"], config.shop.currency)
    # A sign that may part thousands is one of decimals here: rates of several thousands have more than three digits.
    has_comma, has_point = (pc.any(pc.match_substring(texts["rate"], sign)).as_py() for sign in (",", "."))
    decimal: Decimal = "," if has_comma and not has_point else decimal_of(texts["rate"])
    table = pa.table(
        {
            "currency": names_of(texts["currency"]),
            "since": as_time(raw.table[roles["date"]], order, config.shop.timezone, config.engine),
            "rate": as_number(raw.table[roles["rate"]], decimal),
        }
    )
    known = pc.is_in(table["currency"], value_set=pa.array(sorted(CODES)))
    usable = is_true(pc.and_(pc.and_(known, pc.is_valid(table["since"])), pc.greater(table["rate"], 0.0)))
    _refuse_rows(path, raw.row, pc.invert(usable), "collect.bad_rate")
    counts = table.append_column("row", pa.array(raw.row)).group_by(["currency", "since"])
    once = counts.aggregate([("rate", "min"), ("rate", "max"), ("row", "max")])
    _refuse_rows(
        path, as_array(once["row_max"]).to_numpy(), pc.less(once["rate_min"], once["rate_max"]), "collect.two_rates"
    )
    return once.select(["currency", "since", "rate_min"]).rename_columns(["currency", "since", "rate"])


def _refuse_rows(path: Path, row: NDArray[np.int64], wrong: pa.ChunkedArray, code: str) -> None:
    rows = row[as_array(wrong).to_numpy(zero_copy_only=False)]
    if len(rows):
        raise SourceError(code, path, row=int(rows.min()))


def conversion_findings(currency: pa.Array, factor: pa.Array, amount: pa.Array, shop: str) -> list[dict[str, Any]]:
    """Say which amounts were converted, with the sums before and after, and which have no rate.

    Parameters
    ----------
    currency, factor : (n,)
        Of each row before converting; the factor is null where no rate is known.
    amount : (n,) float64
        Before converting.
    """
    table = pa.table({"currency": currency, "amount": amount, "after": pc.multiply(amount, factor), "factor": factor})
    table = table.filter(pc.not_equal(table["currency"], shop))
    changed, others = table.filter(pc.is_valid(table["factor"])), table.filter(pc.is_null(table["factor"]))
    notes = []
    if changed.num_rows:
        after = pc.sum(changed["after"]).as_py() or 0.0
        share = changed.num_rows / len(currency)
        sums = {"before": _sums(changed), "after": f"{after:,.2f} {shop}"}
        notes.append(finding("converted", "notes", changed.num_rows, share, **sums))
    if others.num_rows:
        share = others.num_rows / len(currency)
        notes.append(finding("no_rate", "warns", others.num_rows, share, sums=_sums(others)))
    return notes


def _sums(table: pa.Table) -> str:
    sums = table.group_by("currency").aggregate([("amount", "sum")]).sort_by("currency").to_pylist()
    return ", ".join(f"{one['amount_sum'] or 0.0:,.2f} {one['currency']}" for one in sums)


def convert(
    money: Money, currency: pa.Array, ts: pa.Array, rates: Rates
) -> tuple[Money, tuple[pa.Array, pa.Array], pa.Array]:
    """Convert all money into the shop's currency.

    Returns
    -------
    The money; the currency of each row, and the rows in another because no rate is known on their day; the factors
    """
    factor = rates.to_shop(currency, ts)
    notes = conversion_findings(currency, factor, money.amount, rates.shop)
    no_rate = pc.is_null(factor)
    by = pc.fill_null(factor, 1.0)
    money = replace(
        money,
        amount=pc.multiply(money.amount, by),
        discount=pc.multiply(money.discount, by),
        refund=pc.multiply(money.refund, by),
        findings=(*money.findings, *notes),
    )
    return money, (pc.if_else(no_rate, currency, rates.shop), no_rate), by


def converted_lines(lines: pa.Table, config: Config) -> tuple[pa.Table, list[dict[str, Any]]]:
    """Convert lines by their column `factor` into the shop's currency.

    Returns
    -------
    The lines, and what there is to say about them
    """
    if (shop := config.shop.currency) is None:
        return lines, []
    currency, factor, amount = (as_array(lines[name]) for name in ("currency", "factor", "amount"))
    notes = conversion_findings(currency, factor, amount, shop) if config.shop.rates or config.shop.rates_file else []
    for name in ("amount", "discount", "shipping", "refunded"):
        money = pc.multiply(lines[name], pc.fill_null(lines["factor"], 1.0))
        lines = lines.set_column(lines.column_names.index(name), name, money)
    own = pc.if_else(pc.is_null(factor), currency, shop)
    return lines.set_column(lines.column_names.index("currency"), "currency", own), notes
