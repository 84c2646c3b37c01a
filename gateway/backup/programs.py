"""PostgreSQL's own pg_dump and pg_restore: where they are, which version, how they reach the database."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from gateway.embedded.postgres import bundled_bin
from gateway.model.errors import Misconfigured
from gateway.store.pool import CONNECT_OPTIONS

#: Where Debian keeps the programs of each version; what is in PATH there picks one by itself.
DEBIAN = Path("/usr/lib/postgresql")
#: Parts of a connection URL that must not be seen in the list of processes.
_SECRET = ("password", "sslpassword")


class Program(NamedTuple):
    """One of PostgreSQL's programs. `version` as it says it (18.6), `major` the number before the point."""

    path: Path
    version: str
    major: int


def find(name: str, at_least: int) -> Program:
    """Return the program whose version is nearest above `at_least` (a major version).

    ANXIN_POSTGRES_BIN names the directory to look in; without it PATH, Debian's folders and the embedded PostgreSQL
    are looked through. Raises `Misconfigured`.
    """
    told = os.environ.get("ANXIN_POSTGRES_BIN")
    found = [program for path in (_in(Path(told), name) if told else _everywhere(name)) if (program := _ask(path))]
    fit = [program for program in found if program.major >= at_least]
    if fit:
        return min(fit, key=lambda program: program.major)
    how = (
        f"install PostgreSQL {at_least}'s client programs (Debian: postgresql-client-{at_least}) "
        "or name their directory in ANXIN_POSTGRES_BIN"
    )
    if not found:
        raise Misconfigured(f"{name} is not there{f' in {told}' if told else ''}; {how}")
    newest = max(found, key=lambda program: program.major)
    raise Misconfigured(
        f"{name} {newest.version} ({newest.path}) is too old: version {at_least} or newer is needed; {how}"
    )


class Reach(NamedTuple):
    """How a program reaches a database: a connection string without secrets, and an environment that has them."""

    conninfo: str
    environment: dict[str, str]


def reach(database_url: str, name: str) -> Reach:
    """Return what to hand to a program that calls itself `name`."""
    parts = {key: str(value) for key, value in conninfo_to_dict(database_url).items() if value is not None}
    environment = {**os.environ, "LC_ALL": "C"}
    if "password" in parts:
        environment["PGPASSWORD"] = parts["password"]
    open_parts = {key: value for key, value in parts.items() if key not in _SECRET}
    return Reach(
        make_conninfo("", **{**CONNECT_OPTIONS, **open_parts, "application_name": f"anxin {name}"}), environment
    )


class Chatter(threading.Thread):
    """Reads what a program says while it works: the table it is at, and its last words should it fail."""

    def __init__(self, said: IO[bytes]) -> None:
        super().__init__(name="chatter", daemon=True)
        self._said = said
        self._last: list[str] = []
        self.table = ""

    def run(self) -> None:
        """Read to the end."""
        for line in self._said:
            text = line.decode(errors="replace").strip()
            if named := re.search(r'(?:contents of|data for) table "(.+?)"', text):
                self.table = named[1]
            self._last = [*self._last[-40:], text]

    def last_words(self) -> str:
        """Return what it said went wrong."""
        self.join(5)
        wrong = [line for line in self._last if re.search(r"error|fatal|detail:|hint:", line, re.IGNORECASE)]
        return "; ".join((wrong or self._last)[-3:])


def _everywhere(name: str) -> Iterator[Path]:
    if in_path := shutil.which(name):
        yield Path(in_path)
    for folder in DEBIAN.glob("*/bin"):
        yield from _in(folder, name)
    try:
        yield from _in(bundled_bin(), name)
    except Misconfigured:
        return  # not installed: then it cannot help either


def _in(folder: Path, name: str) -> Iterator[Path]:
    if (folder / name).exists():
        yield folder / name


def _ask(path: Path) -> Program | None:
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"\) ((\d+)\S*)", told)
    return Program(path, version[1], int(version[2])) if version else None
