"""Folders that are replaced: what they keep of the old one, closed ones, and several threads at once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from numerate import store

posix = pytest.mark.skipif(os.name != "posix", reason="links and modes are POSIX")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_folder(folder: Path, text: str, *, lasting: bool = True) -> None:
    with store.replace_folder(folder, lasting=lasting) as part:
        (part / "a").write_text(text)


@posix
@pytest.mark.parametrize("mode", [0o644, 0o600, 0o444, 0o000])
@pytest.mark.parametrize("through", ["m", "link"])
def test_a_file_gives_the_folder_in_its_place_no_permissions(tmp_path: Path, mode: int, through: str) -> None:
    (tmp_path / "m").write_text("a file")
    (tmp_path / "m").chmod(mode)
    (tmp_path / "link").symlink_to("m")
    write_folder(tmp_path / through, "new")
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "m").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert names(tmp_path) == ["link", "m", "plain"] and (tmp_path / "m" / "a").read_text() == "new"


@posix
def test_a_private_folder_is_private_while_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir(mode=0o700)
    with store.replace_folder(tmp_path / "m") as part:
        assert stat.S_IMODE(part.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == 0o700


CLOSED = """
import os, stat, sys
from pathlib import Path
from numerate import store

mode = int(sys.argv[2])
os.chdir(sys.argv[1])  # the folders above may be closed to the other user
if os.getuid() == 0:  # whom no mode stops
    os.setgid(65534)
    os.setuid(65534)
for name in ("model", "other"):
    deep = Path(name, "inner", "deep")
    deep.mkdir(parents=True)
    (deep / "a").write_text("old")
    Path(name, "link").symlink_to("/")
    for folder in (deep, deep.parent, Path(name)):
        folder.chmod(mode)
with store.replace_folder(Path("model")) as part:
    (part / "a").write_text("new")
print(stat.S_IMODE(os.stat("model").st_mode), *sorted(os.listdir("model")))
try:
    with store.replace_folder(Path("model")) as part:
        (part / "inner").mkdir()
        (part / "inner" / "a").write_text("half")
        (part / "inner").chmod(mode)
        raise KeyError
except KeyError:
    print(Path("model", "a").read_text())
store.remove_path(Path("other"))
print(*os.listdir("."))
"""


@posix
@pytest.mark.parametrize("mode", [0o555, 0o000, 0o400, 0o755])
def test_a_folder_that_is_closed_to_its_owner_is_replaced_and_removed(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(0o777)
    done = subprocess.run(
        [sys.executable, "-c", CLOSED, str(tmp_path), str(mode)], capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"{mode | 0o700} SHA256SUMS a", "new", "model"]


def test_what_cannot_be_removed_stays_hidden_beside_the_new_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(folder: Path, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            raise PermissionError(13, "Permission denied", str(folder))

    write_folder(tmp_path / "m", "old")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", refuses)
        write_folder(tmp_path / "m", "new")
    assert (tmp_path / "m" / "a").read_text() == "new" and store.find_damage(tmp_path / "m") is None
    [left] = [name for name in names(tmp_path) if name != "m"]
    assert store.clear_leftovers(tmp_path) == [tmp_path / left] and names(tmp_path) == ["m"]


@posix
def test_an_error_of_the_first_rename_names_the_path_of_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(source: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(source), None, str(target))

    write_folder(tmp_path / "m", "old")
    monkeypatch.setattr(os, "rename", refuses)
    with pytest.raises(PermissionError) as raised:
        write_folder(tmp_path / "m", "new")
    assert str(raised.value) == f"[Errno 13] Permission denied: '{tmp_path / 'm'}'"


@pytest.mark.parametrize("act", ["recover", "replace"])
def test_another_thread_leaves_a_folder_without_a_name_to_its_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """It comes between the two renames."""
    model, rename, others, errors = tmp_path / "m", os.rename, list[Thread](), list[Exception]()

    def run() -> None:
        try:
            store.recover_folder(model) if act == "recover" else write_folder(model, "other")
        except Exception as error:
            errors.append(error)

    def renames(source: Path, target: Path) -> None:
        rename(source, target)
        if source == model and not others:
            others.append(Thread(target=run))
            others[0].start()
            others[0].join(0.3)

    write_folder(model, "old")
    monkeypatch.setattr(os, "rename", renames)
    write_folder(model, "new")
    others[0].join()
    assert not errors and names(tmp_path) == ["m"]
    assert (model / "a").read_text() == ("new" if act == "recover" else "other")
    assert store.find_damage(model) is None


def test_threads_replace_the_same_folder_again_and_again(tmp_path: Path) -> None:
    errors: list[Any] = []

    def run(text: str) -> None:
        for _ in range(25):
            try:
                write_folder(tmp_path / "m", text, lasting=False)
                store.recover_folder(tmp_path / "m")
            except Exception as error:
                errors.append(error)

    threads = [Thread(target=run, args=(text,)) for text in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and names(tmp_path) == ["m"] and (tmp_path / "m" / "a").read_text() in "abcd"
