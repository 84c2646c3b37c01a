"""The thread of the gateway that tells cameras what is asked of them: stills while somebody watches, clips of alerts.

Who sets a camera up has it say what it looks at, too.

Being woken only wakes: which cameras are watched and which alerts have been raised stands in rows. A command is
published and forgotten; for as long as somebody watches, it is said again before it runs out.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from gateway.cameras import clips
from gateway.cameras.stills import LASTS, PAUSE
from gateway.clock import Clock
from gateway.model.errors import StoreUnavailable
from gateway.store import live as store
from gateway.store.live import Watched
from gateway.store.pool import Pool

log = structlog.get_logger()

#: Looked at this often even when nobody wakes us, in seconds: when nobody watches, and when somebody does.
LOOK_EVERY_S, WATCHED_EVERY_S = 5.0, 2.0
#: At most so often, however often we are woken.
PAUSE_S = 0.2
#: What a watched camera is asked for, and how long before it runs out it is asked again.
STILL_EVERY_S, AGAIN_BEFORE = 2, timedelta(seconds=8)
#: How often a camera that is being set up says what it looks at, and what that costs.
DESCRIBED_EVERY = timedelta(seconds=4)


class Live:
    """Asks cameras. `publish` hands (topic, payload) to the broker and returns False when it is not there."""

    def __init__(self, station: str, pool: Pool, clock: Clock, publish: Callable[[str, bytes], bool]) -> None:
        self._station, self._pool, self._clock, self._publish = station, pool, clock, publish
        #: Until when each watched camera was asked for stills.
        self._told: dict[str, datetime] = {}
        #: When each camera that is being set up was last asked what it looks at.
        self._described: dict[str, datetime] = {}
        #: Clips that are noted as asked and wait for the broker.
        self._waiting: list[tuple[str, bytes]] = []
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._woken.set()
        self._thread.join()

    def wake(self) -> None:
        """Somebody watches, or something was raised."""
        self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                self._turn()
            except StoreUnavailable as error:
                log.warning("cameras wait for the database", error=str(error))
            except Exception:
                log.exception("cameras could not be asked")
            self._stopping.wait(PAUSE_S)
            self._woken.wait(WATCHED_EVERY_S if self._told or self._described else LOOK_EVERY_S)

    def _turn(self) -> None:
        now = self._clock.now()
        with self._pool.transaction() as connection:
            store.forget(connection, self._station, now - PAUSE)
            watched = store.watched(connection, self._station, now - LASTS)
            set_up = store.to_describe(connection, self._station, now - LASTS)
            # Of a broker that is away nothing is asked: by the time it is back the moment has left the ring.
            asked = clips.ask(connection, self._station, now) if not self._waiting else []
        self._ask_for_stills(watched, now)
        self._ask_for_descriptions(set_up, now)
        for one in asked:
            self._waiting.append((self._topic(one.camera), msgspec.json.encode(clips.command_of(one))))
            log.info("a clip is asked for", device=one.camera, alert=one.alert, event_id=one.event)
        while self._waiting and self._publish(*self._waiting[0]):
            self._waiting.pop(0)
        if asked:  # there may be more
            self._woken.set()

    def _ask_for_stills(self, watched: Sequence[Watched], now: datetime) -> None:
        still = {one.device for one in watched}
        self._told = {device: until for device, until in self._told.items() if device in still}
        for one in watched:
            until = one.asked_at + LASTS
            told = self._told.get(one.device)
            if told is not None and (until <= told or told - now > AGAIN_BEFORE):
                continue
            command = {"id": secrets.token_hex(8), "do": "stills", "every_s": STILL_EVERY_S, "until": until}
            if self._publish(self._topic(one.device), msgspec.json.encode(command)):
                self._told[one.device] = until

    def _ask_for_descriptions(self, devices: Sequence[str], now: datetime) -> None:
        self._described = {one: at for one, at in self._described.items() if one in devices}
        for device in devices:
            if device in self._described and now - self._described[device] < DESCRIBED_EVERY:
                continue
            command = {"id": secrets.token_hex(8), "do": "describe"}
            if self._publish(self._topic(device), msgspec.json.encode(command)):
                self._described[device] = now

    def _topic(self, device: str) -> str:
        return f"anxin/v1/{self._station}/{device}/command"
