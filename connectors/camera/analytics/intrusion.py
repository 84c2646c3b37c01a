"""Somebody is in a zone where nobody should be. When the zone is armed, `hours` says.

Frigate's way (its `inertia`): a person's foot in the zone in three looks one after the other, two looks a second; so
someone who crosses a corner within a second is not told, and neither is one flicker of the detector.

It sees nobody who is smaller than about a fourteenth of the picture's width in height, whose feet are hidden and who so
seems to stand elsewhere, or whom the detector takes for something else: people who crawl, people from straight above.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from connectors.camera.analytics.stays import RATE, Stays
from connectors.camera.seeing import Frame, Sighting, Zone
from connectors.camera.sight import Sight

IN_A_ROW = 3


class IntrusionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which zone is guarded.

    `zone`: where nobody should be; its name becomes `data.zone`. `again_s`: who stays is said again after so long.
    `least`: how sure the detector must be of a person, 0–1.
    """

    zone: Zone
    again_s: Annotated[float, Meta(ge=1.0)] = 60.0
    least: Annotated[float, Meta(ge=0.3, le=1.0)] = 0.45


class Intrusion:
    """Says `camera.intrusion` with `data.zone`, `data.confidence` and `data.track` for each person in the zone."""

    rate: float | None = RATE

    def __init__(self, settings: IntrusionSettings, sight: Sight) -> None:
        self._settings = settings
        self._stays = Stays(sight, settings.zone, settings.least)

    def interrupted(self) -> None:
        """Forget who was there."""
        self._stays.forget()

    def look(self, frame: Frame) -> Sequence[Sighting]:
        """Look at the next picture; see `Analytic.look`."""
        said = []
        for stay in self._stays.look(frame):
            if stay.in_a_row < IN_A_ROW or stay.last_s - stay.told_s < self._settings.again_s:
                continue
            at = frame.at if stay.told else stay.since_at
            stay.told, stay.told_s = stay.told + 1, stay.last_s
            confidence = round(stay.score, 2)
            data = {"zone": self._settings.zone.name, "confidence": confidence, "track": f"t-{stay.track.number}"}
            said.append(Sighting("camera.intrusion", at, data, stay.box, evidence=stay.told == 1))
        return said
