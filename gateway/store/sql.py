"""Named SQL: every statement lives in `queries/*.sql` under a line `-- name: …` with a sentence about it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import LiteralString, cast

QUERIES = Path(__file__).parent / "queries"
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def queries(file: str) -> dict[str, LiteralString]:
    """Return the statements of one file by name. Raises `KeyError` later for a name that is not there."""
    parts = _NAME.split((QUERIES / f"{file}.sql").read_text(encoding="utf-8"))
    named = dict(zip(parts[1::2], (text.strip() for text in parts[2::2]), strict=True))
    # A file may name the columns its statements share.
    columns = named.get("columns", "").partition("\n")[2]
    # The text comes from our own package: as trustworthy as a literal.
    return {name: cast("LiteralString", text.replace("{columns}", columns)) for name, text in named.items()}
