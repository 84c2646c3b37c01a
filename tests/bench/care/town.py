"""The simulator's town: what the sensors of its elders say in some months, as homes like those that were recorded.

Its people were written before any rule was tuned on them. What is true of them is no evidence about real people: it
shows that a rule copes with sixty kits at once, with trips, visitors and bad weather. Trips are not registered here,
so an alert during one counts as false.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from simulators.county.site import site_text
from simulators.life.day import day_of
from simulators.life.plan import Life
from simulators.site_file import Site, read_site
from tests.bench.care.recordings import DAY, Home, Sign

FIRST = date(2026, 3, 1)
DAYS, TRAINED_D = 90, 14
_OPENS = frozenset({"door.opened", "door.granted"})


def homes(seed: int, days: int = DAYS) -> dict[str, list[Home]]:
    """Return the town's elders by kit: `A1` a door and something inside, `B` a door only."""
    site = _site(seed)
    life = Life(site, seed)
    starts = _local_ms(day_of(FIRST, seed, site.time_zone).start, site) / 1000
    ends = starts + days * DAY
    signs: dict[str, list[Sign]] = defaultdict(list)
    for number in range(days):
        day = day_of(FIRST + timedelta(days=number), seed, site.time_zone)
        for elder in life._elders:
            for said in elder.plan(day):
                at = _local_ms(said.ts, site) / 1000
                if said.device == elder._kit.door and said.kind in _OPENS:
                    signs[elder.id].append(Sign(at, "D", "door"))
                elif said.device in {elder._kit.motion, elder._kit.meter}:
                    signs[elder.id].append(Sign(at, "H", said.kind))
    away = defaultdict(list)
    since = datetime.combine(FIRST, datetime.min.time(), site.time_zone)
    for trip in life.trips(since, since + timedelta(days=days)):
        left, back = (_local_ms(round(t.timestamp() * 1000), site) / 1000 for t in (trip.left, trip.back))
        away[trip.person].append((left, back))
    found: dict[str, list[Home]] = {"A1": [], "B": []}
    for elder in life._elders:
        if elder._kit.door is None:
            continue
        kit = "A1" if elder._kit.motion or elder._kit.meter else "B"
        home = Home(elder.id, kit, starts, ends, sorted(signs[elder.id]), away[elder.id])
        found[kit].append(replace(home, judged_from=starts + TRAINED_D * DAY))
    return found


def _site(seed: int) -> Site:
    with tempfile.TemporaryDirectory(prefix="anxin-care-") as folder:
        path = Path(folder) / "town.yaml"
        path.write_text(site_text(seed), encoding="utf-8")
        return read_site(path)


def _local_ms(ms: int, site: Site) -> int:
    offset = datetime.fromtimestamp(ms / 1000, site.time_zone).utcoffset() or timedelta()
    return ms + round(offset.total_seconds() * 1000)
