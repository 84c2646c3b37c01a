"""Work by the calendar: partitions ahead, compression, retention. Run by the one process that holds the leader lock.

Deadlines of people are rows, not jobs; only upkeep lives here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

import psycopg
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import retention as keeping
from gateway.accounts.walls import LASTS as WALL_LASTS
from gateway.clock import Clock, SystemClock
from gateway.evidence.acts import sign_tail
from gateway.evidence.signing import signer_of
from gateway.model.errors import StoreUnavailable
from gateway.records.footprints import POSITIONS_KEPT
from gateway.sealing import sealer_of
from gateway.settings import Settings
from gateway.store import accounts, changes, footprints, presence, registry_log, retention, soundings, upkeep, walls
from gateway.store.pool import connect

log = structlog.get_logger()

#: Days of partitions that always exist ahead of now.
AHEAD = timedelta(days=7)
CHANGES_KEPT = timedelta(days=14)
DEAD_LETTERS_KEPT = timedelta(days=90)
NOTIFICATIONS_KEPT = timedelta(days=180)
#: Of work items; statistics ask for those of alerts.
SOUNDINGS_KEPT = timedelta(days=180)
SESSIONS_KEPT = timedelta(days=7)
PROBES_KEPT = timedelta(days=1)
PRESENCE_KEPT = timedelta(hours=1)


class Schedule:
    """The upkeep of one station's store."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._scheduler = BackgroundScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})
        self._lead: Connection[TupleRow] | None = None
        # Jobs begin together: without it each would take the one that leads for another process.
        self._leading = Lock()

    def start(self) -> None:
        """Begin; a missed run is made up for at the next start."""
        jobs: tuple[tuple[str, Callable[[Connection[TupleRow]], object], timedelta], ...] = (
            ("partitions", self.make_partitions, timedelta(hours=1)),
            ("compress", self.compress, keeping.EVERY),
            ("retire", self.retire, keeping.EVERY),
            ("records", self.retire_records, keeping.EVERY),
            ("evidence head", self.sign_head, timedelta(hours=1)),
        )
        for name, work, every in jobs:
            self._scheduler.add_job(
                self._as_leader,
                "interval",
                args=(name, work),
                id=name,
                next_run_time=SystemClock().now(),  # the scheduler goes by the machine's clock
                seconds=int(every.total_seconds()),
            )
        self._scheduler.start()

    def stop(self) -> None:
        """End; what runs is waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        if self._lead is not None:
            self._lead.close()

    # ── the jobs ─────────────────────────────────────────────────────────────────────────────────────

    def make_partitions(self, connection: Connection[TupleRow]) -> list[str]:
        """Make the partitions from the oldest event still taken in to a week ahead."""
        now = self._clock.now()
        return upkeep.make_partitions(connection, now - self._late, now + AHEAD)

    def compress(self, connection: Connection[TupleRow]) -> int:
        """Compress what no late event can reach any more."""
        return upkeep.compress_events(connection, self._clock.now() - self._late - timedelta(days=1))

    def retire(self, connection: Connection[TupleRow]) -> list[str]:
        """Let go of what has been kept long enough."""
        now = self._clock.now()
        station = self._settings.station
        upkeep.forget_seen(connection, station, now - self._late - timedelta(days=2))
        upkeep.forget_dead_letters(connection, station, now - DEAD_LETTERS_KEPT)
        upkeep.forget_notifications(connection, station, now - NOTIFICATIONS_KEPT)
        soundings.forget(connection, station, now - SOUNDINGS_KEPT)
        changes.forget(connection, station, now - CHANGES_KEPT)
        upkeep.forget_probes(connection, station, now - PROBES_KEPT)
        accounts.forget_sessions(connection, now - SESSIONS_KEPT)
        walls.forget_sessions(connection, now - WALL_LASTS)
        presence.forget(connection, station, now - PRESENCE_KEPT)
        footprints.forget_positions(connection, station, now - POSITIONS_KEPT)
        kept_from = keeping.before(self._settings, "store_keep_days", now)
        registry_log.forget(connection, station, kept_from)
        return upkeep.drop_events(connection, station, kept_from, now)

    def retire_records(self, connection: Connection[TupleRow]) -> dict[str, int]:
        """Let go of what people did, after its time. Apart from the rest: what refuses here holds nothing else up."""
        now, station = self._clock.now(), self._settings.station

        def before(setting: str) -> datetime:
            return keeping.before(self._settings, setting, now)

        older, lesser = before("records_keep_days"), before("lesser_keep_days")
        went = {
            # Pictures first, so that what goes is what was said beforehand: those of a case follow it the next time.
            "media": retention.retire_media(connection, station, before("media_keep_days"), now),
            "incidents": retention.retire_incidents(connection, station, older, lesser, now),
            "alerts": retention.retire_alerts(connection, station, older, lesser, now),
            "bulletins": retention.retire_bulletins(connection, station, older, now),
            "rounds": retention.retire_rounds(connection, station, lesser, now),
            "audit": retention.retire_audit(connection, station, before("audit_keep_days"), now),
            "consent": retention.retire_consent(connection, station, before("consent_keep_days"), now),
        }
        retention.note_turn(connection, station, now)
        return went

    def sign_head(self, connection: Connection[TupleRow]) -> int:
        """Sign how far the chain of evidence has come; the log carries it out of the house."""
        signer = signer_of(sealer_of(self._settings))
        with connection.transaction():
            head = sign_tail(connection, signer, self._settings.station, self._clock.now())
        if head is None:
            return 0
        log.info("evidence head", **head)
        return int(head["seq"])

    @property
    def _late(self) -> timedelta:
        return timedelta(days=self._settings.store_late_days)

    def _as_leader(self, name: str, work: Callable[[Connection[TupleRow]], object]) -> None:
        try:
            with self._leading:
                if not self._leads():
                    return
            with connect(self._settings.database, f"schedule {name}") as connection:
                # Compressing a day takes its time, but nobody may queue behind our wait for a lock.
                connection.execute("set statement_timeout = 0")
                connection.execute("set lock_timeout = '2s'")
                done = work(connection)
            log.info("upkeep done", job=name, done=done)
        except (StoreUnavailable, psycopg.Error) as error:
            log.warning("upkeep waits for the next turn", job=name, error=str(error))

    def _leads(self) -> bool:
        """Whether this process holds the leader lock; a connection that died is replaced."""
        if self._lead is not None:
            try:
                self._lead.execute("select 1")
            except psycopg.Error:
                self._lead.close()
                self._lead = None
            else:
                return True
        connection = connect(self._settings.database, "schedule leader", autocommit=True)
        if not upkeep.try_lead(connection, self._settings.station):
            connection.close()
            return False
        self._lead = connection
        return True


def partitions_now(connection: Connection[TupleRow], settings: Settings, now: datetime) -> None:
    """Make sure, before the first event, that there is somewhere to put it."""
    late = timedelta(days=settings.store_late_days)
    upkeep.make_partitions(connection, now - late, now + AHEAD)
