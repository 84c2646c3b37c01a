"""judge: let the rules look.

Events meet the rules that list their kind, in the order they arrived; then timers that are due, in due order. A
rule that throws, does not come back or grows without bound is put aside, with a work item, or an alert when it watches
people; the others go on. How a rule is asked is the same everywhere: see `rules.judging`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from gateway.activation import exchange
from gateway.batch import Mode
from gateway.departed import depart
from gateway.keyed_state import MOST_BYTES, TimersOnTheWay
from gateway.model.event import ALARM_PREFIX, EVENT_KINDS
from gateway.own_alerts import not_understood_verdict, put_aside_verdict
from gateway.store import road as road_store
from rules.judging import Judging

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.batch import Batch
    from gateway.model.event import Event
    from gateway.road import Road
    from rules.judging import Key
    from rules.rule import Rule

log = structlog.get_logger()

#: Each event with the rules that care about it and the subjects it is about.
Met = list[tuple["Event", list[tuple["Rule", str]]]]


def judge(batch: Batch, road: Road) -> None:
    """Fill `batch.verdicts` and keep what the rules want kept."""
    if batch.given:
        batch.verdicts.extend(batch.given)
        _note_moment(batch, batch.now)
        return
    if batch.departed:
        depart(batch, road)
        _note_moment(batch, batch.now)
        return
    for ready in batch.switches:
        exchange(batch, road, ready)
    judging = _judging(batch, road)
    met: Met = [(event, list(judging.meetings(event))) for event in batch.events]
    if batch.mode is Mode.LIVE:
        _judge_now(batch, road, judging, met)
    else:
        _replay(batch, road, judging, met)
    for rule in road.states.overgrown():
        _put_aside(rule, f"its state of one subject has grown beyond {MOST_BYTES} bytes", batch, road)
    _note_moment(batch, batch.now)
    road.timer_armed(road.states.flush(batch.connection))


def _judge_now(batch: Batch, road: Road, judging: Judging, met: Met) -> None:
    timers = [timer for timer in batch.timers if timer.rule in road.book.rules]
    _begin(batch, road, judging, met, [(timer.rule, timer.subject) for timer in timers])
    for event, meetings in met:
        _notice_unknown_alarm(batch, road, event)
        for rule, subject in meetings:
            judging.meet(rule, event, subject)
    for timer in timers:
        judging.fire(road.book.rules[timer.rule], timer)


def _replay(batch: Batch, road: Road, judging: Judging, met: Met) -> None:
    """Judge by a virtual clock: the timers due before an event was received fire before it, those due later after.

    Also those that are armed on the way. So one large batch gives what many small ones would have given.
    """
    timers = TimersOnTheWay(road.states, road.due_by(batch.now))
    _begin(batch, road, judging, met, [(timer.rule, timer.subject) for timer in timers.known])
    _note_moment(batch, batch.now)
    for event, meetings in met:
        _fire_until(event.received_at, timers, batch, road, judging)
        batch.hear(road.health.learn([event]))
        _notice_unknown_alarm(batch, road, event)
        for rule, subject in meetings:
            judging.meet(rule, event, subject)
        _note_moment(batch, event.received_at)
    _fire_until(batch.now, timers, batch, road, judging)
    road_store.keep_health(batch.connection, road.station, batch.heard)


def _begin(batch: Batch, road: Road, judging: Judging, met: Met, fired: list[Key]) -> None:
    """Read the states the batch will touch; let rules meet whom they have never met, and what the registry changed."""
    starts = [(rule, subject) for rule, subject in batch.starts if rule in road.book.rules]
    keys = [(rule.id, subject) for _, meetings in met for rule, subject in meetings]
    road.states.load(batch.connection, [*keys, *fired, *starts, *batch.changes])
    for rule_id, subject in starts:
        judging.start(road.book.rules[rule_id], subject, batch.now)
    for rule_id, subject in batch.changes:
        judging.change(road.book.rules[rule_id], subject, batch.now)


def _fire_until(moment: datetime, timers: TimersOnTheWay, batch: Batch, road: Road, judging: Judging) -> None:
    while (timer := timers.next_before(moment)) is not None:
        judging.fire(road.book.rules[timer.rule], timer)
        _note_moment(batch, timer.due_at)


def _note_moment(batch: Batch, moment: datetime) -> None:
    """When the verdicts were reached that were added last; in live mode that is now, for all of them."""
    if batch.mode is not Mode.LIVE:
        batch.moments.extend([moment] * (len(batch.verdicts) - len(batch.moments)))


def _notice_unknown_alarm(batch: Batch, road: Road, event: Event) -> None:
    """An alarm of a kind that nobody knows may be a misspelt press: people decide, not silence."""
    known = event.kind in EVENT_KINDS or road.book.knows(event.kind)
    if event.kind.startswith(ALARM_PREFIX) and not known:
        batch.verdicts.append(not_understood_verdict(event))


def _judging(batch: Batch, road: Road) -> Judging:
    def failed(rule: Rule, error: Exception, at: datetime) -> None:
        del at
        _put_aside(rule, f"{type(error).__name__}: {error}", batch, road)

    return Judging(
        road.book,
        road.states,
        road.facts,
        verdicts=batch.verdicts,
        failed=failed,
        put_aside=road.quarantined,
        guard=road.guard,
    )


def _put_aside(rule: Rule, told: str, batch: Batch, road: Road) -> None:
    """Quarantine a rule until it is changed or the gateway starts anew, and have somebody mend it."""
    road.quarantined.add(rule.id)
    log.error("rule put aside", stop="judge", rule=rule.id, error=told)
    batch.verdicts.append(put_aside_verdict(rule, told, batch.now))
