"""One area, place, device or patrol route changed by somebody: by a file's checks, audited with before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.embedded.secrets import new_secret
from gateway.incidents.acts import Actor
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.model.patrol import PatrolRoute
from gateway.model.registry import Area, Device, Place
from gateway.registering.complaints import complaints
from gateway.registering.coordinates import to_wgs84
from gateway.registering.difference import LISTS, entries, references
from gateway.registering.present import present
from gateway.registering.shapes import read_shape
from gateway.registering.site import Site
from gateway.registering.writing import sha256
from gateway.store import patrols, registry_edit
from gateway.store import registry as registry_store

#: Who may change what. Places are known to whoever commands; areas and devices are the installation's.
ROLES: dict[str, frozenset[str]] = {
    "area": frozenset({"admin"}),
    "place": frozenset({"admin", "commander"}),
    "device": frozenset({"admin"}),
    "patrol": frozenset({"admin", "commander"}),
}
KINDS: dict[str, type[Area | Place | Device | PatrolRoute]] = {
    "area": Area, "place": Place, "device": Device, "patrol": PatrolRoute,
}  # fmt: skip
#: Referring things that are named before the rest is counted.
MOST_NAMED = 10


def create(connection: Connection[TupleRow], actor: Actor, sort: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Add an area, place, device or patrol route; returns it as JSON values.

    A device that connects itself comes with `secret`, once: it is kept as a hash. Raises `Forbidden`, `BadInput` with
    every complaint, `Conflict` when the id is taken.
    """
    now = _begin(connection, actor, sort)
    entry = _entry(sort, body)
    if entry.id in entries(now, sort):
        raise Conflict(f"there is a {sort} {entry.id!r} already; change it with PUT or PATCH")
    _must_hold(now, sort, entry)
    _write(connection, actor, sort, entry)
    told = _told(connection, actor, sort, entry, {"before": None})
    if isinstance(entry, Device) and entry.via is None:
        secret = new_secret(16)
        registry_edit.put_secrets(connection, actor.scope.station, {entry.id: sha256(secret)})
        return told | {"secret": secret}
    return told


def change(
    connection: Connection[TupleRow], actor: Actor, sort: str, name: str, body: Mapping[str, Any], *, whole: bool
) -> dict[str, Any]:
    """Change an area, place, device or patrol route; returns it.

    `whole`: what the body leaves out is as it comes, else as it was. When nothing differs nothing is written. Raises
    `Forbidden`, `NotFound`, `BadInput`.
    """
    now = _begin(connection, actor, sort)
    before = entries(now, sort).get(name)
    if before is None:
        raise NotFound(f"there is no {sort} {name!r}")
    if body.get("id", name) != name:
        raise BadInput(f"the id of a {sort} stays; remove it and add another one", reason="registry")
    kept = {} if whole else msgspec.to_builtins(before)
    entry = _entry(sort, {**kept, **body, "id": name})
    if entry == before:
        return dict(msgspec.to_builtins(entry))
    _must_hold(now, sort, entry)
    _write(connection, actor, sort, entry)
    return _told(connection, actor, sort, entry, {"before": msgspec.to_builtins(before)})


def remove(connection: Connection[TupleRow], actor: Actor, sort: str, name: str) -> None:
    """Remove an area, place, device or patrol route. What stood of it is withdrawn by the road.

    Raises `Forbidden`, `NotFound`, and `Conflict` naming what refers to it.
    """
    now = _begin(connection, actor, sort)
    before = entries(now, sort).get(name)
    if before is None:
        raise NotFound(f"there is no {sort} {name!r}")
    refer = sorted({" ".join(who).strip() for who, what in references(now) if what == (sort, name)})
    if refer:
        more = f" and {len(refer) - MOST_NAMED} more" if len(refer) > MOST_NAMED else ""
        told = ", ".join(refer[:MOST_NAMED])
        raise Conflict(f"{sort} {name!r} is referred to by {told}{more}; change or remove them first")
    registry_edit.remove(connection, actor.scope.station, {sort: [name]})
    registry_store.changed(connection, actor.scope.station)
    trail.note(connection, actor, f"{sort}.remove", f"{sort}/{name}", {"before": msgspec.to_builtins(before)})


def _begin(connection: Connection[TupleRow], actor: Actor, sort: str) -> Site:
    if actor.role not in ROLES[sort] or actor.scope.areas is not None:
        who = " or a ".join(sorted(ROLES[sort]))
        raise Forbidden(f"a {sort} is changed by a {who} of the whole station")
    registry_edit.hold(connection, actor.scope.station)
    now = present(connection, actor.scope.station, None)
    if now is None:
        raise NotFound(f"there is no station {actor.scope.station!r}; run `anxin import SITE.yaml`")
    return now


def _entry(sort: str, body: Mapping[str, Any]) -> Any:
    kind = KINDS[sort]
    told = dict(body)
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    try:
        if sort == "place" and (system := told.pop("coordinates", "wgs84")) != "wgs84":
            lat, lon = told.get("lat"), told.get("lon")
            if isinstance(lat, int | float) and isinstance(lon, int | float):
                told["lat"], told["lon"] = to_wgs84(lat, lon, str(system))
        if sort == "area":
            system = str(told.pop("coordinates", "wgs84"))
            if told.get("shape") is not None:
                told["shape"] = read_shape(told["shape"], system)
        if strays := told.keys() - known:
            raise BadInput(
                f"a {sort} has no {', '.join(sorted(strays))}; it has {', '.join(sorted(known))}", reason="registry"
            )
        return msgspec.convert(told, kind)
    except (msgspec.ValidationError, ValueError, OverflowError, RecursionError) as error:
        raise BadInput(f"{sort}: {error}", reason="registry") from error


def _must_hold(now: Site, sort: str, entry: Any) -> None:
    """Refuse what makes the registry worse than it is; what was wrong before is not this one's fault."""
    others = [one for one in getattr(now, LISTS[sort]) if one.id != entry.id]
    after = msgspec.structs.replace(now, **{LISTS[sort]: [*others, entry]})
    before = set(complaints(now))
    fresh = [told.replace(" of this file", " here") for told in complaints(after) if told not in before]
    if fresh:
        raise BadInput("; ".join(fresh[:MOST_NAMED]), reason="registry")


def _write(connection: Connection[TupleRow], actor: Actor, sort: str, entry: Any) -> None:
    station = actor.scope.station
    if sort == "area":
        registry_store.put_areas(connection, station, [entry])
    elif sort == "place":
        registry_store.put_places(connection, station, [entry])
    elif sort == "patrol":
        patrols.put_routes(connection, station, [entry])
    else:
        registry_store.put_devices(connection, station, [entry], {})
    registry_store.changed(connection, station)


def _told(
    connection: Connection[TupleRow], actor: Actor, sort: str, entry: Any, detail: dict[str, Any]
) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(entry)
    act = "add" if detail["before"] is None else "change"
    trail.note(connection, actor, f"{sort}.{act}", f"{sort}/{entry.id}", {**detail, "after": told})
    return told
