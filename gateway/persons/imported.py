"""Persons as a site file says: sealed, and their consent written down.

Consent in a file: `consent: {given: 2026-05-01, by: self}` or `{withdrawn: …, by: …}` within `care`. A file that lets
somebody be watched over and says nothing of consent takes it as given: that is written down as said by the file, so
that everybody can see for whom it has yet to be asked (docs/decisions/0011-consent.md). What people recorded later than
the day a file names holds.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.person import Person
from gateway.persons.care import day_of
from gateway.persons.personal import personal_of, seal
from gateway.registering.site import Site, SitePerson
from gateway.sealing import Sealer
from gateway.store import persons as store

MONITORING = "care_monitoring"
BY_FILE = "site_file"


def put(connection: Connection[TupleRow], station: str, zone: ZoneInfo, persons: list[Person], sealer: Sealer) -> None:
    """Make or change persons as a site file says; days are the station's own."""
    rows = []
    for person in persons:
        sealed = seal(sealer, station, person.id, personal_of(person))
        rows.append({
            "person": person.id, "place": person.place,
            "care": {name: value for name, value in person.care.items() if name != "consent"},
            "sealed": sealed.sealed, "name_index": sealed.name_index, "phone_index": sealed.phone_index,
        })  # fmt: skip
    known = store.last_consents(connection, station, MONITORING)
    said = {person.id: found for person in persons if (found := _said(person.care, zone, known.get(person.id)))}
    store.import_all(connection, station, rows)
    for one, consent in said.items():
        store.add_consent(connection, station, one, purpose=MONITORING, by=BY_FILE, **consent)
    # What the register says holds also for somebody who left the registry and is back.
    states = {one: state for one, (state, _) in known.items()} | {one: told["state"] for one, told in said.items()}
    written = {person.id for person in persons}
    store.set_monitored(connection, station, {one: states[one] == "given" for one in states if one in written})


def settled(connection: Connection[TupleRow], site: Site) -> Site:
    """Return a site whose persons say of consent only what the register does not know already."""
    zone = ZoneInfo(site.station.time_zone)
    known = store.last_consents(connection, site.station.id, MONITORING)
    return msgspec.structs.replace(site, persons=[_news(person, zone, known.get(person.id)) for person in site.persons])


def _news(person: SitePerson, zone: ZoneInfo, known: tuple[str, datetime] | None) -> SitePerson:
    if "consent" not in person.care or _said(person.care, zone, known) is not None:
        return person
    care = {name: value for name, value in person.care.items() if name != "consent"}
    return msgspec.structs.replace(person, care=care)


def _said(care: dict[str, Any], zone: ZoneInfo, known: tuple[str, datetime] | None) -> dict[str, Any] | None:
    """What a file adds to the register; None when the register says as much or something later."""
    told = care.get("consent")
    if isinstance(told, dict):
        state = "given" if "given" in told else "withdrawn"
        day = day_of(told)
        since = datetime.combine(day, time(), zone).astimezone(UTC) if day is not None else None
        if known is not None and since is not None and since <= known[1]:
            return None
        return {"state": state, "said_by": told["by"], "since": since}
    if told is False:
        return {"state": "withdrawn", "said_by": BY_FILE} if known is None or known[0] == "given" else None
    if known is None and (told is True or care.get("lives_alone")):
        return {"state": "given", "said_by": BY_FILE}
    return None
