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


def look(settings: Settings) -> Iterator[Finding]:
    """Look at ANXIN_HOME."""
    home = settings.home.expanduser().absolute()
    there = next((folder for folder in (home, *home.parents) if folder.exists()), Path("/"))
    if not os.access(there, os.W_OK | os.X_OK):
        yield bad("home", f"{there} cannot be written", "let the user of `anxin run` own ANXIN_HOME")
    yield room("home disk", there, "remove old logs or backups, or move ANXIN_HOME to a larger disk")


def room(name: str, folder: Path, do: str) -> Finding:
    """Grade the free space of the disk a folder is on."""
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:,.1f} GB free at {folder}"
    if free < TOO_LITTLE:
        return bad(name, told, do)
    if free < LITTLE:
        return warn(name, told, do)
    return well(name, told)
