"""What is said over HTTP, as whoever records it takes it: pictures are told by their length."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

#: Base64 of a picture: nobody reads it, and a recording is bounded.
_PICTURE = re.compile(rb'("Data"\s*:\s*")([^"]+)"')


class Traffic(Protocol):
    """Who records. `records`: whether it does just now; else nothing need be told."""

    @property
    def records(self) -> bool:
        """Whether what is said is taken just now."""

    def __call__(self, way: str, peer: tuple[str, int], data: bytes) -> None:
        """Take one message; `way` is `in` or `out`."""


def http_text(line: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a message as it would stand on the wire, UTF-8, without the pictures in it."""
    head = "".join(f"{each}\r\n" for each in (line, *(f"{name}: {value}" for name, value in headers.items())))
    return head.encode() + b"\r\n" + _PICTURE.sub(lambda found: b'%s%d characters"' % (found[1], len(found[2])), body)
