"""The one writer: no other file of the package writes to a path, and what it writes is on the disk first."""

from __future__ import annotations

import ast
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import numerate
from numerate import store
from tests.command_line import call

ROOT = Path(numerate.__file__).parent
WRITER = "store/files.py"
EXCEPTIONS = {
    ("store/log.py", "append_row"): "a journal grows in place",
    ("store/log.py", "append_text"): "a journal grows in place",
    ("store/log.py", "_no_link"): "opens the journals",
    ("store/lock.py", "hold_lock"): "the kernel's lock belongs to the open file",
    ("store/lock.py", "_locked"): "the kernel's lock belongs to the open file",
    ("cli/score_file.py", "resume_output"): "a stopped command goes on behind its rows",
    ("cli/score_file.py", "repair_output"): "cuts off what a kill left of the last row",
    ("models/policy.py", "save_files"): "writes into the folder of replace_folder",
    ("interpreter/landlock.py", "add_rule"): "opens a path for its rule, not for writing",
    ("interpreter/pipe.py", "write_pipe"): "writes to pipes only",
    ("interpreter/cell.py", "open_stream"): "a standard stream of a program",
    ("interpreter/probes.py", "needs"): "tries what a program may, in a scratch folder",
    ("interpreter/scratch.py", "empty_folder"): "brings nested folders up to remove them",
    ("report/plots.py", "render_svg"): "writes to memory",
}
BLOCKS = {"replace_file", "replace_folder"}
"""within them a temporary path is written to"""
METHODS = {
    *("write_text", "write_bytes", "rename", "renames", "touch", "symlink_to", "hardlink_to", "extractall"),
    *("to_csv", "to_json", "to_parquet", "save_pretrained", "savefig", "tofile", "savez"),
}
FUNCTIONS = {
    *("os.replace", "os.link", "os.symlink", "os.fdopen", "os.write", "os.pwrite", "os.truncate"),
    *("shutil.move", "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree", "json.dump"),
    *(
        "pickle.dump",
        "torch.save",
        "np.save",
        "numpy.save",
        "tempfile.mkstemp",
        "tempfile.NamedTemporaryFile",
    ),
}
NAMES = {"save_file", "copyfile", "copytree", "NamedTemporaryFile", "mkstemp"}


def writes(call: ast.Call) -> bool:
    """Checks whether a call writes to a path or gives one another name."""
    method = getattr(call.func, "attr", "")
    name, dotted = method or getattr(call.func, "id", ""), ast.unparse(call.func)
    if dotted == "os.open":
        return len(call.args) < 2 or ast.unparse(call.args[1]) != "os.O_RDONLY"
    if name == "open":
        mode = [each.value for each in call.keywords if each.arg == "mode"]
        return any(writing_mode(each) for each in [*call.args[:2], *mode])
    if name == "replace":  # of a path it takes one argument, of a text two
        return isinstance(call.func, ast.Attribute) and len(call.args) == 1 and not call.keywords
    return method in METHODS or name in NAMES or dotted in FUNCTIONS


def writing_mode(node: ast.expr) -> bool:
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, str) and set(value) <= set("rwaxbt+") and bool(set(value) & set("wax+"))


def direct_writes(tree: ast.AST, function: str = "", inside: bool = False) -> Iterator[tuple[str, int]]:
    """Yields (function, line) of the calls outside the writer's blocks."""
    for node in ast.iter_child_nodes(tree):
        name = node.name if isinstance(node, ast.FunctionDef) else function
        within = inside
        if isinstance(node, ast.With):
            calls = {ast.unparse(item.context_expr.func) for item in node.items
                     if isinstance(item.context_expr, ast.Call)}  # fmt: skip
            within = inside or bool(calls & BLOCKS)
        if isinstance(node, ast.Call) and not within and writes(node):
            yield name, node.lineno
        yield from direct_writes(node, name, within)


def found() -> dict[tuple[str, str], list[int]]:
    lines: dict[tuple[str, str], list[int]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        for function, line in direct_writes(ast.parse(path.read_text(encoding="utf-8"))):
            lines.setdefault((file, function), []).append(line)
    return {key: value for key, value in lines.items() if key[0] != WRITER}


def test_only_the_writer_writes() -> None:
    """Write with store.write_text, write_json, replace_file or replace_folder; rename with move_path."""
    lines = found()
    assert not {key: value for key, value in lines.items() if key not in EXCEPTIONS}
    assert set(EXCEPTIONS) <= set(lines), "an exception that nothing needs any more"


@pytest.mark.parametrize(
    "line",
    [
        *('open(path, "w")', 'path.open("a")', 'gzip.open(path, "wb")', 'io.open(path, mode="x")'),
        *("path.write_text(text)", "path.replace(other)", "os.rename(a, b)", "shutil.move(a, b)"),
        *("save_file(tensors, path)", "frame.to_csv(path)", "os.open(path, os.O_WRONLY)", "torch.save(x, p)"),
        "with room_for(path):\n    path.write_bytes(b'')",
    ],
)
def test_a_direct_write_is_noticed(line: str) -> None:
    assert list(direct_writes(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        *(
            "path.open()",
            'path.open("rb")',
            "open(path, 'r')",
            'text.replace("a", "b")',
            "open(name, 'waxy')",
        ),
        "replace(recipe, seed=1)",
        "with replace_file(path) as part, part.open('w') as f:\n    f.write(text)",
        "with replace_folder(path) as part:\n    save_file(tensors, part / 'a')",
    ],
)
def test_what_is_no_direct_write(line: str) -> None:
    assert not list(direct_writes(ast.parse(line)))


def watch(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records flushes and renames in their order."""
    events: list[str] = []
    rename, replace, fsync = os.rename, os.replace, os.fsync

    def named(handle: int) -> str:
        return Path(os.readlink(f"/proc/self/fd/{handle}")).name

    def flushed(handle: int) -> None:
        events.append(f"flush {named(handle)}")
        fsync(handle)

    def renamed(source: Path, target: Path) -> None:
        events.append(f"rename {Path(target).name}")
        rename(source, target)

    def replaced(source: Path, target: Path) -> None:
        events.append(f"rename {Path(target).name}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "rename", renamed)
    monkeypatch.setattr(os, "replace", replaced)
    return events


linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names of open files are Linux's")


@linux
def test_a_file_is_flushed_before_its_name_and_its_folder_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = watch(monkeypatch)
    store.write_text(tmp_path / "new" / "a.json", "{}")
    made, part, *rest = events
    assert made == f"flush {tmp_path.name}" and part.startswith("flush .a.json.")
    assert rest == ["rename a.json", "flush new"]


@linux
def test_an_old_folder_goes_once_the_new_name_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.replace_folder(tmp_path / "m") as part:
        (part / "a").write_text("old")
    events = watch(monkeypatch)
    with store.replace_folder(tmp_path / "m") as part:
        (part / "inner").mkdir()
        (part / "inner" / "a").write_text("new")
    new = events.index("rename m")
    assert {"flush a", "flush inner", "flush SHA256SUMS"} <= set(events[:new])
    aside = events[new - 1]
    assert aside.startswith("rename .m.") and aside.endswith(".old")
    assert events[new + 1] == f"flush {tmp_path.name}" and events[new + 2].startswith("rename ..m.")
    assert len(events) == new + 3 and [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_folder_that_cannot_get_its_name_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.replace_folder(tmp_path / "m") as part:
        (part / "a").write_text("old")
    rename = os.rename

    def refuses(source: Path, target: Path) -> None:
        if Path(source).name.endswith(".part") and Path(target).name == "m":
            raise OSError(errno.EIO, "I/O error")
        rename(source, target)

    monkeypatch.setattr(os, "rename", refuses)
    with pytest.raises(OSError, match="I/O error"), store.replace_folder(tmp_path / "m") as part:
        (part / "a").write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert (tmp_path / "m" / "a").read_text() == "old"


def test_a_file_system_that_cannot_flush_folders_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def refuses(handle: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{handle}"):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", refuses)
    store.write_text(tmp_path / "a", "text")
    assert (tmp_path / "a").read_text() == "text"


@linux
def test_a_device_or_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    store.write_text(pipe, "text")
    assert os.read(reader, 99) == b"text" and pipe.is_fifo()
    answer = '{"id": 1, "reference": "1/2", "candidate": "0.5"}'
    assert call("grade", "-", "--out", str(pipe), input=answer).exit_code == 0
    assert os.read(reader, 999).startswith(b'{"id": 1') and pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]
    assert store.is_stream(Path("/dev/null")) and store.is_stream(Path("/dev/stdout"))
    assert not store.is_stream(Path("/dev/shm/a.json")) and not store.is_stream(tmp_path / "absent")
    os.close(reader)


def test_a_schema_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "schema.json"
    assert call("schema", "--out", str(out)).exit_code == 0
    before = out.read_text()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = call("schema", "--out", str(out))
    assert done.exit_code == 2 and "free disk space and run again" in done.stderr
    assert out.read_text() == before and [path.name for path in tmp_path.iterdir()] == ["schema.json"]


def test_a_dash_is_stdout_for_every_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("schema", "--out", "-").stdout == call("schema").stdout != ""
    assert not list(tmp_path.iterdir())


def test_a_pipe_is_removed_without_being_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    store.remove_path(tmp_path / "pipe")
    store.remove_path(tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []
