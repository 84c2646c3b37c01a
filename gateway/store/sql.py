"""Named SQL: every statement lives in `queries/*.sql` under a line `-- name: …` with a sentence about it.

What several statements share has a name too, and stands in them as `{name}`: of the same file, or of `shared.sql`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import LiteralString

QUERIES = Path(__file__).parent / "queries"
SHARED = "shared"
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_SENTENCE = re.compile(r"\A(?:--.*\n)+")
_SHARED_PART = re.compile(r"\{([a-z_]+)\}")


@cache
def queries(file: str) -> dict[str, LiteralString]:
    """Return the statements of one file by name. Raises `KeyError` when a part that one names is not there."""
    named = _named(file)
    parts = {name: _SENTENCE.sub("", text) for name, text in {**_named(SHARED), **named}.items()}
    # The text comes from our own package: as trustworthy as a literal.
    return {name: _SHARED_PART.sub(lambda part: parts[part[1]], text) for name, text in named.items()}


def _named(file: str) -> dict[str, str]:
    parts = _NAME.split((QUERIES / f"{file}.sql").read_text(encoding="utf-8"))
    return dict(zip(parts[1::2], (text.strip() for text in parts[2::2]), strict=True))
