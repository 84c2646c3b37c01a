"""What the road says in the logs: one line for each stop that did something to an alert, with the ids to follow it by.

Written after the commit: what was rolled back did not happen. More of the same is not worth a line, and history none.
"""

from __future__ import annotations

from collections import Counter

import structlog

from gateway.batch import Batch, Mode, Turn

log = structlog.get_logger()


def log_batch(batch: Batch) -> None:
    """Say what a committed batch did."""
    if batch.mode is not Mode.LIVE:
        return
    if batch.dead:
        reasons = Counter(letter.reason for letter in batch.dead)
        log.info("dead letters", stop="admit", reasons=dict(reasons), topic=batch.dead[-1].topic)
    for turn in batch.turns:
        if turn.turn is Turn.EXTENDED or turn.alert.stream == "probe":
            continue
        alert = turn.alert
        log.info(
            "alert", stop="lifecycle", turn=turn.turn.value, alert=alert.id, rule=alert.rule, subject=alert.subject,
            priority=alert.priority, drill=alert.drill, event_ref=alert.events[-1] if alert.events else None,
        )  # fmt: skip
        if turn.suppressed_by is not None:
            log.info("kept quiet", stop="suppress", alert=alert.id, reason=turn.suppressed_by)
        if turn.incident is not None:
            log.info("routed", stop="route", alert=alert.id, incident=turn.incident, told=turn.told)
