"""Whatever a history is cut into, rules say the same: all of the catalogue, events late and out of order, restarts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.model.device_health import DeviceHealth
from gateway.model.event import Event
from gateway.model.judgement import Verdict
from gateway.model.person import Person
from gateway.model.registry import Area, Device, Place, Registry, Station
from rules.load import CATALOG, TEST_SUFFIX, bring_to_life, read_definition
from rules.replay import Replay
from rules.rule import Rule

START = datetime(2026, 11, 6, 9, 0, tzinfo=UTC)
LATEST_S = 110

EAST = {"restricted": True, "zone": "east", "forced_by_sequence": True}
PLACES = [
    Place("b-1", "building", "grid-1", "1号楼", 33.15, 109.1, attributes=EAST),
    Place("b-2", "building", "grid-2", "2号楼", 33.35, 109.1, attributes={"visitors_min": 2}),
    Place("flat-1", "flat", "grid-1", "101", parent="b-1"),
    Place("school", "school_gate", "grid-1", "小学", attributes={"class_hours": "07:50-17:30", "fire_lane": True}),
    Place("shop", "shop", "grid-2", "商场", attributes={"reports_sales": True, "attended": True}),
]
DEVICES = [
    Device("lock-1", "door_controller", "b-1", "单元门", attributes={"passage": "in", "counts_people": True}),
    Device("lock-2", "door_controller", "b-2", "单元门", attributes={"zone": "east", "passage": "out"}),
    Device("gate", "door_controller", "school", "校门"),
    Device("contact", "door_contact", "flat-1", "门磁", via="hub"),
    Device("motion", "motion", "flat-1", "人体", via="hub"),
    Device("hub", "gateway", "b-1", "网关"),
    Device("camera", "camera", "school", "摄像机"),
    Device("button", "school_button", "school", "按钮"),
    Device("sos", "sos_button", "flat-1", "SOS", via="hub"),
    Device("till", "screen", "shop", "屏"),
    Device("desk", "gateway", "b-2", "desk"),
]  # fmt: skip
PERSONS = [Person("p-1", "老人", "flat-1", {"lives_alone": True, "silence_limit_s": 3600})]
CARDS = st.sampled_from(["card:1", "card:2"])

#: What is said, by whom, of which kind.
SAID: list[tuple[str, list[str], dict[str, st.SearchStrategy[Any]]]] = [
    ("door.granted", ["lock-1", "lock-2", "gate"], {"credential": CARDS, "direction": st.sampled_from(["in", "out"])}),
    *[("door.granted", ["lock-1"], {"credential": st.just("card:1"), "direction": st.just("in")})] * 4,
    ("visitor.called", ["lock-1"], {"flat": st.just("flat-1"), "known": st.just(False)}),
    ("door.denied", ["lock-1", "lock-2", "gate"], {"credential": CARDS}),
    ("door.passed", ["lock-1", "lock-2"], {"direction": st.just("in"), "people": st.integers(1, 3)}),
    ("door.opened", ["lock-1", "gate", "contact"], {}),
    ("door.closed", ["lock-1", "gate", "contact"], {}),
    ("door.forced", ["lock-1", "contact"], {}),
    ("door.held", ["lock-2"], {}),
    ("motion.detected", ["motion"], {}),
    ("device.online", ["hub", "lock-1", "camera"], {"battery": st.integers(0, 100)}),
    ("device.offline", ["hub", "lock-1", "camera"], {}),
    ("device.battery_low", ["contact"], {"battery": st.integers(1, 20)}),
    ("device.tamper", ["camera"], {}),
    ("alarm.pressed", ["button", "sos"], {}),
    ("alarm.duress", ["lock-1"], {"credential": CARDS}),
    ("camera.parked", ["camera"], {"zone": st.just("fire"), "dwell_s": st.integers(0, 900)}),
    ("camera.loitering", ["camera"], {"zone": st.just("a"), "dwell_s": st.integers(0, 900)}),
    ("camera.crowding", ["camera"], {"people": st.integers(1, 99), "limit": st.just(50)}),
    ("camera.tamper", ["camera"], {"how": st.just("covered"), "state": st.sampled_from(["on", "off"])}),
    ("camera.smoke", ["camera"], {"confidence": st.sampled_from([0.3, 0.9])}),
    ("visitor.called", ["lock-1"], {"flat": st.just("flat-1"), "known": st.booleans()}),
    ("venue.reported", ["till"], {"report": st.just("sales")}),
    (
        "incident.reported",
        ["desk"],
        {"category": st.just("dispute"), "places": st.just(["b-1", "b-2"]), "complexity": st.just("simple")},
    ),
]


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[float, float, str, str, dict[str, Any]]]:
    """Draw (received after, seconds late, device, kind, data): pauses of seconds to hours, some late."""
    told = []
    moment = 0.0
    for _ in range(draw(st.integers(1, 40))):
        moment += draw(st.sampled_from([0, 0, 1, 3, 10, 30, 61, 200, 700, 4000, 30000, 90000]))
        kind, devices, fields = draw(st.sampled_from(SAID))
        data = {name: draw(strategy) for name, strategy in fields.items()}
        late = draw(st.sampled_from([0, 0, 0, 2, 20, LATEST_S]))
        told.append((moment, float(late), draw(st.sampled_from(devices)), kind, data))
    return told


def registry(*, away: bool = False) -> Registry:
    care = {"away_until": "2026-11-06T12:00:00+00:00"} if away else {}
    return Registry(
        station=Station("s", "派出所", "Asia/Shanghai"),
        areas=[Area("grid-1", "grid", "一网格"), Area("grid-2", "grid", "二网格")],
        places=PLACES,
        devices=DEVICES,
        persons=[msgspec.structs.replace(one, care={**one.care, **care}) for one in PERSONS],
    )


#: What takes weeks to learn is learnt in minutes here.
HASTY: dict[str, dict[str, Any]] = {
    "surge": {"window_s": 86400, "history": 2, "learn": 1, "min": 1, "p": 0.5, "once_per_s": 0, "clear_after_s": 3600},
    "unusual_hour": {"entries": 2, "days": 0.01, "share": 0.6},
}


def catalogue() -> list[Rule]:
    paths = sorted(path for path in CATALOG.glob("*.yaml") if not path.name.endswith(TEST_SUFFIX))
    definitions = [read_definition(path) for path in paths]
    return [
        bring_to_life(one.model_copy(update={"params": {**one.params, **HASTY.get(one.kind, {})}}))
        for one in definitions
    ]


RULES = catalogue()


class Restarted:
    """A replay that begins anew from what a store would have kept: states through JSON, timers, health."""

    def __init__(self) -> None:
        self.verdicts: list[tuple[Verdict, datetime]] = []
        self.replay = Replay(RULES, registry(), START, strict=True, on_verdict=self._take)

    def _take(self, verdict: Verdict, moment: datetime) -> None:
        self.verdicts.append((verdict, moment))

    def restart(self) -> None:
        before = self.replay
        kinds = {rule.id: rule.State for rule in RULES}
        states = {
            key: msgspec.json.decode(msgspec.json.encode(state), type=kinds[key[0]])
            for key, state in before.memory.states.items()
        }
        self.replay = Replay(
            RULES, before.registry, before.now, strict=True, states=states, timers=before.memory.timers,
            health=before.health, on_verdict=self._take,
        )  # fmt: skip


def event(where: Registry, number: int, told: tuple[float, float, str, str, dict[str, Any]]) -> Event:
    after, late, device, kind, data = told
    received = START + timedelta(seconds=after)
    ts = received - timedelta(seconds=late)
    mounting = where.mounting(device)
    assert mounting is not None
    return Event.at(
        mounting, station="s", device=device, id=f"e{number}", ts=ts, device_ts=ts, received_at=received, kind=kind,
        data=data, digest=number,
    )  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories(), st.sets(st.integers(0, 40), max_size=12), st.none() | st.integers(0, 40))
def test_a_history_cut_anywhere_says_what_it_says_whole(
    told: list[tuple[float, float, str, str, dict[str, Any]]], cuts: set[int], change_at: int | None
) -> None:
    whole: list[tuple[Verdict, datetime]] = []
    plain = Replay(RULES, registry(), START, on_verdict=lambda verdict, moment: whole.append((verdict, moment)))
    parted = Restarted()
    for number, one in enumerate(told):
        at = START + timedelta(seconds=one[0])
        if number == change_at:
            plain.change(registry(away=True), at)
            parted.replay.change(registry(away=True), at)
        if number in cuts:
            # As a batch that ends here: time runs on by itself, then the process starts anew.
            parted.replay.run_until(at, inclusive=False)
            parted.restart()
        plain.event(event(plain.registry, number, one))
        parted.replay.event(event(parted.replay.registry, number, one))
    until = START + timedelta(seconds=told[-1][0]) + timedelta(days=2)
    plain.run_until(until)
    for hour in range(49):
        parted.replay.run_until(START + timedelta(seconds=told[-1][0]) + timedelta(hours=hour))
    parted.replay.run_until(until)
    assert parted.verdicts == whole
    assert parted.replay.memory.timers == plain.memory.timers
    assert parted.replay.memory.states == plain.memory.states


def test_the_histories_bring_most_kinds_to_speak() -> None:
    spoke: set[str] = set()

    @settings(max_examples=150, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(histories())
    def collect(told: list[tuple[float, float, str, str, dict[str, Any]]]) -> None:
        replay = Replay(RULES, registry(), START)
        for number, one in enumerate(told):
            replay.event(event(replay.registry, number, one))
        replay.run_until(START + timedelta(days=3))
        spoke.update(verdict.rule for verdict in replay.verdicts)

    collect()
    kinds = {rule.definition.kind for rule in RULES if rule.id in spoke}
    if missing := {rule.definition.kind for rule in RULES} - kinds:
        pytest.fail(f"these kinds never say anything here, so nothing is proved of them: {missing}")


def test_what_a_silent_replay_knows_of_devices_is_what_events_would_have_taught() -> None:
    said, heard = DeviceHealth({}), DeviceHealth({})
    where = registry()
    for number, (kind, late) in enumerate(
        [("device.online", 0), ("device.offline", 0), ("door.opened", 90), ("door.opened", 0)]
    ):
        one = event(where, number, (60.0 * number, float(late), "contact" if "door" in kind else "hub", kind, {}))
        said.learn((one,))
        said.committed()
        heard.hear_of(one.device, one.kind, one.ts, one.received_at, one.via)
        assert (said.last_heard, said.online) == (heard.last_heard, heard.online), number
