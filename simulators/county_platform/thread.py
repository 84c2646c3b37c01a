"""An event loop on a thread of its own, where everything happens under one lock."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from simulators.county_platform.watch import Watch

T = TypeVar("T")


class LoopThread:
    """Runs what others ask of it, one thing after the other; each change is told to the watch."""

    def __init__(self, name: str, watch: Watch) -> None:
        self._watch = watch
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    @property
    def runs(self) -> bool:
        """Whether it has been started and not stopped."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and return what came of it. Raises what it raises."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()

    def do(self, what: Callable[[], T]) -> T:
        """Do something there, under the lock, and return what came of it. Raises what it raises.

        Raises RuntimeError where it would wait for itself: on the thread, or inside of what a `wait_for` asks.
        """
        if self._watch.held or threading.current_thread() is self._thread:
            raise RuntimeError("orders are not given from within a wait or a callback: it would wait for itself")
        done: Future[T] = Future()

        def run() -> None:
            try:
                with self._watch.changed:
                    done.set_result(what())
                    self._watch.changed.notify_all()
            except Exception as error:  # noqa: BLE001  # it is raised again, where it was asked for
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result()

    def now(self, what: Callable[[], None]) -> None:
        """Do something under the lock; called on the thread itself."""
        with self._watch.changed:
            what()
            self._watch.changed.notify_all()

    def later(self, seconds: float, what: Callable[[], None]) -> asyncio.TimerHandle:
        """Do something under the lock after a time; called on the thread itself."""
        return self._loop.call_later(seconds, self.now, what)

    def stop(self) -> None:
        """End every task, then the thread."""

        async def drain() -> None:
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self.run(drain())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
