"""Messages out of a TCP stream, by their Content-Length (RFC 3261 18.3)."""

from __future__ import annotations

from connectors.gb28181.message import LONGEST, BadMessage, content_length, end_of_head

#: A head that is longer without an end is none.
LONGEST_HEAD = 64 << 10


class Frames:
    """Takes what a connection brings, in whatever pieces, and gives whole messages."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are whole now. Raises `BadMessage`: where the next begins is not known any more."""
        self._held += data
        found: list[bytes] = []
        while True:
            blank = len(self._held) - len(self._held.lstrip(b"\r\n\0"))  # keep-alives (RFC 5626 3.5.1)
            del self._held[:blank]
            ends = end_of_head(bytes(self._held[:LONGEST_HEAD]))
            if ends is None:
                if len(self._held) >= LONGEST_HEAD:
                    raise BadMessage("a head without an end")
                return found
            length = content_length(bytes(self._held[: ends[0]])) or 0
            if length > LONGEST:
                raise BadMessage(f"a body of {length} bytes is too long", 413)
            whole = ends[1] + length
            if len(self._held) < whole:
                return found
            found.append(bytes(self._held[:whole]))
            del self._held[:whole]
