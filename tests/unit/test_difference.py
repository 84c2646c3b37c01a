"""What an import would change, told without reading or writing anything; and what a site must not say."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import prcoords
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.duty import Duty, Shift
from gateway.model.errors import Misconfigured
from gateway.model.policy import Ladder, Policy, Rung
from gateway.model.registry import Area, Device, Place
from gateway.registering.coordinates import SYSTEMS, to_wgs84
from gateway.registering.difference import MASK, difference, entries, settled
from gateway.registering.exporting import exported, site_text
from gateway.registering.reading import parse_site, read_site
from gateway.registering.site import Site, SitePerson, SiteUser
from gateway.registering.writing import told_changes
from tests.station import make_site

SMALL = Path(__file__).parents[2] / "simulators" / "site.yaml"


def site(**changed: Any) -> Site:
    return msgspec.structs.replace(settled(None, make_site(2)), **changed)


# ── difference ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_differs_from_itself() -> None:
    told = difference(site(), site())
    assert told.changes == []
    assert told.missing == []


def test_a_new_station_is_all_new() -> None:
    told = difference(None, site())
    assert {change.what for change in told.changes} == {"added"}
    assert told.counts()["device"] == {"added": len(site().devices)}
    assert told.missing == []


def test_a_change_is_told_field_by_field_and_personal_data_is_masked() -> None:
    before = site(users=[SiteUser("officer", "李", "officer", "phone-1", {"sms": "+861000000001"})])
    after = site(
        places=[
            msgspec.structs.replace(place, name="新名") if place.id == "mall" else place for place in site().places
        ],
        persons=[SitePerson("p-1", "flat-2", "新姓名", {"lives_alone": True}), *site().persons[1:]],
        users=[SiteUser("officer", "李", "officer", "phone-2", {"sms": "+861000000002"})],
    )
    told = difference(before, after)
    assert told.of("place")["mall"].fields == {"name": ["商场", "新名"]}
    assert told.of("person")["p-1"].fields == {"place": ["flat-1", "flat-2"], "name": [MASK, MASK]}
    assert told.of("user")["officer"].fields == {"phone": [MASK, MASK], "contacts": [MASK, MASK]}
    lines = "\n".join(told_changes(told.changes, [("device", "door-0")]))
    assert "~ place mall: name 商场 → 新名" in lines
    assert "- device door-0" in lines
    for secret in ("新姓名", "老人1", "phone-1", "phone-2", "+86"):
        assert secret not in lines


def test_what_the_file_does_not_name_is_missing() -> None:
    told = difference(site(), site(devices=[], duty=[]))
    assert ("device", "door-0") in told.missing
    assert ("duty", "beat-1") in told.missing


def test_what_the_file_leaves_alone_is_filled_in() -> None:
    now = site(
        persons=[SitePerson("p-1", "flat-1", "王", {"lives_alone": True, "away_until": "2026-12-01T08:00:00+08:00"})],
        users=[SiteUser("officer", "李", "officer", "phone-1", {"sms": "+86 1000 000001"})],
        policy=Policy(supervised_after=3),
    )
    wanted = msgspec.structs.replace(
        now,
        persons=[SitePerson("p-1", "flat-1", None, {"lives_alone": True})],
        users=[SiteUser("officer", "李", "officer", None, {"sms": "+861000000001"})],
        policy=None,
    )
    assert difference(now, settled(now, wanted)).changes == []
    back = msgspec.structs.replace(wanted, persons=[SitePerson("p-1", "flat-1", None, {"away_until": None})])
    assert settled(now, back).persons[0].care == {}, "whoever is said to be back is back"


def test_the_policys_difference_says_which_part() -> None:
    told = difference(site(policy=Policy()), site(policy=Policy(quiet_hours="22:00-06:30")))
    assert told.of("policy")[""].fields == {"quiet_hours": ["", "22:00-06:30"]}


# ── what a site must not say ─────────────────────────────────────────────────────────────────────────────────────────

STATION = "station: {id: s, name: 所, time_zone: Asia/Shanghai}\n"


def complaints_of(text: str) -> str:
    with pytest.raises(Misconfigured) as caught:
        parse_site(STATION + text, "site.yaml")
    return str(caught.value)


def test_everything_wrong_is_named_at_once() -> None:
    told = complaints_of(
        """
areas:
  - {id: beat-1, kind: beat, name: 一, parent: grid-1}
  - {id: grid-1, kind: grid, name: 二, parent: beat-1}
  - {id: fair, kind: special_grid, name: 集, parent: fair-2}
  - {id: fair-2, kind: special_grid, name: 集}
places:
  - {id: p1, kind: flat, area: nowhere, name: 甲, lat: 95, lon: 109}
  - {id: p2, kind: flat, area: grid-1, name: 乙, parent: p3}
  - {id: p3, kind: flat, area: grid-1, name: 丙, parent: p2}
  - {id: p4, kind: flat, area: grid-1, name: 丁, lat: 33}
  - {id: p5, kind: flat, area: grid-1, name: 戊, lattitude: 33}
  - {id: p6, kind: flat, area: grid-1, name: 己, attributes: {since: 2026-01-01}}
devices: [{id: d1, kind: sonar, place: p1, name: 声呐}]
persons: [{id: r1, place: p1}]
users:
  - {username: li, name: 李, role: officer, areas: [grid-9], contacts: {pigeon: coop, sms: "12a"}}
duty: [{area: beat-1, officer: nobody}]
shifts:
  - {id: s1, duty_as: guard, people: [li, li], hours: {from: 8}, turn_days: 0}
policy: {quiet_hours: night, ladders: [{priority: P1, rungs: [{after_s: 5, who: [officer]}], area: moon}]}
weather: fine
"""
    )
    for wanted in (
        "'weather' is no part of a site file",
        "area beat-1: a beat lies in no other area",
        "area fair: a special_grid lies in a grid or a beat, not in the special_grid fair-2",
        "area beat-1: its parents go in a circle: beat-1 → grid-1 → beat-1",
        "places 'p1': lat 95, lon 109 is no point on Earth",
        "place p1: area 'nowhere' is no area of this file",
        "place p2: its parents go in a circle: p2 → p3 → p2",
        "places 'p4': lat and lon are both numbers",
        "places 'p5': knows no 'lattitude'",
        "place p6: attributes: datetime.date(2026, 1, 1) is no text",
        "device 'd1': 'sonar' is none of",
        "person r1: has no name",
        "user li: areas 'grid-9' is no area",
        "user li: contacts: 'pigeon' is none of",
        "user li: contacts: sms is no number",
        "duty beat-1: officer 'nobody' is no user of this file",
        "shift s1: people: somebody stands twice",
        "shift s1: turn_days 0",
        "shift s1: a guard stands at a place",
        "shift s1: hours: from",
        "policy: quiet_hours: 'night'",
        "policy: ladders: P1 of moon: 'moon' is no area",
        "policy: ladders: P1 of moon: the first rung is at once",
    ):
        assert wanted in told, f"{wanted!r} is not in: {told}"


@pytest.mark.parametrize(
    "text", ["[]", "", "42", "station: 7", "station: {id: s}\nplaces: {a: b}", "a: [", "\x00", "station:\n - &a [*a]"]
)
def test_what_is_no_site_file_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Misconfigured):
        parse_site(text, "site.yaml")


def test_a_site_file_of_before_reads_as_before(tmp_path: Path) -> None:
    read = read_site(SMALL)
    assert read.policy is None
    assert read.places[0].lat == 33.1512
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("station: {id: s, name: caf\xe9, time_zone: UTC}".encode("latin-1"))
    with pytest.raises(Misconfigured, match="save it as UTF-8"):
        read_site(latin)


# ── coordinates ──────────────────────────────────────────────────────────────────────────────────────────────────────

in_china = st.tuples(st.floats(20, 52), st.floats(76, 134))


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(prcoords.Coords(*one).distance(prcoords.Coords(*other)))


@given(in_china)
def test_a_point_in_china_comes_back_to_less_than_a_decimetre(point: tuple[float, float]) -> None:
    for system, forth in (("gcj02", prcoords.wgs_gcj), ("bd09", prcoords.wgs_bd)):
        there = forth(prcoords.Coords(*point), False)
        assert metres(to_wgs84(*there, system), point) < 0.1


def test_known_points() -> None:
    """Tiananmen as maps of the three systems have it (published pairs)."""
    assert metres(to_wgs84(39.908692, 116.397477, "gcj02"), (39.907333, 116.391242)) < 30
    assert metres(to_wgs84(39.908692, 116.397477, "gcj02"), (39.908692, 116.397477)) > 300
    assert to_wgs84(33.15, 109.1, "wgs84") == (33.15, 109.1)


@pytest.mark.parametrize("system", SYSTEMS)
def test_outside_china_a_point_stays(system: str) -> None:
    assert to_wgs84(48.8584, 2.2945, system) == (48.8584, 2.2945)


@pytest.mark.parametrize(
    ("lat", "lon", "system"),
    [(91, 0, "wgs84"), (0, 181, "gcj02"), (math.nan, 0, "wgs84"), (0, math.inf, "bd09"), (33, 109, "mars")],
)
def test_nonsense_is_refused(lat: float, lon: float, system: str) -> None:
    with pytest.raises(ValueError, match=r"no point on Earth|is none of"):
        to_wgs84(lat, lon, system)


def test_coordinates_of_the_file_and_of_a_place() -> None:
    text = STATION + (
        "coordinates: gcj02\nareas: [{id: b, kind: beat, name: 一}]\nplaces:\n"
        "  - {id: one, kind: flat, area: b, name: 甲, lat: 39.908692, lon: 116.397477}\n"
        "  - {id: two, kind: flat, area: b, name: 乙, lat: 39.908692, lon: 116.397477, coordinates: wgs84}\n"
        "  - {id: three, kind: flat, area: b, name: 丙}\n"
    )
    one, two, three = parse_site(text, "site.yaml").places
    assert metres((one.lat or 0, one.lon or 0), (two.lat or 0, two.lon or 0)) > 300
    assert (two.lat, two.lon) == (39.908692, 116.397477)
    assert (three.lat, three.lon) == (None, None)
    assert "'mars' is none of wgs84, gcj02, bd09" in complaints_of("coordinates: mars")


# ── written and read back ────────────────────────────────────────────────────────────────────────────────────────────

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
ids = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """Small sites in which all refers to what is there."""
    beats = draw(st.lists(ids, min_size=1, max_size=2, unique=True))
    areas = [Area(one, "beat", draw(texts)) for one in beats] + [
        Area(f"{one}-g"[:64], "grid", draw(texts), one) for one in beats if draw(st.booleans())
    ]
    at = st.sampled_from([area.id for area in areas])
    places = [
        Place(one, "flat", draw(at), draw(texts), *draw(st.sampled_from([(None, None), (33.15, 109.1), (-0.0, 180.0)])),
              None, draw(st.dictionaries(texts, values, max_size=2)))
        for one in draw(st.lists(ids, min_size=1, max_size=4, unique=True))
    ]  # fmt: skip
    home = st.sampled_from([place.id for place in places])
    names = draw(st.lists(ids, min_size=1, max_size=3, unique=True))
    users = [
        SiteUser(
            one, draw(texts), "officer", "phone " + draw(ids), draw(st.sampled_from([{}, {"sms": "+861000000001"}])),
            draw(st.none() | st.lists(at, unique=True).map(sorted)), draw(st.booleans()),
        )
        for one in names
    ]  # fmt: skip
    few = st.lists(ids, max_size=3, unique=True)
    cared = st.dictionaries(ids.map(lambda one: f"x{one}"), values, max_size=2)
    return settled(None, Site(
        station=make_site().station, areas=areas, places=places,
        devices=[Device(one, "camera", draw(home), draw(texts)) for one in draw(few)],
        persons=[SitePerson(one, draw(home), draw(texts), draw(cared)) for one in draw(few)],
        users=users,
        duty=[Duty(draw(st.none() | at), names[0])],
        shifts=[Shift("night", "deputy", names, draw(st.none() | at), {"from": "22:00", "to": "06:00"}, turn_days=2)],
        policy=draw(st.sampled_from([Policy(), Policy(quiet_hours="22:00-06:30"),
                                     Policy(ladders=(Ladder("P1", (Rung(0, ("station",)),), expires_after_s=60),))])),
    ))  # fmt: skip


@given(sites())
def test_what_is_exported_reads_back_as_it_was(made: Site) -> None:
    back = parse_site(site_text(exported(made, personal=True)), "export")
    assert difference(made, settled(made, back)).changes == []
    assert difference(made, settled(made, back)).missing == []
    for sort in ("area", "place", "device", "person", "user", "duty", "shift"):
        assert entries(settled(None, back), sort).keys() == entries(made, sort).keys()


@given(sites())
def test_without_personal_data_it_reads_back_too_and_has_none(made: Site) -> None:
    text = site_text(exported(made, personal=False))
    assert "+861000000001" not in text
    back = parse_site(text, "export")
    assert all(person.name is None for person in back.persons)
    assert difference(made, settled(made, back)).changes == []
