"""The store's part in a safe run folder: locks, checksums, leftovers, links, what is set aside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from numerate import store
from numerate.states import Planned, replacing_message
from numerate.store import lock as locking
from numerate.types import Reward, Rollout, Scored, Turn

HOLD = """
import sys, time, pathlib
from numerate import store
with store.hold_lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(lock: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "held\n"
    return process


def test_a_second_writer_is_refused_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    lock = tmp_path / store.LOCK
    process = holder(lock)
    message = (
        rf"^{tmp_path} is in use: process {process.pid} on host {socket.gethostname()} writes to it since"
    )
    with pytest.raises(ValueError, match=message) as refused, store.hold_lock(lock):
        pass
    assert "\n" not in str(refused.value)
    process.kill()
    process.wait()
    notes: list[str] = []
    with store.hold_lock(lock, notes.append):
        assert json.loads(lock.read_text())["pid"] == os.getpid()
    assert notes == [f"took over the lock of process {process.pid}, which has ended"]
    assert not lock.exists()


def test_one_process_does_not_write_twice(tmp_path: Path) -> None:
    lock = tmp_path / store.LOCK
    with store.hold_lock(lock):
        with pytest.raises(ValueError, match=f"process {os.getpid()}"), store.hold_lock(lock):
            pass
        assert lock.exists()
    with store.hold_lock(lock):
        pass


def left_by(lock: Path, **holder: object) -> None:
    known = {"pid": 1, "host": socket.gethostname(), "since": "2026-01-01T00:00:00+00:00", "start": ""}
    lock.write_text(json.dumps(known | holder))


def test_a_lock_of_another_host_is_refused_with_what_to_do(tmp_path: Path) -> None:
    left_by(tmp_path / ".lock", host="elsewhere\x1b[31m")
    with pytest.raises(ValueError, match=r"host elsewhere\?\?31m .*delete .*/.lock$"):
        store.check_free(tmp_path / ".lock")


def test_a_process_of_the_same_number_is_not_the_holder(tmp_path: Path) -> None:
    """The parent of this process lives; it holds the lock only where it started when the holder did."""
    lock, parent = tmp_path / ".lock", os.getppid()
    left_by(lock, pid=parent, start=locking._start(parent))
    with pytest.raises(ValueError, match=f"process {parent} on"):
        store.check_free(lock)
    left_by(lock, pid=parent, start="an earlier boot/1")
    store.check_free(lock)


@pytest.mark.parametrize("content", ["", "{", "[]", "\0\0"])
def test_a_lock_that_was_cut_while_it_was_written_is_taken_over(tmp_path: Path, content: str) -> None:
    (tmp_path / ".lock").write_text(content)
    store.check_free(tmp_path / ".lock")


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    (tmp_path / ".lock").symlink_to(tmp_path / "mine")
    with pytest.raises(ValueError, match="remove it"), store.hold_lock(tmp_path / ".lock"):
        pass
    assert (tmp_path / "mine").read_text() == "precious"


def folder(path: Path, text: str) -> None:
    with store.replace_folder(path) as part:
        (part / "a").write_text(text)
        (part / "b").write_bytes(bytes(range(64)))


def test_a_flipped_bit_a_cut_and_a_missing_file_are_noticed(tmp_path: Path) -> None:
    folder(tmp_path / "m", "old")
    folder(tmp_path / "m", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["m"] and (tmp_path / "m" / "a").read_text() == "new"
    assert store.find_damage(tmp_path / "m") is None
    content = bytearray((tmp_path / "m" / "b").read_bytes())
    content[5] ^= 0x40
    (tmp_path / "m" / "b").write_bytes(content)
    assert store.find_damage(tmp_path / "m") == "b is damaged: its SHA-256 is not the one in SHA256SUMS"
    (tmp_path / "m" / "b").unlink()
    assert store.find_damage(tmp_path / "m") == "b is missing"
    (tmp_path / "m" / "SHA256SUMS").write_text("")
    assert store.find_damage(tmp_path / "m") == "SHA256SUMS is damaged"


def test_an_error_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    folder(tmp_path / "m", "old")
    with (
        pytest.raises(OSError, match=r"free disk space and run again.*/m'"),
        store.replace_folder(tmp_path / "m"),
    ):
        raise RuntimeError("I/O error: No space left on device (os error 28)")
    assert [p.name for p in tmp_path.iterdir()] == ["m"] and (tmp_path / "m" / "a").read_text() == "old"


def test_leftovers_go_and_what_has_no_successor_comes_back(tmp_path: Path) -> None:
    for name in (".a.json.12-0123abcd.part", "part-00000.share-1", ".best.3-00000000.old"):
        (tmp_path / "s" / name).mkdir(parents=True)
    (tmp_path / "s" / ".model.3-00000000.old").mkdir()
    (tmp_path / "s" / "model").mkdir()
    own = {".keep", ".notes.old", ".draft.part"}
    for name in own:
        (tmp_path / "s" / name).touch()
    assert len(store.clear_leftovers(tmp_path)) == 4
    assert {p.name for p in (tmp_path / "s").iterdir()} == {"best", "model", *own}


def attempt(index: int) -> Scored:
    turn = Turn("assistant", f"It is {index}", (7, 8, index), (-0.5, -0.25, -index / 7), trained=True)
    return Scored(Rollout("p", index, (turn,), answer=str(index)), Reward(1.0, {"correct": 1.0}))


def test_a_flipped_bit_in_a_part_never_changes_what_is_read(tmp_path: Path) -> None:
    path, rows = tmp_path / "part.parquet", [attempt(i) for i in range(40)]
    store.write_rollouts(path, rows)
    whole = path.read_bytes()
    noticed = 0
    for at in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        try:
            assert list(store.read_rollouts(path)) == rows, at
        except ValueError as error:
            assert "truncated or damaged" in str(error) or "not one of scored rollouts" in str(error)
            noticed += 1
    assert noticed > len(whole) / 7 / 3


def test_a_log_is_cut_back_to_what_a_checkpoint_saw(tmp_path: Path) -> None:
    log = tmp_path / "metrics.jsonl"
    store.append_row(log, {"round": 0})
    before = store.log_extent(log)
    store.append_row(log, {"round": 1})
    assert store.begins_with(log, before)
    store.cut_to(log, before)
    assert log.read_text() == '{"round": 0}\n'
    log.write_text('{"round": 7}\n')
    assert not store.begins_with(log, before)


def test_a_log_that_is_a_link_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    (tmp_path / "log").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError):
        store.append_row(tmp_path / "log", {})
    assert (tmp_path / "mine").read_text() == "precious"


def test_finished_work_is_set_aside_and_taken_back(tmp_path: Path) -> None:
    now, aside = tmp_path / "now", tmp_path / ".replaced" / "now"
    now.mkdir()
    (now / "DONE").write_text("first")
    store.set_aside(now, aside, "DONE")
    assert not now.exists()
    now.mkdir()  # unfinished: it does not push out what is finished
    store.set_aside(now, aside, "DONE")
    assert (aside / "DONE").read_text() == "first" and not now.exists()
    now.mkdir()
    (now / "DONE").write_text("second")
    store.take_back(now, aside, "DONE")
    assert ((now / "DONE").read_text(), (aside / "DONE").read_text()) == ("first", "second")


def test_a_linked_folder_is_set_aside_as_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "weights").write_text("mine")
    (tmp_path / "now").symlink_to(elsewhere)
    store.set_aside(tmp_path / "now", tmp_path / ".replaced" / "now", "DONE")
    assert not os.path.lexists(tmp_path / "now")
    store.remove_path(tmp_path / ".replaced" / "now")
    assert (elsewhere / "weights").read_text() == "mine"


def test_what_changed_is_named_with_dots() -> None:
    before = {"stage": {"lr": 1e-3, "fit": {"epochs": 2}}, "seed": 1}
    now = {"stage": {"lr": 1e-5, "fit": {"epochs": 2}}, "seed": 1, "dtype": "auto"}
    lines = store.describe_differences(before, now)
    assert lines == ["stage.lr: 0.001 -> 1e-05", "dtype: none -> auto"]


def test_a_stage_that_only_follows_another_names_that_one() -> None:
    old, new = "1b" * 32, "2c" * 32
    own = store.describe_differences(
        {"inputs": {"base": old}, "stage": {"lr": 0.1}}, {"inputs": {"base": new}, "stage": {"lr": 0.2}}
    )
    first = Planned("sft", new, "changed", {}, tuple(own), True)
    taken = store.describe_differences({"inputs": {"sft": old}}, {"inputs": {"sft": new}})
    second = Planned("ei", new, "changed", {}, tuple(taken), True)
    assert replacing_message([first, second]) == (
        "this replaces completed work, stages sft, ei: sft changed (inputs.base: 1b1b1b1b -> 2c2c2c2c, "
        "stage.lr: 0.1 -> 0.2); ei depends on sft"
    )
