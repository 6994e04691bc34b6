"""Every way Shijin refuses, as one tree.

::

    ShijinError(problem, where, cure)
    ├── SourceError        a file or query cannot be read, or holds nothing usable    (ValueError)
    ├── SchemaError        a table lacks a column, or a column has the wrong type     (ValueError)
    ├── QuarantineError    more rows are bad than the shop can afford to set aside    (ValueError)
    ├── EmptyHistoryError  nothing lies before the cutoff, or the horizon does not fit (ValueError)
    ├── ConfigError        shijin.toml, a flag or an argument says what cannot be     (ValueError)
    ├── WorkspaceError     the workspace is missing, damaged or cannot be written     (RuntimeError)
    ├── ModelError         a model is missing, damaged, foreign or not fitted         (RuntimeError)
    └── BusyError          another process is writing to this workspace               (RuntimeError)

Each is one line: what came, where, and the cure. The command line prints it and exits 2.
"""

from __future__ import annotations


class ShijinError(Exception):
    """A refusal a person can act on.

    Parameters
    ----------
    problem
        What is wrong, with what came: ``amount "12,50" is not a number``.
    where
        File, row, column, table or option; empty where there is no place to name.
    cure
        What to do about it: ``write 12.50 or say --decimal ','``.

    Examples
    --------
    >>> str(SourceError("the file is empty", "orders.csv", "export it again"))
    'orders.csv: the file is empty. Cure: export it again.'
    """

    def __init__(self, problem: str, where: str = "", cure: str = "") -> None:
        self.problem, self.where, self.cure = problem, where, cure
        head = f"{where}: {problem}" if where else problem
        tail = f". Cure: {cure}." if cure else "."
        super().__init__(" ".join((head.rstrip(".") + tail).split()))


class SourceError(ShijinError, ValueError):
    """A file or query cannot be read, or holds nothing usable."""


class SchemaError(ShijinError, ValueError):
    """A table lacks a column, or a column has the wrong type."""


class QuarantineError(ShijinError, ValueError):
    """More rows are bad than the shop can afford to set aside."""


class EmptyHistoryError(ShijinError, ValueError):
    """Nothing lies before the cutoff, or the horizon does not fit the history."""


class ConfigError(ShijinError, ValueError):
    """``shijin.toml``, a flag or an argument says what cannot be."""


class WorkspaceError(ShijinError, RuntimeError):
    """The workspace is missing, damaged or cannot be written."""


class ModelError(ShijinError, RuntimeError):
    """A model is missing, damaged, foreign or not fitted."""


class BusyError(ShijinError, RuntimeError):
    """Another process is writing to this workspace."""
