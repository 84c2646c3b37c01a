"""Who lives and works in a site: everybody who plans a day, found from the kinds of devices and places."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Protocol

from simulators.life.analytics import Analytics
from simulators.life.business import STAFF, Lobby, RestrictedDoor, Shutter, StaffDoor
from simulators.life.cameras import Camera
from simulators.life.day import Day
from simulators.life.desk import Desk
from simulators.life.elder import Elder, Kit
from simulators.life.entrances import Entrances
from simulators.life.household import Household
from simulators.life.message import Said
from simulators.life.venues import Guard, SalesReport, SchoolGate
from simulators.site_file import DeviceEntry, Resident, Site

LONG_LIMIT_S = 86_400.0
SHOPS = frozenset({"shop", "stall", "bar"})


class Planner(Protocol):
    """Somebody or something with habits; `id` is theirs alone."""

    id: str

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        ...


def planners(site: Site, seed: int, elders: Collection[Elder]) -> list[Planner]:
    """Return everybody with habits. Buttons, screens and gateways have none."""
    at = devices_at(site)
    watched = {resident.place for resident in site.residents if resident.lives_alone}
    found: list[Planner] = list(elders)
    entrances = Entrances(site)
    for place, devices in at.items():
        kind = site.places[place].kind
        kit = {device.kind: device for device in reversed(devices)}
        if kind == "flat" and place not in watched:
            door = kit.get("door_controller") or kit.get("door_contact")
            if door is not None:
                found.append(Household(door, entrances.of(door), seed))
        elif kind in SHOPS and (kit.get("door_contact") or kit.get("motion")):
            found.append(Shutter(kit.get("door_contact"), kit.get("motion"), kind, seed))
        elif kind in STAFF and "door_controller" in kit:
            found.append(StaffDoor(kit["door_controller"], _way_out(devices), seed))
        elif kind == "restricted_door" and "door_controller" in kit:
            found.append(RestrictedDoor(kit["door_controller"], kit.get("motion"), seed))
        elif kind == "building":
            found += [Lobby(device) for device in devices if device.kind == "motion"]
        found += [Camera(device) for device in devices if device.kind == "camera"]
        found += [Analytics(device) for device in devices if device.kind == "camera"]
        found += _duties(kit, site)
    return found


def _duties(kit: Mapping[str, DeviceEntry], site: Site) -> Iterator[Planner]:
    """Yield what is asked of a place, as its attributes say, and done there."""
    place = next(iter(kit.values())).place
    if place.kind == "school_gate" and "class_hours" in place.attributes and "door_controller" in kit:
        yield SchoolGate(kit["door_controller"])
    terminal = kit.get("screen") or kit.get("gateway")
    if place.attributes.get("reports_sales") is True and terminal is not None:
        yield SalesReport(terminal)
    if place.attributes.get("attended") is True and "camera" in kit:
        yield Guard(kit["camera"])
    if place.kind == "station" and "gateway" in kit:
        yield Desk(kit["gateway"], site)


def _way_out(devices: Iterable[DeviceEntry]) -> DeviceEntry | None:
    """Return the door people leave by where it is another one."""
    return next((one for one in devices if one.attributes.get("passage") == "out"), None)


def elders_of(site: Site, seed: int, stay: Collection[str]) -> list[Elder]:
    """Return those who live alone and have something that notices them; those who `stay` take no trips."""
    at = devices_at(site)
    entrances = Entrances(site)
    found: list[Elder] = []
    for resident in site.residents:
        kit = {device.kind: device for device in reversed(at.get(resident.place, []))}
        if resident.lives_alone and kit.keys() & {"door_contact", "door_controller", "motion", "meter"}:
            door = kit.get("door_contact") or kit.get("door_controller")
            own = Kit(
                door.id if door is not None else None,
                kit["motion"].id if "motion" in kit else None,
                kit["meter"].id if "meter" in kit else None,
                _id(entrances.of(next(iter(kit.values())))),
                resident.place,
            )
            homebody = has_short_limit(resident) or resident.id in stay
            found.append(Elder(resident.id, own, seed, homebody=homebody))
    return found


def has_short_limit(resident: Resident) -> bool:
    """Say whether somebody has to be looked after sooner than within a day."""
    return resident.silence_limit_s is not None and resident.silence_limit_s < LONG_LIMIT_S


def devices_at(site: Site) -> dict[str, list[DeviceEntry]]:
    """Return the devices of each place, in the order of the file."""
    at: dict[str, list[DeviceEntry]] = defaultdict(list)
    for device in site.devices:
        at[device.place.id].append(device)
    return at


def _id(device: DeviceEntry | None) -> str | None:
    return device.id if device is not None else None
