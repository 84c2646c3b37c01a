"""A site file read and checked as a whole: everything that is wrong with it is said at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec
import yaml

from gateway.model.duty import Duty, Shift
from gateway.model.errors import Misconfigured
from gateway.model.patrol import PatrolRoute
from gateway.model.policy import Policy
from gateway.model.registry import Area, Device, Place, Station
from gateway.registering.complaints import complaints
from gateway.registering.coordinates import SYSTEMS, to_wgs84
from gateway.registering.shapes import read_shape
from gateway.registering.site import Personal, Site, SitePerson, SiteUser

#: libyaml's loader where PyYAML was built with it: a county's file takes seconds otherwise.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: The file's lists, and what stands in each.
SECTIONS: dict[str, type[msgspec.Struct]] = {
    "areas": Area,
    "places": Place,
    "devices": Device,
    "persons": SitePerson,
    "users": SiteUser,
    "duty": Duty,
    "shifts": Shift,
    "patrols": PatrolRoute,
}
#: The words a site file may begin a part with.
WORDS = ("station", "coordinates", "personal", "policy", *SECTIONS)
#: So many complaints are read by people; the rest is counted.
MOST_TOLD = 50


def read_site(path: Path) -> Site:
    """Read and check a site file. Raises `Misconfigured` with everything that is wrong in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{path}: is not UTF-8 ({error}); save it as UTF-8") from error
    return parse_site(text, str(path))


def parse_site(text: str, where: str) -> Site:
    """Return the site a text (YAML) describes. Raises as `read_site`; `where` names it."""
    try:
        raw = yaml.load(text, _Loader)  # noqa: S506  # a safe one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Misconfigured(f"{where}: {error}") from error
    told: list[str] = []
    site = _site(raw, told)
    if site is not None:
        told.extend(complaints(site))
    if told or site is None:
        raise Misconfigured(f"{where}: " + "; ".join(_at_most(told)))
    return site


def _at_most(told: list[str]) -> Iterator[str]:
    yield from told[:MOST_TOLD]
    if len(told) > MOST_TOLD:
        yield f"and {len(told) - MOST_TOLD} more like these"


def _site(raw: Any, told: list[str]) -> Site | None:
    """Return what could be read; None when nothing stands on it. What could not is told."""
    if not isinstance(raw, dict):
        told.append("no site file: it begins with `station: {id: …, name: …, time_zone: Asia/Shanghai}`")
        return None
    told.extend(f"{word!r} is no part of a site file; its parts are {', '.join(WORDS)}" for word in raw.keys() - WORDS)
    system = raw.get("coordinates", "wgs84")
    if system not in SYSTEMS:
        told.append(f"coordinates: {system!r} is none of {', '.join(SYSTEMS)}")
        system = "wgs84"
    personal = raw.get("personal", "here")
    if personal not in get_args(Personal):
        told.append(f"personal: {personal!r} is none of {', '.join(get_args(Personal))}")
        personal = "here"
    station = _converted(raw.get("station"), Station, "station", told)
    policy = _converted(raw["policy"], Policy, "policy", told) if raw.get("policy") is not None else None
    lists = {name: list(_items(raw.get(name), name, str(system), told)) for name in SECTIONS}
    if station is None:
        return None
    return Site(station=station, policy=policy, personal=personal, **lists)


def _items(listed: Any, section: str, system: str, told: list[str]) -> Iterator[Any]:
    if listed is None:
        return
    if not isinstance(listed, list):
        told.append(f"{section}: is no list; write one entry per line, each beginning with `- `")
        return
    for number, raw in enumerate(listed, 1):
        where = f"{section} {_named(raw) or f'no. {number}'}"
        entry: Any = raw
        if isinstance(raw, dict) and section == "places":
            entry = _in_wgs84(raw, system, where, told)
        if isinstance(raw, dict) and section == "areas":
            entry = _shaped(raw, system, where, told)
        if isinstance(raw, dict) and section == "duty":
            entry = {"area": None, **raw}
        found = _converted(entry, SECTIONS[section], where, told)
        if found is not None:
            yield found


def _named(raw: Any) -> str:
    if not isinstance(raw, dict):
        return ""
    name = raw.get("id", raw.get("username", raw.get("area")))
    return repr(name) if isinstance(name, str) else ""


def _in_wgs84(raw: Mapping[str, Any], system: str, where: str, told: list[str]) -> dict[str, Any]:
    """Return a place with its coordinates made WGS-84; its own `coordinates` go over the file's."""
    entry = dict(raw)
    own = entry.pop("coordinates", system)
    if own not in SYSTEMS:
        told.append(f"{where}: coordinates: {own!r} is none of {', '.join(SYSTEMS)}")
        return entry
    lat, lon = entry.get("lat"), entry.get("lon")
    if lat is None and lon is None:
        return entry
    if not isinstance(lat, int | float) or not isinstance(lon, int | float) or bool in {type(lat), type(lon)}:
        told.append(f"{where}: lat and lon are both numbers (degrees), or both left out")
        return entry | {"lat": None, "lon": None}
    try:
        entry["lat"], entry["lon"] = to_wgs84(float(lat), float(lon), own)
    except (ValueError, OverflowError) as error:
        told.append(f"{where}: {error}")
        return entry | {"lat": None, "lon": None}
    return entry


def _shaped(raw: Mapping[str, Any], system: str, where: str, told: list[str]) -> dict[str, Any]:
    """Return an area with its shape made WGS-84; its own `coordinates` go over the file's."""
    entry = dict(raw)
    own = entry.pop("coordinates", system)
    if own not in SYSTEMS:
        told.append(f"{where}: coordinates: {own!r} is none of {', '.join(SYSTEMS)}")
    elif entry.get("shape") is not None:
        try:
            return entry | {"shape": read_shape(entry["shape"], own)}
        except (ValueError, OverflowError) as error:
            told.append(f"{where}: shape: {error}")
    return entry | {"shape": None}


def _converted(raw: Any, kind: type[Any], where: str, told: list[str]) -> Any:
    if raw is None:
        told.append(f"{where}: is missing or empty")
        return None
    if isinstance(raw, dict):
        known = {field.encode_name for field in msgspec.structs.fields(kind)}
        strays = [str(name) for name in raw if name not in known]
        if strays:
            told.append(f"{where}: knows no {', '.join(map(repr, strays))}; it has {', '.join(sorted(known))}")
            raw = {name: value for name, value in raw.items() if name in known}
    try:
        return msgspec.convert(raw, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        told.append(f"{where}: {error}")
        return None
