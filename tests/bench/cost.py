"""What the store can take by COPY, and what each rule costs per event of the town mix."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.model.event import Event
from gateway.model.registry import Registry
from gateway.store import events, upkeep
from gateway.store.pool import connect
from rules.load import CATALOG, bring_to_life, read_definitions
from rules.rule import Facts, Rule
from tests.station import PROBE_RULES, Station, make_site

BATCH = 500
EVENTS = 60_000
#: Kinds of the town mix and their shares, as the load generator has them.
MIX = {
    "door.opened": 30,
    "door.closed": 30,
    "door.granted": 20,
    "motion.detected": 14,
    "camera.person": 4,
    "camera.vehicle": 2,
}
NOW = datetime.now(UTC)


def run(home: Path) -> Iterator[str]:
    """Give the store's limit and the rules' costs."""
    mix = make_mix(EVENTS)
    station = Station(home, make_site(500))
    station.start_stores()
    try:
        with connect(station.postgres.url, "bench") as connection:
            upkeep.make_partitions(connection, NOW - timedelta(days=1), NOW + timedelta(days=1))
            connection.commit()
            events.prepare(connection)
            connection.commit()
            began = time.perf_counter()
            for start in range(0, EVENTS, BATCH):
                events.insert_new(connection, station.id, mix[start : start + BATCH])
                connection.commit()
            spent = time.perf_counter() - began
    finally:
        station.close()
    yield f"Store alone, COPY into staging, told from what was there, {BATCH} a commit: {EVENTS / spent:,.0f} events/s"
    yield ""
    yield "| rule | meets, of 100 events | µs per event of the mix |"
    yield "| --- | --- | --- |"
    site = make_site(500, elders=50)
    registry = Registry(
        station=site.station,
        areas=site.areas,
        places=site.places,
        devices=site.devices,
        persons=[one.person() for one in site.persons],
    )
    for definition in read_definitions([CATALOG, PROBE_RULES]):
        met, seconds = judge_all(bring_to_life(definition), mix, registry)
        yield f"| {definition.id} | {100 * met / EVENTS:.1f} | {1e6 * seconds / EVENTS:.2f} |"


def judge_all(rule: Rule, mix: list[Event], registry: Registry) -> tuple[int, float]:
    """Let one rule judge the mix; returns how many events it met and the seconds spent in it."""
    facts = Facts(registry, {})
    kinds = set(rule.event_kinds)
    states: dict[str, Any] = {}
    met = 0
    began = time.perf_counter()
    for event in mix:
        if event.kind not in kinds and "*" not in kinds:
            continue
        for subject in rule.keys(event):
            met += 1
            judgement = rule.on_event(event, subject, states.get(subject), event.ts, facts)
            if judgement is not None and judgement.state is not None:
                states[subject] = judgement.state
    return met, time.perf_counter() - began


def make_mix(count: int) -> list[Event]:
    """Return events of the town mix, a few milliseconds apart."""
    dice = random.Random(1)
    kinds = dice.choices(list(MIX), list(MIX.values()), k=count)
    return [
        Event(
            station="teststation", device=(device := f"door-{dice.randrange(500)}"), id=f"b{n}", ts=NOW, device_ts=NOW,
            received_at=NOW, kind=kind, data={"direction": "out", "credential": f"card:{n:x}"}, digest=n,
            device_kind="door_controller", place="mall" if device != "door-1" else "flat-1",
            persons=("p-1",) if device == "door-1" else (),
        )
        for n, kind in enumerate(kinds)
    ]  # fmt: skip
