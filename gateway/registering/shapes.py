"""The shape of an area as people draw it: a GeoJSON Polygon or MultiPolygon, checked and made WGS-84."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.registering.coordinates import to_wgs84

KINDS = ("Polygon", "MultiPolygon")
#: Positions of all rings together: a street map's outline of a district has fewer, and all of it goes to each browser.
MOST_POINTS = 2000
#: A ring is three corners and the first of them again.
FEWEST = 4
_WHAT = "write a GeoJSON geometry like {type: Polygon, coordinates: [[[109.10, 33.15], …]]}, longitude first"


def read_shape(told: Any, system: str = "wgs84") -> dict[str, Any]:
    """Return a shape in WGS-84 (longitude, latitude in degrees), as it is kept: heights are left out.

    `system` is what it is drawn in: wgs84, gcj02 or bd09. Raises `ValueError` with what is wrong and where.
    """
    if not isinstance(told, Mapping) or told.get("type") not in KINDS:
        raise ValueError(f"a shape is a {' or a '.join(KINDS)}: {_WHAT}")
    if strays := told.keys() - {"type", "coordinates"}:
        raise ValueError(f"a shape has type and coordinates, no {', '.join(sorted(map(str, strays)))}")
    kind, coordinates = told["type"], told.get("coordinates")
    if not isinstance(coordinates, list) or not coordinates:
        raise ValueError(f"the shape has no coordinates: {_WHAT}")
    polygons: list[Any] = [coordinates] if kind == "Polygon" else coordinates
    points = sum(len(ring) for polygon in polygons for ring in _rings(polygon))
    if points > MOST_POINTS:
        raise ValueError(f"the shape has {points} points, at most {MOST_POINTS} are kept: simplify it")
    read = [[list(_ring(ring, system)) for ring in _rings(polygon)] for polygon in polygons]
    return {"type": kind, "coordinates": read[0] if kind == "Polygon" else read}


def corners(shape: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    """The corners of a shape that was read, as (lat, lon)."""
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    for polygon in polygons:
        for lon, lat in polygon[0]:  # what is cut out lies within
            yield lat, lon


def _rings(polygon: Any) -> list[Any]:
    if not isinstance(polygon, list) or not polygon or not all(isinstance(ring, list) for ring in polygon):
        raise ValueError(f"a polygon is a list of rings, the outline first: {_WHAT}")
    return polygon


def _ring(ring: list[Any], system: str) -> Iterator[list[float]]:
    if len(ring) < FEWEST:
        raise ValueError(f"a ring has {len(ring)} points; it needs three corners and the first of them again")
    if ring[0] != ring[-1]:
        raise ValueError(f"a ring that begins at {ring[0]} is not closed: repeat its first point at its end")
    for number, position in enumerate(ring, 1):
        if not isinstance(position, list) or len(position) not in {2, 3} or not all(map(_is_number, position)):
            raise ValueError(f"point {number} of a ring, {position!r}, is no [longitude, latitude] in degrees")
        lon, lat = float(position[0]), float(position[1])
        try:
            lat, lon = to_wgs84(lat, lon, system)
        except ValueError as error:
            raise ValueError(f"point {number} of a ring: {error}; longitude stands first") from error
        yield [lon, lat]


def _is_number(told: Any) -> bool:
    return isinstance(told, int | float) and not isinstance(told, bool)
