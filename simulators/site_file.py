"""The part of a site file that the town needs: devices, where they hang, and who lives there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import hypot
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

# A county town has thousands of lines: the loader written in C reads them ten times as fast.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Part = TypeVar("Part")


class SiteError(ValueError):
    """The site file is missing, is no YAML, or lacks something; the text says what and where."""


@dataclass(frozen=True, slots=True)
class Place:
    """A building, flat, shop, gate; `lat` and `lon` in WGS 84 degrees. `parent` is the place it lies in.

    `attributes` are what rules go by; those of a device go over those of its place.
    """

    id: str
    kind: str
    lat: float
    lon: float
    parent: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """A device and the place it hangs at. `via` is the gateway it speaks through, None if it connects itself."""

    id: str
    kind: str
    place: Place
    via: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class Resident:
    """A person of the registry and the care they are in; `silence_limit_s` is in seconds, None if not set."""

    id: str
    place: str
    lives_alone: bool
    silence_limit_s: float | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A station's devices and residents; order is that of the file. `time_zone` is the station's."""

    station: str
    time_zone: ZoneInfo
    devices: tuple[DeviceEntry, ...]
    places: Mapping[str, Place]
    residents: tuple[Resident, ...] = ()

    def find(self, kind: str, place_kind: str | None = None) -> tuple[DeviceEntry, ...]:
        """Return the devices of a kind, optionally only those at a kind of place."""
        return tuple(
            device for device in self.devices if device.kind == kind and place_kind in (None, device.place.kind)
        )

    def hubs(self) -> tuple[DeviceEntry, ...]:
        """Return the gateways that something speaks through; the desk of a station is none."""
        behind = {device.via for device in self.devices}
        return tuple(device for device in self.find("gateway") if device.id in behind)

    def building_of(self, flat: Place) -> Place | None:
        """Return the building a flat lies in: its parent, else the nearest."""
        if flat.parent is not None:
            return self.places.get(flat.parent)
        buildings = (place for place in self.places.values() if place.kind == "building")
        return min(buildings, key=lambda place: hypot(place.lat - flat.lat, place.lon - flat.lon), default=None)


def read_site(path: Path) -> Site:
    """Read a site file; raises SiteError when it can't be read or misses what the town needs."""
    return read_as(path, _site)


def read_as(path: Path, make: Callable[[Any], Part]) -> Part:
    """Read a site file and return what `make` takes from it; every mistake in the file is a SiteError that names it."""
    try:
        raw: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506, it is a safe one
    except OSError as error:
        raise SiteError(f"can't read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SiteError(f"{path} is no YAML: {error}") from error
    try:
        return make(raw)
    except ZoneInfoNotFoundError as error:  # a KeyError, too
        raise SiteError(f"{path}: {error.args[0]}") from error
    except KeyError as error:
        raise SiteError(f"{path}: {error} is missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise SiteError(f"{path} has the wrong shape: {error}") from error


def _site(raw: Any) -> Site:
    places = {str(place["id"]): _place(place) for place in raw["places"]}
    devices = tuple(_device(device, places) for device in raw["devices"])
    residents = tuple(_resident(person) for person in raw.get("persons") or ())
    station = raw["station"]
    return Site(str(station["id"]), ZoneInfo(station["time_zone"]), devices, places, residents)


def _place(raw: Mapping[str, Any]) -> Place:
    where = float(raw["lat"]), float(raw["lon"])
    return Place(str(raw["id"]), str(raw["kind"]), *where, raw.get("parent"), raw.get("attributes") or {})


def _device(raw: Mapping[str, Any], places: Mapping[str, Place]) -> DeviceEntry:
    place, attributes = places[str(raw["place"])], raw.get("attributes") or {}
    return DeviceEntry(str(raw["id"]), str(raw["kind"]), place, raw.get("via"), attributes, str(raw.get("name") or ""))


def _resident(raw: Mapping[str, Any]) -> Resident:
    care = raw.get("care") or {}
    limit = care.get("silence_limit_s")
    return Resident(
        str(raw["id"]), str(raw["place"]), care.get("lives_alone") is True, None if limit is None else float(limit)
    )
