"""When a silence becomes too long, if it goes on: one walk over at most a few hundred half-hours."""

from __future__ import annotations

import msgspec

from rules.rhythm.limits import DOOR_CAP_H, DOOR_FLOOR_H, Kit, budget
from rules.rhythm.profile import DAY_S, HOUR_S, SLOT_S, SLOTS, Profile

#: Later than any silence that means something, hours.
LONGEST_H = 10_000.0


class Silence(msgspec.Struct, frozen=True):
    """A silence as far as it could be heard.

    `mark`: it can be heard from here on (seconds of Unix time); `heard_h` and `score`: hours and nats up to there.
    `after_door`: it began with the door.
    """

    mark: float
    heard_h: float = 0.0
    score: float = 0.0
    after_door: bool = False


class Due(msgspec.Struct, frozen=True):
    """The moment (seconds of Unix time) and the limit that makes it: `score`, `door`, `cap`, `floor`, `cold`, `own`."""

    at: float
    by: str
    score_limit: float
    door_limit_h: float


def missed(surprise: list[float], since: float, until: float, offset: float) -> float:
    """The score (nats) of a span in which nothing was heard; `offset` is local time's, seconds."""
    if until <= since:
        return 0.0
    begins, ends = (since + offset) / SLOT_S, (until + offset) / SLOT_S
    first, last = int(begins // 1), int(ends // 1)
    if first == last:
        return surprise[first % SLOTS] * (ends - begins)
    total = surprise[first % SLOTS] * (first + 1 - begins) + surprise[last % SLOTS] * (ends - last)
    days, rest = divmod(last - first - 1, SLOTS)
    total += days * sum(surprise)
    return total + sum(surprise[(first + 1 + step) % SLOTS] for step in range(rest))


def due(  # the facts of one decision
    profile: Profile | None,
    kit: Kit,
    rho: float,
    silence: Silence,
    offset: float,
    *,
    floor_h: float | None = None,
    cap_h: float | None = None,
    cold_h: float | None = None,
    own_h: float | None = None,
    patience: float = 1.0,
) -> Due:
    """Say when a silence is too long, by the first of its limits.

    `own_h`: the person's own limit, which stands in the place of cap and cold limit and is never passed;
    `patience` stretches learnt limits while a sensor is missing. Profile None: nothing is known yet.
    """
    floor = kit.floor_h if floor_h is None else floor_h
    cap = own_h if own_h is not None else kit.cap_h if cap_h is None else cap_h
    cold = profile is None or profile.cold(silence.mark - silence.heard_h * HOUR_S)
    if profile is None or cold:
        fixed = cold_h if cold_h is not None else kit.cold_door_h if silence.after_door else kit.cold_h
        hours, by = (own_h, "own") if own_h is not None else (fixed, "cold")
        return Due(_moment(silence, hours), by, 0.0, 0.0)
    rates = budget(kit, rho)
    score_limit = profile.score.level(rates[0]) * patience
    door_limit = min(DOOR_CAP_H, max(DOOR_FLOOR_H, profile.door.level(rates[1]) * patience))
    if silence.after_door and kit.door:
        hours, by = (door_limit, "door") if own_h is None or door_limit <= own_h else (own_h, "own")
    else:
        hours = _reached(profile.surprise(), silence, score_limit, cap, offset)
        by = "score"
        if hours < floor:
            hours, by = floor, "floor"
        if hours >= cap:
            hours, by = cap, "cap" if own_h is None else "own"
    return Due(_moment(silence, hours), by, score_limit, door_limit)


def _moment(silence: Silence, hours: float) -> float:
    return silence.mark + max(0.0, hours - silence.heard_h) * HOUR_S


def _reached(surprise: list[float], silence: Silence, limit: float, cap_h: float, offset: float) -> float:
    """Hours of heard silence at which the score reaches a limit, at most `cap_h`."""
    wanted = limit - silence.score
    if wanted <= 0.0:
        return silence.heard_h
    at = (silence.mark + offset) % DAY_S / SLOT_S
    room = (min(cap_h, LONGEST_H) - silence.heard_h) * HOUR_S / SLOT_S
    walked, slot, part = 0.0, int(at), 1.0 - at % 1.0
    while walked < room:
        rate = surprise[slot % SLOTS]
        if rate * part >= wanted:
            return silence.heard_h + (walked + wanted / rate) * SLOT_S / HOUR_S
        wanted -= rate * part
        walked, slot, part = walked + part, slot + 1, 1.0
    return cap_h
