"""Telling the whole catalogue: message after message, each only when the one before was answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import structlog

from connectors.gb28181 import catalogue
from connectors.gb28181.catalogue import Entry
from connectors.gb28181.line import Line, outcome
from connectors.gb28181.manscdp import Told
from connectors.gb28181.transactions import Answered, Unanswered

log = structlog.get_logger()


class Listing:
    """One answer to a catalogue query. Its list was frozen when the query came: what changes meanwhile is notified."""

    def __init__(self, line: Line, told: Told, entries: Sequence[Entry]) -> None:
        self._line, self.sn, self.device = line, told.sn or 0, told.device
        found = catalogue.scoped(entries, told.device, line.config.device_id)
        self.items = len(found)
        # What is packed tightly is packed so by request or because nothing is lost by it.
        most = catalogue.MOST_ITEMS if line.transactions.reliable else line.config.catalog_items
        self._bodies: Iterator[bytes] = catalogue.answers(
            found, self.sn, told.device, line.config.dialect, most=most, room=line.room
        )
        self._last = b""
        self._again = False
        self.told = 0
        #: None while it goes on; then whether all of it was taken.
        self.done: bool | None = None

    def go_on(self, now: float) -> None:
        """Send the next message."""
        body = next(self._bodies, None)
        if body is None:
            self.done = True
            return
        self._last, self._again = body, False
        self._line.tell(body, now, self._came_back)

    def stop(self) -> None:
        """Send no more: another query came, or the platform is gone."""
        self.done = self.done or False

    def _came_back(self, event: Answered | Unanswered, now: float) -> None:
        if self.done is not None:
            return
        status, why = outcome(event)
        if 200 <= status < 300:
            self.told += 1
            self.go_on(now)
        elif status == 0 and not self._again:
            self._again = True
            self._line.tell(self._last, now, self._came_back)
        else:
            self.done = False
            log.warning("the catalogue was not taken", sn=self.sn, messages=self.told, why=why)
