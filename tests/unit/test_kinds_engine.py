"""What the engine gives every rule: schedules, numbers of one's own, order that does not matter, what others raised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.errors import Misconfigured
from gateway.model.event import Event
from gateway.model.person import Person
from gateway.model.registry import Area, Device, Place, Registry, Station
from gateway.store.registry_log import RegistryChange, redone, undone
from rules.load import CATALOG, bring_to_life, parse_definition
from rules.replay import Replay
from rules.rule import Rule

ZONE = ZoneInfo("Asia/Shanghai")
T0 = datetime(2026, 9, 28, 9, 0, tzinfo=ZONE)
REGISTRY = Registry(
    station=Station("s", "所", "Asia/Shanghai"),
    areas=[Area("a", "grid", "甲"), Area("b", "grid", "乙"), Area("c", "grid", "丙")],
    places=[
        Place("hall", "door", "a", "门厅", attributes={"held_limit_s": 300}),
        Place("gate", "school_gate", "b", "校门", attributes={"class_hours": "08:00-16:00"}),
        Place("shop", "shop", "c", "店", attributes={"reports": True}),
    ],
    devices=[
        Device("d-a", "door_controller", "hall", "门一"),
        Device("d-b", "door_controller", "gate", "门二"),
        Device("d-c", "door_controller", "shop", "门三", attributes={"held_limit_s": 10}),
    ],
)


def rule(kind: str, **changes: Any) -> Rule:
    told = yaml.safe_load((CATALOG / "repeated-denied-entry.yaml").read_text(encoding="utf-8"))
    return bring_to_life(parse_definition({**told, "id": "the-rule", "kind": kind, **changes}, "the-rule"))


def event(device: str, kind: str, at: float, late: float = 0, **data: Any) -> Event:
    mounting = REGISTRY.mounting(device)
    assert mounting is not None
    ts = T0 + timedelta(seconds=at)
    return Event.at(
        mounting, station="s", device=device, id=f"{kind}{at}", ts=ts, device_ts=ts,
        received_at=ts + timedelta(seconds=late), kind=kind, data=data,
    )  # fmt: skip


def judged(rules: Sequence[Rule], events: Sequence[Event], until: float = 0) -> list[tuple[float, str, str]]:
    replay = Replay(rules, REGISTRY, T0 - timedelta(hours=3), strict=True)
    for one in events:
        replay.event(one)
    replay.run_until(T0 + timedelta(seconds=until))
    return [((verdict.at - T0).total_seconds(), verdict.action, verdict.subject) for verdict in replay.verdicts]


OPENED = {"kinds": ["door.opened"]}
CLOSED = {"kinds": ["door.closed"]}


def test_an_attribute_goes_over_a_number() -> None:
    held = rule("dwell", when=OPENED, clear=CLOSED, params={"for_s": {"default": 60, "attribute": "held_limit_s"}})
    events = [event(device, "door.opened", 0) for device in ("d-a", "d-b", "d-c")]
    assert judged([held], events, 600) == [
        (10, "raise", "device:d-c"),
        (60, "raise", "device:d-b"),
        (300, "raise", "device:d-a"),
    ]


def test_a_gate_opened_before_class_counts_from_the_bell() -> None:
    hours = {"days": "workdays", "from": "09:10", "to": "17:00"}
    gate = rule("dwell", when=OPENED, clear=CLOSED, schedule=hours, params={"for_s": 120})
    assert judged([gate], [event("d-b", "door.opened", 0)], 3600) == [(720, "raise", "device:d-b")]
    own = rule("dwell", when=OPENED, clear=CLOSED, schedule={**hours, "hours": "class_hours"}, params={"for_s": 120})
    assert judged([own], [event("d-b", "door.opened", 0)], 3600) == [(120, "raise", "device:d-b")]


def test_an_end_counts_once_it_has_lasted() -> None:
    flaps = rule("dwell", when=OPENED, clear=CLOSED, params={"for_s": 60, "off_s": 30})
    events = [
        event("d-a", "door.opened", 0), event("d-a", "door.closed", 40), event("d-a", "door.opened", 50),
        event("d-a", "door.closed", 100),
    ]  # fmt: skip
    assert judged([flaps], events, 600) == [(60, "raise", "device:d-a"), (130, "clear", "device:d-a")]


def test_a_beginning_that_comes_late_waits_for_its_end_behind_it() -> None:
    """A gateway that was cut off hands in what it kept, one message after the other."""
    held = rule("dwell", when=OPENED, clear=CLOSED, params={"for_s": 60})
    kept = [event("d-a", "door.opened", 0, late=3600), event("d-a", "door.closed", 100, late=3501)]
    assert judged([held], kept, 7200) == []
    assert judged([held], kept[:1], 7200) == [(3610, "raise", "device:d-a")]


def test_one_of_a_cameras_many_postpones_nothing() -> None:
    parked = rule("dwell", when=OPENED, clear=CLOSED, params={"for_s": 60})
    assert judged([parked], [event("d-a", "door.opened", n) for n in range(0, 90, 4)], 200) == [
        (60, "raise", "device:d-a")
    ]


def test_silence_clears_an_instant() -> None:
    seen = rule("instant", when={"kinds": ["camera.smoke"]}, params={"clear_after_s": 60})
    events = [event("d-a", "camera.smoke", 0), event("d-a", "camera.smoke", 30)]
    assert judged([seen], events, 600) == [
        (0, "raise", "device:d-a"), (30, "raise", "device:d-a"), (90, "clear", "device:d-a"),
    ]  # fmt: skip


UNGRANTED = {
    "when": OPENED,
    "params": {"unless": {"kinds": ["door.granted"]}, "unless_s": 5, "clear_after_s": 600},
}


def test_what_should_have_gone_before() -> None:
    forced = rule("sequence", **UNGRANTED)
    assert judged([forced], [event("d-a", "door.granted", 0), event("d-a", "door.opened", 4)]) == []
    assert judged([forced], [event("d-a", "door.granted", 0), event("d-a", "door.opened", 6)]) == [
        (6, "raise", "device:d-a")
    ]
    late = [event("d-a", "door.opened", 4), event("d-a", "door.granted", 0, late=60)]
    assert [verdict[1] for verdict in judged([forced], late)] == ["raise", "retract"]


def test_one_step_after_another_once_each_and_only_within_the_span() -> None:
    steps = {"steps": [OPENED], "within_s": 60, "clear_after_s": 30}
    tampered = rule("sequence", when={"kinds": ["device.tamper"]}, params=steps)
    assert judged([tampered], [event("d-a", "device.tamper", 0), event("d-a", "door.opened", 61)]) == []
    events = [event("d-a", "device.tamper", 0), event("d-a", "door.opened", 50), event("d-a", "door.closed", 55)]
    assert judged([tampered], [*events, event("d-a", "device.tamper", 300)], 900) == [
        (50, "raise", "device:d-a"), (80, "clear", "device:d-a"),
    ]  # fmt: skip


HAPPENED = st.lists(
    st.tuples(st.sampled_from(["door.opened", "door.granted", "device.tamper"]), st.integers(0, 90)),
    min_size=1, max_size=9, unique_by=lambda told: told,
)  # fmt: skip


@settings(max_examples=300)
@given(HAPPENED, st.randoms(use_true_random=False))
def test_any_order_leaves_the_same_standing(happened: list[tuple[str, int]], dice: Any) -> None:
    rules = [
        rule("sequence", **UNGRANTED),
        rule("sequence", when={"kinds": ["device.tamper"]},
             params={"steps": [OPENED], "within_s": 20, "clear_after_s": 600}),
        rule("count", when=OPENED, params={"limit": 3, "window_s": 30, "clear_after_s": 600}),
        rule("dwell", when=OPENED, clear={"kinds": ["door.granted"]}, params={"for_s": 20}),
        rule("dwell", when=OPENED, clear={"kinds": ["door.granted"]}, params={"for_s": 20, "off_s": 10}),
        rule("instant", when=OPENED, clear={"kinds": ["door.granted"]}, params={}),
    ]  # fmt: skip
    in_order = [event("d-a", kind, at, late=100 - at) for kind, at in sorted(happened, key=lambda told: told[1])]
    shuffled = list(in_order)
    dice.shuffle(shuffled)
    for judge in rules:
        told = [judged([judge], events, 200) for events in (in_order, shuffled)]
        assert stands(told[0]) == stands(told[1]), (judge.definition.kind, judge.definition.params, told)


def stands(told: list[tuple[float, str, str]]) -> bool:
    """Whether an alert stands after these, as lifecycle takes them: what is older than the newest sign ends nothing."""
    standing, newest = False, -1e9
    for at, action, _ in told:
        if action == "raise":
            standing, newest = True, max(at, newest)
        elif action == "retract" or at >= newest:
            standing = False
    return standing


def test_what_one_rule_raises_another_may_count_and_no_third() -> None:
    refused = rule("instant", when={"kinds": ["door.denied"]}, params={})
    grids = rule(
        "count", when={"kinds": ["alert.raised"], "where": {"data.rule": "the-rule"}}, subject="data.credential",
        params={"limit": 3, "window_s": 86400, "clear_after_s": 3600, "distinct": "area"},
    )  # fmt: skip
    grids.id = "grids"
    third = rule("instant", when={"kinds": ["alert.raised"], "where": {"data.rule": "grids"}}, params={})
    third.id = "third"
    events = [event(device, "door.denied", n, credential="card:1") for n, device in enumerate(("d-a", "d-a", "d-b"))]
    assert [told[2] for told in judged([refused, grids, third], events)] == ["device:d-a", "device:d-a", "device:d-b"]
    more = [*events, event("d-c", "door.denied", 9, credential="card:1")]
    assert judged([refused, grids, third], more)[-1] == (9, "raise", "credential:card:1")


def test_a_place_that_must_report_is_overdue() -> None:
    overdue = rule(
        "absence", subject="place", when={"kinds": ["venue.reported"]}, params={"limit_s": 3600, "watch": "reports"},
        schedule={"days": "workdays", "from": "09:00", "to": "18:00"},
    )  # fmt: skip
    assert judged([overdue], [event("d-c", "venue.reported", 600)], 3600 * 2) == [(4200, "raise", "place:shop")]


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("dwell", {"when": OPENED, "params": {"for_s": 60}}),
        ("dwell", {"when": OPENED, "clear": CLOSED, "params": {"for_s": {"default": 60}}}),
        ("dwell", {"when": OPENED, "clear": CLOSED, "params": {"for_s": -1}}),
        ("instant", {"when": OPENED, "clear": CLOSED, "params": {"clear_after_s": 5}}),
        ("sequence", {"when": OPENED, "params": {"clear_after_s": 5}}),
        ("sequence", {"when": OPENED, "params": {"clear_after_s": 5, "unless": {"kinds": []}}}),
        ("absence", {"when": OPENED, "subject": "device", "params": {"limit_s": 5}}),
        ("count", {"when": OPENED, "params": {"limit": 2, "window_s": 5, "clear_after_s": 5, "distinct": "colour"}}),
    ],
)
def test_what_cannot_work_is_refused(kind: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured):
        rule(kind, **changes)


def test_the_registry_of_a_moment() -> None:
    person = Person("p", "甲", "hall", {"lives_alone": True})
    now = REGISTRY.replaced(
        places=REGISTRY.places.values(),
        devices=[one for one in REGISTRY.devices.values() if one.id != "d-c"],
        persons=[person],
    )
    changes = [
        RegistryChange(T0, "person", "p", None, {"id": "p", "place_id": "gate", "care": {}}),
        RegistryChange(
            T0 + timedelta(hours=1), "person", "p", {"id": "p", "place_id": "gate", "care": {}},
            {"id": "p", "place_id": "hall", "care": {"lives_alone": True}},
        ),
        RegistryChange(
            T0 + timedelta(hours=2), "device", "d-c",
            {"id": "d-c", "kind": "door_controller", "place_id": "shop", "name": "门三", "attributes": {}}, None,
        ),
    ]  # fmt: skip
    before = undone(now, changes)
    assert set(before.persons) == set()
    assert before.devices["d-c"].place == "shop"
    first = redone(before, changes[:1])
    assert first.persons["p"].place == "gate"
    assert first.persons_at("gate") == ("p",)
    again = redone(first, changes[1:])
    assert again.persons == {"p": Person("p", "", "hall", {"lives_alone": True})}
    assert "d-c" not in again.devices
    assert undone(now, changes[1:]).persons["p"].name == "", "the road knows nobody by name"
