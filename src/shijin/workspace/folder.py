"""`Workspace`: the one door to a shop's folder on disk.

::

    shijin.toml  data/<dataset>/  quarantine/*.parquet  receipts/*.json  models/  scores/  backtests/  exports/
    representations/  recommenders/

It knows where things lie and that they change whole or not at all; it does not know what they mean.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shijin.config import Config, load_config, parse_config
from shijin.errors import ConfigError, WorkspaceError
from shijin.schema import QUARANTINE, conform
from shijin.workspace import datasets, disk
from shijin.workspace.lock import writer_lock
from shijin.workspace.receipts import Receipt

CONFIG_FILE = "shijin.toml"
FOLDERS = ("models", "scores", "backtests", "representations", "recommenders", "exports")

_PACKED = 4  # tables in memory take at least so many times the room of their Parquet files

TEMPLATE = """\
# Settings of this shop. Every line is optional; docs/formats.md lists all of them.
schema_version = 1

[shop]
# name = "my shop"
# currency = "EUR"
# timezone = "Europe/Berlin"        # times without a zone are read as this one
# locale = "zh"                     # 终端与图表用中文: the terminal and the charts in Chinese
# observed_until = 2024-12-31       # the last day the data covers, if later than the last order

[collect]
# map = { customer_id = "user", ts = "paid_at", amount = "total" }
# decimal = ","
# date_order = "dmy"

[outcome]
# horizon = "90d"
"""


def _without_name(text: str) -> str:
    """A ``shijin.toml`` without the lines that are filled in when a workspace is made: name and language."""
    return re.sub(r"^(# )?(name|locale) = .*$", "", text, flags=re.MULTILINE)


def setting(config: Config, key: str) -> str:
    """One setting as text: of a key, ``shop.timezone``, or of a whole table, ``tiers``.

    Examples
    --------
    >>> setting(Config(), "shop.timezone"), setting(Config(), "export")
    ('"UTC"', '{"holdout":0.1,"salt":"shijin"}')
    """
    table, _, name = key.partition(".")
    content = config.model_dump(mode="json")[table]
    return json.dumps(content[name] if name else content, separators=(",", ":"), ensure_ascii=False)


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def named(shop: str) -> str:
    """The text of a first ``shijin.toml`` for a shop of this name."""
    return TEMPLATE.replace('# name = "my shop"', f"name = {json.dumps(shop, ensure_ascii=False)}")


class Workspace:
    """One shop's folder.

    Parameters
    ----------
    root
        The folder; use `Workspace.create` or `Workspace.open`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.waiting: Callable[[], None] = lambda: None  # called when another process or thread writes here

    def __repr__(self) -> str:
        return f"Workspace({str(self.root)!r})"

    @classmethod
    def create(cls, root: Path, config: str = TEMPLATE) -> Workspace:
        """Make the folder and its ``shijin.toml``, with every line commented out, where they are not there yet.

        Parameters
        ----------
        config
            The new content of the file.

        Raises
        ------
        WorkspaceError
            When a file lies there, or the folder may not be written.
        """
        if root.exists() and not root.is_dir():
            raise WorkspaceError("workspace.file_in_its_place", root)
        with disk.refusals(root):
            root.mkdir(parents=True, exist_ok=True)
        if not (root / CONFIG_FILE).exists():
            disk.write_atomically(root / CONFIG_FILE, lambda path: path.write_text(config, "utf-8"))
        return cls.open(root)

    @classmethod
    def open(cls, root: Path) -> Workspace:
        """Open a workspace that is there.

        Raises
        ------
        WorkspaceError
            When the folder or its ``shijin.toml`` is missing.
        ConfigError
            When ``shijin.toml`` has an impossible value.

        Examples
        --------
        >>> Workspace.open(Path("nowhere"))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        shijin.errors.WorkspaceError: nowhere: no workspace here. Cure: make one with ...
        """
        if not (root / CONFIG_FILE).is_file():
            if root.is_file():
                raise WorkspaceError("workspace.file_not_workspace", root, file=root)
            none = "workspace.none_here" if root == Path() else "workspace.none_there"
            code = "workspace.config_missing" if (root / "data").exists() else none
            raise WorkspaceError(code, root, file=CONFIG_FILE, folder=root)
        workspace = cls(root)
        workspace.config  # noqa: B018  (a mistake in the file is refused here, not later)
        return workspace

    def discard(self) -> None:
        """Take back a workspace that was made and never filled; a folder that holds anything else is left alone."""
        written = self.root / CONFIG_FILE
        if (self.root / "data").exists() or _without_name(written.read_text("utf-8")) != _without_name(TEMPLATE):
            return
        if {file.name for file in self.root.iterdir()} <= {CONFIG_FILE, ".lock"}:
            with disk.refusals(self.root):
                shutil.rmtree(self.root)

    @cached_property
    def config(self) -> Config:
        """The settings of ``shijin.toml``, with defaults."""
        with disk.refusals(self.root / CONFIG_FILE):
            return load_config(self.root / CONFIG_FILE)

    def set_shop(self, name: str, value: str) -> bool:
        """Write a text of the table ``[shop]`` into ``shijin.toml``, where no line has it; gives whether that worked.

        A file in which it is written in another way stays as it is.
        """
        wanted = self.config.model_copy(update={"shop": self.config.shop.model_copy(update={name: value})})
        for text in _with_line((self.root / CONFIG_FILE).read_text("utf-8"), name, value):
            if _says(text, wanted):
                self.write_text(CONFIG_FILE, text)
                del self.config
                return True
        return False

    def read(self, dataset: str, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows of ``events``, ``items`` or ``contacts``; empty where nothing was collected yet."""
        return datasets.read(self.root / "data" / dataset, datasets.SCHEMAS[dataset], columns)

    def merge(self, dataset: str, table: pa.Table, key: str, *, keep_basis: bool = False) -> datasets.Merged:
        """Add new rows and replace changed ones by key, in one commit; nothing is written where nothing changed.

        Keys are unique within `table`. Rows that no forecast reads keep the `basis`.
        """
        path, schema = self.root / "data" / dataset, datasets.SCHEMAS[dataset]
        with self.lock():
            return datasets.merge(path, table, key, schema, self.config.engine, keep_basis=keep_basis)

    def refuse_full_disk(self, *tables: pa.Table) -> None:
        """Refuse before anything is written where the disk has no room for some tables.

        Raises
        ------
        WorkspaceError
            When there is less room than the tables take once they are packed.
        """
        disk.refuse_full(self.root, sum(table.nbytes for table in tables) // _PACKED)

    def versions(self) -> dict[str, int]:
        """The last commit of each dataset, -1 where there is none."""
        return {name: datasets.version(self.root / "data" / name) for name in datasets.SCHEMAS}

    def fingerprint(self) -> str:
        """A hash of all committed data: the same as long as nothing is collected."""
        return self.basis(feedback=True)

    def basis(self, depends: Sequence[str] = (), *, feedback: bool = False) -> str:
        """A hash of the data that forecasts read, and of the settings that a kind of artifact depends on.

        Feedback that no forecast reads, such as clicks, ratings and dismissals, leaves it as it is.

        Parameters
        ----------
        depends
            Keys of ``shijin.toml``, such as ``shop.timezone`` or ``tiers``.
        feedback
            Whether it changes with all feedback.
        """
        name_of = datasets.identity if feedback else datasets.basis
        data = [name_of(self.root / "data" / name) for name in datasets.SCHEMAS]
        return _hash([*data, *(f"{key}={setting(self.config, key)}" for key in depends)])

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only thread and process that writes here; what killed writers left behind is swept first.

        Where another one writes, wait for it to end, ``[engine] lock_wait_s`` seconds at most; `waiting` is called.

        Raises
        ------
        BusyError
            When the other writer does not end in time. A process that was killed holds no lock.
        """
        with writer_lock(self.root / ".lock").held(self.config.engine.lock_wait_s, self.waiting) as first:
            if first:
                with disk.refusals(self.root):
                    for folder in (*FOLDERS, "quarantine", "receipts", "."):
                        disk.sweep(self.root / folder)
            yield

    def refuse_busy(self) -> None:
        """Make sure that the workspace can be written, before long work begins whose end is to write.

        Raises
        ------
        BusyError
            When another writer does not end in time.
        """
        with self.lock():
            pass

    def publish(self, kind: str, id: str, write: Callable[[Path], object]) -> Path:
        """Write the folder ``kind/id`` whole or not at all, in place of one that is there.

        Parameters
        ----------
        kind
            One of `FOLDERS`.
        write
            Fills the folder it is handed.
        """
        path = self.root / kind / id
        with self.lock():
            disk.write_folder(path, write)
        return path

    def write_text(self, name: str, text: str) -> Path:
        """Write one file of the workspace, such as ``scores/LATEST.json`` or ``report.html``, in one move."""
        path = self.root / name
        with self.lock():
            disk.write_atomically(path, lambda temporary: temporary.write_text(text, "utf-8"))
        return path

    def write_rows(self, name: str, table: pa.Table) -> Path:
        """Write one Parquet file of the workspace, such as ``scores/<id>/recommendations.parquet``, in one move."""
        path = self.root / name
        with self.lock():
            disk.write_atomically(path, lambda temporary: pq.write_table(table, temporary))
        return path

    def write_quarantine(self, name: str, rejected: pa.Table) -> Path:
        """Keep rows set aside; the same name replaces what an earlier run wrote."""
        path = self.root / "quarantine" / f"{name}.parquet"
        rejected = conform(rejected, QUARANTINE, str(path))
        with self.lock():
            disk.write_atomically(path, lambda temporary: pq.write_table(rejected, temporary))
        return path

    def read_quarantine(self) -> dict[str, pa.Table]:
        """All rows ever set aside, by the name under which they were kept."""
        files = sorted((self.root / "quarantine").glob("*.parquet"))
        with disk.refusals(self.root / "quarantine"):
            return {file.stem: conform(pq.read_table(file), QUARANTINE, str(file)) for file in files}

    def write_receipt(self, receipt: Receipt) -> Path:
        """Keep a receipt, under a name that sorts by time."""
        stem = "".join(letter for letter in receipt.started_at[:26] if letter.isdigit())
        with self.lock():  # two steps of the same instant must not count the same receipts
            taken = len(list((self.root / "receipts").glob(f"{stem}-*.json")))
            return self.write_text(f"receipts/{stem}-{taken:02d}-{receipt.verb}.json", receipt.to_json())

    def receipts(self) -> list[Receipt]:
        """All receipts, oldest first."""
        receipts = []
        for file in sorted((self.root / "receipts").glob("*.json")):
            try:
                receipts.append(Receipt.from_json(file.read_text("utf-8")))
            except (OSError, ValueError, TypeError, KeyError) as error:
                raise WorkspaceError("workspace.not_a_receipt", file) from error
        return receipts


def _with_line(text: str, name: str, value: str) -> Iterator[str]:
    """The text of a ``shijin.toml`` with a line for a key of ``[shop]``, in each place where it may stand."""
    line = f'{name} = "{value}"'
    for pattern, lines in ((rf"^# {name} = .*$", line), (r"^\[shop\][ \t]*(#.*)?$", rf"\g<0>\n{line}")):
        if re.search(pattern, text, flags=re.MULTILINE):
            yield re.sub(pattern, lines, text, count=1, flags=re.MULTILINE)
    yield f"{text.rstrip()}\n\n[shop]\n{line}\n"


def _says(text: str, wanted: Config) -> bool:
    try:
        return parse_config(text, CONFIG_FILE) == wanted
    except ConfigError:
        return False
