"""Whether evidence is frozen as it comes, and the chain's end signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.clock import clock_of
from gateway.doctor.finding import Finding, bad, graded, warn, well
from gateway.settings import Settings
from gateway.store import evidence as store

WAITING_WARN_S, WAITING_BAD_S = 60.0, 600.0
#: A head is signed every hour; twice that, and nobody signs.
UNSIGNED = timedelta(hours=2)
LATELY = timedelta(days=1)


def look(connection: Connection[TupleRow], settings: Settings) -> Iterator[Finding]:
    """Look at what waits to be frozen, and how far the chain is signed."""
    now, station = clock_of(settings.clock).now(), settings.station
    count, oldest = store.waiting(connection, station)
    age = max((now - oldest).total_seconds(), 0.0) if oldest is not None else 0.0
    told = f"{count} changes wait to be frozen, the oldest for {age:.0f} s" if count else "everything is frozen"
    yield graded(
        "evidence", age, told, warn_at=WAITING_WARN_S, bad_at=WAITING_BAD_S,
        do="the gateway's log says why («evidence cannot be frozen»)",
    )  # fmt: skip
    passed_over = store.passed_over(connection, station, now - LATELY)
    if passed_over:
        yield warn(
            "evidence passed over",
            f"{passed_over} records of the last day say that something could not be frozen",
            "the gateway's log names each («a change cannot be frozen»); the rest is whole",
        )
    tail, head = store.tail(connection, station), store.last_head(connection, station)
    signed = int(head["seq"]) if head is not None else 0
    if signed > tail.seq:
        yield bad(
            "evidence head",
            f"records up to {signed} were signed, and there are {tail.seq}",
            "records are missing: `anxin evidence check`, and compare with the log's «evidence head»",
        )
        return
    first = store.made_at(connection, station, signed + 1)
    if first is not None and now - first > UNSIGNED:
        yield warn(
            "evidence head",
            f"what came since {first.isoformat(timespec='minutes')} is not signed",
            "a head is signed every hour: is the gateway's schedule running?",
        )
    else:
        yield well("evidence head", f"signed up to record {signed} of {tail.seq}")
