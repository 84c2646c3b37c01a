"""The ledger: what the broker said it has, kept apart from what the gateway says it has."""

import asyncio
import os
import time
from pathlib import Path

FLUSH_EVERY_S = 0.1
SYNC_EVERY_S = 1.0


class Ledger:
    """A text file with a line `<device> <event id> <kind> <ts>` for each acknowledged event.

    Lines are added when the PUBACK arrives, handed to the system every 0.1 s and to the disk every second
    and at the end, so a killed load generator forgets little and never claims too much. Without a path it
    is idle.
    """

    def __init__(self, path: Path | None) -> None:
        """Open the file for appending; raises OSError when that isn't possible."""
        self._file = path.open("ab") if path else None
        self._lines: list[str] = []

    def add(self, device: str, event_id: str, kind: str, ts: str) -> None:
        """Note one acknowledged event."""
        if self._file is not None:
            self._lines.append(f"{device} {event_id} {kind} {ts}\n")

    async def keep(self) -> None:
        """Flush and sync on time, until cancelled; syncing waits in a thread, the network doesn't."""
        if self._file is None:
            return
        sync_at = time.monotonic() + SYNC_EVERY_S
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            self.flush()
            if time.monotonic() >= sync_at:
                sync_at = time.monotonic() + SYNC_EVERY_S
                await asyncio.to_thread(os.fsync, self._file.fileno())

    def flush(self) -> None:
        """Write the lines added so far."""
        if self._file is not None and self._lines:
            lines, self._lines = self._lines, []
            self._file.write("".join(lines).encode())
            self._file.flush()

    def close(self) -> None:
        """Write what is left, sync, close."""
        if self._file is not None:
            self.flush()
            os.fsync(self._file.fileno())
            self._file.close()
