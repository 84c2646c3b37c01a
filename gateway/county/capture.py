"""What a link says and hears, into a file, for as long as somebody asked: without what lets anybody log in as us."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

import structlog

from connectors.masking import masked
from gateway.store.county import Captured

log = structlog.get_logger()

#: A file grows no further than this, in bytes.
MOST = 10_000_000
LONGEST = timedelta(minutes=60)


class Capture:
    """Records a link's traffic while it is asked to. A file that cannot be written holds up no alarm.

    `ask` is called by another thread than what sees the traffic.
    """

    def __init__(
        self, folder: Path, link: str, password: str, now: Callable[[], datetime], charset: str = "gb18030"
    ) -> None:
        self._folder, self._link, self._password, self._now, self._charset = folder, link, password, now, charset
        self._lock = threading.Lock()
        self._out: TextIO | None = None
        self._size = 0
        self._ends: datetime | None = None
        #: Until when was asked for last (aware), the file that came of it, and how many messages are in it.
        self.asked: datetime | None = None
        self.file: Path | None = None
        self.messages = 0

    def ask(self, until: datetime | None) -> None:
        """Record until a moment, in a new file where it is another moment than before; None: no more."""
        now = self._now()
        with self._lock:
            if until != self.asked:
                self._close()
                self.asked, self.file, self.messages = until, None, 0
                if until is not None and until > now:
                    self._open(now, min(until, now + LONGEST))
            elif self._ends is not None and now >= self._ends:
                self._close()

    @property
    def records(self) -> bool:
        """Whether what is said is taken just now."""
        return self._out is not None

    def told(self) -> Captured:
        """Return what there is so far."""
        return Captured(self.asked, str(self.file.resolve()) if self.file else None, self.messages)

    def __call__(self, way: str, peer: tuple[str, int], data: bytes) -> None:
        """Take one message that is carried."""
        if self._out is None:
            return
        with self._lock:
            now = self._now()
            if self._out is None or (self._ends is not None and now >= self._ends):
                self._close()
                return
            head = f"{now.isoformat(timespec='milliseconds')} {way} {peer[0]}:{peer[1]}"
            self._write(f"{head}\n{masked(data, self._password, self._charset).rstrip()}\n\n")

    def close(self) -> None:
        """Record no more."""
        with self._lock:
            self._close()

    def _write(self, text: str) -> None:
        size = len(text.encode())
        if self._out is None:
            return
        try:
            if self._size + size > MOST:
                self._out.write(f"# no more than {MOST} bytes\n")
                self._close()
                return
            self._out.write(text)
            self._out.flush()
        except OSError as error:
            log.warning("the traffic can be recorded no further", link=self._link, error=str(error))
            self._close()
            return
        self._size += size
        self.messages += 1

    def _open(self, now: datetime, ends: datetime) -> None:
        path = self._folder / f"{self._link}-{now:%Y%m%dT%H%M%S}.txt"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            log.warning("the traffic cannot be recorded", link=self._link, error=str(error))
            return
        self._out, self._size, self._ends, self.file = os.fdopen(number, "w", encoding="utf-8"), 0, ends, path
        log.info("the traffic is recorded", link=self._link, until=ends.isoformat(), file=str(path))

    def _close(self) -> None:
        if self._out is not None:
            try:
                self._out.close()
            except OSError as error:
                log.warning("the end of the traffic could not be recorded", link=self._link, error=str(error))
        self._out = self._ends = None
