"""What is wrong with a site as a whole: ids, references, the tree of areas, care, people who cannot be reached.

The same checks hold for a file, a sheet and a change by the API; each complaint says what to change.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway.model.registry import AREA_KINDS, DEVICE_KINDS, Area, Device, Place
from gateway.model.video import source_of
from gateway.registering import complaints_of_people as people
from gateway.registering.complaints_of_patrols import patrols
from gateway.registering.policy import policy_complaints
from gateway.registering.site import Site

ID = re.compile(r"^[A-Za-z0-9_-]{1,64}\Z")
#: What a kind of area may lie in; none of them: it lies in the station itself.
LIES_IN: dict[str, tuple[str, ...]] = {"beat": (), "grid": ("beat",), "special_grid": ("grid", "beat")}
LONGEST_NAME = 200
#: Lists in lists in lists: deeper is no attribute.
DEEPEST = 20
#: Larger numbers come back from JSON as others.
EXACT = 2**53


def complaints(site: Site) -> list[str]:
    """Return every complaint about a site, each a sentence's part that names the entry; none: it can be imported."""
    told = [*_station(site), *_ids(site), *_names(site), *_kinds(site), *_values(site), *_references(site)]
    told += [
        *_area_tree(site.areas),
        *_place_tree(site.places),
        *_devices(site),
        *people.persons(site),
        *people.users(site),
    ]
    told += [*people.shifts(site), *patrols(site)]
    if site.policy is not None:
        told += [f"policy: {one}" for one in policy_complaints(site.policy, {area.id for area in site.areas})]
    # A roster that refers to nothing has holes of its own; they are told when the rest holds together.
    return told


def _station(site: Site) -> Iterator[str]:
    try:
        ZoneInfo(site.station.time_zone)
    except (KeyError, ValueError, OSError):
        yield f"station: {site.station.time_zone!r} is no time zone; write something like Asia/Shanghai"


def names(site: Site) -> dict[str, list[str]]:
    """Return the ids of a site by sort, as often as they stand in it."""
    return {
        "area": [area.id for area in site.areas],
        "place": [place.id for place in site.places],
        "device": [device.id for device in site.devices],
        "person": [person.id for person in site.persons],
        "user": [user.username for user in site.users],
        "shift": [shift.id for shift in site.shifts],
        "patrol": [route.id for route in site.patrols],
    }


def _ids(site: Site) -> Iterator[str]:
    named = names(site)
    for what, ids in {"station": [site.station.id], **named}.items():
        for one in ids:
            if not ID.match(one):
                yield f"{what} {one!r}: an id has letters, digits, - and _, at most 64"
    for what, ids in named.items():
        for one, times in Counter(ids).items():
            if times > 1:
                yield f"{what} {one!r} stands twice"
    for area, times in Counter(duty.area for duty in site.duty).items():
        if times > 1:
            yield f"duty {area or 'of the station'}: stands twice"


def _names(site: Site) -> Iterator[str]:
    for what, thing, name in (
        ("station", site.station.id, site.station.name),
        *(("area", one.id, one.name) for one in site.areas),
        *(("place", one.id, one.name) for one in site.places),
        *(("device", one.id, one.name) for one in site.devices),
        *(("person", one.id, one.name or "") for one in site.persons),
        *(("user", one.username, one.name) for one in site.users),
        *(("patrol", one.id, one.name) for one in site.patrols),
    ):
        if len(name) > LONGEST_NAME or "\0" in name or not _is_text(name):
            yield f"{what} {thing}: a name is a text of at most {LONGEST_NAME} characters"


def _values(site: Site) -> Iterator[str]:
    """What is kept as JSON must be JSON: YAML reads more."""
    for where, value in (
        *((f"place {place.id}: attributes", place.attributes) for place in site.places),
        *((f"device {device.id}: attributes", device.attributes) for device in site.devices),
        *((f"person {person.id}: care", person.care) for person in site.persons),
        *((f"shift {shift.id}: hours", shift.hours) for shift in site.shifts),
    ):
        if (wrong := _not_json(value)) is not None:
            yield f"{where}: {wrong!r} is no text, number, true or false; quote dates and hours"


def _not_json(value: Any, depth: int = 0) -> Any:
    """Return what in a value is no JSON (or text that PostgreSQL has no room for); None when all of it is."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return None if math.isfinite(value) and abs(value) <= EXACT else value
    if isinstance(value, str):
        return value if "\0" in value or not _is_text(value) else None
    if isinstance(value, list) and depth < DEEPEST:
        return next((found for one in value if (found := _not_json(one, depth + 1)) is not None), None)
    if isinstance(value, dict) and depth < DEEPEST:
        parts = [part for item in value.items() for part in item]
        strays = (one for one in value if not isinstance(one, str))
        return next(strays, next((found for one in parts if (found := _not_json(one, depth + 1)) is not None), None))
    return value


def _is_text(told: str) -> bool:
    """Half a surrogate pair is no text."""
    return told.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in told)


def _kinds(site: Site) -> Iterator[str]:
    for what, known, things in (("area", AREA_KINDS, site.areas), ("device", DEVICE_KINDS, site.devices)):
        for one, kind in ((thing.id, thing.kind) for thing in things):
            if kind not in known:
                yield f"{what} {one!r}: {kind!r} is none of {', '.join(known)}"
    for place in site.places:
        if not ID.match(place.kind):
            yield f"place {place.id!r}: a kind is one word like flat, school_gate or duty_room, not {place.kind!r}"


def _references(site: Site) -> Iterator[str]:
    named = {what: set(ids) for what, ids in names(site).items()}
    references: list[tuple[str, str, str | None]] = [
        *((f"area {area.id}: parent", "area", area.parent) for area in site.areas),
        *((f"place {place.id}: area", "area", place.area) for place in site.places),
        *((f"place {place.id}: parent", "place", place.parent) for place in site.places),
        *((f"device {device.id}: place", "place", device.place) for device in site.devices),
        *((f"device {device.id}: via", "device", device.via) for device in site.devices),
        *((f"person {person.id}: place", "place", person.place) for person in site.persons),
        *((f"user {user.username}: areas", "area", area) for user in site.users for area in user.areas or ()),
        *((f"duty {duty.area}: area", "area", duty.area) for duty in site.duty),
        *((f"duty {duty.area}: {role}", "user", who) for duty in site.duty for role, who in _of_duty(duty)),
        *((f"shift {shift.id}: area", "area", shift.area) for shift in site.shifts),
        *((f"shift {shift.id}: place", "place", shift.place) for shift in site.shifts),
        *((f"shift {shift.id}: people", "user", one) for shift in site.shifts for one in shift.people),
        *((f"patrol {route.id}: area", "area", route.area) for route in site.patrols),
        *((f"patrol {route.id}: shift", "shift", route.shift) for route in site.patrols),
        *((f"patrol {route.id}: place", "place", point.place) for route in site.patrols for point in route.points),
        *((f"patrol {route.id}: device", "device", point.device) for route in site.patrols for point in route.points),
    ]
    for whose, what, one in references:
        if one is not None and one not in named[what]:
            yield f"{whose} {one!r} is no {what} of this file"


def _of_duty(duty: Any) -> list[tuple[str, str | None]]:
    return [(role, getattr(duty, role)) for role in ("officer", "deputy", "commander", "leader")]


def _area_tree(areas: Iterable[Area]) -> Iterator[str]:
    by_id = {area.id: area for area in areas}
    for area in by_id.values():
        above = by_id.get(area.parent) if area.parent is not None else None
        if above is None or area.kind not in LIES_IN:
            continue
        if above.kind not in LIES_IN[area.kind]:
            may = " or a ".join(LIES_IN[area.kind])
            yield f"area {area.id}: a {area.kind} lies in " + (
                f"a {may}, not in the {above.kind} {above.id}" if may else f"no other area; leave out parent {above.id}"
            )
    yield from _circles("area", {area.id: area.parent for area in by_id.values()})


def _place_tree(places: Iterable[Place]) -> Iterator[str]:
    by_id = {place.id: place for place in places}
    yield from _circles("place", {place.id: place.parent for place in by_id.values()})
    for place in by_id.values():
        lat, lon = place.lat, place.lon
        if (lat is None) != (lon is None):
            yield f"place {place.id}: lat and lon stand together or not at all"
        elif lat is not None and lon is not None and not (-90 <= lat <= 90 and -180 <= lon <= 180):  # noqa: PLR2004
            yield f"place {place.id}: lat {lat:g}, lon {lon:g} is no point on Earth"


def _circles(what: str, above: Mapping[str, str | None]) -> Iterator[str]:
    """Say each circle once, beginning with its first in the alphabet."""
    safe: set[str] = set()
    for start in sorted(above):
        walked: list[str] = []
        at: str | None = start
        while at is not None and at in above and at not in safe and at not in walked:
            walked.append(at)
            at = above[at]
        if at in walked:
            circle = walked[walked.index(at) :]
            yield f"{what} {circle[0]}: its parents go in a circle: {' → '.join([*circle, circle[0]])}"
        safe.update(walked)


def _devices(site: Site) -> Iterator[str]:
    known = {device.id for device in site.devices}
    gateways = {device.id for device in site.devices if device.kind == "gateway"}
    for device in site.devices:
        if device.via in known and (device.via not in gateways or device.kind == "gateway"):
            yield f"device {device.id}: via {device.via!r} is not of kind gateway, or the device is one itself"
        yield from _video(device)


def _video(device: Device) -> Iterator[str]:
    """Where a camera's video is, is said whole or not at all."""
    try:
        source = source_of(device.attributes)
    except msgspec.ValidationError as error:
        yield f"device {device.id}: attributes.video has platform, device and channel, quoted: {error}"
    else:
        if source is not None and device.kind != "camera":
            yield f"device {device.id}: attributes.video is for a camera, not for a {device.kind}"
