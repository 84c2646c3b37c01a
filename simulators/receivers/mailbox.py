"""Received once, counted ever after: the memory that phones and command room share."""

from collections.abc import Callable
from pathlib import Path

from simulators.receivers.journal import Entry, Journal, utc_now


class Mailbox:
    """Messages by key, in order of arrival; a key that comes again is counted as a repeat of the first.

    Journal lines are `{"received_at", "key", "repeat": false, "entry": {...}}` for a first arrival,
    `{"received_at", "key", "repeat": true}` for a repeat, and `{"received_at", "cleared": true}`.
    """

    def __init__(self, journal_path: Path | None) -> None:
        """Open the journal, if there is to be one, and take up what it holds."""
        self._journal = Journal(journal_path)
        self._entries: dict[str, Entry] = {}
        for line in self._journal.entries():
            self._replay(line)

    def receive(self, key: str, make_entry: Callable[[], Entry]) -> Entry:
        """Record an arrival; return the entry of the first one with this key, its `repeats` counted up.

        `make_entry` is called for a first arrival only; `received_at` (ISO UTC, microseconds) and `repeats`
        are added to what it returns.
        """
        line: Entry = {"received_at": utc_now(), "key": key, "repeat": key in self._entries}
        if not line["repeat"]:
            line["entry"] = make_entry()
        self._journal.append(line)
        self._replay(line)
        return self._entries[key]

    def entries(self, since: str = "") -> list[Entry]:
        """Return what first arrived after `since` (as `utc_now` writes it), oldest first."""
        return [entry for entry in self._entries.values() if entry["received_at"] > since]

    def clear(self) -> None:
        """Forget everything; the journal keeps the lines and notes that they were cleared."""
        line = {"received_at": utc_now(), "cleared": True}
        self._journal.append(line)
        self._replay(line)

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _replay(self, line: Entry) -> None:
        if line.get("cleared"):
            self._entries.clear()
        elif not line["repeat"]:
            self._entries[line["key"]] = {"received_at": line["received_at"], **line["entry"], "repeats": 0}
        elif line["key"] in self._entries:
            self._entries[line["key"]]["repeats"] += 1
