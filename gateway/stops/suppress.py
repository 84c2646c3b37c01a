"""suppress: what is kept quiet, and why. Suppressing is never dropping: the reason stands on the alert and is counted.

More evidence for an alert that sounded already is quiet by lifecycle's own rule and needs no reason here.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.model.alert import Alert
from gateway.store import alerts as alert_store

if TYPE_CHECKING:
    from gateway.batch import Batch
    from gateway.road import Road


def suppress(batch: Batch, road: Road) -> None:
    """Take the sound from turns that have a reason to be quiet."""
    for turn in batch.turns:
        if not turn.sounds:
            continue
        reason = reason_for_quiet(turn.alert, batch.now)
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
