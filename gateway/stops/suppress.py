"""suppress: what is kept quiet, and why. Suppressing is never dropping: the reason stands on the alert and is counted.

More evidence for an alert that sounded already is quiet by lifecycle's own rule and needs no reason here. What is quiet
was not heard: it does not count as sent, and is heard as soon as its reason is over while it still stands
(`gateway.suppressing.listening`).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.batch import AlertTurn, Mode, Turn
from gateway.model.alert import FLOOD, HISTORY, MAINTENANCE, SHELVED, Alert
from gateway.store import alerts as alert_store
from gateway.store import soundings
from gateway.store.soundings import Sounding
from gateway.suppressing import chattering, tide
from gateway.suppressing.reasons import Reasons, with_shelf

if TYPE_CHECKING:
    from gateway.batch import Batch
    from gateway.road import Road


def suppress(batch: Batch, road: Road) -> None:
    """Take the sound from turns that have a reason to be quiet; give it back to those whose reason is over."""
    if batch.ripe:
        _sound_again(batch, road)
    if not batch.turns:
        return
    sounding = [turn for turn in batch.turns if turn.sounds]
    if batch.mode is Mode.HISTORY:
        noted = [_keep_quiet(turn, HISTORY, batch, road) for turn in sounding]
    else:
        noted = _listen(sounding, batch, road)
    soundings.add(batch.connection, road.station, [one for one in noted if one is not None])


def reason_for_quiet(alert: Alert, now: datetime) -> str | None:
    """Return why an alert is kept quiet by what stands on it, None when it is to be heard."""
    if alert.stream == "work_item":
        return MAINTENANCE
    if alert.shelved_until is not None and alert.shelved_until > now and alert.priority != "P1":
        return SHELVED
    return None


def _listen(sounding: list[AlertTurn], batch: Batch, road: Road) -> list[Sounding | None]:
    flapping = chattering.count(batch, road)
    if not sounding:
        return []
    reasons = Reasons(batch.connection, road, [turn.alert for turn in sounding], flapping, batch.now)
    why: dict[int, str] = {}
    heard: list[AlertTurn] = []
    for turn in sounding:
        reason = None if turn.alert.stream == "probe" else reasons.why(turn.alert, turn.at)
        if reason is not None:
            why[turn.alert.id] = reason
        elif turn.alert.stream == "alert":
            heard.append(turn)
    tide.rise(heard, batch, road)
    noted: list[Sounding | None] = []
    for turn in sounding:
        alert = with_shelf(turn.alert, reasons.shelved_until(turn.alert, turn.at))
        if alert is not turn.alert and turn.alert.id not in why:
            turn.alert = alert_store.update(batch.connection, alert)
        turn.alert = msgspec.structs.replace(turn.alert, shelved_until=alert.shelved_until)
        reason = FLOOD if turn.fold else why.get(turn.alert.id)
        noted.append(_keep_quiet(turn, reason, batch, road) if reason is not None else _heard(turn, road))
    return noted


def _sound_again(batch: Batch, road: Road) -> None:
    """Have alerts sound whose reason to be quiet may be over, as if raised now; whether it is over is asked next."""
    for alert in alert_store.held(batch.connection, road.station, batch.ripe):
        waits = alert.ended_at is None and alert.active and alert.acknowledged_at is None
        if not waits or alert.suppressed_by is None:
            continue  # somebody was faster
        sounding = msgspec.structs.replace(
            alert, sounded=alert.sounded + 1, last_sounded_at=batch.now, suppressed_by=None, shelved_until=None
        )
        saved = alert_store.update(batch.connection, sounding)
        batch.turns.append(AlertTurn(saved, Turn.SOUNDED, batch.now, sounds=True, before=alert))


def _keep_quiet(turn: AlertTurn, reason: str, batch: Batch, road: Road) -> Sounding | None:
    """Make a turn one that was not heard; returns what to note, None for more of what was noted lately."""
    before = turn.before
    turn.sounds, turn.suppressed_by = False, reason
    lately = (
        before is not None
        and before.suppressed_by == reason
        and before.suppressed_at is not None
        and turn.at - before.suppressed_at < road.resound_after
    )
    if lately:
        turn.turn = Turn.EXTENDED
    else:
        road.count_suppressed(reason)
    turn.alert = alert_store.update(
        batch.connection,
        msgspec.structs.replace(
            turn.alert,
            suppressed_by=reason,
            suppressed_at=before.suppressed_at if lately and before is not None else turn.at,
            sounded=before.sounded if before is not None else 0,
            last_sounded_at=before.last_sounded_at if before is not None else None,
            told_of=before.told_of if before is not None else turn.alert.told_of,
        ),
    )
    return None if lately else _noted(turn, reason, road)


def _heard(turn: AlertTurn, road: Road) -> Sounding | None:
    return _noted(turn, None, road)


def _noted(turn: AlertTurn, reason: str | None, road: Road) -> Sounding | None:
    alert = turn.alert
    if alert.stream == "probe":
        return None
    spot = tide.spot_of(alert, road.registry)
    return Sounding(turn.at, alert.id, alert.rule, alert.priority, alert.place, alert.area, spot, reason)
