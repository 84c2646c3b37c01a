"""Following one person: signs in order of their own time, hours that could be heard, and what they teach.

What is younger than the lateness that rules allow waits in a sorted list, so the order of arrival within it leaves no
trace. Only then half-hours are closed and silences learnt. Time in which no sensor could be heard stops the clock:
it adds nothing to a silence, and a silence it falls into teaches nothing.
"""

from __future__ import annotations

from copy import copy

from rules.rhythm.due import missed
from rules.rhythm.limits import budget
from rules.rhythm.profile import HOUR_S, SLOTS, Profile
from rules.rhythm.watched import MINUTE_S, SIGNS, Heard, Surroundings, Watched

#: How long a late sign is waited for before what came after it is learnt, seconds (`rules.late`).
LATE_S = 120.0
#: A caregiver's visit is over so long after the door let them in, seconds.
VISIT_S = 1800.0
#: Empty half-hours learnt at once at most; longer silences have been alerted long ago.
_MOST_SLOTS = 4 * SLOTS


def hear(state: Watched, heard: Heard, around: Surroundings) -> Watched:
    """Take one thing that was heard, in whatever order it arrives, and learn what can no longer change.

    Returns the same object when it says nothing new.
    """
    horizon = max(state.horizon, heard.at // MINUTE_S * MINUTE_S)
    counts = heard.what not in SIGNS or heard.at > state.since
    pending = _with(state.pending, heard) if counts else state.pending
    last = state.last if counts else max(state.last, heard.at)  # while they are visited, or registered as away
    if pending is state.pending and (horizon, last) == (state.horizon, state.last):
        return state
    after = copy(state)
    after.horizon, after.pending, after.last = horizon, pending, last
    return settle(after, horizon - LATE_S, around)


def _with(pending: list[Heard], heard: Heard) -> list[Heard]:
    """Insert in order; of a sensor's equal signs within a minute the last is kept."""
    if heard.what in SIGNS:
        minute = heard.at // MINUTE_S
        same = [p for p in pending if p.sensor == heard.sensor and p.what == heard.what and p.at // MINUTE_S == minute]
        if same:
            if same[0] >= heard:
                return pending
            pending = [one for one in pending if one is not same[0]]
    return sorted([*pending, heard])


def settle(state: Watched, before: float, around: Surroundings) -> Watched:
    """Follow everything pending that is older than a moment. Returns another object when there was any."""
    ready = [one for one in state.pending if one.at < before]
    if not ready:
        return state
    after = copy(state)
    after.pending = state.pending[len(ready) :]
    learning = _Learning(after, around)
    for heard in ready:
        learning.follow(heard)
    return after


def pause(state: Watched, at: float, around: Surroundings) -> Watched:
    """Stop the clock from a moment on: nobody could be heard since."""
    after = copy(state)
    _Learning(after, around).pause(at)
    return after


def resume(state: Watched, at: float, around: Surroundings) -> Watched:
    """Let the clock run again."""
    after = copy(state)
    _Learning(after, around).resume(at)
    return after


class _Learning:
    """Moves one state, which is its own, through things heard in order; its profile is copied when first changed."""

    def __init__(self, state: Watched, around: Surroundings) -> None:
        self._state, self._around = state, around
        self._copied = False

    def follow(self, heard: Heard) -> None:
        state = self._state
        if heard.what == "lost":
            state.down = sorted({*state.down, heard.sensor})
            if self._around.deaf(state.down):
                self.pause(heard.at)
        elif heard.what == "found":
            self._found(heard.sensor, heard.at)
        elif heard.at <= state.since:  # heard during a visit, or too late to matter
            state.last = max(state.last, heard.at)
        else:
            self._sign(heard)

    def _found(self, device: str, at: float) -> None:
        state = self._state
        if device in state.down:
            state.down = [one for one in state.down if one != device]
        if state.mark is None and not self._around.deaf(state.down):
            self.resume(at)

    def pause(self, at: float) -> None:
        state = self._state
        if state.mark is None:
            return
        at = max(at, state.mark)
        hours, nats = self._so_far(at)
        self._close_until(at)
        state.heard_h, state.score, state.mark, state.whole = hours, nats, None, False
        state.deaf_from = at

    def resume(self, at: float) -> None:
        state = self._state
        if state.mark is not None:
            return
        state.deaf_s += max(0.0, at - state.deaf_from)
        if state.busy and self._around.slot(at) > state.slot:
            self._profile().close(state.slot, active=True)
            state.busy = False
        if not state.busy:
            state.slot = self._around.slot(at) + 1
        state.mark = max(at, state.since)

    def _sign(self, heard: Heard) -> None:
        state, around = self._state, self._around
        if heard.sensor in state.down:
            via = dict(around.sensors).get(heard.sensor)
            state.down = [one for one in state.down if one not in {heard.sensor, via}]
        self.resume(heard.at)
        away = around.away_until > heard.at
        if state.profile is None or state.profile.kit != around.kit.name:  # other sensors: other silences
            self._copied = True
            state.profile = Profile.new(heard.at, around.day(heard.at), around.kit)
        elif state.whole and not away:
            self._teach(heard.at)
        self._close_until(heard.at)
        if around.day(heard.at) > state.profile.day:
            self._profile().turn(around.day(heard.at), state.deaf_s)
            state.deaf_s = 0.0
        if heard.what in {"door", "out"} and state.profile.exit_day != around.day(heard.at):
            self._profile().learn_exit(around.slot(heard.at))
        visit = heard.what == "visit"
        begins = heard.at + VISIT_S if visit else heard.at
        state.last, state.reference = heard.at, heard.reference
        state.since = state.mark = begins
        state.heard_h = state.score = 0.0
        state.after_door, state.outbound = heard.what != "inside", heard.what == "out"
        state.whole = not visit and not away
        state.slot, state.busy = around.slot(begins), not visit and not away
        if visit:
            state.visited_until, state.slot = begins, state.slot + 1

    def _teach(self, at: float) -> None:
        state, kit = self._state, self._around.kit
        hours, nats = self._so_far(at)
        profile = state.profile
        rates = budget(kit, self._around.rho)
        if profile is None or not profile.hours.teaches(hours):
            return
        warm = not profile.cold(at)
        if state.after_door and kit.door:
            self._profile().learn_outing(hours, rates, warm=warm)
        else:
            self._profile().learn_silence(hours, nats, rates, warm=warm)

    def _so_far(self, at: float) -> tuple[float, float]:
        """Hours and nats of the silence up to a moment."""
        state = self._state
        if state.mark is None or at <= state.mark:
            return state.heard_h, state.score
        nats = 0.0
        # A short silence is too small for either tail; the walk over half-hours is saved.
        if state.profile is not None and at - state.since >= MINUTE_S:
            nats = missed(state.profile.surprise(), state.mark, at, self._around.offset)
        return state.heard_h + (at - state.mark) / HOUR_S, state.score + nats

    def _close_until(self, at: float) -> None:
        """Learn the half-hours that have ended by a moment: the one with the last sign, and the empty ones."""
        state, around = self._state, self._around
        now = around.slot(at)
        if state.profile is None or now <= state.slot:
            return
        if state.busy:
            self._profile().close(state.slot, active=True)
            state.slot, state.busy = state.slot + 1, False
        learns = state.mark is not None and not (state.after_door and around.kit.door) and around.away_until <= at
        if learns:
            for number in range(max(state.slot, now - _MOST_SLOTS), now):
                self._profile().close(number, active=False)
        state.slot = max(state.slot, now)

    def _profile(self) -> Profile:
        """The profile, copied before its first change."""
        if not self._copied:
            assert self._state.profile is not None  # noqa: S101  # who learns has one
            self._state.profile, self._copied = self._state.profile.copy(), True
        assert self._state.profile is not None  # noqa: S101
        return self._state.profile
