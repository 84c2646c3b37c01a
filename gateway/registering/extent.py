"""The part of the world that somebody's map shows: what their areas' shapes and places span."""

from __future__ import annotations

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.scope import Scope
from gateway.registering.shapes import corners
from gateway.store import registry as registry_store


class Bounds(msgspec.Struct, frozen=True):
    """A rectangle in WGS-84 degrees."""

    south: float
    west: float
    north: float
    east: float

    def centre(self) -> tuple[float, float]:
        """Its middle, (lat, lon)."""
        return (self.south + self.north) / 2, (self.west + self.east) / 2


def extent(connection: Connection[TupleRow], scope: Scope) -> Bounds | None:
    """Return what holds all shapes and places within a scope; None when none has coordinates."""
    points = [
        corner
        for area in registry_store.list_areas(connection, scope)
        if area["shape"] is not None
        for corner in corners(area["shape"])
    ]
    if (span := registry_store.span_of_places(connection, scope)) is not None:
        points += [span[:2], span[2:]]
    if not points:
        return None
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    return Bounds(min(lats), min(lons), max(lats), max(lons))
