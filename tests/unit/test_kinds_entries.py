"""The kinds of the entry rules: what they say, in any order, with bounded state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import Misconfigured
from gateway.model.event import Event
from gateway.model.person import Person
from gateway.model.registry import Area, Device, Place, Registry, Station
from rules.definition import Definition
from rules.kinds.surge import tail
from rules.kinds.travel import distance
from rules.load import CATALOG, bring_to_life, parse_definition, read_definition
from rules.replay import Replay

#: Monday, eight in the morning at the station.
START = datetime(2026, 11, 2, tzinfo=UTC)
DAY_S = 86400
AREAS = [Area("grid-1", "grid", "一网格"), Area("grid-2", "grid", "二网格")]
#: How late an event may come without changing what stands in the end.
LATE_S = 110

Told = tuple[float, str, str, dict[str, Any]]
PLACES = [
    Place("hq", "building", "grid-1", "总部", 33.15, 109.10, attributes={"zone": "hq", "free_exit": True}),
    Place("lab", "door", "grid-1", "实验室", 33.15, 109.101, "hq", {"zone": "hq/lab"}),
    Place("yard", "gate", "grid-1", "院门", 33.151, 109.103, "hq", {"zone": "yard", "counts_people": True}),
    Place("far", "gate", "grid-1", "远处", 33.25, 109.10, attributes={"zone": "far"}),
    Place("over-there", "gate", "grid-2", "对面"),
    Place("unmapped", "gate", "grid-1", "没有坐标", attributes={"zone": "unmapped"}),
    Place("home", "flat", "grid-1", "101", 33.15, 109.10, "hq"),
    Place("store", "restricted_door", "grid-1", "库房", 33.15, 109.10, attributes={"restricted": True}),
]
REGISTRY = Registry(
    station=Station("test", "测试派出所", "Asia/Shanghai"),
    areas=AREAS,
    places=PLACES,
    devices=[Device(f"door-{place.id}", "door_controller", place.id, place.id) for place in PLACES],
    persons=[Person("p-1", "甲", "home", {"lives_alone": True})],
)


def event(number: int, told: Told, late_by: float = 0) -> Event:
    """Make an event of (seconds after the start, device, kind, data)."""
    at, device, kind, data = told
    mounting = REGISTRY.mounting(device)
    assert mounting is not None
    ts = START + timedelta(seconds=at)
    return Event.at(
        mounting,
        station="test",
        device=device,
        id=f"e{number}",
        ts=ts,
        device_ts=ts,
        received_at=ts + timedelta(seconds=late_by),
        kind=kind,
        data=data,
    )


def catalogue(rule: str, **params: Any) -> Definition:
    found = read_definition(CATALOG / f"{rule}.yaml")
    return found.model_copy(update={"params": {**found.params, **params}})


def replayed(rule: Definition, told: Iterable[Told], lateness: Iterable[float] | None = None) -> Replay:
    """Replay events in the order of their arrival."""
    listed = list(told)
    delays = list(lateness) if lateness is not None else [0.0] * len(listed)
    events = [event(number, one, late) for number, (one, late) in enumerate(zip(listed, delays, strict=True))]
    replay = Replay([bring_to_life(rule)], REGISTRY, START, strict=True)
    for one in sorted(events, key=lambda one: (one.received_at, one.ts, one.id)):
        replay.event(one)
    return replay


def standing(replay: Replay) -> set[str]:
    """The subjects whose alert stands."""
    stands: set[str] = set()
    for verdict in replay.verdicts:
        (stands.add if verdict.action == "raise" else stands.discard)(verdict.subject)
    return stands


def raised(replay: Replay) -> list[tuple[int, str]]:
    return [(round((v.at - START).total_seconds()), v.subject) for v in replay.verdicts if v.action == "raise"]


def size(replay: Replay) -> int:
    """Bytes of the largest state."""
    return max(len(msgspec.json.encode(state)) for state in replay.memory.states.values())


def pass_through(at: float, place: str, direction: str, **data: Any) -> Told:
    return at, f"door-{place}", "door.granted", {"credential": "card:1", "direction": direction, **data}


# ── any order ────────────────────────────────────────────────────────────────────────────────────────────────────────


def streams(make: Callable[[float, int], Told], most: int, gap_s: float) -> st.SearchStrategy[tuple[list[Told], Any]]:
    """Events with random gaps and choices, and how late each of them comes."""

    def build(rows: list[tuple[float, int, float]]) -> tuple[list[Told], list[float]]:
        at, told, late = 0.0, [], []
        for gap, choice, delay in rows:
            at += gap
            told.append(make(round(at, 3), choice))
            late.append(delay)
        return told, late

    row = st.tuples(st.floats(0.5, gap_s), st.integers(0, 11), st.sampled_from([0.0, 0.0, 1.0, 30.0, LATE_S]))
    return st.lists(row, min_size=1, max_size=most).map(build)


def reads(at: float, choice: int) -> Told:
    place = ("hq", "lab", "yard", "far", "unmapped", "home")[choice % 6]
    return at, f"door-{place}", "door.granted", {"credential": f"card:{choice // 6}"}


def passes(at: float, choice: int) -> Told:
    return pass_through(at, ("hq", "lab", "yard")[choice % 3], ("in", "out")[choice // 3 % 2])


def crossings(at: float, choice: int) -> Told:
    if choice % 2:
        return at, "door-yard", "door.granted", {}
    return at, "door-yard", "door.passed", {"direction": "in", "people": 1 + choice % 3}


def calls(at: float, choice: int) -> Told:
    return at, "door-hq", "visitor.called", {"flat": f"flat-{choice % 2}", "known": choice > 9}


def entries(at: float, choice: int) -> Told:
    return at, "door-store", "door.granted", {"credential": f"card:{choice % 2}"}


ORDERLESS: list[tuple[str, dict[str, Any], Any]] = [
    ("card-two-places", {}, streams(reads, 24, 120)),
    ("anti-passback", {}, streams(passes, 24, 400)),
    ("tailgating", {}, streams(crossings, 40, 15)),
    ("unusual-visitors", {"learn": 1, "window_s": DAY_S, "min": 2, "clear_after_s": DAY_S}, streams(calls, 40, 20000)),
    ("unusual-hour-entry", {"entries": 5, "days": 1, "share": 0.2}, streams(entries, 40, 20000)),
]


@pytest.mark.parametrize(("rule", "params", "stream"), ORDERLESS, ids=[one[0] for one in ORDERLESS])
@given(data=st.data())
def test_any_order_within_the_lateness_leaves_the_same_alerts_standing(
    rule: str, params: dict[str, Any], stream: Any, data: st.DataObject
) -> None:
    told, late = data.draw(stream)
    definition = catalogue(rule, **params)
    at_rest = START + timedelta(seconds=told[-1][0] + LATE_S + 1)
    in_order, as_they_came = replayed(definition, told), replayed(definition, told, late)
    for replay in (in_order, as_they_came):
        replay.run_until(at_rest)
    assert standing(in_order) == standing(as_they_came)
    for replay in (in_order, as_they_came):
        replay.run_until(at_rest + timedelta(days=30))
        assert standing(replay) == set()


def test_a_long_busy_life_leaves_a_small_state() -> None:
    busy = {
        "card-two-places": [reads(n * 2.0, n % 6) for n in range(2000)],
        "anti-passback": [passes(n * 7.0, n % 6) for n in range(2000)],
        "tailgating": [crossings(n * 0.2, n % 12) for n in range(2000)],
        "unusual-visitors": [calls(n * 7000.0, 0) for n in range(2000)],
        "unusual-hour-entry": [entries(n * 3000.0, 0) for n in range(3000)],
    }
    for rule, told in busy.items():
        assert size(replayed(catalogue(rule), told)) < 64_000, rule


def test_every_state_is_told_in_both_languages() -> None:
    for rule, told in {
        "card-two-places": reads(0, 3),
        "anti-passback": passes(0, 0),
        "tailgating": crossings(0, 1),
        "unusual-visitors": calls(0, 0),
        "unusual-hour-entry": entries(0, 0),
    }.items():
        replay = replayed(catalogue(rule), [told])
        (one,) = replay.book
        ((_, subject),) = replay.memory.states
        facts = replay._judging._facts
        for state in (None, *replay.memory.states.values()):
            stands, lines = one.tell(subject, state, START, facts)
            assert not stands
            assert all(line["zh"] and line["en"] for line in lines)


# ── travel ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_distance_along_the_ground() -> None:
    far = distance(REGISTRY, "hq", "far")
    assert far is not None
    assert far == pytest.approx(11_119, rel=0.002)  # a tenth of a degree of latitude
    assert distance(REGISTRY, "hq", "home") == 0
    assert distance(REGISTRY, "hq", "unmapped") is None


def test_two_speeds_and_slack() -> None:
    compound = distance(REGISTRY, "lab", "yard")
    assert compound is not None
    needs = compound / 2 - 30
    for took, fires in ((needs - 1, True), (needs + 1, False)):
        told = [reads(0, 1), reads(round(took, 3), 2)]
        assert bool(raised(replayed(catalogue("card-two-places"), told))) is fires


def test_what_lies_between_hides_nothing() -> None:
    told = [reads(0, 0), reads(10, 4), reads(15, 5), reads(20, 3)]  # a door without a position, one next door
    assert [at for at, _ in raised(replayed(catalogue("card-two-places"), told))] == [20]


def test_a_holder_goes_over_the_card() -> None:
    def card(at: float, place: str, number: int) -> Told:
        return at, f"door-{place}", "door.granted", {"credential": f"card:{number}", "person": "p-1"}

    told = [card(0, "hq", 1), card(10, "far", 2)]
    assert raised(replayed(catalogue("card-two-places"), told)) == []
    replay = replayed(catalogue("card-two-places", holder="data.person"), told)
    assert raised(replay) == [(10, "person:p-1")]
    assert replay.verdicts[0].person == "p-1"


# ── passback ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_made_up_log_of_a_building_with_a_classified_room() -> None:
    """Into the building, into the classified room, out of it; nobody records the way out of the building.

    One letter per read: B into the building, C into the room, c out of it.
    """
    days = {
        "BCcCcBCc": [],  # an ordinary day, back from lunch
        "BB": [],  # nobody records the way out of the building
        "BCCc": [2],  # followed somebody out, or handed the card back
        "BCcc": [3],  # followed somebody in
        "BCB": [2],  # left the room and the building unseen
        "BcC": [1],  # was never seen to enter the room
        "BCcBCCcc": [5, 7],
        "C": [],  # of what went before nothing is known
    }
    for number, (day, wrong) in enumerate(days.items()):
        letters = {"B": ("hq", "in"), "C": ("lab", "in"), "c": ("lab", "out")}
        told = [
            pass_through(n * 600.0, *letters[one], credential=f"card:{number}", person=f"e-{number}")
            for n, one in enumerate(day)
        ]
        replay = replayed(catalogue("anti-passback"), told)
        assert [round(at / 600) for at, _ in raised(replay)] == wrong, day
        assert {subject for _, subject in raised(replay)} <= {f"person:e-{number}@hq"}


def test_what_is_known_ends_after_twelve_hours_and_at_four() -> None:
    four = 20 * 3600.0  # the start is eight in the morning
    for first, second, wrong in (
        (0, 12 * 3600.0 - 1, True),
        (0, 12 * 3600.0 + 1, False),
        (four - 600, four - 300, True),
        (four - 300, four + 300, False),
        (four + 300, four + 600, True),
    ):
        told = [pass_through(first, "yard", "in"), pass_through(second, "yard", "in")]
        assert bool(raised(replayed(catalogue("anti-passback"), told))) is wrong, (first, second)
    never = catalogue("anti-passback", reset_at="never")
    told = [pass_through(four - 300, "yard", "in"), pass_through(four + 300, "yard", "in")]
    assert raised(replayed(never, told))


# ── balance ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.floats(0.5, 60), min_size=1, max_size=40))
def test_nobody_who_was_let_in_is_a_tailgater(gaps: list[float]) -> None:
    at, told = 0.0, list[Told]()
    for gap in gaps:
        at += gap
        told += [(at, "door-yard", "door.granted", {}), (at + 4, "door-yard", "door.passed", {"direction": "in"})]
    assert raised(replayed(catalogue("tailgating"), told)) == []


@given(st.lists(st.tuples(st.floats(70, 200), st.integers(1, 4)), min_size=1, max_size=20))
def test_each_tailgater_is_told_once(groups: list[tuple[float, int]]) -> None:
    at, told, wrong = 0.0, list[Told](), 0
    for gap, people in groups:
        at += gap
        told += [(at, "door-yard", "door.granted", {})]
        told += [(at + 2, "door-yard", "door.passed", {"direction": "in", "people": people})]
        wrong += people > 1
    assert len(raised(replayed(catalogue("tailgating"), told))) == wrong


# ── surge ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_tails() -> None:
    assert tail(0, 1) == 1
    assert tail(1, 0.5) == pytest.approx(0.3935, abs=1e-4)
    assert tail(5, 0.5) == pytest.approx(1.721e-4, rel=1e-3)
    assert tail(5, 0.5, variance=0.4) == tail(5, 0.5)
    assert tail(5, 1.0, variance=3.0) > 10 * tail(5, 1.0)
    assert tail(2, 1.0, variance=2.0) == pytest.approx(0.25)  # geometric
    assert tail(600, 600) == pytest.approx(0.5, abs=0.02)
    assert tail(800, 600) < 1e-9


@given(st.floats(0.5, 30), st.integers(0, 60))
def test_tails_fall(mean: float, counted: int) -> None:
    assert tail(counted, mean) >= tail(counted + 1, mean)
    assert tail(counted, mean) <= tail(counted, mean + 0.1) + 1e-12


def test_a_flat_with_many_visitors_is_measured_against_itself() -> None:
    busy = [calls(n * DAY_S / 2, 0) for n in range(100)]
    more = [calls(50 * DAY_S + n * 3600, 0) for n in range(5)]
    assert raised(replayed(catalogue("unusual-visitors"), busy + more)) == []
    quiet = [calls(n * DAY_S * 10, 0) for n in range(6)]
    assert len(raised(replayed(catalogue("unusual-visitors"), quiet + more))) == 1


# ── incident patterns ────────────────────────────────────────────────────────────────────────────────────────────────


def test_alerts_about_one_card_in_two_grids_are_one_case() -> None:
    ids = ("repeated-denied-entry", "card-alerts-many-grids")
    replay = Replay([bring_to_life(catalogue(rule)) for rule in ids], REGISTRY, START, strict=True)
    tries = [
        (at + n, f"door-{place}", "door.denied", {"credential": "card:1"})
        for at, place in ((0.0, "yard"), (7200.0, "over-there"))
        for n in range(5)
    ]
    for number, told in enumerate(tries):
        replay.event(event(number, told))
    assert [(v.rule, v.subject) for v in replay.verdicts if v.action == "raise"] == [
        ("repeated-denied-entry", "device:door-yard"),
        ("repeated-denied-entry", "device:door-over-there"),
        ("card-alerts-many-grids", "credential:card:1"),
    ]


@pytest.mark.parametrize(
    ("rule", "params"),
    [
        ("unusual-visitors", {"window_s": 3600}),
        ("unusual-visitors", {"learn": 9}),
        ("unusual-visitors", {"window_s": 604800, "history": 60, "learn": 2}),
        ("unusual-hour-entry", {"around_h": 12}),
        ("anti-passback", {"reset_at": "four"}),
        ("tailgating", {"grants": {"kind": "door.granted"}}),
        ("card-two-places", {"speed_near": 0}),
    ],
)
def test_parameters_that_cannot_be(rule: str, params: dict[str, Any]) -> None:
    told = read_definition(CATALOG / f"{rule}.yaml").model_dump(mode="json", by_alias=True, exclude_none=True)
    told["params"] |= params
    with pytest.raises(Misconfigured):
        parse_definition(told, rule)
