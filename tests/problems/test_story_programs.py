"""Stories whose solutions are programs: what they print, what they are called, and how long they are."""

from __future__ import annotations

import ast
import contextlib
import io
from dataclasses import replace
from pathlib import Path

import pytest
from transformers import AutoTokenizer

import numerate.assets
from numerate.answers import grade
from numerate.problems import is_generated, is_test_split, load
from numerate.problems.stories import DEFAULTS, SPLITS, generate
from numerate.problems.stories.programs import program_of, with_program
from numerate.tool_formats import FORMATS, parse_turn, split_transcript
from numerate.types import Problem

LINES = ("Lucy=9*5", "Ryan=Lucy+41", "Ella=Ryan-2", "print(Ella)")


def run(program: str) -> str:
    """Returns what a program prints. Only programs of this package are run here."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(program, "program", "exec"), {})
    return out.getvalue()


def made(numbers: dict[str, str], steps: list[tuple[str, str, str]], lines: list[str]) -> Problem:
    """Returns a story with this graph; steps: id, formula, value."""
    graph = [{"id": key, "value": value, "expr": None, "relevant": True} for key, value in numbers.items()]
    graph += [{"id": key, "value": value, "expr": expr, "relevant": True} for key, expr, value in steps]
    answer = steps[-1][2]
    solution = "\n".join([*lines, f"#### {answer}"])
    meta = {"graph": graph, "answer_node": steps[-1][0]}
    return Problem("s", "?", answer, solution, "number", meta=meta)


def test_variables_may_be_letters():
    for problem in load("stories(magnitude=3, solution=program, variables=letters)/train[:40]"):
        [program] = [
            part for part, written in split_transcript(FORMATS["tora"], problem.solution) if written
        ][:1]
        code = parse_turn(FORMATS["tora"], program, True).code
        assert code and run(code).strip() == problem.answer
        assert code.startswith("a=") and {
            n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name)
        } <= {
            *"abcdefghijkl",
            "print",
            "round",
        }
    with pytest.raises(ValueError, match="variables=x: give words or letters"):
        load("stories(solution=program, variables=x)/train[:1]")


@pytest.mark.parametrize("magnitude", [1, 2, 3])
@pytest.mark.parametrize("split", SPLITS)
def test_every_program_prints_the_answer(split: str, magnitude: int):
    count = 60 if split == "test-longer" else 120
    for problem in generate(split, 0, count, knobs=replace(DEFAULTS[split], magnitude=magnitude)):
        program = program_of(problem)
        assert run(program) == f"{problem.answer}\n", program
        names = [line.partition("=")[0] for line in program.splitlines()[:-1]]
        assert len(names) == problem.meta["steps"]
        assert all(name.isidentifier() for name in names), program


def test_quantities_are_named_by_the_words_of_the_solution():
    assert program_of(load("stories/test[9:10]")[0]) == "\n".join(LINES)


@pytest.mark.parametrize("name", ["mario", "tora"])
def test_a_transcript_is_a_call_its_output_and_the_answer(name: str):
    format = FORMATS[name]
    problem = load(f"stories(solution=program, tool_format={name})/test[9:10]")[0]
    assert list(split_transcript(format, problem.solution)) == [
        (format.call("\n".join(LINES)), True),
        (format.insert("84"), False),
        ("#### 84", True),
    ]
    assert parse_turn(format, format.call("\n".join(LINES)), stopped=True).code == "\n".join(LINES)
    assert problem.meta["tool_format"] == name
    plain = load("stories/test[9:10]")[0]
    assert (problem.id, problem.question, problem.answer) == (plain.id, plain.question, plain.answer)
    assert grade(problem.solution, problem).correct


def test_large_numbers_stay_exact():
    large = 10**30 + 1
    steps = [("n2", "n1*6", str(large * 6)), ("n3", "n2*50/100", str(large * 3)), ("n4", "n3/3", str(large))]
    lines = [f"Tom had 1*6=<<1*6=6>>6 {word}." for word in ("apples", "pears", "plums")]
    program = program_of(made({"n1": str(large)}, steps, lines))
    assert program == f"apples={large}*6\npears=apples*50//100\nplums=pears//3\nprint(plums)"
    assert run(program) == f"{large}\n"


def test_cents_are_rounded_when_printed_alone():
    steps = [("n3", "n1*n2", "0.3"), ("n4", "(n3+n2)/2", "1.65")]
    lines = ["The pens cost 1=<<1=1>>1 dollars.", "The average was 1=<<1=1>>1 dollars."]
    program = program_of(made({"n1": "0.1", "n2": "3"}, steps, lines))
    assert program == "pens=0.1*3\naverage=(pens+3)/2\nprint(round(average,2))"
    assert run(program) == "1.65\n"
    whole = made({"n1": "2.5", "n2": "4"}, [("n3", "n1*n2", "10")], lines[:1])
    assert program_of(whole) == "pens=2.5*4\nprint(round(pens))"


def test_a_name_is_used_again_only_where_its_value_is_not_needed():
    lines = ["They took 1=<<1=1>>1 minutes."] * 3
    reused = made({"n1": "2"}, [("n2", "n1*2", "4"), ("n3", "n2+1", "5"), ("n4", "n3+1", "6")], lines)
    assert program_of(reused) == "took=2*2\nminutes=took+1\ntook=minutes+1\nprint(took)"
    needed = made({"n1": "2"}, [("n2", "n1*2", "4"), ("n3", "n2+1", "5"), ("n4", "n3+n2", "9"),
                                ("n5", "n2+n3+n4", "18")], [*lines, lines[0]])  # fmt: skip
    assert run(program_of(needed)) == "18\n"


def test_names_are_never_those_of_python():
    words = ["print", "round", "for", "class", "sum", "max"]
    lines = [f"{word} 1=<<1=1>>1 {word}." for word in words]
    steps = [(f"n{n + 2}", "n1*2", "4") for n in range(len(words))]
    program = program_of(made({"n1": "2"}, steps, lines))
    assert run(program) == "4\n"
    bound = {node.id for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Name)}
    assert not {"round", "sum", "max"} & bound


def test_transcripts_are_shorter_than_text():
    """On average over stories, in tokens of the bundled model; the longest of a one-step story is 1.5."""
    tokenizer = AutoTokenizer.from_pretrained(Path(numerate.assets.__file__).parent / "pico")
    for name in ("mario", "tora"):
        pairs = [(p.solution, with_program(p, name).solution) for p in load("stories/train[:300]")]
        lengths = [[len(tokenizer(text).input_ids) for text in pair] for pair in pairs]
        assert sum(program for _, program in lengths) < 0.7 * sum(text for text, _ in lengths)
        assert max(program / text for text, program in lengths) < 1.5


# -- options ----------------------------------------------------------------------
def test_options_are_the_knobs():
    name = "stories(steps=2-3, magnitude=3, distractors=0)/train[:30]"
    problems = load(name)
    knobs = replace(DEFAULTS["train"], steps=(2, 3), magnitude=3, distractors=0.0)
    assert problems == list(generate("train", 0, 30, knobs=knobs))
    assert is_generated(name) and not is_test_split(name)
    assert is_test_split("stories(magnitude=3)/test")
    assert load("stories(steps=1)/test[:3]")[2].meta["steps"] == 1
    assert load("stories(distractors=0)/test-templates[:3]") == (
        list(generate("test-templates", 0, 3, knobs=replace(DEFAULTS["test-templates"], distractors=0.0)))
    )
    assert load("stories(solution=text)/test[:3]") == load("stories/test[:3]")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("magnitude=9", "magnitude=9: give 1, 2 or 3"),
        ("magnitude=big", "magnitude=big: give a number"),
        ("steps=3-1", r"steps=\(3, 1\): give"),
        ("size=3", "no option 'size': choose from steps, magnitude, .* solution, tool_format"),
        ("solution=code", "solution=code: give text or program"),
        ("tool_format=mario", "tool_format=mario: give mario or tora, and solution=program"),
        ("solution=program, tool_format=chat", "tool_format=chat: give mario or tora"),
    ],
)
def test_wrong_options_are_named(options: str, message: str):
    with pytest.raises(ValueError, match=message):
        load(f"stories({options})/train[:1]")


def test_only_a_story_has_a_program():
    with pytest.raises(ValueError, match="'x' is no story"):
        with_program(Problem("x", "?", "1", "1"), "tora")
    with pytest.raises(ValueError, match="tool_format='chat': give mario or tora"):
        with_program(load("stories/test[:1]")[0], "chat")
