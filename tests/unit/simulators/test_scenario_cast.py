"""Who plays: selectors against a street small enough to know by heart."""

from zoneinfo import ZoneInfo

import msgspec
import pytest

from simulators.scenario.cast import Role, cast_of, devices_of
from simulators.scenario.file import ScenarioError, _own
from simulators.scenario.form import Scenario
from simulators.scenario.ground import Area, Device, Ground, Person, Place


def street() -> Ground:
    """One building with a gateway and three flats, and a shop with two connected devices in another grid."""
    return Ground(
        station="here",
        zone=ZoneInfo("Asia/Shanghai"),
        areas=[Area("beat", "beat", None), Area("east", "grid", "beat"), Area("west", "grid", "beat")],
        places=[
            Place("house", "building", "east", None),
            *(Place(f"flat-{number}", "flat", "east", "house", lat=33.15, lon=109.1) for number in (1, 2, 3)),
            Place("shop", "shop", "west", None, {"watched": True, "hours": "8-18"}, lat=33.15, lon=109.12),
        ],
        devices=[
            Device("hub", "gateway", "house", None),
            Device("entrance", "door_controller", "house", "hub"),
            *(Device(f"lock-{number}", "door_controller", f"flat-{number}", "hub") for number in (1, 2)),
            Device("contact-3", "door_contact", "flat-3", "hub"),
            Device("motion-3", "motion", "flat-3", "hub"),
            Device("camera", "camera", "shop", None),
            Device("screen", "screen", "shop", None, {"hours": "0-24"}),
        ],
        persons=[
            Person("p-1", "flat-1", {}),
            Person("p-2", "flat-2", {"lives_alone": True, "silence_limit_s": 3600}),
            Person("p-3", "flat-3", {"lives_alone": True}),
        ],
        responders={"officer": "officer"},
    )


def cast(**roles: dict[str, object]) -> dict[str, Role]:
    return cast_of(scenario(roles), street(), 1)


def scenario(roles: dict[str, dict[str, object]]) -> Scenario:
    text = {"zh": "x", "en": "x"}
    raw = {
        "id": "test", "title": text, "shows": text, "begins": "08:00", "warm_up": "1 h", "lasts": "1 h",
        "cast": roles, "steps": [],
    }  # fmt: skip
    return msgspec.convert(raw, Scenario, dec_hook=_own)


@pytest.mark.parametrize(
    ("selector", "ids"),
    [
        ({"device": "camera"}, {"camera"}),
        ({"device": ["camera", "screen"], "count": 2}, {"camera", "screen"}),
        ({"device": "door_controller", "where": "flat", "count": "all"}, {"lock-1", "lock-2"}),
        ({"device": "door_controller", "nth": 1}, {"entrance"}),
        ({"device": "door_controller", "nth": 3}, {"lock-2"}),
        ({"device": "*", "connected": True, "count": "all"}, {"hub", "camera", "screen"}),
        ({"device": "*", "connected": False, "where": "building"}, {"entrance"}),
        ({"device": "gateway", "has": [{"device": "door_controller", "count": 3}]}, {"hub"}),
        ({"place": "building", "has": [{"device": "door_controller", "count": 3}]}, {"house"}),
        ({"place": "building", "elders": 2}, {"house"}),
        ({"place": ["shop", "market"]}, {"shop"}),
        ({"area": "grid", "has": [{"connected": True, "count": 2}]}, {"west"}),
        ({"area": "grid", "elders": 1}, {"east"}),
        ({"area": "beat", "has": [{"connected": True, "count": 3}], "elders": 2}, {"beat"}),
        ({"person": {"lives_alone": True, "own_limit": True}}, {"p-2"}),
        ({"person": {"lives_alone": True, "own_limit": False}}, {"p-3"}),
        ({"person": {"lives_alone": False}}, {"p-1"}),
        ({"person": {"kit": ["door_contact", "motion"]}}, {"p-3"}),
        ({"person": {"kit_any": ["meter", "motion"]}}, {"p-3"}),
        ({"person": {"lives_alone": True, "kit_lacks": ["motion"]}}, {"p-2"}),
        ({"place": "*", "attributes": {"watched": True}}, {"shop"}),
        ({"device": "*", "attributes": {"hours": "*"}, "count": "all"}, {"camera", "screen"}),
        ({"device": "*", "attributes": {"hours": "8-18"}, "count": "all"}, {"camera"}),
        ({"device": "*", "attributes": {"watched": True, "hours": "0-24"}, "count": "all"}, {"screen"}),
    ],
)
def test_selectors_take_who_fits(selector: dict[str, object], ids: set[str]) -> None:
    assert set(cast(role=selector)["role"].ids) == ids


def test_roles_can_lean_on_others() -> None:
    found = cast(
        house={"place": "building"},
        lock={"device": "door_controller", "inside": "house", "where": "flat", "count": 2},
        hub={"device": "gateway"},
        behind={"device": "motion", "behind": "hub"},
        elder={"person": {"kit": ["motion"]}},
        door={"device": "door_contact", "inside": "elder"},
        grid={"area": "grid", "nth": 2},
        eye={"device": "camera", "inside": "grid"},
    )
    assert set(found["lock"].ids) == {"lock-1", "lock-2"}
    assert [found[name].ids for name in ("behind", "door", "eye")] == [("motion-3",), ("contact-3",), ("camera",)]


def test_those_who_are_spread_are_of_different_areas() -> None:
    for seed in range(10):
        ids = cast_of(scenario({"role": {"device": "*", "spread": True, "count": 2}}), street(), seed)["role"].ids
        assert {one in {"camera", "screen"} for one in ids} == {True, False}


def test_a_role_may_be_far_from_another() -> None:
    far: dict[str, dict[str, object]] = {
        "first": {"device": "motion"},
        "second": {"device": "*", "beyond": {"of": "first", "metres": 1800}},
    }
    assert cast_of(scenario(far), street(), 1)["second"].ids[0] in {"camera", "screen"}
    farther: dict[str, dict[str, object]] = {
        **far,
        "second": {"device": "*", "beyond": {"of": "first", "metres": 1900}},
    }
    with pytest.raises(ScenarioError, match="has nobody for the role second"):
        cast_of(scenario(farther), street(), 1)


def test_nobody_plays_two_roles() -> None:
    found = cast(one={"device": "door_controller"}, others={"device": "door_controller", "count": 2})
    assert len({*found["one"].ids, *found["others"].ids}) == 3


def test_the_seed_chooses_and_always_the_same() -> None:
    wanted = scenario({"door": {"device": "door_controller"}})
    chosen = {seed: cast_of(wanted, street(), seed)["door"].ids for seed in range(30)}
    assert len(set(chosen.values())) == 3
    assert chosen == {seed: cast_of(wanted, street(), seed)["door"].ids for seed in range(30)}


@pytest.mark.parametrize(
    "selector",
    [
        {"device": "meter"},
        {"device": "camera", "count": 2},
        {"device": "camera", "nth": 2},
        {"device": "meter", "count": "all"},
        {"person": {"kit": ["meter"]}},
        {"area": "special_grid"},
        {"place": "house", "attributes": {"watched": True}},
        {"device": "door_controller", "spread": True, "count": 2},
    ],
)
def test_a_site_without_anybody_for_a_role_is_told(selector: dict[str, object]) -> None:
    with pytest.raises(ScenarioError, match="has nobody for the role lead"):
        cast(lead=selector)


def test_what_belongs_to_a_role() -> None:
    ground = street()
    everything = {"hub", "entrance", "lock-1", "lock-2", "contact-3", "motion-3"}
    assert set(devices_of(Role("device", ("hub",)), ground)) == everything
    assert set(devices_of(Role("place", ("house",)), ground)) == everything
    assert set(devices_of(Role("area", ("east",)), ground)) == everything
    assert set(devices_of(Role("area", ("beat",)), ground)) == {*everything, "camera", "screen"}
    assert devices_of(Role("person", ("p-3",)), ground) == ["contact-3", "motion-3"]
    assert devices_of(Role("device", ("camera",)), ground) == ["camera"]
