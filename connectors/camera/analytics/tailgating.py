"""People who go in through a door, counted, so that who follows without a card of their own is noticed.

The camera need not know the door. It counts (`door.passed`, as a turnstile does), and the rule `tailgating` sets the
count against what the door's readers let in at the same place, however late either is told; the camera's device needs
the attribute `counts_people: true`. Pictures come with whoever goes in closely behind another, not with everybody.
Where one opening is for one person and no reader is connected, `granted` makes the camera say `camera.tailgating`
itself.

It wants a view from above at about 45 degrees, with the feet and two metres before and behind the door in it. Two
people side by side whose boxes cover each other by half count with half the confidence; children carried, not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from connectors.camera.detector import overlap
from connectors.camera.seeing import Box, Frame, Point, Sighting, long_enough
from connectors.camera.sight import Seen, Sight
from connectors.camera.tracks import Line, Passage, Track, Tracks, foot

#: Looks a second: who walks through a door is in sight of the line for a second or two.
RATE = 5.0
#: Looks in which somebody must have been seen to count.
SEEN = 3
REACH = 0.25
HIDDEN = 0.5


class TailgatingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the door is.

    `line`: its name, `data.zone`. `start`, `end`: the ends of the door's line on the ground (x, y), each 0–1. `inward`:
    the side that is inside, for one who looks from start to end. `window_s`: who goes in so soon after another follows
    them. `granted`: how many one opening is for, where no reader tells it. `band`: half the dead band about the line,
    in parts of the picture's width. `least`: how sure the detector must be of a person, 0–1.
    """

    line: str
    start: Point
    end: Point
    inward: Literal["left", "right"]
    window_s: Annotated[float, Meta(ge=1.0, le=60.0)] = 6.0
    granted: Annotated[int, Meta(ge=1)] | None = None
    band: Annotated[float, Meta(ge=0.0, le=0.2)] = 0.015
    least: Annotated[float, Meta(ge=0.3, le=1.0)] = 0.4

    def __post_init__(self) -> None:
        """Raise `ValueError` for a line that is too short."""
        long_enough(self.start, self.end)


class Tailgating:
    """Says `door.passed` with `data.direction` and `data.people` for each who crosses the line.

    With `granted` it says `camera.tailgating` instead, with `data.people` and `data.granted`, for who is too many.
    """

    rate: float | None = RATE

    def __init__(self, settings: TailgatingSettings, sight: Sight) -> None:
        self._settings, self._sight = settings, sight
        across, down = zip(settings.start, settings.end, strict=True)
        self._near = Box(min(across) - REACH, min(down) - REACH, max(across) + REACH, max(down) + REACH)
        self._tracks = Tracks()
        self._line = Line(settings.start, settings.end, settings.band)
        self._forget()

    def interrupted(self) -> None:
        """Forget who was on which side."""
        self._sight.forget()
        self._forget()

    def _forget(self) -> None:
        self._tracks.forget()
        self._line.forget()
        self._went_in: list[float] = []
        self._seen_s = float("-inf")

    def look(self, frame: Frame) -> Sequence[Sighting]:
        """Look at the next picture; see `Analytic.look`."""
        seen = self._sight.seen(frame, self._near, 0.5 / RATE)
        if seen.s <= self._seen_s:
            return ()
        self._seen_s = seen.s
        self._tracks.follow(seen.people(self._settings.least), seen.s)
        self._line.keep({track.number for track in self._tracks.alive})
        height, width = frame.grey.shape
        said = []
        for track in self._tracks.alive:
            if track.path[-1].s != seen.s:
                continue
            place, counts = foot(track.path[-1].box), track.hits >= SEEN
            passage = self._line.crossed(track.number, place, seen.s, height / width, counts=counts)
            if passage is not None:
                said += self._passed(passage, track, seen)
        return said

    def _passed(self, passage: Passage, track: Track, seen: Seen) -> list[Sighting]:
        box, inward = track.path[-1].box, passage.side == self._settings.inward
        at = seen.at - timedelta(seconds=seen.s - passage.s)
        is_hidden = any(other != box and overlap(other, box) > HIDDEN for other, _ in seen.people(self._settings.least))
        confidence = round(track.path[-1].score * (0.5 if is_hidden else 1.0), 2)
        data: dict[str, Any] = {"zone": self._settings.line, "confidence": confidence, "track": f"t-{track.number}"}
        granted = self._settings.granted
        if inward:
            # Each opens the window anew: a queue of people is one group, as far as they walk close behind each other.
            is_close = bool(self._went_in) and seen.s - self._went_in[-1] <= self._settings.window_s
            self._went_in = [*(self._went_in if is_close else ()), seen.s]
        if granted is None:
            data |= {"direction": "in" if inward else "out", "people": 1}
            follows = inward and len(self._went_in) > 1
            return [Sighting("door.passed", at, data, box, evidence=follows)]
        if not inward or len(self._went_in) <= granted:
            return []
        data |= {"people": len(self._went_in), "granted": granted}
        return [Sighting("camera.tailgating", at, data, box)]
