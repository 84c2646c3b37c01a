"""Where history meets the present: what still stands is told, what is long over ends. Whenever a live road opens.

An alert that rang nobody because it was history carries the reason `history`. Doing this again does no harm, so a
backfill that broke off, or a gateway that was killed in the middle of this, leaves nobody untold.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from gateway.model.alert import HISTORY, Alert
from gateway.model.judgement import Explanation, Verdict
from gateway.road import Road
from gateway.store import alerts as alert_store

#: A press or sighting this old rings nobody when history meets the present; a condition that still stands does.
NEWS = timedelta(hours=1)


def hand_over(road: Road, now: datetime) -> int:
    """Tell people of the alerts of history that still stand; returns how many alerts (no work items) ring."""
    with road.asking() as connection:
        left = [alert for alert in alert_store.all_open(connection, road.station) if alert.suppressed_by == HISTORY]
        standing = [alert for alert in left if _still_stands(alert, road, now)]
        for alert in left:
            if alert in standing:
                continue
            if alert.sounded:  # people knew it before history added to it: it is theirs to end
                alert_store.update(connection, msgspec.structs.replace(alert, suppressed_by=None))
            else:
                ended = msgspec.structs.replace(alert, active=False, latched=False, ended_at=now)
                alert_store.update(connection, ended)
    road.say([_again(alert) for alert in standing])
    return sum(alert.stream == "alert" for alert in standing)


def _still_stands(alert: Alert, road: Road, now: datetime) -> bool:
    rule = road.book.rules.get(alert.rule)
    if rule is not None and rule.OCCURRENCES and alert.stream == "alert":
        return alert.active and now - alert.last_event_at <= NEWS
    return alert.active


def _again(alert: Alert) -> Verdict:
    """The verdict that an alert of history still stands; it sounds as an act of its own."""
    return Verdict(
        "raise",
        alert.rule,
        alert.subject,
        alert.last_event_at,
        msgspec.convert(alert.explanation, Explanation),
        priority=alert.priority,  # type: ignore[arg-type]  # as the rule said it
        stream=alert.stream,  # type: ignore[arg-type]
        latch=alert.latched,
        occurrence=True,
        place=alert.place,
        device=alert.device,
        person=alert.person,
    )
