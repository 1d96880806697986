"""Labelled programs and sessions end as they have to, as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import numerate
from tests.interpreter.programs import check_files

HERE = Path(__file__).parent
OWN, HOSTILE, BENIGN = (HERE / f"{name}.jsonl" for name in ("programs", "hostile", "benign"))
NOBODY = 65534
CHECK = "import numpy, pydantic, sympy, sys; print(sys.version_info[:2])"


@pytest.fixture(scope="module")
def public_folder() -> Iterator[Path]:
    """A folder that every user may enter; tmp_path is private."""
    folder = Path(tempfile.mkdtemp(prefix="numerate-test-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def files(data_dir: Path) -> list[Path]:
    folder = data_dir / "programs"
    return [folder / "programs.jsonl", folder / "sessions.jsonl", OWN, HOSTILE, BENIGN]


def test_programs_end_as_they_must(data_dir: Path, public_folder: Path) -> None:
    assert not check_files(public_folder, files(data_dir))


def test_without_landlock_root_confines_them_by_chroot(public_folder: Path) -> None:
    if os.getuid():
        pytest.skip("needs root")
    folder = public_folder / "chroot"
    folder.mkdir()
    needs_more = ("late-imports", "asyncio", "read-dotdot", "read-root-list", "read-other-scratch", "net-dns")
    kept = [
        line for line in OWN.read_text().splitlines()
        if json.loads(line)["id"] not in needs_more
        and json.loads(line).get("must") in ("ok", "denied-read", "denied-write", "denied-network")
    ]  # fmt: skip
    assert len(kept) > 35
    (folder / "some.jsonl").write_text("\n".join(kept))
    assert not check_files(folder, [folder / "some.jsonl"], without=("landlock",))


def public_python(path: str) -> str | None:
    """Returns a Python of this version that an ordinary user may start, with the packages of this."""
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for command in (sys.executable, shutil.which(name, path="/usr/bin:/usr/local/bin")):
        if command is None:
            continue
        try:
            done = subprocess.run(
                *([command, "-c", CHECK],),
                **as_nobody(path),
                capture_output=True,
                text=True,
            )
        except OSError:
            continue
        if done.stdout.strip() == str(sys.version_info[:2]):
            return command
    return None


def as_nobody(path: str) -> dict[str, Any]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return {"env": environment, "user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}


def test_programs_end_as_they_must_under_an_ordinary_user(data_dir: Path, public_folder: Path) -> None:
    """The package is copied in part: what it imports besides is nothing."""
    if os.getuid():
        pytest.skip("the other test runs under an ordinary user already")
    home = public_folder / "home"
    package = Path(numerate.__file__).parent
    for name in ("__init__.py", "lazy.py", "options.py"):
        (home / "numerate").mkdir(parents=True, exist_ok=True)
        shutil.copy(package / name, home / "numerate" / name)
    shutil.copytree(package / "interpreter", home / "numerate" / "interpreter")
    (home / "tests").mkdir()
    (home / "tests" / "__init__.py").touch()
    shutil.copytree(Path(__file__).parent, home / "tests" / "interpreter")
    copies = [shutil.copy(path, home / f"{number}.jsonl") for number, path in enumerate(files(data_dir))]
    sites = [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
    path = os.pathsep.join([str(home), *sites])
    python = public_python(path)
    if python is None:
        pytest.skip("no Python that an ordinary user may start has the packages")
    scratch = home / "scratch"
    scratch.mkdir()
    scratch.chmod(0o777)
    command = [python, "-m", "tests.interpreter.programs", str(scratch), *map(str, copies), "SBX_CANARY_ARG"]
    done = subprocess.run(command, **as_nobody(path), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
