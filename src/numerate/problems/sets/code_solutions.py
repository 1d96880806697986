"""Solutions with programs: GSM8K programs (ReFT), transcripts of ToRA, and demonstrations of MARIO.

Each solution is a transcript in the format of `meta["tool_format"]`. Rows whose result is not the answer are
left out, and counted by `problems.table.left_out`."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from numerate.answers import grade
from numerate.problems.columns import question_answer
from numerate.problems.dataset import Dataset, Split
from numerate.problems.row import Row
from numerate.problems.sets import gsm8k
from numerate.tool_formats import MARIO, ToolFormat, get_format, shown_output
from numerate.tool_formats import TORA as TORA_FORMAT
from numerate.types import Problem

FLOATS = re.compile(r"(?<!/)/(?!/)|\d?\.\d")
"""what makes a result a float: a division, or a decimal point"""
HEAD = re.compile(r"^(Question|Thought|Action|Action Input|Observation|Final Answer):[ \t]*", re.MULTILINE)
END = "<Solution complete>"
LONGEST = 10_000
"""characters of an output that are kept"""


# -- GSM8K ----------------------------------------------------------------------
def read_program(row: Row, format: ToolFormat = TORA_FORMAT) -> Problem:
    """Reads a program and its recorded result as a call, its output and the answer."""
    answer = row.number("answer")
    program = flat_program(row.text("code"))
    output = printed(program, float(row.number("code_result")))
    transcript = f"{format.call(program)}{format.insert(output)}#### {answer}"
    problem = question_answer(Row(row.where, {**row.fields, "answer": answer, "solution": transcript}))
    meta = {key: value for key, value in problem.meta.items() if not key.startswith("code")}
    return replace(problem, kind="number", meta={**meta, "tool_format": format.name})


def result_is_answer(row: Row) -> bool:
    """Checks whether the recorded result is the answer, up to the rounding of floats."""
    answer = float(row.number("answer"))
    try:
        result = float(row.number("code_result"))
    except ValueError:
        return False
    return row.value("code_matches_answer") is not False and abs(answer - result) <= 1e-6 * max(
        1, abs(answer)
    )


def flat_program(code: str) -> str:
    """Returns the statements of `def solution()`, without its docstring (the question again), and with a
    print in place of its only return; another program as it is, with a call of it.

    >>> flat_program('def solution():\\n    \"\"\"How many?\"\"\"\\n    apples = 2 + 3\\n    return apples')
    'apples = 2 + 3\\nprint(apples)'
    """
    called = f"{code.rstrip()}\nprint(solution())"
    try:
        (function,) = ast.parse(code).body
    except (SyntaxError, ValueError):  # no Python, or several statements
        return called
    returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    if not isinstance(function, ast.FunctionDef) or returns != function.body[-1:] or not returns[0].value:
        return called
    first = function.body[ast.get_docstring(function) is not None]
    lines = code.splitlines()[first.lineno - 1 : returns[0].lineno - 1]
    return "\n".join([textwrap.dedent("\n".join(lines)), f"print({ast.unparse(returns[0].value)})"]).lstrip(
        "\n"
    )


def printed(program: str, result: float) -> str:
    """Returns a recorded result as the program prints it: an integer where it computes with integers."""
    return repr(result) if FLOATS.search(program) or result % 1 else str(int(result))


def configured(options: Mapping[str, str]) -> Dataset:
    """Returns the GSM8K programs in another format, or the same problems with GSM8K's own solutions.

    Raises ValueError for another option or value."""
    if options == {"solution": "text"}:
        return replace(GSM8K_PROGRAMS, read=read_text())
    rest = {key: value for key, value in options.items() if (key, value) != ("solution", "program")}
    if set(rest) - {"tool_format"} or rest.get("tool_format", "tora") not in ("mario", "tora"):
        written = ", ".join(f"{key}={value}" for key, value in options.items())
        raise ValueError(f"gsm8k-programs({written}): give solution=text, or tool_format=mario or tora")
    format = get_format(rest.get("tool_format", "tora"))
    return replace(GSM8K_PROGRAMS, read=partial(read_program, format=format))


def read_text() -> Callable[[Row], Problem]:
    """Returns the reader of the same problems with the solutions of `gsm8k/train`, which is read once."""
    texts: dict[str, str] = {}

    def read(row: Row) -> Problem:
        if not texts:
            texts.update((problem.id, problem.solution) for problem in gsm8k.SET.problems("train"))
        problem = read_program(row)
        if problem.id not in texts:
            raise row.wrong("id", "the id of a problem of gsm8k/train")
        meta = {key: value for key, value in problem.meta.items() if key != "tool_format"}
        return replace(problem, solution=texts[problem.id], meta=meta)

    return read


# -- ToRA ----------------------------------------------------------------------
def read_tora(row: Row) -> Problem:
    """Reads a transcript of ToRA."""
    problem = question_answer(row)
    return replace(problem, kind="math", meta={**problem.meta, "tool_format": TORA_FORMAT.name})


def ends_in_answer(row: Row) -> bool:
    """Checks whether a transcript of ToRA ends in the problem's answer."""
    problem = read_tora(row)
    return grade(problem.solution, problem).correct


# -- MARIO ----------------------------------------------------------------------
def read_react(row: Row) -> Problem:
    """Reads a demonstration in ReAct's form (Thought, Action Input, Observation) as a transcript of MARIO.

    Where all braces are doubled, the text was a template of Python's `str.format`: they become single."""
    texts = {name: row.text(name) for name in ("text", "question", "answer")}
    if not re.search(r"[{}]", texts["text"].replace("{{", "").replace("}}", "")):
        texts = {name: text.replace("{{", "{").replace("}}", "}") for name, text in texts.items()}
    own = texts.pop("text").partition(END)[0]
    answer = texts["answer"].removeprefix("Answer:").strip().strip("$")
    fields = {**row.fields, **texts, "answer": answer, "solution": react_transcript(own, answer)}
    problem = question_answer(Row(row.where, {key: value for key, value in fields.items() if key != "text"}))
    return replace(problem, kind="math", meta={**problem.meta, "tool_format": MARIO.name})


def react_transcript(text: str, answer: str) -> str:
    """Returns the steps of a demonstration in MARIO's format: thoughts within <p>, calls, outputs, and the
    answer."""
    _, *rest = HEAD.split(text)
    made: list[str] = []
    for name, body in zip(rest[::2], rest[1::2], strict=True):
        body = body.strip()
        if name == "Thought":
            made.append(f"<p>\n{body}\n</p>\n")
        elif name == "Action Input":
            program = body.removeprefix("```python").removesuffix("```").strip("\n")
            made.append(MARIO.call(program))
        elif name == "Observation":
            made.append(MARIO.insert(shown_output(body, "", LONGEST)))
        elif name == "Final Answer":
            made.append(f"Final Answer: ${answer}$")
    return "".join(made)


FOLDER = "code_solutions"
GSM8K_PROGRAMS = Dataset(
    name="gsm8k-programs",
    about="GSM8K problems with a program and its result as solutions",
    splits={"train": Split((f"{FOLDER}/gsm8k_train_python.jsonl",), kind="train", usable=result_is_answer)},
    read=read_program,
    configure=configured,
)
TORA = Dataset(
    name="tora-examples",
    about="transcripts of ToRA on MATH, with programs and their outputs",
    splits={"train": Split((f"{FOLDER}/tora_corpus_examples.jsonl",), kind="train", usable=ends_in_answer)},
    read=read_tora,
)
MARIO_SHOTS = Dataset(
    name="mario-shots",
    about="demonstrations of MARIO on MATH, in its own format",
    splits={"train": Split((f"{FOLDER}/mario_react_fewshots.jsonl",), kind="train")},
    read=read_react,
)
