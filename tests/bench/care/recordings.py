"""Recordings of people living alone: signs, absences and outages, read from a folder the caller names.

`events.csv.gz`: home, local_time, kind (`in`, `door`), sensor. `intervals.csv.gz`: home, kind (`recording`, `away`,
`offline`, …), local_start, local_end. Times are seconds of naive local time.
"""

from __future__ import annotations

import bisect
import csv
import gzip
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

HOUR, DAY = 3600.0, 86_400.0
#: The kits a home is judged with.
KITS = {
    "A1": "door and everything inside",
    "A2": "door and water only",
    "B": "door only",
    "C": "water only",
}
_WATER = re.compile(
    r"toilet|flush|basin|bath|shower|faucet|sink|gootsteen|hygiene|groom|meal|cook|bidet", re.IGNORECASE
)
_DRY = re.compile(r"door|light|cabinet|fan|drawer|hamper|closet|machine|pir|lift", re.IGNORECASE)
#: Days with fewer doors than this (a mean) make no home with a door.
_DOORS_A_DAY = 1.0


class Sign(NamedTuple):
    """One sign: seconds, the class of the silence it opens (`H` inside, `D` after a door), its sensor, direction."""

    at: float
    kind: str
    sensor: str
    direction: str | None = None


Spans = list[tuple[float, float]]


@dataclass(frozen=True)
class Home:
    """One home as one kit sees it: signs and spans in order, seconds."""

    name: str
    kit: str
    starts: float
    ends: float
    signs: list[Sign]
    away: Spans = field(default_factory=list)
    offline: Spans = field(default_factory=list)
    #: When somebody begins to be judged; before that it is learnt only.
    judged_from: float = 0.0

    def online(self, since: float, until: float) -> float:
        """Seconds of a span that were not lost."""
        return until - since - sum(max(0.0, min(b, until) - max(a, since)) for a, b in self.offline)

    def after(self, since: float, seconds: float) -> float:
        """The moment at which so many seconds were online."""
        for a, b in self.offline[bisect.bisect_right(self.offline, (since, float("inf"))) - 1 if self.offline else 0 :]:
            if b <= since:
                continue
            if a >= since + seconds:
                break
            seconds -= max(0.0, a - since)
            since = b
        return since + seconds

    @property
    def months(self) -> float:
        """Judged resident-months of 30 days, lost time removed."""
        return self.online(self.judged_from, self.ends) / DAY / 30

    def lost(self, spans: Spans) -> Home:
        """The same home with these spans lost: nothing said in them arrives."""
        kept = [s for s in self.signs if not any(a <= s.at < b for a, b in spans)]
        return replace(self, signs=kept, offline=sorted([*self.offline, *spans]))


def read(folder: Path) -> dict[str, list[Home]]:
    """Return the homes of each kit that the recordings in a folder permit."""
    signs: dict[str, list[Sign]] = defaultdict(list)
    for row in _rows(folder / "events.csv.gz"):
        sensor = row["sensor"]
        direction = sensor.removeprefix("door_") if sensor in {"door_in", "door_out"} else None
        kind = "D" if row["kind"] == "door" else "H"
        signs[row["home"]].append(Sign(_seconds(row["local_time"]), kind, sensor, direction))
    spans: dict[tuple[str, str], Spans] = defaultdict(list)
    for row in _rows(folder / "intervals.csv.gz"):
        spans[row["home"], row["kind"]].append((_seconds(row["local_start"]), _seconds(row["local_end"])))
    kits: dict[str, list[Home]] = {kit: [] for kit in KITS}
    for name in sorted(signs):
        starts, ends = spans[name, "recording"][0]
        inside = sorted(s for s in signs[name] if starts <= s.at <= ends)
        days = (ends - starts) / DAY
        trained = 14.0 if days >= 28 else days / 2
        whole = Home(name, "", starts, ends, inside, sorted(spans[name, "away"]), sorted(spans[name, "offline"]))
        whole = replace(whole, judged_from=starts + trained * DAY)
        for kit, kept in _seen_by_kits(whole).items():
            kits[kit].append(replace(whole, kit=kit, signs=kept))
    return kits


def _seen_by_kits(home: Home) -> dict[str, list[Sign]]:
    doors = [s for s in home.signs if s.kind == "D"]
    water = [s for s in home.signs if s.kind == "H" and _WATER.search(s.sensor) and not _DRY.search(s.sensor)]
    days = (home.ends - home.starts) / DAY
    if not doors and len(water) == len([s for s in home.signs if s.kind == "H"]):
        return {"C": water}
    found = {"A1": home.signs}
    if len(doors) / days >= _DOORS_A_DAY:
        found["B"] = doors
        if len(water) / days >= _DOORS_A_DAY:
            found["A2"] = sorted([*doors, *water])
    return found


def _rows(path: Path) -> csv.DictReader[str]:
    return csv.DictReader(gzip.open(path, "rt", encoding="utf-8"))


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
