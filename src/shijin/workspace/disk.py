"""Files that are there whole or not at all, one writer at a time, and a disk's refusals as one line."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from deltalake.exceptions import DeltaError

from shijin.errors import BusyError, WorkspaceError

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
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise WorkspaceError(f"damaged ({said})", str(path), f"delete {path.parent} and run it again") from error


def _refusal(error: Exception, where: Path) -> WorkspaceError:
    said = str(error)
    code = error.errno if isinstance(error, OSError) else None
    if code in _FULL or "No space left" in said or "Disk quota" in said:
        return WorkspaceError("the disk is full, nothing was changed", str(where), "free some space and run it again")
    if code in _DENIED or "Permission denied" in said or "Read-only file system" in said:
        return WorkspaceError("may not be written or read", str(where), "check the folder's owner and permissions")
    first = said.strip().splitlines()[0] if said.strip() else type(error).__name__
    return WorkspaceError(f"damaged or not accessible ({first})", str(where), "restore it from a copy, or collect anew")


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
    """Let `write` fill a temporary file beside the path, then put it in place in one move."""
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
    """Let `write` fill a temporary folder beside the path, then put it in place, also where one lies already."""
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


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Hold a lock on a file; the system lets go of it when the process ends, however it ends.

    Raises
    ------
    BusyError
        When another process holds it.
    """
    with refusals(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _take(handle, path)
        yield
    finally:
        os.close(handle)


def _take(handle: int, path: Path) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise BusyError("another process is writing here", str(path.parent), "wait until it ends") from error


def _flush(path: Path) -> None:
    if path.is_file():
        with path.open("rb") as file:
            os.fsync(file.fileno())
