"""Hooks of mkdocs: links from docs/ to other files of the repository, and a check of the API pages.

On a code host a link out of docs/ leads to the file. The site has no copy of it, and `mkdocs build --strict`
refuses a link that leads nowhere, so the site shows the link's text. An API page without a name that its
module exports is a warning, which stops the strict build."""

import ast
import logging
import posixpath
import re
from pathlib import Path
from typing import Any

LINK = re.compile(r"\[([^\]]+)\]\((\.\.?/[^)#\s]+)(?:#[^)]*)?\)")
MODULE = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
log = logging.getLogger("mkdocs.hooks.site")
promised = set[str]()
"""names that modules of API pages export"""
documented = set[str]()
"""names with an anchor on some page"""


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Returns the text of a page, with `path` in place of a link that leaves docs/."""
    folder = posixpath.dirname(page.file.src_uri)

    def plain(link: re.Match[str]) -> str:
        outside = posixpath.normpath(posixpath.join(folder, link[2])).startswith("../")
        return f"`{link[1].strip('`')}`" if outside else link[0]

    return LINK.sub(plain, markdown)


def on_page_content(html: str, page: Any, config: Any, **_: Any) -> str:
    """Collects the names that the modules of an API page export, and those that have an anchor on it."""
    sources = Path(config.config_file_path).parent / "src"
    for module in MODULE.findall(page.markdown):
        promised.update(f"{module}.{name}" for name in exported(sources, module))
        documented.add(module)
    documented.update(re.findall(r'id="(numerate\.[\w.]+)"', html))
    return html


def on_env(env: Any, **_: Any) -> Any:
    """Warns about exported names on no page: without a docstring, or hidden by a module of that name."""
    for name in sorted(promised):
        if not {name, f"{name}.{name.rpartition('.')[2]}"} & documented:
            log.warning("%s is exported and has no documentation", name)
    return env


def exported(sources: Path, module: str) -> list[str]:
    """Returns the names in the `__all__` of a module, none where it has none."""
    path = sources / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not file.is_file():
        return []
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return list(ast.literal_eval(node.value))
    return []
