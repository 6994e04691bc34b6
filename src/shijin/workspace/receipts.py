"""A receipt: what a step read, wrote and set aside, and from which versions. It does not know what the steps do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any


@dataclass(frozen=True)
class Receipt:
    """What one step did; JSON all through.

    Parameters
    ----------
    verb
        The step: ``collect``, ``check``, ``train`` ...
    started_at
        An instant with its time zone, ISO 8601.
    inputs
        What the step was given: options, the source and its digest.
    card
        What the step found out, as `Result.card` has it.
    rows, money
        Counts and sums by what became of them. For ``collect``: ``in`` = accepted + updated + duplicates +
        quarantined, in rows and in money.
    findings
        Findings about the data, as rows of `schema.FINDINGS`.
    before, after
        Versions of the datasets; -1 where one does not exist yet.
    outputs
        Files written, relative to the workspace.

    Examples
    --------
    >>> receipt = Receipt("collect", "2024-01-01T00:00:00+00:00", rows={"in": 2, "accepted": 2})
    >>> Receipt.from_json(receipt.to_json()) == receipt
    True
    """

    verb: str
    started_at: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    money: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Mapping[str, Any], ...] = ()
    before: Mapping[str, int] = field(default_factory=dict)
    after: Mapping[str, int] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    package_version: str = field(default_factory=lambda: version("shijin"))

    def to_json(self) -> str:
        """The receipt as a file holds it."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Receipt:
        """Read a receipt back.

        Raises
        ------
        ValueError
            When the text is no receipt.
        """
        content = json.loads(text)
        if not isinstance(content, dict) or "verb" not in content:
            raise ValueError("no receipt")
        return cls(**content | {"findings": tuple(content["findings"]), "outputs": tuple(content["outputs"])})


def started(now: datetime) -> str:
    """An instant as receipts hold it."""
    return now.isoformat(timespec="microseconds")
