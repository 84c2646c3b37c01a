"""lifecycle: from verdicts to alerts. One open alert per (rule, subject).

`conclude` is the whole of it, pure: a verdict and the open alert (or none) in, the alert afterwards and what
happened out. Alerts are never cached; the open ones a batch touches are read and held in one query.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.batch import AlertTurn, Mode, Turn
from gateway.model.alert import HISTORY, MOST_EVENTS, Alert
from gateway.model.judgement import Verdict
from gateway.own_alerts import TEXTS
from gateway.store import alerts as alert_store

if TYPE_CHECKING:
    from gateway.batch import Batch
    from gateway.road import Road

#: Subjects that many places are part of.
COLLECTIVE = frozenset({"building", "area"})
#: How telling a turn is, when several happen to one alert in one batch.
_WEIGHT = {Turn.EXTENDED: 0, Turn.CLEARED: 1, Turn.RETRACTED: 2, Turn.SOUNDED: 3, Turn.RAISED: 4}


def lifecycle(batch: Batch, road: Road) -> None:
    """Fill `batch.turns`."""
    if not batch.verdicts:
        return
    open_alerts = alert_store.open_of(
        batch.connection, road.station, {(verdict.rule, verdict.subject) for verdict in batch.verdicts}
    )
    turns: dict[tuple[str, str], list[AlertTurn]] = {}
    for position, verdict in enumerate(batch.verdicts):
        key = (verdict.rule, verdict.subject)
        known = open_alerts.get(key)
        now = batch.moments[position] if batch.moments else batch.now
        turn = conclude(verdict, known, now, road.resound_after, _blank(verdict, road, now))
        if turn is None:
            continue
        if batch.mode is Mode.HISTORY and (known is None or not known.sounded):
            _unattended(turn)
        saved = (alert_store.insert if turn.alert.id == 0 else alert_store.update)(batch.connection, turn.alert)
        turn.alert = saved
        if saved.ended_at is None:
            open_alerts[key] = saved
        else:
            open_alerts.pop(key, None)
        turns.setdefault(key, []).append(turn)
    for happened in turns.values():
        batch.turns.extend(_told(happened))


def _told(happened: list[AlertTurn]) -> list[AlertTurn]:
    """One turn per alert: as it stands now, with the most telling thing that happened to it."""
    by_alert: dict[int, AlertTurn] = {}
    for turn in happened:
        before = by_alert.get(turn.alert.id)
        if before is not None:
            turn.at = before.at if before.sounds else turn.at
            turn.before = before.before if before.sounds else turn.before
            turn.sounds = turn.sounds or before.sounds
            turn.turn = max(turn.turn, before.turn, key=_WEIGHT.__getitem__)
        by_alert[turn.alert.id] = turn
    return list(by_alert.values())


def _unattended(turn: AlertTurn) -> None:
    """In history nobody was there to hear, acknowledge or reset: an alert is over when its condition is.

    One that people know of already is theirs, also while a gap is filled in.
    """
    alert = turn.alert
    sounded = {"sounded": 0, "last_sounded_at": None} if turn.sounds else {}
    ended = {"ended_at": turn.at} if not alert.active and alert.ended_at is None else {}
    turn.alert = msgspec.structs.replace(alert, **sounded, **ended)


def conclude(
    verdict: Verdict, known: Alert | None, now: datetime, resound_after: timedelta, blank: Alert
) -> AlertTurn | None:
    """Return what a verdict makes of the open alert of its identity; None when nothing.

    `blank` is the alert to start from when there is none: identity, texts and place filled in.
    """
    if verdict.action in {"raise", "extend"}:
        return _raise(verdict, known, now, resound_after, blank)
    if known is None:
        return None
    if verdict.action == "retract":
        return AlertTurn(
            msgspec.structs.replace(
                known,
                active=False,
                retracted=True,
                cleared_at=verdict.at,
                ended_at=now,
                explanation=_facts(verdict),
            ),
            Turn.RETRACTED,
            now,
        )
    if not known.active or verdict.at < known.last_event_at:
        return None
    over = not known.latched and (known.acknowledged_at is not None or known.stream != "alert")
    return AlertTurn(
        msgspec.structs.replace(known, active=False, cleared_at=verdict.at, ended_at=now if over else None),
        Turn.CLEARED,
        now,
    )


def _raise(verdict: Verdict, known: Alert | None, now: datetime, resound_after: timedelta, blank: Alert) -> AlertTurn:
    if known is None:
        sounding = msgspec.structs.replace(blank, sounded=1, last_sounded_at=now)
        return AlertTurn(sounding, Turn.RAISED, now, sounds=True)
    extended = msgspec.structs.replace(
        known,
        active=True,
        latched=known.latched or verdict.latch,
        cleared_at=None,
        seen=known.seen + 1,
        last_event_at=max(known.last_event_at, verdict.at),
        explanation=_facts(verdict),
        rule_version=verdict.explanation.version,
        events=list(dict.fromkeys([*known.events, *verdict.events]))[-MOST_EVENTS:],
        drill=known.drill and blank.drill,
    )
    # What began as a drill and goes on outside of it is real, what was history is news: both must be heard.
    unheard = extended.drill < known.drill or known.suppressed_by == HISTORY
    if not (unheard or sounds_again(verdict, known, now, resound_after)):
        return AlertTurn(extended, Turn.EXTENDED, now)
    return AlertTurn(
        msgspec.structs.replace(
            extended,
            sounded=known.sounded + 1,
            last_sounded_at=now,
            acknowledged_at=None,
            acknowledged_by=None,
            suppressed_by=None,
            priority=min(known.priority, verdict.priority),
            told_of=[*_told_of(known), *_news(verdict, known)][-MOST_EVENTS:],
        ),
        Turn.SOUNDED,
        now,
        sounds=True,
        before=known,
    )


def sounds_again(verdict: Verdict, known: Alert, now: datetime, resound_after: timedelta) -> bool:
    """Say whether more evidence for an open alert is to be heard again.

    It is when it is a new press or a new episode after the acknowledgement, when it is more urgent or about a place or
    person nobody was told of, or ten minutes after it was last heard. What was kept quiet was not heard: then it is to
    be heard, unless somebody has acknowledged it less than ten minutes ago.
    """
    new_episode = verdict.occurrence or not known.active
    # Not by the device's clock: what comes after the acknowledgement and was never seen before is a new press, however
    # slow the button's clock is.
    if known.acknowledged_at is not None and new_episode:
        return True
    if verdict.priority < known.priority or _news(verdict, known):
        return True
    last = known.last_sounded_at or known.acknowledged_at
    # A sound of the future is that of a clock that was put back: it is not waited for.
    return last is None or abs(now - last) >= resound_after


def _told_of(known: Alert) -> list[str]:
    """The places and persons people were told of; first of all the alert's own."""
    own = [f"{what}:{one}" for what, one in (("place", known.place), ("person", known.person)) if one is not None]
    return list(dict.fromkeys([*own, *known.told_of]))


def _news(verdict: Verdict, known: Alert) -> list[str]:
    """The place and person of a verdict that people were not told of.

    An alert that began without a place or a person has none to be new against; one about a building or an area is about
    all that lies in it.
    """
    if verdict.subject.partition(":")[0] in COLLECTIVE:
        return []
    told = (("place", verdict.place, known.place), ("person", verdict.person, known.person))
    about = [f"{what}:{one}" for what, one, first in told if one is not None and first is not None]
    heard = _told_of(known)
    return [one for one in about if one not in heard]


def _facts(verdict: Verdict) -> dict[str, object]:
    facts: dict[str, object] = msgspec.to_builtins(verdict.explanation)
    return facts


def _blank(verdict: Verdict, road: Road, now: datetime) -> Alert:
    if verdict.rule in TEXTS:
        title, first_action = TEXTS[verdict.rule]
    else:
        definition = road.book.rules[verdict.rule].definition
        title = definition.title.model_dump()
        first_action = definition.rationalisation.first_action.model_dump()
    return Alert(
        station=road.station,
        rule=verdict.rule,
        rule_version=verdict.explanation.version,
        subject=verdict.subject,
        stream=verdict.stream,
        priority=verdict.priority,
        title=title,
        explanation=_facts(verdict),
        first_action=first_action,
        raised_at=verdict.at,
        last_event_at=verdict.at,
        place=verdict.place,
        area=road.registry.area_of(verdict.place),
        device=verdict.device,
        person=verdict.person,
        events=list(verdict.events)[-MOST_EVENTS:],
        latched=verdict.latch,
        drill=_is_drill(verdict, road, now),
    )


def _is_drill(verdict: Verdict, road: Road, now: datetime) -> bool:
    """Whether this is practised: what one device said, within its drill by its own clock and by ours.

    A slow clock must not make a real press a drill, nor one door's drill a whole building's alert.
    """
    if not verdict.subject.startswith("device:"):
        return False
    drills = (road.registry.drill_at(verdict.device, moment) for moment in (verdict.at, now))
    return all(drill is not None for drill in drills)
