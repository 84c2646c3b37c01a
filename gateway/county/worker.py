"""`anxin county run`: a process of its own for the county's links.

Nothing that comes from there can hold up a phone that has to ring: it shares rows with the gateway, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from importlib.metadata import version
from pathlib import Path

import structlog

from connectors.gb28181.catalogue import Entry
from gateway.clock import Clock, clock_of
from gateway.county import codes as code_book
from gateway.county.config import CountyConfig, password_of
from gateway.county.running import RunningLink
from gateway.county.viid.running import RunningViid
from gateway.failpoints import Failpoints
from gateway.listener import Listener
from gateway.model.errors import Misconfigured, StoreUnavailable
from gateway.model.registry import Registry
from gateway.sealing import sealer_of
from gateway.settings import Settings
from gateway.store import county as store
from gateway.store import outbox
from gateway.store import registry as registry_store
from gateway.store.pool import Pool, connect

log = structlog.get_logger()

#: Looked at so often when nobody wakes us, in seconds: changes of alerts; devices and their connections.
LOOK_EVERY_S, SHOW_EVERY_S = 1.0, 2.0
#: A link that another process holds is asked for again after so long.
HELD_S = 2.0


_Shown = list[tuple[RunningLink, list[Entry]]]


class County:
    """All links of one file. `beside` is the file's folder."""

    def __init__(self, settings: Settings, config: CountyConfig, beside: Path, clock: Clock | None = None) -> None:
        self._settings, self._config = settings, config
        self._station, self._clock = settings.station, clock or clock_of(settings.clock)
        self._pool = Pool(settings.database, "county", size=3)
        failpoints, sealer, captures = Failpoints(), sealer_of(settings), settings.home / "county-capture"
        self.links = [
            RunningLink(
                one, password_of(one, beside), self._station, self._pool, self._clock, failpoints, sealer,
                version=version("anxin"), captures=captures,
            )
            for one in config.links
        ]  # fmt: skip
        self.viid = [
            RunningViid(
                one, password_of(one, beside), self._station, self._pool, self._clock, failpoints, sealer,
                captures=captures,
            )
            for one in config.viid
        ]  # fmt: skip
        self._codes: dict[str, str] = {}
        self._registry: Registry | None = None
        self._changed, self._shown = asyncio.Event(), asyncio.Event()

    @property
    def _all(self) -> list[RunningLink | RunningViid]:
        return [*self.links, *self.viid]

    async def run(self) -> None:
        """Run until cancelled. Raises `Misconfigured` when the file cannot be followed."""
        self._pool.open()
        loop = asyncio.get_running_loop()

        def on(act: Callable[[], None]) -> Callable[[], None]:
            def heard() -> None:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(act)

            return heard

        listener = Listener(
            self._settings.database,
            "county",
            {
                "anxin_change": on(self._changed.set),
                "anxin_registry": on(self._shown.set),
                "anxin_outbox": on(self._wake),
            },
        )
        with ExitStack() as held:
            held.callback(self._pool.close)
            for link in self._all:
                await self._hold(held, link)
            await self._begin()
            listener.start()
            held.callback(listener.stop)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._again(self._changed, LOOK_EVERY_S, self._put))
                group.create_task(self._again(self._shown, SHOW_EVERY_S, self._show))
                for link in self._all:
                    group.create_task(link.run())

    def _wake(self) -> None:
        for link in self._all:
            link.wake()

    async def _hold(self, held: ExitStack, link: RunningLink | RunningViid) -> None:
        """One process a link: two would register over each other."""
        told = False
        while True:
            try:
                connection = await asyncio.to_thread(connect, self._settings.database, "county link", autocommit=True)
                if store.try_hold(connection, self._station, link.name):
                    held.callback(connection.close)
                    return
                connection.close()
                if not told:
                    log.info("another process runs this link; waiting for it to end", link=link.name)
                    told = True
            except StoreUnavailable as error:
                log.warning("the county's links wait for the database", error=str(error))
            await asyncio.sleep(HELD_S)

    async def _begin(self) -> None:
        """What must be there before anybody is registered: a platform asks for the catalogue at once."""

        def begin() -> None:
            with self._pool.transaction() as connection:
                now = self._clock.now()
                for link in self.links:
                    config = link.config
                    link.knows(store.begin(connection, self._station, link.name, config.server, config.device_id, now))
                outbox.release(connection, self._station, [one.channel.name for one in self._all])
            for other in self.viid:
                other.begin()

        while True:
            try:
                await asyncio.to_thread(begin)
                for link, items in await asyncio.to_thread(self._look_at_devices):
                    link.show(items)
            except StoreUnavailable as error:
                log.warning("the county's links wait for the database", error=str(error))
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                return

    async def _again(self, woken: asyncio.Event, every_s: float, act: Callable[[], Awaitable[None]]) -> None:
        """Do something when woken, and every so often."""
        while True:
            woken.clear()
            try:
                await act()
            except StoreUnavailable as error:
                log.warning("the county's links wait for the database", error=str(error))
            except Misconfigured as error:  # the file was right when we began: what changed since keeps its state
                log.error("devices cannot be told to the county", error=str(error))  # noqa: TRY400  # no news in its trace
            except Exception:
                log.exception("the county could not be served")
            with suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await woken.wait()

    async def _put(self) -> None:
        await asyncio.to_thread(self._put_now)

    async def _show(self) -> None:
        for link, items in await asyncio.to_thread(self._show_now):
            link.show(items)

    def _put_now(self) -> None:
        registry = self._registry
        if registry is None:
            return
        for link in self.links:
            while link.put(self._config, registry, self._codes):
                pass
        for other in self.viid:
            other.put(self._config, registry, self._codes)

    def _show_now(self) -> _Shown:
        for link in self._all:
            link.note()
        return self._look_at_devices()

    def _look_at_devices(self) -> _Shown:
        """Give codes to devices, and groups, that are new; returns each link's catalogue."""
        with self._pool.transaction() as connection:
            self._registry = registry = registry_store.load(connection, self._station)
            known = store.codes(connection, self._station)
            given = code_book.missing(registry, self._config.codes, known, grouped=self._config.is_grouped)
            if given:
                store.give(connection, self._station, given, self._clock.now())
                log.info("codes were given", codes=len(given))
            online = store.online(connection, self._station)
        self._codes = {**known, **given}
        return [(link, link.entries(registry, self._config, self._codes, online)) for link in self.links]
