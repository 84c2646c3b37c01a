"""Hear what other processes committed. PostgreSQL's NOTIFY only wakes; whoever is woken looks at the rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import psycopg
import structlog

from gateway.model.errors import StoreUnavailable
from gateway.store.pool import connect

log = structlog.get_logger()

RETRY_S = 1.0


class Listener:
    """One direct connection that listens (a pooler in transaction mode would lose notifications).

    `ears` maps a channel to what is called when something is said on it, and once whenever the connection is
    made: what was said while nobody listened is lost.
    """

    def __init__(self, database_url: str, name: str, ears: Mapping[str, Callable[[], None]]) -> None:
        self._url, self._name, self._ears = database_url, name, ears
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Start listening."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except (psycopg.Error, StoreUnavailable):
                self._stopping.wait(RETRY_S)

    def _listen(self) -> None:
        with connect(self._url, f"{self._name} listener", autocommit=True) as connection:
            for channel in self._ears:
                connection.execute(f"listen {channel}")  # our own constants
            for hear in self._ears.values():
                hear()
            while not self._stopping.is_set():
                for notice in connection.notifies(timeout=1.0):
                    self._ears[notice.channel]()
                    if self._stopping.is_set():
                        return
