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


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Returns the text of a page, with `path` in place of a link that leaves docs/."""
    folder = posixpath.dirname(page.file.src_uri)

    def plain(link: re.Match[str]) -> str:
        outside = posixpath.normpath(posixpath.join(folder, link[2])).startswith("../")
        return f"`{link[1].strip('`')}`" if outside else link[0]

    return LINK.sub(plain, markdown)


def on_page_content(html: str, page: Any, config: Any, **_: Any) -> str:
    """Warns about exported names that an API page lacks: those without a docstring, or hidden by a module."""
    for module in MODULE.findall(page.markdown):
        for name in exported(Path(config.config_file_path).parent / "src", module):
            if f'id="{module}.{name}"' not in html and f'id="{name}"' not in html:
                log.warning("%s: %s.%s has no documentation", page.file.src_uri, module, name)
    return html


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
