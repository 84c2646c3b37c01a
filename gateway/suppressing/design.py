"""design: what needs no telling because something known explains it. Pure.

Only P3 and P4, and work items: a P1 or P2 is never explained away here. A rule's own `schedule` needs none of this:
what does not count is not raised.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from gateway.model.alert import CLOSED, DRILL, PARENT, Alert
from gateway.model.registry import Registry
from gateway.suppressing.shelf import places_above
from rules.definition import Definition

#: Rules whose open item says that a device is gone.
GONE = ("device-offline", "device-silent")
#: What a holiday explains: nobody is at school, the shop is shut.
EMPTIED = frozenset({"school", "premises"})


def parent_of(alert: Alert, definition: Definition | None, registry: Registry) -> str | None:
    """Return the gateway that would explain an alert about a device being unwell; None when none would.

    Tampering is no such thing: who opens a lock behind a dead gateway is not explained by the gateway.
    """
    if definition is None or definition.category != "system" or alert.priority in {"P1", "P2"}:
        return None
    device = registry.devices.get(alert.device) if alert.device is not None else None
    return device.via if device is not None else None


def is_closed(alert: Alert, definition: Definition | None, registry: Registry, now: datetime) -> bool:
    """Say whether the place is closed today, and the alert one of those that this explains.

    A place's attribute `closed: [["2027-01-20", "2027-02-25"]]` names the days, both ends included, in the station's
    time zone; it holds for what lies in the place too.
    """
    if definition is None or definition.category not in EMPTIED or alert.priority in {"P1", "P2"}:
        return False
    today = now.astimezone(ZoneInfo(registry.station.time_zone)).date()
    return any(
        first <= today <= last
        for place in places_above(alert.place, registry)
        if place in registry.places
        for first, last in spans(registry.places[place].attributes.get("closed"))
    )


def spans(told: object) -> Iterable[tuple[date, date]]:
    """Read the spans of days of an attribute; what cannot be read closes nothing."""
    for pair in told if isinstance(told, list) else ():
        try:
            first, last = (one if isinstance(one, date) else date.fromisoformat(one) for one in pair)
        except (TypeError, ValueError):
            continue
        yield first, last


def is_drilled(alert: Alert, definition: Definition | None, registry: Registry, now: datetime) -> bool:
    """Say whether a device is being tested and the alert is a mere consequence: its cover is open, it is offline.

    What is tested rings as always.
    """
    if definition is None or alert.priority in {"P1", "P2"} or registry.drill_at(alert.device, now) is None:
        return False
    about_device = all(kind.startswith("device.") or kind.endswith(".tamper") for kind in definition.when.kinds)
    return about_device or definition.category == "system"


def by_design(  # one argument per thing it goes by
    alert: Alert, definition: Definition | None, registry: Registry, now: datetime, gone: Iterable[str]
) -> str | None:
    """Return why an alert needs no telling; `gone` are the gateways that are offline or silent."""
    parent = parent_of(alert, definition, registry)
    if parent is not None and parent in gone:
        return PARENT
    if is_closed(alert, definition, registry, now):
        return CLOSED
    return DRILL if is_drilled(alert, definition, registry, now) else None
