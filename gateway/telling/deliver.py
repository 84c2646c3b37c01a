"""deliver: take messages out of the outbox and hand them to their channels.

Lease, commit, call the provider, record: no lock is held while a provider answers. Each channel has its own
workers, so that a slow one holds up no other. At least once towards providers; each message carries its key.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec
import structlog

from gateway.clock import Clock
from gateway.failpoints import Failpoints
from gateway.model.errors import StoreUnavailable
from gateway.model.ports import Channel, Message, Outcome
from gateway.sealing import Sealer, contact_address
from gateway.store import outbox
from gateway.store.outbox import Leased
from gateway.store.pool import Pool
from gateway.telling.tell import PROBE

log = structlog.get_logger()

#: Messages of one channel under way at once.
AT_ONCE = 16
#: Of these so many are kept for P1: a press never waits for lesser calls that hang.
KEPT_FOR_URGENT = 4
URGENT, LESSER = "P1", ("P2", "P3", "P4")
#: A lease outlives any provider's time-out, so that a message is not sent twice while the first try still runs.
LEASE = timedelta(seconds=30)
#: The longest a provider may take, however it dribbles.
SEND_S = 8.0
#: How often the outbox is looked at when nobody says that something is in it.
LOOK_EVERY_S = 1.0
FIRST_RETRY_S, LONGEST_RETRY_S = 0.4, 60.0


class Deliverer:
    """The delivery loop of one channel."""

    def __init__(  # one argument per thing it needs
        self, station: str, pool: Pool, channel: Channel, clock: Clock, failpoints: Failpoints, sealer: Sealer
    ) -> None:
        self.station, self.channel = station, channel
        self._pool, self._clock, self._failpoints, self._sealer = pool, clock, failpoints, sealer
        self._wake = asyncio.Event()
        #: What is being sent, and how urgent it is.
        self._under_way: dict[asyncio.Task[None], str] = {}
        self.counts: Counter[str] = Counter()

    def wake(self) -> None:
        """Something may be in the outbox. From the loop's own thread."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                self._wake.clear()
                leased = await self._lease()
                for one in leased:
                    task = asyncio.create_task(self._deliver(one))
                    self._under_way[task] = one.message.priority
                    task.add_done_callback(self._landed)
                if not leased:
                    await self._nap()
        finally:
            await self.channel.close()

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._wake.set()

    async def _nap(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), LOOK_EVERY_S)

    async def _lease(self) -> list[Leased]:
        room = AT_ONCE - len(self._under_way)
        lesser = sum(priority != URGENT for priority in self._under_way.values())
        lesser_room = min(room, AT_ONCE - KEPT_FOR_URGENT - lesser)
        if room <= 0:
            return []
        try:
            return await asyncio.to_thread(self._lease_now, room, lesser_room)
        except StoreUnavailable:
            await asyncio.sleep(LOOK_EVERY_S)
        except Exception:
            # Whatever it is, nobody else delivers: try again for as long as it takes.
            log.exception("messages could not be taken out of the outbox", channel=self.channel.name)
            await asyncio.sleep(LOOK_EVERY_S)
        return []

    def _lease_now(self, room: int, lesser_room: int) -> list[Leased]:
        now = self._clock.now()
        until = now + LEASE
        with self._pool.transaction() as connection:
            expired = outbox.expire(connection, self.station, now)
            if expired:
                self.counts["expired"] += expired
                log.warning("messages expired before any provider took them", count=expired)
            urgent = outbox.lease(connection, self.station, self.channel.name, now, until, room, [URGENT])
            left = min(room - len(urgent), lesser_room)
            if left <= 0:
                return urgent
            return urgent + outbox.lease(connection, self.station, self.channel.name, now, until, left, LESSER)

    async def _deliver(self, leased: Leased) -> None:
        message = leased.message
        self._failpoints.pass_by("before_send")
        started = self._clock.now()
        try:
            async with asyncio.timeout(SEND_S):
                outcome = await self._send(leased)
        except TimeoutError:
            outcome = Outcome("retry", f"no answer within {SEND_S:g} s")
        except Exception as error:  # a channel's defect must not end the loop
            log.exception("a channel failed", channel=self.channel.name)
            outcome = Outcome("retry", f"{type(error).__name__}: {error}")
        self._failpoints.pass_by("after_send")
        ended = self._clock.now()
        self.counts[outcome.result] += 1
        retry_at = ended + retry_delay(message.attempts, outcome) if outcome.result == "retry" else None
        known = {
            "stop": "deliver", "channel": self.channel.name, "notification": message.id, "alert": message.alert,
            "incident": message.incident, "attempts": message.attempts,
        }  # fmt: skip
        if outcome.result != "accepted":
            log.warning("not delivered", **known, result=outcome.result, detail=outcome.detail)
        elif self.channel.name != PROBE:
            log.info("delivered", **known)
        try:
            await asyncio.to_thread(self._settle, message, outcome, started, ended, retry_at)
        except StoreUnavailable:
            # The lease ends by itself and the message goes out again: at least once.
            log.warning("the outcome could not be recorded", notification=message.id)

    async def _send(self, leased: Leased) -> Outcome:
        if leased.contact is None:
            return await self.channel.send(leased.message)
        if leased.address_sealed is None:
            return Outcome("refused", "this way to the user is retired")
        about = contact_address(self.station, leased.username or "", leased.message.channel)
        address = self._sealer.unseal(leased.address_sealed, about)
        return await self.channel.send(msgspec.structs.replace(leased.message, recipient=address))

    def _settle(
        self, message: Message, outcome: Outcome, started: datetime, ended: datetime, retry_at: datetime | None
    ) -> None:
        with self._pool.transaction() as connection:
            outbox.settle(connection, message, outcome, started, ended, retry_at)


def retry_delay(attempts: int, outcome: Outcome) -> timedelta:
    """Return how long to wait after a failed attempt: exponential with jitter, or what the provider asked for."""
    if outcome.retry_after is not None:
        return timedelta(seconds=min(max(outcome.retry_after, FIRST_RETRY_S), LONGEST_RETRY_S))
    longest = min(FIRST_RETRY_S * 2 ** min(attempts - 1, 10), LONGEST_RETRY_S)
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311  # jitter, no secret
