"""What waits, what was given up, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.clock import clock_of
from gateway.doctor.finding import Finding, graded, warn, well
from gateway.settings import Settings
from gateway.store import checkup, outbox

LATELY = timedelta(days=1)
INBOX_WARN_S, INBOX_BAD_S = 10.0, 60.0
OUTBOX_WARN_S, OUTBOX_BAD_S = 30.0, 300.0

#: For each reason of a dead letter (docs/mqtt.md), who has to do what.
REMEDIES = {
    "unknown_topic": "the device publishes to a topic of its own making: see docs/mqtt.md, Topics",
    "wrong_station": "the topic names another station: correct the device, or ANXIN_STATION",
    "unknown_device": "the device is not in the registry: add it to the site file and `anxin import` it",
    "claims": "the message names another device than its topic: correct the device or its bridge",
    "oversized": "more than 64 KiB: the device must say less",
    "not_utf8": "the payload is no UTF-8: correct the device or its bridge",
    "not_json": "the payload is no JSON: correct the device or its bridge",
    "too_deep": "the JSON is nested too deeply: correct the device or its bridge",
    "nul_character": "the message has a NUL in it: correct the device or its bridge",
    "schema": "the JSON is no event of docs/mqtt.md: correct the device or its bridge",
    "too_late": "older than ANXIN_STORE_LATE_DAYS: check the device's clock, or how long it was away",
    "absurd_ts": "the device's clock is far off: set it",
    "id_reused": "the device uses an id again for something else: its ids must be unique for ever",
    "unmapped": "no mapping has a word for the message, or for its device: `anxin mapping try` shows why",
    "mapping_failed": "an expression of the mapping cannot be followed on it: `anxin mapping try` shows which, and why",
    "store_refused": "the database refuses this message: report it with the dead letter's detail",
}


def look(connection: Connection[TupleRow], settings: Settings) -> Iterator[Finding]:
    """Look at inbox, outbox, deliveries and dead letters of the last day."""
    now = clock_of(settings.clock).now()
    count, oldest = checkup.inbox(connection, settings.station)
    age = _age_s(oldest, now)
    yield graded(
        "inbox", age, _waiting(count, age), warn_at=INBOX_WARN_S, bad_at=INBOX_BAD_S, do="is the gateway running?"
    )
    backlog = outbox.backlog(connection, settings.station)
    age = max((_age_s(oldest, now) for _, _, oldest in backlog), default=0.0)
    told = ", ".join(f"{channel}: {_waiting(count, _age_s(oldest, now))}" for channel, count, oldest in backlog)
    yield graded(
        "outbox",
        age,
        told or "nothing waits",
        warn_at=OUTBOX_WARN_S,
        bad_at=OUTBOX_BAD_S,
        do="does the provider answer (below), and is the gateway running?",
    )
    given_up = checkup.unsent(connection, settings.station, now - LATELY)
    if given_up:
        told = ", ".join(f"{count} {state} on {channel}" for channel, state, count in given_up)
        yield warn(
            "messages",
            f"given up in the last day: {told}",
            "each incident's receipts say why (GET /api/v1/incidents/ID)",
        )
    else:
        yield well("messages", "none was given up in the last day")
    yield from _dead_letters(connection, settings, now)


def _dead_letters(connection: Connection[TupleRow], settings: Settings, now: datetime) -> Iterator[Finding]:
    buried = checkup.dead_letters(connection, settings.station, now - LATELY)
    if not buried:
        yield well("dead letters", "none in the last day")
    for letters in buried:
        yield warn(
            f"dead letters: {letters.reason}",
            f"{letters.count} in the last day, newest on {letters.topic[:80]!r} ({letters.detail[:120]})",
            REMEDIES.get(letters.reason, "GET /api/v1/dead-letters shows them"),
        )


def _waiting(count: int, age_s: float) -> str:
    return f"{count} waiting, the oldest for {age_s:.0f} s" if count else "nothing waits"


def _age_s(moment: datetime | None, now: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0) if moment is not None else 0.0
