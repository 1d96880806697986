"""Naming rules of the package: parameters, variables, classes, and the first lines of modules."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import numerate

ROOT = Path(numerate.__file__).parent
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(ROOT.rglob("*.py"))
}
FORBIDDEN = {"told", "said", "found", "given", "asked", "one", "place", "heard", "landed", "surprise"}
OF_PARAMETERS = FORBIDDEN | {"worked", "wanted", "drawn", "here", "begun", "laid"}
CLAUSES = ("What ", "How ", "Which ", "Where ", "Whether ")
COMMANDS = ("numerate ", "python -m numerate")
SHAPE = re.compile(r"(?<=[a-z])_[A-Z]+[0-9]*$")
"""of a tensor: `place_BT` is the name `place`"""
NUMBERS = {"answers/expr/calculus/derivatives.py ONE"}
"""names of the number itself"""


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[str]:
    args = node.args
    named = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return [each.arg for each in named if each]


def test_parameters_have_the_names_of_the_field():
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    wrong = [
        f"{file}:{node.lineno} {name}"
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, functions)
        for name in parameters(node)
        if name in OF_PARAMETERS
    ]
    assert len(TREES) > 300
    assert not wrong


def bound_names(node: ast.AST) -> list[str]:
    """Returns the names that a node binds: variables, fields, aliases, type variables, functions, classes."""
    if isinstance(node, ast.Name):
        return [node.id] if isinstance(node.ctx, ast.Store) else []
    if isinstance(node, ast.Attribute):
        return [node.attr] if isinstance(node.ctx, ast.Store) else []
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.alias):
        return [node.asname or node.name]
    return [node.name] if isinstance(node, ast.ExceptHandler) and node.name else []


def is_forbidden(name: str) -> bool:
    return SHAPE.sub("", name.strip("_")).lower() in FORBIDDEN


def test_variables_functions_and_types_have_the_names_of_the_field():
    bound = [
        (file, name) for file, tree in TREES.items() for node in ast.walk(tree) for name in bound_names(node)
    ]
    assert len(bound) > 10_000
    wrong = {f"{file} {name}" for file, name in bound if is_forbidden(name)}
    assert wrong == NUMBERS


def test_names_that_are_bound():
    source = (
        "Told: X = 1\nfrom a import b as GIVEN\nself.found = place_BT = _one = Asked = T()\ndef said(): pass"
    )
    bound = [name for node in ast.walk(ast.parse(source)) for name in bound_names(node)]
    assert sorted(filter(is_forbidden, bound)) == sorted(
        ["Told", "GIVEN", "found", "place_BT", "_one", "Asked", "said"]
    )
    assert not any(map(is_forbidden, ("leave_one_out", "places", "steps_given", "T", "_", "X_BT")))


def test_public_classes_have_different_names():
    """The options of a method are its `Config`."""
    files: dict[str, list[str]] = defaultdict(list)
    for file, tree in TREES.items():
        for node in tree.body:
            is_options = (
                isinstance(node, ast.ClassDef) and node.name == "Config" and file.startswith("methods/")
            )
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not is_options:
                files[node.name].append(file)
    assert not {name: places for name, places in files.items() if len(places) > 1}


def test_docstrings_of_functions_and_classes_begin_with_a_verb_or_a_noun():
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    first = {
        f"{file}:{node.lineno} {node.name}": (ast.get_docstring(node) or "").partition("\n")[0]
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    }
    assert len(first) > 2000
    assert not {name: line for name, line in first.items() if line.startswith((*CLAUSES, "Is ", "When "))}


VERB = re.compile(r"(?P<verb>[A-Z][a-z]+(-[a-z]+)?s),? (?!of |-> )")
NOUNS = {"Bytes", "Texts", "Rows", "Tokens", "Problems", "Models", "Words", "Ids", "Units", "This"}


def begins_with_verb(line: str) -> bool:
    """The verb is in the third person; a plural noun is none."""
    found = VERB.match(line)
    return found is not None and found["verb"] not in NOUNS


def is_command(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Its docstring is the help of the command line, in the imperative."""
    return any(ast.unparse(each).startswith("app.command(") for each in node.decorator_list)


def test_docstrings_of_functions_begin_with_a_verb():
    first = {
        f"{file}:{node.lineno} {node.name}": text.partition("\n")[0] + " "
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (text := ast.get_docstring(node)) and not is_command(node)
    }
    assert len(first) > 1500
    assert not {name: line for name, line in first.items() if not begins_with_verb(line)}


def test_verbs():
    verbs = (
        "Returns the rows.",
        "Runs, resumes or skips one stage.",
        "Fine-tunes the model.",
        "Checks that it is",
    )
    assert all(map(begins_with_verb, verbs))
    wrong = (
        "The rows of a step.",
        "Return rows.",
        "Bytes of a model.",
        "Scores of all.",
        "n groups of m.",
        "True for",
    )
    assert not any(map(begins_with_verb, wrong))


def is_heading(line: str) -> bool:
    """Begins with a noun or a verb, not with a relative clause; is no question."""
    begins = line[:1].isupper() or line.startswith(COMMANDS)
    return begins and not line.startswith(CLAUSES) and not line.rstrip().endswith("?")


def test_modules_begin_with_a_heading():
    first = {file: (ast.get_docstring(tree) or "").partition("\n")[0] for file, tree in TREES.items()}
    assert not {file: line for file, line in first.items() if not is_heading(line)}


def test_docstrings_of_modules_ask_nothing():
    """A question mark in a pattern, such as `x?y`, is no question."""
    wrong = [file for file, tree in TREES.items() if asks(ast.get_docstring(tree) or "")]
    assert not wrong
    assert asks("Is a device there? Asked before a run.") and asks("is it\ngamed?\n") and not asks("a?b")


def asks(text: str) -> bool:
    return re.search(r"\w\?(\s|$)", text) is not None


def test_headings():
    assert is_heading("Error messages for invalid values.")
    assert is_heading("numerate run: a recipe from its first stage to the report.")
    wrong = ("What a wrong value is told.", "Whether they agree.", "stops and goes on", "Is it right?", "")
    assert not any(map(is_heading, wrong))
