"""The demo station holds together, and its people behave."""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulators.habits import habits_of
from simulators.opening_scene import opening_scene
from simulators.site_file import SiteError, read_site


@pytest.fixture
def raw(site_path: Path) -> Any:
    return yaml.safe_load(site_path.read_text(encoding="utf-8"))


def test_every_id_is_well_formed_and_said_once(raw: Any) -> None:
    for part in ("areas", "places", "devices", "persons"):
        ids = [entry["id"] for entry in raw[part]]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", one) for one in ids)


def test_every_reference_points_somewhere(raw: Any) -> None:
    areas = {area["id"] for area in raw["areas"]}
    places = {place["id"] for place in raw["places"]}
    users = {user["username"]: user for user in raw["users"]}

    assert {area["parent"] for area in raw["areas"] if "parent" in area} <= areas
    assert {place["area"] for place in raw["places"]} <= areas
    assert {entry["place"] for entry in (*raw["devices"], *raw["persons"])} <= places
    assert {duty["area"] for duty in raw["duty"]} == {area["id"] for area in raw["areas"] if area["kind"] == "beat"}
    for duty in raw["duty"]:
        assert all("phone" in users[duty[who]] for who in ("officer", "deputy", "commander"))


def test_the_station_has_what_the_demo_shows(raw: Any) -> None:
    kinds = Counter(device["kind"] for device in raw["devices"])

    assert kinds["school_button"] == 4
    assert kinds["camera"] == 3
    assert kinds["sos_button"] == 2
    assert [user["username"] for user in raw["users"]] == [
        "operator",
        "officer",
        "deputy",
        "commander",
        "auditor",
        "admin",
    ]
    assert [person["care"] for person in raw["persons"]].count({"lives_alone": True}) == 3


def test_the_opening_scene_shows_its_four_stories_within_two_minutes(site_path: Path) -> None:
    scene = opening_scene(read_site(site_path))

    told = Counter(cue.step.kind for cue in scene if cue.at_s <= 120)
    denied = [cue.at_s for cue in scene if cue.step.kind == "door.denied"]
    (held,) = [cue for cue in scene if cue.step.kind == "door.held"]
    assert told["alarm.pressed"] == told["door.forced"] == told["door.held"] == 1
    assert len(set(denied)) == 6
    assert denied[-1] - denied[0] < 60
    assert any(
        cue.step.kind == "door.closed" and cue.device == held.device and held.at_s < cue.at_s <= 120 for cue in scene
    )
    assert scene == sorted(scene, key=lambda cue: cue.at_s)


def test_the_same_seed_lives_the_same_habits(site_path: Path) -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def lived(seed: int) -> list[Any]:
        return [(habit.wait_s(noon), habit.scene(noon)) for habit in habits_of(read_site(site_path), seed)]

    assert lived(1) == lived(1)
    assert lived(1) != lived(2)


def test_habits_only_use_devices_of_the_site_and_raise_no_alarm(site_path: Path) -> None:
    site = read_site(site_path)
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    cues = [cue for habit in habits_of(site, 1) for _ in range(5) for cue in habit.scene(noon)]

    assert {cue.device for cue in cues} <= {device.id for device in site.devices}
    assert {cue.step.kind for cue in cues} == {
        "camera.person",
        "camera.vehicle",
        "door.opened",
        "door.closed",
        "door.granted",
        "motion.detected",
    }


def test_days_are_livelier_than_nights(site_path: Path) -> None:
    habit = habits_of(read_site(site_path), 1)[0]

    def mean_wait(hour: int) -> float:
        habit.dice.seed(7)
        return sum(habit.wait_s(datetime(2026, 11, 22, hour, tzinfo=UTC)) for _ in range(200))

    assert mean_wait(18) < mean_wait(3) / 3


def test_a_broken_site_file_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("station: {id: s, time_zone: Asia/Shanghai}\nplaces: []\n", encoding="utf-8")

    with pytest.raises(SiteError, match="devices"):
        read_site(path)
    with pytest.raises(SiteError, match="can't read"):
        read_site(tmp_path / "none.yaml")
