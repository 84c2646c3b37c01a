"""A station's site file: read, checked as a whole, written all or nothing, and again without harm."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
import yaml
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.duty import Duty, Shift
from gateway.model.errors import Misconfigured
from gateway.model.policy import Policy
from gateway.model.registry import (
    AREA_KINDS,
    DEVICE_KINDS,
    Area,
    Device,
    Person,
    Place,
    Responder,
    Station,
)
from gateway.persons import care, imported
from gateway.sealing import Sealer, contact_address
from gateway.sealing_up import know_key
from gateway.store import accounts, contacts
from gateway.store import registry as registry_store

_Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}\Z")
#: libyaml's loader where PyYAML was built with it: a county's file takes seconds otherwise.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Role = Literal["operator", "officer", "commander", "grid_worker", "auditor", "admin"]


class SiteUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account of the site file; it has no password until one is set with `anxin user password`."""

    username: _Id
    name: str
    role: Role
    #: The address on the phone channel; `contacts` are those on others: `{sms: "+86…", wecom: …}`.
    phone: str | None = None
    contacts: dict[str, str] = {}
    areas: list[str] | None = None
    auxiliary: bool = False

    def addresses(self) -> dict[str, str]:
        """The ways to reach them, by channel."""
        return self.contacts if self.phone is None else {"phone": self.phone, **self.contacts}


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A site file."""

    station: Station
    areas: list[Area] = []
    places: list[Place] = []
    devices: list[Device] = []
    persons: list[Person] = []
    users: list[SiteUser] = []
    duty: list[Duty] = []
    shifts: list[Shift] = []
    policy: Policy = Policy()


def read_site(path: Path) -> Site:
    """Read and check a site file. Raises `Misconfigured` with every reference that leads nowhere."""
    try:
        site = msgspec.convert(yaml.load(path.read_text(encoding="utf-8"), _Loader), Site)  # noqa: S506  # a safe one
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise Misconfigured(f"{path}: {error}") from error
    complaints = list(_complaints(site))
    if complaints:
        raise Misconfigured(f"{path}: " + "; ".join(complaints))
    return site


def _complaints(site: Site) -> list[str]:
    told: list[str] = []
    named: dict[str, set[str]] = {}
    try:
        ZoneInfo(site.station.time_zone)
    except (KeyError, ValueError, OSError):
        told.append(f"station: {site.station.time_zone!r} is no time zone; write something like Asia/Shanghai")
    told.extend(
        f"{what} {one!r}: an id has letters, digits, - and _, at most 64"
        for what, ids in {
            "station": [site.station.id],
            "area": [area.id for area in site.areas],
            "place": [place.id for place in site.places],
            "device": [device.id for device in site.devices],
            "person": [person.id for person in site.persons],
        }.items()
        for one in ids
        if not _ID.match(one)
    )
    told.extend(
        f"{what} {one!r}: {kind!r} is none of {', '.join(known)}"
        for what, known, things in (("area", AREA_KINDS, site.areas), ("device", DEVICE_KINDS, site.devices))
        for one, kind in ((thing.id, thing.kind) for thing in things)
        if kind not in known
    )
    for what, ids in {
        "area": [area.id for area in site.areas],
        "place": [place.id for place in site.places],
        "device": [device.id for device in site.devices],
        "person": [person.id for person in site.persons],
        "user": [user.username for user in site.users],
    }.items():
        named[what] = set(ids)
        told.extend(f"{what} {one!r} stands twice" for one in sorted({one for one in ids if ids.count(one) > 1}))
    told.extend(
        f"person {person.id}: care.{complaint}" for person in site.persons for complaint in care.complaints(person.care)
    )
    gateways = {device.id for device in site.devices if device.kind == "gateway"}
    told.extend(
        f"device {device.id}: via {device.via!r} is not of kind gateway, or the device is one itself"
        for device in site.devices
        if device.via in named["device"] and (device.via not in gateways or device.kind == "gateway")
    )
    phones = {user.username for user in site.users if user.addresses()}
    told.extend(
        f"duty {duty.area}: officer {duty.officer!r} has no phone and no other contact"
        for duty in site.duty
        if duty.officer in named["user"] and duty.officer not in phones
    )
    references: list[tuple[str, str, str | None]] = [
        *((f"area {area.id}: parent", "area", area.parent) for area in site.areas),
        *((f"place {place.id}: area", "area", place.area) for place in site.places),
        *((f"place {place.id}: parent", "place", place.parent) for place in site.places),
        *((f"device {device.id}: place", "place", device.place) for device in site.devices),
        *((f"device {device.id}: via", "device", device.via) for device in site.devices),
        *((f"person {person.id}: place", "place", person.place) for person in site.persons),
        *((f"duty {duty.area}: area", "area", duty.area) for duty in site.duty),
        *((f"duty {duty.area}: officer", "user", duty.officer) for duty in site.duty),
        *((f"duty {duty.area}: deputy", "user", duty.deputy) for duty in site.duty),
        *((f"duty {duty.area}: commander", "user", duty.commander) for duty in site.duty),
    ]
    told.extend(
        f"{whose} {one!r} is no {what} of this file"
        for whose, what, one in references
        if one is not None and one not in named[what]
    )
    return told


def import_site(
    connection: Connection[TupleRow],
    site: Site,
    sealer: Sealer,
    *,
    device_secrets: Mapping[str, str] | None = None,
    password_hashes: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Write a site within the caller's transaction and return how many rows there are of each sort.

    `device_secrets` maps devices to new secrets (kept as SHA-256), `password_hashes` users to argon2 hashes.
    Raises `Misconfigured` when a user name belongs to another station or the database is sealed with another key.
    """
    station = site.station.id
    know_key(connection, sealer)
    registry_store.put_station(connection, site.station)
    registry_store.put_areas(connection, station, site.areas)
    registry_store.put_places(connection, station, site.places)
    hashed = {device: sha256(secret) for device, secret in (device_secrets or {}).items()}
    registry_store.put_devices(connection, station, site.devices, hashed)
    imported.put(connection, station, ZoneInfo(site.station.time_zone), site.persons, sealer)
    for user in site.users:
        responder = Responder(user.username, user.name, user.role, user.auxiliary)
        password = (password_hashes or {}).get(user.username)
        if not registry_store.put_user(connection, station, responder, areas=user.areas, password_hash=password):
            raise Misconfigured(f"user {user.username!r} belongs to another station; user names are unique")
        _put_contacts(connection, station, user, sealer)
    registry_store.put_duties(connection, station, site.duty)
    registry_store.put_shifts(connection, station, site.shifts)
    registry_store.put_policy(connection, station, site.policy)
    return {
        "areas": len(site.areas),
        "places": len(site.places),
        "devices": len(site.devices),
        "persons": len(site.persons),
        "users": len(site.users),
        "duty": len(site.duty),
    }


def _put_contacts(connection: Connection[TupleRow], station: str, user: SiteUser, sealer: Sealer) -> None:
    """Write the ways to reach a user that the file names; those they added themselves stay."""
    for channel, address in user.addresses().items():
        contact = contacts.put(
            connection, station, user.username, channel,
            address_sealed=sealer.seal(address, contact_address(station, user.username, channel)),
            address_index=sealer.index(address, channel),
        )  # fmt: skip
        contacts.retire_others(connection, station, user.username, channel, contact)


def without_password(connection: Connection[TupleRow], users: list[str]) -> list[str]:
    """Return those of these users who have no password yet."""
    known: dict[str, Any] = {name: accounts.user(connection, name) for name in users}
    return [name for name, user in known.items() if user is None or user.password_hash is None]


def sha256(secret: str) -> str:
    """Return the SHA-256 of a secret in hex, as the registry keeps it."""
    return hashlib.sha256(secret.encode()).hexdigest()
