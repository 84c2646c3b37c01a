"""The telling side of the gateway process: escalation and delivery, on one event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

import structlog

from gateway.clock import Clock
from gateway.failpoints import Failpoints
from gateway.model.errors import StoreUnavailable
from gateway.model.judgement import Verdict
from gateway.model.ports import Channel
from gateway.sealing import Sealer
from gateway.store import outbox
from gateway.store import registry as registry_store
from gateway.store.pool import Pool
from gateway.telling.deliver import Deliverer
from gateway.telling.escalate import escalate
from gateway.telling.fallback import fall_back_all
from gateway.telling.reach import ShiftCheck
from gateway.telling.tell import Announcer

log = structlog.get_logger()

#: How often due rungs are looked for: the ladder's clock ticks this finely.
CLIMB_EVERY_S = 0.25
#: How often it is looked who is about to be on duty and cannot be reached.
CHECK_EVERY_S = 60.0


class Telling:
    """Runs every channel's delivery loop and the ladder's clock. Start it only while holding the road.

    `say` takes what people must know of the gateway's own finding: a contact that is gone, somebody unreachable.
    """

    def __init__(  # one argument per thing it needs
        self,
        station: str,
        pool: Pool,
        channels: Sequence[Channel],
        clock: Clock,
        announcer: Announcer,
        failpoints: Failpoints,
        sealer: Sealer,
        say: Callable[[Verdict], None] | None = None,
    ) -> None:
        self._station, self._pool, self._clock, self._announcer = station, pool, clock, announcer
        self.deliverers = {
            channel.name: Deliverer(
                station, pool, channel, clock, failpoints, sealer, running=[one.name for one in channels], say=say
            )
            for channel in channels
        }
        self._say, self._shifts = say, ShiftCheck(station)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="telling", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Something was put into the outbox. From any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake_all)

    def stop(self) -> None:
        """Stop delivering; what is under way ends or is sent again after the next start."""
        if self._loop is not None and self._main is not None:
            self._loop.call_soon_threadsafe(self._main.cancel)
            self._thread.join(10)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _wake_all(self) -> None:
        for deliverer in self.deliverers.values():
            deliverer.wake()

    def _run(self) -> None:
        try:
            asyncio.run(self._all())
        except asyncio.CancelledError:
            return
        except Exception:
            log.exception("delivery ended")

    async def _all(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        await self._release()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._climb())
            group.create_task(self._check_shifts())
            for deliverer in self.deliverers.values():
                group.create_task(deliverer.run())

    async def _release(self) -> None:
        """What a predecessor had leased goes out now instead of when its leases end."""
        while True:
            try:
                await asyncio.to_thread(self._release_now)
            except Exception as error:  # noqa: BLE001  # nothing goes out before this has worked
                log.warning("leases of before cannot be released yet", error=str(error))
                await asyncio.sleep(CLIMB_EVERY_S)
            else:
                return

    def _release_now(self) -> None:
        with self._pool.transaction() as connection:
            outbox.release(connection, self._station)

    async def _climb(self) -> None:
        while True:
            try:
                # First whoever was not reached: that may let a rung be due at once.
                made = await asyncio.to_thread(self._fall_back_now)
                if await asyncio.to_thread(self._climb_now) or made:
                    self._wake_all()
            except StoreUnavailable:
                log.warning("rungs wait for the database", stop="escalate")
            except Exception:
                log.exception("a rung could not be climbed", stop="escalate")
            await asyncio.sleep(CLIMB_EVERY_S)

    def _fall_back_now(self) -> int:
        down = [name for name, deliverer in self.deliverers.items() if deliverer.breaker.is_open]
        try:
            return fall_back_all(self._pool, self._station, self._announcer, self.deliverers, down, self._clock.now())
        except StoreUnavailable:
            raise
        except Exception:  # the ladder goes on whatever ails this
            log.exception("who was not reached could not be looked for", stop="deliver")
            return 0

    async def _check_shifts(self) -> None:
        while True:
            try:
                for verdict in await asyncio.to_thread(self._check_shifts_now):
                    if self._say is not None:
                        self._say(verdict)
            except StoreUnavailable:
                log.warning("who comes on duty is looked at when the database is back", stop="deliver")
            except Exception:
                log.exception("who comes on duty could not be tried", stop="deliver")
            await asyncio.sleep(CHECK_EVERY_S)

    def _check_shifts_now(self) -> list[Verdict]:
        with self._pool.transaction() as connection:
            registry = registry_store.load(connection, self._station)
            return self._shifts.look(connection, registry, self._clock.now())

    def _climb_now(self) -> int:
        with self._pool.transaction() as connection:
            return escalate(connection, self._station, self._announcer, self._clock.now())
