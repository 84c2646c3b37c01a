"""Coordinates of other systems, made WGS-84: GCJ-02 (Amap, Tencent), BD-09 (Baidu). Outside China they are the same."""

from __future__ import annotations

import math
from typing import Literal, get_args

import prcoords

System = Literal["wgs84", "gcj02", "bd09"]
SYSTEMS: tuple[str, ...] = get_args(System)
#: A degree's ten-millionth: a centimetre, finer than anything that is measured here.
_DIGITS = 7


def to_wgs84(lat: float, lon: float, system: str) -> tuple[float, float]:
    """Return a point (degrees) of a system in WGS-84, to a centimetre; outside China it stays as it is.

    Raises `ValueError` for a system nobody knows and for what is no point on Earth.
    """
    if system not in SYSTEMS:
        raise ValueError(f"coordinates {system!r} is none of {', '.join(SYSTEMS)}")
    if not (math.isfinite(lat) and math.isfinite(lon) and -90 <= lat <= 90 and -180 <= lon <= 180):  # noqa: PLR2004
        raise ValueError(f"lat {lat:g}, lon {lon:g} is no point on Earth: lat is -90 to 90, lon is -180 to 180")
    if system == "wgs84" or not prcoords.sanity_in_china_p(prcoords.Coords(lat, lon)):
        return lat, lon
    # The library's closer look: right to 2 cm all over China, where the simple way is off by up to 5 m.
    back = prcoords.gcj_wgs_bored if system == "gcj02" else prcoords.bd_wgs_bored
    found = back(prcoords.Coords(lat, lon), False)
    return round(found.lat, _DIGITS), round(found.lon, _DIGITS)
