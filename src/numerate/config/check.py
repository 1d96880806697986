"""Checks of a recipe against its surroundings: names, references, models, problems, disk. No torch."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from numerate import methods
from numerate.config import chats, check_judges, check_tools, trusting
from numerate.config.messages import suggest_word
from numerate.config.override import TOP
from numerate.config.read import Path_, Tree
from numerate.config.schema import ProblemSet, Recipe, StageRecipe
from numerate.config.space import needed_bytes
from numerate.methods.shared.options import OnPolicyOptions
from numerate.problems.spec import parse_spec
from numerate.rollouts import engines
from numerate.store import RunFolder
from numerate.types import Problem

FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
LOOK_AT = 16
"""problems of a set that are read to see which columns it has"""

Complaint = tuple[Path_, str]
"""path in the recipe, message"""


def check_recipe(recipe: Recipe, tree: Tree, out: Path, trust: Sequence[str] = ()) -> None:
    """Raises ValueError with one line per mistake. Nothing is written, nothing long is read.

    tree: where each value was written. out: the folder that the run's folder will be made in. trust: modules
    outside this package that may be imported."""
    untrusted = list(trusting.untrusted_functions(recipe, trust))
    complaints = [*name_errors(recipe), *reference_errors(recipe), *evaluation_errors(recipe), *untrusted]
    complaints += [*prompt_errors(recipe.prompt), *base_errors(recipe), *encoder_errors(recipe)]
    complaints += validation_errors(recipe)
    complaints += device_errors(recipe.device)
    if not untrusted:  # a server is asked with the key
        complaints += engine_errors(recipe)
    complaints = complaints or list(problem_sets(recipe))
    complaints = complaints or [
        *test_training(recipe),
        *check_judges.oracle_errors(recipe, first_problems),
        *check_judges.labelled_set_errors(recipe),
        *check_judges.measured_on(recipe),
        *check_judges.evaluator_word_errors(recipe),
        *reward_errors(recipe, trust),
        *chats.check_chat_template(recipe, first_problems),
        *check_tools.transcript_format_errors(recipe, first_problems),
        *space_errors(recipe, out),
    ]
    if complaints:
        raise ValueError("\n".join(tree.in_order(f"{tree.where(path)}: {text}" for path, text in complaints)))


def name_errors(recipe: Recipe) -> Iterator[Complaint]:
    """Checks that names of folders and files are plain words."""
    words = [(("name",), recipe.name), (("base_name",), recipe.base_name)]
    words += [(("problems", name), name) for name in recipe.problems]
    words += [(("stages", name), name) for name in recipe.stages]
    for path, word in words:
        if not FOLDER_NAME.fullmatch(word):
            yield (
                path,
                f"{word!r} cannot name a folder: use letters, digits, - and _, beginning with a letter",
            )
    if recipe.base_name in recipe.stages:
        yield ("base_name",), f"{recipe.base_name!r} is a stage: give the base model another name"
    for name in recipe.stages:
        if name in ("base", check_judges.ORACLE, *TOP):
            yield ("stages", name), f"{name!r} is a reserved name in a recipe: rename this stage"


def reference_errors(recipe: Recipe) -> Iterator[Complaint]:
    """Checks that stages start from the base or from a stage above them, and learn from a set that the recipe
    has."""
    above: list[str] = ["base"]
    for name, stage in recipe.stages.items():
        start = ("model",)
        for key, other in {start: stage.model, **stage.named("model")}.items():
            if key != start and "/" in other:
                yield from ((("stages", name, *key), message) for _, message in model_errors(other))
            elif other not in above:
                yield ("stages", name, *key), wrong_start(recipe, name, other, above)
            elif other in recipe.stages and (message := check_judges.no_writer(recipe, other)):
                yield ("stages", name, *key), message
        yield from check_judges.rollout_errors(recipe, name, above)
        yield from check_judges.method_judges(recipe, name, above)
        if stage.problems not in recipe.problems:
            hint = suggest_word(stage.problems, recipe.problems)
            complaint = f"this recipe has no problem set {stage.problems!r}{hint}"
            yield ("stages", name, "problems"), complaint
        above.append(name)


def wrong_start(recipe: Recipe, name: str, other: str, above: list[str]) -> str:
    if other == name:
        return f"stage {name!r} cannot start from itself; there are: {', '.join(above)}"
    if other not in recipe.stages:
        return f"there is no stage {other!r}{suggest_word(other, above)}"
    if recipe.stages[other].model == name:
        return f"stages {name!r} and {other!r} start from each other: start one of them from base"
    return (
        f"stage {other!r} comes later, and stages run in the order they are written: move it above {name!r}"
    )


def evaluation_errors(recipe: Recipe) -> Iterator[Complaint]:
    known = ["base", *recipe.stages]
    for model in recipe.evaluate.models:
        if model not in known:
            yield ("evaluate", "models"), f"there is no stage {model!r}{suggest_word(model, known)}"
        elif model in recipe.stages and (message := check_judges.no_writer(recipe, model)):
            yield ("evaluate", "models"), message
    for name in recipe.evaluate.problems:
        if name not in recipe.problems:
            message = f"this recipe has no problem set {name!r}{suggest_word(name, recipe.problems)}"
            yield ("evaluate", "problems"), message
    large = [k for k in recipe.evaluate.k or () if k > recipe.evaluate.samples]
    if large:
        yield (
            ("evaluate", "k"),
            f"k = {large[0]} needs that many samples, and samples is {recipe.evaluate.samples}",
        )
    yield from check_judges.reranking_errors(recipe)
    yield from check_judges.guided_errors(recipe)


def encoder_errors(recipe: Recipe) -> Iterator[Complaint]:
    for name, stage in recipe.stages.items():
        encoder = getattr(stage.options, "encoder", None)
        for _, message in model_errors(encoder) if encoder else ():
            yield ("stages", name, "encoder"), message
        if encoder and getattr(stage.options, "likelihood", False):
            message = "an encoder gives no likelihoods: leave out likelihood or encoder"
            yield ("stages", name, "likelihood"), message


def validation_errors(recipe: Recipe) -> Iterator[Complaint]:
    """Checks that stages that validate have the problem set `validation`; a method's default does not need
    it."""
    for name, stage in recipe.stages.items():
        validate = getattr(stage.options, "validate", None)
        defaults = {field.name: field.default for field in fields(type(stage.options))}
        chosen = validate != defaults.get("validate") or getattr(stage.options, "stop_after", None)
        if validate is None or not chosen or "validation" in recipe.problems:
            continue
        try:
            validate.require(())
        except ValueError as error:
            yield ("stages", name, "validate"), str(error)


def prompt_errors(style: str) -> Iterator[Complaint]:
    from numerate.prompts import STYLES

    if style not in STYLES:
        yield ("prompt",), f"there is no prompt style {style!r}{suggest_word(style, STYLES)}"


def device_errors(name: str) -> Iterator[Complaint]:
    from numerate.models import device

    try:
        device.check_device(name)
    except ValueError as error:
        yield ("device",), str(error)


def base_errors(recipe: Recipe) -> Iterator[Complaint]:
    """Checks that the weights of the base can be read here, unless a server has them."""
    yield from model_errors(recipe.model, weights=recipe.engine.loads_weights or bool(recipe.stages))


def model_errors(name: str, *, weights: bool = True) -> Iterator[Complaint]:
    from numerate.models import hub, locate

    try:
        locate.check_loadable(name)
        if weights:
            locate.check_weights(name)
    except ValueError as error:
        yield ("model",), str(error)
        return
    if not isinstance(locate.locate_model(name), Path):
        try:
            hub.check_hub_model(name)
        except ValueError as error:
            yield ("model",), f"{error}{locate.nearby(name)}"


def engine_errors(recipe: Recipe) -> Iterator[Complaint]:
    """Checks that the engine is installed, and can sample from every model that the recipe samples from."""
    if why := recipe.engine.why_fixed():
        for name in recipe.stages:
            yield ("stages", name), f"this engine cannot train: {why}"
        for model in recipe.evaluate.models:
            if model != "base" and model not in recipe.stages:
                yield ("evaluate", "models"), f"{model!r} cannot be evaluated: {why}"
    for name, stage in recipe.stages.items():
        method = methods.get_method(stage.method)
        kinds = getattr(method, "ENGINES", (recipe.engine.kind,))
        if recipe.engine.kind not in kinds:
            message = f"{stage.method} needs its own token sampler, which engine {recipe.engine.kind} lacks"
            yield ("stages", name, "method"), f"{message}: set engine kind: {' or '.join(kinds)}"
        for message in check_tools.tool_errors(recipe.engine, method):
            yield ("stages", name, "method"), f"{stage.method} {message}"
        if message := ahead_error(recipe, stage):
            yield ("stages", name, "sample", "ahead"), message
    try:
        engines.check_engine(recipe.engine)
    except ValueError as error:
        yield ("engine",), str(error)


def ahead_error(recipe: Recipe, stage: StageRecipe) -> str | None:
    """Returns why a stage cannot start rollouts of the next step, None where it does not or can."""
    if not isinstance(stage.options, OnPolicyOptions) or not stage.options.sample.ahead:
        return None
    if recipe.engine.tools:
        return "rollouts that call programs are not started ahead: set ahead: 0"
    if not recipe.engine.samples_ahead:
        return f"engine {recipe.engine.kind} does not start rollouts of the next step: set ahead: 0"
    return stage.options.ahead_conflict()


def problem_sets(recipe: Recipe) -> Iterator[Complaint]:
    """Checks that every set that the recipe names is there, is not empty, and has the columns that its stages
    need."""
    from numerate.problems import check as look

    needed: dict[str, dict[str, str]] = {name: {} for name in recipe.problems}
    for stage in recipe.stages.values():
        wanted = methods.get_method(stage.method).NEEDS | (
            {"solution"} if getattr(stage.options, "joint", 0) else set()
        )
        needed[stage.problems] |= dict.fromkeys(wanted, stage.method)
        curriculum = getattr(stage.options, "curriculum", None)
        goes_by = curriculum.needs if curriculum else ()
        needed[stage.problems] |= dict.fromkeys(goes_by, f"{stage.method} with its curriculum")
    for name, wanted in needed.items():
        source = recipe.problems[name].source
        try:
            look(source)
            few = first_problems(source)
        except (ValueError, OSError) as error:
            yield ("problems", name), str(error)
            continue
        for column, method in wanted.items() if few else ():
            if not any(getattr(problem, column) for problem in few):
                message = f"the problems of {source} have no {column}, and the method {method} needs one"
                yield ("problems", name), message


def first_problems(source: str) -> list[Problem]:
    """Returns the first problems of a set, none where they would have to be downloaded."""
    from numerate.problems import load

    return load(source, limit=LOOK_AT) if all(at_hand(part.name) for part in parse_spec(source)) else []


def at_hand(name: str) -> bool:
    from numerate.problems import TABLE
    from numerate.problems.resolve import Files, Known, resolve_source

    resolved = resolve_source(name, None, TABLE)
    return (
        resolved.loader.at_hand(resolved.split)
        if isinstance(resolved, Known)
        else isinstance(resolved, Files)
    )


def test_training(recipe: Recipe) -> Iterator[Complaint]:
    """Checks that no stage learns from a test split, or from what the run is measured on."""
    from numerate.problems import is_test_split

    if recipe.allow_test_training:
        return
    measured = {part for name in recipe.evaluate.problems for part in problem_places(recipe.problems[name])}
    for name in dict.fromkeys(stage.problems for stage in recipe.stages.values()):
        source = recipe.problems[name].source
        if is_test_split(source):
            message = f"a stage trains on {source}, a test set"
        elif problem_places(recipe.problems[name]) & measured:
            message = f"a stage trains on {source}, and the run is evaluated on it"
        else:
            continue
        yield ("problems", name), f"{message}: choose another split, or set allow_test_training: true"


def reward_errors(recipe: Recipe, trust: Sequence[str]) -> Iterator[Complaint]:
    """Checks that reward functions exist and can be called with the columns of the problems."""
    from numerate.rewards import compose

    for (_, name, *key), functions in trusting.reward_functions(recipe).items():
        few = first_problems(recipe.problems[recipe.stages[name].problems].source)
        for message in compose.check_rewards(
            functions, [key for problem in few for key in problem.meta], trust
        ):
            yield ("stages", name, *key), message


def problem_places(problems: ProblemSet) -> set[tuple[str, int, int | None]]:
    return {(part.name, part.start, part.stop) for part in parse_spec(problems.source)}


def space_errors(recipe: Recipe, out: Path) -> Iterator[Complaint]:
    """Checks that the disk has room for the models and checkpoints that are not written yet."""
    need = needed_bytes(recipe, RunFolder(out / recipe.name))
    there = next(folder for folder in [out, *out.resolve().parents] if folder.is_dir())
    free = shutil.disk_usage(there).free
    if need > free:
        message = (
            f"the run needs about {bytes_in_words(need)} on the disk of {out}, and {bytes_in_words(free)} "
            "are free"
        )
        yield (), f"{message}: free disk space, or choose another disk with --out"


def bytes_in_words(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
