"""What pico is made from: its tokenizer, its documents, its sums."""

from __future__ import annotations

import random
import re
from fractions import Fraction
from typing import Any

import pytest

from numerate.assets import corpus, facts, misread, tokenizer
from numerate.judges import Oracle
from numerate.models import tokenization
from numerate.problems import is_test_split, stories
from numerate.types import Prompt, Turn

TEXT = "Tom sold 48/2=<<48/2=24>>24 clips - 3.5% more.\nIs [GOOD] <code>\n```python\nprint(1)\n```\n#### 24"


@pytest.fixture(scope="module")
def tok() -> Any:
    return tokenizer.train_tokenizer((corpus.make_document(0, i) for i in range(300)), 700)


def test_digits_operators_and_verdicts_are_single_tokens(tok: Any) -> None:
    for piece in [*"0123456789+-*/", " correct", " incorrect", *tokenizer.TAGS, *tokenizer.WHOLE]:
        assert len(tok(piece, add_special_tokens=False).input_ids) == 1, piece
    assert len(tok("4821", add_special_tokens=False).input_ids) == 4


def test_text_comes_back_whole_from_prompt_and_target(tok: Any) -> None:
    """Control tokens vanish from decoded text; nothing else may, least of all what marks an answer."""
    prompt = tokenization.encode_prompt(tok, Prompt("p", (Turn("user", TEXT),)))
    target = tokenization.encode_target(tok, TEXT)
    assert prompt[0] == tok.bos_token_id and target[-1] == tok.eos_token_id
    assert prompt[1:] == target[:-1]
    assert tokenization.decode_ids(tok, prompt) == tokenization.decode_ids(tok, target) == TEXT


def test_a_solution_is_told_with_the_tokens_that_pico_read(tok: Any) -> None:
    """Reading (make_pico) and fine-tuning (encode_target) cut a text alike."""
    assert tok(TEXT).input_ids[1:] == tokenization.encode_target(tok, TEXT)[:-1]


def test_documents_are_the_same_every_time_and_differ() -> None:
    some = [corpus.make_document(7, i) for i in range(200)]
    assert some == [corpus.make_document(7, i) for i in range(200)]
    assert len(set(some)) == 200


def test_no_document_holds_a_problem_of_a_test_split_or_of_what_recipes_train_on() -> None:
    assert not is_test_split(f"stories/{corpus.SPLIT}")
    held = {p.question for split in ("train", "test", "validation") for p in stories.generate(split, 0, 400)}
    told = [corpus.make_document(0, i) for i in range(400)]
    assert not held & {text.split("\n")[0] for text in told}


def test_what_is_left_to_learn() -> None:
    made = list(stories.generate("train", 0, 1500))
    told = [(p, corpus.tell_story(random.Random(i), p)) for i, p in enumerate(made)]
    unsolved = [text for p, text in told if not corpus.is_solved(p)]
    assert len(unsolved) > 500 and all(text.split("\n")[1].startswith("Answer: ") for text in unsolved)
    texts = [corpus.make_document(0, i).split("\n") for i in range(1500)]
    after = [t[1] for t in texts if not t[0].startswith("Question: ") and "=" not in t[0]]
    assert 0.5 < sum(line.startswith("Answer: ") for line in after) / len(after) < 0.8
    r = random.Random(0)
    drawn = [corpus.training_story(r).meta["steps"] for _ in range(600)]
    assert 0 < sum(steps > 3 for steps in drawn) / len(drawn) < 0.1


def test_misread_relations_are_wrong_where_they_stand_and_right_from_there() -> None:
    oracle = Oracle()
    seen = 0
    for i, problem in enumerate(stories.generate("train", 0, 300)):
        told = misread.misread_solution(random.Random(i), problem, corpus.MISREAD, 1.0)
        if told is None or told == problem.solution:
            continue
        names = misread.by_line(problem)
        first = next(k for k, name in enumerate(names) if name in corpus.MISREAD)
        lines, right = told.split("\n"), problem.solution.split("\n")
        assert lines[:first] == right[:first] and lines[first] != right[first]
        for line in lines[:-1]:
            (left, result), *_ = re.findall(r"<<(.*)=(.*)>>", line)
            assert abs(calculated(left) - Fraction(result)) < Fraction(1, 10**6), line
        seen += oracle.judge(problem, told).steps[first].label == "wrong"
    assert seen > 100


def test_the_late_texts_misread_more_often_than_not() -> None:
    told = [corpus.tell_misread(random.Random(i)) for i in range(300)]
    solved = [text for text in told if "Answer: " not in text.split("\n")[1]]
    assert 200 < len(solved) < 300
    r = random.Random(0)
    made = [
        (p, misread.misread_solution(r, p, corpus.MISREAD, 0.6)) for p in stories.generate("train", 0, 400)
    ]
    kept = [s != p.solution for p, s in made if s is not None]
    assert len(kept) > 300 and 0.4 < sum(kept) / len(kept) < 0.7


def calculated(left: str) -> Fraction:
    if inner := re.match(r"\((.*)\)", left):
        left = f"{value(inner[1])}{left[inner.end() :]}"
    total, sign = Fraction(0), 1
    for part in re.split(r"([+-])", left):
        if part in "+-":
            sign = 1 if part == "+" else -1
        else:
            total += sign * value(part)
    return total


def test_made_up_names_replace_a_name_everywhere() -> None:
    text = "Tom had 3 pens. Tom's friend Mia had 4.\nTom and Mia had 3+4=7 pens."
    new = [corpus.rename_people(random.Random(i), text) for i in range(50)]
    changed = [t for t in new if t != text]
    assert 5 < len(changed) < 30
    for t in changed:
        words = re.findall(r"[A-Z][a-z]+", t)
        assert "Tom" not in words and "Mia" not in words and len(set(words)) == 2
        assert words[0] == words[1] == words[3]


def test_plain_and_spoiled_solutions_by_hand() -> None:
    solution = "So 4*2=<<4*2=8>>8 pens.\n8+1=<<8+1=9>>9 in all.\n#### 9"
    assert corpus.plain_solution(solution) == "So 4*2=8 pens.\n8+1=9 in all."
    spoiled = corpus.spoil_number(random.Random(0), solution)
    assert spoiled != solution and len(spoiled.split("\n")) == 3
    assert corpus.spoil_number(random.Random(0), "no sums\n#### 3") == "no sums\n#### 3"


@pytest.mark.parametrize("fact", facts.FACTS)
def test_number_facts_are_true(fact: facts.Fact) -> None:
    r = random.Random(1)
    for _ in range(300):
        left, right = fact(r).split("=")
        if inner := re.match(r"\((.*)\)", left):
            left = f"{value(inner[1])}{left[inner.end() :]}"
        assert value(left) == Fraction(right), f"{left}={right}"


def value(calculation: str) -> Fraction:
    """From left to right: no fact has a product after a sum."""
    first, *rest = (Fraction(x) for x in re.split(r"[+\-*/]", calculation))
    for sign, x in zip(re.findall(r"[+\-*/]", calculation), rest, strict=True):
        first = {"+": first + x, "-": first - x, "*": first * x, "/": first / x if x else Fraction(0)}[sign]
    return first
