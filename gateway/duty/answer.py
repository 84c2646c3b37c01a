"""Who answers here now, and who is nearest. Pure: whereabouts come in as footprints (足迹)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Literal

import msgspec

from gateway.duty.roster import Answer, answering, guarding, reachable
from gateway.duty.turns import posts_of
from gateway.model.duty import DutyAs
from gateway.model.registry import Place, Registry

#: A footprint older than this says nothing of where somebody is.
FRESH = timedelta(minutes=30)
#: Whose whereabouts count even when the roster does not name them now: they might be round the corner.
NEAR_ROLES = ("officer", "commander")
#: Mean radius of the earth in metres, as haversine wants it.
EARTH_M = 6_371_008.8


class Footprint(msgspec.Struct, frozen=True):
    """Where somebody was: WGS-84 degrees, `at` aware."""

    username: str
    at: datetime
    lat: float
    lon: float


class Candidate(msgspec.Struct, frozen=True):
    """Somebody who could go. `distance_m` is as the crow flies, None when nobody knows where they are.

    `where` says how that is known: a footprint (then `seen_at` says of when) or the place of their shift.
    `duty_as` is empty for somebody whom the roster does not name for this place now.
    """

    user: str
    distance_m: int | None
    where: Literal["footprint", "shift"] | None
    seen_at: datetime | None
    duty_as: tuple[DutyAs, ...]


def who_answers(registry: Registry, place: str | None, area: str | None, moment: datetime) -> list[Answer]:
    """Return who answers for what happens at a place, or in an area, at a moment (aware).

    The guards who stand at the place come first, then `answering` for the place's area (`area` when there is no place,
    or none the registry knows).
    """
    there = registry.area_of(place)
    return [*guarding(registry, place, moment), *answering(registry, there if there is not None else area, moment)]


def nearest(
    registry: Registry, place: str | None, moment: datetime, footprints: Iterable[Footprint], area: str | None = None
) -> list[Candidate]:
    """Return who could go to a place, the nearest first and those whose whereabouts nobody knows last.

    They are those who answer for it, and every other officer or commander who can be reached and is known to be
    somewhere now: by a footprint younger than `FRESH`, else by the place of the shift they serve in. Without a place
    that has coordinates (its own or its building's) nobody has a distance.
    """
    serves: dict[str, list[DutyAs]] = {}
    for answer in who_answers(registry, place, area, moment):
        if answer.why["code"] != "last_resort":
            serves.setdefault(answer.user, []).append(answer.duty_as)
    seen = _latest(footprints, moment)
    stands = posted(registry, moment)
    target = _coordinates(registry, place)
    known = [one.username for one in registry.responders.values() if one.role in NEAR_ROLES]
    found: list[Candidate] = []
    for user in dict.fromkeys([*serves, *known, *stands]):
        if user not in serves and not (reachable(registry, user) and (user in seen or user in stands)):
            continue
        duty_as = tuple(dict.fromkeys(serves.get(user, ())))
        if user in seen:
            step = seen[user]
            away = _metres(target, (step.lat, step.lon))
            found.append(Candidate(user, away, "footprint", step.at, duty_as))
        elif user in stands:
            found.append(Candidate(user, _metres(target, stands[user]), "shift", None, duty_as))
        else:
            found.append(Candidate(user, None, None, None, duty_as))
    return sorted(found, key=lambda one: (one.distance_m is None, one.distance_m or 0, not one.duty_as, one.user))


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance in metres of two points `(lat, lon)` in WGS-84 degrees (haversine)."""
    lat, other_lat = radians(one[0]), radians(other[0])
    half = sin((other_lat - lat) / 2) ** 2
    half += cos(lat) * cos(other_lat) * sin(radians(other[1] - one[1]) / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(min(1.0, half)))


def _metres(one: tuple[float, float] | None, other: tuple[float, float] | None) -> int | None:
    return round(metres_between(one, other)) if one is not None and other is not None else None


def _latest(footprints: Iterable[Footprint], moment: datetime) -> dict[str, Footprint]:
    latest: dict[str, Footprint] = {}
    for step in footprints:
        fresh = timedelta() <= moment - step.at < FRESH
        if fresh and (step.username not in latest or latest[step.username].at < step.at):
            latest[step.username] = step
    return latest


def posted(registry: Registry, moment: datetime) -> dict[str, tuple[float, float]]:
    """Return where those are whose shift has a place, (lat, lon) in WGS-84 degrees."""
    found: dict[str, tuple[float, float]] = {}
    for post in posts_of(registry).all:
        turn = post.at(moment) if post.shift.place is not None else None
        where = _coordinates(registry, post.shift.place)
        if turn is not None and where is not None:
            found.setdefault(turn.user, where)
    return found


def _coordinates(registry: Registry, place: str | None) -> tuple[float, float] | None:
    for name in (place, registry.building_of(place)):
        found: Place | None = registry.places.get(name) if name is not None else None
        if found is not None and found.lat is not None and found.lon is not None:
            return found.lat, found.lon
    return None
