"""Asking a running link to record its traffic, and waiting until it has."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.clock import Clock, monotonic
from gateway.county.path import SILENT
from gateway.embedded.secrets import write_private_text
from gateway.model.errors import Misconfigured
from gateway.settings import Settings
from gateway.store import accounts
from gateway.store import county as store
from gateway.store.pool import connect, reaching_store

#: How often is looked, and how long after the end, in seconds: a process says every two seconds what it has.
LOOK_S, AFTER_S = 0.5, 5.0


def follow(  # one argument per thing it is told
    settings: Settings,
    clock: Clock,
    link: str,
    minutes: float,
    output: Path | None,
    by: str,
    say: Callable[[str], None],
) -> None:
    """Ask, say where it is recorded, wait, and say how many messages there are. Raises `Misconfigured`."""
    with reaching_store(), connect(settings.database, "county capture") as connection:
        now = clock.now()
        seen = {row["name"]: row["seen_at"] for row in store.standing(connection, settings.station)}
        if link not in seen or now - seen[link] > SILENT:
            raise Misconfigured(f"{link}: its process does not run: start `anxin county run`")
        store.ask_capture(connection, settings.station, link, now + timedelta(minutes=minutes))
        accounts.write_audit(
            connection, at=now, station=settings.station, username=by, act="county.capture", object_=f"county/{link}",
            detail={"minutes": minutes},
        )  # fmt: skip
        connection.commit()
        try:
            file, messages = _wait(connection, settings.station, link, minutes * 60, say)
        except KeyboardInterrupt:
            connection.rollback()
            store.ask_capture(connection, settings.station, link, None)
            connection.commit()
            file, messages = store.captured(connection, settings.station, link)
    if file is None:
        raise Misconfigured(f"{link}: its process could not record anything; county.log says why")
    say(f"{messages} messages in {file}")
    if output is not None:
        try:
            write_private_text(output, Path(file).read_text(encoding="utf-8"))
        except OSError as error:  # the process may run on another machine, or in a container
            raise Misconfigured(f"{output}: {file} cannot be copied here: {error.strerror}") from error
        say(f"copied to {output}")
    say("Delete it when it has served: it names places, devices and addresses.")


def _wait(
    connection: Connection[TupleRow], station: str, link: str, seconds: float, say: Callable[[str], None]
) -> tuple[str | None, int]:
    ends, told = monotonic() + seconds + AFTER_S, -1
    while True:
        file, messages = store.captured(connection, station, link)
        connection.commit()
        if file is not None and messages != told:
            say(f"recording to {file}: {messages} messages")
            told = messages
        if monotonic() > ends:
            return file, messages
        time.sleep(LOOK_S)
