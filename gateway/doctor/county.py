"""The county's links: whether the file can be followed, whether each platform has us, and what became of alarms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.clock import clock_of
from gateway.county.config import read_county
from gateway.doctor.finding import Finding, bad, warn, well
from gateway.model.errors import Misconfigured
from gateway.settings import Settings
from gateway.store import county as store

#: A process that has said nothing for so long does not run.
SILENT = timedelta(seconds=15)
#: By so much a platform's clock may differ, in seconds: it compares the times of alarms with its own.
CLOCKS_S = 5.0


def look(connection: Connection[TupleRow], settings: Settings) -> Iterator[Finding]:
    """Look at the links of ANXIN_COUNTY_FILE."""
    if settings.county_file is None:
        return
    try:
        config = read_county(settings.county_file)
    except Misconfigured as error:
        yield bad("county", str(error), "mend the file; `anxin county check` says more")
        return
    now = clock_of(settings.clock).now()
    known = {row["name"]: row for row in store.links(connection, settings.station, now - timedelta(days=1))}
    for link in config.platforms:
        row = known.get(link.name)
        if row is None or now - row["seen_at"] > SILENT:
            yield bad(f"county {link.name}", "its process does not run", "start `anxin county run`")
        else:
            yield _link(link.name, row)


def _link(name: str, row: dict[str, Any]) -> Finding:
    viid = row["kind"] == "gat1400"
    what = "pictures" if viid else "alarms"
    told = f"{row['state']} at {row['server']}; a day: {row['sent']} sent, {row['acknowledged']} acknowledged"
    if row["state"] != "online":
        why = f"{row['state']} since {_short(row['changed_at'])}: {row['why'] or 'no answer yet'}"
        do = "ask the county's operator; docs/county.md says what answers mean"
        return bad(f"county {name}", f"{why}; {row['waiting']} {what} wait", do)
    if row["refused"] or row["expired"]:
        lost = f"{row['refused']} refused, {row['expired']} expired"
        do = f"ask the county's operator {'why' if viid else 'to compare the channels with `anxin county sheet`'}"
        return warn(f"county {name}", f"{told}, {lost}", do)
    if row["told_at"] is None and not viid:
        return warn(
            f"county {name}", f"{told}; it has never asked for the catalogue",
            "alarms of channels it does not know are dropped: ask the operator to synchronise the channels",
        )  # fmt: skip
    if abs(row["clock_offset_s"] or 0) > CLOCKS_S:
        by = f"{row['clock_offset_s']:+.0f}"
        return warn(f"county {name}", f"{told}; its clock is {by} s from ours", "set the clock that is wrong")
    return well(f"county {name}", told)


def _short(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
