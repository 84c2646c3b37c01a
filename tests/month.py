"""A made-up October of a small station, row by row, so that every figure of it can be computed by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from gateway.model.duty import Duty
from gateway.model.person import Person
from gateway.model.registry import Area, Place
from gateway.registering.site import SiteUser
from tests.station import EXPLANATION, SAID, Station, make_site

OCTOBER = {"since": "2026-10-01T00:00:00+08:00", "until": "2026-11-01T00:00:00+08:00"}
STEPS = ("dispatch", "sign", "depart", "arrive", "handle", "close", "urged", "supervised")


def at(local: str) -> datetime:
    """A moment of the station's clock, like `2026-10-05 08:00`."""
    return datetime.fromisoformat(f"{local}+08:00")


def start(home: Path) -> Station:
    """A station with a database and an API, its October filled in."""
    site = make_site(doors=1, elders=0)
    site = msgspec.structs.replace(
        site,
        areas=[*site.areas, Area("beat-2", "beat", "二警务区"), Area("grid-2", "grid", "夜市网格", "beat-2")],
        places=[
            *site.places,
            Place("block-1", "building", "grid-1", "东街1号楼"),
            Place("flat-1", "flat", "grid-1", "东街1号楼101", parent="block-1"),
            Place("flat-2", "flat", "grid-1", "东街1号楼102", parent="block-1"),
            Place("market", "market", "grid-2", "夜市"),
            Place("cottage", "house", "grid-2", "河边老屋7号"),
        ],
        persons=[
            Person("p-1", "甲老人", "flat-1", {"lives_alone": True}),
            Person("p-2", "乙老人", "flat-2", {"lives_alone": True}),
            Person("p-3", "丙老人", "cottage", {"lives_alone": True}),
            Person("p-4", "丁", "flat-2", {}),
        ],
        users=[
            *site.users,
            SiteUser("night", "夜班员", "operator"),
            SiteUser("grid", "网格员", "grid_worker"),
            SiteUser("market-chief", "夜市长", "commander"),
        ],
        duty=[Duty("beat-1", "officer", "deputy", "commander"), Duty("beat-2", "deputy", None, "commander")],
    )
    station = Station(home, site)
    station.start_stores()
    station.execute("update user_account set areas = '{grid-2}' where username in ('grid', 'market-chief')")
    fill(station)
    return station.start_api()


def incident(  # one keyword per thing said
    station: Station,
    opened: str,
    place: str,
    area: str,
    *,
    priority: str = "P2",
    category: str = "entry",
    state: str = "closed",
    disposition: str | None = None,
    drill: bool = False,
    steps: tuple[tuple[str, float, str], ...] = (),
) -> int:
    """An incident with steps: act, seconds after the opening, actor. Closed ones are closed a day later."""
    opened_at = at(opened)
    over = opened_at + timedelta(days=1) if state in {"closed", "merged", "cancelled"} else None
    number = station.one(
        "insert into incident (station_id, state, priority, category, place_id, area_id, title, opened_at, changed_at,"
        " ladder, disposition, closed_at, drill) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, '[]', %s, %s, %s)"
        " returning id",
        station.id, state, priority, category, place, area, SAID, opened_at, opened_at, disposition, over, drill,
    )  # fmt: skip
    for act, after, actor in (("opened", 0, "system"), *steps):
        station.execute(
            "insert into incident_step (incident_id, at, actor, act) values (%s, %s, %s, %s)",
            number, opened_at + timedelta(seconds=after), actor, act,
        )  # fmt: skip
    return int(number)


def alert(  # one keyword per thing said
    station: Station,
    raised: datetime,
    rule: str,
    subject: str,
    *,
    priority: str = "P2",
    area: str = "grid-1",
    incident_id: int | None = None,
    sounded: int = 1,
    suppressed_by: str | None = None,
    lasts_s: float | None = 3600,
    drill: bool = False,
    stream: str = "alert",
) -> int:
    """An alert that was over after so many seconds (None: it stands)."""
    over = raised + timedelta(seconds=lasts_s) if lasts_s is not None else None
    number = station.one(
        "insert into alert (station_id, rule_id, rule_version, subject, stream, priority, area_id, title, explanation,"
        " first_action, raised_at, last_event_at, sounded, active, cleared_at, ended_at, suppressed_by, drill)"
        " values (%s, %s, 1, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id",
        station.id, rule, subject, stream, priority, area, SAID, EXPLANATION, SAID, raised, raised, sounded,
        over is None, over, over, suppressed_by, drill,
    )  # fmt: skip
    sounding(station, number, raised, suppressed_by)
    if incident_id is not None:
        station.execute("insert into incident_alert values (%s, %s)", incident_id, number)
    return int(number)


def sounding(station: Station, number: int, moment: datetime, reason: str | None = None) -> None:
    """An alert sounds, or would: then the reason says why it does not."""
    station.execute(
        "insert into sounding (station_id, at, alert_id, rule_id, priority, area_id, spot, reason)"
        " select station_id, %s, id, rule_id, priority, area_id, area_id, %s from alert where id = %s",
        moment, reason, number,
    )  # fmt: skip


def fill(station: Station) -> None:
    """October: seven incidents that count, five of them signed after 30, 60, 200, 10 and 20 seconds."""
    a = incident(
        station, "2026-10-05 08:00", "school-1", "grid-1", priority="P1", category="school", disposition="real",
        steps=(
            ("dispatch", 20, "operator"), ("sign", 50, "officer"), ("depart", 150, "officer"),
            ("arrive", 350, "officer"), ("urged", 900, "system"), ("supervised", 1500, "system"),
            ("handle", 2150, "officer"), ("close", 3000, "operator"),
        ),
    )  # fmt: skip
    b = incident(
        station, "2026-10-06 10:00", "mall", "grid-1", disposition="false_human",
        steps=(
            ("sign", 60, "officer"), ("urged", 300, "system"), ("depart", 460, "officer"),
            ("handle", 2060, "officer"), ("close", 2500, "operator"),
        ),
    )  # fmt: skip
    c = incident(
        station, "2026-10-07 23:30", "cottage", "grid-2", priority="P3", category="care", state="handled",
        steps=(
            ("dispatch", 10, "operator"), ("dispatch", 30, "operator"), ("sign", 230, "deputy"),
            ("dispatch", 240, "operator"), ("sign", 500, "officer"), ("depart", 2031, "deputy"),
            ("arrive", 2091, "deputy"), ("handle", 22_091, "deputy"),
        ),
    )  # fmt: skip
    incident(station, "2026-10-08 09:00", "market", "grid-2", category="order", state="new")
    e = incident(station, "2026-10-09 09:00", "school-1", "grid-1", disposition="drill", drill=True,
                 steps=(("sign", 5, "officer"),))  # fmt: skip
    incident(station, "2026-10-10 09:00", "mall", "grid-1", state="merged", steps=(("sign", 5, "officer"),))
    incident(station, "2026-10-11 09:00", "market", "grid-2", state="cancelled")
    j = incident(station, "2026-10-20 09:00", "flat-1", "grid-1", category="care", disposition="nuisance",
                 steps=(("sign", 10, "officer"),))  # fmt: skip
    k = incident(station, "2026-10-25 09:00", "flat-1", "grid-1", category="care", disposition="unfounded",
                 steps=(("sign", 20, "officer"),))  # fmt: skip
    m = incident(station, "2026-10-29 09:00", "cottage", "grid-2", priority="P4", category="other", disposition="real")
    # Before: two in September, one of them still open; one a year ago; one that says since when there are any.
    incident(station, "2026-09-10 09:00", "mall", "grid-1", disposition="real")
    incident(station, "2026-09-30 23:59", "flat-1", "grid-1", category="care", state="dispatched")
    incident(station, "2025-10-10 09:00", "school-1", "grid-1", priority="P1", category="school", disposition="real")
    incident(station, "2025-09-15 09:00", "school-1", "grid-1", disposition="real")
    for number, raised, rule, subject, more in _alerts(a, b, c, e, j, k, m):
        alert(station, at(raised), rule, subject, incident_id=number, **more)


def _alerts(  # the incidents by their letters
    a: int, b: int, c: int, e: int, j: int, k: int, m: int
) -> list[tuple[int | None, str, str, str, dict[str, Any]]]:
    school, forced, silent = "school-one-touch-alarm", "door-forced", "elder-silent"
    return [
        (a, "2026-10-05 08:00", school, "device:button-1", {"priority": "P1"}),
        (a, "2026-10-05 08:05", school, "device:button-2", {"priority": "P1"}),
        (b, "2026-10-06 10:00", forced, "device:door-0", {}),
        (c, "2026-10-07 23:30", silent, "person:p-3", {"priority": "P3", "area": "grid-2"}),
        (e, "2026-10-09 09:00", school, "device:button-1", {"priority": "P1", "drill": True}),
        (j, "2026-10-20 09:00", silent, "person:p-1", {}),
        (k, "2026-10-25 09:00", silent, "person:p-1", {}),
        (m, "2026-10-29 09:00", silent, "person:p-3", {"priority": "P4", "area": "grid-2"}),
        (None, "2026-10-12 09:00", forced, "device:door-1", {"sounded": 0, "suppressed_by": "shelved"}),
        (None, "2026-10-13 09:00", forced, "device:door-2", {"sounded": 0, "suppressed_by": "flood", "priority": "P3"}),
        (None, "2026-10-13 09:00", "battery-low", "device:door-2", {"stream": "work_item", "suppressed_by": "x"}),
    ]
