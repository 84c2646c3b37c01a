"""The outlines of a town's areas, for maps: grids are their patches of land, beats what their grids make up."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from simulators.county.plan import COLUMNS, PATCH_LAT, PATCH_LON, SOUTH, WEST, Draft, Entry, Grid

_CORNER = (0.75, 0.97)
"""Where a special grid lies within its grid's patch, from south to north and west to east."""


def outline(draft: Draft, grids: Sequence[Grid]) -> None:
    """Give each area of a draft its shape."""
    by_id = {grid.id: grid for grid in grids}
    draft.areas[:] = [{**area, "shape": _polygon(_corners(area, grids, by_id))} for area in draft.areas]


def _corners(area: Entry, grids: Sequence[Grid], by_id: dict[str, Grid]) -> list[tuple[float, float]]:
    if area["kind"] == "beat":
        return list(_around([_cell(grid) for grid in grids if grid.beat == area["id"]]))
    if area["kind"] == "grid":
        return list(_around([_cell(by_id[str(area["id"])])]))
    row, column = _cell(by_id[str(area["parent"])])
    low, high = _CORNER
    return [(row + up, column + right) for up, right in ((low, low), (low, high), (high, high), (high, low))]


def _cell(grid: Grid) -> tuple[int, int]:
    row, column = divmod(grid.number, COLUMNS)
    return row, COLUMNS - 1 - column if row % 2 else column


def _around(cells: Sequence[tuple[int, int]]) -> Iterator[tuple[float, float]]:
    """Walk around cells that lie in unbroken rows: up the right side, down the left one."""
    rows = sorted({row for row, _ in cells})
    left = {row: min(column for other, column in cells if other == row) for row in rows}
    right = {row: max(column for other, column in cells if other == row) + 1 for row in rows}
    up = [corner for row in rows for corner in ((row, right[row]), (row + 1, right[row]))]
    down = [corner for row in reversed(rows) for corner in ((row + 1, left[row]), (row, left[row]))]
    walk = [*up, *down]
    yield walk[0]
    yield from (corner for before, corner in pairwise(walk) if corner != before)


def _polygon(corners: Sequence[tuple[float, float]]) -> Entry:
    """A GeoJSON polygon from corners in patches (row, column), longitude first."""
    ring = [[round(WEST + PATCH_LON * column, 5), round(SOUTH + PATCH_LAT * row, 5)] for row, column in corners]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
