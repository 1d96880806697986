"""Checks of stages with judges: rollouts to learn from, an oracle for the problems, words of one token."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from numerate import methods
from numerate.config.messages import suggest_word
from numerate.config.read import Path_
from numerate.config.schema import Recipe
from numerate.judges.oracle.story_facts import has_graph
from numerate.methods.shared import step_scorer as which
from numerate.models import locate
from numerate.models.judge_config import FILE as CARD
from numerate.models.judge_config import STEP_JUDGES, Card, check_head, read_card
from numerate.problems.labelled import labelled_steps
from numerate.types import Problem

ORACLE = "oracle"
"""names the oracle of the stories where a judge is named"""
WRITERS = frozenset({"policy", "evaluator"})
"""kinds of results that other stages start from: language models"""
JUDGES = frozenset({"judge", "evaluator"})
"""kinds of results that re-rank samples"""
NAME_ONE = (
    "name the model/ folder of a stage that trained one (`numerate run verifier` trains three), "
    "or oracle for stories"
)

Complaint = tuple[Path_, str]
"""path in the recipe, message"""


def rollout_errors(recipe: Recipe, name: str, above: list[str]) -> Iterator[Complaint]:
    """Checks that stages that learn from stored rollouts name a stage above them that leaves some."""
    options = recipe.stages[name].options
    if hasattr(options, "marked") and (options.marked is None) == (options.rollouts is None):
        message = "set one of rollouts (a stage with rollouts) and marked (a set of labelled steps)"
        yield ("stages", name), message
    labels = methods.needs_step_labels(recipe.stages[name].method, options)
    kind, what = ("step_labels", "rollouts with labelled steps") if labels else ("rollouts", "rollouts")
    for key, other in recipe.stages[name].named("rollouts").items():
        there = [stage for stage in above if stage != "base" and kind in left_by_stage(recipe, stage)]
        if other not in there:
            remedy = "step_labels" if labels else "sample"
            had = f"; there are: {', '.join(there)}" if there else f"; add a stage of method {remedy}"
            yield ("stages", name, *key), f"no stage {other!r} above this one stores {what}{had}"
        elif recipe.stages[name].problems != recipe.stages[other].problems:
            same = recipe.stages[other].problems
            message = f"the rollouts of stage {other!r} are of the problem set {same!r}: set problems: {same}"
            yield ("stages", name, "problems"), message


def method_judges(recipe: Recipe, name: str, above: list[str]) -> Iterator[Complaint]:
    """Checks that a judge is a stage above that trains one, or a folder that holds one."""
    there = [stage for stage in above if stage != "base" and left_by_stage(recipe, stage) & JUDGES]
    for key, judge in recipe.stages[name].named("judge").items():
        kind = which.judge_kind(judge)
        if kind == "folder" and (message := no_judge(judge)):
            yield ("stages", name, *key), message
        if kind == "stage" and judge not in there:
            had = f"; there are: {', '.join(there)}" if there else ""
            message = f"no stage {judge!r} above this one trains a reward model or evaluator{had}"
            yield ("stages", name, *key), f"{message}; also allowed: `oracle`, a folder (with a slash)"


def left_by_stage(recipe: Recipe, stage: str) -> frozenset[str]:
    return methods.leaves(recipe.stages[stage].method)


def no_writer(recipe: Recipe, name: str) -> str | None:
    """Returns the message for a stage whose result cannot write solutions."""
    method, left = recipe.stages[name].method, left_by_stage(recipe, name)
    if left & WRITERS:
        return None
    what = "trains a reward model, not a policy" if left & JUDGES else "trains no model"
    return f"stage {name!r} ({method}) {what}: name a stage that trains a policy"


def oracle_errors(recipe: Recipe, beginning: Callable[[str], list[Problem]]) -> Iterator[Complaint]:
    """Checks that the oracle scores stories only. beginning: the first problems of a set."""
    for name, stage in recipe.stages.items():
        for key, remedy in (("labels", "other labels"), ("judge", "a reward model")):
            source = recipe.problems[stage.problems].source
            options = stage.options if hasattr(stage.options, key) else stage.unused
            if getattr(options, key, None) != ORACLE or getattr(options, "marked", None):
                continue
            if not all(map(has_graph, beginning(source))):
                message = f"the oracle scores stories only, and {source} has other problems: choose {remedy}"
                yield ("stages", name, key), message
    guide = recipe.evaluate.guided
    measured = (("rerank_with", recipe.evaluate.rerank_with), ("guided", (guide.judge,) if guide else ()))
    for key, judges in measured:
        for name in recipe.evaluate.problems if ORACLE in judges else ():
            source = recipe.problems[name].source
            if not all(map(has_graph, beginning(source))):
                message = f"the oracle scores stories only, and {source} has other problems: leave it out"
                yield ("evaluate", key), message


def labelled_set_errors(recipe: Recipe) -> Iterator[Complaint]:
    """Checks that sets of labelled steps exist, and not for evaluation only."""
    for name, stage in recipe.stages.items():
        source = getattr(stage.options, "marked", None)
        if source is None:
            continue
        try:
            labelled_steps.check_set(source)
        except (ValueError, OSError) as error:
            yield ("stages", name, "marked"), str(error)
            continue
        if labelled_steps.is_test(source) and not recipe.allow_test_training:
            message = f"this stage trains on {source}, a test set"
            yield (
                ("stages", name, "marked"),
                f"{message}: choose another set, or set allow_test_training: true",
            )


def reranking_errors(recipe: Recipe) -> Iterator[Complaint]:
    """Checks that every judge of `rerank_with` exists and has samples to score."""
    path = ("evaluate", "rerank_with")
    wanted = recipe.evaluate.rerank_with
    if wanted and not recipe.evaluate.samples:
        yield path, "rerank_with needs samples, and samples is 0: raise it, or leave rerank_with out"
    for judge in dict.fromkeys(wanted):
        if wanted.count(judge) > 1:
            yield path, f"{judge!r} is named twice: name it once"
        message = stage_judges(recipe, judge) if judge in recipe.stages else judge_folder_error(recipe, judge)
        if message:
            yield path, message


def guided_errors(recipe: Recipe) -> Iterator[Complaint]:
    """Checks that the judge of `guided` exists and scores partial solutions, that there are samples to
    compare with, and that every model can be sampled step by step."""
    options = recipe.evaluate.guided
    if options is None:
        return
    path, judge = ("evaluate", "guided", "judge"), options.judge
    is_stage = judge in recipe.stages
    if message := stage_judges(recipe, judge) if is_stage else judge_folder_error(recipe, judge):
        yield path, message
    elif scores_whole(recipe, judge):
        remedy = "name a value model, an outcome or a process reward model, or oracle"
        yield path, f"{judge!r} is an evaluator, which scores complete solutions only: {remedy}"
    elif (length := judge_length(recipe, judge)) and length <= recipe.evaluate.max_tokens:
        message = f"{judge!r} reads {length} tokens of problem and solution, and max_tokens is"
        remedy = "lower max_tokens, or train the judge with a larger fit.max_length"
        yield path, f"{message} {recipe.evaluate.max_tokens}, so late steps would have no value: {remedy}"
    if 0 < recipe.evaluate.samples < options.samples:
        message = f"guided compares with {options.samples} samples (beams * candidates), and samples is"
        remedy = f"set samples: {options.samples} or more, or 0 for no comparison"
        yield ("evaluate", "samples"), f"{message} {recipe.evaluate.samples}: {remedy}"
    for model in recipe.evaluate.models:
        stage = recipe.stages.get(model)
        if stage and getattr(methods.get_method(stage.method), "LINE_BY_LINE", False):
            message = f"stage {model!r} ({stage.method}) is sampled in its own way, line by line"
            yield ("evaluate", "guided"), f"{message}: leave out guided, or the model"


def scores_whole(recipe: Recipe, judge: str) -> bool:
    """Checks whether a judge is an evaluator, whose words are about complete solutions."""
    if judge in recipe.stages:
        return hasattr(methods.get_method(recipe.stages[judge].method), "WHOLE_TOKENS")
    return judge != ORACLE and read_card(Path(judge).expanduser()).kind == "evaluator"


def judge_length(recipe: Recipe, judge: str) -> int | None:
    """Returns how many tokens a judge reads, None where there is no limit."""
    if judge in recipe.stages:
        return getattr(getattr(recipe.stages[judge].options, "fit", None), "max_length", None)
    return None if judge == ORACLE else read_card(Path(judge).expanduser()).max_length


def measured_on(recipe: Recipe) -> Iterator[Complaint]:
    """Checks that sets of labelled steps for evaluation exist, and a judge of steps."""
    path = ("evaluate", "marked")
    for name in recipe.evaluate.marked:
        try:
            labelled_steps.check_set(name)
        except (ValueError, OSError) as error:
            yield path, str(error)
    if recipe.evaluate.marked and not any(
        scores_steps(recipe, judge) for judge in recipe.evaluate.rerank_with
    ):
        trains = " or ".join(methods.leaving("step_judge"))
        message = "rerank_with has no process reward model to evaluate on labelled steps"
        yield path, f"{message}: name a stage of method {trains}, or the directory of such a model"


def scores_steps(recipe: Recipe, judge: str) -> bool:
    """Checks whether a judge of rerank_with has a score per step and can score any problem."""
    if judge in recipe.stages:
        return "step_judge" in left_by_stage(recipe, judge)
    return judge != ORACLE and not no_judge(judge) and read_card(Path(judge).expanduser()).kind in STEP_JUDGES


def stage_judges(recipe: Recipe, name: str) -> str | None:
    """Returns the message for a stage that trains no judge."""
    method = recipe.stages[name].method
    if left_by_stage(recipe, name) & JUDGES:
        return None
    return f"stage {name!r} ({method}) trains no reward model{suggest_word('', known_judges(recipe))}"


def judge_folder_error(recipe: Recipe, judge: str) -> str | None:
    """Returns the message for a directory that holds no judge for this recipe."""
    if judge == ORACLE:
        return None
    if not Path(judge).expanduser().is_dir() and judge not in locate.BUNDLED:
        hint = suggest_word(judge, known_judges(recipe))
        return f"{judge!r} is neither a stage that trains a reward model nor the directory of one{hint}"
    try:
        card = check_judge(judge)
    except ValueError as error:
        return str(error)
    if card.style != recipe.prompt and not card.encoder:
        return (
            f"{judge} was trained with prompt style {card.style!r}, and this recipe has {recipe.prompt!r}: "
            f"set prompt: {card.style}, or choose another reward model"
        )
    return None


def check_judge(directory: str) -> Card:
    """Returns the card of a judge whose files are all there. Raises ValueError where they are not."""
    folder = Path(directory).expanduser()
    if message := no_judge(directory):
        raise ValueError(message)
    card = read_card(folder)
    locate.check_loadable(str(folder))
    check_head(folder, card)
    return card


def no_judge(name: str) -> str:
    """Returns what `name` is in place of a judge's directory, and what to name instead; empty where it is
    one."""
    path = locate.locate_model(name)
    if not isinstance(path, Path):
        if close := get_close_matches(name, [ORACLE], cutoff=0.7):
            return f"{name!r} is not a reward model; did you mean {close[0]!r}?"
        what = "it is a file" if Path(name).is_file() else "there is no such folder"
        return f"{name!r} is not a reward model: {what}; {NAME_ONE}"
    if (path / CARD).is_file():
        return ""
    folders = {
        file.parent for deep in ("model", "*/model", "stages/*/model") for file in path.glob(f"{deep}/{CARD}")
    }
    if folders:
        return f"{name} is not a reward model: name {' or '.join(map(str, sorted(folders)))}"
    what = "a language model" if any(path.glob("*.safetensors")) else "a folder"
    return f"{name} is not a reward model: it is {what} without {CARD}; {NAME_ONE}"


def known_judges(recipe: Recipe) -> list[str]:
    return [ORACLE, *(name for name in recipe.stages if left_by_stage(recipe, name) & JUDGES)]


def judge_names(judges: Sequence[str], stages: Collection[str]) -> dict[str, str]:
    """Maps the names of judges in rows to those in the recipe: a stage or the oracle by its name, a directory
    by its last words, numbered where two would have the same name."""
    names: dict[str, str] = {}
    for each in judges:
        plain = each if each in stages or each == ORACLE else locate.short_name(each)
        name, n = plain, 1
        while name in names or (name in judges and name != each):
            n += 1
            name = f"{plain}-{n}"
        names[name] = each
    return names


def evaluator_word_errors(recipe: Recipe) -> Iterator[Complaint]:
    """Checks that the words that an evaluator writes are tokens of the model."""
    for name, stage in recipe.stages.items():
        whole = getattr(methods.get_method(stage.method), "WHOLE_TOKENS", ())
        if whole and (split := split_words(recipe.model, whole)):
            message = (
                f"the tokenizer of {recipe.model} splits {split}, and an evaluator needs one token for it"
            )
            yield ("stages", name, "method"), f"{message}: choose another model, or an outcome_reward_model"


def split_words(model: str, words: Sequence[str]) -> str:
    """Returns the words that a model's tokenizer certainly splits, as far as its files are at hand."""
    path = locate.locate_model(model)
    file = path / "tokenizer.json" if isinstance(path, Path) else Path(model)
    try:
        from tokenizers import Tokenizer

        read = Tokenizer.from_file(str(file))
    except Exception:  # not installed, not here, or not readable, which tokenizers tells by bare exceptions
        return ""

    def whole(word: str) -> bool:
        return any(len(read.encode(form, add_special_tokens=False).ids) == 1 for form in (word, word[1:]))

    return " and ".join(repr(word) for word in words if not whole(word))
