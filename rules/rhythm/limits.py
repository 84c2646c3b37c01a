"""What a home's kit permits: floors, caps and the fixed limits of the first week, in hours."""

from __future__ import annotations

import msgspec

#: A silence after the door was used: never judged sooner, never later (hours).
DOOR_FLOOR_H, DOOR_CAP_H = 6.0, 36.0


class Kit(msgspec.Struct, frozen=True):
    """The limits of one kit, hours.

    `door`: the door tells of those who leave, so what follows it is judged apart; `sleeps_out`: no sensor tells of
    leaving and the cap lets nights elsewhere pass, so they are silences like others and make the tail heavy (below a
    cap of a day each of them rings, whatever the tail); `prior_h`: the mean excess of silences believed before
    anything was seen.
    """

    name: str
    floor_h: float
    cap_h: float
    cold_h: float
    cold_door_h: float
    door: bool
    prior_h: float
    sleeps_out: bool = False


#: By name. A door alone is a weak sign of life: it is judged late, or falsely.
KITS = {
    kit.name: kit
    for kit in (
        Kit("inside+door", 4.0, 24.0, 12.0, 24.0, door=True, prior_h=2.0),
        Kit("inside", 4.0, 24.0, 12.0, 24.0, door=False, prior_h=2.0),
        Kit("door", 8.0, 72.0, 48.0, 48.0, door=False, prior_h=4.0),
        Kit("water", 4.0, 72.0, 24.0, 24.0, door=False, prior_h=2.0, sleeps_out=True),
    )
}


def kit_of(*, door: bool, motion: bool, water: bool) -> Kit:
    """Return the kit of a home that has these sensors."""
    if door:
        return KITS["inside+door" if motion or water else "door"]
    return KITS["water" if water and not motion else "inside"]


def budget(kit: Kit, rho: float) -> tuple[float, float]:
    """How many false alerts per 30 days each test may give: that of the score, and that after a door.

    A home without the second test leaves all of it to the first.
    """
    return (rho * 2.0 / 3.0, rho / 3.0) if kit.door else (rho, rho)
