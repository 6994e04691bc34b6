"""Which column of money customers pay: with tax rather than without, a price paid rather than the list's."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Floats
from shijin.collect.column_names import bare_name
from shijin.collect.guess import decimal_of
from shijin.collect.order_sums import PROOF, close
from shijin.collect.values import as_number, as_text, share_of

Roles = dict[str, tuple[str, ...]]

_SAMPLE = 20_000
_CENTS = 0.005  # by which a price may exceed another when rounded
_TAX = re.compile(r"\b(tax(es)?|vat|gst|hst|mwst|ust|umsatzsteuer|mehrwertsteuer|tva|iva|btw)\b|(?<!价)税")
_EXTRA = re.compile(
    r"\b(tips?|gratuity|shipping|postage|freight|delivery|versand|fees?|surcharge)\b|运费|邮费|小费|服务费"
)
_WHOLE = re.compile(r"gross|brutto|total|collected|charged|paid|amount|betrag|summe|montant|importe|合计|总|实付|含税")
_NO_MONEY = re.compile(r"rate|percent|%|code|name|number|\bid\b|type|class|region|率|号")
_PAID_PRICE = re.compile(
    r"(sale|sales|selling|sold|paid|final|net|discounted|actual|deal|special|offer|promo|promotional|effective|current)"
    r" *(unit *)?price|price *(paid|sold|after)|(成交|实际|折后|优惠后|实付|现|促销|活动|到手)单?价|实售价|"
    r"(end|aktions|verkaufs)preis"
)
_LIST_PRICE = re.compile(
    r"(list|original|regular|retail|catalog(ue)?|full|base|old|recommended|normal|standard) *(unit *)?price|"
    r"price *before|\b(msrp|rrp|uvp)\b|原单?价|吊牌价?|标价|划线价|市场价|零售价|listenpreis"
)
_AMOUNTS = ("line_total", "amount", "order_total")
_PRICES = ("unit_price", "price")


def may_be_paid(name: str) -> bool:
    """Whether a column's name may be that of a price, an amount, a tax or a fee.

    Examples
    --------
    >>> may_be_paid("Sale price"), may_be_paid("VAT"), may_be_paid("Colour")
    (True, True, False)
    """
    return any(pattern.search(_bare(name)) for pattern in (_TAX, _EXTRA, _WHOLE, _PAID_PRICE, _LIST_PRICE))


def with_paid_price(roles: Roles, table: pa.Table, mapped: Collection[str], numeric: Collection[str]) -> Roles:
    """Prefer the price that was paid to the price before a discount, which is read where no other was paid.

    A column of discounts next to both prices is their difference, and takes nothing off the price that was paid; next
    to an amount, arithmetic decides about it.

    Parameters
    ----------
    mapped
        The roles whose columns the user named.
    numeric
        The columns of numbers.

    Examples
    --------
    >>> rows = pa.table({"List price": ["9.00", "5.00"], "Sale price": ["7.50", None]})
    >>> with_paid_price({"unit_price": ("List price",)}, rows, (), rows.column_names)
    {'unit_price': ('Sale price', 'List price')}
    """
    free = _free({role: columns for role, columns in roles.items() if role not in _PRICES}, numeric)
    paid = [name for name in free if _PAID_PRICE.search(_bare(name))]
    prices = [name for role in _PRICES for name in roles.get(role, ())]
    others = [name for name in free if name not in prices and _LIST_PRICE.search(_bare(name))]
    before = [name for name in (*prices, *others) if name not in paid]
    if not before or not paid or {*_PRICES, "discount", "discount_rate"} & set(mapped):
        return roles
    replaced = {*_PRICES} if {*_AMOUNTS} & set(roles) else {*_PRICES, "discount", "discount_rate"}
    rest = {role: columns for role, columns in roles.items() if role not in replaced}
    numbers = _numbers(table, [paid[0], before[0]])
    both = np.isfinite(numbers[paid[0]]) & np.isfinite(numbers[before[0]])
    higher = numbers[paid[0]][both] > numbers[before[0]][both] * (1 + _CENTS)
    if higher.any():  # more than one piece costs: it is of the line, or a price of its own kind
        return rest | {"price": (paid[0],)}
    return rest | {"unit_price": (paid[0], before[0])}


def with_tax(roles: Roles, table: pa.Table, mapped: Collection[str], numeric: Collection[str]) -> Roles:
    """Prefer amounts with tax to those without: a column that is, row by row, another one and its tax.

    Parameters
    ----------
    mapped
        The roles whose columns the user named.
    numeric
        The columns of numbers.

    Examples
    --------
    >>> rows = pa.table({"Net": ["10.00", "20.00"], "VAT": ["1.90", "3.80"], "Gross": ["11.90", "23.80"]})
    >>> with_tax({"amount": ("Net",)}, rows, (), ["Net", "VAT", "Gross"])
    {'amount': ('Gross',)}
    """
    role = next((one for one in _AMOUNTS if one in roles), None)
    if role is None or role in mapped:
        return roles
    net, free = roles[role][0], _free(roles, numeric)
    taxes = [name for name in free if _TAX.search(_bare(name)) and not _NO_MONEY.search(_bare(name))]
    extras = [name for name in (*free, *roles.get("shipping", ())) if _EXTRA.search(_bare(name))]
    wholes = [name for name in free if name not in (*taxes, *extras) and _WHOLE.search(_bare(name))]
    if not taxes or not wholes:
        return roles
    numbers = _numbers(table, [net, *taxes, *extras, *wholes])
    for whole in wholes:
        for added in _subsets(taxes, extras):
            if _is_sum(numbers[whole], numbers[net], [numbers[name] for name in added]):
                return roles | {role: (whole,)}
    return roles


def _free(roles: Mapping[str, tuple[str, ...]], numeric: Collection[str]) -> list[str]:
    taken = {name for columns in roles.values() for name in columns}
    return [name for name in numeric if name not in taken]


def _bare(name: str) -> str:
    return bare_name(name)[0].replace("_", " ")


def _subsets(taxes: Sequence[str], extras: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Taxes with none, some or all of the extras."""
    for tax in [(one,) for one in taxes[:4]] + ([tuple(taxes)] if len(taxes) > 1 else []):
        for n in range(min(len(extras), 3) + 1):
            for some in combinations(extras[:3], n):
                yield (*tax, *some)


def _numbers(table: pa.Table, names: Sequence[str]) -> dict[str, Floats]:
    texts = {name: as_text(table[name].slice(0, _SAMPLE)) for name in names}
    decimal = decimal_of(pa.concat_arrays(list(texts.values())))
    return {name: as_number(text, decimal).to_numpy(zero_copy_only=False) for name, text in texts.items()}


def _is_sum(whole: Floats, net: Floats, added: Sequence[Floats]) -> bool:
    """Whether a column is the sum of others in nearly all rows, and more than the first in some."""
    sums = net + np.sum([np.nan_to_num(one) for one in added], axis=0)
    there = np.isfinite(whole) & np.isfinite(sums)
    if not there.any():
        return False
    fits, more = pa.array(close(whole, sums)[there]), pa.array((whole > net)[there])
    return share_of(fits) >= PROOF and share_of(pc.and_(fits, more)) > 1 - PROOF
