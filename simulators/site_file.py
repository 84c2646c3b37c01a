"""The part of a site file that the town needs: devices, where they hang, and who lives there."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml


class SiteError(ValueError):
    """The site file is missing, is no YAML, or lacks something; the text says what and where."""


@dataclass(frozen=True, slots=True)
class Place:
    """A building, flat, shop, gate; `lat` and `lon` in WGS 84 degrees."""

    id: str
    kind: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """A device and the place it hangs at."""

    id: str
    kind: str
    place: Place


@dataclass(frozen=True, slots=True)
class Site:
    """A station's devices; order is that of the file. `time_zone` is the station's."""

    station: str
    time_zone: ZoneInfo
    devices: tuple[DeviceEntry, ...]
    places: Mapping[str, Place]

    def find(self, kind: str, place_kind: str | None = None) -> tuple[DeviceEntry, ...]:
        """Return the devices of a kind, optionally only those at a kind of place."""
        return tuple(
            device for device in self.devices if device.kind == kind and place_kind in (None, device.place.kind)
        )

    def entrance_of(self, flat: Place) -> DeviceEntry | None:
        """Return the door controller a resident of a flat passes: the first at the nearest building."""
        entrances = self.find("door_controller", "building")
        return min(
            entrances,
            key=lambda entrance: hypot(entrance.place.lat - flat.lat, entrance.place.lon - flat.lon),
            default=None,
        )


def read_site(path: Path) -> Site:
    """Read a site file; raises SiteError when it can't be read or misses what the town needs."""
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SiteError(f"can't read {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise SiteError(f"{path} is no YAML: {error}") from error
    try:
        places = {str(place["id"]): _place(place) for place in raw["places"]}
        devices = tuple(_device(device, places) for device in raw["devices"])
        station = raw["station"]
        return Site(str(station["id"]), ZoneInfo(station["time_zone"]), devices, places)
    except KeyError as error:
        raise SiteError(f"{path}: {error} is missing") from error
    except ZoneInfoNotFoundError as error:
        raise SiteError(f"{path}: {error}") from error
    except (TypeError, ValueError) as error:
        raise SiteError(f"{path} has the wrong shape: {error}") from error


def _place(raw: Mapping[str, Any]) -> Place:
    return Place(str(raw["id"]), str(raw["kind"]), float(raw["lat"]), float(raw["lon"]))


def _device(raw: Mapping[str, Any], places: Mapping[str, Place]) -> DeviceEntry:
    return DeviceEntry(str(raw["id"]), str(raw["kind"]), places[str(raw["place"])])
