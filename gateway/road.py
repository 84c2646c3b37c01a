"""The road of an event: six stops, one transaction per batch, one writer per station.

devices ─▶ admit ─▶ store ─▶ judge ─▶ lifecycle ─▶ suppress ─▶ route ─▶ outbox ═▶ deliver ─▶ people
           └──────────────────── one transaction ────────────────────┘
                    then, and only then, the source is acknowledged
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import structlog
from psycopg import Connection
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from gateway.batch import Batch, Freight, Mode
from gateway.clock import Clock, monotonic
from gateway.departed import let_go
from gateway.failpoints import Failpoints, end_at_once
from gateway.inbox import INBOX
from gateway.keyed_state import KeyedState
from gateway.model.device_health import DeviceHealth
from gateway.model.errors import Misconfigured, StoreUnavailable, Transient
from gateway.model.event import ALARM, Report
from gateway.model.judgement import Timer, Verdict
from gateway.model.ports import Delivery
from gateway.own_alerts import buried_alarm_verdict, put_aside_verdict
from gateway.persons import unwatched
from gateway.road_log import log_batch
from gateway.settings import Settings
from gateway.stops.admit import admit, dead_letter
from gateway.stops.judge import judge
from gateway.stops.lifecycle import lifecycle
from gateway.stops.route import route
from gateway.stops.store import store
from gateway.stops.suppress import suppress
from gateway.store import events as event_store
from gateway.store import registry as registry_store
from gateway.store import registry_log, rule_state
from gateway.store import road as road_store
from gateway.store.pool import blames_data, reaching_store
from gateway.suppressing.listening import listen
from gateway.telling import tell
from rules.judging import Guard
from rules.load import RuleBook
from rules.rule import Facts

log = structlog.get_logger()

STOPS = (admit, store, judge, lifecycle, suppress, route)

#: How many timers or first meetings share a transaction.
TIMERS_AT_ONCE = 200
#: A batch by a virtual clock takes all that are due within it.
ALL_TIMERS = 10_000_000


class Road:
    """The road of one station, driven by one thread on one connection that holds the station's lock."""

    def __init__(  # one argument per thing it is made of
        self,
        settings: Settings,
        clock: Clock,
        connection: Connection[TupleRow],
        book: RuleBook,
        decode: Callable[[Delivery], list[Report]],
        announcer: tell.Announcer,
        failpoints: Failpoints | None = None,
        mode: Mode = Mode.LIVE,
        guard: Guard | None = None,
    ) -> None:
        self.station = settings.station
        self.mode = mode
        self.clock, self.book, self.decode = clock, book, decode
        self.late = timedelta(days=settings.store_late_days)
        self.tolerance = timedelta(seconds=settings.clock_tolerance_s)
        self.resound_after = timedelta(seconds=settings.resound_after_s)
        self.failpoints = failpoints or Failpoints()
        self.guard = guard
        self.counts: Counter[str] = Counter()
        self.seconds: dict[str, float] = defaultdict(float)
        self.quarantined: set[str] = set()
        #: Quiet alerts that cannot be told for a defect of ours, and how far the last look at the quiet ones went.
        self._mute: set[int] = set()
        self._looked_until = 0
        self._announcer = announcer
        self._connection = connection
        self._version = road_store.version(connection, self.station)
        registry_log.take_in(connection, self.station, clock.now(), first=self._version == 0)
        self.registry = registry_store.load(connection, self.station)
        self.health = DeviceHealth(*road_store.load_health(connection, self.station))
        self.states = KeyedState(self.station, book)
        self.facts = Facts(self.registry, self.health.last_heard, self.health.online)
        self._rules = list(book.rules)
        self._next_due = rule_state.next_due(connection, self.station, self._rules)
        connection.commit()
        event_store.prepare(connection)
        connection.commit()

    # ── travelling ───────────────────────────────────────────────────────────────────────────────────

    def travel(self, deliveries: Sequence[Delivery]) -> None:
        """Take deliveries through every stop and commit.

        Raises `StoreUnavailable` when the database went away (nothing happened: try all of it again) and `Fenced`
        when another process drives this road. A delivery that can never be stored is a dead letter.
        """
        self._travel(Freight(deliveries))

    def travel_as_one(self, freight: Freight) -> None:
        """Take what must not be parted. Raises what went wrong; then nothing happened."""
        try:
            self._travel_once(freight)
        except Exception:
            self._undo()
            raise

    def change_book(self, book: RuleBook, changed: Sequence[str]) -> None:
        """Let other versions run; between batches."""
        self.book = book
        self._rules = list(book.rules)
        self.states.change_book(book, changed)
        self._next_due = datetime.min.replace(tzinfo=UTC)  # to be asked for

    def let_time_pass(self) -> None:
        """By a virtual clock: fire what is due before the moment it stands at."""
        self._travel(Freight())

    def say(self, verdicts: Sequence[Verdict]) -> None:
        """Let verdicts that no event brought travel from lifecycle on."""
        if verdicts:
            self._travel(Freight(verdicts=verdicts))

    def start_subjects(self) -> int:
        """Let each rule meet the subjects it watches and has never met; returns how many there were."""
        unknown: list[tuple[str, str]] = []
        with self.asking() as connection:
            for rule in self.book:
                known = rule_state.known_subjects(connection, self.station, rule.id)
                unknown.extend((rule.id, subject) for subject in rule.subjects(self.registry) if subject not in known)
        for start in range(0, len(unknown), TIMERS_AT_ONCE):
            self._travel(Freight(starts=unknown[start : start + TIMERS_AT_ONCE]))
        return len(unknown)

    def fire_timers(self, until: datetime) -> int:
        """Fire the timers due at or before `until`, in due order; returns how many."""
        if self._next_due is None or self._next_due > until:
            return 0
        runnable = self._runnable()
        with self.asking() as connection:
            timers = rule_state.due_timers(connection, self.station, until, runnable, TIMERS_AT_ONCE)
        if timers:
            self._travel(Freight(timers=timers))
        with self.asking() as connection:
            self._next_due = rule_state.next_due(connection, self.station, runnable)
        return len(timers)

    def end_quiet(self) -> int:
        """Let be heard what was kept quiet for a reason that is over; returns how many alerts. Asked once a second."""
        now = self.clock.now()
        with self.asking() as connection:
            found = listen(connection, self, now, self._looked_until)
            self._announcer.announce(connection, [(change, False) for change in found.news], now)
        self._looked_until = found.looked_until
        self.say(found.verdicts)
        ripe = [alert for alert in found.ripe if alert not in self._mute]
        for start in range(0, len(ripe), TIMERS_AT_ONCE):
            self._let_sound(ripe[start : start + TIMERS_AT_ONCE])
        return len(ripe)

    def _let_sound(self, alerts: list[int]) -> None:
        try:
            self._travel(Freight(ripe=alerts))
        except Transient:
            raise
        except Exception:
            if len(alerts) == 1:
                log.exception("an alert stays quiet though its reason is over", alert=alerts[0])
                self._mute.update(alerts)
            else:
                for alert in alerts:
                    self._let_sound([alert])

    def take_inbox(self, limit: int) -> list[Delivery]:
        """Return what waits in the inbox."""
        with self.asking() as connection:
            return event_store.inbox_take(connection, self.station, limit)

    def due_by(self, moment: datetime) -> list[Timer]:
        """Return every timer due by a moment; within a batch, so that it sees what the batch did."""
        return rule_state.due_timers(self._connection, self.station, moment, self._runnable(), ALL_TIMERS)

    def _runnable(self) -> list[str]:
        return [rule for rule in self._rules if rule not in self.quarantined]

    def reload_registry(self) -> None:
        """Read the registry anew if it has changed, meet those who are new, and let rules see what is new of others."""
        with self.asking() as connection:
            if registry_store.current_version(connection, self.station) == self.registry.version:
                return
            registry_log.take_in(connection, self.station, self.clock.now())
            before, self.registry = self.registry, registry_store.load(connection, self.station)
        self.facts = Facts(self.registry, self.health.last_heard, self.health.online)
        log.info("registry read anew", version=self.registry.version)
        if self.registry.lost_since(before):
            let_go(self)
        self.start_subjects()
        changed = self.registry.changed_since(before)
        # Also whom a rule watched until now: it is to let go of them.
        concerned = [
            (rule.id, subject)
            for rule in self.book
            for subject in dict.fromkeys([*rule.subjects(before), *rule.subjects(self.registry)])
            if subject in changed
        ]
        if concerned:
            self._travel(Freight(changes=concerned))
        self.end_unwatched()

    def end_unwatched(self) -> None:
        """End what still stands about people who no longer agree to be watched over."""
        with self.asking() as connection:
            ended = unwatched.endings(connection, self.station, self.book, self.clock.now())
        self.say(ended)

    @contextmanager
    def asking(self) -> Iterator[Connection[TupleRow]]:
        """A short transaction that asks something. Raises `StoreUnavailable`, also for a missing table (a restore)."""
        try:
            with reaching_store(), self._connection.transaction():
                yield self._connection
        except (psycopg.Error, Misconfigured) as error:
            raise StoreUnavailable(f"the database does not answer this: {error}") from error

    def _travel(self, freight: Freight) -> None:
        try:
            self._travel_once(freight)
        except Transient:
            raise
        except psycopg.Error as error:
            self._undo()
            if not blames_data(error):
                raise StoreUnavailable(f"the database does not take it: {error}") from error
            self._part(freight, error)
        except Exception as error:
            # A defect of ours that one message brings out must not stop the others for ever.
            self._undo()
            log.exception("a stop failed")
            self._part(freight, error)

    def _travel_once(self, freight: Freight) -> None:
        live = self.mode is Mode.LIVE or not freight.deliveries
        now = self.clock.now() if live else freight.deliveries[-1].received_at
        batch = Batch(self._connection, now, self.mode, *freight)
        road_store.advance(self._connection, self.station, self._version)
        for stop in STOPS:
            began = monotonic()
            stop(batch, self)
            self.seconds[stop.__name__] += monotonic() - began
        began = monotonic()
        tell.tell_changes(batch, self._announcer)
        self._announcer.announce(batch.connection, [(change, False) for change in batch.news], batch.now)
        self._commit()
        self.seconds["commit"] += monotonic() - began
        self._version += 1
        self.states.committed()
        self.health.committed()
        self._count(batch)
        log_batch(batch)

    def _commit(self) -> None:
        self.failpoints.pass_by("before_commit")
        if self.failpoints.strikes("mid_commit"):
            self._connection.pgconn.send_query(b"commit")
            self._connection.pgconn.flush()
            end_at_once()
        self._connection.commit()
        self.failpoints.pass_by("after_commit")

    def _undo(self) -> None:
        """Forget what the batch did, here and in the store."""
        self.states.rolled_back()
        self.health.rolled_back()
        if self._connection.info.transaction_status is not TransactionStatus.UNKNOWN:
            with reaching_store():
                self._connection.rollback()

    def _part(self, freight: Freight, error: Exception) -> None:
        """The batch can never be stored as a whole: halve it until what is to blame stands alone, and bury that."""
        told = f"{type(error).__name__}: {error}"
        halves = freight.halves()
        if halves is not None:
            for half in halves:
                self._travel(half)
        elif freight.deliveries:
            self._bury(freight.deliveries[0], told)
        elif freight.rule is not None:
            log.error("rule put aside", stop="judge", rule=freight.rule, error=told)
            self.quarantined.add(freight.rule)
            self._say_verdict(put_aside_verdict(self.book.rules[freight.rule], told, self.clock.now()))
        else:
            raise error  # time passed, no more: there is nothing to put aside

    def _bury(self, delivery: Delivery, told: str) -> None:
        """Keep what can never be stored as it is; when it was an alarm, somebody must hear of that."""
        for detail in (told, "the database refused it, and its reason"):
            letter = dead_letter(delivery, "store_refused", detail)
            try:
                with reaching_store(), self._connection.transaction():
                    road_store.advance(self._connection, self.station, self._version)
                    event_store.bury(self._connection, self.station, [letter])
                    event_store.inbox_remove(self._connection, [delivery.token] if delivery.source == INBOX else [])
            except psycopg.Error:
                log.exception("a dead letter could not be kept", topic=letter.topic, sha256=letter.sha256)
                continue
            self._version += 1
            self.counts["dead_store_refused"] += 1
            break
        if delivery.topic.endswith(f"/{ALARM}"):
            self._say_verdict(buried_alarm_verdict(letter, self.clock.now()))

    def _say_verdict(self, verdict: Verdict) -> None:
        """Let a verdict of the system's own travel from lifecycle on."""
        try:
            self._travel_once(Freight(verdicts=[verdict]))
        except (psycopg.Error, LookupError, TypeError, ValueError):
            self._undo()
            log.exception("the system's own alert could not be raised", rule=verdict.rule)

    def close(self) -> None:
        """Let go of the road: the connection, and with it the station's lock."""
        self._connection.close()

    # ── what stops say ───────────────────────────────────────────────────────────────────────────────

    def timer_armed(self, earliest: datetime | None) -> None:
        """A timer was armed for this moment."""
        if earliest is not None and (self._next_due is None or earliest < self._next_due):
            self._next_due = earliest

    def count_suppressed(self, reason: str) -> None:
        """Something was kept quiet."""
        self.counts[f"suppressed_{reason}"] += 1

    def _count(self, batch: Batch) -> None:
        counts = self.counts
        counts["batches"] += 1
        counts["events"] += len(batch.events)
        counts["duplicates"] += batch.duplicates
        counts["unchanged"] += len(batch.unchanged)
        counts["verdicts"] += len(batch.verdicts)
        counts["timers"] += len(batch.timers)
        for letter in batch.dead:
            counts[f"dead_{letter.reason}"] += 1
