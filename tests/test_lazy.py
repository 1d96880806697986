"""Packages whose names are loaded on first use look like plain modules."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from importlib import import_module
from rlcompleter import Completer

import pytest

LAZY = ["", ".answers", ".metrics", ".models", ".problems", ".training"]
PLAIN = {"__all__", "__doc__", "__file__", "__getattr__", "__name__", "__path__", "__spec__"}
packages = pytest.mark.parametrize("package", [f"numerate{name}" for name in LAZY])


@packages
def test_dir_lists_what_the_module_holds_and_exports(package: str) -> None:
    module = import_module(package)
    listed = dir(module)
    assert set(listed) >= PLAIN | set(vars(module)) | set(module.__all__)
    assert listed == sorted(set(listed)) and all(hasattr(module, name) for name in listed)
    assert {name for name, _ in inspect.getmembers(module)} >= PLAIN | set(module.__all__)
    assert inspect.getdoc(module) and inspect.getsourcefile(module) == module.__file__


@packages
def test_a_star_imports_the_exported_names(package: str) -> None:
    names: dict[str, object] = {}
    exec(f"from {package} import *", names)
    module = import_module(package)
    assert set(names) - {"__builtins__"} == set(module.__all__)
    assert all(names[name] is getattr(module, name) for name in module.__all__)


@packages
def test_what_it_exports_can_be_pickled(package: str) -> None:
    module = import_module(package)
    exported = [getattr(module, name) for name in module.__all__]
    for value in filter(inspect.isroutine, exported):
        assert pickle.loads(pickle.dumps(value)) is value
    for value in filter(inspect.isclass, exported):
        assert pickle.loads(pickle.dumps(value)) is value


@packages
def test_names_are_completed(package: str) -> None:
    module = import_module(package)
    completer = Completer({"module": module})
    for name in ("__name__", module.__all__[0]):
        matches = completer.attr_matches(f"module.{name[:-2]}")
        assert any(match.startswith(f"module.{name}") for match in matches)


@packages
def test_an_unknown_name_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match=f"^module '{package}' has no attribute 'absent'$"):
        _ = import_module(package).absent


def test_dir_imports_nothing() -> None:
    code = "import sys, numerate.training as t; dir(t); print({'torch', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
