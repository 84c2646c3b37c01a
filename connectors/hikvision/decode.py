"""One `EventNotificationAlert`, XML or JSON, to what it says. Pure.

Names and quirks: ISAPI documents as public integrations quote them. Namespaces differ by firmware, so only local names
count; case differs too. Raises `BadInput` with `oversized`, `not_xml`, `not_json`, `schema`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import msgspec

from gateway.model.errors import BadInput

#: A notice is some kilobytes; pictures are parts of their own.
MOST_BYTES = 256 * 1024
MOST_REGIONS = 16
#: What Python's parser would follow into its own memory.
_UNSAFE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_TARGETS = {"human": "person", "vehicle": "vehicle", "others": "other"}


class Notice(NamedTuple):
    """What a camera notices, once a second while it lasts.

    `kind`: its event type in lower case. `active`: whether it goes on. `channel`: which camera of a recorder, from 1.
    `at`: by the camera's clock, aware; None where it tells none. `region`: which of its zones or lines. `target`:
    person, vehicle, other. `box`: where, 0–1, (left, top, right, bottom). `people`: how many, where it counts.
    """

    kind: str
    active: bool
    channel: int
    at: datetime | None
    region: int | None
    target: str | None
    box: tuple[float, float, float, float] | None
    people: int | None


def decode(content: bytes) -> Notice:
    """Return what one part of a stream says. Raises `BadInput`."""
    if len(content) > MOST_BYTES:
        raise BadInput(f"{len(content)} bytes, at most {MOST_BYTES} are taken", reason="oversized")
    told = _from_json(content) if content.lstrip()[:1] == b"{" else _from_xml(content)
    kind = str(told.get("eventtype", "")).strip().lower()
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,63}", kind):
        raise BadInput("it has no eventType", reason="schema")
    regions = [one for one in _regions(told) if isinstance(one, dict)][:MOST_REGIONS]
    region = regions[0] if regions else {}
    return Notice(
        kind=kind,
        active=str(told.get("eventstate", "")).strip().lower() == "active",
        channel=_whole(told.get("dynchannelid")) or _whole(told.get("channelid")) or 1,
        at=_moment(told.get("datetime")),
        region=_whole(region.get("regionid")),
        target=_TARGETS.get(str(region.get("detectiontarget") or told.get("detectiontarget") or "").lower()),
        box=_box(region.get("targetrect") or told.get("targetrect")),
        people=_whole(told.get("peoplenum") or told.get("peoplecount")),
    )


def _from_xml(content: bytes) -> dict[str, Any]:
    if _UNSAFE.search(content):
        raise BadInput("a document type is declared; no camera does that", reason="not_xml")
    try:
        root = ET.fromstring(content)  # noqa: S314  # bounded, and without entities: see above
    except (ET.ParseError, ValueError, LookupError) as error:
        raise BadInput(f"it is no XML: {error}", reason="not_xml") from error
    if _local(root.tag) != "eventnotificationalert":
        raise BadInput(f"it is {_local(root.tag)}, not EventNotificationAlert", reason="schema")
    return _tree(root, 8)


def _tree(element: ET.Element, levels: int) -> dict[str, Any]:
    """Children by local name in lower case; those of one name together in a list, leaves as their text."""
    found: dict[str, Any] = {}
    for child in element:
        value = _tree(child, levels - 1) if len(child) and levels else (child.text or "").strip()
        name = _local(child.tag)
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found


def _from_json(content: bytes) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"it is no JSON: {error}", reason="not_json") from error
    told = told.get("EventNotificationAlert", told)
    if not isinstance(told, dict):
        raise BadInput("it is no EventNotificationAlert", reason="schema")
    return _lower(told, 8)


def _lower(told: dict[str, Any], levels: int) -> dict[str, Any]:
    def value(one: Any) -> Any:
        if isinstance(one, dict):
            return _lower(one, levels - 1) if levels else {}
        return [value(each) for each in one[:MOST_REGIONS]] if isinstance(one, list) and levels else one

    return {str(name).lower(): value(one) for name, one in told.items()}


def _regions(told: dict[str, Any]) -> Iterator[Any]:
    listed = told.get("detectionregionlist")
    entries = listed.get("detectionregionentry", listed) if isinstance(listed, dict) else listed
    yield from entries if isinstance(entries, list) else [entries]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2].lower()


def _whole(told: Any) -> int | None:
    try:
        number = int(str(told))
    except ValueError:
        return None
    return number if 0 <= number < 100_000 else None  # noqa: PLR2004  # no recorder has as many


def _moment(told: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(told).strip())
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _box(told: Any) -> tuple[float, float, float, float] | None:
    if not isinstance(told, dict):
        return None
    try:
        x, y, width, height = (float(told[name]) for name in ("x", "y", "width", "height"))
    except (KeyError, TypeError, ValueError):
        return None
    box = (x, y, x + width, y + height)
    return box if all(0 <= side <= 1.001 for side in box) and width > 0 and height > 0 else None  # noqa: PLR2004
