"""An endless `multipart/mixed` stream taken apart: what comes in pieces of any size goes out as whole parts.

Cameras get the standard nearly right: some send no Content-Length, some a wrong one, so the boundary decides. A part
larger than `MOST_BYTES` is dropped, and what follows is read on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MOST_BYTES = 8 * 1024 * 1024
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


class Part(NamedTuple):
    """One part: its media type in lower case, and its bytes."""

    media_type: str
    content: bytes


class Parts:
    """Parts of one stream; `boundary` as its Content-Type tells it."""

    def __init__(self, boundary: str) -> None:
        self._mark = b"--" + boundary.strip('"').encode()
        self._waiting = bytearray()
        self._drops = False
        self.dropped = 0

    def feed(self, piece: bytes) -> Iterator[Part]:
        """Take in a piece; return the parts that are whole with it."""
        self._waiting += piece
        while (found := self._waiting.find(self._mark, 0 if self._drops else len(self._mark))) >= 0:
            part = bytes(self._waiting[:found])
            del self._waiting[:found]
            was_dropped, self._drops = self._drops, False
            if not was_dropped and (taken := _part(part, self._mark)) is not None:
                yield taken
        if len(self._waiting) > MOST_BYTES:
            # Its end will tell where the next begins; the mark itself may lie across two pieces.
            del self._waiting[: -len(self._mark)]
            if not self._drops:
                self.dropped += 1
            self._drops = True


def _part(told: bytes, mark: bytes) -> Part | None:
    if not told.startswith(mark):
        return None
    head = _END_OF_HEAD.search(told)
    if head is None:
        return None
    headers = told[len(mark) : head.start()].decode("latin-1").lower()
    found = re.search(r"content-type:\s*([^;\s]+)", headers)
    content = told[head.end() :].rstrip(b"\r\n")
    return Part(found[1] if found is not None else "", content) if content else None


def boundary_of(content_type: str) -> str:
    """Return the boundary a Content-Type tells; `boundary`, as all of these cameras say, when it tells none."""
    found = re.search(r'boundary="?([^";\s]{1,70})', content_type, re.IGNORECASE)
    return found[1].removeprefix("--") if found is not None else "boundary"
