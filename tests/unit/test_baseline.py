"""The kind `baseline`, driven as the gateway drives it: who is watched, what pauses, clears and takes back."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from gateway.model.errors import Misconfigured
from gateway.model.event import Event
from gateway.model.judgement import Timer, Verdict
from gateway.model.person import Person
from gateway.model.registry import Device, Place, Registry, Station
from rules.kinds.baseline import Baseline
from rules.load import CATALOG, bring_to_life, parse_definition, read_definition
from rules.replay import Replay
from rules.rhythm.follow import hear
from rules.rhythm.limits import KITS
from rules.rhythm.watched import Heard, Surroundings

#: Eight in Shanghai, on a Monday.
T0 = datetime(2026, 11, 2, tzinfo=UTC)
SUBJECT = "person:p"
DEVICES = [
    Device("gw", "gateway", "hall", "网关"),
    Device("door", "door_contact", "flat", "门磁", "gw"),
    Device("pir", "motion", "flat", "红外", "gw"),
]
KINDS = {"door": "door.opened", "pir": "motion.detected"}


def registry(devices: list[Device] = DEVICES, **care: Any) -> Registry:
    return Registry(
        station=Station("s", "所", "Asia/Shanghai"),
        places=[Place("flat", "flat", "grid", "301室"), Place("hall", "building", "grid", "3号楼")],
        devices=devices,
        persons=[Person("p", "甲", "flat", {"lives_alone": True, **care})],
    )


def rule(**params: Any) -> Baseline:
    definition = read_definition(CATALOG / "elder-silent.yaml")
    made = bring_to_life(definition.model_copy(update={"params": {**definition.params, **params}}))
    assert isinstance(made, Baseline)
    return made


class Life:
    """One person, heard by two sensors behind a gateway."""

    def __init__(self, made: Baseline | None = None, known: Registry | None = None, *, strict: bool = False) -> None:
        self.rule = made or rule()
        self.replay = Replay([self.rule], known or registry(), T0, strict=strict)
        self._number = 0

    def say(self, at_h: float, device: str, kind: str | None = None, late_s: float = 0.0, **data: Any) -> None:
        ts = T0 + timedelta(hours=at_h)
        self._number += 1
        mounting = self.replay.registry.mounting(device)
        assert mounting is not None
        self.replay.event(
            Event.at(
                mounting, station="s", device=device, id=str(self._number), ts=ts, device_ts=ts,
                received_at=ts + timedelta(seconds=late_s), kind=kind or KINDS[device], data=data,
            )
        )  # fmt: skip

    def live(self, days: int = 21, last_h: float = 13.0) -> float:
        """Up from seven to nine in the evening, out at ten for half an hour. Returns the hour of the last sign."""
        last = 0.0
        for day in range(days):
            for step in range(-1, 14):
                at = day * 24 + step
                if at < 0 or (day == days - 1 and step > last_h):
                    continue
                self.say(at + 0.1, "door" if step == 2 else "pir")
                if step == 2:
                    self.say(at + 0.6, "pir")
                last = at + (0.6 if step == 2 else 0.1)
        return last

    def until(self, at_h: float) -> list[tuple[str, float]]:
        self.replay.run_until(T0 + timedelta(hours=at_h))
        return [(v.action, round((v.at - T0).total_seconds() / 3600, 1)) for v in self.replay.verdicts]

    @property
    def state(self) -> Any:
        return self.replay.memory.states[self.rule.id, SUBJECT]

    def last_verdict(self) -> Verdict:
        return self.replay.verdicts[-1]


def raised_after(life: Life, last: float) -> float:
    """Hours from the last sign to the alert."""
    ((action, at),) = life.until(last + 100)
    assert action == "raise"
    return at - last


def test_cold_start_by_kit() -> None:
    inside, after_door, door_alone = Life(), Life(), Life(rule(cold_s={}), registry(DEVICES[:2]))
    inside.say(1, "pir")
    after_door.say(1, "door")
    door_alone.say(1, "door")
    assert [raised_after(one, 1) for one in (inside, after_door, door_alone)] == [12, 24, 48]


def test_what_was_learnt_counts_after_a_week_and_rho_decides_how_soon() -> None:
    waits = []
    for rho in (4.0, 2.0, 1.0, 0.5, 0.25):
        life = Life(rule(rho=rho))
        waits.append(raised_after(life, life.live(last_h=5)))
    assert waits == sorted(waits)
    assert 4.0 <= waits[0] < waits[-1] < 24.0


def test_it_is_told_so_that_it_can_be_read_aloud() -> None:
    life = Life(strict=True)
    last = life.live(last_h=5)
    raised_after(life, last)
    told = life.last_verdict().explanation
    assert {"S", "g", "theta_S", "theta_G", "theta_D", "rho", "p95_h", "longest_h", "model", "first_exit"} <= set(
        told.facts
    )
    assert told.facts["first_exit"] == "10:30"
    assert told.facts["half_hours_active"] > 0
    assert told.facts["silent_hours"] < told.facts["p95_h"], "a night is longer: the time of day tells"
    assert "一天里这个时段，平时很少这么久没有动静" in told.summary["zh"]
    assert "两个月约一次" in told.summary["zh"]
    assert "门磁正常" in told.summary["zh"]
    assert "about once in 2 months" in told.summary["en"]
    assert "—" not in told.summary["zh"] + told.summary["en"]


def test_twice_the_same_and_through_json() -> None:
    ends = []
    for strict in (False, True, True):
        life = Life(strict=strict)
        life.live(last_h=5)
        life.until(600)
        ends.append((life.replay.verdicts, life.state))
    assert ends[0] == ends[1] == ends[2]


@pytest.mark.parametrize("seed", range(20))
def test_arrival_in_another_order_within_two_minutes_ends_the_same(seed: int) -> None:
    dice = random.Random(seed)
    # A status bears the time it is received at, so it is never late.
    said = [("pir", None), ("door", None), ("pir", None), ("gw", "device.offline"), ("gw", "device.online")]
    happened = sorted((dice.uniform(0, 30), *dice.choice(said)) for _ in range(400))
    ends = []
    for late in (False, True):
        life = Life()
        arrivals = [
            (at + (dice.uniform(0, 118) / 3600 if late and kind is None else 0), number, at, device, kind)
            for number, (at, device, kind) in enumerate(happened)
        ]
        for received, _, at, device, kind in sorted(arrivals):
            life.say(at, device, kind, late_s=(received - at) * 3600)
        life.say(30.5, "gw", "device.online")
        life.say(30.6, "pir")
        life.until(32)  # the next look learns what could still have changed
        state = life.state
        state.reference = None
        ends.append(msgspec.json.encode(state))
    assert ends[0] == ends[1]


def test_away_rests_and_clears_and_counts_again_when_it_is_over() -> None:
    life = Life()
    life.say(1, "pir")
    assert life.until(14) == [("raise", 13.0)]
    life.replay.change(registry(away_until="2026-11-04T08:00:00+08:00"), T0 + timedelta(hours=15))
    assert life.until(47) == [("raise", 13.0), ("clear", 15.0)]
    assert life.until(61)[2:] == [("raise", 60.0)]


def test_an_absence_that_was_missed_clears_at_the_next_look() -> None:
    life = Life()
    life.say(1, "pir")
    life.until(14)
    facts = life.replay._judging._facts
    facts.registry = registry(away_until="2026-11-10T08:00:00+08:00")
    assert life.until(15.5)[1][0] == "clear"


def test_an_absence_called_off_counts_from_then() -> None:
    life = Life(known=registry(away_until="2026-11-10T08:00:00+08:00"))
    life.say(1, "pir")
    life.until(30)
    life.replay.change(registry(), T0 + timedelta(hours=30))
    assert life.until(60) == [("raise", 42.0)]


def test_an_absence_teaches_nothing() -> None:
    life = Life()
    last = life.live(10)
    weights = sum(life.state.profile.hours.weights)
    life.replay.change(registry(away_until="2026-11-14T08:00:00+08:00"), T0 + timedelta(hours=last + 2))
    life.say(12 * 24 + 4, "pir")
    life.say(12 * 24 + 5, "pir")
    assert sum(life.state.profile.hours.weights) <= weights + 1


def test_late_signs_take_back_and_later_ones_clear() -> None:
    life = Life()
    life.say(1, "pir")
    life.until(14)
    life.say(12, "pir", late_s=2.5 * 3600)
    assert life.until(15) == [("raise", 13.0), ("retract", 12.0)]
    life.until(25)
    life.say(26, "pir")
    assert [action for action, _ in life.until(26)] == ["raise", "retract", "raise", "clear"]


def test_a_persons_own_limit_is_never_passed() -> None:
    life = Life(known=registry(silence_limit_s=3 * 3600))
    life.say(1, "pir")
    assert raised_after(life, 1) == 3
    assert life.last_verdict().explanation.limit_source == "person:p silence_limit_s"


def test_a_timer_that_fires_late_knows_what_was_said_since() -> None:
    life = Life(known=registry(silence_limit_s=12))
    life.say(1, "pir")
    state = life.state
    for at_s in (1, 3602, 3611):  # within one minute, before the timer of the first could be looked at
        heard = Heard(T0.timestamp() + at_s, "inside", "pir")
        state = hear(state, heard, Surroundings(KITS["inside+door"], 0.5, (), 28_800.0))
    due = T0 + timedelta(seconds=3612.5)
    judged = life.rule.on_timer(Timer("r", SUBJECT, "silent", due), state, due, life.replay._judging._facts)
    assert judged is not None
    assert judged.verdicts == ()


def test_cut_off_the_clock_stands_still() -> None:
    life = Life()
    last = life.live(last_h=5)
    free = raised_after(life, last)
    cut = Life()
    cut.live(last_h=5)
    cut.say(last + 1, "gw", "device.offline")
    cut.say(last + 2, "gw", "device.online")
    assert raised_after(cut, last) == pytest.approx(free + 1, abs=0.7)


def test_cut_off_for_ever_somebody_looks_in_at_last() -> None:
    life = Life()
    life.say(1, "pir")
    life.say(2, "gw", "device.offline")
    assert raised_after(life, 1) == pytest.approx(48, abs=0.1)
    assert life.last_verdict().explanation.facts["by"] == "ceiling"


def test_dead_sensors_are_no_silent_person() -> None:
    life = Life(rule(sensors_alive_s=4 * 3600))
    for device in ("pir", "door"):
        life.say(0.5, device, "device.online")
    life.say(1, "pir")
    assert life.until(40) == []


def test_one_dead_sensor_makes_it_wait_longer() -> None:
    life, hurt = Life(), Life()
    last = life.live(last_h=5)
    hurt.live(last_h=5)
    hurt.say(last + 0.5, "door", "device.offline")
    assert raised_after(life, last) < raised_after(hurt, last) < 12
    assert hurt.last_verdict().explanation.facts["by"] == "score"


def test_with_everything_inside_dead_a_door_is_judged_as_a_door() -> None:
    life = Life(rule(cold_s={}))
    last = life.live(last_h=5)
    life.say(last + 0.5, "pir", "device.offline")
    assert raised_after(life, last) == 48


def test_other_sensors_begin_anew() -> None:
    life = Life()
    last = life.live(last_h=5)
    life.replay.change(registry([*DEVICES[:2]]), T0 + timedelta(hours=last + 1))
    life.say(last + 2, "door")
    life.say(last + 3, "door")
    life.say(last + 3.1, "door")
    assert life.state.profile.kit == "door"
    assert raised_after(life, last + 3.1) == pytest.approx(24, abs=0.1)


def test_somebody_whom_nothing_can_hear_is_not_silent() -> None:
    assert Life(known=registry(DEVICES[:1])).until(500) == []


def test_a_heartbeat_never_resets_silence() -> None:
    life, beaten = Life(), Life()
    last = life.live(last_h=5)
    beaten.live(last_h=5)
    for step in range(1, 8):
        for device in ("gw", "pir", "door"):
            beaten.say(last + step, device, "device.online")
    assert raised_after(beaten, last) == raised_after(life, last)


def test_a_caregiver_is_somebody_who_looked_in() -> None:
    life = Life(known=registry(caregivers=["card:nurse"]))
    life.say(1, "pir")
    life.until(14)
    life.say(14.5, "door", "door.granted", credential="card:nurse")
    life.say(14.6, "pir")
    assert life.until(39.9) == [("raise", 13.0), ("clear", 14.5), ("raise", 39.0)]
    life.say(41, "door", "door.granted", role="caregiver")
    assert life.until(41)[-1] == ("clear", 41.0)


def test_who_left_and_did_not_come_back_is_said_to_have_left() -> None:
    life = Life()
    last = life.live(last_h=1)
    life.say(last + 1, "door", direction="out")
    raised_after(life, last + 1)
    told = life.last_verdict().explanation
    assert told.facts["not_returned"] is True
    assert "还没有回来" in told.summary["zh"]


def test_somebody_who_no_longer_lives_alone_is_let_be() -> None:
    life = Life()
    life.say(1, "pir")
    life.until(14)
    life.replay.change(registry(lives_alone=False), T0 + timedelta(hours=15))
    assert life.until(200)[1:] == [("clear", 15.0)]


def test_only_doors_count_for_who_has_not_been_out() -> None:
    life = Life(rule(signs="door"), registry(silence_limit_s=3600))
    life.say(1, "door")
    for at in range(2, 25):
        life.say(at, "pir")
    assert raised_after(life, 1) == 24


def test_what_it_waits_for_is_told() -> None:
    life = Life()
    last = life.live(last_h=5)
    now = T0 + timedelta(hours=last + 1)
    trace = life.rule.trace(SUBJECT, life.state, {}, now, life.replay._judging._facts)
    assert trace.standing is False
    assert any("告警" in line["zh"] for line in trace.lines)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"rho": 0}, "rho must be above 0"),
        ({"signs": "windows"}, "params do not fit|needs params"),
        ({"cap_s": 3600}, "seconds by kit"),
        ({"cap_s": {"attic": 3600}}, "seconds by kit"),
    ],
)
def test_parameters_that_cannot_be_are_refused(params: dict[str, Any], sentence: str) -> None:
    told = read_definition(CATALOG / "elder-silent.yaml").model_dump(mode="json", exclude_none=True)
    with pytest.raises(Misconfigured, match=sentence):
        parse_definition({**told, "params": {**told["params"], **params}}, "x.yaml")


def test_where_only_the_learnt_counts_fixed_limits_are_another_rules() -> None:
    life = Life(rule(learnt_only=True), registry(silence_limit_s=3600))
    life.say(1, "pir")
    life.say(2, "gw", "device.offline")
    assert life.until(150) == []
    known = Life(rule(learnt_only=True), registry(silence_limit_s=3600))
    assert 4 < raised_after(known, known.live(last_h=5)) < 12
    trace = life.rule.trace(SUBJECT, Life(rule(learnt_only=True)).state, {}, T0, life.replay._judging._facts)
    assert trace.standing is False
