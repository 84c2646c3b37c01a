"""The county's links, as the console's page shows them too: `gateway/county/path.py` looks, this says it."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.clock import clock_of
from gateway.county.path import Step, walk
from gateway.doctor.finding import Finding, Level
from gateway.settings import Settings

LEVELS: dict[str, Level] = {"ok": "ok", "warn": "WARN", "error": "BAD"}


def look(connection: Connection[TupleRow], settings: Settings) -> Iterator[Finding]:
    """Look at the links of ANXIN_COUNTY_FILE."""
    if settings.county_file is None:
        return
    for step in walk(connection, settings, clock_of(settings.clock).now()).steps:
        yield _finding(step)


def _finding(step: Step) -> Finding:
    name = " ".join(part for part in ("county", step.link, step.name) if part)
    return Finding(name, LEVELS[step.level], step.said["en"], step.do["en"] if step.do else "")
