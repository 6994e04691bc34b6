"""One writer at a time: among the threads of a process, and among processes. It knows a file, not what is written."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, RLock

from shijin.errors import BusyError
from shijin.workspace.disk import refusals

POLL_S = 0.1  # how often a waiting writer looks whether another process has ended


class WriterLock:
    """The lock of one folder. A thread that holds it may take it again; the system frees it when a process ends.

    Parameters
    ----------
    path
        The file that stands for the lock.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = RLock()
        self._depth = 0
        self._handle = -1

    @contextmanager
    def held(self, patience_s: float, waiting: Callable[[], None]) -> Iterator[bool]:
        """Hold the lock; gives whether this thread held it not yet.

        Parameters
        ----------
        patience_s
            How long to wait for another writer to end.
        waiting
            Called where there is another writer, and time to wait for it.

        Raises
        ------
        BusyError
            When the other writer does not end in time.
        """
        until = time.monotonic() + patience_s
        # Threads of one process share its file locks, so they have to wait for one another here.
        if not self._threads.acquire(blocking=False):
            if patience_s > 0:
                waiting()
            if not self._threads.acquire(timeout=max(patience_s, 0)):
                raise self._busy()
        try:
            if self._depth == 0:
                self._handle = self._open(until, waiting)
            self._depth += 1
            try:
                yield self._depth == 1
            finally:
                self._depth -= 1
                if self._depth == 0:
                    _release(self._handle)
        finally:
            self._threads.release()

    def _open(self, until: float, waiting: Callable[[], None]) -> int:
        """Lock the file for this process; gives its handle."""
        with refusals(self.path):
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            with refusals(self.path):
                if not _locked(handle):
                    if time.monotonic() < until:
                        waiting()
                    while not _locked(handle):
                        if time.monotonic() >= until:
                            raise self._busy()
                        time.sleep(POLL_S)
        except BaseException:
            os.close(handle)
            raise
        return handle

    def _busy(self) -> BusyError:
        return BusyError("workspace.busy", self.path.parent)

    def let_go(self) -> None:
        """Close the copy of the lock that a forked process was born with: its parent goes on holding it."""
        if self._depth:
            os.close(self._handle)


_LOCKS: dict[Path, WriterLock] = {}
_REGISTRY = Lock()


def writer_lock(path: Path) -> WriterLock:
    """The lock that a file stands for: one for all who write there, whichever object they came by it."""
    with _REGISTRY:
        return _LOCKS.setdefault(path.resolve(), WriterLock(path))


def _locked(handle: int) -> bool:
    """Try to lock an open file; gives whether no other process holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _release(handle: int) -> None:
    """Unlock a file and close it; a forked process that still has it open does not keep it locked."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)


def _forget_locks() -> None:
    """Begin a forked process without the locks of its parent."""
    global _REGISTRY  # a thread of the parent may have held it
    _REGISTRY = Lock()
    for lock in _LOCKS.values():
        lock.let_go()
    _LOCKS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_locks)
