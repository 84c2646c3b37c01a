"""A line to the gateway that can be cut, or fall silent, while both ends stay as they are."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit


class Line:
    """Forwards bytes between whoever connects to `url` and a server on this machine.

    `cut` ends every connection and lets none begin; `hush` keeps them and passes nothing on, as a broken network does
    of which nobody is told; `mend` lets new ones through (what was hushed stays so).
    """

    def __init__(self, to: str) -> None:
        there = urlsplit(to)
        self._to = (there.hostname or "127.0.0.1", there.port or 80)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._whole = True
        self._hushed: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def cut(self) -> None:
        """End every connection, and every new one at once."""
        self._whole = False
        for one in list(self._open):
            _end(one)

    def hush(self) -> None:
        """Pass nothing on any more on the connections that are open; new ones are cut."""
        self._hushed |= self._open
        self._whole = False

    def mend(self) -> None:
        """Let new connections through."""
        self._whole = True

    def close(self) -> None:
        """End everything."""
        self._whole = False
        for one in [*self._open, *self._hushed, self._listening]:
            _end(one)
        for thread in self._threads:
            thread.join(5)

    def _start(self, what: Callable[..., None], *given: socket.socket) -> None:
        thread = threading.Thread(target=what, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if not self._whole:
                _end(near)
                continue
            far = socket.create_connection(self._to)
            self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                self._start(self._pass, one, other)

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while got := one.recv(65536):
                if one not in self._hushed:
                    other.sendall(got)
        for end in (one, other):
            self._open.discard(end)
            if end not in self._hushed:
                _end(end)  # what is hushed stays open: nobody is told


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
