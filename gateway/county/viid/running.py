"""One link to an image database as it runs: its session, its deliveries, what it hears, and what is written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from connectors.gat1400.client import Client
from connectors.gat1400.config import ViidConfig
from connectors.gat1400.receiver import Receiver
from connectors.gat1400.session import Session, StateChanged
from connectors.gat1400.subscriptions import Subscription
from gateway.clock import Clock, SystemClock
from gateway.county.capture import Capture
from gateway.county.config import CountyConfig
from gateway.county.viid.channel import ViidChannel
from gateway.county.viid.directory import Directory, apes_of
from gateway.county.viid.putting import put, wanted
from gateway.county.viid.serving import Peers, serve
from gateway.county.writing import WrittenDown
from gateway.evidence.media import opened
from gateway.failpoints import Failpoints
from gateway.model.errors import StoreUnavailable
from gateway.model.registry import Registry
from gateway.sealing import Sealer
from gateway.store import county as county_store
from gateway.store import media as media_store
from gateway.store import viid as store
from gateway.store.pool import Pool
from gateway.telling.deliver import Deliverer

log = structlog.get_logger()

#: A platform that subscribes without end is busy work.
MOST_SUBSCRIPTIONS = 100


class RunningViid:
    """One link. What touches the store is called from other threads than the loop's."""

    def __init__(  # one argument per thing it needs
        self,
        config: ViidConfig,
        password: str,
        station: str,
        pool: Pool,
        clock: Clock,
        failpoints: Failpoints,
        sealer: Sealer,
        *,
        captures: Path,
    ) -> None:
        self.config, self.name = config, config.name
        self._station, self._pool, self._clock, self._sealer = station, pool, clock, sealer
        self._began = clock.now()
        self._subscriptions: dict[str, Subscription] = {}
        self._capture = Capture(captures, self.name, password, clock.now, "utf-8")
        client = Client(config.url, config.device_id, config.username, password, traffic=self._capture)
        self._session = Session(config, client, self._heard)
        # The platform goes by the real time, whatever time we play.
        self._now: Callable[[], datetime] = SystemClock().now
        self.channel = ViidChannel(config, self._session, self._content, self._followed, self._now)
        self._directory = Directory(config, self._session, self._followed, self._now)
        self._deliverer = Deliverer(station, pool, self.channel, clock, failpoints, sealer)
        self._written = WrittenDown[StateChanged](self._write_down)

    async def run(self) -> None:
        """Run until cancelled; then the platform is told that we leave. Raises OSError when `listen` cannot be had."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._session.run())
                group.create_task(self._deliverer.run())
                group.create_task(self._written.run())
                if self.config.listen is not None:
                    peers = Peers(self.config.hosts)
                    receiver = Receiver(self.config, self, self._now, peers.may, self._capture)
                    group.create_task(serve(self.config.listen, receiver, peers))
                    group.create_task(self._directory.run())
        finally:
            self._capture.close()
            self._written.the_last()

    def begin(self) -> None:
        """Be known to the store, and know what the platform subscribed to before."""
        with self._pool.transaction() as connection:
            now = self._clock.now()
            config = self.config
            self._began = store.begin(connection, self._station, self.name, config.url, config.device_id, now)
            rows = store.subscriptions(connection, self._station, self.name, self._now())
        self._subscriptions = {row["id"]: msgspec.convert(row, Subscription) for row in rows}

    def wake(self) -> None:
        """Something may be in the outbox."""
        self._deliverer.wake()

    def put(self, config: CountyConfig, registry: Registry, codes: Mapping[str, str]) -> None:
        """Put pictures that came into the outbox, and show the cameras there are."""
        now = self._clock.now()
        for one in wanted(self.config, config, self._began, self._followed(), now):
            more = True
            while more:
                with self._pool.transaction() as connection:
                    more = put(connection, self._station, self.config, config, registry, codes, one, now)
        if self._directory.wanted:
            with self._pool.transaction() as connection:
                online = county_store.online(connection, self._station)
            self._directory.show(apes_of(registry, config, codes, online))

    def _followed(self) -> list[Subscription]:
        return list(self._subscriptions.values())

    def note(self) -> None:
        """Write down that the process runs, and what is subscribed: by what, for how many seconds still."""
        real = self._now()
        active = [one for one in self._followed() if one.active(real)]
        with self._pool.transaction() as connection:
            until = county_store.seen(
                connection, self._station, self.name, now=self._clock.now(), offset=None, items=0, told_at=None,
                captured=self._capture.told(),
                subscriptions={
                    detail: int((one.end - real).total_seconds()) for one in active for detail in one.details
                },
            )  # fmt: skip
        self._capture.ask(until)

    async def keep(self, subscription: Subscription) -> bool:
        """Keep what the platform subscribes to; False when the store is away, or there are too many."""
        followed = {one.id for one in self._followed() if one.end > self._now()}
        if len(followed) >= MOST_SUBSCRIPTIONS and subscription.id not in followed:
            return False

        def write() -> None:
            with self._pool.transaction() as connection:
                told = msgspec.structs.asdict(subscription) | {"details": list(subscription.details)}
                store.keep(connection, self._station, self.name, told, self._now())

        return await self._kept(write, lambda: self._subscriptions.update({subscription.id: subscription}))

    async def drop(self, own: str) -> bool:
        """End what the platform subscribed to; False when the store is away."""

        def write() -> None:
            with self._pool.transaction() as connection:
                store.drop(connection, self._station, self.name, own, self._now())

        return await self._kept(write, lambda: self._subscriptions.pop(own, None))

    async def _kept(self, write: Callable[[], None], then: Callable[[], object]) -> bool:
        try:
            await asyncio.to_thread(write)
        except StoreUnavailable:
            return False
        then()
        return True

    def _content(self, media: int) -> bytes | None:
        with self._pool.transaction() as connection:
            kept = media_store.whole(connection, media)
        return None if kept is None else opened(self._sealer, self._station, kept)

    def _heard(self, news: StateChanged) -> None:
        log.info("county link", link=self.name, state=news.state, status=news.status, why=news.why)
        if news.state == "online":
            self._deliverer.wake()
        self._written.add(news)

    def _write_down(self, news: StateChanged) -> None:
        with self._pool.transaction() as connection:
            county_store.state(
                connection, self._station, self.name, news.state, news.status, news.why, self._clock.now()
            )
