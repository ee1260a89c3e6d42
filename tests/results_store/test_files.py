"""Files that are made of a store: whole or not at all, and only where a file may be."""

import os

import pytest

from results_store.errors import ExportError
from results_store.files import write_file


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "new folder" / "page.html"
    for content in (b"one", b"another"):
        write_file(path, content)
        assert path.read_bytes() == content
    assert [path] == list(path.parent.iterdir())


def test_a_link_stays_and_its_target_is_written(tmp_path):
    target = tmp_path / "elsewhere" / "page.html"
    target.parent.mkdir()
    target.write_bytes(b"before")
    link = tmp_path / "link.html"
    link.symlink_to(target)
    write_file(link, b"after")
    assert link.is_symlink()
    assert target.read_bytes() == b"after"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
@pytest.mark.parametrize("through_link", [False, True])
def test_what_is_no_file_is_left_alone(tmp_path, make, through_link):
    path = tmp_path / "there"
    make(path)
    mode = path.stat().st_mode
    named = path
    if through_link:
        named = tmp_path / "link"
        named.symlink_to(path)
    with pytest.raises(ExportError, match=r"cannot be written: (not a file|.* is a folder)"):
        write_file(named, b"content")
    assert path.stat().st_mode == mode
