"""The card log of VAST 2016 MC2 as a station: its zones as places, its reads as events.

Of the log: who entered which zone of which floor, by the minute. No directions, no refusals, no people counts, no map.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from gateway.model.event import Event
from gateway.model.registry import Area, Device, Place, Registry, Station
from rules.definition import Definition
from rules.load import bring_to_life
from rules.replay import Replay

FILE = "proxOut-MC2.csv"
ZONE = ZoneInfo("Asia/Shanghai")
#: Digits of a card id that tell its issue; the name before them is the holder.
ISSUE_DIGITS = 3
SERVER_ROOM = "Server Room"
#: Metres of one degree of latitude.
DEGREE_M = 111_195.0


class Read(NamedTuple):
    """One card at one zone. `at` is local time of the log, to the minute."""

    at: datetime
    card: str
    floor: str
    zone: str

    @property
    def holder(self) -> str:
        return self.card[:-ISSUE_DIGITS]

    @property
    def issue(self) -> int:
        return int(self.card[-ISSUE_DIGITS:])

    @property
    def place(self) -> str:
        return f"f{self.floor}-{self.zone.replace(' ', '-').lower()}"

    @property
    def is_night(self) -> bool:
        """Between 22:00 and 05:00."""
        return self.at.hour >= 22 or self.at.hour < 5  # hours of the day


def read_log(folder: Path) -> list[Read]:
    """Return the log of a directory, by time. Raises FileNotFoundError that says what to give."""
    for name, opened in ((FILE, open), (f"{FILE}.gz", gzip.open)):
        path = folder / name
        if path.exists():
            with opened(path, "rt", encoding="utf-8") as file:
                rows = csv.DictReader(file, skipinitialspace=True)
                return sorted(_read({name.strip(): value for name, value in row.items()}) for row in rows)
    message = f"{folder}: no {FILE} or {FILE}.gz here; give the directory of the VAST 2016 card log with --data"
    raise FileNotFoundError(message)


def _read(row: Mapping[str, str]) -> Read:
    at = datetime.strptime(row["timestamp"].strip(), "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)
    return Read(at, row["prox-id"].strip(), row["floor"].strip(), row["zone"].strip())


def station(reads: Iterable[Read], spacing_m: float | None = None, **attributes: Any) -> Registry:
    """Make a building with a place and a reader for each zone of the log.

    With `spacing_m` the zones of a floor stand in a row so far apart, floors above each other: the log has no map.
    """
    zones = sorted({(read.place, read.zone) for read in reads})
    numbers = {zone: number for number, zone in enumerate(sorted({zone for _, zone in zones}))}
    places = []
    for place, zone in zones:
        lat, lon = (33.0 + numbers[zone] * spacing_m / DEGREE_M, 109.0) if spacing_m is not None else (None, None)
        says = {**attributes, "zone": place}
        places.append(Place(place, "restricted_door", "grid-1", place, lat, lon, "building", says))
    return Registry(
        station=Station("bench", "测试", ZONE.key),
        areas=[Area("grid-1", "grid", "一网格")],
        places=[Place("building", "building", "grid-1", "大楼"), *places],
        devices=[Device(f"reader-{place.id}", "door_controller", place.id, place.id) for place in places],
    )


class Said(NamedTuple):
    """What a reader says of a read: its kind and its data."""

    read: Read
    kind: str
    data: dict[str, Any]
    place: str | None = None
    seconds: float = 0


def granted(reads: Iterable[Read], **data: Any) -> Iterator[Said]:
    """Each read as an entry that was granted."""
    for read in reads:
        yield Said(read, "door.granted", {"credential": f"card:{read.card}", **data})


def replayed(rule: Definition, registry: Registry, said: Iterable[Said]) -> Replay:
    """Let a rule judge what readers said, in the order of time."""
    replay: Replay | None = None
    events = sorted((one.read.at + timedelta(seconds=one.seconds), number, one) for number, one in enumerate(said))
    for ts, number, one in events:
        device = f"reader-{one.place or one.read.place}"
        mounting = registry.mounting(device)
        assert mounting is not None
        replay = replay or Replay([bring_to_life(rule)], registry, ts)
        replay.event(
            Event.at(
                mounting,
                station=registry.station.id,
                device=device,
                id=f"{number}",
                ts=ts,
                device_ts=ts,
                received_at=ts,
                kind=one.kind,
                data=one.data,
            )
        )
    assert replay is not None, "nothing was said"
    replay.run_until(replay.now + timedelta(days=2))
    return replay
