"""A shop's folder: its tables with their commits, its receipts, and what is published from them.

The door is `Workspace`; only ``steps`` may call it.
"""

from shijin.workspace.datasets import Merged
from shijin.workspace.folder import Workspace
from shijin.workspace.receipts import Receipt

__all__ = ["Merged", "Receipt", "Workspace"]
