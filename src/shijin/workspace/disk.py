"""Files that are there whole or not at all, and the errors of a disk as one line."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from deltalake.exceptions import DeltaError

from shijin.errors import WorkspaceError

TEMPORARY, REPLACED = ".new-", ".old-"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
Content = TypeVar("Content")


@contextmanager
def refusals(where: Path) -> Iterator[None]:
    """Turn what a disk or a table's log refuses into one line a person can act on."""
    try:
        yield
    except (OSError, DeltaError, pa.ArrowException) as error:
        raise _refusal(error, where) from error


def read_back(path: Path, read: Callable[[Path], Content]) -> Content:
    """Read a file that Shijin wrote and can write again.

    Raises
    ------
    WorkspaceError
        When it is missing or damaged; the cure is to let it be written anew.
    """
    try:
        return read(path)
    except (OSError, ValueError, pa.ArrowException) as error:  # damaged JSON and undecodable text are ValueErrors
        raise WorkspaceError("workspace.damaged_file", path, error=first_line(error), folder=path.parent) from error


def first_line(error: Exception) -> str:
    """The first line of an error's message; its type where it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _refusal(error: Exception, where: Path) -> WorkspaceError:
    message = str(error)
    code = error.errno if isinstance(error, OSError) else None
    if code in _FULL or "No space left" in message or "Disk quota" in message:
        return WorkspaceError("workspace.disk_full", where)
    if code in _DENIED or "Permission denied" in message or "Read-only file system" in message:
        return WorkspaceError("workspace.not_permitted", where)
    return WorkspaceError("workspace.not_accessible", where, error=first_line(error))


def refuse_full(where: Path, n_bytes: int) -> None:
    """Refuse to begin what the disk has no room for, so that nothing is left half done.

    Raises
    ------
    WorkspaceError
        When fewer bytes are free.
    """
    with refusals(where):
        free = shutil.disk_usage(where).free
    if free < n_bytes:
        raise _refusal(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), where)


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file next to the path, then put it in place in one move."""
    with refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
        try:
            write(temporary)
            _flush(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def write_folder(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary folder next to the path, then put it in place, also where one lies already."""
    with refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
        replaced = path.with_name(f"{REPLACED}{path.name}")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        try:
            write(temporary)
            for file in temporary.rglob("*"):
                _flush(file)
            if path.exists():
                os.replace(path, replaced)
            os.replace(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what killed writers left in a folder; a folder that was moved aside but not replaced is put back."""
    for left in folder.glob(f"{REPLACED}*") if folder.is_dir() else ():
        original = left.with_name(left.name.removeprefix(REPLACED))
        if original.exists():
            shutil.rmtree(left, ignore_errors=True)
        else:
            os.replace(left, original)
    for left in folder.glob(f"{TEMPORARY}*") if folder.is_dir() else ():
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    if path.is_file():
        with path.open("rb") as file:
            os.fsync(file.fileno())
