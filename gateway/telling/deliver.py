"""deliver: take messages out of the outbox and hand them to their channels.

Lease, commit, call the provider, record: no lock is held while a provider answers. Each channel has its own
workers, its own rate and its own breaker, so that a slow or broken one holds up no other. At least once towards
providers; each message carries its key. What has not reached its person is `fallback`'s.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.clock import Clock
from gateway.failpoints import Failpoints
from gateway.model.errors import BadInput, StoreUnavailable
from gateway.model.judgement import Verdict
from gateway.model.policy import RECEIPTS, Policy
from gateway.model.ports import Channel, Message, Outcome
from gateway.persons import personal
from gateway.sealing import Sealer, contact_address, enterprise_endpoint
from gateway.store import outbox
from gateway.store.outbox import Leased
from gateway.store.pool import Pool
from gateway.telling.limits import WINDOW, Breaker, Rate
from gateway.telling.quiet import quiet_until
from gateway.telling.reach import contact_gone, contact_gone_verdict
from gateway.telling.receipts import token_of
from gateway.telling.tell import PROBE

log = structlog.get_logger()

#: Messages of one channel under way at once.
AT_ONCE = 16
#: Of these so many are kept for P1: a press never waits for lesser calls that hang.
KEPT_FOR_URGENT = 4
URGENT, LESSER = "P1", ("P2", "P3", "P4")
#: A lease outlives any provider's time-out, so that a message is not sent twice while the first try still runs.
LEASE = timedelta(seconds=22)
#: The longest a provider may take, however it dribbles, unless its channel says otherwise.
SEND_S = 8.0
#: How often the outbox is looked at when nobody says that something is in it.
LOOK_EVERY_S = 1.0
FIRST_RETRY_S, LONGEST_RETRY_S = 0.4, 60.0


class Deliverer:
    """The delivery loop of one channel. `running` are all channels there are, `say` takes what people must know."""

    def __init__(  # one argument per thing it needs
        self,
        station: str,
        pool: Pool,
        channel: Channel,
        clock: Clock,
        failpoints: Failpoints,
        sealer: Sealer,
        *,
        running: Collection[str] = (),
        say: Callable[[Verdict], None] | None = None,
    ) -> None:
        self.station, self.channel = station, channel
        self._pool, self._clock, self._failpoints, self._sealer = pool, clock, failpoints, sealer
        self._running, self._say = running, say
        self._receipts = bool(getattr(channel, "receipts", False))
        self._limit_s = float(getattr(channel, "limit_s", SEND_S))
        self.rate = Rate(getattr(channel, "rate_per_min", None))
        self.breaker = Breaker()
        self._policy = Policy()
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
            await self._remember()
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
            async with asyncio.timeout(LOOK_EVERY_S):  # `wait_for` loses a cancellation that comes with the waking
                await self._wake.wait()

    async def _remember(self) -> None:
        """Count what went out just before we started: providers do not forget it either."""
        if self.rate.per_minute is None:
            return
        while True:
            try:
                self.rate.remember(await asyncio.to_thread(self._sent_lately))
            except StoreUnavailable:
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                return

    def _sent_lately(self) -> list[datetime]:
        with self._pool.transaction() as connection:
            return outbox.sent_since(connection, self.station, self.channel.name, self._clock.now() - WINDOW)

    async def _lease(self) -> list[Leased]:
        if not getattr(self.channel, "ready", True):
            return []
        room = AT_ONCE - len(self._under_way)
        lesser = sum(priority != URGENT for priority in self._under_way.values())
        now = self._clock.now()
        tried = self.breaker.room(now)
        # While the provider is left alone, a press that was never tried may still try it.
        fresh = tried == 0 and self.breaker.room(now, fresh=True) > 0
        urgent = min(room, 1 if fresh else tried, self.rate.room(now, urgent=True))
        # Lesser ones have so many places, and what of everybody's room P1 leaves.
        places, shared = AT_ONCE - KEPT_FOR_URGENT - lesser, min(room, tried, self.rate.room(now, urgent=False))
        if room <= 0:
            return []
        try:
            leased = await asyncio.to_thread(self._lease_now, urgent, places, shared, fresh)
        except StoreUnavailable:
            await asyncio.sleep(LOOK_EVERY_S)
            return []
        except Exception:
            # Whatever it is, nobody else delivers: try again for as long as it takes.
            log.exception("messages could not be taken out of the outbox", channel=self.channel.name)
            await asyncio.sleep(LOOK_EVERY_S)
            return []
        if leased:
            self.rate.spend(now, len(leased))
            self.breaker.trying(now)
        return leased

    def _lease_now(self, urgent: int, places: int, shared: int, fresh: bool) -> list[Leased]:  # as it is said
        now = self._clock.now()
        until, name = now + LEASE + timedelta(seconds=self._limit_s), self.channel.name
        with self._pool.transaction() as connection:
            quiet = self._quieten(connection, now)
            expired = outbox.expire(connection, self.station, now)
            if expired:
                self.counts["expired"] += expired
                log.warning("messages expired before any provider took them", count=expired)
            leased: list[Leased] = []
            if urgent > 0:
                leased = outbox.lease(connection, self.station, name, now, until, urgent, [URGENT], fresh=fresh)
            left = min(places, shared - len(leased))
            if left > 0:
                leased += outbox.lease(connection, self.station, name, now, until, left, LESSER, quiet=quiet)
            return leased

    def _quieten(self, connection: Connection[TupleRow], now: datetime) -> bool:
        """Put off what waits until quiet hours are over; returns whether they hold now."""
        try:
            self._policy, zone = outbox.policy(connection, self.station)
            until = quiet_until(self._policy.quiet_hours, zone, now)
        except (BadInput, msgspec.ValidationError, ValueError, KeyError) as error:
            # Whatever was written down there: people are told all the same.
            log.warning("the policy cannot be read; no quiet hours are kept", error=str(error))
            return False
        if until is not None:
            self.counts["quiet"] += outbox.quieten(connection, self.station, self.channel.name, now, until)
        return until is not None

    async def _deliver(self, leased: Leased) -> None:
        message = leased.message
        self._failpoints.pass_by("before_send")
        started = self._clock.now()
        outcome = await self._asked(leased)
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
            await asyncio.to_thread(self._settle, leased, outcome, started, ended, retry_at)
        except StoreUnavailable:
            # The lease ends by itself and the message goes out again: at least once.
            log.warning("the outcome could not be recorded", notification=message.id)

    async def _asked(self, leased: Leased) -> Outcome:
        """What the provider answers; the breaker hears of it."""
        if leased.looked_up and leased.address_sealed is None:
            self.breaker.not_tried(self._clock.now())
            return Outcome("refused", "nobody is to be reached this way any more")
        try:
            async with asyncio.timeout(self._limit_s):
                outcome = await self.channel.send(self._opened(leased))
        except TimeoutError:
            outcome = Outcome("retry", f"no answer within {self._limit_s:g} s")
        except Exception as error:  # a channel's defect must not end the loop
            log.exception("a channel failed", channel=self.channel.name)
            outcome = Outcome("retry", f"{type(error).__name__}: {error}")
        was = self.breaker.state
        if outcome.result == "retry" and not outcome.of_recipient:
            self.breaker.failed(self._clock.now())
        else:
            self.breaker.answered(self._clock.now())
        if self.breaker.state != was:
            log.warning("a channel's breaker turned", channel=self.channel.name, state=self.breaker.state)
        return outcome

    def _opened(self, leased: Leased) -> Message:
        """The message as the channel gets it: with the opened address, and with what its receipts are shown by."""
        message = leased.message
        if leased.address_sealed is None:
            return message
        body, sealed = message.body, leased.address_sealed
        if leased.person is not None:
            address = personal.unseal(self._sealer, self.station, leased.person, sealed).phone
        elif leased.enterprise is not None:
            address = self._sealer.unseal(sealed, enterprise_endpoint(self.station, leased.enterprise))
        else:
            address = self._sealer.unseal(sealed, contact_address(self.station, leased.username or "", message.channel))
            if self._receipts:
                body = {**body, "receipt": token_of(self._sealer, self.station, message.id)}
        return msgspec.structs.replace(message, recipient=address, body=body)

    def _settle(
        self, leased: Leased, outcome: Outcome, started: datetime, ended: datetime, retry_at: datetime | None
    ) -> None:
        message = leased.message
        told: bool | None = None
        with self._pool.transaction() as connection:
            outbox.settle(
                connection, message, outcome, started, ended, retry_at, self._receipt_by(message, outcome, ended)
            )
            if outcome.result == "gone" and leased.contact is not None:
                told = contact_gone(
                    connection, self.station, leased.contact, outcome.detail, running=self._running, now=ended
                )
        if told is False and self._say is not None:
            self._say(contact_gone_verdict(leased.username or "", self.channel.name, ended))

    def _receipt_by(self, message: Message, outcome: Outcome, ended: datetime) -> datetime | None:
        """When the next way to the person is to be tried, unless something is heard; None: this one will do."""
        within = self._policy.receipt_within_s.get(message.priority, RECEIPTS[message.priority])
        if outcome.result == "retry" or (outcome.result == "accepted" and self._receipts):
            return ended + timedelta(seconds=within)
        return None if outcome.result == "accepted" else ended


def retry_delay(attempts: int, outcome: Outcome) -> timedelta:
    """Return how long to wait after a failed attempt: exponential with jitter, or what the provider asked for."""
    if outcome.retry_after is not None:
        return timedelta(seconds=min(max(outcome.retry_after, FIRST_RETRY_S), LONGEST_RETRY_S))
    longest = min(FIRST_RETRY_S * 2 ** min(attempts - 1, 10), LONGEST_RETRY_S)
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311  # jitter, no secret
