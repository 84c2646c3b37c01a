"""The documentation as tests read it: tables, and blocks of code with what stands beside them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<note>[^>]*) -->\n)?^ *```(?P<language>\w+)\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE
)


class Block(NamedTuple):
    """A block of code: its language, its text, and the comment on the line before it."""

    language: str
    text: str
    note: str


def page(name: str) -> str:
    """A page below docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands below a heading, up to the next of its rank."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"there is no heading {title!r}"
    return found.group(2)


def rows(text: str) -> Iterator[list[str]]:
    """The rows of the tables in a text, without headings; a `|` in code is written `\\|`."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def coded(text: str) -> list[str]:
    """The words in code of a text."""
    return re.findall(r"`([^`]+)`", text)


def blocks(text: str) -> Iterator[Block]:
    """The blocks of code of a text, in order."""
    for found in _BLOCK.finditer(text):
        yield Block(found["language"], textwrap.dedent(found["text"]), found["note"] or "")
