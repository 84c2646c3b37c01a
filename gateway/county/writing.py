"""What a link says of itself, written down in its order while the link goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from gateway.model.errors import StoreUnavailable

T = TypeVar("T")

#: A platform that talks without end is not written down without end.
MOST = 1000


class WrittenDown(Generic[T]):
    """`write` puts one thing into the store; it is called from another thread than the loop's."""

    def __init__(self, write: Callable[[T], None]) -> None:
        self._write = write
        self._waiting: asyncio.Queue[T] = asyncio.Queue(maxsize=MOST)

    def add(self, told: T) -> None:
        """Have something written down."""
        with suppress(asyncio.QueueFull):
            self._waiting.put_nowait(told)

    async def run(self) -> None:
        """Write, for as long as it takes while the store is away."""
        while True:
            told = await self._waiting.get()
            while True:
                try:
                    await asyncio.to_thread(self._write, told)
                except StoreUnavailable:
                    await asyncio.sleep(1)
                else:
                    break

    def the_last(self) -> None:
        """Write what was said while everything ended, if the store is there."""
        with suppress(StoreUnavailable, asyncio.QueueEmpty):
            while True:
                self._write(self._waiting.get_nowait())
