"""Somebody stays in a zone for long: before a door, in a yard.

The time counts from when they were first seen there (`stays`), by the detector at two looks a second: motion alone
loses who stands still. It judges time and place, nothing about the person: whoever leaves and comes back is new. Two
who meet may swap their times, and one whom the detector loses for two seconds begins anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from connectors.camera.analytics.stays import RATE, Stays
from connectors.camera.seeing import Frame, Sighting, Zone
from connectors.camera.sight import Sight


class LoiteringSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where, and how long is long.

    `zone`: its name becomes `data.zone`. `limit_s`: seconds after which it is first said; as the rule `loitering` has
    it, unless the place has a limit of its own. `again_s`: and again after so long, while they stay. `least`: how sure
    the detector must be of a person, 0–1.
    """

    zone: Zone
    limit_s: Annotated[float, Meta(ge=2.0, le=86400.0)] = 180.0
    again_s: Annotated[float, Meta(ge=0.5)] = 60.0
    least: Annotated[float, Meta(ge=0.3, le=1.0)] = 0.4


class Loitering:
    """Says `camera.loitering` with `data.zone`, `data.dwell_s` and `data.track` at the limit, and while they stay.

    Pictures come with it at the limit, and each time the dwell has doubled since.
    """

    rate: float | None = RATE

    def __init__(self, settings: LoiteringSettings, sight: Sight) -> None:
        self._settings = settings
        self._stays = Stays(sight, settings.zone, settings.least)

    def interrupted(self) -> None:
        """Forget who was there."""
        self._stays.forget()

    def look(self, frame: Frame) -> Sequence[Sighting]:
        """Look at the next picture; see `Analytic.look`."""
        said = []
        for stay in self._stays.look(frame):
            if stay.dwell_s < self._settings.limit_s or stay.last_s - stay.told_s < self._settings.again_s:
                continue
            stay.told, stay.told_s = stay.told + 1, stay.last_s
            is_shown = stay.told == 1 or stay.dwell_s >= 2 * stay.shown_s
            stay.shown_s = stay.dwell_s if is_shown else stay.shown_s
            data = {
                "zone": self._settings.zone.name,
                "dwell_s": round(stay.dwell_s, 1),
                "track": f"t-{stay.track.number}",
            }
            said.append(Sighting("camera.loitering", frame.at, data, stay.box, evidence=is_shown))
        return said
