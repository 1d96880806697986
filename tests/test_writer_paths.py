"""Where the writer writes: through links, to devices and pipes, beside long names; and what it leaves."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from numerate import store
from numerate.models import locate
from tests.command_line import call

posix = pytest.mark.skipif(os.name != "posix", reason="links, modes and devices are POSIX")
DEAD = 2**22 + 1
"""no process of Linux has this number"""
LONG = "é" * 125


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@posix
@pytest.mark.parametrize("leads_to", ["real.json", "inner/../real.json", "other", "{folder}/real.json"])
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_target_is_written(tmp_path: Path, leads_to: str, exists: bool) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "other").symlink_to("real.json")
    link, real = tmp_path / "link", tmp_path / "real.json"
    link.symlink_to(leads_to.format(folder=tmp_path))
    if exists:
        real.write_text("old")
    store.write_text(link, "new")
    assert link.is_symlink() and not real.is_symlink() and real.read_text() == "new"
    assert names(tmp_path) == ["inner", "link", "other", "real.json"]


@posix
def test_a_link_is_relative_to_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    Path("a/link").symlink_to("../b/new/schema.json")
    assert call("schema", "--out", "a/link").exit_code == 0
    assert (
        Path("b/new/schema.json").is_file() and Path("a/link").is_symlink() and names(Path("a")) == ["link"]
    )


@posix
def test_links_to_folders_are_written_through(tmp_path: Path) -> None:
    (tmp_path / "later").symlink_to("made")
    store.write_text(tmp_path / "later" / "x", "text")
    (tmp_path / "model").symlink_to("weights")
    for text in ("old", "new"):
        with store.replace_folder(tmp_path / "model") as part:
            (part / "a").write_text(text)
    assert (tmp_path / "weights" / "a").read_text() == "new" and (tmp_path / "made" / "x").is_file()
    assert (tmp_path / "model").is_symlink() and names(tmp_path) == ["later", "made", "model", "weights"]


@posix
@pytest.mark.parametrize("name", ["one", "one/x"])
def test_a_loop_of_links_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one").symlink_to("two")
    Path("two").symlink_to("one")
    done = call("schema", "--out", name)
    assert done.exit_code == 2 and "a loop of symbolic links" in done.stderr and done.stderr.count("\n") == 1
    assert names(tmp_path) == ["one", "two"] and Path("one").is_symlink()


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444, 0o755])
def test_permissions_are_kept(tmp_path: Path, mode: int) -> None:
    file, folder = tmp_path / "a", tmp_path / "m"
    file.write_text("old")
    file.chmod(mode)
    folder.mkdir(mode=0o700)
    with store.replace_file(file) as part:
        if part.exists():
            assert not stat.S_IMODE(part.stat().st_mode) & ~(mode | 0o600)
        part.write_text("new")
    with store.replace_folder(folder) as part:
        (part / "b").write_text("new")
    assert stat.S_IMODE(file.stat().st_mode) == mode and file.read_text() == "new"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    store.write_text(tmp_path / "fresh", "text")
    (tmp_path / "plain").write_text("text")
    assert (tmp_path / "fresh").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("words", ["schema --out", "grade a.jsonl --out", "grade a.jsonl --json"])
@pytest.mark.parametrize("linked", [True, False])
def test_a_full_device_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, linked: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_text('{"id": 1, "reference": "1", "candidate": "1"}\n')
    Path("full").symlink_to("/dev/full")
    name = "full" if linked else "/dev/full"
    done = call(*words.split(), name)
    assert done.exit_code == 2 and done.stderr.splitlines()[-1] == f"error: {name}: No space left on device"
    assert Path("/dev/full").is_char_device() and names(tmp_path) == ["a.jsonl", "full"]


def test_a_long_name_can_be_written(tmp_path: Path) -> None:
    for name in (LONG, "a" * 255):
        store.write_text(tmp_path / name, "text")
        with store.replace_folder(tmp_path / "folders" / name) as part:
            (part / "a").write_text("old")
        with store.replace_folder(tmp_path / "folders" / name) as part:
            (part / "a").write_text("new")
        store.remove_path(tmp_path / "folders" / name)
    assert names(tmp_path) == sorted([LONG, "a" * 255, "folders"]) and names(tmp_path / "folders") == []


@posix
def test_errors_name_the_path_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(source: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(source), None, str(target))

    monkeypatch.setattr(os, "replace", refuses)
    monkeypatch.setattr(os, "rename", refuses)
    (tmp_path / "link").symlink_to("real")
    for name in ("a", "link"):
        with pytest.raises(PermissionError) as raised:
            store.write_text(tmp_path / name, "text")
        assert str(raised.value) == f"[Errno 13] Permission denied: '{tmp_path / name}'"
    with pytest.raises(PermissionError) as raised, store.replace_folder(tmp_path / "m"):
        pass
    assert str(raised.value) == f"[Errno 13] Permission denied: '{tmp_path / 'm'}'"
    message = f"^cannot write {tmp_path / 'm' / 'w'}$"
    with pytest.raises(RuntimeError, match=message), store.replace_folder(tmp_path / "m") as part:
        raise RuntimeError(f"cannot write {part / 'w'}")
    with pytest.raises(FileNotFoundError, match=f"{tmp_path / 'a'}'$"), store.replace_file(tmp_path / "a"):
        pass  # nothing was written


def killed_in_between(target: Path, pid: int) -> Path:
    """Leaves what a kill between the two renames of a folder leaves."""
    with store.replace_folder(target) as part:
        (part / "config.json").write_text("old")
    aside, half = (
        path.with_name(path.name.replace(str(os.getpid()), str(pid)))
        for path in (store.hidden_sibling(target, "old"), store.hidden_sibling(target, "part"))
    )
    target.rename(aside)
    half.mkdir()
    return aside


@posix
@pytest.mark.parametrize("name", ["model", LONG])
@pytest.mark.parametrize("own", [False, True], ids=["dead", "own number"])
def test_a_folder_whose_writer_was_killed_comes_back(tmp_path: Path, name: str, own: bool) -> None:
    pid = os.getpid() if own else DEAD
    killed_in_between(tmp_path / name, pid)
    assert locate.locate_model(str(tmp_path / name)) == tmp_path / name
    assert (tmp_path / name / "config.json").read_text() == "old"
    assert store.find_damage(tmp_path / name) is None
    killed_in_between(tmp_path / name, pid)
    with pytest.raises(RuntimeError), store.replace_folder(tmp_path / name):
        assert (tmp_path / name / "config.json").read_text() == "old"
        raise RuntimeError
    assert (tmp_path / name / "config.json").read_text() == "old"


KILLED = """
import os, pathlib, signal, sys
from numerate import store
target, rename = pathlib.Path(sys.argv[1]), os.rename
os.rename = lambda a, b: (rename(a, b), target.exists() or os.kill(os.getpid(), signal.SIGKILL))
for text in ("old", "new"):
    with store.replace_folder(target) as part:
        (part / "config.json").write_text(text)
"""


@posix
def test_a_kill_between_the_two_renames_leaves_a_whole_folder(tmp_path: Path) -> None:
    model = tmp_path / "model"
    done = subprocess.run([sys.executable, "-c", KILLED, str(model)], check=False)
    assert done.returncode == -signal.SIGKILL and not model.exists()
    assert locate.locate_model(str(model)) == model and (model / "config.json").read_text() == "old"
    assert store.find_damage(model) is None


@posix
def test_a_folder_whose_writer_lives_is_left_to_it(tmp_path: Path) -> None:
    aside = killed_in_between(tmp_path / "model", os.getppid())
    store.recover_folder(tmp_path / "model")
    assert aside.is_dir() and not (tmp_path / "model").exists()


def test_a_folder_of_another_name_does_not_come_back(tmp_path: Path) -> None:
    """Two long names of one beginning."""
    aside = killed_in_between(tmp_path / (LONG[:-1] + "aa"), DEAD)
    store.recover_folder(tmp_path / (LONG[:-1] + "bb"))
    store.recover_folder(tmp_path / "model")
    assert not store.clear_leftovers(tmp_path / aside.name) and aside.is_dir()
    assert all(path.name.endswith(".part") for path in store.clear_leftovers(tmp_path))
    assert names(tmp_path) == [aside.name]
