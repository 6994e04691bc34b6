"""The shop around a source: its settings, the user's options, the time of reading, and the people it already knows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from shijin.collect.collected import CollectOptions
from shijin.config import Config


@dataclass(frozen=True)
class Context:
    """What reading a source depends on besides the source.

    Parameters
    ----------
    config
        The shop's settings.
    options
        How this source is to be read.
    now
        An instant with its time zone; rows dated after it are set aside.
    contacts
        CONTACTS of the files before; None where there are none. A guest of this source who has the e-mail of one of
        them is the same customer.
    root
        The workspace, where files that the settings name are; None without one.
    is_new
        Whether the shop has no data yet, so that its time zone may still be guessed.
    """

    config: Config
    options: CollectOptions
    now: datetime
    contacts: pa.Table | None = field(default=None, compare=False)
    root: Path | None = None
    is_new: bool = True

    @property
    def statuses(self) -> dict[str, str]:
        """The meanings of statuses that the shop, or the user for this source, settles."""
        return {**self.config.collect.statuses, **self.options.statuses}

    def mapped(self, names: Collection[str]) -> dict[str, str]:
        """Columns by role as the shop's settings have them where a source has the column, and as the user maps them."""
        here = {role: column for role, column in self.config.collect.map.items() if column in names}
        return {**here, **self.options.map}
