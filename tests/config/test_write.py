"""The files of a new installation are written all or none."""

import stat
from pathlib import Path

import pytest

from mailbot.config.write import refuse_existing, write_files
from mailbot.errors import UserError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_are_for_owner_and_group(tmp_path):
    write_files({tmp_path / "etc" / "a": "åäö\n", tmp_path / "b": "b\n"}, force=False)
    assert (tmp_path / "etc" / "a").read_text(encoding="utf-8") == "åäö\n"
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o640
    assert names(tmp_path) == ["b", "etc"]


def test_a_file_that_is_there_is_never_replaced_and_nothing_else_is_left(tmp_path):
    (tmp_path / "b").write_text("mine")
    with pytest.raises(UserError, match="cannot write"):
        write_files({tmp_path / "a": "a", tmp_path / "b": "b"}, force=False)
    assert names(tmp_path) == ["b"]
    assert (tmp_path / "b").read_text() == "mine"


def test_a_dangling_symlink_counts_as_a_file(tmp_path):
    (tmp_path / "b").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="would be overwritten; use --force"):
        refuse_existing([tmp_path / "b"])
    with pytest.raises(UserError, match="cannot write"):
        write_files({tmp_path / "b": "b"}, force=False)
    assert names(tmp_path) == ["b"]


def test_force_replaces(tmp_path):
    (tmp_path / "b").write_text("mine")
    write_files({tmp_path / "a": "a", tmp_path / "b": "b"}, force=True)
    assert [(tmp_path / name).read_text() for name in names(tmp_path)] == ["a", "b"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot write .*file.*choose another place with --config"):
        write_files({tmp_path / "a": "a", tmp_path / "file" / "b": "b"}, force=False)
    assert names(tmp_path) == ["file"]
