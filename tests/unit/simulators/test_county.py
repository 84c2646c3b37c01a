"""The made-up county town is a site file that holds together, of the size that was asked for."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gateway.model.registry import Registry
from gateway.registering.reading import read_site
from gateway.registering.site import Site
from simulators.county.site import site_text


@pytest.fixture(scope="module")
def town(county_path: Path) -> Site:
    """Read by the gateway, which refuses references that lead nowhere and ids that stand twice."""
    return read_site(county_path)


def test_the_same_seed_prints_the_same_bytes_in_another_process(county_path: Path) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "simulators", "site", "--seed", "1"],
        env={**os.environ, "PYTHONHASHSEED": "77"},
        capture_output=True,
        check=True,
    ).stdout

    assert printed == county_path.read_bytes()
    assert site_text(1) != site_text(2)


def test_the_town_has_what_was_asked_for(town: Site) -> None:
    areas = Counter(area.kind for area in town.areas)
    kinds = Counter(device.kind for device in town.devices)
    places = Counter(place.kind for place in town.places)

    assert areas == {"beat": 5, "grid": 31, "special_grid": 3}
    assert 2400 <= kinds["door_controller"] + kinds["door_contact"] <= 2600
    assert 60 <= kinds["gateway"] <= 80
    assert 19 <= kinds["school_button"] <= 38
    assert 180 <= sum(device.via is None for device in town.devices) <= 220
    assert (places["school_gate"], places["mall"], places["market"]) == (19, 1, 1)
    assert (places["enterprise"], places["hazardous_site"]) == (7, 6)
    assert sum(user.role == "officer" for user in town.users) == 28
    assert len(town.persons) == 60


def test_whatever_has_no_connection_of_its_own_is_behind_a_gateway(town: Site) -> None:
    kind = {device.id: device.kind for device in town.devices}
    connects = {"camera", "school_button", "gateway"}

    for device in town.devices:
        if device.via is not None:
            assert kind[device.via] == "gateway"
            assert device.kind not in connects
    assert all(device.via is not None for device in town.devices if device.kind in {"door_contact", "motion", "meter"})


def test_a_flat_lies_in_its_building(town: Site) -> None:
    places = {place.id: place for place in town.places}

    for place in town.places:
        if place.kind == "flat":
            assert place.parent is not None
            assert places[place.parent].kind == "building"
            assert places[place.parent].area == place.area


def test_elders_have_kits_of_each_sort(town: Site) -> None:
    at = {person.place: {d.kind for d in town.devices if d.place == person.place} for person in town.persons}
    kits = Counter(frozenset(kinds - {"sos_button"}) for kinds in at.values())

    assert all(person.care.get("lives_alone") for person in town.persons)
    assert kits == {
        frozenset({"door_contact"}): 20,
        frozenset({"door_contact", "motion"}): 20,
        frozenset({"door_contact", "meter"}): 20,
    }
    assert sum("sos_button" in kinds for kinds in at.values()) == 15
    sooner = [at[person.place] for person in town.persons if person.care.get("silence_limit_s") == 43_200]
    assert [kinds & {"motion", "meter"} for kinds in sooner] == [{"motion"}, {"meter"}]


def test_every_area_reaches_somebody_on_duty(town: Site) -> None:
    registry = Registry(station=town.station, areas=town.areas, duties=town.duty)
    phones = {user.username for user in town.users if user.phone}

    for area in town.areas:
        duty = next(registry.duties[one] for one in registry.areas_above(area.id) if one in registry.duties)
        assert {duty.officer, duty.deputy, duty.commander} <= phones


def test_people_take_turns_and_schools_are_guarded(town: Site) -> None:
    roles = {user.username: user for user in town.users}
    auxiliaries = {user.username for user in town.users if user.auxiliary}
    places = {place.id: place for place in town.places}

    assert len(auxiliaries) == 18
    assert roles["leader"].role == "commander"
    assert all(address.startswith("+8610000000") for user in town.users for address in user.contacts.values())
    numbers = [user.contacts["sms"] for user in town.users if user.contacts]
    assert len(set(numbers)) == len(numbers) == 12
    [room] = [place.id for place in town.places if place.kind == "duty_room"]
    [turns] = [shift for shift in town.shifts if shift.place == room]
    assert (turns.area, turns.turn_days, set(turns.people) <= auxiliaries) == (None, 1, True)
    guards = [shift for shift in town.shifts if shift.duty_as == "guard"]
    assert len(guards) == 2 * 19
    assert all(places[shift.place or ""].kind == "school_gate" for shift in guards)
    assert {duty.area for duty in town.duty} >= {None, "night-market-area", "beat-5"}
    assert all(duty.leader == "leader" for duty in town.duty)


def test_names_that_the_small_station_has_are_there_too(town: Site) -> None:
    devices = {device.id for device in town.devices}

    assert {"school-1-button", "school-1-button-2", "school-1-gate", "building-1-back", "flat-1-101-sos"} <= devices
    assert {"operator", "officer", "deputy", "commander", "auditor", "admin"} <= {user.username for user in town.users}
    assert {"grid-101", "beat-1"} <= {area.id for area in town.areas}


def test_each_grid_has_a_patch_of_its_own(town: Site) -> None:
    parents = {area.id: area.parent for area in town.areas if area.kind == "special_grid"}
    boxes: dict[str, list[tuple[float, float]]] = {}
    for place in town.places:
        if place.lat is not None and place.lon is not None:
            boxes.setdefault(parents.get(place.area) or place.area, []).append((place.lat, place.lon))

    edges = [
        (
            min(lat for lat, _ in spots),
            max(lat for lat, _ in spots),
            min(lon for _, lon in spots),
            max(lon for _, lon in spots),
        )
        for spots in boxes.values()
    ]
    assert len(edges) == 31
    for number, (south, north, west, east) in enumerate(edges):
        for other in edges[:number]:
            assert north < other[0] or other[1] < south or east < other[2] or other[3] < west
