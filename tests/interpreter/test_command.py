"""python -m numerate.interpreter."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from numerate.interpreter.__main__ import main


def test_a_program_prints_and_ends_as_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.py"
    path.write_text("print(2 ** 10)\n")
    assert main([str(path)]) == 0 and capsys.readouterr().out == "1024\n"
    path.write_text("print('before')\n{}['k']\n")
    assert main([str(path)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "before\n" and shown.err.endswith("KeyError: 'k'\n")


def test_a_time_out_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("while True: pass"))
    assert main(["-", "--timeout", "0.5"]) == 3
    assert "TimeoutError: ran longer than 0.5 s\n[timeout after 0." in capsys.readouterr().err


def test_cells_share_their_variables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text("x = 6\n# %%\nx * 7\n")
    assert main(["--session", str(tmp_path / "a.py")]) == 0 and capsys.readouterr().out == "42\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "error: a file is needed, or - for standard input\n"),
        (["absent.py"], "error: absent.py cannot be read: No such file or directory\n"),
        (["-", "--timeout", "0"], "error: --timeout and --memory: expected more than 0\n"),
        (["-", "--memory", "-1"], "error: --timeout and --memory: expected more than 0\n"),
    ],
)
def test_a_mistake_of_the_caller_has_code_2_and_one_line(
    words: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1"))
    assert main(words) == 2
    assert capsys.readouterr().err == message


def test_the_layers_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--layers"])
    shown = capsys.readouterr().out
    assert "seccomp" in shown and ("NOT confined" in shown) == (code == 1)
