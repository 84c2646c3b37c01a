"""Keeping the chain: a thread of the gateway that freezes what has changed within a second or two of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.clock import Clock, monotonic
from gateway.evidence import freeze
from gateway.model.errors import StoreUnavailable
from gateway.model.judgement import Verdict
from gateway.own_alerts import evidence_late_verdict
from gateway.sealing import Sealer
from gateway.store import changes as change_store
from gateway.store import media as media_store
from gateway.store.changes import Change
from gateway.store.pool import Pool

log = structlog.get_logger()

#: Looked at this often even when nobody wakes us, in seconds.
LOOK_EVERY_S = 5.0
#: After a defect: tried again after so long, and told to people once it has lasted.
AGAIN_S, LATE_AFTER_S = 30.0, 60.0


class Keeping:
    """Freezes as changes are made: `wake` it when there are some. `say` hears when nothing is frozen any more."""

    def __init__(self, station: str, pool: Pool, sealer: Sealer, clock: Clock, say: Callable[[Verdict], None]) -> None:
        self._station, self._pool, self._sealer, self._clock, self._say = station, pool, sealer, clock, say
        #: Since when it fails (monotonic seconds), and whether people were told; unknown until the first turn.
        self._fails_since: float | None = None
        self._told: bool | None = None
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="evidence", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being frozen is waited for."""
        self._stopping.set()
        self._woken.set()
        self._thread.join()

    def wake(self) -> None:
        """Something has changed."""
        self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                while not self._stopping.is_set() and self._turn():
                    pass
            except StoreUnavailable as error:
                log.warning("evidence waits for the database", error=str(error))
            except Exception as error:
                log.exception("evidence cannot be frozen")
                self._fails(type(error).__name__)
                self._stopping.wait(AGAIN_S)
                continue
            else:
                self._works()
            self._woken.wait(LOOK_EVERY_S)

    def _fails(self, error: str) -> None:
        now = monotonic()
        self._fails_since = self._fails_since if self._fails_since is not None else now
        if now - self._fails_since >= LATE_AFTER_S and not self._told:
            self._told = True
            self._say(evidence_late_verdict("raise", error, self._clock.now()))

    def _works(self) -> None:
        self._fails_since = None
        if self._told is not False:  # also what a start before this one has told
            self._told = False
            self._say(evidence_late_verdict("clear", "", self._clock.now()))

    def _turn(self) -> bool:
        """Freeze what is there, some of it; says whether there is more."""
        now = self._clock.now()
        with self._pool.transaction() as connection:
            caught = freeze.catch_up(connection, self._sealer, self._station, now)
            if caught.pictures:
                change_store.append(connection, self._station, _news(connection, caught.pictures), now)
        return caught.more


def _news(connection: Connection[TupleRow], pictures: list[tuple[int, int]]) -> list[Change]:
    """Return what the console hears: of which alert there is a picture now."""
    areas = media_store.areas_of(connection, sorted({alert for alert, _ in pictures}))
    return [Change("picture", areas.get(alert), {"alert": alert, "picture": number}) for alert, number in pictures]
