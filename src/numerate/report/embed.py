"""Values of any origin as JSON inside a <script type="application/json"> element."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from markupsafe import Markup

ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def data_block(value: Any) -> Markup:
    """Returns JSON that can't end its element and has ASCII only, so U+2028, NUL and lone surrogates are
    escapes too.

    Raises ValueError on NaN and infinities: `results.finite_number` keeps them out."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(ESCAPES))


def source_hash(script: str) -> str:
    """Returns the name of this inline script in a Content-Security-Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
