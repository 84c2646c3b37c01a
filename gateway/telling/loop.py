"""The telling side of the gateway process: escalation and delivery, on one event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from gateway.bulletins.display import update_displays
from gateway.bulletins.spread import spread
from gateway.clock import Clock
from gateway.failpoints import Failpoints
from gateway.incidents.clocks import overdue
from gateway.model.errors import StoreUnavailable
from gateway.model.judgement import Verdict
from gateway.model.ports import Channel
from gateway.sealing import Sealer
from gateway.store import bulletins, outbox
from gateway.store import registry as registry_store
from gateway.store.pool import Pool
from gateway.suppressing.digest import digest
from gateway.telling.deliver import Deliverer
from gateway.telling.escalate import escalate
from gateway.telling.fallback import fall_back_all
from gateway.telling.reach import ShiftCheck
from gateway.telling.tell import Announcer
from gateway.telling.watch import watch

log = structlog.get_logger()

#: How often due rungs are looked for: the ladder's clock ticks this finely.
CLIMB_EVERY_S = 0.25
#: How often ladders that stand still, or have ended unheard, are looked for.
WATCH_EVERY_S = 2.0
#: How often bulletins that begin or end are looked for.
SPREAD_EVERY_S = 1.0
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
        say: Callable[[Verdict], None],
    ) -> None:
        self._station, self._pool, self._clock, self._announcer = station, pool, clock, announcer
        self.deliverers = {
            channel.name: Deliverer(
                station, pool, channel, clock, failpoints, sealer, running=[one.name for one in channels], say=say
            )
            for channel in channels
        }
        self._say, self._shifts = say, ShiftCheck(station)
        #: Held by whoever climbs, so that the watch never takes for standing still what is being climbed.
        self._climbing = threading.Lock()
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
            group.create_task(self._again(CLIMB_EVERY_S, self._climb_now))
            group.create_task(self._again(WATCH_EVERY_S, self._watch_now))
            group.create_task(self._again(CHECK_EVERY_S, self._check_shifts_now))
            group.create_task(self._again(SPREAD_EVERY_S, self._spread_now))
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
            outbox.release(connection, self._station, list(self.deliverers))
            bulletins.doubt_displays(connection, self._station)

    async def _again(self, every_s: float, look: Callable[[], int]) -> None:
        """Look for what is due, again and again; whatever goes wrong, nobody else does."""
        while True:
            try:
                if await asyncio.to_thread(look):
                    self._wake_all()
            except StoreUnavailable:
                log.warning("what is due waits for the database", stop="escalate")
            except Exception:
                log.exception("what is due could not be done", stop="escalate")
            await asyncio.sleep(every_s)

    def _spread_now(self) -> int:
        told = 0
        while True:
            # Screens come between the pages: what is withdrawn meanwhile does not wait for thousands of texts.
            with self._pool.transaction() as connection:
                made = update_displays(connection, self._station, self._clock.now())
            with self._pool.transaction() as connection:
                made += spread(connection, self._station, self._clock.now())
            if not made:
                return told
            told += made

    def _climb_now(self) -> int:
        # First whoever was not reached: that may let a rung be due at once.
        made = self._fall_back_now()
        now = self._clock.now()
        with self._climbing:
            climbed = self._escalate_now(now)
        with self._pool.transaction() as connection:
            late = overdue(connection, self._station, self._announcer, now)
        with self._pool.transaction() as connection:
            return made + climbed + late + digest(connection, self._station, self._announcer, now)

    def _escalate_now(self, now: datetime) -> int:
        with self._pool.transaction() as connection:
            return escalate(connection, self._station, self._announcer, now)

    def _fall_back_now(self) -> int:
        down = [name for name, deliverer in self.deliverers.items() if deliverer.breaker.is_open]
        try:
            return fall_back_all(self._pool, self._station, self._announcer, self.deliverers, down, self._clock.now())
        except StoreUnavailable:
            raise
        except Exception:  # the ladder goes on whatever ails this
            log.exception("who was not reached could not be looked for", stop="deliver")
            return 0

    def _watch_now(self) -> int:
        with self._climbing:
            now = self._clock.now()
            # What fell due while nothing ran goes on from where it was; only what cannot be climbed stands still.
            try:
                climbed = self._escalate_now(now)
            except StoreUnavailable:
                raise
            except Exception:
                log.exception("rungs that are due could not be climbed", stop="escalate")
                climbed = 0
            with self._pool.transaction() as connection:
                found = watch(connection, self._station, now)
        return climbed + self._said(found)

    def _check_shifts_now(self) -> int:
        with self._pool.transaction() as connection:
            registry = registry_store.load(connection, self._station)
            found = self._shifts.look(connection, registry, self._clock.now())
        return self._said(found)

    def _said(self, verdicts: list[Verdict]) -> int:
        for verdict in verdicts:
            self._say(verdict)
        return len(verdicts)
