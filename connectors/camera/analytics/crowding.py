"""More people in a zone than there may be.

People are counted one by one, the median over five seconds is what counts, and a limit with two edges (ten seconds
above it, twenty seconds two below) keeps it from flickering.

The count saturates: of more than about fifteen people, or people under 30 pixels (in a picture 416 wide), some hide
others and are missed. Then `data.at_least` is true: there are so many, or more. A limit far above that needs a camera
that was made for counting crowds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from statistics import median
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from connectors.camera.seeing import Frame, Sighting, Zone
from connectors.camera.sight import Seen, Sight
from connectors.camera.tracks import foot

OVER_S, ON_S, OFF_S, BELOW = 5.0, 10.0, 20.0, 2
SATURATED, SMALL_PX, LOOKED_AT_PX = 15, 30, 416


class CrowdingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where, and how many are too many.

    `zone`: its name becomes `data.zone`. `limit`: how many there may be. `again_s`: it is said again after so long
    while there are more; the rule `crowding` asks for two within two minutes. `least`: how sure the detector must be
    of a person, 0–1.
    """

    zone: Zone
    limit: Annotated[int, Meta(ge=1)]
    again_s: Annotated[float, Meta(ge=1.0)] = 30.0
    least: Annotated[float, Meta(ge=0.3, le=1.0)] = 0.45


class Crowding:
    """Says `camera.crowding` with `data.people`, `data.limit` and `data.zone` while there are more than the limit."""

    rate: float | None = 1.0

    def __init__(self, settings: CrowdingSettings, sight: Sight) -> None:
        self._settings, self._sight = settings, sight
        self._near = settings.zone.bounds()
        self._forget()

    def interrupted(self) -> None:
        """Forget who was there."""
        self._sight.forget()
        self._forget()

    def _forget(self) -> None:
        self._counts: deque[tuple[float, int, bool]] = deque()
        self._over_since: float | None = None
        self._calm_since: float | None = None
        self._is_on = False
        self._told_s = float("-inf")

    @property
    def people(self) -> float:
        """How many there are: the median over five seconds."""
        return median(count for _, count, _ in self._counts) if self._counts else 0.0

    def look(self, frame: Frame) -> Sequence[Sighting]:
        """Look at the next picture; see `Analytic.look`."""
        seen = self._sight.seen(frame, self._near, 0.5)
        if self._counts and seen.s <= self._counts[-1][0]:
            return ()
        boxes = [box for box, _ in seen.people(self._settings.least) if self._settings.zone.holds(*foot(box))]
        self._counts.append((seen.s, len(boxes), self._saturates(boxes, frame)))
        while seen.s - self._counts[0][0] > OVER_S:
            self._counts.popleft()
        self._judge(seen.s)
        if not self._is_on or self.people <= self._settings.limit or seen.s - self._told_s < self._settings.again_s:
            return ()
        self._told_s = seen.s
        return (self._sighting(seen),)

    def _judge(self, s: float) -> None:
        limit, people = self._settings.limit, self.people
        self._over_since = (self._over_since if self._over_since is not None else s) if people > limit else None
        calm = people < limit + 1 - BELOW or not people
        self._calm_since = (self._calm_since if self._calm_since is not None else s) if calm else None
        if self._over_since is not None and s - self._over_since >= ON_S:
            self._is_on = True
        if self._calm_since is not None and s - self._calm_since >= OFF_S:
            self._is_on, self._told_s = False, float("-inf")

    def _saturates(self, boxes: list[Any], frame: Frame) -> bool:
        height, width = frame.grey.shape
        to_px = height * LOOKED_AT_PX / width
        return len(boxes) >= SATURATED or (bool(boxes) and median(b.y1 - b.y0 for b in boxes) * to_px < SMALL_PX)

    def _sighting(self, seen: Seen) -> Sighting:
        data: dict[str, Any] = {
            "zone": self._settings.zone.name, "people": round(self.people), "limit": self._settings.limit,
        }  # fmt: skip
        if 2 * sum(is_full for _, _, is_full in self._counts) > len(self._counts):
            data["at_least"] = True
        return Sighting("camera.crowding", seen.at, data, self._near)
