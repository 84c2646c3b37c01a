"""Follow the change log once per process, for any number of streams.

One listener is woken by NOTIFY (and looks once a second anyway), reads what is new and keeps the last few thousand
changes in a ring. Each stream reads from the ring at its own pace; one that fell behind it reads from the database.
Nobody's slowness costs memory or holds up another.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import deque
from contextlib import suppress

import structlog

from gateway.listener import Listener
from gateway.model.errors import StoreUnavailable
from gateway.store import changes as change_store
from gateway.store.changes import Numbered
from gateway.store.pool import Pool

log = structlog.get_logger()

RING = 5000
LOOK_EVERY_S = 1.0
PAGE = 500


class Follower:
    """The change log of one station, live."""

    def __init__(self, station: str, pool: Pool, database_url: str) -> None:
        self._station, self._pool = station, pool
        self._ring: deque[Numbered] = deque(maxlen=RING)
        self._waiting: set[asyncio.Event] = set()
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._listener = Listener(database_url, "api", {"anxin_change": self._hear})
        #: The newest number known; None until the database was asked once.
        self.position: int | None = None

    async def start(self) -> None:
        """Begin to follow."""
        self._loop = asyncio.get_running_loop()
        self._listener.start()
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Follow no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._listener.stop)

    def subscribe(self) -> asyncio.Event:
        """Return an event that is set whenever something is new. Give it back with `unsubscribe`."""
        event = asyncio.Event()
        self._waiting.add(event)
        return event

    def unsubscribe(self, event: asyncio.Event) -> None:
        """Wake this one no more."""
        self._waiting.discard(event)

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._waiting)

    async def after(self, number: int) -> list[Numbered]:
        """Return some of what changed after a number, in order; empty when there is nothing newer."""
        if self.position is not None and number >= self.position:
            return []
        if self._ring and self._ring[0].id <= number + 1:
            start = bisect_right(self._ring, number, key=lambda change: change.id)
            return [self._ring[i] for i in range(start, min(start + PAGE, len(self._ring)))]
        return await asyncio.to_thread(self._read, number)

    async def span(self) -> tuple[int, int]:
        """Return the oldest and newest numbers kept. Raises `StoreUnavailable`."""
        return await asyncio.to_thread(self._read_span)

    def _hear(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def _follow(self) -> None:
        while True:
            self._news.clear()
            try:
                while await self._catch_up():
                    pass
            except StoreUnavailable:
                log.warning("the stream waits for the database")
            except Exception:
                log.exception("the change log could not be read")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):  # `wait_for` loses a cancellation that comes with the news
                    await self._news.wait()

    async def _catch_up(self) -> bool:
        """Read one page; returns whether there may be more."""
        if self.position is None:
            self.position = (await self.span())[1]
            return False
        fresh = await asyncio.to_thread(self._read, self.position)
        if not fresh:
            return False
        self._ring.extend(fresh)
        self.position = fresh[-1].id
        for event in self._waiting:
            event.set()
        return len(fresh) == PAGE

    def _read(self, number: int) -> list[Numbered]:
        with self._pool.transaction() as connection:
            return change_store.after(connection, self._station, number, PAGE)

    def _read_span(self) -> tuple[int, int]:
        with self._pool.transaction() as connection:
            return change_store.span(connection, self._station)
