"""Devices behave in steps: kinds the gateway knows, in order of time, with the data that belongs to them."""

import json
import random

import pytest

from simulators import camera, door, school_button
from simulators.events import Event, Step

DICE = random.Random(1)


@pytest.mark.parametrize(
    ("steps", "kinds"),
    [
        (door.granted_swipe(DICE, "card:7f3a"), ["door.granted", "door.opened", "door.closed"]),
        (door.pushed_open(DICE), ["door.opened", "door.closed"]),
        (door.denied_swipe("card:7f3a"), ["door.denied"]),
        (door.forced_then_closed(40.0), ["door.forced", "door.opened", "door.closed"]),
        (
            door.held_then_closed(30.0, 60.0, "card:7f3a"),
            ["door.granted", "door.opened", "door.held", "door.closed"],
        ),
        (door.contact_cycle(DICE), ["door.opened", "door.closed"]),
        (camera.person(DICE), ["camera.person"]),
        (camera.vehicle(DICE), ["camera.vehicle"]),
        (camera.parked(DICE), ["camera.parked"]),
        (camera.falling_object(DICE), ["camera.falling_object"]),
        (camera.loitering(DICE), ["camera.loitering"]),
        (school_button.press("gatehouse"), ["alarm.pressed"]),
        (school_button.reset("gatehouse"), ["alarm.reset"]),
    ],
)
def test_a_behaviour_is_its_steps_in_order(steps: list[Step], kinds: list[str]) -> None:
    assert [step.kind for step in steps] == kinds
    assert [step.after_s for step in steps] == sorted(step.after_s for step in steps)
    assert steps[0].after_s == 0
    for step in steps:
        if step.kind.startswith("camera."):
            assert 0 <= float(step.data["confidence"]) <= 1
            assert {"zone", "track"} <= step.data.keys()


def test_an_event_is_written_as_the_wire_format_says() -> None:
    event = Event("e1", "2026-11-22T08:00:00.123+08:00", "door.opened", {"direction": "out", "zone": "东门"})

    assert json.loads(event.payload()) == {
        "id": "e1",
        "ts": "2026-11-22T08:00:00.123+08:00",
        "kind": "door.opened",
        "data": {"direction": "out", "zone": "东门"},
    }
    assert event.lane == "event"
