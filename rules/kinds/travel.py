"""`travel`: one credential at two places, too far apart for the time between.

Two reads are impossible when their times differ by less than distance / speed - slack. Distance is the great circle
between the places' WGS-84 positions (a place without one is where the place is that it lies in); a pair without
positions, or closer than `min_m`, says nothing: doors side by side and floors above each other never fire. Speed is
`speed_near` (2 m/s) where both lie in one building or compound, `speed_far` (20 m/s) otherwise; `slack_s` (30) is what
clocks may differ by; `within_s` (3600) how far apart in time two reads are looked at. `holder`: a field of events that
names the person, who then goes over the card. `clear_after_s`.
Source: impossible travel as access control and sign-in monitoring know it; every pair in sight is looked at, so that
slack does not add up along the way and a read that comes late changes nothing but what it shows itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any

from gateway.model.event import Event
from gateway.model.registry import Place, Registry
from rules.definition import Definition
from rules.kinds.finding import LATE, FindingRule, FindingState, Found, Sight
from rules.rule import Facts

#: Mean radius of the earth in metres.
EARTH_M = 6_371_000.0
#: No place lies deeper than this in others.
DEEPEST = 8


class Travel(FindingRule):
    """Too far apart for the time between."""

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        self.near = self.parameter("speed_near", 2).default
        self.far = self.parameter("speed_far", 20).default
        self.slack_s = float(definition.params.get("slack_s", 30))
        self.min_m = self.parameter("min_m", 50).default
        self.clear_after = self.parameter("clear_after_s").span({})
        self.held_by(definition.params.get("holder"))
        self.after = self.parameter("within_s", 3600).span({})
        self.late = self.after + LATE
        self.keep_for = self.late + self.after  # so that the latest event still finds what goes before it

    def sight(self, event: Event) -> Sight | None:
        """A read at a place."""
        if event.place is None:
            return None
        return Sight(event.ts, event.reference, device=event.device, place=event.place)

    def finding(self, index: int, state: FindingState, subject: str, facts: Facts) -> Found | None:
        """Look at every earlier read in sight."""
        del subject
        last = state.seen[index]
        for earlier in reversed(state.seen[:index]):
            took = last.at - earlier.at
            if took > self.after:
                return None
            metres = distance(facts.registry, earlier.place, last.place)
            if metres is None or metres < self.min_m:
                continue
            same = _outermost(facts.registry, earlier.place) == _outermost(facts.registry, last.place)
            needs_s = metres / (self.near if same else self.far) - self.slack_s
            if took.total_seconds() < needs_s:
                return self._found(earlier, last, took, metres, needs_s, facts)
        return None

    def _found(  # what the sentence is made from
        self, earlier: Sight, last: Sight, took: timedelta, metres: float, needs_s: float, facts: Facts
    ) -> Found:
        return Found(
            told={
                "from_place": facts.place_name(earlier.place),
                "from_at": facts.local(earlier.at),
                "metres": round(metres),
                "took_s": round(took.total_seconds()),
                "needs_s": round(needs_s),
            },
            limit=f"{round(needs_s)} s",
            limit_source=f"{self.id} params.speed_near, speed_far, slack_s",
            events=(earlier.reference, last.reference),
        )

    def tell(
        self, subject: str, state: FindingState | None, now: datetime, facts: Facts
    ) -> tuple[bool, list[dict[str, str]]]:
        """Where it was read last, and what cannot be judged for want of a position."""
        del subject
        seen = [one for one in state.seen if one.at > now - self.after] if state is not None else []
        lines: list[dict[str, str]] = []
        for one in seen[-8:]:
            at, place = facts.local(one.at), facts.place_name(one.place)
            known = _position(facts.registry, one.place) is not None
            lines.append(
                {
                    "zh": f"{at} 在 {place} 读到" + ("" if known else "（该处没有坐标，不参与判断）"),
                    "en": f"read at {place} at {at}" + ("" if known else " (no position: it cannot be judged)"),
                }
            )
        nothing = {"zh": "最近没有读到", "en": "not read lately"}
        return state is not None and bool(state.standing), lines or [nothing]


def distance(registry: Registry, one: str, other: str) -> float | None:
    """Metres between two places along the ground; None where a position is missing."""
    here, there = _position(registry, one), _position(registry, other)
    if here is None or there is None:
        return None
    lat1, lon1, lat2, lon2 = map(radians, (*here, *there))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(half)))


def _around(registry: Registry, place: str) -> list[Place]:
    """A place and those it lies in, the nearest first."""
    chain: list[Place] = []
    found = registry.places.get(place)
    while found is not None and len(chain) < DEEPEST:
        chain.append(found)
        found = registry.places.get(found.parent) if found.parent is not None else None
    return chain


def _position(registry: Registry, place: str) -> tuple[float, float] | None:
    """A place's position, or that of what it lies in."""
    around: list[Any] = [(p.lat, p.lon) for p in _around(registry, place) if p.lat is not None and p.lon is not None]
    return around[0] if around else None


def _outermost(registry: Registry, place: str) -> str:
    """The building or compound a place lies in at last, or the place itself."""
    around = _around(registry, place)
    return around[-1].id if around else place
