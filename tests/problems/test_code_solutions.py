"""Solutions with programs from GSM8K, ToRA and MARIO, and the column `tool_format` of any file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numerate.answers import grade
from numerate.problems import is_test_split, left_out, load
from numerate.problems.sets.code_solutions import flat_program, printed, react_transcript
from numerate.tool_formats import FORMATS, parse_turn, split_transcript
from numerate.types import Problem
from tests.command_line import call

PROGRAM = """def solution():
    '''How many?'''
    apples = 2 * 3
    # all
    return apples"""
FLAT = "apples = 2 * 3\n# all\nprint(apples)"
ROW = {"id": "a", "question": "How many?", "answer": "6", "code": PROGRAM, "code_result": 6.0}
COUNTS = {
    "gsm8k-programs/train": (1821, 0, 1821),
    "gsm8k-programs(tool_format=mario)/train": (1821, 0, 1821),
    "tora-examples/train": (29, 1, 24),
    "mario-shots/train": (22, 0, 42),
}
"""problems, rows left out, outputs"""


def outputs(problem: Problem) -> list[str]:
    parts = split_transcript(FORMATS[problem.meta["tool_format"]], problem.solution)
    return [text for text, trained in parts if not trained]


def put(folder: Path, rows: list[dict[str, Any]], name: str = "gsm8k_train_python") -> None:
    path = folder / "code_solutions" / f"{name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.mark.parametrize("name", COUNTS)
def test_every_solution_is_a_transcript_that_ends_in_the_answer(name: str, data_dir: Path):
    problems = load(name)
    assert (len(problems), left_out(name), sum(len(outputs(p)) for p in problems)) == COUNTS[name]
    assert not is_test_split(name)
    for problem in problems:
        assert grade(problem.solution, problem).correct, problem.id
        format = FORMATS[problem.meta["tool_format"]]
        *calls, last = [text for text, trained in split_transcript(format, problem.solution) if trained]
        turns = [parse_turn(format, text, stopped=True) for text in calls]
        assert all(turn.code and not turn.flaw for turn in turns), problem.id
        assert parse_turn(format, last, stopped=False).flaw is None


@pytest.mark.parametrize(
    ("name", "solution"),
    [
        (
            "gsm8k-programs/train",
            f"```python\n{FLAT}\n```\n```output\n6\n```\n#### 6",
        ),
        (
            "gsm8k-programs(tool_format=mario)/train[0:1]",
            f"<code>\n{FLAT}\n</code>\n<output>\n6\n</output>\n#### 6",
        ),
    ],
)
def test_a_program_becomes_a_call_with_its_result(
    name: str, solution: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NUMERATE_DATA", str(tmp_path))
    put(tmp_path, [ROW])
    (problem,) = load(name)
    assert (problem.id, problem.answer, problem.kind, problem.solution) == ("a", "6", "number", solution)


def test_the_same_problems_have_solutions_in_text(data_dir: Path):
    programs, texts = load("gsm8k-programs/train"), load("gsm8k-programs(solution=text)/train")
    own = {problem.id: problem for problem in load("gsm8k/train")}
    for program, text in zip(programs, texts, strict=True):
        assert (program.id, program.question, program.answer) == (text.id, text.question, text.answer)
        assert text.solution == own[text.id].solution and "tool_format" not in text.meta
    assert load("gsm8k-programs(solution=program)/train") == programs


def test_rows_with_another_result_are_left_out_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NUMERATE_DATA", str(tmp_path))
    changes: list[dict[str, Any]] = [
        {"code_result": 7.0},
        {"code_result": None},
        {"code_matches_answer": False},
        {"code_result": 5.999999999},
        {"code_result": "Error"},
    ]
    put(tmp_path, [ROW, *({**ROW, "id": str(n), **change} for n, change in enumerate(changes))])
    assert [problem.id for problem in load("gsm8k-programs/train")] == ["a", "3"]
    assert left_out("gsm8k-programs/train") == left_out("gsm8k-programs/train[:1]") == 4
    assert left_out("stories/test") == 0
    shown = call("problems", "gsm8k-programs/train")
    assert "left out" in shown.stdout and "4, whose solution has another answer" in shown.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gsm8k-programs(tool_format=react)/train", "give solution=text, or tool_format=mario or tora"),
        ("gsm8k-programs(format=tora)/train", "give solution=text, or tool_format=mario or tora"),
        ("gsm8k-programs(solution=text, tool_format=tora)/train", "give solution=text, or"),
        ("gsm8k(tool_format=tora)/train", "'gsm8k' has no options"),
        ("gsm8k-programs(tool_format)/train", "write each once, as key=value"),
        ("gsm8k-programs(tool_format=tora, tool_format=mario)/train", "write each once"),
        ("gsm8k-program(tool_format=tora)/train", "did you mean gsm8k-programs"),
        ("gsm8k-programs(tool_format=tora)", "name one of its splits"),
    ],
)
def test_wrong_options_are_named(name: str, message: str):
    with pytest.raises(ValueError, match=message):
        load(name)


@pytest.mark.parametrize(
    "code",
    [
        "def solution():\n    if 1:\n        return 2\n    return 3",
        "import math\ndef solution():\n    return math.pi",
        "def solution():\n    return",
        "def solution(:",
        "x = 1",
    ],
)
def test_another_program_is_called_as_it_is(code: str):
    assert flat_program(code) == f"{code}\nprint(solution())"


def test_a_program_of_a_return_alone_prints_it():
    assert flat_program('def solution():\n    """a"""\n    return 2 + 3') == "print(2 + 3)"
    assert flat_program("def solution():\n    return 2 + 3\n") == "print(2 + 3)"


def test_a_result_is_written_as_the_program_prints_it():
    assert printed("x=3*2", 6.0) == "6"
    assert printed("x=12/2", 6.0) == "6.0"
    assert printed("x=12//2", 6.0) == "6"
    assert printed("x=1.5*4", 6.0) == "6.0"
    assert printed("x=f()", 6.5) == "6.5"


def test_a_demonstration_of_mario_becomes_its_own_format():
    text = (
        "Question: q\n\nThought: Half.\nThen: add.\n\nAction: python_interpreter\n\nAction Input: ```python\n"
        "print(1)\n```\n\nObservation: 1\n</output>\n\nThought: So it is.\n\nFinal Answer: $1$\n"
    )
    assert react_transcript(text, "1") == (
        "<p>\nHalf.\nThen: add.\n</p>\n<code>\nprint(1)\n</code>\n<output>\n1\n&lt;/output>\n</output>\n"
        "<p>\nSo it is.\n</p>\nFinal Answer: $1$"
    )


def test_a_row_of_two_demonstrations_is_the_first(data_dir: Path):
    problem = load("mario-shots/train")[13]
    assert problem.answer == "20\\sqrt{13}" and problem.solution.count("Final Answer") == 1


# -- the column of any file ----------------------------------------------------------------------
TRANSCRIPT = "<code>\nprint(6)\n</code>\n<output>\n6\n</output>\n#### 6"


@pytest.mark.parametrize(
    "row",
    [
        {"question": "How many?", "answer": "6", "solution": TRANSCRIPT, "tool_format": "mario"},
        {"problem": "How many?", "solution": TRANSCRIPT, "meta": {"tool_format": "mario"}},
        {"prompt": "How many?", "completion": TRANSCRIPT, "tool_format": "mario"},
        {"instruction": "How many?", "output": TRANSCRIPT, "tool_format": "mario"},
        {
            "messages": [
                {"role": "user", "content": "How many?"},
                {"role": "assistant", "content": TRANSCRIPT},
            ],
            "tool_format": "mario",
        },
    ],
    ids=lambda row: "-".join(row),
)
def test_the_column_of_any_file_is_kept(row: dict[str, Any], tmp_path: Path):
    (tmp_path / "mine.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "mine.parquet")
    for name in ("mine.jsonl", "mine.parquet"):
        (problem,) = load(str(tmp_path / name))
        assert problem.meta["tool_format"] == "mario"
        assert (problem.answer, problem.solution) == ("6", TRANSCRIPT)
        assert outputs(problem) == ["\n<output>\n6\n</output>\n"]


@pytest.mark.parametrize("value", ["react", "MARIO", 3, ["mario"]])
def test_another_name_is_refused_with_file_and_line(value: Any, tmp_path: Path):
    rows = [{"question": "q", "answer": "6"}, {"question": "r", "answer": "6", "tool_format": value}]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"mine.jsonl line 2, field 'tool_format': expected mario, tora or chat .*, found"
    ):
        load(str(tmp_path / "mine.jsonl"))


def test_an_empty_or_missing_name_is_none(tmp_path: Path):
    rows = [{"question": q, "answer": "6", "tool_format": value} for q, value in (("q", ""), ("r", None))]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert all("tool_format" not in problem.meta for problem in load(str(tmp_path / "mine.jsonl")))


def test_text_and_programs_of_the_same_problems_mix(data_dir: Path):
    mixed = load("stories/train[:5] + stories(solution=program)/train[:5] + stories/train[:5]")
    assert len(mixed) == 10 and len({problem.id for problem in mixed}) == 10
    assert sum(problem.meta.get("tool_format") == "tora" for problem in mixed) == 5
