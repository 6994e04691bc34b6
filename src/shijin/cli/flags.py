"""The flags that several commands share: the name and meaning of each, and how those of a source are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shijin.collect import FORMAT_NAMES, CollectOptions
from shijin.config import STATUS_MEANINGS
from shijin.errors import Choices, ConfigError

Where = Annotated[Path, typer.Option("--workspace", "-w", help="The shop's folder.", show_default="this folder")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Horizon = Annotated[str | None, typer.Option(help="How far ahead: 90d, 12w, 6m.", show_default="90d or the config's")]
Adapt = Annotated[
    bool, typer.Option("--adapt", help="Adapt the behaviour model to the shop as well; needs the extra train.")
]
Cutoff = Annotated[str | None, typer.Option(help="Read only what is before this day.", show_default="end of the data")]
ScoredHorizon = Annotated[
    str | None, typer.Option(help="How far ahead: 90d, 12w, 6m.", show_default="the newest forecast's, or 90d")
]
LikeWhom = Annotated[
    str | None, typer.Option("--like", help="A customer's id: show who is most like this one.", show_default="none")
]
HowMany = Annotated[int | None, typer.Option("--k", help="With --like: how many.", show_default="10")]
Mapped = Annotated[list[str] | None, typer.Option("--map", help="ROLE=COLUMN, such as --map customer_id=user.")]
MapStatus = Annotated[
    list[str] | None,
    typer.Option("--map-status", help="WORD=sale|void|unpaid|refund, for a status that Shijin does not know."),
]
DropRepeated = Annotated[
    bool, typer.Option("--drop-repeated", help="Leave out rows that repeat another row of the file in every column.")
]
Format = Annotated[str, typer.Option("--format", help=f"What kind of export it is: {', '.join(FORMAT_NAMES)}.")]
Encoding = Annotated[str | None, typer.Option(help="Such as gb18030.", show_default="guessed")]
Decimal = Annotated[str | None, typer.Option(help="'.' or ','", show_default="guessed")]
DateOrder = Annotated[str | None, typer.Option(help="ymd, dmy or mdy.", show_default="guessed")]


def reading_of(
    mapped: list[str] | None,
    kind: str,
    encoding: str | None,
    decimal: str | None,
    date_order: str | None,
    statuses: list[str] | None = None,
    *,
    drop_repeated: bool = False,
) -> CollectOptions:
    """Put together how a source is to be read.

    Raises
    ------
    ConfigError
        When a flag has an impossible value.

    Examples
    --------
    >>> reading_of(["customer_id=user"], "auto", None, None, None).map
    {'customer_id': 'user'}
    >>> reading_of(["user"], "auto", None, None, None)
    Traceback (most recent call last):
    shijin.errors.ConfigError: map: 'user' is not ROLE=COLUMN. Cure: write map={'customer_id': 'COLUMN'},
    with a column of your file.
    """
    roles: dict[str, str] = {}
    for pair in mapped or []:
        role, separator, column = pair.partition("=")
        if not separator or not role or not column:
            raise ConfigError("cli.not_role_column", key="map", value=pair)
        if roles.setdefault(role, column) != column:
            raise ConfigError("cli.role_mapped_twice", key="map", role=role, first=roles[role], second=column)
    if decimal not in (None, ".", ","):
        raise ConfigError("cli.not_a_choice", key="decimal", value=decimal, choices=Choices(["'.'", "','"]))
    if date_order not in (None, "ymd", "dmy", "mdy"):
        raise ConfigError(
            "cli.not_a_choice", key="date_order", value=date_order, choices=Choices(["ymd", "dmy", "mdy"])
        )
    meanings = _meanings(statuses or [])
    return CollectOptions(roles, kind, encoding, decimal, date_order, meanings, drop_repeated)  # type: ignore[arg-type]


def _meanings(pairs: list[str]) -> dict[str, str]:
    """The meanings of statuses by word."""
    meanings: dict[str, str] = {}
    for pair in pairs:
        word, separator, meaning = pair.rpartition("=")
        if not separator or not word or meaning not in STATUS_MEANINGS:
            raise ConfigError("cli.not_word_meaning", key="map_status", value=pair)
        meanings[word] = meaning
    return meanings
