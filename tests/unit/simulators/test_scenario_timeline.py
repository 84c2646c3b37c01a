"""The timeline: what a scenario takes out of ordinary life, puts in, and holds back."""

import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

import simulators
from simulators.scenario.file import _own
from simulators.scenario.form import Scenario
from simulators.scenario.plan import Plan, plan_of
from simulators.scenario.tell import lines
from simulators.scenario.timeline import Control, Said, timeline
from tests.unit.simulators.test_scenario_cast import street

CAST = {
    "hub": {"device": "gateway"},
    "locks": {"device": "door_controller", "where": "flat", "count": "all"},
    "eye": {"device": "camera"},
    "elder": {"person": {"kit": ["motion"]}},
    "east": {"area": "grid", "nth": 1},
    "flat": {"place": "flat", "nth": 1},
}
TEXT = {"zh": "x", "en": "x"}


def plan(*steps: dict[str, Any], day: date = date(2026, 11, 23), **more: object) -> Plan:
    raw = {
        "id": "test", "title": TEXT, "shows": TEXT, "begins": "08:00", "warm_up": "1 h", "lasts": "2 h",
        "cast": CAST, "steps": list(steps), **{word.rstrip("_"): said for word, said in more.items()},
    }  # fmt: skip
    return plan_of(msgspec.convert(raw, Scenario, dec_hook=_own), street(), 1, day)


def life(of: Plan, every_min: int = 10) -> list[Said]:
    """Everybody says an event every so many minutes, and a heartbeat right after it."""
    found: list[Said] = []
    moment = of.since
    while moment < of.until:
        for device in of.ground.devices:
            found.append(Said(moment, device, "event", b'{"id":"x"}'))
            found.append(Said(moment + timedelta(seconds=1), device, "status", b'{"session":"x","online":true}'))
        moment += timedelta(minutes=every_min)
    return sorted(found, key=lambda one: one.at)


def offsets(of: Plan, device: str, lane: str = "event", happens: list[Said | Control] | None = None) -> list[float]:
    """When a device was heard, in minutes from the beginning."""
    happens = timeline(of, life(of)) if happens is None else happens
    heard = [one for one in happens if isinstance(one, Said) and one.device == device and one.lane == lane]
    return [(one.at - of.begin).total_seconds() / 60 for one in heard]


EVERY_10 = [float(minute) for minute in range(-60, 120, 10)]


def test_without_steps_life_goes_its_way() -> None:
    assert offsets(plan(), "camera") == EVERY_10
    happens = timeline(plan(), life(plan()))
    assert happens == sorted(happens, key=lambda one: one.at)


def test_life_outside_the_scenario_is_left_out() -> None:
    of = plan()
    too_much = [Said(of.since - timedelta(seconds=1), "hub", "event", b"{}"), Said(of.until, "hub", "event", b"{}")]
    assert timeline(of, too_much) == []


@pytest.mark.parametrize(
    ("muted", "silent"),
    [
        ("elder", {"contact-3", "motion-3"}),
        ("eye", {"camera"}),
        ("hub", {"hub", "entrance", "lock-1", "lock-2", "contact-3", "motion-3"}),
        (["eye", "elder"], {"camera", "contact-3", "motion-3"}),
        ("east", {"hub", "entrance", "lock-1", "lock-2", "contact-3", "motion-3"}),
    ],
)
@pytest.mark.parametrize("heartbeats", ["kept", "muted"])
def test_mute_takes_out_what_is_said_in_its_span(muted: str | list[str], silent: set[str], heartbeats: str) -> None:
    of = plan({"mute": muted, "from": "0 s", "to": "1 h", "heartbeats": heartbeats})
    happens = timeline(of, life(of))
    rest = [minute for minute in EVERY_10 if not 0 <= minute < 60]
    for device in of.ground.devices:
        assert offsets(of, device, happens=happens) == (rest if device in silent else EVERY_10)
        beats = len(offsets(of, device, "status", happens))
        assert beats == len(rest if device in silent and heartbeats == "muted" else EVERY_10)


def test_say_repeats_and_goes_round() -> None:
    of = plan(
        {"say": "door.denied", "by": "locks", "at": "5 min", "times": 2, "every": "20 s", "each": "60 s",
         "data": {"direction": "in"}}
    )  # fmt: skip
    said = timeline(of, [])
    events = [json.loads(one.payload) for one in said if isinstance(one, Said)]
    first, second = of.cast["locks"].ids
    assert [one.device for one in said if isinstance(one, Said)] == [first, first, second, second]
    apart = [(datetime.fromisoformat(event["ts"]) - of.begin).total_seconds() for event in events]
    assert apart == [300, 320, 360, 380]
    assert len({event["id"] for event in events}) == 4
    assert all(event["data"] == {"direction": "in"} and event["kind"] == "door.denied" for event in events)
    assert all(len(event["id"]) == 26 for event in events)
    late = [(one.at - datetime.fromisoformat(json.loads(payload_of(one))["ts"])).total_seconds() for one in said]
    assert all(0 < lateness < 1 for lateness in late)


def test_events_speak_of_the_cast() -> None:
    of = plan(
        {"say": "visitor.called", "by": "eye",
         "data": {"flat": {"of": "elder"}, "places": [{"of": "hub"}, "x"], "all": {"of": "locks"}}}
    )  # fmt: skip
    (said,) = timeline(of, [])
    told = {"flat": "p-3", "places": ["hub", "x"], "all": ["lock-1", "lock-2"]}
    assert json.loads(payload_of(said))["data"] == told


def test_a_clock_may_be_wrong() -> None:
    (said,) = timeline(of := plan({"say": "camera.person", "by": "eye", "clock": "12 min"}), [])
    assert datetime.fromisoformat(json.loads(payload_of(said))["ts"]) == of.begin + timedelta(minutes=12)
    assert said.at < of.begin + timedelta(seconds=1)


def test_alarms_have_their_own_lane() -> None:
    said = timeline(plan({"say": "alarm.pressed", "by": "eye"}), [])
    assert [one.lane for one in said if isinstance(one, Said)] == ["alarm"]


def test_what_is_said_is_not_muted() -> None:
    of = plan({"mute": "eye", "to": "2 h"}, {"say": "camera.person", "by": "eye", "at": "10 min"})
    during = [minute for minute in offsets(of, "camera") if minute >= 0]
    assert [round(minute) for minute in during] == [10]


def test_hold_lets_everything_arrive_in_a_burst_in_its_old_order() -> None:
    press = {"say": "alarm.pressed", "by": "eye", "at": "33 min"}
    of, undisturbed = plan(press, {"hold": "everything", "to": "55 min", "over": "30 s"}), plan(press)
    happens, before = timeline(of, life(of)), timeline(undisturbed, life(undisturbed))
    back = of.begin + timedelta(minutes=55)
    held = [one for one in before if of.begin <= one.at < back]
    burst = [one for one in happens if back <= one.at < back + timedelta(seconds=30)]
    assert not [one for one in happens if of.begin <= one.at < back]
    assert [payload_of(one) for one in burst] == [payload_of(one) for one in held]
    assert len(burst) == 6 * 2 * len(of.ground.devices) + 1
    assert len(happens) == len(before)


def payload_of(one: Said | Control) -> bytes:
    assert isinstance(one, Said)
    return one.payload


def test_hold_of_a_gateway_holds_what_is_behind_it() -> None:
    of = plan({"hold": "hub", "to": "1 h", "over": "6 s"})
    assert [minute for minute in offsets(of, "camera") if 0 <= minute < 60]
    assert not [minute for minute in offsets(of, "lock-1") if 0 <= minute < 60]
    assert len(offsets(of, "lock-1")) == len(EVERY_10)


def test_offline_is_said_by_what_has_a_connection_of_its_own() -> None:
    of = plan({"offline": ["hub", "eye"], "each": "2 s"}, {"online": ["hub", "eye"], "at": "1 h"})
    said = [one for one in timeline(of, []) if isinstance(one, Said)]
    status = [(one.device, one.lane, json.loads(one.payload)["online"], one.retained) for one in said]
    assert status[:2] == [("hub", "status", False, True), ("camera", "status", False, True)]
    assert sorted(status[2:]) == [("camera", "status", True, True), ("hub", "status", True, True)]
    assert len({json.loads(one.payload)["session"] for one in said}) == 4


def test_people_act_at_the_gateway() -> None:
    of = plan(
        {"person": "elder", "at": "30 min", "care": {"away_until": {"in": "3 days"}, "note": None}},
        {"drill": "eye", "at": "10 min", "minutes": 5, "note": "演练"},
    )
    told = [json.loads(line) for line in lines(of, timeline(of, []))]
    assert told == [
        {
            "scenario": "test", "since": "2026-11-23T07:00:00.000+08:00",
            "begin": "2026-11-23T08:00:00.000+08:00", "until": "2026-11-23T10:00:00.000+08:00",
        },
        {"at": "2026-11-23T08:10:00.000+08:00", "drill": {"device": "camera", "minutes": 5, "note": "演练"}},
        {
            "at": "2026-11-23T08:30:00.000+08:00",
            "person": {"id": "p-3", "care": {"away_until": "2026-11-26T08:30:00+08:00", "note": None}},
        },
    ]  # fmt: skip


def test_payloads_are_told_byte_for_byte() -> None:
    of = plan()
    odd = Said(of.begin, "hub", "status", b'{ "session":"x",  "online":true }', retained=True)
    told = list(lines(of, [odd]))
    assert '"payload":{ "session":"x",  "online":true },"retained":true}' in told[1]
    assert json.loads(told[1])["topic"] == "anxin/v1/here/hub/status"


def test_a_weekday_is_waited_for() -> None:
    sunday = date(2026, 11, 22)
    assert plan(day=sunday, weekday=1).begin.date() == date(2026, 11, 23)
    assert plan(day=sunday, weekday=7).begin.date() == sunday
    # The first days of October are holidays, the tenth is a Saturday of work.
    assert plan(day=date(2026, 9, 28), weekday=4).begin.date() == date(2026, 10, 15)
    assert plan(day=sunday, begins="02:30").begin.isoformat() == "2026-11-22T02:30:00+08:00"


@pytest.mark.parametrize(
    ("wanted", "day", "found"),
    [
        ("work", date(2026, 10, 1), date(2026, 10, 8)),
        ("rest", date(2026, 11, 23), date(2026, 11, 28)),
        ("school", date(2026, 7, 10), date(2026, 9, 1)),
        ("moved_work", date(2026, 11, 23), date(2026, 10, 10)),
        ("moved_work", date(2026, 2, 1), date(2026, 5, 9)),
    ],
)
def test_a_kind_of_day_is_waited_for(wanted: str, day: date, found: date) -> None:
    assert plan(day=day, begins="12:00").begin.date() == day
    assert plan(day=day, begins="12:00", day_=wanted).begin.date() == found


def test_the_same_arguments_tell_the_same_bytes(county_path: Path) -> None:
    def told(hash_seed: str) -> bytes:
        return subprocess.run(
            [
                sys.executable, "-m", "simulators", "scenario", "tell", "school-alarm", "--site", str(county_path),
                "--seed", "3", "--begin", "2026-11-23",
            ],
            capture_output=True, check=True, cwd=Path(simulators.__file__).parents[1],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        ).stdout  # fmt: skip

    one = told("1")
    assert one == told("2")
    moments = [json.loads(line)["at"] for line in one.splitlines()[1:]]
    assert len(moments) > 100
    assert moments == sorted(moments)
