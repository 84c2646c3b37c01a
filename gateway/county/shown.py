"""What the county is shown of a station: its devices as a catalogue, its alerts as alarms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.gb28181.catalogue import Entry, Item
from connectors.gb28181.codes import DIGITS
from connectors.gb28181.config import LinkConfig
from gateway.county.config import CountyConfig
from gateway.county.tree import Tree
from gateway.model.registry import Registry

MOST_WORDS = 200
PRIORITIES = {"P1": 1, "P2": 2, "P3": 3, "P4": 4}


def entries(
    registry: Registry, config: CountyConfig, link: LinkConfig, codes: Mapping[str, str],
    online: Mapping[str, bool | None],
) -> list[Entry]:  # fmt: skip
    """Return a platform's catalogue: every device there is now that has a code, below its branches. No person is in it.

    Parents stand before their children.
    """
    tree = Tree(registry, config.codes, link, codes)
    found: list[Item] = []
    for device in sorted(registry.devices.values(), key=lambda one: one.id):
        code = codes.get(device.id)
        if code is None:
            continue
        place = registry.places.get(device.place)
        area = registry.areas.get(place.area) if place else None
        above = tree.above(device.place)
        civil = above.code if above is not None and len(above.code) < DIGITS else config.codes.county_code
        found.append(
            Item(
                code=code, name=device.name or device.id, parent=above.code if above else link.device_id,
                group=above.group if above else "", civil_code=civil, owner=config.codes.owner,
                block=area.name if area else "", address=address(registry, device.place),
                # One of which nothing was ever heard is not called dead: many speak only when something happens.
                online=online.get(device.id) is not False,
                longitude=place.lon if place else None, latitude=place.lat if place else None,
            )
        )  # fmt: skip
    return [*tree.used(item.parent for item in found), *found]


def address(registry: Registry, place_id: str | None) -> str:
    """Return where something hangs: the building and the place in it."""
    place = registry.places.get(place_id or "")
    if place is None:
        return ""
    above = registry.places.get(place.parent or "")
    return f"{above.name} {place.name}" if above is not None else place.name


def alarm_of(
    alert: Mapping[str, Any], registry: Registry, config: CountyConfig, codes: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return what goes up of an alert as the outbox keeps it, None when it is not the county's.

    Its channel is the device that it is of, or the first at its place that the county knows. Names of persons are in no
    title.
    """
    meaning = config.meaning_of(str(alert["rule"]))
    if meaning is None or alert["stream"] != "alert" or (alert["drill"] and not config.drills):
        return None
    candidates = [alert["device"], *(one.id for one in registry.devices_at(alert["place"]))]
    channel = next((codes[one] for one in candidates if one in codes), None)
    if channel is None:
        return None
    place = registry.places.get(alert["place"] or "")
    words = [str(alert["title"].get("zh", "")), address(registry, alert["place"])]
    if alert["drill"]:
        words.insert(0, "【演练】")
    return {
        "channel": channel, "method": meaning.method, "type": meaning.type,
        "priority": meaning.priority or PRIORITIES.get(str(alert["priority"]), 4), "one_touch": meaning.one_touch,
        "at": moment(alert), "description": " ".join(one for one in words if one)[:MOST_WORDS],
        "longitude": place.lon if place else None, "latitude": place.lat if place else None,
    }  # fmt: skip


def moment(alert: Mapping[str, Any]) -> str:
    """Return when it sounded, ISO 8601: a second press is later than the first."""
    return str(alert["last_sounded_at"] or alert["raised_at"])


def read_moment(text: str) -> datetime:
    """Return a moment that was kept, aware."""
    return datetime.fromisoformat(text)
