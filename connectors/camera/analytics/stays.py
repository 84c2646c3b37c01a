"""Who is in a zone, and for how long: what intrusion and loitering have in common.

Somebody is where the middle of the lower edge of their box is. A stay begins when they are first seen in the zone and
goes on over gaps shorter than `BRIDGED_S`, of the detector's or of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.camera.seeing import Box, Frame, Zone
from connectors.camera.sight import Sight
from connectors.camera.tracks import Track, Tracks, foot

BRIDGED_S = 2.0
RATE = 2.0


@dataclass(slots=True)
class Stay:
    """One track's time in the zone.

    `since_s`, `last_s`: seconds on the stream's clock. `in_a_row`: times seen there since last seen elsewhere; `score`:
    the mean of these. `told`: how often it was said, `told_s`: when last; `shown_s`: its dwell when pictures last went
    with it.
    """

    track: Track
    since_s: float
    since_at: datetime
    last_s: float
    in_a_row: int = 0
    score: float = 0.0
    told: int = 0
    told_s: float = float("-inf")
    shown_s: float = 0.0

    @property
    def box(self) -> Box:
        """Where they were seen last."""
        return self.track.path[-1].box

    @property
    def dwell_s(self) -> float:
        """For how long they have been there."""
        return self.last_s - self.since_s


class Stays:
    """Follows the people of one camera and keeps their stays in one zone."""

    def __init__(self, sight: Sight, zone: Zone, least: float) -> None:
        self._sight, self._zone, self._least = sight, zone, least
        self._near = zone.bounds()
        self._tracks = Tracks(BRIDGED_S)
        self.forget()

    def forget(self) -> None:
        """What follows may be another view."""
        self._sight.forget()
        self._tracks.forget()
        self._stays: dict[int, Stay] = {}
        self._seen_s = float("-inf")

    def look(self, frame: Frame) -> list[Stay]:
        """Look at the next picture; return the stays of those who are seen in the zone in it."""
        seen = self._sight.seen(frame, self._near, 0.5 / RATE)
        if seen.s <= self._seen_s:
            return []
        self._seen_s = seen.s
        self._tracks.follow(seen.people(self._least), seen.s)
        alive = {track.number for track in self._tracks.alive}
        self._stays = {
            number: stay for number, stay in self._stays.items()
            if number in alive and seen.s - stay.last_s < BRIDGED_S
        }  # fmt: skip
        present = [track for track in self._tracks.alive if track.path[-1].s == seen.s]
        return [stay for track in present if (stay := self._stay_of(track, seen.s, seen.at)) is not None]

    def _stay_of(self, track: Track, s: float, at: datetime) -> Stay | None:
        stay = self._stays.get(track.number)
        if not self._zone.holds(*foot(track.path[-1].box)):
            if stay is not None:
                stay.in_a_row = 0
            return None
        if stay is None:
            stay = self._stays[track.number] = Stay(track, s, at, s)
        stay.in_a_row += 1
        stay.score += (track.path[-1].score - stay.score) / stay.in_a_row
        stay.last_s = s
        return stay
