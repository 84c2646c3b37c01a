"""judge: let the rules look.

Events meet the rules that list their kind, in the order they arrived; then timers that are due, in due order. A
rule that throws is put aside with a work item, and the others go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from gateway.own_alerts import put_aside_verdict
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
    if not keys:
        return
    road.states.load(batch.connection, keys)
    for rule_id, subject in starts:
        _start(road.book.rules[rule_id], subject, batch, road)
    for rule, event, subject in meetings:
        _meet(rule, event, subject, batch, road)
    for timer in timers:
        _fire(road.book.rules[timer.rule], timer, batch, road)
    road.timer_armed(road.states.flush(batch.connection))


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


def _meet(rule: Rule, event: Event, subject: str, batch: Batch, road: Road) -> None:
    if rule.id in road.quarantined:
        return
    try:
        judgement = rule.on_event(event, subject, road.states.get((rule.id, subject)), event.ts, road.facts)
    except Exception as error:  # noqa: BLE001
        _put_aside(rule, error, batch, road, event.ts)
    else:
        _keep(rule, subject, judgement, batch, road)


def _fire(rule: Rule, timer: Timer, batch: Batch, road: Road) -> None:
    if rule.id in road.quarantined:
        return
    road.states.disarm(timer.rule, timer.subject, timer.name)
    try:
        state = road.states.get((rule.id, timer.subject))
        judgement = rule.on_timer(timer, state, timer.due_at, road.facts)
    except Exception as error:  # noqa: BLE001
        _put_aside(rule, error, batch, road, batch.now)
    else:
        _keep(rule, timer.subject, judgement, batch, road)


def _keep(rule: Rule, subject: str, judgement: Judgement | None, batch: Batch, road: Road) -> None:
    if judgement is not None:
        road.states.keep((rule.id, subject), judgement)
        batch.verdicts.extend(judgement.verdicts)


def _put_aside(rule: Rule, error: Exception, batch: Batch, road: Road, at: datetime) -> None:
    """Quarantine a rule until the next start, and have somebody mend it."""
    road.quarantined.add(rule.id)
    log.error("rule put aside", stop="judge", rule=rule.id, error=repr(error))
    batch.verdicts.append(put_aside_verdict(rule.id, f"{type(error).__name__}: {error}", at))
