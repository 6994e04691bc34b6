"""Rates of exchange: what one unit of a currency is in the shop's, on each day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.context import Context
from shijin.collect.files import read_raw
from shijin.collect.guess import columns_of
from shijin.collect.money import Money
from shijin.collect.times import as_time
from shijin.collect.values import as_number, as_text, is_true
from shijin.config import EngineSection
from shijin.engine.duckdb import connect
from shijin.errors import SourceError
from shijin.prepare.findings import finding
from shijin.schema import UTC

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
        rows = pa.table({"place": pa.array(range(len(currency)), pa.int64()), "currency": currency, "ts": ts})
        with connect(self.engine) as connection:
            connection.register("rows", rows)
            connection.register("rates", self.table)
            query = """SELECT rate FROM rows ASOF LEFT JOIN rates
                ON rows.currency = rates.currency AND rows.ts >= rates.since ORDER BY place"""
            rate = connection.sql(query).to_arrow_table()["rate"].combine_chunks()
        own = pc.or_(pc.is_null(currency), is_true(pc.equal(currency, self.shop)))
        return pc.if_else(own, 1.0, rate.cast(pa.float64()))


def rates_of(context: Context) -> Rates | None:
    """The shop's rates of exchange; None where its settings have none.

    Raises
    ------
    SourceError
        When the file of rates cannot be read, or lacks a column.
    """
    shop = context.config.shop
    if shop.currency is None or not (shop.rates or shop.rates_file):
        return None
    if shop.rates_file is None:
        always = pa.array([-(2**62)] * len(shop.rates), pa.int64()).cast(UTC)
        columns = {"currency": list(shop.rates), "since": always, "rate": list(shop.rates.values())}
        return Rates(shop.currency, pa.table(columns), context.config.engine)
    path = (context.root or Path()) / shop.rates_file
    raw = read_raw(path, None)
    roles = columns_of(raw.table.column_names, {}, raw.name, _ROLES)
    if missing := [role for role in _ROLES if role not in roles]:
        raise SourceError("collect.not_rates", path, columns=", ".join(missing))
    columns = {
        "currency": pc.utf8_upper(as_text(raw.table[roles["currency"]])),
        "since": as_time(raw.table[roles["date"]], "ymd", shop.timezone, context.config.engine),
        "rate": as_number(raw.table[roles["rate"]]),
    }
    table = pa.table(columns)
    usable = pc.and_(pc.and_(pc.is_valid(table["since"]), pc.is_valid(table["rate"])), pc.is_valid(table["currency"]))
    return Rates(shop.currency, table.filter(usable), context.config.engine)


def _findings(currency: pa.Array, factor: pa.Array, amount: pa.Array, shop: str) -> list[dict[str, Any]]:
    """Say which amounts were converted: rows and sums before, by currency.

    Parameters
    ----------
    amount : (n,) float64
        Before converting.
    """
    changed = pc.and_(pc.is_valid(factor), is_true(pc.not_equal(currency, shop)))
    rows = pc.sum(changed).as_py() or 0
    if not rows:
        return []
    table = pa.table({"currency": currency, "amount": amount}).filter(changed)
    sums = table.group_by("currency").aggregate([("amount", "sum")]).sort_by("currency").to_pylist()
    text = ", ".join(f"{one['amount_sum'] or 0.0:,.2f} {one['currency']}" for one in sums)
    return [finding("converted", "notes", rows, rows / len(currency), sums=text)]


def convert(money: Money, currency: pa.Array, ts: pa.Array, rates: Rates) -> tuple[Money, tuple[pa.Array, pa.Array]]:
    """Convert all money into the shop's currency; rows without a rate are in another currency."""
    factor = rates.to_shop(currency, ts)
    notes = _findings(currency, factor, money.amount, rates.shop)
    by = pc.fill_null(factor, 1.0)
    money = replace(
        money,
        amount=pc.multiply(money.amount, by),
        discount=pc.multiply(money.discount, by),
        refund=pc.multiply(money.refund, by),
        findings=(*money.findings, *notes),
    )
    no_rate = pc.is_null(factor)
    return money, (pc.if_else(no_rate, currency, rates.shop), no_rate)
