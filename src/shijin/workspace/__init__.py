"""A shop's folder: its tables with their commits, its receipts, and the artifacts that are made of them.

`Workspace` is the folder, `Artifacts` what lies in it under an id, `Result` what a step gives. Only ``steps`` may open
a workspace's files; what stands above reads results.
"""

from shijin.workspace.artifacts import Artifacts, Content, Kind, tabular
from shijin.workspace.datasets import Merged
from shijin.workspace.folder import Workspace
from shijin.workspace.receipts import Receipt
from shijin.workspace.result import Card, Result

__all__ = ["Artifacts", "Card", "Content", "Kind", "Merged", "Receipt", "Result", "Workspace", "tabular"]
