"""A station's registry as it stands, in the form of a site file."""

from __future__ import annotations

from collections import defaultdict

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.registry import ROAD_DEVICE
from gateway.persons.personal import Personal, unseal
from gateway.registering.site import Site, SitePerson, SiteUser
from gateway.sealing import Sealer, contact_address
from gateway.store import patrols as patrol_store
from gateway.store import persons as person_store
from gateway.store import registry as registry_store
from gateway.store import registry_edit


def present(connection: Connection[TupleRow], station: str, sealer: Sealer | None) -> Site | None:
    """Return the station as it stands, None when there is none.

    Without a sealer the ways to reach people and residents' names are left out. Of several ways on one channel none is
    said: the file has room for one. Raises `Misconfigured` when the data key is another.
    """
    if registry_store.station(connection, station) is None:
        return None
    registry = registry_store.load(connection, station)
    reached = _addresses(connection, station, sealer) if sealer is not None else {}
    users: list[SiteUser] = []
    for row in registry_edit.users(connection, station):
        contacts = dict(reached.get(row["username"], {}))
        areas = sorted(set(row.pop("areas"))) if row["areas"] is not None else row.pop("areas")
        users.append(SiteUser(**row, phone=contacts.pop("phone", None), contacts=contacts, areas=areas))
    return Site(
        station=registry.station,
        areas=registry_store.areas(connection, station),
        places=list(registry.places.values()),
        devices=[device for device in registry.devices.values() if device.id != ROAD_DEVICE],
        persons=_persons(connection, station, sealer),
        users=users,
        duty=list(registry.duties.values()),
        shifts=list(registry.shifts),
        patrols=patrol_store.routes(connection, station),
        policy=registry.policy,
        personal="here" if sealer is not None else "left_out",
    )


def _persons(connection: Connection[TupleRow], station: str, sealer: Sealer | None) -> list[SitePerson]:
    """Residents as they are kept; of their consent the register knows, not this."""
    found: list[SitePerson] = []
    for person, place, care, sealed in person_store.of_station(connection, station):
        known = unseal(sealer, station, person, sealed) if sealer is not None else Personal()
        found.append(
            SitePerson(
                person,
                place,
                known.name or ("" if sealer is not None else None),
                care,
                phone=known.phone or None,
                id_number=known.id_number or None,
                contacts=known.contacts or None,
                note=known.note or None,
            )
        )
    return found


def _addresses(connection: Connection[TupleRow], station: str, sealer: Sealer) -> dict[str, dict[str, str]]:
    """Return each user's ways to be reached where there is one on a channel."""
    sealed: dict[str, dict[str, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    for username, channel, address in registry_edit.sealed_contacts(connection, station):
        sealed[username][channel].append(address)
    return {
        username: {
            channel: sealer.unseal(addresses[0], contact_address(station, username, channel))
            for channel, addresses in by_channel.items()
            if len(addresses) == 1
        }
        for username, by_channel in sealed.items()
    }
