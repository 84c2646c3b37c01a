"""Who and what a station has: areas, places, devices, persons and who is on duty, as one frozen snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from gateway.model.contact import Contact
from gateway.model.duty import Duty, Shift, Swap
from gateway.model.person import Person
from gateway.model.policy import Policy

DEVICE_KINDS = (
    "door_controller",
    "door_contact",
    "camera",
    "school_button",
    "sos_button",
    "motion",
    "meter",
    "screen",
    "gateway",
)
#: The gateway itself, as a device: its markers and probes travel the road under this name.
ROAD_DEVICE = "_road"
AREA_KINDS = ("beat", "grid", "special_grid")


class Station(msgspec.Struct, frozen=True):
    """A police station: tenant, jurisdiction and partition. `time_zone` is an IANA name."""

    id: str
    name: str
    time_zone: str


class Area(msgspec.Struct, frozen=True):
    """A beat, a grid or a special grid; `parent` is the area above it, None below the station itself.

    `shape` is its outline for maps, a GeoJSON Polygon or MultiPolygon in WGS-84 degrees (longitude first); the road
    does not read it.
    """

    id: str
    kind: str
    name: str
    parent: str | None = None
    shape: dict[str, Any] | None = None


class Place(msgspec.Struct, frozen=True):
    """A building, flat, door, gate or venue in one area. Coordinates are WGS-84 degrees.

    `parent` is the place it lies in: a flat's building. `attributes` are what rules go by, for example
    `{"restricted": true, "class_hours": "07:50-17:30"}`.
    """

    id: str
    kind: str
    area: str
    name: str
    lat: float | None = None
    lon: float | None = None
    parent: str | None = None
    attributes: dict[str, Any] = {}


class Device(msgspec.Struct, frozen=True):
    """A door controller, contact, camera, button or screen, mounted at a place.

    `via` is the gateway that speaks for it; without one it has a connection of its own. `attributes` go over those of
    its place.
    """

    id: str
    kind: str
    place: str
    name: str
    via: str | None = None
    attributes: dict[str, Any] = {}


class Mounting(msgspec.Struct, frozen=True, gc=False):
    """Where a device hangs and whom it concerns, as events carry it.

    `building` is the place that `place` lies in, or `place` itself. `attributes` are the place's, over them the
    device's. `persons` live at the place, `under_care` says that one of them lives alone; `served` are those under care
    whose home's sensors are this device or speak through it.
    """

    device_kind: str
    place: str | None
    place_kind: str | None
    building: str | None
    area: str | None
    attributes: Mapping[str, Any]
    persons: tuple[str, ...]
    under_care: bool
    served: tuple[str, ...]
    via: str | None


class Responder(msgspec.Struct, frozen=True):
    """A user who may be told of incidents, and the ways to reach them."""

    username: str
    name: str
    role: str
    auxiliary: bool = False
    contacts: list[Contact] = []


class Drill(msgspec.Struct, frozen=True):
    """A planned test of one device: what it says within `[starts_at, ends_at)` (UTC) is a drill."""

    device: str
    starts_at: datetime
    ends_at: datetime
    note: str


class Registry:
    """One frozen snapshot of a station's registry, indexed for the road. `version` grows with each change.

    Here, and nowhere else, it is decided what rules know of a person: see `Person.on_the_road`.
    """

    def __init__(  # one argument per table
        self,
        *,
        station: Station,
        version: int = 0,
        areas: Iterable[Area] = (),
        places: Iterable[Place] = (),
        devices: Iterable[Device] = (),
        persons: Iterable[Person] = (),
        duties: Iterable[Duty] = (),
        shifts: Iterable[Shift] = (),
        swaps: Iterable[Swap] = (),
        responders: Iterable[Responder] = (),
        policy: Policy | None = None,
        drills: Iterable[Drill] = (),
    ) -> None:
        self.station = station
        self.version = version
        self.areas = {area.id: area for area in areas}
        self.places = {place.id: place for place in places}
        self.devices = {ROAD_DEVICE: Device(ROAD_DEVICE, "probe", "", "Anxin")}
        self.devices |= {device.id: device for device in devices}
        self.persons = {person.id: person.on_the_road() for person in persons}
        self.duties = {duty.area: duty for duty in duties}
        self.shifts = tuple(shifts)
        self.swaps = {(swap.shift, swap.day, swap.instead_of): swap.by for swap in swaps}
        self.policy = policy or Policy()
        self.responders = {responder.username: responder for responder in responders}
        self.drills = tuple(drills)
        self._drills: dict[str, list[Drill]] = defaultdict(list)
        for drill in self.drills:
            self._drills[drill.device].append(drill)
        at_place: dict[str, list[str]] = defaultdict(list)
        for person in self.persons.values():
            at_place[person.place].append(person.id)
        self._persons_at = {place: tuple(ids) for place, ids in at_place.items()}
        mounted: dict[str, list[Device]] = defaultdict(list)
        for device in self.devices.values():
            mounted[device.place].append(device)
        self._devices_at = {place: tuple(found) for place, found in mounted.items()}
        behind: dict[str, list[Device]] = defaultdict(list)
        for device in self.devices.values():
            if device.via is not None:
                behind[device.via].append(device)
        self._behind = {gateway: tuple(found) for gateway, found in behind.items()}
        self._mountings: dict[str, Mounting] = {}

    def replaced(self, *, places: Iterable[Place], devices: Iterable[Device], persons: Iterable[Person]) -> Registry:
        """The same registry with other places, devices and persons."""
        return Registry(
            station=self.station, version=self.version, areas=self.areas.values(), places=places, devices=devices,
            persons=persons, duties=self.duties.values(), shifts=self.shifts,
            swaps=[Swap(shift, day, instead_of, by) for (shift, day, instead_of), by in self.swaps.items()],
            responders=self.responders.values(), policy=self.policy, drills=self.drills,
        )  # fmt: skip

    def persons_at(self, place: str | None) -> tuple[str, ...]:
        """The ids of the persons who live at a place."""
        return self._persons_at.get(place, ()) if place is not None else ()

    def mounting(self, device_id: str) -> Mounting | None:
        """Where a device hangs and whom it concerns; None for one that is not known."""
        found = self._mountings.get(device_id)
        if found is None and (device := self.devices.get(device_id)) is not None:
            found = self._mountings[device_id] = self.mounting_at(device.place, device)
        return found

    def mounting_at(self, place_id: str | None, device: Device | None = None) -> Mounting:
        """What is to be said of a place, and of a device that hangs there."""
        place = self.places.get(place_id) if place_id is not None else None
        speaks_for = (device, *self._behind.get(device.id, ())) if device is not None else ()
        return Mounting(
            device_kind=device.kind if device is not None else "",
            place=place_id or None,  # the gateway's own probe is nowhere
            place_kind=place.kind if place is not None else None,
            building=self.building_of(place_id),
            area=place.area if place is not None else None,
            attributes={
                **(place.attributes if place is not None else {}),
                **(device.attributes if device is not None else {}),
            },
            persons=self.persons_at(place_id),
            under_care=bool(self._under_care_at(place_id)),
            served=tuple(dict.fromkeys(one for d in speaks_for for one in self._under_care_at(d.place))),
            via=device.via if device is not None else None,
        )

    def _under_care_at(self, place: str | None) -> list[str]:
        return [one for one in self.persons_at(place) if self.persons[one].care.get("lives_alone")]

    def attributes_of(self, subject: str) -> Mapping[str, Any]:
        """What the registry says of a subject (`device:…`, `place:…`, `building:…`, `person:…`) for rules to go by."""
        kind, _, name = subject.partition(":")
        if kind == "device":
            mounting = self.mounting(name)
            return mounting.attributes if mounting is not None else {}
        if kind == "person":
            return self.persons[name].care if name in self.persons else {}
        return self.places[name].attributes if name in self.places else {}

    def devices_at(self, place: str | None) -> tuple[Device, ...]:
        """The devices mounted at a place."""
        return self._devices_at.get(place, ()) if place is not None else ()

    def building_of(self, place: str | None) -> str | None:
        """The place a place lies in, or the place itself when it lies in none."""
        found = self.places.get(place) if place is not None else None
        return (found.parent or found.id) if found is not None else place

    def drill_at(self, device: str | None, moment: datetime) -> Drill | None:
        """The drill a device is part of at a moment."""
        announced = self._drills.get(device, ()) if device is not None else ()
        return next((drill for drill in announced if drill.starts_at <= moment < drill.ends_at), None)

    def area_of(self, place: str | None) -> str | None:
        """The area a place lies in."""
        found = self.places.get(place) if place is not None else None
        return found.area if found is not None else None

    def changed_since(self, before: Registry) -> set[str]:
        """The subjects (`person:…`, `device:…`, `place:…`) this registry says something else of than an earlier one."""
        return {
            f"{kind}:{one}"
            for kind, now, then in (
                ("person", self.persons, before.persons),
                ("device", self.devices, before.devices),
                ("place", self.places, before.places),
            )
            for one in now
            if one in then and now[one] != then[one]
        }

    def lost_since(self, before: Registry) -> bool:
        """Whether a person, device or place of an earlier registry is no longer in this one."""
        return any(
            then.keys() - now.keys()
            for now, then in (
                (self.persons, before.persons), (self.devices, before.devices), (self.places, before.places),
            )
        )  # fmt: skip

    def areas_above(self, area: str | None) -> list[str]:
        """The area itself and those above it, nearest first; a broken tree ends the walk instead of looping."""
        chain: list[str] = []
        while area is not None and area in self.areas and area not in chain:
            chain.append(area)
            area = self.areas[area].parent
        return chain
