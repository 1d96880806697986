"""Which part of a response may hold its answer."""

from __future__ import annotations

from time import process_time

import pytest

from numerate.answers import Extracted, extract, find
from numerate.types import Kind

BEHIND_A_THOUGHT = [
    "<think>it is \\boxed{4}</think>\nThe answer is 5.",
    "<think>\n#### 4\n</think>\n\n5",
    "it is \\boxed{4}, so</think> \\boxed{5}",
    "<thinking>The answer is 4.</thinking> The answer is 5.",
    "<reasoning>4</reasoning><answer>5</answer>",
    "[THINK]The answer is 4.[/THINK]The answer is 5.",
    "◁think▷The answer is 4.◁/think▷The answer is 5.",
    "<|begin_of_thought|>#### 4<|end_of_thought|><|begin_of_solution|>#### 5<|end_of_solution|>",
    "<think>a</think> The answer is 4. <think>no</think> The answer is 5.",
    "<think>a <think>b</think> c</think> The answer is 5.",
    "<think>\n<think>\nThe answer is 4.</think>The answer is 5.",
    "<|channel|>analysis<|message|>It is 4.<|end|><|start|>assistant<|channel|>final<|message|>"
    "It is 5.<|return|>",
]


@pytest.mark.parametrize("text", BEHIND_A_THOUGHT)
def test_the_answer_stands_behind_the_last_finished_thought(text: str) -> None:
    assert extract(text, "number") == "5"


UNFINISHED = [
    "<think>The answer is 5.",
    "<think>first <think>second</think> so it is 5",
    "Let me see: 2 + 3. <think>The answer is 5.",
    "<|channel|>analysis<|message|>The answer is 5.",
    "<think>The answer is 5.</think>",
]


@pytest.mark.parametrize("text", UNFINISHED)
def test_a_thought_without_an_answer_behind_it_has_none(text: str) -> None:
    assert find(text, "number") == Extracted(None, "none")


@pytest.mark.parametrize(
    "opener",
    ["<think>", "<thinking>", "<reasoning>", "<reflection>", "<seed:think>", "[THINK]", "◁think▷",
     "<|begin_of_thought|>", "<|channel|>analysis<|message|>"],
)  # fmt: skip
def test_every_spelling_of_a_thought_may_be_read_unfinished(opener: str) -> None:
    text = f"{opener} The answer is 5."
    assert extract(text) is None and extract(text, unfinished=True) == "5"


def test_an_unfinished_thought_is_read_where_that_is_wanted() -> None:
    assert extract("<think>The answer is 5.", "number", unfinished=True) == "5"
    assert extract("<think>2+3=5\n#### 5", "math", unfinished=True) == "5"


FINISHED = [
    "6*7=42\n#### 42\n\nQuestion: What is 1+1?\nAnswer: 1+1=2\n#### 2",
    "The answer is 42.\n\nQ: What is 1+1?\nA: 2",
    "The answer is 42.</s> The answer is 2.",
    "The answer is 42.<|im_end|>\n<|im_start|>user\nAnd 1+1?<|im_end|>\n"
    "<|im_start|>assistant\nThe answer is 2.",
    "The answer is 42.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nThe answer is 2?",
    "The answer is 42.\n\n### Instruction:\nAdd 1 and 1.\n\n### Response:\nThe answer is 2.",
    "The answer is 42.\nUser: and 1+1?\nAssistant: The answer is 2.",
    "The answer is 42. USER: and 1+1? ASSISTANT: The answer is 2.",
    "#### 42\n#### 42\n#### 2",
    "Es bleiben also 42 Schüler.\n\nFrage: Was ist 1+1?\nAntwort: 2",
]


@pytest.mark.parametrize("text", FINISHED)
def test_what_follows_a_finished_answer_is_not_the_answer(text: str) -> None:
    assert extract(text, "number") == "42"


def test_a_question_that_is_restated_first_cuts_nothing() -> None:
    assert extract("Question: What is 2+2?\nAnswer: 4", "number") == "4"
    assert extract("Given: 5 apples.\n\nQuestion: How many are left of them?\n\nAnswer: 3", "number") == "3"


def test_a_correction_is_the_answer() -> None:
    assert extract("#### 1\nWait, that is wrong.\n#### 2", "number") == "2"
    assert extract("The answer is 20. No, that's wrong. So it is 16.", "number") == "16"
    assert extract("\\boxed{20} is wrong; the answer is 16.") == "16"


TOOLS = [
    ("```python\nx = 7\nprint(x)\n```\n```output\n42\n```\nSo there are 42 of them.", "42", "last"),
    ("```python\nprint(6*7)\n```\n```output\n42\n```", "42", "output"),
    ("<code>print(7)</code>\nOutput: 42\n", "42", "output"),
    ("```python\nprint(7)\n```", None, "none"),
    ("x_total = 7\ny_total = 8\nanswer_total = x_total + y_total", None, "none"),
    ("The answer is 42.\n```python\nprint(7)\n```", "42", "phrase"),
    ("```\nThe answer is 42.\n```", "42", "phrase"),
]


PROGRAM = "```python\nprint(6*7)\n```\n```output\n{}\n```\n"
EPISODES = [
    (PROGRAM.format(42) + "Done.", "42", "output"),
    ("I add 3 and 5.\n" + PROGRAM.format(42), "42", "output"),
    ("I add them.\n" + PROGRAM.format(42) + "So there are\n43 of them.", "43", "math"),
    (PROGRAM.format(42) + "\\sqrt{x}", "\\sqrt{x}", "bare"),
    (PROGRAM.format(True) + "yes", "yes", "bare"),
    (PROGRAM.format("NameError: name 'x' is not defined") + "Done.", None, "none"),
    (
        PROGRAM.format(41) + PROGRAM.format("7\nsympy.core.SympifyError: x") + "So there are\n8 of them.",
        "8",
        "math",
    ),
    (PROGRAM.format(41) + PROGRAM.format("TimeoutError: ran longer than 5 s"), None, "none"),
    (PROGRAM.format("(no output)") + "Done.", None, "none"),
    ("I add 3 and 5.\n```python\nprint(3 + 5", None, "none"),
    ("I add 3 and 5.\n```python\nprint(3 + 5)\n```\n```output", None, "none"),
    (PROGRAM.format(41) + "I add 3 and 5.\n```python\nprint(3 + 5)\n```\n```output", None, "none"),
    ("I add 3 and 5.\n```python\nprint(3 + 5)\n```\n```output\n", None, "none"),
    (PROGRAM.format(41) + "x = 3 + 5\n```output", None, "none"),
    ("I add 3 and 5.\n<code>\nprint(3 + 5)\n</code>", None, "none"),
    ('I add 3 and 5.\n<tool_call>\n{"name": "python", "arguments": {}}\n</tool_call>', None, "none"),
    ("\\boxed{42}\n" + PROGRAM.format("NameError: x") + "Done.", "42", "box"),
    ("He counts them:\nthere are 42 <code>apples</code>", "42", "math"),
    ("There are 42 apples. In Python:\n```python\nprint(6 * 7)\n```", "42", "math"),
]


@pytest.mark.parametrize(("text", "answer", "source"), EPISODES)
def test_an_episode_ends_in_what_it_says_or_printed_last(text: str, answer: str | None, source: str) -> None:
    """A remark on an output is no answer, nor is an error, or what stands before a call that nothing
    answered."""
    assert find(text, "math") == (answer, source)


@pytest.mark.parametrize(("text", "answer", "source"), TOOLS)
def test_code_says_nothing_and_its_output_only_where_nothing_else_does(
    text: str, answer: str | None, source: str
) -> None:
    assert find(text, "number") == (answer, source)


@pytest.mark.parametrize(
    "text",
    [
        '{"answer": 42}',
        '```json\n{"answer": "42"}\n```',
        "{'final_answer': 42}",
        '{"steps": "7", "answer": "42"}',
    ],
)
def test_json_holds_the_answer_in_its_field(text: str) -> None:
    assert find(text, "number") == ("42", "tag")


@pytest.mark.parametrize("text", ['{"steps": ["4*6=24"], "ans', '{"answer": "', '{"problem_id": 12, "ans'])
def test_json_that_breaks_off_has_no_answer(text: str) -> None:
    assert extract(text, "number") is None


LONG = [
    "x" + "__" * 50_000,
    "x_1" * 33_000 + "\n#### 4",
    "x" + "+#### if " * 11_000,
    "x" + "because log_#### " * 6_000,
    "#### " + "\\[" * 50_000 + "Answer: 4",
    "# ```\n" * 16_000,
    "#### " + "**\n" * 33_000,
    "5% \\(" * 16_000 + "Answer: 4",
]


@pytest.mark.parametrize("text", LONG)
@pytest.mark.parametrize("kind", ["math", "choice"])
def test_long_texts_take_no_longer_than_their_length(text: str, kind: Kind) -> None:
    begun = process_time()
    find(text, kind, (("A", "1"), ("B", "2")) if kind == "choice" else ())
    assert process_time() - begun < 1.0  # it was between 1 and 20 seconds
