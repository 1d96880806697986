"""A tree of plain values -> a Recipe. Every mistake is collected before the error is raised."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from numerate import methods
from numerate.config.messages import complaint_text, suggest_word
from numerate.config.read import Path_, Tree, describe_value
from numerate.config.renamed import ALSO_CALLED, folded, split_old
from numerate.config.schema import Recipe, StageRecipe
from numerate.config.unused import defaults_of, note, split_unused
from numerate.methods.shared.reinforcement import SharedOptions
from numerate.options import with_defaults

VALUE_ARGUMENT: dict[Any, int] = {dict: 1, tuple: 0}
"""which argument of a collection's type is that of its values"""
COMMON = ("method", "model", "problems", "limit")
"""the keys of a stage that are not options of its method"""


def build_recipe(tree: Tree, of_run: bool = False) -> Recipe:
    """Builds the recipe from a tree of plain values. Raises ValueError with one line per mistake: its place,
    what was written, what is expected.

    of_run: the recipe is that of a run's folder, which a version wrote and not a person."""
    errors: list[str] = []
    values = dict(tree.values)
    raw_stages = values.pop("stages", None) or {}
    sets = values.get("problems")
    if isinstance(sets, dict):
        values["problems"] = {name: {"source": s} if isinstance(s, str) else s for name, s in sets.items()}
    measured = values.get("evaluate")
    if isinstance(measured, dict) and isinstance(measured.get("rerank_with"), str):
        values["evaluate"] = measured | {"rerank_with": [measured["rerank_with"]]}
    recipe = build_record(Recipe, values, (), tree, errors)
    stages = build_stages(raw_stages, tree, errors)
    if errors:
        raise ValueError("\n".join(folded(tree.in_order(errors), tree.origin if of_run else "")))
    writers = [name for name, stage in stages.items() if "policy" in methods.leaves(stage.method)]
    models = recipe.evaluate.models or ("base", *writers)
    return replace(recipe, stages=stages, evaluate=replace(recipe.evaluate, models=models))


def build_stages(raw: Any, tree: Tree, errors: list[str]) -> dict[str, StageRecipe]:
    if not isinstance(raw, dict):
        errors.append(
            f"{tree.where(['stages'])}: expected a mapping of names to stages, not {describe_value(raw)}"
        )
        return {}
    return {name: build_stage(name, stage, tree, errors) for name, stage in raw.items()}


def build_stage(name: str, raw: Any, tree: Tree, errors: list[str]) -> Any:
    path = ("stages", name)
    if not isinstance(raw, dict):
        errors.append(
            f"{tree.where(path)}: expected a stage such as {{method: sft}}, not {describe_value(raw)}"
        )
        return None
    stage = build_record(StageRecipe, {key: raw[key] for key in COMMON if key in raw}, path, tree, errors)
    if not isinstance(raw.get("method"), str):
        return None
    try:
        method = methods.get_method(raw["method"])
    except ValueError as error:
        errors.append(f"{tree.where((*path, 'method'))}: {error}")
        return None
    rest = {key: value for key, value in raw.items() if key not in COMMON}
    rest, old = split_old(raw["method"], method.Config, rest)
    errors += [f"{tree.where((*path, *key))}: {message}" for key, message in old.items()]
    used, unused = split_unused(method.Config, rest)
    options = build_record(method.Config, used, path, tree, errors, raw["method"])
    left_out = build_record(SharedOptions, unused, path, tree, errors, raw["method"])  # also their mistakes
    text = note(raw["method"], method.Config, unused)
    return replace(stage, options=options, note=text, unused=left_out) if stage else None


def build_record(
    kind: Any,
    values: Mapping[str, Any],
    path: Path_,
    tree: Tree,
    errors: list[str],
    method: str = "",
) -> Any:
    """Returns `values` as a record of this kind, or None with the mistakes added to `errors`.

    Through JSON, where pydantic is strict about numbers, texts and booleans yet takes a list for a tuple.
    Records that are given in part have the other values of their field's default. method: the one whose
    options they are."""
    written, values = values, with_defaults(kind, with_kinds(kind, values))
    try:
        return TypeAdapter(kind).validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        explained = [explain_mistake(each, kind, values, written, method) for each in mistakes(error)]
        errors += [f"{tree.where((*path, *inner))}: {message}" for inner, message in explained]
        return None


def with_kinds(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values with `engine: local` as `engine: {kind: local}`, likewise for other records of
    several kinds."""
    hints = get_type_hints(kind)
    return {
        key: {"kind": value} if isinstance(value, str) and has_kinds(hints.get(key)) else value
        for key, value in values.items()
    }


def has_kinds(hint: Any) -> bool:
    """Checks whether a type is a union of records that differ in `kind`."""
    records = [member for member in get_args(hint) if is_dataclass(member)]
    return len(records) > 1 and all("kind" in get_type_hints(record) for record in records)


def mistakes(error: ValidationError) -> list[Any]:
    """Returns pydantic's errors. Of a value that may be text or a record, and is a mapping, those of the
    record alone."""
    every = error.errors(include_url=False)
    texts = [each for each in every if each["type"] == "string_type" and isinstance(each["input"], dict)]
    beside = [each["loc"][:-1] for each in every if each not in texts]
    return [
        each
        for each in every
        if each not in texts or not any(loc[: len(each["loc"]) - 1] == each["loc"][:-1] for loc in beside)
    ]


def explain_mistake(
    mistake: Mapping[str, Any], kind: Any, values: Mapping[str, Any], written: Mapping[str, Any], method: str
) -> tuple[Path_, str]:
    """Returns where in `values` one of pydantic's errors is, and what to say of it. written: the values
    before `with_kinds`."""
    path = written_path(mistake["loc"], values)
    if mistake["type"] == "union_tag_invalid":  # records that are told apart by their `kind`
        kind_value = mistake["input"].get("kind")
        path = written_path((*path, "kind"), written)
        return path, complaint_text(mistake["type"], kind_value, mistake["ctx"], mistake["msg"])
    if mistake["type"] == "unexpected_keyword_argument":
        return path, unknown_key(path, kind, mistake["loc"], method)
    if mistake["type"] == "missing":
        return path, f"the key {str(mistake['loc'][-1])!r} is missing"
    text = complaint_text(mistake["type"], mistake["input"], mistake.get("ctx", {}), mistake["msg"])
    return place_once(path, text, values) if mistake["type"] == "value_error" else (path, text)


def unknown_key(path: Path_, kind: Any, loc: Sequence[Any], method: str) -> str:
    """Returns what to say of a key that a record does not have: an option of other methods, or a misspelling.
    loc: pydantic's location."""
    top = len(path) == 1
    deeper = inner_keys(kind) if top else []
    elsewhere = top and any(key.endswith(f".{path[0]}") for key in deeper)
    if method and not elsewhere and (owners := owners_of(path)):
        owned = (
            f"{', '.join(owners[:3])} {'and others have' if owners[3:] else 'have' if owners[1:] else 'has'}"
        )
        return f"{method} has no option `{'.'.join(path)}` ({owned}): remove it"
    if (meant := ALSO_CALLED.get(path[-1])) in (*deeper, *inner_keys(kind), *defaults_of(kind)):
        return f"unknown key {path[-1]!r}; did you mean {meant!r}?"
    known = keys_at(kind, path[:-1], loc) + (list(COMMON) if method and top else [])
    return f"unknown key {path[-1]!r}{suggest_word(path[-1], known, deeper)}"


def owners_of(path: Path_) -> list[str]:
    """Returns the methods that have an option at this path."""
    kinds = {name: methods.get_method(name).Config for name in methods.METHODS}
    key = ".".join(path)
    return [n for n, kind in kinds.items() if key in (*(f.name for f in fields(kind)), *inner_keys(kind))]


def place_once(path: Path_, message: str, values: Mapping[str, Any]) -> tuple[Path_, str]:
    """Returns path and message; a beginning of the message that names an option becomes part of the path:
    `fit: ...` and `fit.batch: ...` at `fit`, and `sample.rollouts: ...` where the record has `sample`."""
    head, _, rest = message.partition(": ")
    words = head.split(".")
    if rest and path[-1:] == (words[0],):
        return (*path, *words[1:]), rest
    is_path = rest and all(word.isidentifier() for word in words)
    has_option = is_path and len(written_path((*path, *words), values)) > len(path)
    return ((*path, *words), rest) if has_option else (path, message)


def written_path(loc: Sequence[Any], values: Any) -> Path_:
    """Returns as much of pydantic's location as the recipe has: it also names missing keys and branches of
    unions."""
    path: list[str] = []
    for part in loc:
        if (isinstance(values, dict) and part in values) or (
            isinstance(values, list) and part in range(len(values))
        ):
            values = values[part]
            path.append(str(part))
    return tuple(path)


def keys_at(kind: Any, path: Path_, loc: Sequence[Any]) -> list[str]:
    """Returns the keys of the record at `path` inside a record of this kind. loc: pydantic's location, which
    also names the branch of a union."""
    for word in path:
        argument = VALUE_ARGUMENT.get(get_origin(kind))
        inside = get_type_hints(kind)[word] if argument is None else get_args(kind)[argument]
        kind = inside if get_origin(inside) in VALUE_ARGUMENT else record_in(inside, loc)
    return [field.name for field in fields(kind)] if is_dataclass(kind) else []


def inner_keys(kind: Any) -> list[str]:
    """Returns the keys of the records in a record of this kind, as `fit.epochs`."""
    records = {field.name: field.default for field in fields(kind) if is_dataclass(field.default)}
    return [f"{name}.{inner.name}" for name, default in records.items() for inner in fields(default)]


def record_in(inside: Any, loc: Sequence[Any]) -> Any:
    """Returns the record in a union; of several the one whose kind is named in `loc`. What is no union
    stays."""
    records = [member for member in get_args(inside) if is_dataclass(member)]
    kinds = [get_args(get_type_hints(record).get("kind")) for record in records]
    named = [record for record, kind in zip(records, kinds, strict=True) if set(kind) & set(loc)]
    return next(iter([*named, *records]), inside)
