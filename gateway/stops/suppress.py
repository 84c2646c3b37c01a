"""suppress: what is kept quiet, and why. Suppressing is never dropping: the reason stands on the alert and is counted.

More evidence for an alert that sounded already is quiet by lifecycle's own rule and needs no reason here.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.batch import Mode
from gateway.model.alert import HISTORY, Alert
from gateway.store import alerts as alert_store

if TYPE_CHECKING:
    from gateway.batch import AlertTurn, Batch
    from gateway.road import Road


def suppress(batch: Batch, road: Road) -> None:
    """Take the sound from turns that have a reason to be quiet."""
    sounding = [turn for turn in batch.turns if turn.sounds]
    explained = _explained(sounding, batch, road)
    for turn in sounding:
        reason = (
            HISTORY
            if batch.mode is Mode.HISTORY
            else explained.get(turn.alert.id) or reason_for_quiet(turn.alert, turn.at)
        )
        if reason is None:
            continue
        turn.sounds = False
        turn.suppressed_by = reason
        road.count_suppressed(reason)
        if turn.alert.suppressed_by != reason:
            turn.alert = alert_store.update(batch.connection, msgspec.structs.replace(turn.alert, suppressed_by=reason))


def reason_for_quiet(alert: Alert, now: datetime) -> str | None:
    """Return why an alert is kept quiet, None when it is to be heard."""
    if alert.stream == "work_item":
        return "maintenance"  # a work item never sounds in the command room
    if alert.shelved_until is not None and alert.shelved_until > now and alert.priority != "P1":
        return "shelved"
    return None


def _explained(turns: list[AlertTurn], batch: Batch, road: Road) -> dict[int, str]:
    """By alert: the rule whose open alert explains it, so that one stands for many.

    A work item is explained by one of its area, an alert by one about the very same subject only: a person who is being
    looked for already is not looked for twice, and nobody is explained away.
    """
    explains = {turn.alert.id: road.book.inhibitors(turn.alert.rule) for turn in turns}
    rules = {rule for inhibitors in explains.values() for rule in inhibitors}
    if not rules:
        return {}
    standing = alert_store.standing_of(batch.connection, road.station, rules)
    areas = {(rule, area) for rule, area, _ in standing if area is not None}
    subjects = {(rule, subject) for rule, _, subject in standing}
    return {
        turn.alert.id: rule
        for turn in turns
        for rule in explains[turn.alert.id]
        if (
            (rule, turn.alert.area) in areas
            if turn.alert.stream == "work_item"
            else (rule, turn.alert.subject) in subjects
        )
    }
