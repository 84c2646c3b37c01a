"""What the console's map is drawn on: which part of the world, and the tiles that the customer supplied."""

from __future__ import annotations

import os
from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse

from api.answers.documented import answers, file
from api.answers.map import MapGround
from api.deps import Anyone, Have, Parts, Watcher, scope_of
from gateway.model.errors import NotFound
from gateway.registering.extent import extent

router = APIRouter(tags=["registry"])
#: Outside of `/api/v1`: a file, not an answer.
files = APIRouter(tags=["registry"])
TILES = "/map/base.pmtiles"
PMTILES = "application/vnd.pmtiles"


@router.get("/map", responses=answers(MapGround))
def show_map(session: Watcher, have: Have) -> dict[str, Any]:
    """The base map, and the rectangle that holds the places and shapes within reach."""
    with have.pool.transaction() as connection:
        found = extent(connection, scope_of(session))
    bounds = centre = None
    if found is not None:
        bounds = {"south": found.south, "west": found.west, "north": found.north, "east": found.east}
        centre = dict(zip(("lat", "lon"), found.centre(), strict=True))
    there = _is_there(have)
    return {
        "tiles": TILES if there else None,
        "attribution": have.settings.map_attribution if there else None,
        "bounds": bounds,
        "centre": centre,
    }


@files.head(TILES, operation_id="look_at_tiles", response_class=FileResponse, responses=file(PMTILES))
@files.get(TILES, operation_id="read_tiles", response_class=FileResponse, responses=file(PMTILES))
def tiles(session: Anyone, have: Have) -> FileResponse:
    """The file of `ANXIN_MAP_TILES` (PMTiles); readers ask for ranges of it."""
    del session
    if have.settings.map_tiles is None or not _is_there(have):
        raise NotFound("there is no base map here; set ANXIN_MAP_TILES to a .pmtiles file and see `anxin doctor`")
    return FileResponse(
        have.settings.map_tiles,
        media_type=PMTILES,
        headers={"Cache-Control": "private, max-age=3600"},
    )


def _is_there(have: Parts) -> bool:
    path = have.settings.map_tiles
    return path is not None and path.is_file() and os.access(path, os.R_OK)
