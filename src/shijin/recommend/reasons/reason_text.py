"""Reasons as tables hold them: codes, numbers and names as JSON, and sentences in either language.

Texts are joined column by column, and each different number or name is formatted once: ten million rows take minutes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Codes, Ints
from shijin.recommend.past.catalogue import Catalogue
from shijin.recommend.reasons.reasons import ABOUT, CODES, NUMBERS, Reasons
from shijin.words import Language, parts

EXPLORE = "explore"
AT_ONCE = 1_000_000  # rows of a chunk: no chunk's texts outgrow the 2 GiB that Arrow can address

Pieces = list[pa.Array | str]
Value = int | str


@dataclass(frozen=True)
class _Field:
    """A number or a name in each of some rows; a name as its position among `names`."""

    values: Codes
    names: NDArray[np.str_] | None = None

    def written(self, write: Callable[[Value], str]) -> pa.Array:
        """(r,) texts; each different value is formatted once."""
        encoded = pa.array(self.values).dictionary_encode()
        values = encoded.dictionary.to_pylist()
        named = values if self.names is None else [str(self.names[place]) for place in values]
        return pa.array([write(value) for value in named], pa.string()).take(encoded.indices)


def reason_codes(reasons: Reasons) -> pa.ChunkedArray:
    """(r,) the code of each reason."""
    names = pa.array([*CODES, EXPLORE])
    return pa.chunked_array([names.take(pa.array(np.where(reasons.explored, len(CODES), reasons.code)))])


def reason_args(reasons: Reasons, catalogue: Catalogue) -> pa.ChunkedArray:
    """(r,) the numbers and names of each reason as a JSON object; the names of the numbers are `reasons.NUMBERS`.

    Further keys are `bought_item` and `bought_name`, `category` or `brand`; and, for an item that is shown to learn
    from, `also`, the code of the reason that holds besides.
    """

    def write(value: Value) -> str:
        return json.dumps(value, ensure_ascii=False)

    def pieces_of(code: str, fields: dict[str, _Field], explored: bool) -> Pieces:  # noqa: FBT001
        pieces: Pieces = [f'{{"also":"{code}"' if explored else "{"]
        for name, field in fields.items():
            pieces += [f'{"," if pieces[1:] or explored else ""}"{name}":', field.written(write)]
        return [*pieces, "}"]

    return _by_code(reasons, catalogue, pieces_of)


def reason_texts(reasons: Reasons, catalogue: Catalogue, language: Language) -> pa.ChunkedArray:
    """(r,) each reason as a sentence, with numbers written as by `words.say_note`."""

    def pieces_of(code: str, fields: dict[str, _Field], explored: bool) -> Pieces:  # noqa: FBT001
        truth: Pieces = []
        for text, name, write in parts(f"recommend.{code}", language):
            truth += [text, fields[name].written(_with_marks(write))] if name else [text]
        if not explored:
            return truth
        around = parts(f"recommend.{EXPLORE}", language)
        return [piece for text, name, _ in around for piece in (text, *(truth if name else ()))]

    return _by_code(reasons, catalogue, pieces_of)


def _with_marks(write: Callable[[object], str]) -> Callable[[Value], str]:
    return lambda value: write(value if isinstance(value, str) else f"{value:,}")


def _by_code(
    reasons: Reasons, catalogue: Catalogue, pieces_of: Callable[[str, dict[str, _Field], bool], Pieces]
) -> pa.ChunkedArray:
    """Join the pieces of the rows of each code, and put the rows back into their order."""
    kind = 2 * reasons.code.astype(np.int16) + reasons.explored  # one number for each code, explored or not
    chunks = []
    for begin in range(0, len(reasons), AT_ONCE):
        part = kind[begin : begin + AT_ONCE]
        order = np.argsort(part, kind="stable")
        texts = []
        for one in np.unique(part).tolist():
            code, rows = CODES[one // 2], begin + np.flatnonzero(part == one)
            texts.append(_joined(pieces_of(code, _fields(reasons, catalogue, code, rows), bool(one % 2)), len(rows)))
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))  # the inverse permutation: from rows to positions in `texts`
        chunks.append(pa.concat_arrays(texts).take(pa.array(place)))
    return pa.chunked_array(chunks, pa.string())


def _joined(pieces: Pieces, n_rows: int) -> pa.Array:
    if not any(isinstance(piece, pa.Array) for piece in pieces):
        return pa.repeat("".join(pieces), n_rows)
    return pc.binary_join_element_wise(*pieces, "")


def _fields(reasons: Reasons, catalogue: Catalogue, code: str, rows: Ints) -> dict[str, _Field]:
    """The numbers and names of some rows of one code, by name."""
    fields = {name: _Field(reasons.numbers[rows, place]) for place, name in enumerate(NUMBERS[code])}
    about = reasons.about[rows]
    of_bought = {"bought_item": _Field(about, catalogue.items), "bought_name": _Field(about, catalogue.names)}
    named = {
        "bought": of_bought,
        "category": {"category": _Field(about, catalogue.categories)},
        "brand": {"brand": _Field(about, catalogue.brands)},
    }
    return fields | (named[ABOUT[code]] if code in ABOUT else {})
