"""A Recipe -> text: YAML with every default written out, and the JSON schema for editors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import yaml
from pydantic import TypeAdapter

from numerate import __version__, methods
from numerate.config.build import COMMON
from numerate.config.read import IMPLICIT
from numerate.config.schema import Recipe, StageRecipe
from numerate.methods.shared.options import Reinforcement
from numerate.methods.shared.reinforcement import SharedOptions
from numerate.terminal import UNSAFE


def resolved_yaml(recipe: Recipe) -> str:
    """Returns YAML that loads as this very recipe, whatever the defaults of a later version are."""
    head = f"# every default written out by numerate {__version__}; running this file repeats the run\n"
    return head + yaml.dump(plain_tree(recipe), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)


def plain_tree(value: Any) -> Any:
    """Returns records as mappings, tuples as lists; a stage's options lie flat beside its own keys."""
    if isinstance(value, StageRecipe):
        return {key: plain_tree(getattr(value, key)) for key in COMMON} | plain_tree(value.options)
    if is_dataclass(value):
        return {field.name: plain_tree(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: plain_tree(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [plain_tree(inner) for inner in value]
    if isinstance(value, str):
        return str(value)  # an address without its login
    return value


class Dumper(yaml.SafeDumper):
    """Quotes whatever either our loader or a YAML 1.1 loader would take for something else than text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def quoted_scalar(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """Puts text with characters that a terminal would interpret in quotes, where its escape means the
    same."""
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", value, style='"' if UNSAFE.search(value) else None
    )


Dumper.add_representer(str, quoted_scalar)
for tag, pattern, first in IMPLICIT:
    Dumper.add_implicit_resolver(tag, pattern, first)


def json_schema() -> dict[str, Any]:
    """Returns JSON schema (draft 2020-12) of a recipe file: the options of every method, the help of every
    key."""
    whole = TypeAdapter(Recipe).json_schema()
    defs = whole["$defs"]
    common = defs.pop("StageRecipe")["properties"]
    shared_options = TypeAdapter(SharedOptions).json_schema()
    of_shared = shared_options["$defs"]
    unused = {key: with_own_defaults(v, of_shared) for key, v in shared_options["properties"].items()}
    defs |= of_shared
    branches = []
    for name in sorted(methods.METHODS):
        kind = methods.get_method(name).Config
        options = TypeAdapter(kind).json_schema()
        defs |= options.pop("$defs", {})
        method = common["method"] | {"const": name}
        shared = {key: common[key] for key in COMMON} | {"method": method}
        own = {key: with_own_defaults(value, defs) for key, value in options.get("properties", {}).items()}
        options["properties"] = shared | (
            with_unused(own, unused) if issubclass(kind, Reinforcement) else own
        )
        options |= {"title": name, "required": ["method", *options.get("required", [])]}
        branches.append(options)
    whole["properties"]["stages"]["additionalProperties"] = {"oneOf": branches}
    sets = whole["properties"]["problems"]
    sets["additionalProperties"] = {"anyOf": [{"type": "string"}, sets["additionalProperties"]]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | whole | {"title": "Numerate recipe"}


def with_unused(own: Mapping[str, Any], unused: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the schema of a method's options with the shared ones that it does not use, at any depth."""
    both = dict(own)
    for key, value in unused.items():
        if key not in own:
            both[key] = value | {"description": f"not used by this method: {value['description']}"}
        elif "properties" in own[key]:
            inner = with_unused(own[key]["properties"], value["properties"])
            both[key] = own[key] | {"properties": inner}
    return both


def with_own_defaults(value: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """Returns the schema of an option; where it is a record, written out with the defaults of this option in
    place of those of its class."""
    default, name = value.get("default"), value.get("$ref", "").removeprefix("#/$defs/")
    if not name or not isinstance(default, dict):
        return value
    keys = {key: inner | {"default": default[key]} for key, inner in defs[name]["properties"].items()}
    return (
        defs[name]
        | {"properties": keys}
        | {key: value[key] for key in ("description", "default") if key in value}
    )
