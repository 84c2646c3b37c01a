"""One person being watched: what is kept of them, and what is known around them."""

from __future__ import annotations

from copy import copy

import msgspec

from rules.rhythm.due import Silence, missed
from rules.rhythm.limits import Kit
from rules.rhythm.profile import DAY_S, SLOT_S, Profile

#: A sensor's signs within the same minute are one: a chattering contact must not look like a busy day.
MINUTE_S = 60.0
SIGNS = frozenset({"inside", "door", "out", "visit"})


class Heard(msgspec.Struct, frozen=True, order=True):
    """One thing heard: `inside`, `door`, `out` (leaving), `visit` (a caregiver), or a device `lost` or `found`."""

    at: float
    what: str
    sensor: str
    reference: str = ""


class Watched(msgspec.Struct):
    """What is kept of a person; times are seconds of Unix time.

    `since`: the silence counts from here; `last`: the last sign there was; `mark`, `heard_h`, `score`: see
    `Silence` (no `mark` while nobody can be heard); `whole`: the silence may teach; `slot`: the first half-hour not
    learnt yet (number since 1970, local), `busy`: it had a sign; `deaf_from`: nobody can be heard since then (while
    there is no `mark`), `deaf_s`: for so many seconds nobody could be since the last day that was counted; `down`:
    devices that said they are gone; `horizon`: the latest minute anything was heard of.
    """

    since: float
    last: float
    mark: float | None
    slot: int
    horizon: float
    reference: str | None = None
    after_door: bool = False
    outbound: bool = False
    heard_h: float = 0.0
    score: float = 0.0
    whole: bool = False
    deaf_from: float = 0.0
    deaf_s: float = 0.0
    busy: bool = False
    visited_until: float = 0.0
    down: list[str] = []
    pending: list[Heard] = []
    raised_at: float | None = None
    profile: Profile | None = None

    def latest(self) -> float:
        """The last sign, what is still pending included."""
        return max([self.last, *(one.at for one in self.pending if one.what in SIGNS)])


class Surroundings(msgspec.Struct, frozen=True):
    """What following needs to know: the kit, the budget, the sensors with their gateways, local time's offset (s).

    `away_until`: the person is registered as away until then (seconds; 0: not).
    """

    kit: Kit
    rho: float
    sensors: tuple[tuple[str, str | None], ...]
    offset: float
    away_until: float = 0.0

    def slot(self, at: float) -> int:
        """The number of a moment's half-hour."""
        return int((at + self.offset) // SLOT_S)

    def day(self, at: float) -> int:
        """The number of a moment's day."""
        return int((at + self.offset) // DAY_S)

    def deaf(self, down: list[str]) -> bool:
        """Say whether no sensor is left."""
        return bool(self.sensors) and all(one in down or via in down for one, via in self.sensors)


def begin(at: float, around: Surroundings, profile: Profile | None = None) -> Watched:
    """Start to watch somebody; what was before is not known to be silence."""
    return Watched(
        since=at, last=at, mark=at, slot=around.slot(at) + 1, horizon=at // MINUTE_S * MINUTE_S, profile=profile
    )


def restart(state: Watched, at: float) -> Watched:
    """Count from a moment on: the person is known to be away, or to be well, until then."""
    after = copy(state)
    after.since = after.mark = at
    after.heard_h = after.score = 0.0
    after.after_door = after.outbound = after.whole = False
    return after


def calm(state: Watched) -> Watched:
    """The same without an alert."""
    if state.raised_at is None:
        return state
    after = copy(state)
    after.raised_at = None
    return after


def silence(state: Watched) -> Silence | None:
    """The silence as far as it could be heard; None while nobody can be."""
    if state.mark is None:
        return None
    return Silence(state.mark, state.heard_h, state.score, state.after_door)


def score_at(state: Watched, at: float, around: Surroundings) -> float:
    """The score (nats) of the silence at a moment."""
    if state.mark is None or state.profile is None:
        return state.score
    return state.score + missed(state.profile.surprise(), state.mark, at, around.offset)
