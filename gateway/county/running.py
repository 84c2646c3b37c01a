"""One link as it runs: its carrier, its deliveries, and what is written down of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import structlog

from connectors.gb28181.carrier import Carrier
from connectors.gb28181.catalogue import Entry, devices
from connectors.gb28181.config import LinkConfig
from connectors.gb28181.link import Link
from connectors.gb28181.news import (
    AlarmAcknowledged,
    AlarmFailed,
    AlarmSent,
    CatalogueTold,
    News,
    Ordered,
    StateChanged,
    Subscribed,
    TurnedAway,
)  # fmt: skip
from gateway.clock import Clock, SystemClock, monotonic
from gateway.county import shown
from gateway.county.capture import Capture
from gateway.county.channel import CountyChannel
from gateway.county.config import CountyConfig
from gateway.county.putting import put
from gateway.county.writing import WrittenDown
from gateway.failpoints import Failpoints
from gateway.model.registry import Registry
from gateway.sealing import Sealer
from gateway.store import accounts
from gateway.store import county as store
from gateway.store.pool import Pool
from gateway.telling.deliver import Deliverer

log = structlog.get_logger()

#: What a platform orders, as the trail names who did it.
ACTOR = "county"


class RunningLink:
    """One link. What touches the store is called from other threads than the loop's."""

    def __init__(  # one argument per thing it needs
        self,
        config: LinkConfig,
        password: str,
        station: str,
        pool: Pool,
        clock: Clock,
        failpoints: Failpoints,
        sealer: Sealer,
        *,
        version: str,
        captures: Path,
    ) -> None:
        self.config, self.name = config, config.name
        self._station, self._pool, self._clock = station, pool, clock
        # The platform goes by the real time, whatever time we play.
        self.link = Link(config, password, SystemClock().now, name="安心网关 Anxin", version=version)
        self._capture = Capture(captures, self.name, password, clock.now)
        self._carrier = Carrier(self.link, monotonic, self._heard, self._capture)
        self.channel = CountyChannel(self.link, monotonic, self._carrier.turn)
        self._deliverer = Deliverer(station, pool, self.channel, clock, failpoints, sealer)
        self._written = WrittenDown[News](self._write_down)
        self._subscriptions: dict[str, int] = {}
        self._items = 0
        self._told_at: datetime | None = None

    async def run(self) -> None:
        """Run until cancelled; then the platform is told that we leave."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carrier.run())
                group.create_task(self._deliverer.run())
                group.create_task(self._written.run())
        finally:
            self._capture.close()
            self._written.the_last()

    def knows(self, told_at: datetime | None) -> None:
        """When the platform was last told the catalogue: then it knows whose alarms these are."""
        self._told_at, self.link.known = told_at, told_at is not None

    def wake(self) -> None:
        """Something may be in the outbox."""
        self._deliverer.wake()

    def show(self, entries: Sequence[Entry]) -> None:
        """There is another catalogue. On the loop's thread."""
        self._items = len(devices(entries))
        self.link.show(entries, monotonic())
        self._carrier.turn()

    def entries(
        self, registry: Registry, config: CountyConfig, codes: Mapping[str, str], online: Mapping[str, bool]
    ) -> list[Entry]:
        """Return what this link's platform is shown."""
        return shown.entries(registry, config, self.config, codes, online)

    def put(self, config: CountyConfig, registry: Registry, codes: Mapping[str, str]) -> bool:
        """Put what has changed into the outbox; says whether there may be more."""
        with self._pool.transaction() as connection:
            return put(connection, self._station, self.name, config, registry, codes, self._clock.now())

    def note(self) -> None:
        """Write down that the process runs, and how things are."""
        with self._pool.transaction() as connection:
            until = store.seen(
                connection, self._station, self.name, now=self._clock.now(),
                offset=self.link.registration.clock_offset, items=self._items, told_at=self._told_at,
                subscriptions=dict(self._subscriptions), captured=self._capture.told(),
            )  # fmt: skip
        self._capture.ask(until)

    def _heard(self) -> None:
        for news in self.link.news():
            if isinstance(news, AlarmSent | AlarmFailed):
                self.channel.told(news)
            elif isinstance(news, TurnedAway):
                log.warning("somebody was turned away", link=self.name, peer=news.peer, why=news.why)
            else:
                self._hear(news)

    def _hear(self, news: News) -> None:
        if isinstance(news, Subscribed):
            self._subscriptions = {kind: s for kind, s in self._subscriptions.items() if kind != news.kind}
            if news.seconds:
                self._subscriptions[news.kind] = news.seconds
        elif isinstance(news, CatalogueTold):
            log.info(
                "the catalogue was told", link=self.name, items=news.items, messages=news.messages, whole=news.whole
            )
            self._told_at = self._clock.now() if news.whole else self._told_at
        elif isinstance(news, StateChanged):
            log.info("county link", link=self.name, state=news.state, status=news.status, why=news.why)
            if news.state == "online":
                self._deliverer.wake()
            else:
                self._subscriptions = {}
        self._written.add(news)

    def _write_down(self, news: News) -> None:
        now = self._clock.now()
        with self._pool.transaction() as connection:
            if isinstance(news, StateChanged):
                store.state(connection, self._station, self.name, news.state, news.status, news.why, now)
            elif isinstance(news, Ordered):
                accounts.write_audit(
                    connection, at=now, station=self._station, username=None, act="county.order",
                    object_=f"county/{self.name}",
                    detail={"command": news.command, "code": news.device, "done": news.done, "by": ACTOR},
                )  # fmt: skip
            elif isinstance(news, AlarmAcknowledged):
                if news.result == "OK":
                    store.acknowledge(connection, self._station, self.channel.name, news.sn, now)
                else:
                    why = f"the platform answered {news.result or 'nothing'}"
                    store.contradict(connection, self._station, self.channel.name, news.sn, why, now)
