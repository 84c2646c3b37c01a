"""reasons: why an alert is kept quiet now, if it is. Asked before it sounds, and again while it is quiet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.alert import CHATTER, MAINTENANCE, SHELVED, Alert
from gateway.store import alerts as alert_store
from gateway.store import shelves as shelf_store
from gateway.suppressing.chatter import chatters
from gateway.suppressing.chattering import Known
from gateway.suppressing.design import GONE, by_design, parent_of
from gateway.suppressing.shelf import shelved_until

if TYPE_CHECKING:
    from gateway.road import Road
    from rules.definition import Definition


class Reasons:
    """What keeps these alerts quiet. Reads what it needs of all of them at once."""

    def __init__(
        self, connection: Connection[TupleRow], road: Road, alerts: Sequence[Alert], flapping: Known, now: datetime
    ) -> None:
        self._road, self._flapping = road, flapping
        heard = any(alert.stream == "alert" for alert in alerts)
        self._shelves = shelf_store.standing(connection, road.station, now) if heard else []
        self._inhibitors = {alert.rule: road.book.inhibitors(alert.rule) for alert in alerts}
        parents = {
            parent
            for alert in alerts
            if (parent := parent_of(alert, self._definition(alert), road.registry)) is not None
        }
        asked = {rule for inhibitors in self._inhibitors.values() for rule in inhibitors} | set(GONE if parents else ())
        standing = alert_store.standing_of(connection, road.station, asked) if asked else []
        self._areas = {(rule, area) for rule, area, _ in standing if area is not None}
        self._subjects = {(rule, subject) for rule, _, subject in standing}
        self._gone = {
            parent
            for parent in parents
            if road.health.online.get(parent) is False
            or any((rule, f"device:{parent}") in self._subjects for rule in GONE)
        }

    def shelved_until(self, alert: Alert, now: datetime) -> datetime | None:
        """Return until when people keep an alert quiet; None when they do not."""
        return shelved_until(alert, self._shelves, self._road.registry, now)

    def why(self, alert: Alert, now: datetime) -> str | None:
        """Return why an alert is to be quiet now, None when it is to be heard. Flood is another matter."""
        explained = self._explained(alert)
        if explained is not None:
            return explained
        designed = by_design(alert, self._definition(alert), self._road.registry, now, self._gone)
        if designed is not None:
            return designed
        if alert.stream == "work_item":
            return MAINTENANCE
        if self.shelved_until(alert, now) is not None:
            return SHELVED
        known = self._flapping.get((alert.rule, alert.subject))
        if known is not None and alert.priority != "P1" and chatters(known, now, self._road.registry.policy.chatter):
            return CHATTER
        return None

    def _definition(self, alert: Alert) -> Definition | None:
        rule = self._road.book.rules.get(alert.rule)
        return rule.definition if rule is not None else None

    def _explained(self, alert: Alert) -> str | None:
        """The rule whose open alert explains it, so that one stands for many.

        A work item is explained by one of its area, an alert by one about the very same subject only: a person who is
        being looked for already is not looked for twice, and nobody is explained away.
        """
        for rule in self._inhibitors[alert.rule]:
            if alert.stream == "work_item":
                if (rule, alert.area) in self._areas:
                    return rule
            elif (rule, alert.subject) in self._subjects:
                return rule
        return None


def with_shelf(alert: Alert, until: datetime | None) -> Alert:
    """Return the alert saying until when it is shelved."""
    return alert if alert.shelved_until == until else msgspec.structs.replace(alert, shelved_until=until)
