"""The rhythm of one person: what it must never do, whatever it was taught."""

from __future__ import annotations

import math
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.rhythm.due import Silence, due, missed
from rules.rhythm.follow import hear, settle
from rules.rhythm.limits import KITS, budget, kit_of
from rules.rhythm.profile import DAY_S, HOUR_S, SLOT_S, Profile
from rules.rhythm.tail import BINS, EDGES, Tail
from rules.rhythm.told import clock, how_often
from rules.rhythm.watched import Heard, Surroundings, Watched, begin, silence

KIT = KITS["inside+door"]
#: Eight in Shanghai, on a Monday.
T0 = 1_793_577_600.0
AROUND = Surroundings(KIT, 0.5, (("m", "gw"), ("d", "gw")), 28_800.0)


def lived(days: int = 20, around: Surroundings = AROUND) -> Watched:
    """Somebody who is up from seven to nine, every half-hour, and goes out at ten for an hour."""
    state = begin(T0, around)
    dice = random.Random(1)
    for day in range(days):
        for step in range(28):
            at = T0 + day * DAY_S + (step / 2 - 1) * HOUR_S + dice.uniform(0, 900)
            if at > T0:
                out = step == 6
                state = hear(state, Heard(at, "door" if out else "inside", "d" if out else "m"), around)
    return state


LIVED = lived()


def due_at(state: Watched, rho: float = 0.5, own_h: float | None = None) -> float:
    now_silent = silence(state)
    assert now_silent is not None
    return due(state.profile, KIT, rho, now_silent, AROUND.offset, own_h=own_h).at


tails = st.lists(st.floats(0.01, 300.0), max_size=80)


@given(tails, st.integers(1, 60), st.booleans())
def test_the_level_falls_as_more_false_alerts_are_allowed(values: list[float], days: int, heavy: bool) -> None:
    tail = Tail.empty("hours", 2.0, heavy=heavy)
    for value in values:
        tail.add(value)
    tail.fade(days)
    levels = [tail.level(rate) for rate in (0.05, 0.2, 0.5, 1.0, 4.0, 20.0)]
    assert levels == sorted(levels, reverse=True)
    assert all(math.isfinite(level) and level >= 0.0 for level in levels)


def test_a_tail_remembers_where_silences_lie_and_nothing_too_short() -> None:
    tail = Tail.empty("hours", 2.0)
    tail.add(0.04)
    assert not tail.teaches(0.04)
    assert tail.quantile(0.5) is None
    for value in (1.0, 2.0, 3.0, 500.0):
        tail.add(value)
    assert tail.quantile(0.5) == pytest.approx(2.0)
    assert tail.quantile(1.0) == pytest.approx(500.0)
    assert len(EDGES["hours"]) == BINS + 1
    before = sum(tail.weights)
    tail.fade(30)
    assert sum(tail.weights) == pytest.approx(before / 2)


def test_nights_elsewhere_make_a_heavy_tail_and_even_silences_do_not() -> None:
    """A night away every ten days stands out: a heavy tail waits for longer, and lets one count for more."""
    levels = {}
    for what, odd in (("even", 12.0), ("away", 36.0)):
        for heavy in (False, True):
            tail = Tail.empty("hours", 2.0, heavy=heavy)
            for day in range(60):
                tail.fade(1)
                tail.add(8.0 + day % 5)
                if day % 10 == 0:
                    tail.add(odd)
            levels[what, heavy] = tail.level(0.5)
    assert levels["even", True] == pytest.approx(levels["even", False])
    assert levels["away", True] > levels["away", False] + 1.0
    assert Tail.empty("hours", 2.0, heavy=True).at_most > Tail.empty("hours", 2.0).at_most


def test_only_where_nothing_tells_of_leaving_and_the_cap_lets_nights_pass_is_the_tail_heavy() -> None:
    assert {name for name, kit in KITS.items() if Profile.new(T0, 20_000, kit).score.squares} == {"water"}
    assert all(kit.cap_h > 24.0 and not kit.door for kit in KITS.values() if kit.sleeps_out)


def test_days_in_which_nobody_could_be_heard_are_no_days_without_silences() -> None:
    state = settle(LIVED, LIVED.horizon + 60, AROUND)
    days = {}
    for what in ("lost", "inside"):
        told = hear(state, Heard(state.since + HOUR_S, what, "gw" if what == "lost" else "m"), AROUND)
        told = hear(told, Heard(state.since + 49 * HOUR_S, "found", "gw"), AROUND)
        told = hear(told, Heard(state.since + 49.1 * HOUR_S, "inside", "m"), AROUND)
        days[what] = settle(told, told.horizon + 60, AROUND).profile.score.days
    assert days["inside"] - days["lost"] == pytest.approx(2.0, abs=0.1)


@given(st.floats(0, 3 * DAY_S), st.floats(0, 5 * DAY_S))
def test_the_score_of_a_span_is_that_of_its_parts(first: float, second: float) -> None:
    surprise = [0.1 + number / 20 for number in range(48)]
    middle, end = T0 + first, T0 + first + second
    whole = missed(surprise, T0, end, 28_800.0)
    assert whole == pytest.approx(missed(surprise, T0, middle, 28_800.0) + missed(surprise, middle, end, 28_800.0))
    assert whole == pytest.approx(sum(surprise) * (end - T0) / DAY_S, abs=sum(surprise))


@given(st.floats(0.05, 20.0), st.booleans(), st.floats(0, 30 * HOUR_S))
def test_never_before_the_floor_never_after_the_cap(rho: float, after_door: bool, later: float) -> None:
    now_silent = Silence(LIVED.since + later, after_door=after_door)
    found = due(LIVED.profile, KIT, rho, now_silent, AROUND.offset)
    waited = (found.at - now_silent.mark) / HOUR_S
    assert KIT.floor_h - 1e-6 <= waited <= (36.0 if after_door else KIT.cap_h) + 1e-6


@given(st.floats(0.05, 10.0), st.floats(1.0, 4.0))
def test_due_comes_sooner_as_more_false_alerts_are_allowed(rho: float, more: float) -> None:
    assert due_at(LIVED, rho * more) <= due_at(LIVED, rho) + 1e-6


@given(st.floats(0.5, 100.0))
def test_a_persons_own_limit_is_never_passed(own_h: float) -> None:
    assert due_at(LIVED, own_h=own_h) <= LIVED.since + own_h * HOUR_S + 1e-6


def test_a_morning_missed_is_noticed_before_a_night_would_be() -> None:
    evening = settle(LIVED, LIVED.horizon + 60, AROUND)
    morning = hear(LIVED, Heard(evening.since + 10.5 * HOUR_S, "inside", "m"), AROUND)
    morning = settle(morning, morning.horizon + 60, AROUND)
    assert due_at(morning) - morning.since < 0.7 * (due_at(evening) - evening.since)
    assert due_at(evening) - evening.since > 10.5 * HOUR_S


def test_time_that_could_not_be_heard_adds_nothing_and_teaches_nothing() -> None:
    state = settle(LIVED, LIVED.horizon + 60, AROUND)
    taught = state.profile
    free = due_at(state)
    state = hear(state, Heard(state.since + HOUR_S, "lost", "gw"), AROUND)
    state = hear(state, Heard(state.since + 21 * HOUR_S, "found", "gw"), AROUND)
    state = settle(state, state.horizon + 60, AROUND)
    assert (state.heard_h, state.whole) == (pytest.approx(1.0), False)
    assert state.score == pytest.approx(missed(taught.surprise(), state.since, state.since + HOUR_S, AROUND.offset))
    # Twenty hours later by the clock; the half-hours it now waits through are those of another time of day.
    assert due_at(state) - state.since - 20 * HOUR_S <= KIT.cap_h * HOUR_S
    assert due_at(state) > free
    remembered = sum(state.profile.hours.weights)
    ended = hear(state, Heard(state.since + 23 * HOUR_S, "inside", "m"), AROUND)
    ended = settle(ended, ended.horizon + 60, AROUND)
    assert sum(ended.profile.hours.weights) <= remembered


def test_a_heartbeat_is_no_sign() -> None:
    state = settle(LIVED, LIVED.horizon + 60, AROUND)
    beaten = state
    for step in range(10):
        beaten = hear(beaten, Heard(state.since + step * HOUR_S, "found", "m"), AROUND)
    beaten = settle(beaten, beaten.horizon + 60, AROUND)
    assert beaten.since == state.since
    assert due_at(beaten) == due_at(state)
    assert beaten.profile is state.profile


def test_a_profile_is_another_object_exactly_when_something_was_learnt() -> None:
    state = settle(LIVED, LIVED.horizon + 60, AROUND)
    before = msgspec.json.encode(state.profile)
    again = hear(state, Heard(state.since + 70, "inside", "m"), AROUND)
    again = settle(again, again.horizon + 60, AROUND)
    assert again.since > state.since
    assert again.profile is state.profile
    learnt = hear(again, Heard(again.since + HOUR_S, "inside", "m"), AROUND)
    learnt = settle(learnt, learnt.horizon + 60, AROUND)
    assert learnt.profile is not state.profile
    assert msgspec.json.encode(state.profile) == before


@given(st.permutations(list(range(12))))
def test_the_order_of_arrival_within_two_minutes_leaves_no_trace(order: list[int]) -> None:
    steps = [0, 5, 5.5, 31, 58, 61, 62, 75, 88, 93, 101, 118]
    kinds = [
        "inside",
        "door",
        "inside",
        "lost",
        "found",
        "inside",
        "door",
        "inside",
        "visit",
        "inside",
        "lost",
        "found",
    ]
    start = LIVED.horizon // 60 * 60 + 9 * HOUR_S
    happened = [
        Heard(start + step, kind, "gw" if kind in {"lost", "found"} else "m", str(number))
        for number, (step, kind) in enumerate(zip(steps, kinds, strict=True))
    ]
    ends = []
    for arrival in (happened, [happened[number] for number in order]):
        state = LIVED
        for heard in arrival:
            state = hear(state, heard, AROUND)
        ends.append(settle(state, start + HOUR_S, AROUND))
    assert ends[0] == ends[1]


def test_state_survives_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(LIVED), type=Watched) == LIVED
    assert len(msgspec.json.encode(LIVED)) < 20_000


def test_a_chattering_sensor_is_one_sign_a_minute_and_the_list_stays_short() -> None:
    state = LIVED
    start = LIVED.horizon // 60 * 60 + HOUR_S
    for step in range(5000):
        state = hear(state, Heard(start + step / 10, "inside", "m", str(step)), AROUND)
    assert len(state.pending) <= 4


def test_a_caregiver_teaches_nothing_and_what_they_move_is_not_the_person() -> None:
    state = settle(LIVED, LIVED.horizon + 60, AROUND)
    start = state.since + 12 * HOUR_S
    visited = hear(state, Heard(start, "visit", "d"), AROUND)
    visited = hear(visited, Heard(start + 300, "inside", "m"), AROUND)
    visited = settle(visited, start + 600, AROUND)
    assert visited.since == visited.mark == start + 1800
    assert visited.after_door
    after = hear(visited, Heard(start + 9 * HOUR_S, "inside", "m"), AROUND)
    after = settle(after, after.horizon + 60, AROUND)
    assert sum(after.profile.door.weights) <= sum(state.profile.door.weights)


def test_kits_and_budgets() -> None:
    assert kit_of(door=True, motion=False, water=True).name == "inside+door"
    assert kit_of(door=True, motion=False, water=False).name == "door"
    assert kit_of(door=False, motion=True, water=True).name == "inside"
    assert kit_of(door=False, motion=False, water=True).name == "water"
    assert sum(budget(KIT, 0.5)) == pytest.approx(0.5)
    assert budget(KITS["door"], 0.5)[0] == 0.5


def test_how_often_and_clock_read_aloud() -> None:
    assert how_often(0.5) == {"zh": "两个月约一次", "en": "about once in 2 months"}
    assert how_often(2.0)["zh"] == "每月约两次"
    assert (clock(17), clock(18)) == ("09:00", "09:30")


def test_a_profile_without_days_knows_nothing() -> None:
    profile = Profile.new(T0, 20_000, KIT)
    assert profile.first_exit() is None
    assert profile.longest_h() == 0.0
    assert due(profile, KIT, 0.5, Silence(T0), 28_800.0).by == "cold"
    assert profile.surprise()[20] > profile.surprise()[4]
    assert SLOT_S * 48 == DAY_S
