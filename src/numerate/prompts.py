"""Prompt styles: the prompt of a problem, and the target text of its solution.

    render(problem, style, shots) -> Prompt        target(problem, style) -> str

Prompt text followed by target text is one training row, in every style. `shots` are solved problems before
the question, in the same style. Earlier turns of a conversation (`meta["history"]`) are placed between them
and the question.

    plain   the question alone                        ends with #### 24
    qa      Question: ... Answer:                     ends with #### 24
    cot     the question and an instruction           ends with #### 24
    boxed   the question and an instruction           ends with \\boxed{24}
    chat    as boxed, inside the model's template     ends with \\boxed{24}
    mario   Question: ... Solution:                   ends with Final Answer: 24

The solution of a problem with `meta["tool_format"]` is a transcript (`numerate.tool_formats`): programs and
outputs stay as they are, and the mark is added to the text behind the last one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from numerate import answers
from numerate.answers.text.boxes import find_boxes, without_boxes
from numerate.tool_formats import get_format, last_words
from numerate.types import Problem, Prompt, Turn

HASHED = re.compile(r"^\s*####[ \t]*(\S.*)$", re.MULTILINE)
FINAL = re.compile(r"Final Answer:[ \t]*(\S.*)$")
STEPS = "Reason step by step."
CHOOSE = "the letter of the right choice"


@dataclass(frozen=True, slots=True)
class Style:
    """A prompt style."""

    ask: Callable[[Problem], str]
    """the text of the prompt"""
    finish: Callable[[Problem], str]
    """the solution, with its answer marked as in this style"""
    lead: str = ""
    """text between prompt and solution; part of the solution"""
    chat: bool = False
    earlier: str = "{}\n"
    """format of an earlier question of a conversation, without a chat template"""


def render(problem: Problem, style: str = "plain", shots: Sequence[Problem] = (), system: str = "") -> Prompt:
    """Returns the prompt for a problem.

    Args:
        problem: the problem.
        style: a name of `STYLES`.
        shots: solved problems that come first, each as its own prompt with its target.
        system: the system message of the chat style.

    Raises:
        ValueError: the style is unknown, a shot has no solution, or another style has a system message.
    """
    chosen = _style(style)
    if chosen.chat:
        return Prompt(problem.id, tuple(_chat_turns(problem, chosen, shots, system)), chat=True)
    if system:
        raise ValueError(f"prompt style {style!r} has no system message: use the style chat, or leave it out")
    before = "".join(f"{chosen.ask(shot)}{target(shot, style)}\n\n" for shot in shots)
    return Prompt(problem.id, (Turn("user", before + earlier_turns(problem, chosen) + chosen.ask(problem)),))


def earlier_turns(problem: Problem, style: Style) -> str:
    """Returns the turns before a problem's question as text: in the style's layout, without its instruction;
    other turns (a system message) as they are.

    >>> turns = [{"role": "user", "content": "What is 2+3?"}, {"role": "assistant", "content": "5"}]
    >>> earlier_turns(Problem("1", "And twice that?", "10", meta={"history": turns}), STYLES["qa"])
    'Question: What is 2+3?\\nAnswer: 5\\n\\n'
    """
    forms = {"user": style.earlier, "assistant": f"{style.lead}{{}}\n\n"}
    turns = problem.meta.get("history", ())
    return "".join(forms.get(t["role"], "{}\n\n").replace("{}", t["content"].strip()) for t in turns)


def style_of(style: str, problems: Iterable[Problem]) -> str:
    """Returns the style as part of identities: with a mark where earlier turns are text, which earlier
    versions left out."""
    if _style(style).chat or not any(problem.meta.get("history") for problem in problems):
        return style
    return f"{style} with earlier turns"


def target(problem: Problem, style: str = "plain") -> str:
    """Returns the reference solution as the target of a training row, its answer marked at the end.

    The mark is added where the solution lacks it or marks something else: an intermediate box is removed, a
    last line `#### 5` gets the problem's own answer.

    Raises:
        ValueError: the problem has no solution.
    """
    chosen = _style(style)
    if not problem.solution.strip():
        raise ValueError(
            f"problem {problem.id!r} ({problem.source or 'no source'}) has no solution to train on: "
            "choose a problem set with solutions, or a method that samples its own"
        )
    if problem.meta.get("tool_format") is None:
        return chosen.lead + chosen.finish(problem)
    done, text = last_words(get_format(problem.meta["tool_format"]), problem.solution.strip())
    blank = text[: len(text) - len(text.lstrip())] or ("\n" if done and not done.endswith("\n") else "")
    return chosen.lead + done + blank + chosen.finish(replace(problem, solution=text))


def with_prefix(prompt: Prompt, text: str) -> Prompt:
    """Returns the prompt with the beginning of its solution as an open turn of the assistant."""
    return replace(prompt, turns=(*prompt.turns, Turn("assistant", text)))


def plain_prompt(problem: Problem) -> str:
    """Returns the question, and a line per choice where it has choices.

    >>> plain_prompt(Problem("1", "Which is prime?", "B", choices=(("A", "4"), ("B", "5"))))
    'Which is prime?\\n(A) 4\\n(B) 5\\n'
    """
    lines = [problem.question.strip(), *(f"({letter}) {text}" for letter, text in problem.choices)]
    return "\n".join(lines) + "\n"


def qa_prompt(problem: Problem) -> str:
    """Returns question and answer by name, the form that base models know best. It ends without a space: the
    space belongs to the first word of the answer, as tokenizers cut text.

    >>> qa_prompt(Problem("1", "What is 2+3?", "5"))
    'Question: What is 2+3?\\nAnswer:'
    """
    return f"Question: {plain_prompt(problem)}Answer:"


def cot_prompt(problem: Problem) -> str:
    """Returns the question, then the instruction to reason and to end with `#### answer`.

    >>> cot_prompt(Problem("1", "What is 2+3?", "5"))
    'What is 2+3?\\n\\nReason step by step. End with a line that holds #### and the final answer.\\n'
    """
    answer = CHOOSE if problem.choices else "the final answer"
    return f"{plain_prompt(problem)}\n{STEPS} End with a line that holds #### and {answer}.\n"


def boxed_prompt(problem: Problem) -> str:
    """Returns the question, then the instruction to reason and to put the answer into a box.

    >>> boxed_prompt(Problem("1", "What is 2+3?", "5"))
    'What is 2+3?\\n\\nReason step by step. Put the final answer into \\\\boxed{}.\\n'
    """
    answer = CHOOSE if problem.choices else "the final answer"
    return f"{plain_prompt(problem)}\n{STEPS} Put {answer} into \\boxed{{}}.\n"


def chat_prompt(problem: Problem) -> str:
    """Returns the turn of the user: as boxed, without the last line break. The model's template goes around
    it.

    >>> chat_prompt(Problem("1", "What is 2+3?", "5"))
    'What is 2+3?\\n\\nReason step by step. Put the final answer into \\\\boxed{}.'
    """
    return boxed_prompt(problem).rstrip("\n")


def mario_prompt(problem: Problem) -> str:
    """Returns question and solution by name, as MARIO writes them.

    >>> mario_prompt(Problem("1", "What is 2+3?", "5"))
    'Question: What is 2+3?\\n\\nSolution:\\n\\n'
    """
    return f"Question: {plain_prompt(problem)}\nSolution:\n\n"


def hashed_end(problem: Problem) -> str:
    """Returns the solution with `#### answer` as its last line.

    >>> hashed_end(Problem("1", "What is 2+3?", "5", solution="2+3=<<2+3=5>>5"))
    '2+3=<<2+3=5>>5\\n#### 5'
    """
    solution = problem.solution.strip()
    before, _, last = solution.rpartition("\n")
    marked = HASHED.match(last)
    if marked is None:
        return f"{solution}\n#### {problem.answer}".lstrip("\n")
    if not problem.answer or answers.decide_strict(marked[1], problem.answer, problem.kind).equal:
        return solution
    return f"{before}\n#### {problem.answer}".lstrip("\n")


def boxed_end(problem: Problem) -> str:
    """Returns the solution with its answer in a box; a line `#### 5` becomes `\\boxed{5}`.

    >>> boxed_end(Problem("1", "What is 2+3?", "5", solution="2+3=5\\n#### 5"))
    '2+3=5\\n\\\\boxed{5}'
    """
    solution = problem.solution.strip()
    if find_boxes(solution):
        if not problem.answer or _ends_in_its_box(problem):
            return solution
        solution = without_boxes(solution)
    return f"{HASHED.sub('', solution).rstrip()}\n\\boxed{{{problem.answer}}}".lstrip("\n")


def final_end(problem: Problem) -> str:
    """Returns the solution with `Final Answer: 5` as its last line, in place of other marks.

    >>> final_end(Problem("1", "What is 2+3?", "5", solution="2+3=5\\n#### 5"))
    '2+3=5\\nFinal Answer: 5'
    """
    solution = problem.solution.strip()
    before, _, last = solution.rpartition("\n")
    marked = FINAL.match(last)
    if marked is None:
        before = solution
    elif not problem.answer or answers.decide_strict(marked[1], problem.answer, problem.kind).equal:
        return solution
    text = without_boxes(HASHED.sub("", before)).rstrip()
    return f"{text}\nFinal Answer: {problem.answer}".lstrip("\n")


def _ends_in_its_box(problem: Problem) -> bool:
    """Checks whether the solution's own box is what the grader reads, and holds the problem's answer."""
    answer, source = answers.find(problem.solution, problem.kind, problem.choices)
    return (
        source == "box"
        and answer is not None
        and answers.decide_strict(answer, problem.answer, problem.kind).equal
    )


STYLES: dict[str, Style] = {
    "plain": Style(plain_prompt, hashed_end),
    "qa": Style(qa_prompt, hashed_end, lead=" ", earlier="Question: {}\nAnswer:"),
    "cot": Style(cot_prompt, hashed_end),
    "boxed": Style(boxed_prompt, boxed_end),
    "chat": Style(chat_prompt, boxed_end, chat=True),
    "mario": Style(mario_prompt, final_end, earlier="Question: {}\n\nSolution:\n\n"),
}


def evaluation_prompt(problem: Problem, solution: str) -> tuple[str, str]:
    """Returns the prompt of a generative evaluator, which continues with ` correct` or ` incorrect` (Liu et
    al. 2023, arXiv:2310.10047, section 3.2), in two parts: the common one of all solutions of a problem, and
    the rest. It ends without a space: tokenizers make the space a part of the next word.

    >>> "".join(evaluation_prompt(Problem("1", "What is 2+3?", "5"), "2+3=5"))[:70]
    'Here is a math problem: What is 2+3?. Here is a candidate solution: 2+'
    """
    question = f"{earlier_turns(problem, STYLES['plain'])}{plain_prompt(problem).strip()}"
    common = f"Here is a math problem: {question}. Here is a candidate solution:"
    return common, f" {solution.strip()}. The above candidate solution is"


def _style(name: str) -> Style:
    if name not in STYLES:
        raise ValueError(f"there is no prompt style {name!r}: choose one of {', '.join(STYLES)}")
    return STYLES[name]


def _chat_turns(problem: Problem, style: Style, shots: Sequence[Problem], system: str) -> Iterable[Turn]:
    """Yields the system message, the shots as earlier exchanges, the problem's own earlier turns, the
    question."""
    if system:
        yield Turn("system", system)
    for shot in shots:
        yield Turn("user", style.ask(shot))
        yield Turn("assistant", target(shot, "chat"))
    for turn in problem.meta.get("history", ()):
        if turn["role"] != "system" or not system:
            yield Turn(turn["role"], turn["content"])
    yield Turn("user", style.ask(problem))
