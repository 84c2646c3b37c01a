"""The gateway process: what is made of what, in which order it starts and stops. Nothing else."""

from __future__ import annotations

import threading
from collections import deque

import psycopg
import structlog

from connectors.decoders import Decoders, load_mappings
from connectors.mqtt import MqttSource, read_url
from gateway import schedule as upkeep_schedule
from gateway.activation import Activations, Switch
from gateway.cameras.live import Live
from gateway.clock import Clock, clock_of, monotonic
from gateway.departed import let_go
from gateway.driver import RETRY_S, Driver
from gateway.evidence.keeping import Keeping
from gateway.facts import facts_of
from gateway.failpoints import Failpoints
from gateway.handover import hand_over
from gateway.inbox import InboxSource
from gateway.listener import Listener
from gateway.model.errors import Fenced, StoreUnavailable
from gateway.model.judgement import Verdict
from gateway.patience import Patience
from gateway.road import Road
from gateway.rule_book import definitions_of, open_book
from gateway.schedule import Schedule
from gateway.sealing import sealer_of
from gateway.sealing_up import know_key
from gateway.settings import Settings
from gateway.signals import on_signal
from gateway.store import accounts, mapped
from gateway.store import road as road_store
from gateway.store.pool import Pool, connect
from gateway.telling.channels import channels_of
from gateway.telling.loop import Telling
from gateway.telling.tell import Announcer
from gateway.watchdog import Watchdog
from rules.definition import Definition

log = structlog.get_logger()

HEALTH_EVERY_S = 1.0
#: Exit code that asks the supervisor for another start: the road was taken over.
TAKEN_OVER = 75


class Gateway:
    """One station's gateway."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or clock_of(settings.clock)
        self.stopping = threading.Event()
        self._failpoints = Failpoints()
        self._announcer = Announcer(settings.station, command_room=bool(settings.command_room_url))
        self._watchdog = Watchdog(
            settings.station, self.clock, every_s=settings.watchdog_every_s, late_after_s=settings.watchdog_late_s,
            publish=self._publish_own, say=self._say_own,
        )  # fmt: skip
        self._pool = Pool(settings.database, "gateway", size=6)
        self._sealer = sealer_of(settings)
        self._telling = Telling(
            settings.station, self._pool, [self._watchdog, *channels_of(settings, self._publish)], self.clock,
            self._announcer, self._failpoints, self._sealer, self._say_own,
        )  # fmt: skip
        self._evidence = Keeping(settings.station, self._pool, self._sealer, self.clock, self._say_own)
        self._live = Live(settings.station, self._pool, self.clock, self._publish)
        self._schedule = Schedule(settings, self.clock)
        self._patience = Patience()
        self._driver: Driver | None = None
        self._to_say: deque[Verdict] = deque(maxlen=100)
        self._switches: deque[Switch] = deque()
        self._activations = Activations(settings, self._pool, self.clock, self._take_switch)
        self._decoders = Decoders(settings.station, load_mappings(settings.mappings))
        #: What our session at the broker may still be subscribed to for mappings.
        self._former_topics: list[str] = []
        self._inbox: InboxSource | None = None
        self._mqtt: list[MqttSource] = []
        self._exit_code = 0

    def run(self) -> int:
        """Run until told to stop; returns the process's exit code."""
        definitions = definitions_of(self.settings)
        road = self._open_road(definitions, wait_for_lock=True)
        if road is None:
            return 0
        self._pool.open()
        listener = Listener(
            self.settings.database,
            "gateway",
            {
                "anxin_inbox": self._hear_inbox,
                "anxin_outbox": self._telling.wake,
                "anxin_registry": self._hear_registry,
                "anxin_rules": self._activations.look,
                "anxin_change": self._hear_change,
                "anxin_live": self._live.wake,
            },
        )
        health = threading.Thread(target=self._say_how_it_is, name="health", daemon=True)
        self._patience.start()
        self._activations.start()
        self._telling.start()
        self._evidence.start()
        self._live.start()
        self._schedule.start()
        listener.start()
        health.start()
        try:
            return self._drive(road, definitions)
        finally:
            self.stopping.set()
            self._telling.stop()
            self._evidence.stop()
            self._live.stop()
            self._schedule.stop()
            self._patience.stop()
            self._activations.stop()
            listener.stop()
            self._pool.close()

    def _drive(self, road: Road, definitions: list[Definition]) -> int:
        """Drive the road for as long as it is ours; returns the process's exit code."""
        while True:
            self._mqtt = [self._mqtt_source("alarm"), self._mqtt_source("event")]
            started: list[MqttSource] = []
            try:
                self._driver = driver = self._new_driver(road)
                let_go(road)
                road.start_subjects()
                hand_over(road, self.clock.now())
                road.end_unwatched()
                # The broker's session belongs to whoever holds the road: connect after, let go before.
                for source in self._mqtt:
                    source.start()
                    started.append(source)
                driver.run(self.stopping)
            except StoreUnavailable as error:
                log.warning("the database is away; the broker keeps what arrives", error=str(error))
                self.stopping.wait(RETRY_S[0])
            except Fenced:
                log.error("another gateway has taken over this station's road")  # noqa: TRY400  # no news in its trace
                return TAKEN_OVER
            finally:
                for source in started:
                    source.stop()
                road.close()
            if self.stopping.is_set():
                return self._exit_code
            reopened = self._open_road(definitions, wait_for_lock=False)
            if reopened is None:
                return self._exit_code if self.stopping.is_set() else TAKEN_OVER
            road = reopened

    def _new_driver(self, road: Road) -> Driver:
        self._inbox = InboxSource(road, self.clock)
        alarm, event = self._mqtt
        return Driver(
            road,
            [alarm, self._inbox, event],
            self.clock,
            batch_max=self.settings.batch_max,
            grace_s=self.settings.timers_grace_s,
            committed=self._telling.wake,
            to_say=self._to_say,
            switches=self._switches,
        )

    # ── opening ──────────────────────────────────────────────────────────────────────────────────────

    def _open_road(self, definitions: list[Definition], *, wait_for_lock: bool) -> Road | None:
        """Hold the station's road and load what it knows.

        The lock comes before anything is read. Without `wait_for_lock`, somebody else holding it ends the attempt:
        they have our broker session then. Returns None when told to stop or overtaken.
        """
        tries = 0
        while not self.stopping.is_set():
            connection = None
            try:
                connection = connect(self.settings.database, "road")
                if road_store.try_hold(connection, self.settings.station):
                    return self._load_road(connection, definitions)
                connection.close()
                # After a crash of the database our own old backend may still be ending: give it a moment.
                if not wait_for_lock and tries >= 2 * len(RETRY_S):
                    return None
                if tries == 0:
                    log.info("another gateway drives this station's road; waiting for it to end")
            except (StoreUnavailable, psycopg.Error) as error:
                if connection is not None:
                    connection.close()
                if tries % 20 == 0:
                    log.warning("waiting for the database", error=str(error))
            self.stopping.wait(RETRY_S[min(tries, len(RETRY_S) - 1)])
            tries += 1
        return None

    def _load_road(self, connection: psycopg.Connection[psycopg.rows.TupleRow], definitions: list[Definition]) -> Road:
        know_key(connection, self._sealer)
        self._former_topics = mapped.note_topics(connection, self.settings.station, self._decoders.topics)
        upkeep_schedule.partitions_now(connection, self.settings, self.clock.now())
        book = open_book(connection, self.settings, definitions, self.clock.now())
        connection.commit()
        return Road(
            self.settings, self.clock, connection, book, self._decoders, self._announcer,
            failpoints=self._failpoints, guard=self._patience,
        )  # fmt: skip

    def _mqtt_source(self, lane: str) -> MqttSource:
        return MqttSource(
            read_url(self.settings.mqtt, str(self.settings.mqtt_ca_file) if self.settings.mqtt_ca_file else None),
            self.settings.station,
            lane,  # type: ignore[arg-type]
            reads=self.settings.mqtt_reads,
            settle_s=self.settings.timers_settle_s,
            now=self.clock.now,
            monotonic=monotonic,
            wake=self._wake,
            also=self._decoders.topics if lane == "event" else (),
            former=self._former_topics if lane == "event" else (),
        )

    # ── being woken ──────────────────────────────────────────────────────────────────────────────────

    def _wake(self) -> None:
        if self._driver is not None:
            self._driver.wake()

    def _publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Publish when the broker is there now; False when it is not."""
        there = [source for source in self._mqtt[:1] if source.subscribed]
        for source in there:
            source.say(topic, payload, retain=retain)
        return bool(there)

    def _publish_own(self, topic: str, payload: bytes) -> None:
        for source in self._mqtt[:1]:  # the alarm lane's connection
            source.say(topic, payload)

    def _say_own(self, verdict: Verdict) -> None:
        self._to_say.append(verdict)
        self._wake()

    def _take_switch(self, ready: Switch) -> None:
        self._switches.append(ready)
        self._wake()

    def _hear_inbox(self) -> None:
        if self._inbox is not None:
            self._inbox.flag()
        self._wake()

    def _hear_change(self) -> None:
        self._evidence.wake()
        self._live.wake()

    def _hear_registry(self) -> None:
        if self._driver is not None:
            self._driver.registry_changed()

    # ── saying how it is ─────────────────────────────────────────────────────────────────────────────

    def _say_how_it_is(self) -> None:
        while not self.stopping.wait(HEALTH_EVERY_S):
            if not self._telling.alive:
                log.error("nobody delivers any more; starting anew")
                self._exit_code = 1
                self.stopping.set()
            self._watchdog.look()
            try:
                with self._pool.transaction() as connection:
                    accounts.report_health(connection, self.settings.station, "gateway", self.facts(), self.clock.now())
            except StoreUnavailable:
                continue
            except Exception:
                log.exception("health could not be told")

    def facts(self) -> dict[str, object]:
        """How the gateway is, as the API shows it."""
        told = facts_of(self._driver, self._mqtt, self._telling, self._watchdog, self.clock.now())
        return told | {"mappings": self._decoders.facts()}


def run_gateway(settings: Settings) -> int:
    """Run the gateway process until it is told to stop; returns its exit code."""
    gateway = Gateway(settings)
    on_signal(gateway.stopping.set)
    return gateway.run()
