"""The pages of docs/ lead somewhere: links and anchors, the nav of the site, and the files that they name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import numerate
from numerate import methods, types

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PACKAGE = Path(numerate.__file__).parent
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")


def prose(page: Path) -> str:
    """Returns the text of a page without its blocks of code."""
    return re.sub(r"^( *)```.*?^\1```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """Returns the anchors of a page's headings, as code hosts and mkdocs.yml make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.*?) *#*$", prose(page), flags=re.M):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        number = 0
        while (name := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(name)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_pages_and_anchors(page: Path) -> None:
    dead: list[str] = []
    for path, anchor in LINK.findall(prose(page)):
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(f"{path}#{anchor}")
    assert not dead


def nav() -> list[str]:
    lines = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2].partition("\n\n")[0]
    return re.findall(r"^ +- ([\w/-]+\.md)$", lines, flags=re.M)


def test_the_nav_has_every_page_once() -> None:
    assert sorted(nav()) == [str(page.relative_to(DOCS)) for page in PAGES[1:]]


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: str(page.relative_to(DOCS)))
def test_lists_begin_after_a_blank_line_as_the_site_needs(page: Path) -> None:
    """A code host takes `text` and `- item` on two lines for a list, the site for one paragraph."""
    item = r"(?:[-*]|\d+\.) +\S"
    text = prose(page)
    assert not re.findall(rf"^(?!\s|{item}|$).+\n{item}.*$", text, flags=re.M)


def test_the_questions_are_answered_by_files_that_exist() -> None:
    rows = re.findall(r"^\| (.+\?) \| (.+) \|$", prose(DOCS / "where-is-what.md"), flags=re.M)
    files = [name for _, cell in rows for name in re.findall(r"`([\w/]+\.py)`", cell)]
    assert len(rows) >= 20 and len(files) >= len(rows)
    assert not [name for name in files if not (PACKAGE / name).is_file()]


def test_the_glossary_names_files_and_folders_that_exist() -> None:
    rows = prose(DOCS / "glossary.md").partition("|---|")[2]
    names = re.findall(r"`([a-z_]+(?:/\w+)*(?:\.py|/))`", rows)
    assert len(names) > 30
    assert not [name for name in names if not (PACKAGE / name).exists()]


def methods_table() -> dict[str, list[str]]:
    """Returns the other cells of a row by the methods that its first cell names."""
    rows = re.findall(r"^\| (\[`.*)\|$", prose(DOCS / "choose-a-method.md"), flags=re.M)
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    return {name: rest for first, *rest in cells for name in re.findall(r"\[`(\w+)`\]", first)}


def test_the_table_of_methods_has_all_and_says_which_need_solutions() -> None:
    table = methods_table()
    assert set(table) == set(methods.METHODS)
    needs = {name for name in table if "solution" in methods.get_method(name).NEEDS}
    assert {name for name, (solutions, *_) in table.items() if solutions.startswith("yes")} == needs


def documented_modules() -> Iterator[tuple[str, Path]]:
    """Yields every module that an API page is made from, with its file; `a.b.b` is the function b of a.b."""
    for page in sorted((DOCS / "api").glob("*.md")):
        for name in re.findall(r"^::: numerate\.([\w.]+)$", page.read_text(encoding="utf-8"), flags=re.M):
            path = PACKAGE / re.sub(r"\b(\w+)\.\1$", r"\1", name).replace(".", "/")
            yield name, path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_api_pages_are_made_from_modules_that_exist() -> None:
    modules = dict(documented_modules())
    assert len(modules) >= 20
    assert not [name for name, path in modules.items() if not path.is_file()]
    assert all(ast.get_docstring(ast.parse(path.read_text())) for path in modules.values())


def test_members_that_api_pages_choose_are_in_their_modules() -> None:
    chosen: list[tuple[str, str]] = []
    for page in sorted((DOCS / "api").glob("*.md")):
        blocks = page.read_text(encoding="utf-8").split("::: numerate.")[1:]
        chosen += [
            (block.split(maxsplit=1)[0], name.strip())
            for block in blocks
            for names in re.findall(r"members: \[(.*)\]", block)
            for name in names.split(",")
        ]
    assert len(chosen) > 10
    files = dict(documented_modules())
    assert not [(module, name) for module, name in chosen if name not in bound_names(files[module])]


def bound_names(path: Path) -> set[str]:
    """Returns the names that a module defines, assigns or imports at its top level."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def test_attributes_of_types_in_the_docs_exist() -> None:
    """`Turn.ids`: a field, property or method of a record of `numerate.types`."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name, attribute in re.findall(r"`([A-Z]\w+)\.(\w+)`", text):
        if record := getattr(types, name, None):
            known = {*getattr(record, "__dataclass_fields__", {}), *dir(record)}
            assert attribute in known, f"{name}.{attribute}"


def test_statistics_of_curricula_in_the_docs_are_logged() -> None:
    [line] = re.findall(r"^\| `curriculum/\*` \|.*$", (DOCS / "monitoring.md").read_text(), re.MULTILINE)
    code = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    for name in re.findall(r"`(\w+)`", line):
        assert f'"curriculum/{name}"' in code, name
