"""The ground a scenario plays on: what a site file says of areas, places, devices, people and who is called."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import cos, hypot, radians
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from simulators.site_file import read_as

METRES_A_DEGREE = 111_195.0
"""Of latitude; across a town the earth is flat."""


@dataclass(frozen=True, slots=True)
class Area:
    """A beat, grid or special grid; `parent` is the area above."""

    id: str
    kind: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """A building, flat, gate; `parent` is the place it is part of (a flat's building). Degrees are WGS 84."""

    id: str
    kind: str
    area: str
    parent: str | None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device at a place; `via` is the gateway it hangs behind, None when it connects itself."""

    id: str
    kind: str
    place: str
    via: str | None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """A resident with a care profile."""

    id: str
    place: str
    care: Mapping[str, Any]

    @property
    def lives_alone(self) -> bool:
        """Whether this is an elder the station watches over."""
        return bool(self.care.get("lives_alone"))


class Ground:
    """A site, indexed by what scenarios ask. Order is that of the file."""

    def __init__(
        self,
        *,
        station: str,
        zone: ZoneInfo,
        areas: Iterable[Area],
        places: Iterable[Place],
        devices: Iterable[Device],
        persons: Iterable[Person],
        responders: Mapping[str, str],
    ) -> None:
        """`responders` maps what a message is addressed to (user name and phone) to the user's role."""
        self.station = station
        self.zone = zone
        self.areas = {area.id: area for area in areas}
        self.places = {place.id: place for place in places}
        self.devices = {device.id: device for device in devices}
        self.persons = {person.id: person for person in persons}
        self.responders = responders
        self._whole_of = {place.id: place.parent for place in self.places.values()}
        self._area_above = {area.id: area.parent for area in self.areas.values()}
        self._at: dict[str, list[Device]] = defaultdict(list)
        self._behind: dict[str, list[Device]] = defaultdict(list)
        self._in_area: dict[str, list[Device]] = defaultdict(list)
        self._parts: dict[str, list[str]] = defaultdict(list)
        self._areas_below: dict[str, list[str]] = defaultdict(list)
        self._living: dict[str, list[Person]] = defaultdict(list)
        for device in self.devices.values():
            self._at[device.place].append(device)
            self._in_area[self.places[device.place].area].append(device)
            if device.via is not None:
                self._behind[device.via].append(device)
        for place in self.places.values():
            if place.parent is not None:
                self._parts[place.parent].append(place.id)
        for area in self.areas.values():
            if area.parent is not None:
                self._areas_below[area.parent].append(area.id)
        for person in self.persons.values():
            self._living[person.place].append(person)

    def at(self, place: str) -> list[Device]:
        """Return the devices mounted at a place itself."""
        return self._at.get(place, [])

    def behind(self, gateway: str) -> list[Device]:
        """Return the devices that speak through a gateway."""
        return self._behind.get(gateway, [])

    def below_place(self, place: str) -> set[str]:
        """Return a place and all that is part of it."""
        return _with_below(place, self._parts)

    def places_above(self, place: str) -> list[str]:
        """Return the place itself and what it is part of, nearest first."""
        return _with_above(place, self._whole_of)

    def areas_above(self, area: str) -> list[str]:
        """Return the area itself and those above it, nearest first."""
        return _with_above(area, self._area_above)

    def below_area(self, area: str) -> set[str]:
        """Return an area and all below it."""
        return _with_below(area, self._areas_below)

    def below(self, place: str) -> list[Device]:
        """Return every device at a place or at what is part of it."""
        return [device for one in sorted(self.below_place(place)) for device in self.at(one)]

    def in_area(self, area: str) -> list[Device]:
        """Return every device in an area or below it."""
        return [device for one in sorted(self.below_area(area)) for device in self._in_area.get(one, ())]

    def metres(self, one: str, other: str) -> float | None:
        """Return how far two places lie apart, in metres; None when one has no position."""
        here, there = self.places[one], self.places[other]
        if here.lat is None or here.lon is None or there.lat is None or there.lon is None:
            return None
        east = (here.lon - there.lon) * cos(radians(here.lat))
        return METRES_A_DEGREE * hypot(here.lat - there.lat, east)

    def living_in(self, places: Iterable[str]) -> list[Person]:
        """Return who lives at these places."""
        return [person for place in sorted(places) for person in self._living.get(place, ())]


def _with_above(start: str | None, above: Mapping[str, str | None]) -> list[str]:
    found: list[str] = []
    while start is not None and start in above and start not in found:
        found.append(start)
        start = above[start]
    return found


def _with_below(start: str, below: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    to_see = [start]
    while to_see:
        one = to_see.pop()
        if one not in found:
            found.add(one)
            to_see.extend(below.get(one, ()))
    return found


def read_ground(path: Path) -> Ground:
    """Read a site file; raises SiteError when it can't be read or misses what scenarios need."""
    return read_as(path, _ground)


def _ground(raw: Any) -> Ground:
    return Ground(
        station=str(raw["station"]["id"]),
        zone=ZoneInfo(raw["station"]["time_zone"]),
        areas=[Area(one["id"], one["kind"], one.get("parent")) for one in raw.get("areas", ())],
        places=[_place(one) for one in raw["places"]],
        devices=[
            Device(one["id"], one["kind"], one["place"], one.get("via"), one.get("attributes") or {})
            for one in raw["devices"]
        ],
        persons=[Person(one["id"], one["place"], one.get("care") or {}) for one in raw.get("persons", ())],
        responders={
            address: user["role"]
            for user in raw.get("users", ())
            for address in (user["username"], user.get("phone"))
            if address
        },
    )


def _place(raw: Any) -> Place:
    position = raw.get("lat"), raw.get("lon")
    return Place(raw["id"], raw["kind"], raw["area"], raw.get("parent"), raw.get("attributes") or {}, *position)
