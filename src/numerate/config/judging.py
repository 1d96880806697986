"""What stages with judges promise: attempts to learn from, an oracle that knows the problems, whole words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from numerate import methods
from numerate.config.read import Path_
from numerate.config.records import Recipe, Stage
from numerate.judges.world import knows
from numerate.methods import judge as which
from numerate.models import locate
from numerate.models.card import FILE as CARD
from numerate.models.card import WORDS
from numerate.types import Problem

STAGE_OPTIONS = ("rollouts",)
"""options of methods that name a stage with stored attempts"""
WRITERS = ("policy", "evaluator")
"""what a method may give for others to start from: language models"""
WITH_ROLLOUTS = ("expert_iteration", "step_labels", "sample")
"""methods that leave attempts behind"""

JUDGES = ("judge", "evaluator")
"""what a method may give for others to ask about steps"""

Complaint = tuple[Path_, str]
"""where in the recipe, and what is wrong there"""


def attempts(recipe: Recipe, name: str, above: list[str]) -> Iterator[Complaint]:
    """Stages that learn from stored attempts name a stage above them that leaves some."""
    for key in STAGE_OPTIONS:
        other = getattr(recipe.stages[name].options, key, None)
        if other is None:
            continue
        useful = ("step_labels",) if needs_labels(recipe.stages[name]) else WITH_ROLLOUTS
        there = [stage for stage in above if stage != "base" and recipe.stages[stage].method in useful]
        if other not in there:
            what = "attempts with labelled steps" if needs_labels(recipe.stages[name]) else "attempts"
            had = f"; there are: {', '.join(there)}" if there else f"; write one, of method {useful[-1]}"
            yield ("stages", name, key), f"no stage {other!r} above this one leaves {what} behind{had}"
        elif recipe.stages[name].problems != recipe.stages[other].problems:
            same = recipe.stages[other].problems
            said = f"the attempts of {other!r} are at the problems of {same!r}: write that here too"
            yield ("stages", name, "problems"), said


def judges(recipe: Recipe, name: str, above: list[str]) -> Iterator[Complaint]:
    """A judge is a stage above that trains one, or a folder that holds one."""
    judge = getattr(recipe.stages[name].options, "judge", None)
    kind = which.kind(judge) if judge is not None else None
    if kind == "folder" and not (Path(str(judge)) / CARD).is_file():
        said = f"{judge} is no folder with a judge: it has no {CARD}"
        yield ("stages", name, "judge"), said
    there = [one for one in above if one != "base" and methods.gives(recipe.stages[one].method) in JUDGES]
    if kind == "stage" and judge not in there:
        had = f"; there are: {', '.join(there)}" if there else ""
        said = f"no stage {judge!r} above this one trains a judge{had}"
        said += "; `oracle` and folders (with a slash) are judges too"
        yield ("stages", name, "judge"), said


def needs_labels(stage: Stage) -> bool:
    """Whether a stage learns from labels that were stored with the attempts."""
    return stage.method == "stepwise_outcome_model" or getattr(stage.options, "labels", None) == "stored"


def no_writer(recipe: Recipe, name: str) -> str | None:
    """What to say where a stage's result cannot write solutions."""
    method = recipe.stages[name].method
    given = methods.gives(method)
    if given in WRITERS:
        return None
    what = "leaves no model behind" if given == "rollouts" else "is a judge, not a language model"
    return f"the result of stage {name!r} ({method}) {what}: name a stage that trains a policy"


def oracles(recipe: Recipe, beginning: Callable[[str], list[Problem]]) -> Iterator[Complaint]:
    """The oracle is asked about stories only. beginning: the first problems of a set."""
    for name, stage in recipe.stages.items():
        for key, remedy in (("labels", "other labels"), ("judge", "another judge")):
            source = recipe.problems[stage.problems].source
            if getattr(stage.options, key, None) == "oracle" and not all(map(knows, beginning(source))):
                said = f"the oracle knows stories only, and {source} holds other problems: take {remedy}"
                yield ("stages", name, key), said


def words(recipe: Recipe) -> Iterator[Complaint]:
    """What an evaluator says are tokens of the model."""
    for name, stage in recipe.stages.items():
        if stage.method == "evaluator_training" and (cut := cut_words(recipe.model)):
            said = f"the tokenizer of {recipe.model} cuts {cut} into pieces, and an evaluator needs it whole"
            yield ("stages", name, "method"), f"{said}: take another model, or an outcome_reward_model"


def cut_words(model: str) -> str:
    """The evaluator's words that a model's tokenizer certainly cuts, as far as its files are at hand."""
    place = locate.find(model)
    file = place / "tokenizer.json" if isinstance(place, Path) else Path(model)
    try:
        from tokenizers import Tokenizer

        read = Tokenizer.from_file(str(file))
    except Exception:  # not installed, not here, or not readable, which tokenizers tells by bare exceptions
        return ""

    def whole(word: str) -> bool:
        return any(len(read.encode(form, add_special_tokens=False).ids) == 1 for form in (word, word[1:]))

    return " and ".join(repr(word) for word in WORDS if not whole(word))
