"""Why (not): what a rule makes of one subject just now, and which condition said no to what happened there.

Read from what the road has committed: the rule's state and timers, the registry, devices' health. An operator's
question «why did it not ring?» has an answer here; nothing is judged anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.keyed_state import decode_state
from gateway.model.alert import Alert
from gateway.model.errors import NotFound
from gateway.model.event import Event
from gateway.model.registry import Registry
from gateway.model.scope import Scope
from gateway.rule_book import running_rule
from gateway.store import accounts, rule_state
from gateway.store import alerts as alert_store
from gateway.store import events as event_store
from gateway.store import registry as registry_store
from gateway.store import road as road_store
from rules.rule import Facts, Rule

#: How far back events of the subject are looked at, and how many.
LOOKED_BACK = timedelta(hours=24)
MOST_EVENTS = 20


def trace(connection: Connection[TupleRow], scope: Scope, rule_id: str, subject: str, now: datetime) -> dict[str, Any]:
    """Return what a rule makes of a subject (`device:…`, `place:…`, `person:…`, …) within a scope.

    `lines` are sentences (zh, en); `events` the latest at that device or place, each with the conditions that refused
    it. Raises `NotFound` for a rule that does not run and a subject outside of the scope.
    """
    rule = running_rule(connection, rule_id)
    registry = registry_store.load(connection, scope.station)
    place = place_of(subject, registry)
    if scope.areas is not None and registry.area_of(place) not in scope.areas:
        raise NotFound(f"there is no subject {subject!r} within your reach")
    facts = Facts(registry, *road_store.load_health(connection, scope.station))
    stored = rule_state.load_states(connection, scope.station, [(rule.id, subject)]).get((rule.id, subject))
    try:
        state = decode_state(rule, stored)
    except msgspec.DecodeError:
        state = None  # written by another version; the road begins it anew
    timers = rule_state.timers_of(connection, scope.station, rule.id, subject)
    told = rule.trace(subject, state, timers, now, facts)
    alert = alert_store.open_one(connection, scope.station, rule.id, subject)
    return {
        "rule": rule.id,
        "version": rule.version,
        "subject": subject,
        "at": now,
        "stands": told.standing,
        "lines": [*told.lines, *_hindrances(connection, scope.station, rule, alert)],
        "timers": timers,
        "alert": alert.public() if alert is not None else None,
        "events": _events(connection, scope, rule, subject, facts, now),
    }


def place_of(subject: str, registry: Registry) -> str | None:
    """The place a subject is at, None when it is nowhere in particular (a card, say)."""
    kind, _, name = subject.partition(":")
    if kind == "device" and name in registry.devices:
        return registry.devices[name].place
    if kind == "person" and name in registry.persons:
        return registry.persons[name].place
    return name if kind in {"place", "building"} and name in registry.places else None


def _hindrances(
    connection: Connection[TupleRow], station: str, rule: Rule, alert: Alert | None
) -> list[dict[str, str]]:
    """What may keep an alert from being heard, though the rule says what it says."""
    _, facts = accounts.health(connection, station).get("gateway", (None, {}))
    lines = []
    if rule.id in facts.get("quarantined", ()):
        lines.append(
            {"zh": "本规则出错已被隔离，现在不判断", "en": "this rule failed and was put aside: it judges nothing"}
        )
    if alert is not None and alert.suppressed_by is not None:
        why = alert.suppressed_by
        lines.append({"zh": f"告警已成立，但被抑制：{why}", "en": f"the alert stands and is kept quiet: {why}"})
    if alert is not None and alert.acknowledged_at is not None:
        who, at = alert.acknowledged_by, alert.acknowledged_at.isoformat(timespec="seconds")
        lines.append({"zh": f"告警已由 {who} 于 {at} 确认", "en": f"the alert was acknowledged by {who} at {at}"})
    if rule.definition.stream != "alert":
        lines.append({"zh": "这是维护工单，不会响铃", "en": "this is a work item: it never sounds"})
    return lines


def _events(
    connection: Connection[TupleRow], scope: Scope, rule: Rule, subject: str, facts: Facts, now: datetime
) -> list[dict[str, Any]]:
    device = subject.removeprefix("device:") if subject.startswith("device:") else None
    place = place_of(subject, facts.registry) if device is None else None
    if device is None and place is None:
        return []
    rows = event_store.list_events(
        connection,
        scope,
        since=now - LOOKED_BACK,
        until=now + timedelta(hours=1),
        device=device,
        place=place,
        limit=MOST_EVENTS,
    )
    return [
        {
            "event": f"{row['device']}/{row['id']}",
            "kind": row["kind"],
            "ts": row["ts"],
            "refused_by": rule.refusals(event, facts) if event is not None else ["device"],
        }
        for row in rows
        for event in [_event(row, facts.registry)]
    ]


def _event(row: dict[str, Any], registry: Registry) -> Event | None:
    mounting = registry.mounting(row["device"])
    if mounting is None:
        return None
    said = {name: row[name] for name in ("device", "id", "ts", "device_ts", "received_at", "kind", "data", "skewed")}
    return Event.at(mounting, station=registry.station.id, **said)
