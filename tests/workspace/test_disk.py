from pathlib import Path

import pytest

from shijin.errors import WorkspaceError
from shijin.workspace.disk import refuse_full, write_atomically


def test_a_disk_without_room_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="the disk is full, nothing was changed"):
        refuse_full(tmp_path, 1 << 62)
    refuse_full(tmp_path, 1)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, lambda temporary: temporary.write_text("old"))

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
