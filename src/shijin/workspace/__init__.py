"""A shop's folder: its tables with their commits, its receipts, and the artifacts that are made of them.

`Workspace` is the folder, `Artifacts` what lies in it under an id, `Result` what a step gives. Only ``steps`` may open
a workspace's files; what stands above reads results.
"""

from shijin.workspace.artifacts import Artifacts, Content, Kind, Tabular, tabular
from shijin.workspace.datasets import Merged
from shijin.workspace.folder import Workspace
from shijin.workspace.receipts import Receipt
from shijin.workspace.result import Card, JudgeableCard, JudgedCard, Result, SourcedCard

__all__ = [
    "Artifacts",
    "Card",
    "Content",
    "JudgeableCard",
    "JudgedCard",
    "Kind",
    "Merged",
    "Receipt",
    "Result",
    "SourcedCard",
    "Tabular",
    "Workspace",
    "tabular",
]
