"""A site written into the registry: only what differs, all of it or nothing, again without harm.

Everything happens in the caller's transaction, alone (`hold`): what was compared is what is written over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.errors import Misconfigured
from gateway.model.registry import Responder
from gateway.persons import imported
from gateway.registering.difference import LISTS, Change, Difference, Key, difference, entries, references, settled
from gateway.registering.present import present
from gateway.registering.site import Site, SiteUser
from gateway.sealing import Sealer, contact_address
from gateway.sealing_up import know_key
from gateway.store import accounts, contacts, patrols, registry_edit
from gateway.store import registry as registry_store

#: Parts that a station may well do without.
_MAY_BE_NONE = frozenset({"shifts", "patrols"})


class Plan(msgspec.Struct, frozen=True):
    """What an import would do: `missing` things of the difference are `removed` or, with a reason, `kept`."""

    now: Site | None
    #: What the file says; `wanted` is that with what it leaves alone.
    asked: Site
    wanted: Site
    difference: Difference
    removed: list[Key] = []
    kept: dict[Key, str] = {}

    @property
    def empty(self) -> bool:
        """Whether the registry stays as it is."""
        return not self.difference.changes and not self.removed


def plan(connection: Connection[TupleRow], site: Site, sealer: Sealer, *, prune: bool = False) -> Plan:
    """Return what importing a site would do; nobody else changes the registry until the transaction ends.

    With `prune`, what the file does not name is removed as far as nothing that stays refers to it. Raises
    `Misconfigured` when somebody new has no name.
    """
    station = site.station.id
    registry_edit.hold(connection, station)
    know_key(connection, sealer)
    now = present(connection, station, sealer)
    site = imported.settled(connection, site)
    wanted = settled(now, site)
    nameless = [person.id for person in wanted.persons if person.name is None]
    if nameless:
        raise Misconfigured(
            f"persons {', '.join(nameless[:10])} are new here and have no name in the file; "
            "export it with --personal where they are known"
        )
    told = difference(now, wanted)
    if now is None or not prune:
        return Plan(now, site, wanted, told, [], dict.fromkeys(told.missing, "not in the file"))
    kept = _kept(now, told.missing, registry_edit.with_record(connection, station))
    return Plan(now, site, wanted, told, [key for key in told.missing if key not in kept], kept)


def _kept(now: Site, missing: Collection[Key], recorded: Mapping[str, str]) -> dict[Key, str]:
    """Return what cannot be removed, and why: accounts with a record, administrators, and what those refer to."""
    kept: dict[Key, str] = {}
    for name, user in entries(now, "user").items():
        if ("user", name) not in missing:
            continue
        if user.role == "admin":
            kept["user", name] = "an administrator; take the role away first"
        elif name in recorded:
            kept["user", name] = f"{recorded[name]} name them"
    told = list(references(now))
    while more := {
        what: f"{' '.join(who)} refers to it"
        for who, what in told
        if who in kept and what in missing and what not in kept
    }:
        kept |= more
    return kept


def write(
    connection: Connection[TupleRow],
    plan: Plan,
    sealer: Sealer,
    *,
    device_secrets: Mapping[str, str] | None = None,
    password_hashes: Mapping[str, str] | None = None,
) -> None:
    """Carry a plan out, in the transaction it was made in. What is as it was is not touched.

    `device_secrets` maps devices to new secrets (kept as SHA-256), `password_hashes` users to argon2 hashes. Raises
    `Misconfigured` when a user name belongs to another station.
    """
    station, wanted = plan.wanted.station.id, plan.wanted
    hashed = {device: sha256(secret) for device, secret in (device_secrets or {}).items()}
    if plan.empty and not password_hashes and not _fresh(connection, station, hashed):
        return
    registry_store.put_station(connection, wanted.station)
    of = {sort: _touched(plan, sort) for sort in LISTS}
    registry_store.put_areas(connection, station, of["area"])
    registry_store.put_places(connection, station, of["place"])
    registry_store.put_devices(connection, station, of["device"], {})
    registry_edit.put_secrets(connection, station, _fresh(connection, station, hashed))
    back = {one.id for one in plan.asked.persons if one.care.get("away_until", "") is None}
    imported.put(
        connection,
        station,
        ZoneInfo(wanted.station.time_zone),
        [
            # Whoever was said to be away meanwhile is, unless the file says that they are back.
            msgspec.structs.replace(one, care={**one.care, "away_until": None} if one.id in back else one.care).person()
            for one in of["person"]
        ],
        sealer,
    )
    _put_users(connection, plan, of["user"], password_hashes or {}, sealer)
    registry_store.put_duties(connection, station, of["duty"])
    registry_store.put_shifts(connection, station, of["shift"])
    patrols.put_routes(connection, station, of["patrol"])
    if wanted.policy is not None and plan.difference.of("policy"):
        registry_store.put_policy(connection, station, wanted.policy)
    gone: dict[str, list[str]] = {}
    for sort, name in plan.removed:
        gone.setdefault(sort, []).append(name)
    registry_edit.remove(connection, station, gone)


def _fresh(connection: Connection[TupleRow], station: str, hashed: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that are others than those kept."""
    known = registry_edit.secrets(connection, station) if hashed else {}
    return {device: secret for device, secret in hashed.items() if known.get(device) != secret}


def _touched(plan: Plan, sort: str) -> list[Any]:
    changed = plan.difference.of(sort)
    return [entry for name, entry in entries(plan.wanted, sort).items() if name in changed]


def _put_users(
    connection: Connection[TupleRow],
    plan: Plan,
    users: Iterable[SiteUser],
    password_hashes: Mapping[str, str],
    sealer: Sealer,
) -> None:
    station = plan.wanted.station.id
    before = entries(plan.now, "user") if plan.now is not None else {}
    touched = {user.username: user for user in users}
    for username, user in entries(plan.wanted, "user").items():
        if username not in touched and username not in password_hashes:
            continue
        responder = Responder(username, user.name, user.role, user.auxiliary)
        if not registry_store.put_user(
            connection, station, responder, areas=user.areas, password_hash=password_hashes.get(username)
        ):
            raise Misconfigured(f"user {username!r} belongs to another station; user names are unique")
        known = before[username].addresses() if username in before else {}
        for channel, address in user.addresses().items():
            if known.get(channel) != address:
                _put_contact(connection, station, username, channel, address, sealer)


def _put_contact(
    connection: Connection[TupleRow], station: str, username: str, channel: str, address: str, sealer: Sealer
) -> None:
    """Write the way to reach a user that the file names; those on other channels stay."""
    contact = contacts.put(
        connection, station, username, channel,
        address_sealed=sealer.seal(address, contact_address(station, username, channel)),
        address_index=sealer.index(address, channel),
    )  # fmt: skip
    contacts.retire_others(connection, station, username, channel, contact)


def import_site(
    connection: Connection[TupleRow],
    site: Site,
    sealer: Sealer,
    *,
    device_secrets: Mapping[str, str] | None = None,
    password_hashes: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Write a site within the caller's transaction and return how many rows there are of each sort.

    What the file does not name stays. Raises as `plan` and `write`.
    """
    write(connection, plan(connection, site, sealer), sealer, device_secrets=device_secrets,
          password_hashes=password_hashes)  # fmt: skip
    return counts(site)


def counts(site: Site) -> dict[str, int]:
    """Return how many entries a site has of each sort."""
    sorts = ("areas", "places", "devices", "persons", "users", "duty", "shifts", "patrols")
    return {sort: len(getattr(site, sort)) for sort in sorts if sort not in _MAY_BE_NONE or getattr(site, sort)}


def told_changes(changes: Iterable[Change], removed: Iterable[Key]) -> list[str]:
    """Return the lines of what an import does, personal data masked."""
    return [change.line() for change in (*changes, *(Change(sort, name, "removed") for sort, name in removed))]


def without_password(connection: Connection[TupleRow], users: list[str]) -> list[str]:
    """Return those of these users who have no password yet."""
    known: dict[str, Any] = {name: accounts.user(connection, name) for name in users}
    return [name for name, user in known.items() if user is None or user.password_hash is None]


def sha256(secret: str) -> str:
    """Return the SHA-256 of a secret in hex, as the registry keeps it."""
    return hashlib.sha256(secret.encode()).hexdigest()
