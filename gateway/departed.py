"""What left the registry: its alerts are withdrawn, what rules kept is forgotten, in the road's own transaction.

Found by asking what still stands of something that is no longer there, so that it does not matter who removed it, when,
or whether the road lived at that moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import structlog

from gateway.batch import Freight
from gateway.model.errors import Transient
from gateway.model.judgement import Explanation, Verdict
from gateway.own_alerts import TEXTS
from gateway.store import alerts as alert_store
from gateway.store import registry_edit

if TYPE_CHECKING:
    from gateway.batch import Batch
    from gateway.model.alert import Alert
    from gateway.model.judgement import Priority, Stream
    from gateway.road import Road

log = structlog.get_logger()

TOLD = {
    "zh": "所涉人员、设备或场所已从登记中移除，预警撤回",
    "en": "The person, device or place it is about was taken out of the registry: withdrawn",
}


def let_go(road: Road) -> int:
    """Withdraw and forget what is no longer in the registry; returns how many subjects that were."""
    with road.asking() as connection:
        gone = registry_edit.departed(connection, road.station)
    if not gone:
        return 0
    try:
        road.travel_as_one(Freight(departed=gone))
    except Transient:
        raise
    except Exception:  # it stands a little longer; the road must not stop for it
        log.exception("what left the registry could not be let go", subjects=len(gone))
        return 0
    log.info("what left the registry was let go", subjects=len(gone))
    return len(gone)


def depart(batch: Batch, road: Road) -> None:
    """Within the road's transaction: add the verdicts that end what stands, forget states and timers."""
    gone = set(batch.departed)
    for alert in alert_store.all_open(batch.connection, road.station):
        if alert.subject in gone and (alert.rule in road.book.rules or alert.rule in TEXTS):
            batch.verdicts.append(_withdrawn(alert, batch))
    registry_edit.forget_subjects(batch.connection, road.station, sorted(gone))
    road.states.forget_subjects(gone)


def _withdrawn(alert: Alert, batch: Batch) -> Verdict:
    return Verdict(
        "retract", alert.rule, alert.subject, batch.now, Explanation(alert.rule, alert.rule_version, TOLD, {}),
        priority=cast("Priority", alert.priority), stream=cast("Stream", alert.stream),
        place=alert.place, device=alert.device, person=alert.person,
    )  # fmt: skip
