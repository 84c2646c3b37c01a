"""What a camera can be asked to notice, one file each. Each names its source and what it cannot see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from connectors.camera.analytics.crossing import Crossing, CrossingSettings
from connectors.camera.analytics.falling import FallingObject, FallingSettings
from connectors.camera.analytics.parked import Parked, ParkedSettings
from connectors.camera.analytics.tamper import Tamper, TamperSettings
from connectors.camera.seeing import Analytic


class Known(NamedTuple):
    """An analytic by its settings (a frozen struct that refuses unknown fields) and how it is made from them."""

    settings: type[Any]
    make: Callable[[Any], Analytic]


#: By the name a worker's file asks for it.
ANALYTICS: dict[str, Known] = {
    "falling_object": Known(FallingSettings, FallingObject),
    "parked": Known(ParkedSettings, Parked),
    "crossing": Known(CrossingSettings, Crossing),
    "tamper": Known(TamperSettings, Tamper),
}
