"""Activation: versions that are asked for learn beside the road, then run from one commit on.

A group asked for together runs together or not at all. While it learns the versions before it go on judging. The switch
itself is one transaction of the road's: what was committed since the learning is read, states and timers are exchanged,
alerts that no longer stand under the new words end, and those that stand now ring.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.batch import Freight
from gateway.clock import Clock
from gateway.learning import Learnt, Standing, Version, learn_apart, resume
from gateway.model.errors import Misconfigured, StoreUnavailable, Transient
from gateway.model.judgement import Explanation, Verdict
from gateway.past import Past
from gateway.settings import Settings
from gateway.store import alerts as alert_store
from gateway.store import events as event_store
from gateway.store import rule_state, rule_versions
from gateway.store.pool import Pool
from gateway.store.rule_versions import Asked
from rules.load import RuleBook

if TYPE_CHECKING:
    from gateway.batch import Batch
    from gateway.road import Road

log = structlog.get_logger()

AGAIN_S = 5.0


class Switch(msgspec.Struct):
    """A group of versions that is ready to run, with what they know; `retired` rules run no more."""

    asked: list[Asked]
    versions: list[Version]
    retired: list[str]
    learnt: Learnt | None

    @property
    def rules(self) -> list[str]:
        """The rules it is about."""
        return [*(version.rule for version in self.versions), *self.retired]


class Activations:
    """A thread that looks for what is asked for, lets it learn in a process of its own, and hands it on."""

    def __init__(self, settings: Settings, pool: Pool, clock: Clock, ready: Callable[[Switch], None]) -> None:
        self._settings, self._pool, self._clock, self._ready = settings, pool, clock, ready
        self._asked = threading.Event()
        self._stopping = threading.Event()
        self._handed_on: set[int] = set()
        self._thread = threading.Thread(target=self._run, name="activations", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def look(self) -> None:
        """Something was asked for."""
        self._asked.set()

    def stop(self) -> None:
        """Look no more; what is learning is left."""
        self._stopping.set()
        self._asked.set()

    def _run(self) -> None:
        wait = 0.0
        while not self._stopping.is_set():
            self._asked.wait(wait)
            self._asked.clear()
            try:
                while (group := self._next_group()) and not self._stopping.is_set():
                    self._prepare(group)
            except StoreUnavailable as error:
                log.warning("activations wait for the database", error=str(error))
            except Exception:
                log.exception("an activation could not be prepared")
            wait = AGAIN_S  # a word of the database that was not heard strands nobody

    def _next_group(self) -> list[Asked]:
        with self._pool.transaction() as connection:
            waiting = [
                one for one in rule_versions.asked(connection, self._settings.station) if one.id not in self._handed_on
            ]
            for _, group in groupby(waiting, key=lambda one: (one.asked_by, one.asked_at, one.reason)):
                asked = list(group)
                rule_versions.note(connection, [one.id for one in asked], "learning", {})
                return asked
        return []

    def _prepare(self, asked: list[Asked]) -> None:
        log.info("versions learn from the past", rules={one.rule: one.version for one in asked}, by=asked[0].asked_by)
        try:
            with self._pool.transaction() as connection:
                versions = [_written(connection, one) for one in asked if one.version is not None]
            learnt = learn_apart(versions, self._clock.now()) if versions else None
        except Misconfigured as error:
            log.error("versions cannot run; what ran before goes on", error=str(error))  # noqa: TRY400
            with self._pool.transaction() as connection:
                told = {"error": str(error)}
                rule_versions.note(connection, [one.id for one in asked], "failed", told, self._clock.now())
            return
        self._handed_on |= {one.id for one in asked}
        self._ready(Switch(asked, versions, [one.rule for one in asked if one.version is None], learnt))


def _written(connection: Connection[TupleRow], asked: Asked) -> Version:
    row = rule_versions.version_of(connection, asked.rule, asked.version or 0)
    if row is None:
        raise Misconfigured(f"{asked.rule} has no version {asked.version}")
    return Version(asked.rule, row["version"], row["definition"])


def switch(road: Road, ready: Switch) -> bool:
    """Let a group run from one commit on; returns whether it does.

    Raises what makes the road begin anew (`StoreUnavailable`, `Fenced`): then it is asked for still.
    """
    before = road.book
    rules = [version.alive() for version in ready.versions]
    others = [rule for rule in before if rule.id not in ready.rules]
    staying = [rule for rule in before if rule.id in ready.retired]
    # What is retired says its last words in this very commit.
    road.change_book(RuleBook([*others, *rules, *staying]), ready.rules)
    try:
        road.travel_as_one(Freight(switches=[ready]))
    except Transient:
        road.change_book(before, ready.rules)
        raise
    except Exception as error:
        road.change_book(before, ready.rules)
        log.exception("versions could not be switched to; what ran before goes on", rules=ready.rules)
        with road.asking() as connection:
            told = {"error": f"{type(error).__name__}: {error}"}
            rule_versions.note(connection, [one.id for one in ready.asked], "failed", told, road.clock.now())
        return False
    road.change_book(RuleBook([*others, *rules]), ready.rules)
    road.quarantined.difference_update(ready.rules)
    road.start_subjects()
    log.info("versions run", rules={one.rule: one.version for one in ready.asked})
    return True


def exchange(batch: Batch, road: Road, ready: Switch) -> None:
    """Within the road's transaction: read on, exchange states and timers, and say what stands and what does not."""
    connection, station = batch.connection, road.station
    rules = {version.rule: road.book.rules[version.rule] for version in ready.versions}
    standing = Standing()
    rule_state.forget_rules(connection, station, ready.rules)
    if ready.learnt is not None:
        late = timedelta(days=1) + road.late
        since = _unread_since(batch, station, ready.learnt, late)
        past = Past(connection, station, since, batch.now + timedelta(minutes=5), late)
        standing = Standing(ready.learnt.raised)
        replay = resume(list(rules.values()), ready.learnt, past, standing)
        past.play(replay, committed_after=ready.learnt.read_until)
        for key, state in replay.memory.states.items():
            road.states.put(key, state)
        for timer, due in replay.memory.timers.items():
            road.states.arm(timer, due)
        standing.raised = {
            key: verdict
            for key, verdict in standing.raised.items()
            if rules[key[0]].tell(key[1], replay.memory.states.get(key), batch.now, road.facts)[0]
        }
    for alert in alert_store.open_of_rules(connection, station, ready.rules):
        if alert.active and standing.raised.pop((alert.rule, alert.subject), None) is None:
            batch.verdicts.append(_ends(alert.rule, alert.subject, batch, road, alert.place, alert.device))
    batch.verdicts.extend(standing.raised.values())
    rule_versions.activate(connection, [(one.rule, one.version) for one in ready.asked])
    rule_versions.note(
        connection,
        [one.id for one in ready.asked],
        "done",
        {"events": ready.learnt.events if ready.learnt is not None else 0},
        batch.now,
    )


def _unread_since(batch: Batch, station: str, learnt: Learnt, late: timedelta) -> datetime:
    """Since when something was received, or changed in the registry, that the learning did not see.

    A road that catches up commits what it received long ago: the last commit that was read says nothing of that.
    """
    if learnt.read_until is None:
        return learnt.since
    first = event_store.first_received(batch.connection, station, learnt.since - late, learnt.read_until)
    read = learnt.read_until - timedelta(minutes=5)
    return read if first is None else min(first, read)


def _ends(rule: str, subject: str, batch: Batch, road: Road, place: str | None, device: str | None) -> Verdict:
    definition = road.book.rules[rule].definition
    told = {
        "zh": "规则已更换版本或停用；按现在的规则，这一情况不再成立",
        "en": "The rule was changed or retired; under its present words this does not stand",
    }
    return Verdict(
        "clear", rule, subject, batch.now, Explanation(rule, road.book.rules[rule].version, told, {}),
        priority=definition.priority, stream=definition.stream, place=place, device=device,
    )  # fmt: skip
