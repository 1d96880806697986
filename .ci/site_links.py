"""Hook of mkdocs: links from docs/ to other files of the repository become plain text on the site.

On a code host they lead to the file. The site has no copy of it, and `mkdocs build --strict` refuses a link
that leads nowhere."""

import posixpath
import re
from typing import Any

LINK = re.compile(r"\[([^\]]+)\]\((\.\.?/[^)#\s]+)(?:#[^)]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Returns the text of a page, with `path` in place of a link that leaves docs/."""
    folder = posixpath.dirname(page.file.src_uri)

    def plain(link: re.Match[str]) -> str:
        outside = posixpath.normpath(posixpath.join(folder, link[2])).startswith("../")
        return f"`{link[1].strip('`')}`" if outside else link[0]

    return LINK.sub(plain, markdown)
