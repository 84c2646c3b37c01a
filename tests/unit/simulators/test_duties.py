"""What is asked of places is done: gates shut in class, sales reported, sites guarded, people counted."""

import json
from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from simulators.life.plan import messages
from simulators.life.venues import hours
from simulators.site_file import Site

CHINA = timezone(timedelta(hours=8))
MONDAY = datetime(2026, 11, 2, tzinfo=CHINA)
WEEK = timedelta(days=7)
Told = list[tuple[datetime, str, str, Any]]


@pytest.fixture(scope="module")
def week(county: Site) -> Told:
    """Each event of a week: when it truly came, device, kind, data."""
    told = [(one.at, one.device, json.loads(one.payload)) for one in messages(county, 1, MONDAY, MONDAY + WEEK)]
    return [(at, device, body["kind"], body["data"]) for at, device, body in told if "kind" in body]


def test_gates_of_schools_are_shut_in_class_but_for_latecomers(county: Site, week: Told) -> None:
    bells = {
        place.id: hours(place.attributes["class_hours"])
        for place in county.places.values()
        if "class_hours" in place.attributes
    }
    gates = {device.id: device.place.id for device in county.find("door_controller", "school_gate")}
    opened: dict[str, datetime] = {}
    spans: Counter[str] = Counter()
    for at, device, kind, _ in week:
        if device in gates and kind == "door.opened":
            opened[device] = at
        elif device in gates and kind == "door.closed":
            began, school = opened.pop(device), gates[device]
            first, last = (datetime.combine(at, time(), CHINA) + timedelta(hours=bell) for bell in bells[school])
            if began < last and at > first:
                assert at - began < timedelta(minutes=2)
            assert at.weekday() < 5
            spans[school] += 1

    assert len(bells) == 19
    assert not opened
    assert all(spans[school] >= 10 for school in bells)


def test_sales_are_reported_once_each_working_day(county: Site, week: Told) -> None:
    asked = {place.id for place in county.places.values() if place.attributes.get("reports_sales")}
    at_place = {device.id: device.place.id for device in county.devices}
    days: dict[str, list[date]] = defaultdict(list)
    for at, device, kind, data in week:
        if kind == "venue.reported":
            assert data == {"report": "sales"}
            days[at_place[device]].append(at.date())

    assert days.keys() == asked
    assert len(asked) > 30
    assert all([day.weekday() for day in found] == [0, 1, 2, 3, 4] for found in days.values())


def test_somebody_is_seen_at_an_attended_site_again_and_again(county: Site, week: Told) -> None:
    for place in county.places.values():
        if not place.attributes.get("attended"):
            continue
        guarded = "guard_hours" in place.attributes
        seen = [at for at, device, kind, _ in week if device == f"{place.id}-camera" and kind == "camera.person"]
        gaps = [later - sooner for sooner, later in pairwise(seen) if not guarded or 6 <= sooner.hour < 22]
        assert max(gaps) < timedelta(minutes=45 if guarded else 30)
        assert len(seen) > 400


def test_counters_count_whom_a_card_let_through(county: Site, week: Told) -> None:
    counting = {device.id for device in county.devices if device.attributes.get("counts_people")}
    for door in counting:
        let = [(at, data["direction"]) for at, device, kind, data in week if device == door and kind == "door.granted"]
        counted = [
            (at, data["direction"]) for at, device, kind, data in week if device == door and kind == "door.passed"
        ]

        assert len(let) == len(counted) > 20
        assert {way for _, way in let} == {way for _, way in counted}
        assert all(
            timedelta() < later - sooner < timedelta(minutes=1)
            for (sooner, _), (later, _) in zip(let, counted, strict=True)
        )
    assert len(counting) == 15


def test_where_nobody_may_come_in_twice_everybody_leaves_by_card(county: Site, week: Told) -> None:
    zone = {device.id: device.attributes["zone"] for device in county.devices if "zone" in device.attributes}
    inside: set[tuple[str, str]] = set()
    entries = 0
    for _, device, kind, data in week:
        if kind == "door.granted" and device in zone:
            who = (zone[device], data["credential"])
            if data["direction"] == "in":
                assert who not in inside
                inside.add(who)
                entries += 1
            else:
                inside.remove(who)
    assert entries > 300
    assert not inside


def test_on_days_off_only_the_guard_enters_a_school_or_a_store(county: Site, week: Told) -> None:
    where = {device.id: device.place.kind for device in county.devices}
    roles: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for at, device, kind, data in week:
        if kind == "door.granted" and where[device] in {"school_gate", "restricted_door"}:
            roles[where[device], at.weekday() < 5].add(data["role"])

    for kind in ("school_gate", "restricted_door"):
        assert roles[kind, True] == {"staff"}
        assert roles[kind, False] == {"guard"}


def test_visitors_ring_for_a_flat_of_that_building(county: Site, week: Told) -> None:
    door = {device.id: device.place.id for device in county.devices}
    rings = [(device, data) for _, device, kind, data in week if kind == "visitor.called"]

    assert {data["known"] for _, data in rings} == {True, False}
    assert all(county.places[data["flat"]].parent == door[device] for device, data in rings)


def test_no_two_disputes_are_between_the_same(county: Site) -> None:
    disputes = [
        frozenset(json.loads(one.payload)["data"]["places"])
        for one in messages(county, 1, MONDAY, MONDAY + 5 * WEEK)
        if b"incident.reported" in one.payload
    ]

    assert 8 < len(disputes) == len(set(disputes))
    assert all(len({county.places[flat].parent for flat in between}) == 1 for between in disputes)
    assert all(len(between) == 2 for between in disputes)


def test_what_cameras_take_for_more_than_it_is_stays_harmless(week: Told) -> None:
    found: dict[str, list[Any]] = defaultdict(list)
    for _, _, kind, data in week:
        found[kind].append(data)

    assert max(data["dwell_s"] for data in found["camera.loitering"]) <= 150
    assert max(data["confidence"] for data in found["camera.intrusion"]) < 0.5
    assert max(data["confidence"] for data in found["camera.smoke"]) < 0.5
    assert all(data["people"] < data["limit"] for data in found["camera.crowding"])
    assert Counter(data["state"] for data in found["camera.tamper"])["on"] == len(found["camera.tamper"]) / 2 > 0
