"""This machine: whether there is room where state lives."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from gateway.doctor.finding import Finding, bad, warn, well
from gateway.settings import Settings

#: Free space below which we warn, and below which things stop; bytes.
LITTLE, TOO_LITTLE = 2 * 10**9, 200 * 10**6
#: How a file of tiles begins: its name, and the version that readers know.
PMTILES = b"PMTiles\x03"


def look(settings: Settings) -> Iterator[Finding]:
    """Look at ANXIN_HOME."""
    home = settings.home.expanduser().absolute()
    there = next((folder for folder in (home, *home.parents) if folder.exists()), Path("/"))
    if not os.access(there, os.W_OK | os.X_OK):
        yield bad("home", f"{there} cannot be written", "let the user of `anxin run` own ANXIN_HOME")
    yield room("home disk", there, "remove old logs or backups, or move ANXIN_HOME to a larger disk")
    if settings.map_tiles is not None:
        yield base_map(settings.map_tiles)


def base_map(path: Path) -> Finding:
    """Look at the base map's file."""
    try:
        with path.open("rb") as file:
            begins = file.read(len(PMTILES))
    except OSError as error:
        return bad(
            "base map", f"{path} cannot be read: {error.strerror}", "mend ANXIN_MAP_TILES, or its owner's rights"
        )
    if begins != PMTILES:
        return bad("base map", f"{path} is no PMTiles file of version 3", "convert it with `pmtiles convert`")
    return well("base map", f"{path}, {path.stat().st_size / 1e6:,.0f} MB")


def room(name: str, folder: Path, do: str) -> Finding:
    """Grade the free space of the disk a folder is on."""
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:,.1f} GB free at {folder}"
    if free < TOO_LITTLE:
        return bad(name, told, do)
    if free < LITTLE:
        return warn(name, told, do)
    return well(name, told)
