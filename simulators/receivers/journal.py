"""What was received, kept: in memory always, in a JSON Lines file when asked to."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BufferedWriter
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

Entry = dict[str, Any]


def utc_now() -> str:
    """Return the time as `2026-11-22T00:00:00.123456Z`: fixed width, so that text order is time order."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def utc_text(text: str) -> str:
    """Rewrite an RFC 3339 time the way `utc_now` writes; raises ValueError for anything else."""
    # A plus sign in a query string that wasn't escaped arrives as a space.
    moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Journal:
    """An append-only file of JSON lines, flushed line by line; without a path it keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        """Open the file for appending; raises OSError when that isn't possible."""
        self._path = path
        self._file: BufferedWriter | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab")
            self._finish_torn_line(path)

    def append(self, entry: Entry) -> None:
        """Write one line."""
        if self._file is not None:
            self._file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
            self._file.flush()

    def entries(self) -> Iterator[Entry]:
        """Read what earlier runs wrote, oldest first; a line torn by a crash is skipped with a warning."""
        if self._path is None:
            return
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield json.loads(line)
                except ValueError:
                    log.warning("%s line %d is torn and skipped", self._path, number)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _finish_torn_line(self, path: Path) -> None:
        whole = path.read_bytes()
        if self._file is not None and whole and not whole.endswith(b"\n"):
            self._file.write(b"\n")
            self._file.flush()
