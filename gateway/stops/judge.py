"""judge: let the rules look.

Events meet the rules that list their kind, in the order they arrived; then timers that are due, in due order. A
rule that throws is put aside with a work item, and the others go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from gateway.batch import Mode
from gateway.keyed_state import TimersOnTheWay
from gateway.model.event import ALARM_PREFIX, EVENT_KINDS
from gateway.own_alerts import not_understood_verdict, put_aside_verdict
from gateway.store import road as road_store
from gateway.store.rule_state import Key

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.batch import Batch
    from gateway.model.event import Event
    from gateway.model.judgement import Judgement, Timer
    from gateway.road import Road
    from rules.rule import Rule

log = structlog.get_logger()


def judge(batch: Batch, road: Road) -> None:
    """Fill `batch.verdicts` and keep what the rules want kept."""
    if batch.given:
        batch.verdicts.extend(batch.given)
        _note_moment(batch, batch.now)
        return
    if batch.mode is not Mode.LIVE:
        replay(batch, road)
        return
    _notice_unknown_alarms(batch, road, None, *batch.events)
    meetings = [
        (rule, event, subject)
        for event in batch.events
        for rule in road.book.for_kind(event.kind)
        for subject in _keys(rule, event, batch, road)
    ]
    timers = [timer for timer in batch.timers if timer.rule in road.book.rules]
    starts = [(rule, subject) for rule, subject in batch.starts if rule in road.book.rules]
    keys: list[Key] = [(rule.id, subject) for rule, _, subject in meetings]
    keys.extend((timer.rule, timer.subject) for timer in timers)
    keys.extend(starts)
    keys.extend(batch.changes)
    if not keys:
        return
    road.states.load(batch.connection, keys)
    for rule_id, subject in starts:
        _start(road.book.rules[rule_id], subject, batch, road)
    for rule_id, subject in batch.changes:
        _change(road.book.rules[rule_id], subject, batch, road)
    for rule, event, subject in meetings:
        _meet(rule, event, subject, batch, road)
    for timer in timers:
        _fire(road.book.rules[timer.rule], timer, batch, road)
    road.timer_armed(road.states.flush(batch.connection))


def replay(batch: Batch, road: Road) -> None:
    """Judge by a virtual clock: the timers due before an event was received fire before it, those due later after.

    Also those that are armed on the way. So one large batch gives what many small ones would have given.
    """
    timers = TimersOnTheWay(road.states, road.due_by(batch.now))
    meetings = [
        [(rule, subject) for rule in road.book.for_kind(event.kind) for subject in _keys(rule, event, batch, road)]
        for event in batch.events
    ]
    keys: list[Key] = [(rule.id, subject) for met in meetings for rule, subject in met]
    keys.extend((timer.rule, timer.subject) for timer in timers.known)
    keys.extend(batch.starts)
    keys.extend(batch.changes)
    road.states.load(batch.connection, keys)
    for rule_id, subject in batch.starts:
        _start(road.book.rules[rule_id], subject, batch, road)
    for rule_id, subject in batch.changes:
        _change(road.book.rules[rule_id], subject, batch, road)
    _note_moment(batch, batch.now)
    for event, met in zip(batch.events, meetings, strict=True):
        _fire_until(event.received_at, timers, batch, road)
        batch.hear(road.health.learn([event]))
        _notice_unknown_alarms(batch, road, event.received_at, event)
        for rule, subject in met:
            _meet(rule, event, subject, batch, road)
        _note_moment(batch, event.received_at)
    _fire_until(batch.now, timers, batch, road)
    road_store.keep_health(batch.connection, road.station, batch.heard)
    road.timer_armed(road.states.flush(batch.connection))


def _fire_until(moment: datetime, timers: TimersOnTheWay, batch: Batch, road: Road) -> None:
    while (timer := timers.next_before(moment)) is not None:
        _fire(road.book.rules[timer.rule], timer, batch, road)
        _note_moment(batch, timer.due_at)


def _note_moment(batch: Batch, moment: datetime) -> None:
    """When the verdicts were reached that were added last."""
    batch.moments.extend([moment] * (len(batch.verdicts) - len(batch.moments)))


def _keys(rule: Rule, event: Event, batch: Batch, road: Road) -> tuple[str, ...]:
    if rule.id in road.quarantined:
        return ()
    try:
        return rule.keys(event)
    except Exception as error:  # noqa: BLE001  # whatever a rule throws, the others go on
        _put_aside(rule, error, batch, road, event.ts)
        return ()


def _start(rule: Rule, subject: str, batch: Batch, road: Road) -> None:
    if rule.id in road.quarantined or road.states.get((rule.id, subject)) is not None:
        return
    try:
        judgement = rule.on_start(subject, batch.now, road.facts)
    except Exception as error:  # noqa: BLE001
        _put_aside(rule, error, batch, road, batch.now)
    else:
        _keep(rule, subject, judgement, batch, road)


def _notice_unknown_alarms(batch: Batch, road: Road, at: datetime | None, *events: Event) -> None:
    """An alarm of a kind that nobody knows may be a misspelt press: people decide, not silence."""
    for event in events:
        known = event.kind in EVENT_KINDS or road.book.knows(event.kind)
        if event.kind.startswith(ALARM_PREFIX) and not known:
            batch.verdicts.append(not_understood_verdict(event))
            if at is not None:
                _note_moment(batch, at)


def _meet(rule: Rule, event: Event, subject: str, batch: Batch, road: Road) -> None:
    if rule.id in road.quarantined:
        return
    try:
        judgement = rule.on_event(event, subject, road.states.get((rule.id, subject)), event.ts, road.facts)
    except Exception as error:  # noqa: BLE001
        _put_aside(rule, error, batch, road, event.ts)
    else:
        _keep(rule, subject, judgement, batch, road)


def _change(rule: Rule, subject: str, batch: Batch, road: Road) -> None:
    state = road.states.get((rule.id, subject))
    if rule.id in road.quarantined or state is None:
        return
    try:
        judgement = rule.on_change(subject, state, batch.now, road.facts)
    except Exception as error:  # noqa: BLE001
        _put_aside(rule, error, batch, road, batch.now)
    else:
        _keep(rule, subject, judgement, batch, road)


def _fire(rule: Rule, timer: Timer, batch: Batch, road: Road) -> None:
    if rule.id in road.quarantined:
        return
    try:
        state = road.states.get((rule.id, timer.subject))
        judgement = rule.on_timer(timer, state, timer.due_at, road.facts)
    except Exception as error:  # noqa: BLE001  # the timer stays: a mended rule looks at it again
        _put_aside(rule, error, batch, road, batch.now)
    else:
        road.states.disarm(timer.rule, timer.subject, timer.name)
        _keep(rule, timer.subject, judgement, batch, road)


def _keep(rule: Rule, subject: str, judgement: Judgement | None, batch: Batch, road: Road) -> None:
    if judgement is not None:
        road.states.keep((rule.id, subject), judgement)
        batch.verdicts.extend(judgement.verdicts)


def _put_aside(rule: Rule, error: Exception, batch: Batch, road: Road, at: datetime) -> None:
    """Quarantine a rule until the next start, and have somebody mend it."""
    road.quarantined.add(rule.id)
    log.error("rule put aside", stop="judge", rule=rule.id, error=repr(error))
    batch.verdicts.append(put_aside_verdict(rule, f"{type(error).__name__}: {error}", at))
