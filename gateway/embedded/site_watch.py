"""A running demo follows its site file: what is saved there counts a moment later."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import psycopg

from gateway.model.errors import AnxinError, Transient
from gateway.registering.reading import read_site
from gateway.registering.site import Site


class SiteWatch:
    """Looks at one site file; `take_in` gets what it says after each change."""

    def __init__(self, path: Path, take_in: Callable[[Site], None], say: Callable[[str], None]) -> None:
        self._path, self._take_in, self._say = path, take_in, say
        self._seen = self._stamp()

    def look(self) -> None:
        """Take a changed file in; one that cannot be read is told of once, and what was before goes on."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return
        try:
            self._take_in(read_site(self._path))
        except Transient:
            return  # the database is away: at a later look
        except (AnxinError, psycopg.Error) as error:
            self._say(f"the changed site file was not taken in: {error}")
        self._seen = stamp

    def _stamp(self) -> tuple[int, int, int] | None:
        with contextlib.suppress(OSError):
            told = self._path.stat()
            return told.st_ino, told.st_mtime_ns, told.st_size
        return None
