"""What waits to be sent, on disk: events for the broker, pictures and clips for the API, until each is acknowledged.

One file each, whole or not there, so that a killed worker goes on where it was. When room runs out, the oldest clips go
first, then the oldest snapshots, and that they went is said; events are small, have the reserve to themselves, and
never go.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from gateway.model.errors import Misconfigured

log = structlog.get_logger()

EVENT, ABOUT, CONTENT, UNFINISHED = ".event", ".about", ".content", ".unfinished"
Role = Literal["snapshot", "clip"]
#: What is given up first.
_GIVEN_UP_FIRST: tuple[Role, ...] = ("clip", "snapshot")


class Message(msgspec.Struct, frozen=True):
    """Something to say on a topic."""

    topic: str
    payload: str


class Media(msgspec.Struct, frozen=True):
    """What a picture or clip is of: an event of the device's, or `of` another's, and the span it shows (aware, UTC)."""

    device: str
    event: str
    role: Role
    content_type: str
    from_at: datetime
    until_at: datetime
    #: Whose event it is, when it is another device's.
    of: str | None = None


class Waiting(msgspec.Struct, frozen=True):
    """A picture or clip that waits, with where its bytes are."""

    number: int
    about: Media
    content: Path


class Spool:
    """A folder of what waits, oldest first. Safe for several threads of one process.

    `most_bytes`: of pictures and clips together; `reserve_bytes`: of the disk stay free of them. Raises `Misconfigured`
    when there can be no such folder.
    """

    def __init__(self, folder: Path, most_bytes: int, reserve_bytes: int) -> None:
        self.folder, self._most_bytes, self._reserve_bytes = folder, most_bytes, reserve_bytes
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise Misconfigured(
                f"there can be no folder {folder} for what waits: {error.strerror}; say another `spool`"
            ) from error
        for left in folder.glob(f"*{UNFINISHED}"):
            left.unlink()
        self._lock = threading.Lock()
        self._events: dict[int, Message] = {}
        self._media: dict[int, Media] = {}
        self._sizes: dict[int, int] = {}
        self.given_up = 0
        self._load()
        self._number = max([*self._events, *self._media, 0])

    @property
    def size(self) -> int:
        """Bytes of the pictures and clips that wait."""
        return sum(self._sizes.values())

    # ── events ───────────────────────────────────────────────────────────────────────────────────────

    def say(self, message: Message) -> int:
        """Keep something to be said; returns its number. Without room on disk it is kept in memory, which is logged."""
        with self._lock:
            number = self._next()
            self._events[number] = message
        try:
            self._write(number, EVENT, msgspec.json.encode(message))
        except OSError as error:
            log.exception("an event cannot be kept on disk; it lives until this worker ends", error=str(error))
        return number

    def to_say(self, after: int = 0) -> list[tuple[int, Message]]:
        """Return what is to be said, oldest first, from beyond a number."""
        with self._lock:
            return sorted((number, message) for number, message in self._events.items() if number > after)

    def said(self, number: int) -> None:
        """The broker has it."""
        with self._lock:
            self._events.pop(number, None)
        self._remove(number, EVENT)

    # ── pictures and clips ───────────────────────────────────────────────────────────────────────────

    def keep(self, about: Media, write: Callable[[Path], None]) -> bool:
        """Keep a picture or clip that `write` writes to a path; False when there is no room for it whatever goes."""
        with self._lock:
            number = self._next()
        unfinished = self._path(number, UNFINISHED)
        while True:
            try:
                write(unfinished)
                size = unfinished.stat().st_size
                self._sync(unfinished)
                if not self._fits(size):
                    raise OSError("what may be kept is full")  # noqa: TRY301  # one way out for both kinds of full
                unfinished.replace(self._path(number, CONTENT))
                self._write(number, ABOUT, msgspec.json.encode(about))
            except OSError as error:
                unfinished.unlink(missing_ok=True)
                self._remove(number, CONTENT)
                if not self._give_up_one(str(error)):
                    self.given_up += 1
                    log.exception(
                        "there is no room for a picture", device=about.device, role=about.role, error=str(error)
                    )
                    return False
                continue
            with self._lock:
                self._media[number], self._sizes[number] = about, size
            return True

    def to_send(self) -> Waiting | None:
        """Return what is to be sent next: the oldest snapshot, then the oldest clip; None when nothing waits."""
        with self._lock:
            order = sorted(self._media, key=lambda number: (self._media[number].role != "snapshot", number))
            return Waiting(order[0], self._media[order[0]], self._path(order[0], CONTENT)) if order else None

    def sent(self, number: int) -> None:
        """The API has it, or will never take it."""
        with self._lock:
            self._media.pop(number, None)
            self._sizes.pop(number, None)
        self._remove(number, ABOUT)
        self._remove(number, CONTENT)

    # ── the disk ─────────────────────────────────────────────────────────────────────────────────────

    def _fits(self, size: int) -> bool:
        return self.size + size <= self._most_bytes and shutil.disk_usage(self.folder).free >= self._reserve_bytes

    def _give_up_one(self, why: str) -> bool:
        """Let the oldest clip go, or without clips the oldest snapshot; False when nothing waits."""
        with self._lock:
            for role in _GIVEN_UP_FIRST:
                found = min((number for number, media in self._media.items() if media.role == role), default=None)
                if found is not None:
                    gone = self._media[found]
                    break
            else:
                return False
        self.sent(found)
        self.given_up += 1
        log.error("a picture that waited is given up for room", event_id=gone.event, role=gone.role, why=why)
        return True

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _path(self, number: int, ending: str) -> Path:
        return self.folder / f"{number:012d}{ending}"

    def _write(self, number: int, ending: str, content: bytes) -> None:
        unfinished = self._path(number, ending + UNFINISHED)
        try:
            unfinished.write_bytes(content)
            self._sync(unfinished)
            unfinished.replace(self._path(number, ending))
        except OSError:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise

    @staticmethod
    def _sync(path: Path) -> None:
        with path.open("rb") as file:
            os.fsync(file.fileno())

    def _remove(self, number: int, ending: str) -> None:
        with suppress(OSError):
            self._path(number, ending).unlink(missing_ok=True)

    def _load(self) -> None:
        for number, path in self._there(EVENT):
            with _readable(path):
                self._events[number] = msgspec.json.decode(path.read_bytes(), type=Message)
        for number, path in self._there(ABOUT):
            with _readable(path):
                self._sizes[number] = self._path(number, CONTENT).stat().st_size
                self._media[number] = msgspec.json.decode(path.read_bytes(), type=Media)
        for number, path in self._there(CONTENT):
            if number not in self._media:  # killed between the two files: nobody knows what it is of
                path.unlink(missing_ok=True)

    def _there(self, ending: str) -> Iterator[tuple[int, Path]]:
        for path in sorted(self.folder.glob(f"*{ending}")):
            if path.stem.isdecimal():
                yield int(path.stem), path


class _readable(suppress):  # noqa: N801  # reads as what it does
    """A file that cannot be read is left where it is and said; the others are sent."""

    def __init__(self, path: Path) -> None:
        super().__init__(OSError, msgspec.DecodeError)
        self._path = path

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        if error is not None:
            log.error("a file that waits cannot be read", file=str(self._path), error=str(error))
        return super().__exit__(kind, error, trace)  # type: ignore[arg-type]  # as suppress has it
