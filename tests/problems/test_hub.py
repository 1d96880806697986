"""The way through the hub, with in-memory datasets that have the hub's own columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from numerate.problems import check, load

datasets = pytest.importorskip("datasets")

GSM8K = {"question": ["How many?"], "answer": ["1000+80=<<1000+80=1080>>1,080\n#### 1,080"]}
MATH = {
    "problem": ["What is $\\frac12+\\frac12$?"],
    "level": ["Level 3"],
    "type": ["Prealgebra"],
    "solution": ["It is $\\boxed{\\frac{2}{2}}=\\boxed{1}$."],
}
MATH_500 = {
    "problem": ["What is 2?"],
    "solution": ["$\\boxed{2}$"],
    "answer": ["2"],
    "subject": ["Algebra"],
    "level": [2],
    "unique_id": ["test/algebra/1.json"],
}
SVAMP = {
    "ID": ["chal-1"],
    "Body": ["A pack costs 76 dollars. There is a discount of 25 dollars"],
    "Question": ["How much is a pack?"],
    "Equation": ["( 76.0 - 25.0 )"],
    "Answer": ["51.0"],
    "Type": ["Subtraction"],
    "question_concat": ["A pack costs ..."],
}
MAWPS = {"question": ["Joan had 2 books and got 3. How many?"], "answer": ["2+3=5\n#### 5"]}
MULTIARITH = {"question": [" Debby had 32 and ate 3. How many are left? "], "final_ans": ["29"]}
CSQA = {
    "id": ["075e"],
    "question": ["Where is a bank?"],
    "question_concept": ["bank"],
    "choices": [{"label": ["A", "B"], "text": ["town", "sky"]}],
    "answerKey": ["A"],
}
AQUA = {"question": ["2+2?"], "options": [["A)3", "B)4"]], "rationale": ["2+2=4"], "correct": ["B"]}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str | None, str], dict[str, list[Any]]]:
    """What the hub holds, by (id, config, split); nothing is at hand on this machine."""
    shelf: dict[tuple[str, str | None, str], dict[str, list[Any]]] = {}

    def load_dataset(id: str, config: str | None = None, *, split: str) -> Any:
        if (id, config, split) not in shelf:
            raise FileNotFoundError(f"Couldn't find {id}\nand a long story")
        return datasets.Dataset.from_dict(shelf[id, config, split])

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    monkeypatch.delenv("NUMERATE_DATA", raising=False)
    return shelf


def test_gsm8k_rows_of_the_hub_lose_their_commas_and_keep_their_solution(hub: Any):
    hub["openai/gsm8k", "main", "train"] = GSM8K
    (problem,) = load("gsm8k/train")
    assert (problem.answer, problem.kind, problem.meta) == ("1080", "number", {"steps": 1})
    assert problem.solution.endswith("#### 1,080")
    assert problem.id.startswith("gsm8k-") and len(problem.id) == len("gsm8k-") + 12


def test_math_is_read_subject_by_subject_and_its_answer_is_in_the_last_box(hub: Any):
    for subject in ["algebra", "counting_and_probability", "geometry", "intermediate_algebra"]:
        hub["EleutherAI/hendrycks_math", subject, "test"] = {**MATH, "type": [subject]}
    for subject in ["number_theory", "prealgebra", "precalculus"]:
        hub["EleutherAI/hendrycks_math", subject, "test"] = {**MATH, "type": [subject], "level": ["Level ?"]}
    problems = load("math")
    assert [problem.meta["subject"] for problem in problems][:2] == ["algebra", "counting_and_probability"]
    assert [problem.meta["level"] for problem in problems] == [3] * 4 + [None] * 3
    assert {problem.answer for problem in problems} == {"1"}
    assert len({problem.id for problem in problems}) == 7


def test_the_12k_leaves_out_the_questions_of_math500(hub: Any):
    for subject in ["algebra", "counting_and_probability", "geometry", "intermediate_algebra"]:
        for split in ("train", "test"):
            hub["EleutherAI/hendrycks_math", subject, split] = MATH
    for subject in ["number_theory", "prealgebra", "precalculus"]:
        for split in ("train", "test"):
            row = {**MATH, "problem": ["What is 2?"], "solution": ["$\\boxed{2}$"]}
            hub["EleutherAI/hendrycks_math", subject, split] = row
    hub["HuggingFaceH4/MATH-500", None, "test"] = MATH_500
    assert {problem.question for problem in load("math/train-12k")} == {"What is $\\frac12+\\frac12$?"}
    (problem,) = load("math500")
    assert (problem.id, problem.meta["level"], problem.answer) == ("test/algebra/1.json", 2, "2")


def test_svamp_joins_body_and_question_and_reads_both_halves(hub: Any):
    hub["ChilleD/SVAMP", None, "train"] = SVAMP
    hub["ChilleD/SVAMP", None, "test"] = {**SVAMP, "ID": ["chal-2"]}
    problems = load("svamp")
    assert [problem.id for problem in problems] == ["chal-1", "chal-2"]
    assert problems[0].question == (
        "A pack costs 76 dollars. There is a discount of 25 dollars. How much is a pack?"
    )
    assert problems[0].answer == "51"
    assert problems[0].meta == {"type": "Subtraction", "equation": "( 76.0 - 25.0 )"}


def test_svamp_of_the_hub_and_the_one_at_hand_ask_the_same(data_dir: Path):
    from numerate.problems.row import Row
    from numerate.problems.sets.svamp import read_problem

    for problem in load("svamp"):
        raw = {"Body": problem.meta["body"], "Question": problem.meta["ques"], "Answer": problem.answer}
        joined = read_problem(Row("here", {**raw, "Type": "", "Equation": ""})).question
        assert joined.replace(" ", "") == problem.question.replace(" ", "")


def test_mawps_of_the_hub_comes_divided(hub: Any):
    hub["garrethlee/MAWPS", None, "train"] = MAWPS
    hub["garrethlee/MAWPS", None, "test"] = MAWPS
    assert load("mawps/train")[0].answer == load("mawps/test")[0].answer == "5"
    hub["ChilleD/MultiArith", None, "train"] = MULTIARITH
    hub["ChilleD/MultiArith", None, "test"] = {**MULTIARITH, "final_ans": ["28"]}
    assert [problem.answer for problem in load("multiarith")] == ["29", "28"]
    assert load("multiarith")[0].question == "Debby had 32 and ate 3. How many are left?"


def test_choice_sets_of_the_hub(hub: Any):
    hub["tau/commonsense_qa", None, "validation"] = CSQA
    hub["deepmind/aqua_rat", "raw", "train"] = AQUA
    (question,) = load("commonsense_qa/dev")
    assert (question.choices, question.answer) == ((("A", "town"), ("B", "sky")), "A")
    assert question.meta == {"question_concept": "bank"}
    (algebra,) = load("aqua/train")
    assert (algebra.choices, algebra.answer, algebra.solution) == ((("A", "3"), ("B", "4")), "B", "2+2=4")


def test_any_hub_dataset_by_id_config_and_split(hub: Any):
    hub["someone/set", "hard", "dev"] = {"prompt": ["2+2?"], "completion": ["It is \\boxed{4}"]}
    hub["someone/set", None, "train"] = {"problem": ["3+3?"], "answer": ["6"]}
    assert load("someone/set:hard/dev")[0].answer == "4"
    (problem,) = load("someone/set/train")
    assert (problem.answer, problem.id.startswith("set-")) == ("6", True)
    assert load("someone/set", split="train") == [problem]


def test_a_hub_dataset_without_a_split_is_refused_before_anything_is_fetched(hub: Any):
    with pytest.raises(ValueError, match=r"name the split of the hub dataset, such as someone/set/train"):
        check("someone/set")


def test_what_the_hub_does_not_have_is_named_with_what_to_check(hub: Any):
    with pytest.raises(
        ValueError, match=r"openai/gsm8k:main/test could not be loaded \(Couldn't find openai/gsm8k\)"
    ):
        load("gsm8k")


def test_without_data_and_library_the_error_says_what_to_set_and_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delenv("NUMERATE_DATA", raising=False)
    monkeypatch.setattr("numerate.problems.hub.find_spec", lambda name: None)
    with pytest.raises(
        ValueError, match=r"set NUMERATE_DATA to a folder with gsm8k/test.jsonl, or pip install"
    ):
        check("gsm8k")
    with pytest.raises(ValueError, match=r"someone/set/train needs the datasets library: pip install"):
        check("someone/set/train")


def test_a_part_without_a_hub_copy_asks_for_the_files_only(hub: Any):
    with pytest.raises(ValueError, match=r"set NUMERATE_DATA to a folder with mawps/singleop.jsonl$"):
        check("singleop")


def test_a_wrong_data_folder_is_not_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("NUMERATE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match=r"NUMERATE_DATA is set to .*nowhere', which is not a folder"):
        check("gsm8k")


def test_a_set_that_is_missing_from_the_folder_is_fetched(
    hub: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("NUMERATE_DATA", str(tmp_path))
    hub["openai/gsm8k", "main", "test"] = GSM8K
    assert load("gsm8k")[0].answer == "1080"


def test_a_folder_from_save_to_disk(tmp_path: Path):
    rows = datasets.Dataset.from_dict({"question": ["2+2?"], "answer": ["4"]})
    rows.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": rows, "test": rows}).save_to_disk(tmp_path / "two")
    assert load(str(tmp_path / "one"))[0].answer == "4"
    assert load(str(tmp_path / "two" / "test"))[0].answer == "4"
    with pytest.raises(ValueError, match=r"has several splits, name one: .*two/train"):
        load(str(tmp_path / "two"))
