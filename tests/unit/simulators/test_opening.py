"""The demo's opening tells all its stories within two minutes, and nothing else disturbs them."""

import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from simulators.life.message import Message
from simulators.life.plan import Life
from simulators.site_file import Site, read_site

CHINA = timezone(timedelta(hours=8))
AT = datetime(2026, 11, 22, 20, 1, 30, tzinfo=CHINA)
Told = list[tuple[float, Message, Any]]


def told(site: Site, since_s: float, until_s: float, at: datetime = AT) -> Told:
    span = Life(site, 1, at).messages(at + timedelta(seconds=since_s), at + timedelta(seconds=until_s))
    return [((one.at - at).total_seconds(), one, json.loads(one.payload)) for one in span]


@pytest.fixture(scope="module")
def scene(county: Site) -> Told:
    return told(county, -200, 120)


def at(told: Told, kind: str) -> list[tuple[float, str]]:
    return [(when, one.device) for when, one, body in told if body.get("kind") == kind and when > 0]


def test_all_its_stories_are_told(scene: Told) -> None:
    assert len(at(scene, "door.forced")) == 1
    assert len(at(scene, "camera.falling_object")) == 1
    assert len(at(scene, "device.tamper")) == 1
    assert sorted(device.rpartition("-")[2] for _, device in at(scene, "alarm.pressed")) == ["button", "sos"]
    ((reset_at, sos),) = at(scene, "alarm.reset")
    assert [when < reset_at for when, device in at(scene, "alarm.pressed") if device == sos] == [True]


def test_a_card_is_refused_again_and_again(scene: Told) -> None:
    denied = at(scene, "door.denied")

    assert len(denied) == 6
    assert {device for _, device in denied} == {"mall-stockroom-door"}
    assert denied[-1][0] - denied[0][0] < 60


def test_a_back_door_is_held_and_closes(scene: Told) -> None:
    ((held_at, back),) = at(scene, "door.held")

    assert [when for when, device in at(scene, "door.closed") if device == back and when > held_at]


def test_a_vehicle_stands_and_leaves(scene: Told) -> None:
    said = [(when, body["data"]) for when, _, body in scene if body.get("kind") == "camera.parked"]

    assert [(data["state"], data["parked_s"]) for _, data in said] == [("parked", 60), ("parked", 240), ("left", 301)]
    assert len({data["track"] for _, data in said}) == 1


def test_a_gateway_loses_its_power_for_over_a_minute(county: Site, scene: Told) -> None:
    ((gone, off),) = [(when, one.device) for when, one, body in scene if body.get("online") is False]
    back = [when for when, one, body in scene if one.device == off and body.get("online") and when > gone]

    assert min(back) - gone == pytest.approx(80, abs=1)
    behind = {device.id for device in county.devices if device.via == off}
    assert not [when for when, one, _ in scene if one.device in behind and gone <= when < back[0]]


def test_two_elders_have_been_silent_for_as_long_as_they_may(county: Site) -> None:
    flats = {one.place: one.id for one in county.residents if one.silence_limit_s == 43_200}
    place = {device.id: device.place.id for device in county.devices}
    signs: dict[str, list[float]] = defaultdict(list)
    beats: Counter[str] = Counter()
    for when, one, body in told(county, -60_000, 8 * 3600):
        person = flats.get(place[one.device])
        if person is not None and one.lane == "event":
            signs[person].append((datetime.fromisoformat(body["ts"]) - AT).total_seconds())
        elif person is not None and -43_000 < when < 100:
            beats[one.device] += 1

    first, second = signs.values()
    assert set(signs) == {"p-004", "p-006"}
    if max(x for x in first if x < 0) + 43_200 > 60:
        first, second = second, first
    assert max(x for x in first if x < 0) + 43_200 == pytest.approx(45, abs=1)
    assert min(x for x in first if x > 0) > 5.9 * 3600
    assert max(x for x in second if x < 0) + 43_200 == pytest.approx(75, abs=1)
    assert min(x for x in second if x > 0) == pytest.approx(105, abs=1)
    assert set(beats) == {device for device, home in place.items() if home in flats}


def test_slices_agree_around_an_opening_at_midnight(quarter: Site) -> None:
    midnight = datetime(2026, 11, 23, 0, 0, 0, tzinfo=CHINA)
    life = Life(quarter, 1, midnight)
    begin, end = midnight - timedelta(days=2), midnight + timedelta(days=2)
    whole = list(life.messages(begin, end))

    for seconds in (-86_400, -41_000, -140, 0, 55, 60.5, 90, 115, 86_400):
        cut = midnight + timedelta(seconds=seconds)
        assert [*life.messages(begin, cut), *life.messages(cut, end)] == whole


def test_far_from_the_opening_life_is_what_it_would_have_been(quarter: Site) -> None:
    day = AT - timedelta(days=12)

    assert list(Life(quarter, 1).messages(day, day + timedelta(days=1))) == list(
        Life(quarter, 1, AT).messages(day, day + timedelta(days=1))
    )


def test_on_the_small_site_it_leaves_out_what_is_not_there(site_path: Path) -> None:
    kinds = Counter(body.get("kind") for when, _, body in told(read_site(site_path), -200, 125) if when > 0)

    assert kinds["alarm.pressed"] == 2
    assert kinds["door.denied"] == 6
    assert kinds["door.forced"] == kinds["door.held"] == kinds["camera.falling_object"] == 1
    assert "device.tamper" not in kinds
