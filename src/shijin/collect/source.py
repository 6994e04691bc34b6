"""Where collecting begins: a path or a table in memory becomes `Collected`, read by the format that it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from shijin.collect.collected import Collected, CollectOptions
from shijin.collect.context import Context
from shijin.collect.files import read_raw
from shijin.collect.format import Format
from shijin.collect.formats import (
    amazon,
    bigcommerce,
    douyin,
    ebay,
    etsy_items,
    etsy_orders,
    ga4,
    jingdong,
    magento,
    meituan,
    paypal,
    pinduoduo,
    prestashop,
    rees46,
    segment,
    shopify,
    square,
    stripe,
    table,
    taobao,
    taobao_new,
    weixin,
    woocommerce_advanced,
    woocommerce_analytics,
    woocommerce_rest,
    woocommerce_webtoffee,
    youzan,
)
from shijin.collect.raw import Raw, digest_of, from_arrow
from shijin.collect.together import together
from shijin.errors import ConfigError

# The first that recognises a source reads it; the plain table comes last, because it accepts any.
FORMATS: tuple[Format, ...] = (
    *(shopify.FORMAT, woocommerce_rest.FORMAT, woocommerce_analytics.FORMAT, woocommerce_advanced.FORMAT),
    *(woocommerce_webtoffee.FORMAT, magento.FORMAT, bigcommerce.FORMAT, prestashop.FORMAT, square.FORMAT),
    *(etsy_items.FORMAT, etsy_orders.FORMAT, amazon.FORMAT, ebay.FORMAT, stripe.FORMAT, paypal.FORMAT),
    *(taobao.FORMAT, taobao_new.FORMAT, jingdong.FORMAT, pinduoduo.FORMAT, douyin.FORMAT, youzan.FORMAT),
    *(weixin.FORMAT, meituan.FORMAT, ga4.FORMAT, segment.FORMAT, rees46.FORMAT),
    table.FORMAT,
)
FORMAT_NAMES: tuple[str, ...] = ("auto", *sorted(one.name for one in FORMATS))  # what CollectOptions.format may be


def read_sources(paths: Sequence[Path], context: Context) -> list[Collected]:
    """Read a shop's files: those that belong together as one source (`together`), each other one by itself.

    Parameters
    ----------
    paths
        CSV, TSV, Parquet, spreadsheets or JSON, compressed or not; at least one.

    Raises
    ------
    SourceError
        When the file cannot be read, or no column can be the customer, the time or the amount.
    QuarantineError
        When more rows are bad than the shop allows.
    ConfigError
        When an option, or ``shijin.toml``, has an impossible value.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from shijin.collect.collected import CollectOptions
    >>> from shijin.config import Config
    >>> context = Context(Config(), CollectOptions(), datetime(2024, 1, 1, tzinfo=UTC))
    >>> read_sources([Path(".")], context)
    Traceback (most recent call last):
    shijin.errors.SourceError: .: this is a folder, not a file. Cure: name the file in it.
    >>> read_sources([Path(".")], replace(context, options=CollectOptions(format="bazaar")))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    shijin.errors.ConfigError: format: Shijin does not read a format 'bazaar'. Cure: choose auto, ...
    """
    refuse_unknown_format(context.options)
    encoding = context.options.encoding or context.config.collect.encoding
    raws = [read_raw(path, encoding) for path in paths]
    return [_read(raw, context) for raw in (together(raws) if len(raws) > 1 else raws)]


def from_table(table: pa.Table, context: Context, name: str = "table") -> Collected:
    """Read a table in memory, as `read_sources` reads a file.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from shijin.collect.collected import CollectOptions
    >>> from shijin.config import Config
    >>> context = Context(Config(), CollectOptions(), datetime(2025, 1, 1, tzinfo=UTC))
    >>> orders = pa.table({"user_id": ["007"], "paid_at": ["2024-01-02"], "total": ["12.50"], "note": ["gift"]})
    >>> collected = from_table(orders, context)
    >>> collected.events.select(["customer_id", "amount"]).to_pylist()
    [{'customer_id': '007', 'amount': 12.5}]
    >>> collected.reading.columns["ts"], collected.reading.unread
    (('paid_at',), ('note',))
    """
    refuse_unknown_format(context.options)
    raw = from_arrow(table, name, digest_of(table), {"file": "table in memory"}, name)
    return _read(raw, context)


def refuse_unknown_format(options: CollectOptions) -> None:
    """Refuse the name of a format that does not exist.

    Raises
    ------
    ConfigError
        Names those that do.
    """
    if options.format not in FORMAT_NAMES:
        raise ConfigError(
            "collect.unknown_format", key="format", format=options.format, formats=", ".join(FORMAT_NAMES)
        )


def _read(raw: Raw, context: Context) -> Collected:
    names, wanted = raw.table.column_names, context.options.format
    chosen = next(one for one in FORMATS if wanted == one.name or (wanted == "auto" and one.recognises(names)))
    collected = chosen.read(raw, context)
    return replace(collected, whole_orders=True, name=raw.name) if raw.of_orders else collected
