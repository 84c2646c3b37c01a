"""What a camera can be asked to notice, one file each. Each names its source and what it cannot see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from connectors.camera.analytics.crossing import Crossing, CrossingSettings
from connectors.camera.analytics.crowding import Crowding, CrowdingSettings
from connectors.camera.analytics.falling import FallingObject, FallingSettings
from connectors.camera.analytics.intrusion import Intrusion, IntrusionSettings
from connectors.camera.analytics.loitering import Loitering, LoiteringSettings
from connectors.camera.analytics.parked import Parked, ParkedSettings
from connectors.camera.analytics.tailgating import Tailgating, TailgatingSettings
from connectors.camera.analytics.tamper import Tamper, TamperSettings
from connectors.camera.seeing import Analytic
from connectors.camera.sight import Sight


class Known(NamedTuple):
    """An analytic by its settings (a frozen struct that refuses unknown fields) and how it is made from them.

    `sight`: whether it needs the camera's detector. `never`: `make(settings)`; `always`: `make(settings, sight)`, and
    it rests where there is none; `if there`: `make(settings, sight or None)`.
    """

    settings: type[Any]
    make: Callable[..., Analytic]
    sight: Literal["never", "if there", "always"] = "never"


def _parked(settings: ParkedSettings, sight: Sight | None) -> Analytic:
    return Parked(settings, sight.is_vehicle if sight is not None and settings.confirm else None)


#: By the name a worker's file asks for it.
ANALYTICS: dict[str, Known] = {
    "crossing": Known(CrossingSettings, Crossing),
    "crowding": Known(CrowdingSettings, Crowding, "always"),
    "falling_object": Known(FallingSettings, FallingObject),
    "intrusion": Known(IntrusionSettings, Intrusion, "always"),
    "loitering": Known(LoiteringSettings, Loitering, "always"),
    "parked": Known(ParkedSettings, _parked, "if there"),
    "tailgating": Known(TailgatingSettings, Tailgating, "always"),
    "tamper": Known(TamperSettings, Tamper),
}
