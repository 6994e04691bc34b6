"""Why a row is set aside: one reason a row, and a detail that names the column and the value at fault.

A reason is a code of `schema.REJECT_REASONS`. The sentences of details, with their cures, are in
``words/refusals/quarantine.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.values import is_true
from shijin.errors import Phrase
from shijin.words import REFUSALS, catalogue, parts

_TOPIC = "quarantine"


@dataclass(frozen=True)
class Fault:
    """The column and the values at fault in rows of one reason.

    Parameters
    ----------
    column
        The source's name of the column.
    values : (n,) string
        Its values as the source has them.
    allowed
        What is allowed, where the sentence mentions it.
    """

    column: str
    values: pa.Array
    allowed: str = ""


def first_reason(reasons: Mapping[str, pa.Array]) -> pa.Array:
    """For each row the first reason that holds, null where none does.

    Examples
    --------
    >>> flags = {"bad_time": pa.array([True, False]), "no_customer": pa.array([True, False])}
    >>> first_reason(flags).to_pylist()
    ['bad_time', None]
    """
    first: pa.Array = pa.scalar(None, pa.string())
    for reason, holds in reversed(list(reasons.items())):  # the last written wins
        first = pc.if_else(holds, reason, first)
    return first


def details_of(sentence: pa.Array, faults: Mapping[str, Fault]) -> pa.StructArray:
    """Put together what `texts_of` and `phrase_of` write of each row.

    Parameters
    ----------
    sentence : (n,) string
        The code of each row's sentence: its reason, or a code of its own; null where the row is accepted.
    faults
        By code of a sentence.

    Returns
    -------
    (n,) struct of code, column, value and allowed
    """
    fields: dict[str, pa.Array] = {
        name: pa.nulls(len(sentence), pa.string()) for name in ("column", "value", "allowed")
    }
    for code, fault in faults.items():
        holds = is_true(pc.equal(sentence, code))
        if pc.any(holds).as_py():
            here = {"column": fault.column, "value": fault.values, "allowed": fault.allowed}
            fields = {name: pc.if_else(holds, here[name], field) for name, field in fields.items()}
    return pa.StructArray.from_arrays([sentence, *fields.values()], names=["code", *fields])


def texts_of(details: pa.StructArray) -> pa.Array:
    """Write details in English, as the quarantine keeps them; a reason without a sentence stays its code.

    Examples
    --------
    >>> paid = Fault("paid", pa.array(["abc", None, "3"]))
    >>> texts_of(details_of(pa.array(["bad_amount", "bad_amount", "no_customer"]), {"bad_amount": paid})).to_pylist()
    ['paid "abc" is not a number', 'paid "" is not a number', 'no_customer']
    """
    fields = {name: pc.fill_null(pc.struct_field(details, name), "") for name in ("column", "value", "allowed")}
    codes = pc.struct_field(details, "code")
    texts = codes
    for code in pc.unique(codes).drop_null().to_pylist():
        if f"{REFUSALS}.{_TOPIC}.{code}" in catalogue():
            # A sentence is a chain of texts and placeholders; joined column by column it costs nothing a row.
            chain: list[Any] = []
            for text, name, _ in parts(f"{REFUSALS}.{_TOPIC}.{code}", "en"):
                chain += [text, fields[name]] if name else [text]
            texts = pc.if_else(is_true(pc.equal(codes, code)), pc.binary_join_element_wise(*chain, ""), texts)
    return texts


def phrase_of(detail: Mapping[str, Any]) -> Phrase:
    """One row's detail as a phrase of a refusal, in whatever language it is read."""
    fields = {name: detail[name] or "" for name in ("column", "value", "allowed")}
    return Phrase(f"{_TOPIC}.{detail['code']}", **fields)


def cure_of(detail: Mapping[str, Any]) -> Phrase:
    """The cure of one bad row as a phrase of a refusal."""
    return Phrase(f"{_TOPIC}.{detail['code']}.cure")
