"""What a site file is made of while it is being drawn, and the patch of land each area has."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

Entry = Mapping[str, object]
"""One line of a site file, keys in the order in which they are written."""

BEATS = ("第一警务区", "第二警务区", "第三警务区", "第四警务区", "第五警务区")
GRIDS_OF_BEAT = (7, 6, 6, 6, 6)
SOUTH, WEST = 33.1390, 109.0860
PATCH_LAT, PATCH_LON = 0.0040, 0.0048
"""Degrees: a grid is a patch of about 445 m by 447 m."""
COLUMNS = 6


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid on the map: `number` counts from 0 over the whole town."""

    id: str
    number: int
    beat: str
    street: str


@dataclass
class Draft:
    """A site file under construction; each list is one of its parts."""

    dice: random.Random
    areas: list[Entry] = field(default_factory=list)
    places: list[Entry] = field(default_factory=list)
    devices: list[Entry] = field(default_factory=list)
    persons: list[Entry] = field(default_factory=list)
    users: list[Entry] = field(default_factory=list)
    duty: list[Entry] = field(default_factory=list)
    shifts: list[Entry] = field(default_factory=list)
    patrols: list[Entry] = field(default_factory=list)

    def place(
        self,
        grid: Grid,
        name: str,
        kind: str,
        place_id: str,
        *,
        area: str | None = None,
        spot: tuple[float, float] | None = None,
        parent: str | None = None,
        attributes: Entry | None = None,
    ) -> tuple[float, float]:
        """Add a place and return where it is.

        `area` is a special grid inside the grid; `spot` (degrees) is drawn inside the patch unless given.
        `attributes` are what rules go by.
        """
        at = spot or self._spot(grid, special=area is not None)
        entry: dict[str, object] = {"id": place_id, "kind": kind, "area": area or grid.id, "name": name}
        entry |= {"lat": at[0], "lon": at[1]}
        if parent is not None:
            entry["parent"] = parent
        if attributes:
            entry["attributes"] = attributes
        self.places.append(entry)
        return at

    def device(
        self,
        device_id: str,
        kind: str,
        place: str,
        name: str,
        via: str | None = None,
        *,
        attributes: Entry | None = None,
    ) -> None:
        """Add a device; `via` is the gateway it speaks through."""
        entry: dict[str, object] = {"id": device_id, "kind": kind, "place": place, "name": name}
        if via is not None:
            entry["via"] = via
        if attributes:
            entry["attributes"] = attributes
        self.devices.append(entry)

    def _spot(self, grid: Grid, *, special: bool) -> tuple[float, float]:
        """Draw a spot in a grid's patch; special grids have the north-east corner for themselves."""
        row, column = divmod(grid.number, COLUMNS)
        if row % 2:  # neighbours in number are neighbours on the ground
            column = COLUMNS - 1 - column
        low, high = (0.78, 0.94) if special else (0.06, 0.72)
        lat = SOUTH + PATCH_LAT * (row + self.dice.uniform(low, high))
        lon = WEST + PATCH_LON * (column + self.dice.uniform(low, high))
        return round(lat, 5), round(lon, 5)
