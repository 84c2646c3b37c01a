"""Several elders of one building silent at once: one item more about the building, and none of their alerts less."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.model.event import Event
from gateway.model.person import Person
from gateway.model.registry import Device, Place, Registry, Station
from rules.load import CATALOG, bring_to_life, read_definition
from rules.replay import Replay

RULES = ("elder-silent", "elders-silent-together")
T0 = datetime(2026, 11, 2, tzinfo=UTC)
FLATS = ("a", "b", "c")
REGISTRY = Registry(
    station=Station("s", "所", "Asia/Shanghai"),
    places=[Place("block", "building", "grid", "3号楼")]
    + [Place(flat, "flat", "grid", f"{flat}室", parent="block") for flat in FLATS],
    devices=[Device("gw", "gateway", "block", "网关")]
    + [Device(f"door-{flat}", "door_contact", flat, "门磁", "gw") for flat in FLATS],
    persons=[Person(f"p-{flat}", flat, flat, {"lives_alone": True}) for flat in FLATS],
)


@pytest.mark.parametrize(("apart_min", "together"), [(10, 1), (40, 0)])
def test_a_building_is_told_of_and_every_elder_still_rings(apart_min: int, together: int) -> None:
    rules = [bring_to_life(read_definition(CATALOG / f"{rule}.yaml")) for rule in RULES]
    replay = Replay(rules, REGISTRY, T0, strict=True)
    for number, flat in enumerate(FLATS):
        mounting = REGISTRY.mounting(f"door-{flat}")
        assert mounting is not None
        ts = T0 + timedelta(minutes=1 + apart_min * number)
        replay.event(
            Event.at(
                mounting, station="s", device=f"door-{flat}", id=flat, ts=ts, device_ts=ts, received_at=ts,
                kind="door.opened", data={},
            )
        )  # fmt: skip
    replay.run_until(T0 + timedelta(hours=30))
    raised = [(v.rule, v.subject, v.stream) for v in replay.verdicts if v.action == "raise"]
    assert [one for one in raised if one[0] == RULES[0]] == [(RULES[0], f"person:p-{flat}", "alert") for flat in FLATS]
    assert [one for one in raised if one[0] == RULES[1]] == [(RULES[1], "building:block", "work_item")] * together
