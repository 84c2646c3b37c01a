"""The roster of the coming days. Saving one that leaves gaps is refused; they open later, when a last contact goes."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.clock import clock_of
from gateway.doctor.finding import Finding, bad, warn, well
from gateway.duty.acts import load
from gateway.duty.coverage import gaps
from gateway.duty.said import NAMED, gap_said
from gateway.model.errors import Misconfigured
from gateway.settings import Settings

#: So many days are looked ahead: long enough to find somebody.
DAYS = 14
_DO = "everybody is told of what happens there; mend it: PUT /api/v1/duty, a swap or a contact (`anxin duty check`)"


def look(connection: Connection[TupleRow], settings: Settings) -> Iterator[Finding]:
    """Look at it, as it stands in the database."""
    now = clock_of(settings.clock).now()
    try:
        registry = load(connection, settings.station, now)
    except Misconfigured:
        return  # no such station: that was said
    if not registry.duties and not registry.shifts:
        yield warn("roster", "there is none: every officer and commander is told of all", "make one (docs/duty.md)")
        return
    found = sorted(gaps(registry, now, days=DAYS), key=lambda gap: gap.from_)
    if not found:
        yield well("roster", f"somebody answers everywhere in the next {DAYS} days")
        return
    told = "; ".join(gap_said(registry, gap)["en"] for gap in found[:NAMED])
    told += f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
    # One that has begun is no plan any more: whoever runs the station hears of it by the doctor's exit code.
    yield (bad if found[0].from_ <= now else warn)("roster", told, _DO)
